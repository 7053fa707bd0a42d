//! What holds for every language, beside what the compiler sees.

use super::{Catalogue, EN, Language, Sentence, ZH_HANT, phrase};

/// An entry: its name, the values it may hold, and its text.
type Entry = (&'static str, &'static [&'static str], &'static str);

fn entries(words: &'static Catalogue) -> Vec<Entry> {
    let named = |entries: &'static [(&'static str, &'static [&'static str])], lines: Vec<&'static str>| {
        assert_eq!(entries.len(), lines.len());
        entries.iter().zip(lines).map(|((name, values), text)| (*name, *values, text))
    };
    let sentences = Sentence::all().iter().map(|sentence| words.template(sentence)).collect();
    let mut all: Vec<Entry> = named(super::Ui::ENTRIES, words.ui.lines()).collect();
    all.extend(named(Sentence::ENTRIES, sentences));
    #[cfg(feature = "ports")]
    all.extend(named(super::Desk::ENTRIES, words.desk.lines()));
    all
}

fn others() -> impl Iterator<Item = (Entry, Entry)> {
    Language::ALL.into_iter().filter(|language| *language != Language::En).flat_map(|language| {
        let theirs = entries(language.catalogue());
        entries(&EN).into_iter().zip(theirs)
    })
}

fn values_in(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut names = Vec::new();
    while let Some((_, name, after)) = phrase::next_value(rest) {
        names.push(name);
        rest = after;
    }
    names.sort_unstable();
    names
}

fn forms(text: &str) -> Vec<&str> {
    text.split(phrase::FORMS).collect()
}

/// Entries that are the same in every language, and why.
const SAME: &[(&str, &str)] =
    &[("product", "a name"), ("title", "a name around a value"), ("title_unread", "a name around values")];

#[test]
fn every_entry_says_something_and_can_travel_in_a_page() {
    for language in Language::ALL {
        for (name, _, text) in entries(language.catalogue()) {
            assert!(!text.is_empty(), "{name} in {language:?}");
            assert!(!text.contains(['\n', '<', '\r']), "{name} in {language:?}: {text}");
            assert!(forms(text).iter().all(|form| !form.is_empty()), "{name} in {language:?}: {text}");
        }
    }
}

#[test]
fn an_entry_holds_the_values_it_is_given_in_every_language() {
    for language in Language::ALL {
        for (name, values, text) in entries(language.catalogue()) {
            let last = forms(text).pop().unwrap_or_default();
            let mut given = values.to_vec();
            given.sort_unstable();
            assert_eq!(values_in(last), given, "{name} in {language:?}: {text}");
            for form in forms(text) {
                assert!(values_in(form).iter().all(|value| given.contains(value)), "{name} in {language:?}: {text}");
            }
        }
    }
}

#[test]
fn an_entry_that_counts_has_the_forms_of_its_language() {
    for ((name, values, english), (_, _, other)) in others() {
        let wanted = match (values.is_empty(), forms(english).len()) {
            // A list has as many items everywhere.
            (true, items) => items,
            // Chinese has one form for all numbers.
            (false, _) => 1,
        };
        assert_eq!(forms(other).len(), wanted, "{name}: {other}");
        assert!(values.is_empty() || forms(english).len() <= 2, "{name}: {english}");
    }
}

#[test]
fn no_entry_was_left_in_english() {
    for ((name, _, english), (_, _, other)) in others() {
        let may_be_same = SAME.iter().any(|(same, _)| *same == name);
        assert_eq!(english == other, may_be_same, "{name}: {other}");
    }
}

#[test]
fn chinese_is_written_as_in_taiwan() {
    let is_sign = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (name, _, text) in entries(&ZH_HANT) {
        let chars: Vec<char> = text.chars().collect();
        for pair in chars.windows(2) {
            assert!(!(is_sign(pair[0]) && ",.;:?!()'\"".contains(pair[1])), "{name}: full-width punctuation in {text}");
        }
        for word in [
            "信息",
            "消息",
            "登錄",
            "註銷",
            "用戶",
            "默認",
            "軟件",
            "服務器",
            "網絡",
            "屏幕",
            "鏈接",
            "賬",
            "搜索",
            "郵箱",
            "重置",
        ] {
            assert!(!text.contains(word), "{name}: {word} in {text}");
        }
    }
}

#[test]
fn a_page_carries_the_words_of_its_language() {
    for language in Language::ALL {
        let words = language.catalogue();
        let carried = Catalogue::of_page(words.for_page().leak());
        assert_eq!(carried.ui.lines(), words.ui.lines());
        assert_eq!(carried.ui.new_messages(2), words.ui.new_messages(2));
        for sentence in Sentence::ON_PAGES {
            assert_eq!(carried.say(sentence), words.say(sentence));
        }
        let unknown = Sentence::UnknownRecipient("@eve".to_owned());
        assert!(carried.say(&unknown).contains("@eve"));
        assert_eq!(carried.say(&Sentence::Draining), words.ui.refused);
        assert_eq!(carried.say(&Sentence::Said("as it is".to_owned())), "as it is");
    }
}

#[test]
fn what_a_browser_may_refuse_travels_in_the_page() {
    use crate::{
        audience::Recipients,
        limits,
        message::{Draft, PublishRequest},
    };
    let draft = |message: String, title: Option<String>| {
        Draft::parse(PublishRequest { message, title, ..PublishRequest::default() }).unwrap_err().detail
    };
    let many: Vec<_> = (0..=limits::RECIPIENTS).map(|n| format!("user{n}")).collect();
    let refused = [
        draft(String::new(), None),
        draft("x".repeat(limits::TEXT_BYTES + 1), None),
        draft("a\0b".to_owned(), None),
        draft("x".to_owned(), Some("x".repeat(limits::TITLE_CHARS + 1))),
        Recipients::parse(["@!"]).unwrap_err().detail,
        Recipients::parse([","]).unwrap_err().detail,
        Recipients::parse(many.iter().map(String::as_str)).unwrap_err().detail,
    ];
    for sentence in refused {
        assert!(Sentence::ON_PAGES.iter().any(|carried| carried.is_entry_of(&sentence)), "{sentence:?}");
    }
}

#[test]
fn waiting_is_told_in_seconds_and_then_in_minutes() {
    let say = |seconds| Sentence::too_many_attempts(seconds).to_string();
    assert_eq!(say(1), "Too many attempts. Try again in a second.");
    assert_eq!(say(119), "Too many attempts. Try again in 119 seconds.");
    assert_eq!(say(120), "Too many attempts. Try again in 2 minutes.");
    assert_eq!(say(121), "Too many attempts. Try again in 3 minutes.");
    assert_eq!(ZH_HANT.say(&Sentence::too_many_attempts(1)), "嘗試次數過多，請在 1 秒後再試。");
}
