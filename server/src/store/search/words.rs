//! How text becomes words: the same for what is indexed, for what is searched and for what is marked, in every database.
//!
//! Words end at spaces and punctuation; letters are folded, without accents. In scripts that write without spaces every
//! character is a word, so that a run of them is found wherever it stands.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Whether a character is a word of its own: Han, kana, hangul and bopomofo, and emoji.
pub(super) fn stands_alone(c: char) -> bool {
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

/// A word as it is compared: folded, without accents; or one character that is a word of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Spelled(String),
    Character(char),
}

/// A word with the bytes it has in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) word: Word,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The words of a text, in order.
pub(super) fn words_of(text: &str) -> Vec<Placed> {
    let mut words = Vec::new();
    let mut spelled = String::new();
    let mut from = 0;
    let end = |words: &mut Vec<Placed>, spelled: &mut String, from, to| {
        if !spelled.is_empty() {
            words.push(Placed { word: Word::Spelled(std::mem::take(spelled)), from, to });
        }
    };
    for (at, c) in text.char_indices() {
        if is_part(c) && !stands_alone(c) {
            if spelled.is_empty() {
                from = at;
            }
            fold(c, &mut spelled);
            continue;
        }
        end(&mut words, &mut spelled, from, at);
        if stands_alone(c) {
            words.push(Placed { word: Word::Character(c), from: at, to: at + c.len_utf8() });
        }
    }
    end(&mut words, &mut spelled, from, text.len());
    words
}

/// Marks belong to the letter before them.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// A text by which names are compared: folded, all else kept.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        fold(c, &mut folded);
    }
    folded
}

fn fold(c: char, into: &mut String) {
    if c.is_ascii() {
        return into.push(c.to_ascii_lowercase());
    }
    decompose_compatible(c, |part| {
        into.extend(part.to_lowercase().filter(|c| !is_dropped(*c)).map(|c| if c == 'ς' { 'σ' } else { c }));
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

/// Words that must stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    words: Vec<Word>,
    /// Whether the last word may go on; a character of its own is a whole word.
    goes_on: bool,
}

impl Run {
    /// What stands between two spaces, of which the last word may be unfinished. None when there is no word in it.
    pub(super) fn begun(typed: &str) -> Option<Self> {
        let run = Self::whole(typed)?;
        Some(Self { goes_on: matches!(run.words.last(), Some(Word::Spelled(_))), ..run })
    }

    /// What stands in quotes.
    pub(super) fn whole(typed: &str) -> Option<Self> {
        let words: Vec<_> = words_of(typed).into_iter().map(|placed| placed.word).collect();
        (!words.is_empty()).then_some(Self { words, goes_on: false })
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Whether it stands in these words.
    pub(super) fn stands_in(&self, words: &[Placed]) -> bool {
        self.places_in(words).next().is_some()
    }

    /// The bytes at which it stands in a text with these words, each with all of its last word.
    pub(super) fn places_in(&self, words: &[Placed]) -> impl Iterator<Item = (usize, usize)> {
        let held = words.windows(self.words.len()).filter(|window| self.is(window));
        held.filter_map(|window| Some((window.first()?.from, window.last()?.to)))
    }

    fn is(&self, window: &[Placed]) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().zip(window).enumerate().all(|(place, (sought, found))| match (sought, &found.word) {
            (Word::Spelled(sought), Word::Spelled(found)) if self.goes_on && place == last => {
                found.starts_with(sought.as_str())
            }
            (sought, found) => sought == found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(typed: &str, text: &str) -> bool {
        Run::begun(typed).is_some_and(|run| run.stands_in(&words_of(text)))
    }

    fn whole(typed: &str, text: &str) -> bool {
        Run::whole(typed).is_some_and(|run| run.stands_in(&words_of(text)))
    }

    #[test]
    fn words_are_found_from_their_beginning_folded_and_in_their_order() {
        let text = "Nightly-Build of CAFÉ ＡＰＩ ΟΔΟΣ: 明天下午三點開會 v2版 नमस्ते";
        for typed in
            ["night", "nightly-bu", "cafe\u{301}", "api", "οδος", "明天下", "午三", "v2版", "會", "नमस्ते", "會v", "नम"]
        {
            assert!(begun(typed, text), "{typed}");
        }
        for typed in ["ightly", "build-nightly", "nightly-of", "三明", "明天三", "天會", "नम्ते"] {
            assert!(!begun(typed, text), "{typed}");
        }
    }

    #[test]
    fn a_phrase_is_made_of_whole_words() {
        let text = "the nightly build failed";
        assert!(whole("nightly build", text) && whole("Build FAILED", text));
        assert!(!whole("nightly buil", text) && !whole("nightly failed", text));
    }

    #[test]
    fn punctuation_alone_is_nothing_to_search_for() {
        for typed in ["", " \"() -- * ", "!"] {
            assert_eq!(Run::begun(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_place_is_where_it_stands_in_the_text() {
        let text = "Ein CAFÉ, 明天開會";
        let places = |run: Option<Run>| -> Vec<_> {
            run.unwrap().places_in(&words_of(text)).map(|(from, to)| &text[from..to]).collect()
        };
        assert_eq!(places(Run::begun("caf")), ["CAFÉ"]);
        assert_eq!(places(Run::begun("開會")), ["開會"]);
    }
}
