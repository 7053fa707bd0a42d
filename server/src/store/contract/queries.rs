//! Searches with filters, phrases and exclusions: each database finds what a plain reading of all messages finds.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use push_system::{
    accounts::Person,
    api::{Filter, HistoryQuery},
    ids::MessageId,
    marks::StateChange,
    message::Message,
    query::Search,
    read_state::{Ranges, ReadChange},
    timestamp::Timestamp,
};
use serde_json::json;

use super::{
    super::{Log as _, Store, Write},
    Fixture, change_state, delete, draft, edit, moment, person, publish_draft,
    reference::{Eyes, is_found},
    search::{find, ids, page, words},
    store_one,
};

const DAY_MS: i64 = 86_400_000;

/// Publishes a message to these people, or to all, at a moment.
async fn send(
    store: &impl Store,
    sender: &Person,
    to: &[&Person],
    request: serde_json::Value,
    at: Timestamp,
) -> Message {
    let head = store.head().await.unwrap().position.seq;
    let mut request = request;
    if !to.is_empty() {
        request["to"] = to.iter().map(|person| format!("@{}", person.name)).collect();
    }
    let named = to.iter().map(|person| person.id).collect();
    let publish = publish_draft(sender, &format!("k{head}"), draft(request), named);
    let entry = store_one(store, Write { at, ..publish }).await;
    match entry.body {
        super::super::EntryBody::Published { message, .. } => *message,
        other => panic!("{other:?}"),
    }
}

/// More messages than are looked at without the index.
pub(super) async fn send_many(store: &impl Store, sender: &Person) {
    for batch in 0..12 {
        let many: Vec<_> = (0..100).map(|n| super::publish(sender, &format!("b{batch}.{n}"), "common", &[])).collect();
        store.commit(&many).await.unwrap();
    }
}

/// Marks as read up to a message.
async fn read(store: &impl Store, who: &Person, upto: u64) {
    let change = ReadChange::read_all(MessageId(upto)).into();
    store_one(store, change_state(store, who, &change).await).await;
}

/// Texts in many scripts, and what of them is found by what.
const CORPUS: [&str; 10] = [
    "Deployment of the CAFÉ server finished, re-run nightly-build",
    "Mail ana@example.org or see https://example.org/status?id=7",
    "明天下午三點開會，請準時參加v2版本",
    "東京タワーでサーバーを再起動しました",
    "서버를 다시 시작합니다",
    "shipped 🎉 by 👨\u{200D}👩",
    "नमस्ते दुनिया, सर्वर चालू है",
    "ΟΔΟΣ και οδός, Straße, ﬁnal ＡＰＩ",
    "deploy disk disks diskless",
    "C++ and C# on 10.0.0.1:8080",
];

const QUERIES: [(&str, &[usize]); 42] = [
    ("deploy", &[0, 8]),
    ("DEPLOYMENT", &[0]),
    ("\"deploy\"", &[8]),
    ("cafe", &[0]),
    ("café finish", &[0]),
    ("night", &[0]),
    ("nightly-bu", &[0]),
    ("build-nightly", &[]),
    ("\"nightly build\"", &[0]),
    ("\"nightly buil\"", &[]),
    ("\"re run nightly\"", &[0]),
    ("ana@example.org", &[1]),
    ("example.org", &[1]),
    ("https://example.org/status", &[1]),
    ("exam", &[1]),
    ("xample", &[]),
    ("開", &[2]),
    ("三點", &[2]),
    ("點三", &[]),
    ("下午三", &[2]),
    ("v2版", &[2]),
    ("\"下午三點\"", &[2]),
    ("東", &[3]),
    ("タワー", &[3]),
    ("サーバ", &[3]),
    ("서버", &[4]),
    ("시작합", &[4]),
    ("작합", &[4]),
    ("🎉", &[5]),
    ("👩", &[5]),
    ("नमस्ते", &[6]),
    ("नम", &[6]),
    ("सर्वर चालू", &[6]),
    ("οδος", &[7]),
    ("final api", &[7]),
    ("disk -diskless", &[]),
    ("-disk deploy", &[0]),
    ("-\"disk\" dep", &[0]),
    ("-deploy -開 -東 -서 -🎉 -नम -οδος", &[1, 9]),
    ("C++ 8080", &[9]),
    ("10.0.0", &[9]),
    ("has:link", &[1]),
];

pub(in super::super) async fn the_same_queries_find_the_same_messages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ann").await;
    let mut sent = Vec::new();
    for text in CORPUS {
        sent.push(send(&store, &ana, &[], json!({ "message": text }), moment(0)).await.id.0);
    }
    for (typed, found) in QUERIES {
        let expected: Vec<_> = found.iter().rev().map(|place| sent[*place]).collect();
        assert_eq!(find(&store, &ana, typed).await, expected, "{typed}");
    }
    // A name of one word, in all of them.
    assert_eq!(find(&store, &ana, "ann").await.len(), CORPUS.len());
    assert_eq!(find(&store, &ana, "from:ann 開").await, [sent[2]]);
}

