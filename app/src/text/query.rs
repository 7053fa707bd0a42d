/// Writes a text so that it is one value in a query string. Equal on both sides, which the browser's own function and the server's are not.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex(byte >> 4));
            out.push(hex(byte & 15));
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

/// Reads a value of a query string; what is not well written stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(if bytes[at] == b'+' { b' ' } else { bytes[at] }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["", "disk full", "100%", "a+b=c&d", "會議 🎉", "%41"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(encode("@mei c"), "@mei%20c");
    }

    #[test]
    fn forms_write_spaces_as_plus_and_garbage_stays() {
        assert_eq!(decode("disk+full%20now"), "disk full now");
        assert_eq!(decode("50%"), "50%");
        assert_eq!(decode("%zz%é"), "%zz%é");
    }
}
