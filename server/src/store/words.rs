//! How text becomes words: the same for what is indexed and for what is searched.
//!
//! An index splits at spaces and punctuation, folds letters and strips their accents. In scripts that write without
//! spaces every character is a word, so that a run of them is found wherever it stands.
//!
//! `SQLite` has an index that does this and knows which words stand together ([`set_apart`], [`Words::fts5`]). For the
//! others a text is a set of tokens ([`tokens_of`]), pairs of neighbouring characters among them; what it finds for a run
//! of several words may hold them apart from each other, and is looked through ([`Words::stand_in`]).

use std::collections::BTreeSet;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Bytes of a word that are indexed: `InnoDB` ignores tokens of more than 84 characters, and each byte takes two.
const TOKEN_BYTES: usize = 40;

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
pub(super) fn set_apart(text: &str) -> String {
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

fn is_searchable(c: char) -> bool {
    c.is_alphanumeric() || stands_alone(c)
}

/// A word as it is compared: folded, without accents; or one character that is a word of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Spelled(String),
    Character(char),
}

/// The words of a text, in order.
fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut spelled = String::new();
    let end = |words: &mut Vec<Word>, spelled: &mut String| {
        if !spelled.is_empty() {
            words.push(Word::Spelled(std::mem::take(spelled)));
        }
    };
    for c in text.chars() {
        if stands_alone(c) {
            end(&mut words, &mut spelled);
            words.push(Word::Character(c));
        } else if is_part(c) {
            fold(c, &mut spelled);
        } else {
            end(&mut words, &mut spelled);
        }
    }
    end(&mut words, &mut spelled);
    words
}

/// Marks belong to the letter before them.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn fold(c: char, into: &mut String) {
    decompose_canonical(c, |part| {
        into.extend(part.to_lowercase().filter(|c| !is_dropped(*c)));
    });
}

/// Accents, and what only chooses a glyph. Marks that are vowels, as in Devanagari, stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}'
        | '\u{E0100}'..='\u{E01EF}'
    )
}

/// A word as token: letters and digits of ASCII, so that no index takes it apart, and long enough not to be left out.
fn token(word: &str) -> String {
    use std::fmt::Write as _;
    let mut token = "z".to_owned();
    for byte in word.as_bytes().iter().take(TOKEN_BYTES) {
        // Writing to a string cannot fail.
        let _infallible = write!(token, "{byte:02x}");
    }
    token
}

/// The tokens under which a message with these texts is found, separated by spaces.
pub(super) fn tokens_of(texts: [&str; 3]) -> String {
    let mut tokens = BTreeSet::new();
    for text in texts {
        let mut before = None;
        for word in words_of(text) {
            match word {
                Word::Spelled(word) => {
                    tokens.insert(token(&word));
                    before = None;
                }
                Word::Character(c) => {
                    tokens.insert(token(c.encode_utf8(&mut [0; 4])));
                    tokens.extend(before.map(|before| pair(before, c)));
                    before = Some(c);
                }
            }
        }
    }
    tokens.into_iter().collect::<Vec<_>>().join(" ")
}

fn pair(one: char, other: char) -> String {
    token(&String::from_iter([one, other]))
}

/// What a person typed: all of it must occur.
#[derive(Debug)]
pub struct Words(Vec<Run>);

/// What stands between two spaces: words that must stand together.
#[derive(Debug)]
struct Run {
    typed: String,
    words: Vec<Word>,
    /// Whether the last word may go on; a character of its own is a whole word.
    goes_on: bool,
}

/// A token to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Letters and digits of ASCII.
    pub(super) token: String,
    /// Whether others that begin with it will do.
    pub(super) goes_on: bool,
}

impl Words {
    /// None when there is nothing to search for in it.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let runs = typed.split(|c: char| c.is_whitespace() || c.is_control()).map(Run::of);
        let runs: Vec<_> = runs.filter(|run| !run.words.is_empty()).collect();
        (!runs.is_empty()).then_some(Self(runs))
    }

    /// As an FTS5 expression. Every run is a quoted string, so nothing in it is syntax.
    pub(super) fn fts5(&self) -> String {
        let phrase = |run: &Run| {
            let quoted = set_apart(&run.typed).replace('"', "\"\"");
            format!("\"{quoted}\"{}", if run.goes_on { "*" } else { "" })
        };
        self.0.iter().map(phrase).collect::<Vec<_>>().join(" ")
    }

    /// As tokens, all of which must occur.
    pub(super) fn terms(&self) -> Vec<Term> {
        self.0.iter().flat_map(Run::terms).collect()
    }

    /// Whether messages with all tokens may still not hold what was typed.
    pub(super) fn need_proof(&self) -> bool {
        self.0.iter().any(Run::needs_proof)
    }

    /// Whether each run stands in one of the texts.
    pub(super) fn stand_in(&self, texts: [&str; 3]) -> bool {
        let texts = texts.map(words_of);
        self.0.iter().all(|run| texts.iter().any(|words| run.stands_in(words)))
    }
}

