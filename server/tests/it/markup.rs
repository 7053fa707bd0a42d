//! Whatever people write, a page shows it as text: no element, no attribute and no address comes out of it that a page
//! with harmless texts does not have (OWASP, Cross Site Scripting Prevention Cheat Sheet).

use std::collections::{BTreeMap, BTreeSet};

use app::context::{Form, FormRefusal, FormState, PageContext, PageData};
use html5gum::{DefaultEmitter, HtmlString, Token, Tokenizer};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, FileFailurePersistence, TestRunner},
};
use push_system::{
    accounts::{Person, Role, Username},
    api::{HistoryPage, Me},
    catalogue::EN,
    error::ErrorCode,
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Snapshot},
    marks::Marks,
    message::{Draft, Message, OneOrMany, PublishRequest},
    position::Pos,
    query::Query,
    read_state::ReadState,
    timestamp::Timestamp,
};
use tokio::runtime;
use url::form_urlencoded;

use crate::rendering::rendered;

/// A page is dear in a build for tests; each holds several texts.
const CASES: u32 = 48;

/// What browsers have taken for markup, or for the end of what it stood in.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</script>",
    "<!--",
    "-->",
    "<!--<script>",
    "]]>",
    "<![CDATA[",
    "<svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "</p>",
    "</textarea>",
    "</title>",
    "<b>",
    "<a href=//evil.example>",
    "\"",
    "'",
    "`",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&quot;",
    "&",
    "{{1}}",
    "<",
    ">",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<b>",
    "vbscript:x",
    "https://a.example/",
    "http://b.example?",
    "https://c.example/\"onclick=x",
    "https://d.example/<b>",
    "mailto:ana@example.org",
    "mailto:",
    "https://",
    "\u{202e}",
    "\u{2028}",
    "\r\n",
    "\r",
    "\n",
    "\t",
    " ",
    "\\",
    "\\u003c",
    "您好",
    "e",
    "a.example",
    "İ",
    "\u{feff}",
];

fn hostile() -> impl Strategy<Value = String> {
    let word = prop_oneof![6 => select(HOSTILE).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(word, 1..10).prop_map(|words| words.concat())
}

fn drafts() -> impl Strategy<Value = Draft> {
    let click = proptest::option::of(hostile().prop_map(|text| format!("https://{text}")));
    (hostile(), hostile(), click, hostile()).prop_filter_map("a draft", |(message, title, click, tag)| {
        let tags = Some(vec![tag.chars().take(32).collect()]);
        let to = Some(OneOrMany::One("everyone".to_owned()));
        Draft::parse(PublishRequest { message, title: Some(title), click, tags, to, ..PublishRequest::default() }).ok()
    })
}

fn harmless(text: &str) -> Draft {
    let request = PublishRequest {
        message: text.to_owned(),
        title: Some("title".to_owned()),
        click: Some("https://a.example".to_owned()),
        tags: Some(vec!["tag".to_owned()]),
        ..PublishRequest::default()
    };
    Draft::parse(request).unwrap()
}

/// What a page is made from.
#[derive(Clone, Debug)]
struct Written {
    drafts: Vec<Draft>,
    words: String,
}

fn person(id: u64, name: &str) -> Person {
    Person { id: UserId(id), name: Username::parse(name).unwrap() }
}

fn message(id: u64, draft: &Draft) -> Message {
    let Draft { title, message, priority, to, tags, click, extras } = draft.clone();
    let (id, date, sender) = (MessageId(id), Timestamp::from_unix_ms(1_000), person(2, "bob"));
    let (topics, edited, deleted) = (Vec::new(), None, None);
    Message { id, appid: 0, title, message, priority, date, extras, sender, to, tags, click, topics, edited, deleted }
}

fn page_of(path: &str, address: String, written: &Written) -> PageContext {
    let (viewer, count) = (person(1, "ana"), written.drafts.len() as u64);
    let messages: Vec<_> = (1..).zip(&written.drafts).map(|(n, draft)| message(count + 1 - n, draft)).collect();
    let inbox = Snapshot {
        pos: Pos::parse("e.9.00000001").unwrap(),
        seq: Seq(9),
        user: viewer.clone(),
        messages: messages.clone(),
        has_more: false,
        read: ReadState::starting_at(MessageId(9)),
        marks: Marks::default(),
        topics: Vec::new(),
        counters: Counters::default(),
    };
    let search = Some(Query::parse(&written.words).reading(vec![written.words.clone()]));
    let results = (path == "/history").then_some(HistoryPage { messages, has_more: true, search });
    let data = PageData { path: path.to_owned(), search: address, inbox: Some(inbox), results, ..PageData::default() };
    PageContext { viewer: Some(Me { person: viewer, role: Role::Member }), data, ..PageContext::default() }
}

fn inbox(written: &Written) -> PageContext {
    page_of("/", String::new(), written)
}

fn history(written: &Written) -> PageContext {
    let search = form_urlencoded::Serializer::new(String::new()).append_pair("q", &written.words).finish();
    page_of("/history", search, written)
}

/// The composer with what was refused.
fn refused(written: &Written) -> PageContext {
    let values = ["title", "message", "to"].map(|name| (name.to_owned(), written.words.clone()));
    let refusal =
        FormRefusal { code: ErrorCode::UnknownRecipient, field: Some("to".to_owned()), detail: written.words.clone() };
    let form = FormState { form: Form::Compose, values: BTreeMap::from(values), refusal: Some(refusal) };
    PageContext { form: Some(form), ..inbox(written) }
}

const PAGES: [fn(&Written) -> PageContext; 3] = [inbox, history, refused];

/// An element as a browser reads it.
#[derive(Debug)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Element {
    fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// What a browser's tokenizer makes of a page.
#[derive(Default)]
struct Parsed {
    elements: Vec<Element>,
    /// The texts of messages, in order.
    texts: Vec<String>,
}

fn parse(html: &str) -> Parsed {
    let text_of = |bytes: &HtmlString| String::from_utf8(bytes.to_vec()).unwrap();
    let (mut parsed, mut inside) = (Parsed::default(), false);
    let mut emitter = DefaultEmitter::default();
    // Scripts, titles and text fields are read by rules of their own.
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (text_of(name), text_of(&value.value)));
                let element = Element { name: text_of(&tag.name), attributes: attributes.collect() };
                if element.get("class") == "message-text" {
                    inside = true;
                    parsed.texts.push(String::new());
                }
                parsed.elements.push(element);
            }
            Token::EndTag(tag) => inside &= text_of(&tag.name) != "p",
            Token::String(text) if inside => parsed.texts.last_mut().unwrap().push_str(&text_of(&text.value)),
            // Between two texts stands an empty one.
            Token::Comment(comment) => assert!(comment.value.is_empty(), "a comment in {html}"),
            Token::String(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    parsed
}