/// Words to write and to search for. Some begin like others, some are parts of others.
const PIECES: [&str; 24] = [
    "disk",
    "disks",
    "full",
    "CAFÉ",
    "cafe",
    "re-run",
    "run",
    "ana",
    "a.b",
    "開會",
    "會",
    "開",
    "三點開會",
    "東京",
    "京",
    "서버",
    "서",
    "नमस्ते",
    "🎉",
    "https://example.org",
    "v2版",
    "x",
    "0123456789012345678901234567890123456789a",
    "0123456789012345678901234567890123456789b",
];
const TAGS: [&str; 5] = ["backup", "Backup", "two words", "夜間", "長い長い長い長い長い長い長い長い"];
const FACETS: [&str; 27] = [
    "from:ana",
    "from:me",
    "from:bob",
    "from:nobody",
    "to:me",
    "to:ana",
    "to:bob",
    "to:everyone",
    "is:unread",
    "is:read",
    "has:link",
    "priority:7",
    "priority:>=5",
    "priority:<3",
    "priority:>10",
    "tag:backup",
    "tag:\"two words\"",
    "tag:長い長い長い長い長い長い長い長い",
    "before:1d",
    "before:0d",
    "after:1d",
    "after:2d",
    "after:2026-11-18",
    "before:2026-12",
    "in:#ops",
    "is:saved",
    "is:archived",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..6).prop_map(|pieces| pieces.join(" "))
}

fn query() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(&PIECES[..]).prop_map(str::to_owned);
    let phrase = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..3)
        .prop_map(|pieces| format!("\"{}\"", pieces.join(" ")));
    let begun = (proptest::sample::select(&PIECES[..]), 1usize..4)
        .prop_map(|(piece, chars)| piece.chars().take(chars).collect::<String>());
    let facet = proptest::sample::select(&FACETS[..]).prop_map(str::to_owned);
    let item = prop_oneof![4 => word, 2 => phrase, 2 => begun, 6 => facet];
    let signed = (any::<bool>(), any::<bool>(), item)
        .prop_map(|(one, other, item)| if one && other { format!("-{item}") } else { item });
    proptest::collection::vec(signed, 1..4).prop_map(|items| items.join(" "))
}

pub(in super::super) async fn random_queries_find_what_a_plain_reading_finds<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::default()));
    let written = (text(), text(), 0usize..=10, 0usize..4, 0usize..8, 0i64..3);
    let mut all = Vec::new();
    for _ in 0..150 {
        let (title, text, priority, to, tag, day) = written.new_tree(&mut runner).unwrap().current();
        let (sender, to): (_, &[&Person]) = match to {
            0 => (&ana, &[]),
            1 => (&bob, &[&ana]),
            2 => (&ana, &[&bob]),
            _ => (&bob, &[&bob]),
        };
        let tags: Vec<_> = TAGS.get(tag).into_iter().collect();
        let request = json!({ "message": text, "title": title, "priority": priority, "tags": tags });
        all.push(send(&store, sender, to, request, moment(-day * DAY_MS)).await);
    }
    let change = StateChange {
        read: ReadChange::read_all(all[60].id),
        archive: Ranges::span(all[20].id.0, all[70].id.0),
        save: Ranges::collect([(all[10].id.0, all[25].id.0), (all[90].id.0, all[130].id.0)]),
        ..StateChange::default()
    };
    store_one(&store, change_state(&store, &ana, &change).await).await;
    let stored = store.read_state(ana.id).await.unwrap().unwrap();
    let eyes = Eyes { me: ana.clone(), read: stored.state, marks: stored.marks, now: moment(0) };
    for _ in 0..400 {
        let typed = query().new_tree(&mut runner).unwrap().current();
        let mut expected: Vec<_> =
            all.iter().filter(|message| is_found(&typed, message, &eyes)).map(|message| message.id.0).collect();
        expected.reverse();
        let found = page(&store, &ana, &HistoryQuery { limit: 200, ..words(&typed) }).await;
        assert_eq!(ids(&found), expected, "{typed}");
        let first = page(&store, &ana, &HistoryQuery { limit: 2, ..words(&typed) }).await;
        assert_eq!(ids(&first), expected[..expected.len().min(2)], "{typed}");
        assert_eq!(first.has_more, expected.len() > 2, "{typed}");
    }
}