impl Run {
    fn of(typed: &str) -> Self {
        let goes_on = typed.chars().rfind(|c| is_searchable(*c)).is_some_and(|c| !stands_alone(c));
        Self { typed: typed.to_owned(), words: words_of(typed), goes_on }
    }

    fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        for (place, word) in self.words.iter().enumerate() {
            let before = place.checked_sub(1).map(|place| &self.words[place]);
            let after = self.words.get(place + 1);
            let goes_on = self.goes_on && after.is_none();
            match (before, word, after) {
                (_, Word::Spelled(word), _) => terms.push(Term { token: token(word), goes_on }),
                (Some(Word::Character(before)), Word::Character(c), _) => {
                    terms.push(Term { token: pair(*before, *c), goes_on });
                }
                // The first of several stands in a pair.
                (_, Word::Character(_), Some(Word::Character(_))) => {}
                (_, Word::Character(c), _) => {
                    terms.push(Term { token: token(c.encode_utf8(&mut [0; 4])), goes_on });
                }
            }
        }
        terms
    }

    fn needs_proof(&self) -> bool {
        match &self.words[..] {
            [Word::Spelled(word)] => word.len() > TOKEN_BYTES,
            [Word::Character(_)] | [Word::Character(_), Word::Character(_)] => false,
            _ => true,
        }
    }

    fn stands_in(&self, words: &[Word]) -> bool {
        let Some((last, first)) = self.words.split_last() else { return true };
        words
            .windows(self.words.len())
            .any(|window| window.split_last().is_some_and(|(end, begin)| begin == first && self.ends_with(last, end)))
    }

    fn ends_with(&self, last: &Word, found: &Word) -> bool {
        match (last, found) {
            (Word::Spelled(last), Word::Spelled(found)) if self.goes_on => found.starts_with(last.as_str()),
            _ => last == found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fts5(typed: &str) -> Option<String> {
        Words::parse(typed).map(|words| words.fts5())
    }

    fn finds(typed: &str, text: &str) -> bool {
        let words = Words::parse(typed).unwrap();
        let tokens = tokens_of([text, "", ""]);
        let tokens: Vec<_> = tokens.split(' ').collect();
        let holds = |term: &Term| {
            tokens.iter().any(|token| if term.goes_on { token.starts_with(&term.token) } else { *token == term.token })
        };
        words.terms().iter().all(holds) && (!words.need_proof() || words.stand_in([text, "", ""]))
    }

    #[test]
    fn characters_without_spaces_between_words_are_set_apart() {
        assert_eq!(set_apart("a東京b"), "a 東  京 b");
    }

    #[test]
    fn what_was_typed_is_quoted_and_never_syntax() {
        assert_eq!(fts5(r#"say "hi" NOT OR*"#).unwrap(), r#""say"* """hi"""* "NOT"* "OR*"*"#);
        assert_eq!(fts5("deploy 東京").unwrap(), "\"deploy\"* \" 東  京 \"");
        assert_eq!(fts5("a\0b").unwrap(), r#""a"* "b"*"#);
    }

    #[test]
    fn punctuation_alone_is_nothing_to_search_for() {
        assert_eq!(fts5(" \"() -- * "), None);
        assert_eq!(fts5("hello --").unwrap(), "\"hello\"*");
    }

    #[test]
    fn tokens_are_ascii_of_three_to_84_characters() {
        let tokens = tokens_of(["a 東 naïve", &"x".repeat(500), &"й".repeat(500)]);
        for token in tokens.split(' ') {
            assert!((3..=84).contains(&token.len()), "{token}");
            assert!(token.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
        }
    }

    #[test]
    fn words_are_found_from_their_beginning_folded_and_in_their_order() {
        let text = "Nightly-Build of CAFÉ: 明天下午三點開會 v2版 नमस्ते";
        for typed in ["night", "nightly-bu", "cafe\u{301}", "明天下", "午三", "v2版", "會", "नमस्ते", "會v"]
        {
            assert!(finds(typed, text), "{typed}");
        }
        for typed in ["ightly", "build-nightly", "nightly-of", "三明", "明天三", "天會", "नम्ते"] {
            assert!(!finds(typed, text), "{typed}");
        }
    }

    #[test]
    fn a_word_longer_than_its_token_is_compared_to_its_end() {
        let (one, other) = (format!("{}a", "x".repeat(60)), format!("{}b", "x".repeat(60)));
        assert!(finds(&one, &one) && !finds(&one, &other));
    }
}
