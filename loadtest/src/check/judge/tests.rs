//! The judge is tried with runs that are right, and with each way in which one can be wrong.

mod changed;
mod restored;

use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Snapshot},
    marks::Marks,
    message::Message,
    position::Pos,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::*;
use crate::check::{
    history::{Ack, Publish, ReaderHistory, Seen, Segment, Shown},
    oracle::{Fact, Row, Tables},
    print::{Content, event_print, message_print, text_of},
    sabotage::{Sabotage, damage},
};

/// Messages in the made-up log; one read state follows them.
const MESSAGES: u64 = 60;

fn person(id: u64) -> Person {
    let name = ["ana", "bob", "eve"][usize::try_from(id).unwrap() - 1];
    Person { id: UserId(id), name: Username::parse(name).unwrap() }
}

/// Ana writes all; every third is for Bob alone, the others are for everyone.
fn message(id: u64) -> Message {
    Message {
        id: MessageId(id),
        appid: 0,
        title: String::new(),
        message: format!("message {id}"),
        priority: 0,
        date: Timestamp::from_unix_ms(1_000 + i64::try_from(id).unwrap()),
        extras: serde_json::Map::new(),
        sender: person(1),
        to: Recipients::parse([if id.is_multiple_of(3) { "@bob" } else { "everyone" }]).unwrap(),
        tags: Vec::new(),
        click: None,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    }
}

fn read_state() -> ReadState {
    ReadState { read_upto: MessageId(10), exceptions: Ranges::one(14) }
}

fn state(read: ReadState) -> State {
    State { read, marks: Marks::default() }
}

fn key(id: u64) -> String {
    format!("key-{id}")
}

fn tables() -> Tables {
    let published = |id: u64| Row {
        seq: id,
        tag: 7,
        at: 1_000,
        audience: if id.is_multiple_of(3) { "1,2".to_owned() } else { "everyone".to_owned() },
        fact: Fact::Published(Box::new(message(id)), key(id)),
    };
    let mut rows: Vec<Row> = (1..=MESSAGES).map(published).collect();
    // Bob has read 11 of 60.
    let fact = Fact::Read(read_state(), MESSAGES - 11);
    rows.push(Row { seq: MESSAGES + 1, tag: 7, at: 1_000, audience: "2".to_owned(), fact });
    Tables {
        head: MESSAGES + 1,
        rows,
        people: (1..=3).map(person).collect(),
        keys: (1..=MESSAGES).map(|id| ((UserId(1), key(id)), id)).collect(),
        messages: (1..=MESSAGES).map(|id| (id, message(id))).collect(),
        states: [1, 2, 3]
            .map(|id| (UserId(id), state(if id == 2 { read_state() } else { ReadState::default() })))
            .into(),
        ..Tables::default()
    }
}

fn sees(user: u64, id: u64) -> bool {
    user != 3 || !id.is_multiple_of(3)
}

fn snapshot(user: u64, seq: u64) -> Snapshot {
    let ids: Vec<u64> = (1..=seq.min(MESSAGES)).rev().filter(|id| sees(user, *id)).collect();
    let read = if user == 2 && seq > MESSAGES { read_state() } else { ReadState::default() };
    let unread = ids.iter().filter(|id| user != 1 && !read.is_read(MessageId(**id))).count() as u64;
    Snapshot {
        pos: Pos::parse("e1").unwrap(),
        seq: Seq(seq),
        user: person(user),
        messages: ids.iter().take(50).map(|id| message(*id)).collect(),
        has_more: ids.len() > 50,
        read,
        marks: Marks::default(),
        topics: Vec::new(),
        counters: Counters { unread },
    }
}

fn seen(user: u64, after: u64, through: u64) -> Vec<Seen> {
    let event = |seq: u64| {
        let (message, key, state) = (message(seq), key(seq), read_state());
        let content = match seq {
            1..=MESSAGES if sees(user, seq) => Content::Message(&message, &key),
            61 if user == 2 => Content::Read(&state, MESSAGES - 11),
            _ => return None,
        };
        let shown = (seq <= MESSAGES).then(|| Shown::message(&message));
        Some(Seen { seq, print: event_print(7, 1_000, &content), shown, at: seq * 1_000 })
    };
    (after + 1..=through).filter_map(event).collect()
}

/// Read from the start to 30, loaded a snapshot at 40, read on.
fn reader(user: u64) -> ReaderHistory {
    let segment = |from, to| Segment { start: snapshot(user, from), seen: seen(user, from, to), end: to };
    ReaderHistory {
        name: format!("reader of {}", person(user).name),
        user: UserId(user),
        segments: vec![segment(0, 30), segment(40, MESSAGES + 1)],
        last: snapshot(user, MESSAGES + 1),
        lives: Vec::new(),
        connections: 1,
        resets: Vec::new(),
        complaints: Vec::new(),
        hindered: false,
    }
}

