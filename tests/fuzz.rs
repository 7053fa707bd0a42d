//! What strangers send is read by these parsers. Whatever comes: they do not panic, nothing they give back is much larger
//! than what came in, and what is written again reads as the same. `make fuzz` goes on for as long as one likes; inputs
//! that failed once are kept in `fuzz.seeds` and tried first.

use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::FileFailurePersistence,
};
use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    catalogue::Language,
    ids::{Seq, UserId},
    limits,
    message::{ClientId, Draft, OneOrMany, PublishRequest},
    position::{Epoch, Pos, Position},
    protocol::{ClientFrame, ResetReason, ServerFrame},
    session::server::{Action, Connection, Start},
};

const ME: UserId = UserId(7);

fn kept() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("seeds");
    ProptestConfig { failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

/// Words of the grammars, and what tends to break readers of them.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "0",
    "-1",
    "1e308",
    "1e309",
    "18446744073709551616",
    "7",
    "\"type\":",
    "\"resume\"",
    "\"publish\"",
    "\"ack\"",
    "\"ping\"",
    "\"presence\"",
    "\"since\":",
    "\"seq\":",
    "\"client_id\":",
    "\"user_id\":",
    "\"message\":",
    "\"to\":",
    "\"tags\":",
    "\"extras\":",
    "\"click\":",
    "\"title\":",
    "\"priority\":",
    "\"k\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "everyone",
    "@everyone",
    "@",
    "@bob",
    "#ops",
    " ",
    "bob",
    "\u{feff}",
    "\u{202e}",
    "İ",
    "ﬀ",
    "e0ff",
    ".",
    "0000beef",
    "+7",
    "007",
    "-",
    "_",
    "javascript:",
    "https://",
    "\0",
];

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![4 => select(WORDS).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

/// A text that was right, and what was done to it: characters exchanged, left out, put in and repeated.
fn damaged(good: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let blow = (any::<Index>(), 0..4_u8, words());
    (good, proptest::collection::vec(blow, 0..4)).prop_map(|(good, blows)| {
        let mut chars: Vec<char> = good.chars().collect();
        for (at, kind, words) in blows {
            if chars.is_empty() {
                break;
            }
            let at = at.index(chars.len());
            match kind {
                0 => drop(chars.remove(at)),
                1 => drop(chars.splice(at..=at, words.chars())),
                2 => drop(chars.splice(at..at, words.chars())),
                _ => chars.truncate(at),
            }
        }
        chars.into_iter().collect()
    })
}

fn client_frames() -> impl Strategy<Value = String> {
    let request = (any::<String>(), proptest::option::of(words()), proptest::option::of(any::<i64>()));
    let publish = (any::<String>(), any::<u64>(), request).prop_map(|(client_id, user, (message, to, priority))| {
        let request = PublishRequest { message, to: to.map(OneOrMany::One), priority, ..PublishRequest::default() };
        ClientFrame::Publish { client_id, user_id: UserId(user), request }
    });
    let frame = prop_oneof![
        any::<String>().prop_map(|since| ClientFrame::Resume { since }),
        any::<u64>().prop_map(|seq| ClientFrame::Ack { seq: Seq(seq) }),
        Just(ClientFrame::Ping),
        Just(ClientFrame::Presence),
        publish,
    ];
    let written = frame.prop_map(|frame| serde_json::to_string(&frame).unwrap());
    prop_oneof![3 => damaged(written), 1 => words(), 1 => any::<String>()]
}

fn positions() -> impl Strategy<Value = String> {
    let good =
        ("[a-z0-9]{1,41}", any::<u64>(), any::<u32>()).prop_map(|(epoch, seq, tag)| format!("{epoch}.{seq}.{tag:08x}"));
    prop_oneof![3 => damaged(good), 1 => words(), 1 => any::<String>()]
}

fn server_frames() -> impl Strategy<Value = String> {
    let good = select(vec![
        r#"{"type":"hello","protocol":1,"pos":"e.1.00000001","user":{"id":2,"name":"bob"},"heartbeat_s":25}"#,
        r#"{"type":"position","pos":"e.1.00000001","seq":1,"n":0,"live":true}"#,
        r#"{"type":"reset","reason":"epoch","after_ms":3000}"#,
        r#"{"type":"presence","version":2,"count":1,"joined":[{"id":2,"name":"bob"}],"left":[]}"#,
        r#"{"type":"published","client_id":"k","id":9}"#,
        r#"{"type":"rejected","client_id":"k","code":"invalid"}"#,
        r#"{"type":"error","code":"bad_frame","message":"?","retry_ms":0}"#,
        r#"{"type":"event","seq":9,"pos":"e.9.0000002a","at":"1970-01-01T00:00:01.000Z","kind":"read_state_changed","read_upto":4,"exceptions":[[7,8]],"unread":3}"#,
    ]);
    prop_oneof![3 => damaged(good.prop_map(str::to_owned)), 1 => words()]
}

fn requests() -> impl Strategy<Value = PublishRequest> {
    let to = prop_oneof![
        words().prop_map(OneOrMany::One),
        proptest::collection::vec(words(), 0..60).prop_map(OneOrMany::Many)
    ];
    (
        prop_oneof![any::<String>(), words(), ".{16000,17000}"],
        proptest::option::of(prop_oneof![words(), ".{190,210}"]),
        proptest::option::of(-2..13_i64),
        proptest::option::of(to),
        proptest::option::of(proptest::collection::vec(words(), 0..12)),
        proptest::option::of(prop_oneof![words(), "(https?|javascript)://.{0,30}"]),
    )
        .prop_map(|(message, title, priority, to, tags, click)| PublishRequest {
            message,
            title,
            priority,
            to,
            tags,
            click,
            extras: None,
        })
}

fn again(draft: &Draft) -> PublishRequest {
    PublishRequest {
        message: draft.message.clone(),
        title: Some(draft.title.clone()),
        priority: Some(draft.priority.into()),
        to: Some(OneOrMany::Many(draft.to.iter().map(ToString::to_string).collect())),
        tags: Some(draft.tags.clone()),
        click: draft.click.clone(),
        extras: Some(draft.extras.clone()),
    }
}

fn connection() -> Connection {
    let user = Person { id: ME, name: Username::parse("bob").unwrap() };
    let mut connection = Connection::new(user, Language::En, 0, 25_000);
    let head = Position { epoch: Epoch::parse("e").unwrap(), seq: Seq(0), tag: 0 };
    connection.greet(&Start::Reset(head, ResetReason::Unreadable));
    connection
}

proptest! {
    #![proptest_config(kept())]

    #[test]
    fn a_client_frame_that_is_read_is_written_as_one_that_reads_the_same(text in client_frames()) {
        if let Ok(frame) = serde_json::from_str::<ClientFrame>(&text) {
            let written = serde_json::to_string(&frame).unwrap();
            // An escaped character is six bytes, and a publish names all its fields.
            prop_assert!(written.len() <= 6 * text.len() + 256, "{} bytes out of {}", written.len(), text.len());
            prop_assert_eq!(serde_json::from_str::<ClientFrame>(&written).unwrap(), frame);
        }
    }

    #[test]
    fn a_server_frame_that_is_read_is_written_as_one_that_reads_the_same(text in server_frames()) {
        if let Ok(frame) = serde_json::from_str::<ServerFrame>(&text) {
            let written = serde_json::to_string(&frame).unwrap();
            prop_assert!(written.len() <= 6 * text.len() + 256, "{} bytes out of {}", written.len(), text.len());
            prop_assert_eq!(serde_json::from_str::<ServerFrame>(&written).unwrap(), frame);
        }
    }

    #[test]
    fn brackets_however_deep_are_refused_and_overflow_nothing(depth in 100..30_000_usize, open in select(vec!["[", "{\"a\":"])) {
        let extras = format!(r#"{{"type":"publish","client_id":"k","user_id":7,"message":"m","extras":{{"a":{}"#, open.repeat(depth));
        prop_assert!(serde_json::from_str::<ClientFrame>(&extras).is_err());
        prop_assert!(serde_json::from_str::<ServerFrame>(&open.repeat(depth)).is_err());
    }

    #[test]
    fn a_connection_bears_any_frames_and_ends_at_the_third_bad_one(texts in proptest::collection::vec(client_frames(), 1..12)) {
        let mut connection = connection();
        let (mut errors, mut closed) = (0, false);
        for text in &texts {
            let actions = connection.text(1, text);
            prop_assert!(actions.len() <= 2 && (!closed || actions.is_empty()), "{actions:?}");
            for action in actions {
                match action {
                    Action::Send(ServerFrame::Error { message, .. }) => {
                        errors += 1;
                        prop_assert!(message.len() <= text.len() + 1_000, "{message}");
                    }
                    Action::Close(_) => closed = true,
                    Action::Publish { .. } => {
                        let sent: ClientFrame = serde_json::from_str(text).unwrap();
                        prop_assert!(matches!(sent, ClientFrame::Publish { user_id: ME, .. }), "published for another");
                    }
                    Action::Verify(since) => prop_assert!(text.contains("resume"), "{since}"),
                    Action::Send(_) | Action::SendPresence | Action::Ping => {}
                }
            }
        }
        prop_assert_eq!(closed, errors >= limits::BAD_FRAMES);
    }

    #[test]
    fn a_position_has_one_spelling(text in positions()) {
        if let Ok(position) = text.parse::<Position>() {
            prop_assert_eq!(position.to_string(), text.clone());
            prop_assert!(Pos::parse(&text).is_ok(), "clients may hold what the server takes");
        }
        if let Ok(pos) = Pos::parse(&text) {
            prop_assert!(text.len() <= limits::POS_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'&'));
            prop_assert_eq!(pos.as_str(), text);
        }
    }

    #[test]
    fn a_list_of_recipients_reads_as_it_is_shown(items in proptest::collection::vec(prop_oneof![words(), any::<String>()], 0..6)) {
        if let Ok(to) = Recipients::parse(items.iter().map(String::as_str)) {
            let shown: Vec<String> = to.iter().map(ToString::to_string).collect();
            prop_assert!((1..=limits::RECIPIENTS).contains(&shown.len()));
            prop_assert!(shown.iter().enumerate().all(|(at, one)| !shown[..at].contains(one)), "{shown:?}");
            let joined = shown.join(", ");
            prop_assert_eq!(Recipients::parse([joined.as_str()]).unwrap(), to.clone());
            let json = serde_json::to_string(&to).unwrap();
            prop_assert_eq!(serde_json::from_str::<Recipients>(&json).unwrap(), to);
        }
    }

    #[test]
    fn a_draft_keeps_every_rule_and_is_accepted_again(request in requests()) {
        if let Ok(draft) = Draft::parse(request) {
            prop_assert!(draft.message.len() <= limits::TEXT_BYTES && draft.title.chars().count() <= limits::TITLE_CHARS);
            prop_assert!(draft.priority <= limits::PRIORITY_MAX && draft.tags.len() <= limits::TAGS);
            let nul = |text: &String| text.contains('\0');
            prop_assert!(!nul(&draft.message) && !nul(&draft.title) && !draft.tags.iter().chain(&draft.click).any(nul));
            if let Some(link) = &draft.click {
                let link = link.to_ascii_lowercase();
                prop_assert!(link.starts_with("http://") || link.starts_with("https://"), "{link}");
                prop_assert!(!link.chars().any(|c| c.is_control() || c.is_whitespace()), "{link:?}");
            }
            prop_assert_eq!(Draft::parse(again(&draft)).unwrap(), draft);
        }
    }

    #[test]
    fn a_key_is_what_a_header_can_carry(text in prop_oneof![words(), any::<String>(), "[!-~]{1,140}"]) {
        if let Ok(key) = ClientId::parse(&text, "client_id") {
            prop_assert!(key.as_str().len() <= limits::KEY_BYTES && key.as_str().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(key.as_str(), text);
        }
    }
}
