//! History by words.

use push_system::{
    accounts::Person,
    api::{Filter, HistoryPage, HistoryQuery},
    marks::StateChange,
    query::Search,
    read_state::Ranges,
};
use serde_json::json;

use super::{
    super::{Log as _, Store},
    Fixture, change_state, delete, draft, edit, moment, person, publish, publish_draft, say, store_one, tell,
};

pub(super) fn words(text: &str) -> HistoryQuery {
    HistoryQuery { before: None, limit: 50, words: Search::of(text, moment(0), 0), filter: Filter::All }
}

pub(super) async fn page(store: &impl Store, who: &Person, query: &HistoryQuery) -> HistoryPage {
    store.history(who.id, query).await.unwrap()
}

pub(super) async fn find(store: &impl Store, who: &Person, text: &str) -> Vec<u64> {
    ids(&page(store, who, &words(text)).await)
}

pub(super) fn ids(page: &HistoryPage) -> Vec<u64> {
    page.messages.iter().map(|message| message.id.0).collect()
}

pub(in super::super) async fn a_word_is_found_from_its_beginning_and_folded<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = say(&store, &ana, "Deployment of the CAFÉ server, Ünal: re-run nightly-build").await.0;
    for found in ["deploy", "DEPLOYMENT", "cafe", "café", "CAFE\u{301}", "unal", "nightly-bu", "re-run", "the"] {
        assert_eq!(find(&store, &ana, found).await, [id], "{found}");
    }
    for missed in ["ployment", "afé", "deployments"] {
        assert!(find(&store, &ana, missed).await.is_empty(), "{missed}");
    }
}

pub(in super::super) async fn characters_without_spaces_are_found_anywhere<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let han = say(&store, &ana, "明天下午三點開會，請準時參加v2版本𠮷").await.0;
    let kana = say(&store, &ana, "東京タワーでサーバーを再起動しました").await.0;
    let hangul = say(&store, &ana, "서버를 다시 시작합니다").await.0;
    for (typed, id) in [("三點", han), ("開會", han), ("參加v2", han), ("v2版", han), ("𠮷", han), ("タワー", kana)]
    {
        assert_eq!(find(&store, &ana, typed).await, [id], "{typed}");
    }
    assert_eq!(find(&store, &ana, "작합").await, [hangul]);
    for missed in ["點三", "明會", "京都"] {
        assert!(find(&store, &ana, missed).await.is_empty(), "{missed}");
    }
}

pub(in super::super) async fn emoji_are_found<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = say(&store, &ana, "shipped🎉 by 👨\u{200D}👩").await.0;
    for found in ["🎉", "shipped", "shipped🎉", "👩"] {
        assert_eq!(find(&store, &ana, found).await, [id], "{found}");
    }
    assert!(find(&store, &ana, "🔥").await.is_empty());
}

pub(in super::super) async fn what_is_typed_is_never_syntax<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let plain = say(&store, &ana, "alpha beta title").await.0;
    let odd = say(&store, &ana, r#"he said "alpha NOT gamma" near(x) C++ a_b 50% O'Neil"#).await.0;
    for typed in [r#"""#, "*", "()", "alpha*\"", "-", "^", "{", ":", "'", "--", "\\", "\0", "%", "_"] {
        let found = find(&store, &ana, typed).await;
        assert!(found.is_empty() || typed.starts_with("alpha"), "{typed}: {found:?}");
    }
    assert_eq!(find(&store, &ana, "alpha NOT gamma").await, [odd]);
    assert_eq!(find(&store, &ana, "title:alpha").await, Vec::<u64>::new());
    assert_eq!(find(&store, &ana, "alpha OR zeta").await, Vec::<u64>::new());
    assert_eq!(find(&store, &ana, r#""alpha" (beta)"#).await, [plain]);
    for typed in ["near(x)", "O'Neil", "C++", "\"alpha not\"", "50%"] {
        assert!(find(&store, &ana, typed).await.contains(&odd), "{typed}");
    }
}

pub(in super::super) async fn title_and_tags_are_searched_too<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let draft = draft(json!({ "message": "body", "title": "Headline 標題", "tags": ["backup", "夜間"] }));
    let id = store_one(&store, publish_draft(&ana, "k", draft, vec![])).await.position.seq.0;
    for found in ["head", "題", "backup", "夜間", "body headline backup"] {
        assert_eq!(find(&store, &ana, found).await, [id], "{found}");
    }
}

pub(in super::super) async fn all_words_must_occur<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let one = say(&store, &ana, "red green").await.0;
    let two = say(&store, &ana, "green blue 東京").await.0;
    assert_eq!(find(&store, &ana, "green").await, [two, one]);
    assert_eq!(find(&store, &ana, " 京\tgre ").await, [two]);
    assert_eq!(find(&store, &ana, "red --").await, [one]);
    assert!(find(&store, &ana, "red blue").await.is_empty());
    assert_eq!(find(&store, &ana, "  ").await, [two, one], "no words find all");
}