fn ack(message: &Message, at: u64) -> Ack {
    let (id, print, shown) = (message.id.0, message_print(message), Shown::message(message));
    Ack { id, print, shown, at, by: ([127, 0, 0, 1], 1).into() }
}

fn record() -> Record {
    let publish = |id: u64| {
        let ack = ack(&message(id), id * 1_000);
        // Every tenth was never answered, and every twentieth of those that were, twice.
        let acks = if id.is_multiple_of(10) { vec![] } else { vec![ack; if id.is_multiple_of(20) { 2 } else { 1 }] };
        let to_everyone = !id.is_multiple_of(3);
        Publish {
            sender: UserId(1),
            key: key(id),
            acks,
            text: text_of(&message(id)),
            to_everyone,
            begun: id * 1_000 - 10,
        }
    };
    let mut publishes: Vec<Publish> = (1..=MESSAGES).map(publish).collect();
    let (sender, key) = (UserId(1), "never-stored".to_owned());
    publishes.push(Publish { sender, key, acks: vec![], text: 0, to_everyone: true, begun: 70_000 });
    Record {
        publishes,
        deeds: Vec::new(),
        readers: (1..=3).map(reader).collect(),
        starts: (1..=3).map(|id| (UserId(id), State::default())).collect(),
        base: 0,
    }
}

/// The verdict on a run with this wrong about it.
fn after(change: impl FnOnce(&mut Record, &mut Tables)) -> Verdict {
    let (mut record, mut tables) = (record(), tables());
    change(&mut record, &mut tables);
    judge(&record, &[Life::last(tables, 0)], Resets::None)
}

fn counts(verdict: &Verdict) -> [u64; 4] {
    [verdict.lost, verdict.duplicated, verdict.reordered, verdict.other]
}

fn sentence(verdict: &Verdict) -> &str {
    verdict.first.as_deref().unwrap_or_default()
}

#[test]
fn a_run_that_kept_every_promise_is_clean() {
    let verdict = after(|_, _| {});
    assert_eq!(verdict.first, None);
    assert_eq!((verdict.published, verdict.acknowledged), (MESSAGES + 1, MESSAGES - 6));
    // Ana has 30 and 20 messages, Bob one event more, Eve none of those for Bob.
    assert_eq!(verdict.checked, 50 + 51 + 33);
}

#[test]
fn sabotage_is_found_and_called_by_its_name() {
    for (sabotage, expected, word) in [
        (Sabotage::Drop, [1, 0, 0, 0], "never applied seq 21"),
        (Sabotage::Duplicate, [0, 1, 0, 0], "applied seq 21 twice"),
        (Sabotage::Swap, [0, 0, 1, 0], "applied seq 20 after seq 21"),
        (Sabotage::Alter, [0, 0, 0, 1], "applied seq 21 with other content"),
        (Sabotage::Leak, [0, 0, 0, 1], "applied seq 3, which it is not entitled to"),
    ] {
        // There is nothing that Ana and Bob are not entitled to.
        for reader in if sabotage == Sabotage::Leak { 2..3 } else { 0..2 } {
            let verdict = after(|record, _| damage(&mut record.readers[reader].segments[0].seen, &mut Some(sabotage)));
            assert_eq!(counts(&verdict), expected, "{sabotage:?}: {}", sentence(&verdict));
            assert!(sentence(&verdict).contains(word), "{sabotage:?}: {}", sentence(&verdict));
        }
    }
}

#[test]
fn a_loss_is_told_with_both_sides() {
    let verdict = after(|record, _| record.readers[0].segments[0].seen.retain(|seen| seen.seq != 17));
    assert_eq!(
        sentence(&verdict),
        "reader of ana never applied seq 17: expected … [13, 14, 15, 16, 17, 18, 19, 20, 21] …, \
         saw … [13, 14, 15, 16, 18, 19, 20, 21, 22] …"
    );
}

#[test]
fn an_acknowledged_message_that_is_not_stored_or_stored_otherwise_is_found() {
    let verdict = after(|record, _| record.publishes[4].acks[0].id = 4);
    assert!(sentence(&verdict).contains("both acknowledged as 4"), "{}", sentence(&verdict));
    let verdict = after(|record, _| {
        let ack = record.publishes[0].acks[0];
        record.publishes[60].acks.push(ack);
    });
    assert!(verdict.lost > 0, "{}", sentence(&verdict));
    for change in [|ack: &mut Ack| ack.print ^= 1, |ack: &mut Ack| ack.shown.text ^= 1] {
        let verdict = after(|record, _| change(&mut record.publishes[4].acks[0]));
        assert!(sentence(&verdict).contains("acknowledged with content"), "{}", sentence(&verdict));
    }
    let verdict = after(|record, _| {
        let again = Ack { id: 7, ..record.publishes[4].acks[0] };
        record.publishes[4].acks.push(again);
    });
    assert!(sentence(&verdict).contains("acknowledged as 5 and again as 7"), "{}", sentence(&verdict));
}

