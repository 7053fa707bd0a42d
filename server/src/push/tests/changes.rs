//! What a tail shows of messages that change.

use std::sync::Arc;

use push_system::{
    audience::Recipients,
    ids::{MessageId, Seq, UserId},
    message::{ClientId, Message},
    timestamp::Timestamp,
};

use super::{
    super::{
        Encoded,
        members::Members,
        tail::{Behind, Tail},
    },
    at, person,
};
use crate::store::{Audience, Entry, EntryBody};

/// Keys and extras may hold anything, also what looks like the parts of a frame.
fn published(seq: u64, message: Message) -> Arc<Encoded> {
    let client_id = ClientId::parse(r#","client_id":"","message":{"#, "client_id").unwrap();
    about(seq, EntryBody::Published { message: Box::new(message), client_id })
}

fn about(seq: u64, body: EntryBody) -> Arc<Encoded> {
    let entry = Entry { position: at(seq), at: Timestamp::from_unix_ms(0), audience: Audience::Everyone, body };
    Arc::new(entry.into())
}

fn edited(seq: u64, message: Message) -> Arc<Encoded> {
    about(seq, EntryBody::Edited { message: Box::new(message) })
}

fn message(id: u64, text: &str) -> Message {
    let extras = serde_json::from_str(r#"{"message":{"client_id":"x"}}"#).unwrap();
    Message {
        id: MessageId(id),
        appid: 0,
        title: String::new(),
        message: text.to_owned(),
        priority: 0,
        date: Timestamp::from_unix_ms(0),
        extras,
        sender: person(1),
        to: Recipients::default(),
        tags: Vec::new(),
        click: None,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    }
}

fn kept(tail: &Tail) -> Vec<Arc<Encoded>> {
    match tail.behind(Seq(0), UserId(9), &Members::default(), usize::MAX) {
        Behind::Entries(entries, ..) => entries,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_changed_is_shown_as_it_is_by_each_event_about_it() {
    let tail = Tail::empty_at(at(0), usize::MAX);
    let gone = message(1, "one").tombstone(Timestamp::from_unix_ms(5));
    let deleted = about(5, EntryBody::Deleted { message: Box::new(gone.clone()) });
    for entry in [
        published(1, message(1, "one")),
        published(2, message(2, "two")),
        edited(3, message(1, "a longer one")),
        edited(4, message(2, "2")),
        deleted.clone(),
    ] {
        tail.append(&entry);
    }
    let expected = [
        published(1, gone.clone()),
        published(2, message(2, "2")),
        edited(3, gone),
        edited(4, message(2, "2")),
        deleted,
    ];
    assert_eq!(kept(&tail), expected);
}

#[test]
fn a_change_of_what_is_not_kept_any_more_is_kept_alone() {
    let one = |text| message(1, text);
    let room = published(1, one("one")).weight() + edited(2, one("uno")).weight();
    let tail = Tail::empty_at(at(0), room);
    for entry in [published(1, one("one")), edited(2, one("uno")), edited(3, one("une")), edited(4, one("ein"))] {
        tail.append(&entry);
    }
    assert!(matches!(tail.behind(Seq(1), UserId(9), &Members::default(), usize::MAX), Behind::Older));
    let Behind::Entries(kept, ..) = tail.behind(Seq(2), UserId(9), &Members::default(), usize::MAX) else {
        panic!("nothing kept")
    };
    assert_eq!(kept, [edited(3, one("ein")), edited(4, one("ein"))]);
}