pub(in super::super) async fn only_what_a_person_may_see_is_found<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob, cleo) = (person(&store, "ana").await, person(&store, "bob").await, person(&store, "cleo").await);
    let open = say(&store, &ana, "plan for all").await.0;
    let named = tell(&store, &ana, "plan for bob", &[&bob]).await.0;
    let own = tell(&store, &bob, "plan of bob", &[&ana]).await.0;
    assert_eq!(find(&store, &ana, "plan").await, [own, named, open]);
    assert_eq!(find(&store, &cleo, "plan").await, [open]);
    let mut change = StateChange { save: Ranges::one(open), archive: Ranges::one(own), ..StateChange::default() };
    change.read.read = Ranges::span(1, open);
    store_one(&store, change_state(&store, &bob, &change).await).await;
    for (filter, expected) in [
        (Filter::All, vec![own, named, open]),
        (Filter::Me, vec![named]),
        (Filter::Sent, vec![own]),
        (Filter::Saved, vec![open]),
        (Filter::Archived, vec![own]),
        (Filter::Inbox, vec![named, open]),
        (Filter::Unread, vec![named]),
    ] {
        let found = page(&store, &bob, &HistoryQuery { filter, ..words("plan") }).await;
        assert_eq!(ids(&found), expected, "{filter:?}");
    }
}

pub(in super::super) async fn found_messages_come_in_pages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let mut shown = Vec::new();
    for n in 0..30 {
        let hidden = n % 3 == 0;
        let to = if hidden { vec![&ana] } else { vec![] };
        let id = tell(&store, &ana, &format!("report {n}"), &to).await.0;
        if !hidden {
            shown.insert(0, id);
        }
    }
    for limit in [1, 6, 20, 21] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let found = page(&store, &bob, &HistoryQuery { before, limit, ..words("rep") }).await;
            all.extend(ids(&found));
            before = found.messages.last().map(|message| message.id);
            if !found.has_more {
                break;
            }
            assert_eq!(found.messages.len(), limit as usize);
        }
        assert_eq!(all, shown, "{limit}");
    }
}

pub(in super::super) async fn a_rare_permission_is_found_behind_many_matches<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let first = say(&store, &ana, "budget for all").await.0;
    let hidden: Vec<_> = (0..1200).map(|n| publish(&ana, &format!("hidden{n}"), "budget", &[&ana])).collect();
    store.commit(&hidden[..1100]).await.unwrap();
    let second = say(&store, &ana, "budget for all").await.0;
    store.commit(&hidden[1100..]).await.unwrap();
    assert_eq!(find(&store, &bob, "budget").await, [second, first]);
    let found = page(&store, &bob, &HistoryQuery { limit: 1, ..words("budget") }).await;
    assert_eq!((ids(&found), found.has_more), (vec![second], true));
}

pub(in super::super) async fn what_nearly_all_have_is_no_reason_to_be_found<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let quiet = say(&store, &bob, "disk").await.0;
    let both = say(&store, &ana, "status: the disk is full").await.0;
    let apart = say(&store, &ana, "status: full, and the disk is old").await.0;
    let many: Vec<_> = (0..1200).map(|n| publish(&ana, &format!("many{n}"), "status: the door is shut", &[])).collect();
    store.commit(&many).await.unwrap();
    for (typed, found) in [
        ("status disk", vec![apart, both]),
        ("disk", vec![apart, both, quiet]),
        ("\"disk is full\"", vec![both]),
        ("full status old", vec![apart]),
        ("from:ana disk", vec![apart, both]),
        ("status from:bob", vec![]),
        ("disk -status", vec![quiet]),
        ("-status", vec![quiet]),
        ("status windows", vec![]),
    ] {
        assert_eq!(find(&store, &ana, typed).await, found, "{typed}");
    }
}