#[test]
fn one_key_stored_twice_is_a_duplicate_even_if_never_acknowledged() {
    let verdict = after(|_, tables| {
        let Fact::Published(_, key) = &mut tables.rows[10].fact else { panic!() };
        *key = self::key(10);
    });
    assert_eq!(verdict.duplicated, 1);
    assert!(sentence(&verdict).contains("is expected once, and stored as [10, 11]"), "{}", sentence(&verdict));
}

#[test]
fn what_nobody_sent_is_found() {
    let verdict = after(|record, _| drop(record.publishes.remove(9)));
    assert!(sentence(&verdict).contains("who never sent it"), "{}", sentence(&verdict));
}

#[test]
fn a_front_that_is_missing_and_a_reader_without_an_account_are_found() {
    let verdict = after(|_, tables| drop(tables.rows.drain(..2)));
    assert!(sentence(&verdict).contains("the log's front is missing: expected seq 1 or earlier, saw 3"));
    let verdict = after(|_, tables| tables.people.retain(|person| person.id != UserId(3)));
    assert_eq!(verdict.lost, 1, "{}", sentence(&verdict));
    assert!(sentence(&verdict).contains("reads as person 3, who has no account"), "{}", sentence(&verdict));
}

#[test]
fn a_hole_and_a_head_that_is_no_event_are_found() {
    let verdict = after(|_, tables| drop(tables.rows.remove(19)));
    assert!(sentence(&verdict).contains("the log has a hole: expected seq 20 after 19, saw 21"));
    let verdict = after(|_, tables| tables.head = 70);
    assert!(sentence(&verdict).contains("head says seq 70, the last event has seq 61"));
}

#[test]
fn an_event_of_somebody_else_is_found() {
    let verdict = after(|record, _| {
        let foreign = seen(2, 2, 3)[0];
        record.readers[2].segments[0].seen.insert(2, foreign);
    });
    assert!(sentence(&verdict).contains("applied seq 3, which it is not entitled to"), "{}", sentence(&verdict));
}

#[test]
fn a_stored_audience_that_is_not_the_rules_is_found() {
    let verdict = after(|_, tables| tables.rows[2].audience = "everyone".to_owned());
    assert!(sentence(&verdict).contains("expected the audience '1,2', the table has 'everyone'"));
}

#[test]
fn a_snapshot_or_a_last_inbox_that_is_no_fold_is_found() {
    let verdict = after(|record, _| drop(record.readers[1].segments[1].start.messages.remove(3)));
    assert!(sentence(&verdict).contains("the snapshot at seq 40 is not the fold"), "{}", sentence(&verdict));
    let verdict = after(|record, _| record.readers[1].last.counters.unread += 1);
    assert!(sentence(&verdict).contains("the inbox at the end"), "{}", sentence(&verdict));
    let verdict = after(|record, _| record.readers[1].last.read = ReadState::default());
    assert!(sentence(&verdict).contains("the inbox at the end"), "{}", sentence(&verdict));
}

#[test]
fn a_read_state_or_a_count_of_it_that_the_tables_contradict_is_found() {
    let verdict = after(|_, tables| drop(tables.states.insert(UserId(2), State::default())));
    assert!(sentence(&verdict).contains("the state of bob"), "{}", sentence(&verdict));
    let verdict = after(|_, tables| tables.rows[60].fact = Fact::Read(read_state(), 3));
    assert!(sentence(&verdict).contains("tells bob of 3 unread messages; by the tables there were 49"));
}

#[test]
fn a_reader_that_stays_behind_or_was_reset_or_complains_is_found() {
    let verdict = after(|record, _| {
        let last = &mut record.readers[0].segments[1];
        (last.seen, last.end) = (seen(1, 40, 50), 50);
        record.readers[0].last = snapshot(1, 50);
    });
    assert!(sentence(&verdict).contains("stands at seq 50 and never got what comes after it: expected [51"));
    let verdict = after(|record, _| record.readers[0].resets.push("Unknown".to_owned()));
    assert!(sentence(&verdict).contains("was reset (Unknown) though nothing cut its log"));
    let verdict = after(|record, _| record.readers[0].complaints.push("closed for good with 4001".to_owned()));
    assert!(sentence(&verdict).contains("closed for good with 4001"));
}
