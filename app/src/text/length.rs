/// More lines than this are folded.
const LINES: usize = 12;
/// More characters than this are folded: about as many lines on a wide screen.
const CHARS: usize = 1_200;

/// Whether a text takes so much room that a list shows its beginning first.
pub fn is_long(text: &str) -> bool {
    text.split('\n').nth(LINES).is_some() || text.chars().nth(CHARS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_or_many_characters_are_long() {
        assert!(!is_long(&"line\n".repeat(11)) && is_long(&"line\n".repeat(12)));
        assert!(!is_long(&"長".repeat(1_200)) && is_long(&"長".repeat(1_201)));
        assert!(!is_long(""));
    }
}