/// The elements there are, and the attributes each of them has.
type Vocabulary = BTreeMap<String, BTreeSet<String>>;

fn vocabulary(parsed: &Parsed) -> Vocabulary {
    let mut known = Vocabulary::new();
    for element in &parsed.elements {
        known.entry(element.name.clone()).or_default().extend(element.attributes.keys().cloned());
    }
    known
}

/// What pages with harmless texts are made of: links, folds, marks and all.
async fn known() -> (Vocabulary, usize) {
    let long = format!("see https://a.example and mailto:a@b.example {}", "\nline".repeat(20));
    let drafts = vec![harmless("plain"), harmless(&long)];
    let (mut known, mut scripts) = (Vocabulary::new(), 0);
    // Words that are found, that are not, and none.
    for words in ["line", "nothing", ""] {
        let written = Written { drafts: drafts.clone(), words: words.to_owned() };
        for page in PAGES {
            let parsed = parse(&rendered(page(&written), None, &EN).await);
            scripts = parsed.elements.iter().filter(|element| element.name == "script").count();
            for (name, attributes) in vocabulary(&parsed) {
                known.entry(name).or_default().extend(attributes);
            }
        }
    }
    (known, scripts)
}

fn leads_only_where_it_may(link: &Element) -> bool {
    if !link.attributes.contains_key("href") {
        return true;
    }
    let address = link.get("href").to_ascii_lowercase();
    if link.get("target").is_empty() {
        return address.starts_with(['/', '#', '?']) && !address.starts_with("//");
    }
    let web = ["http://", "https://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    web && link.get("rel") == "noopener nofollow ugc"
}

/// Browsers read any end of a line as one.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[test]
fn what_people_write_is_text_on_every_page_and_leads_only_where_it_says() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(server::ui::Ui::new());
    let (known, scripts) = runtime.block_on(known());
    assert!(known["a"].contains("rel") && known.contains_key("mark") && scripts >= 2, "{scripts} {known:?}");
    let persistence = FileFailurePersistence::WithSource("seeds");
    let default = Config::default();
    let cases = if default.cases == 256 { CASES } else { default.cases };
    let config =
        Config { cases, failure_persistence: Some(Box::new(persistence)), ..Config::with_source_file(file!()) };
    let inputs = (proptest::collection::vec(drafts(), 1..6), hostile());
    let result = TestRunner::new(config).run(&inputs, |(drafts, words)| {
        let written = Written { drafts, words };
        for page in PAGES {
            let parsed = parse(&runtime.block_on(rendered(page(&written), None, &EN)));
            for element in &parsed.elements {
                let attributes = known.get(&element.name);
                let ours = |name| attributes.is_some_and(|attributes| attributes.contains(name));
                prop_assert!(attributes.is_some() && element.attributes.keys().all(ours), "{element:?}");
                prop_assert!(element.name != "a" || leads_only_where_it_may(element), "{element:?}");
                prop_assert!(element.name != "script" || !element.get("nonce").is_empty(), "{element:?}");
            }
            prop_assert_eq!(parsed.elements.iter().filter(|element| element.name == "script").count(), scripts);
            let texts: Vec<_> = written.drafts.iter().map(|draft| lines(&draft.message)).collect();
            prop_assert_eq!(&parsed.texts, &texts);
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
