//! Every word that a page shows comes from the catalogue: pages are rendered in a language of marks, ⟦like this⟧, and
//! whatever people could read outside of the marks was written down elsewhere.

mod pages;

use app::{context::PageContext, desk::DeskPage};
use html5gum::{DefaultEmitter, HtmlString, Token, Tokenizer};
use push_system::catalogue::{Catalogue, EN, Language};

use self::pages::{contexts, desks, page};
use crate::rendering::rendered;

/// What the fixtures below say, in place of what people write, and how an avatar shortens it. It is the same in all
/// languages.
const WRITTEN: &[&str] =
    &["xana", "xbob", "xtopic", "xsearch", "xtext", "xtitle", "xtag", "xsecret", "everyone", "xa", "xb"];
/// Elements whose text is not for reading, or is the same for all readers: code, and keys.
const NOT_WORDS: &[&str] = &["script", "style", "code", "kbd"];
/// Attributes that are read out or shown.
const READ: &[&str] = &[
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
    "title",
    "placeholder",
    "alt",
    "label",
    "summary",
];
fn marked() -> &'static Catalogue {
    // Each form and each item of a list by itself.
    let mark = |text: &'static str| {
        let forms = text.split('|').map(|form| format!("⟦{form}⟧"));
        let text: &'static str = forms.collect::<Vec<_>>().join("|").leak();
        text
    };
    Box::leak(Box::new(EN.each(mark)))
}

/// What a reader meets in a document: the texts of its elements, and the attributes that are read out.
fn read(html: &str) -> Vec<String> {
    let text_of = |bytes: &HtmlString| String::from_utf8(bytes.to_vec()).unwrap();
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let (mut met, mut inside) = (Vec::new(), 0_u32);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                inside += u32::from(!tag.self_closing && NOT_WORDS.contains(&text_of(&tag.name).as_str()));
                let own_name = tag.attributes.keys().any(|name| text_of(name) == "lang");
                for (name, value) in &tag.attributes {
                    if READ.contains(&text_of(name).as_str()) {
                        met.push(text_of(&value.value));
                    }
                }
                // What says its language is the name of one, in itself.
                inside += u32::from(own_name && text_of(&tag.name) == "button");
            }
            Token::EndTag(tag) => {
                let name = text_of(&tag.name);
                let ends = NOT_WORDS.contains(&name.as_str()) || (name == "button" && inside > 0);
                inside = inside.saturating_sub(u32::from(ends));
            }
            Token::String(text) if inside == 0 => met.push(text_of(&text.value)),
            _ => {}
        }
    }
    met
}

/// What is left of a text without marked words and what people wrote.
fn unmarked(text: &str) -> String {
    let mut left = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '⟦' => depth += 1,
            '⟧' => depth = depth.saturating_sub(1),
            _ if depth == 0 => left.push(c),
            _ => {}
        }
    }
    WRITTEN.iter().fold(left, |left, written| left.replace(written, ""))
}

/// Whether somebody could read it: a letter of an icon for a person is none.
fn is_readable(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() > 1
}

async fn shown(words: &'static Catalogue, language: Language) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for context in contexts(words) {
        let name = format!("{}?{} {:?}", context.data.path, context.data.search, context.failure);
        pages.push((name, rendered(PageContext { language, ..context }, None, words).await));
    }
    for desk in desks(words) {
        let name = format!("{:?}", desk.page);
        let path = match desk.page {
            DeskPage::Topics(_) | DeskPage::Topic { .. } => "/topics",
            DeskPage::Message { .. } => "/m/9",
            _ => "/admin",
        };
        let context = PageContext { language, ..page(path, "", false) };
        pages.push((name, rendered(context, Some(desk), words).await));
    }
    pages
}

#[tokio::test]
async fn every_word_of_every_page_comes_from_the_catalogue() {
    drop(server::ui::Ui::new());
    let words = marked();
    let mut elsewhere = Vec::new();
    for (page, html) in shown(words, Language::En).await {
        let met = read(&html);
        assert!(met.iter().any(|text| text.contains('⟦')), "{page} shows nothing: {html:.300}");
        for text in met.iter().filter(|text| is_readable(&unmarked(text))) {
            elsewhere.push(format!("{page:.80}: {text}"));
        }
    }
    assert!(elsewhere.is_empty(), "{} texts do not come from the catalogue: {elsewhere:#?}", elsewhere.len());
}

#[tokio::test]
async fn no_page_in_chinese_shows_an_english_word() {
    drop(server::ui::Ui::new());
    // Filters of a search are spelt alike in every language.
    let names = ["Push System", "English", "CSV", "https://", "http://", "ASCII", "NUL", "from:ana", "from:"];
    let mut english = Vec::new();
    for (page, html) in shown(Language::ZhHant.catalogue(), Language::ZhHant).await {
        assert!(html.contains("<html lang=\"zh-Hant\""), "{page}");
        for text in read(&html) {
            let left = WRITTEN.iter().chain(&names).fold(text.clone(), |left, known| left.replace(known, ""));
            if left.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 2) {
                english.push(format!("{page:.80}: {text}"));
            }
        }
    }
    assert!(english.is_empty(), "{english:#?}");
}

#[tokio::test]
async fn what_the_browser_reads_back_are_the_words_the_page_was_rendered_with() {
    drop(server::ui::Ui::new());
    for language in Language::ALL {
        let words = language.catalogue();
        let html = rendered(PageContext { language, ..page("/", "", false) }, None, words).await;
        let carried = html.split_once("id=\"words\"").and_then(|(_, rest)| rest.split_once('>')).unwrap().1;
        let carried = carried.split_once("</script>").unwrap().0;
        assert_eq!(carried, words.for_page());
    }
}
