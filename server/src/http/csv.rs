//! Comma-separated values (RFC 4180) that a spreadsheet may open.

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// One line with its end. Each field stands in quotes, and one that could be a formula begins with an apostrophe: names
/// and addresses are chosen by strangers, and run on the machine of an admin otherwise.
pub fn row(fields: &[&str]) -> String {
    let mut line = String::new();
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        line.push('"');
        if field.starts_with(FORMULA) {
            line.push('\'');
        }
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_whatever_stands_in_it() {
        assert_eq!(
            row(&["a", "", "b,c", "say \"hi\"", "two\nlines"]),
            "\"a\",\"\",\"b,c\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn no_field_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(row(&[text]), format!("\"'{text}\"\r\n"));
        }
        assert_eq!(row(&["a=1"]), "\"a=1\"\r\n");
    }
}