pub(in super::super) async fn the_index_follows_in_steps<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    assert!(store.index_step().await.unwrap().is_none());
    for batch in 0..4 {
        let messages: Vec<_> =
            (0..50).map(|n| publish(&ana, &format!("{batch}.{n}"), &format!("note {batch}"), &[])).collect();
        store.commit(&messages).await.unwrap();
    }
    let mut steps = 1;
    while store.index_step().await.unwrap().is_some() {
        steps += 1;
        assert!(steps < 200, "each step gets on");
    }
    assert!(steps > 1, "a step is bounded");
    say(&store, &ana, "note 0, not indexed yet").await;
    let found = page(&store, &ana, &HistoryQuery { limit: 200, ..words("note 0") }).await;
    assert_eq!((found.messages.len(), found.has_more), (51, false));
}

pub(in super::super) async fn an_edited_message_is_found_by_what_it_says_now<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (id, other) = (say(&store, &ana, "red apple").await, say(&store, &ana, "red pear").await);
    assert_eq!(find(&store, &ana, "apple").await, [id.0]);
    for (text, words) in [("green apple", "green"), ("blue apple", "blue"), ("blue sky", "sky")] {
        store_one(&store, edit(&ana, id, json!({ "message": text }))).await;
        assert_eq!(find(&store, &ana, words).await, [id.0], "{text}");
        assert_eq!(find(&store, &ana, "red").await, [other.0], "{text}");
    }
    assert!(find(&store, &ana, "apple").await.is_empty());
    let early = say(&store, &ana, "cherry").await;
    store_one(&store, edit(&ana, early, json!({ "message": "plum" }))).await;
    assert!(find(&store, &ana, "cherry").await.is_empty(), "it was edited before it was indexed");
    assert_eq!(find(&store, &ana, "plum").await, [early.0]);
}

pub(in super::super) async fn a_deleted_message_is_found_by_nothing_it_said<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let draft = draft(json!({ "message": "alpha 東京", "title": "beta", "tags": ["gamma"] }));
    let id = store_one(&store, publish_draft(&ana, "k", draft, vec![])).await.position.seq.0;
    let said = ["alpha", "京", "beta", "gamma"];
    for word in said {
        assert_eq!(find(&store, &ana, word).await, [id], "{word}");
    }
    store_one(&store, delete(&ana, push_system::ids::MessageId(id))).await;
    for _ in 0..2 {
        for word in said {
            assert!(find(&store, &ana, word).await.is_empty(), "{word}");
        }
        while store.index_step().await.unwrap().is_some() {}
    }
}

pub(in super::super) async fn changes_are_indexed_in_steps_too<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let messages: Vec<_> = (0..120).map(|n| publish(&ana, &format!("{n}"), "before", &[])).collect();
    store.commit(&messages).await.unwrap();
    while store.index_step().await.unwrap().is_some() {}
    let edits: Vec<_> =
        (1..=120).map(|n| edit(&ana, push_system::ids::MessageId(n), json!({ "message": "after" }))).collect();
    store.commit(&edits).await.unwrap();
    let mut steps = 1;
    while store.index_step().await.unwrap().is_some() {
        steps += 1;
        assert!(steps < 200, "each step gets on");
    }
    assert!(steps > 1, "a step is bounded");
    let found = page(&store, &ana, &HistoryQuery { limit: 200, ..words("after") }).await;
    assert_eq!((found.messages.len(), find(&store, &ana, "before").await.len()), (120, 0));
}

pub(in super::super) async fn an_index_made_anew_is_waited_for_where_nothing_else_tells<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let rare = say(&store, &ana, "rare").await.0;
    for batch in 0..23 {
        let messages: Vec<_> = (0..100).map(|n| publish(&ana, &format!("{batch}.{n}"), "common", &[])).collect();
        store.commit(&messages).await.unwrap();
    }
    for typed in ["common", "after:1d", "-rare", "from:ana common"] {
        assert_eq!(find(&store, &ana, typed).await.len(), 50, "{typed}");
    }
    // Who waits helps, but not to the end.
    assert!(store.history(ana.id, &words("rare")).await.is_err_and(|error| error.is_indexing()));
    drop(store);
    // Whatever ended, it goes on from there.
    let store = fixture.open().await;
    assert_eq!(find(&store, &ana, "rare").await, [rare]);
    assert_eq!(find(&store, &ana, "rare after:1d").await, [rare]);
    assert!(store.index_step().await.unwrap().is_none());
}
