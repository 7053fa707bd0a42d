//! How text becomes words: the same for what is indexed and for what is searched.
//!
//! The tokenizer of the index splits at spaces and punctuation, folds letters and strips their accents. Scripts that
//! write without spaces get one around each character, so that a run of them is found as a phrase wherever it stands.

/// Whether a character is a word of its own: Han, kana, hangul and bopomofo, and emoji.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' // hangul jamo
        | '\u{2600}'..='\u{27BF}' // symbols and dingbats
        | '\u{2E80}'..='\u{2FDF}' // Han radicals
        | '\u{3005}'..='\u{3007}' // iteration marks and the Han zero
        | '\u{3040}'..='\u{318F}' // kana, bopomofo, hangul jamo
        | '\u{31A0}'..='\u{31BF}' // bopomofo
        | '\u{31F0}'..='\u{31FF}' // kana
        | '\u{3400}'..='\u{4DBF}' // Han
        | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{A960}'..='\u{A97F}' // hangul jamo
        | '\u{AC00}'..='\u{D7FF}' // hangul
        | '\u{F900}'..='\u{FAFF}' // Han
        | '\u{FF66}'..='\u{FFDC}' // halfwidth kana and hangul
        | '\u{1F000}'..='\u{1FAFF}' // emoji
        | '\u{20000}'..='\u{3FFFF}' // Han
    )
}

/// The text with every character that is a word of its own set apart.
pub(super) fn indexed(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 4);
    for c in text.chars() {
        if stands_alone(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

/// What a person typed, as an FTS5 expression: all words must occur, each from its beginning. Every word is a quoted
/// string, so nothing in it is syntax. None when there is nothing to search for in it.
pub(super) fn expression(typed: &str) -> Option<String> {
    let words = typed.split(|c: char| c.is_whitespace() || c.is_control());
    let terms: Vec<_> = words.filter(|word| word.chars().any(is_searchable)).map(term).collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}

fn is_searchable(c: char) -> bool {
    c.is_alphanumeric() || stands_alone(c)
}

fn term(word: &str) -> String {
    let quoted = indexed(word).replace('"', "\"\"");
    // A character of its own is a whole word; another word may go on.
    let goes_on = word.chars().rfind(|c| is_searchable(*c)).is_some_and(|c| !stands_alone(c));
    format!("\"{quoted}\"{}", if goes_on { "*" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_without_spaces_between_words_are_set_apart() {
        assert_eq!(indexed("a東京b"), "a 東  京 b");
    }

    #[test]
    fn what_was_typed_is_quoted_and_never_syntax() {
        assert_eq!(expression(r#"say "hi" NOT OR*"#).unwrap(), r#""say"* """hi"""* "NOT"* "OR*"*"#);
        assert_eq!(expression("deploy 東京").unwrap(), "\"deploy\"* \" 東  京 \"");
        assert_eq!(expression("a\0b").unwrap(), r#""a"* "b"*"#);
    }

    #[test]
    fn punctuation_alone_is_nothing_to_search_for() {
        assert_eq!(expression(" \"() -- * "), None);
        assert_eq!(expression("hello --").unwrap(), "\"hello\"*");
    }
}