pub(in super::super) async fn filters_go_by_what_the_person_did<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let mut sent = Vec::new();
    for n in 0..6 {
        let sender = if n % 2 == 0 { &ana } else { &bob };
        sent.push(send(&store, sender, &[], json!({ "message": format!("note {n}") }), moment(0)).await.id.0);
    }
    read(&store, &ana, sent[2]).await;
    for typed in ["is:unread", "note is:unread", "-is:read"] {
        assert_eq!(find(&store, &ana, typed).await, [sent[5], sent[3]], "{typed}");
    }
    for typed in ["is:read", "note -is:unread"] {
        assert_eq!(find(&store, &ana, typed).await, [sent[4], sent[2], sent[1], sent[0]], "{typed}");
    }
    assert_eq!(find(&store, &bob, "is:unread").await, [sent[4], sent[2], sent[0]]);
    let unread = HistoryQuery { filter: Filter::Unread, ..words("from:bob") };
    assert_eq!(ids(&page(&store, &ana, &unread).await), [sent[5], sent[3]]);
    for contradiction in ["is:unread is:read", "is:unread from:me", "note -note", "from:ana from:bob", "priority:>11"] {
        assert!(find(&store, &ana, contradiction).await.is_empty(), "{contradiction}");
    }
}

pub(in super::super) async fn a_day_is_that_of_the_person<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let at = |text: &str| -> Timestamp { serde_json::from_value(json!(text)).unwrap() };
    let evening = send(&store, &ana, &[], json!({ "message": "evening" }), at("2026-11-19T22:30:00Z")).await.id.0;
    let night = send(&store, &ana, &[], json!({ "message": "night" }), at("2026-11-20T00:30:00Z")).await.id.0;
    // A server whose clock is slow.
    let late = send(&store, &ana, &[], json!({ "message": "late" }), at("2026-11-18T12:00:00Z")).await.id.0;
    let asked = async |typed: &str, offset_minutes| {
        let search = Search::of(typed, at("2026-11-20T01:00:00Z"), offset_minutes);
        ids(&page(&store, &ana, &HistoryQuery { words: search, ..words(typed) }).await)
    };
    assert_eq!(asked("after:2026-11-20", 0).await, [night]);
    assert_eq!(asked("after:2026-11-20", 120).await, [night, evening]);
    assert_eq!(asked("before:2026-11-20 -late", 0).await, [evening]);
    assert_eq!(asked("before:2026-11-20", 120).await, [late]);
    assert_eq!(asked("before:2026-11-20", -60).await, [late, night, evening]);
    assert_eq!(asked("after:0d", 0).await, [night]);
    assert_eq!(asked("after:1d before:0d", 0).await, [evening]);
    assert_eq!(asked("after:2026-11", 0).await, [late, night, evening]);
    assert!(asked("before:2026-11", 0).await.is_empty());
}

pub(in super::super) async fn a_rare_filter_is_found_behind_many_messages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let rare = json!({ "message": "rare", "priority": 9, "tags": ["once"], "click": "https://example.org" });
    let rare = send(&store, &bob, &[&ana], rare, moment(-3 * DAY_MS)).await.id.0;
    send_many(&store, &ana).await;
    for typed in
        ["rare", "from:bob", "to:me", "tag:once", "has:link", "priority:>5", "before:1d", "-common", "-from:ana"]
    {
        assert_eq!(find(&store, &ana, typed).await, [rare], "{typed}");
    }
    for typed in ["common", "from:ana", "-rare", "priority:0", "after:1d", "to:everyone"] {
        let found = page(&store, &ana, &words(typed)).await;
        assert_eq!((found.messages.len(), found.has_more), (50, true), "{typed}");
    }
}

pub(in super::super) async fn what_is_found_says_how_it_was_understood<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    send(&store, &ana, &[], json!({ "title": "Disk 開會了", "message": "DISKS are full: x:y" }), moment(0)).await;
    let found = page(&store, &ana, &words("disk from:me 開會 x:y")).await;
    let reading = found.search.unwrap();
    assert_eq!(reading.marked, ["disk", "disks", "x:y", "開會"]);
    assert_eq!(reading.chips.iter().map(|chip| chip.text.as_str()).collect::<Vec<_>>(), ["from:me"]);
    assert_eq!(reading.misread, ["x:y"]);
    let nothing = page(&store, &ana, &words("nothing is:saved")).await;
    assert_eq!(nothing.search.unwrap().chips[0].without, "nothing");
}

pub(in super::super) async fn what_changed_is_found_behind_many_messages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let changed = send(&store, &ana, &[], json!({ "message": "apple" }), moment(0)).await.id;
    let gone = send(&store, &ana, &[], json!({ "message": "pear" }), moment(0)).await.id;
    send_many(&store, &ana).await;
    assert_eq!(find(&store, &ana, "apple").await, [changed.0]);
    assert_eq!(find(&store, &ana, "pear").await, [gone.0]);
    for text in ["plum", "cherry"] {
        let request = json!({ "message": text, "tags": [text], "priority": 9 });
        store_one(&store, edit(&ana, changed, request)).await;
        for typed in [text.to_owned(), format!("tag:{text}"), "priority:>8".to_owned(), "-common -pear".to_owned()] {
            assert_eq!(find(&store, &ana, &typed).await, [changed.0], "{typed}");
        }
    }
    store_one(&store, delete(&ana, gone)).await;
    for typed in ["apple", "plum", "pear", "-common -cherry"] {
        assert!(find(&store, &ana, typed).await.is_empty(), "{typed}");
    }
}
