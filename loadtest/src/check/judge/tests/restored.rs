//! The log went back to message 30 and grew again to 40; with other tags, and two seconds later.

use super::*;

const KEPT: u64 = 30;
const REGROWN: u64 = 40;
const LATER: u64 = 100_000;

fn again(id: u64) -> Message {
    Message { message: format!("second message {id}"), sender: person(1), ..message(id) }
}

fn second_key(id: u64) -> String {
    format!("second-{id}")
}

fn lives() -> Vec<Life> {
    let mut second = tables();
    second.head = REGROWN;
    second.rows.truncate(usize::try_from(REGROWN).unwrap());
    for row in second.rows.iter_mut().filter(|row| row.seq > KEPT) {
        row.tag = 8;
        row.fact = Fact::Published(Box::new(again(row.seq)), second_key(row.seq));
    }
    let key_of = |id: u64| if id > KEPT { second_key(id) } else { key(id) };
    second.keys = (1..=REGROWN).map(|id| ((UserId(1), key_of(id)), id)).collect();
    second.states = (1..=3).map(|id| (UserId(id), State::default())).collect();
    second.messages = second.rows.iter().filter_map(|row| row.message()).map(|it| (it.id.0, it.clone())).collect();
    let first = Life { tables: tables(), from: 0, until: LATER };
    vec![first, Life::last(second, LATER)]
}

fn second_snapshot(user: u64, seq: u64) -> Snapshot {
    let mut snapshot = snapshot(user, seq);
    for message in snapshot.messages.iter_mut().filter(|message| message.id.0 > KEPT) {
        *message = again(message.id.0);
    }
    snapshot
}

fn second_seen(user: u64, after: u64) -> Vec<Seen> {
    let event = |seq: u64| {
        let print = event_print(8, 1_000, &Content::Message(&again(seq), &second_key(seq)));
        Seen { seq, print, shown: Some(Shown::message(&again(seq))), at: LATER + seq }
    };
    (after + 1..=REGROWN).filter(|seq| sees(user, *seq)).map(event).collect()
}

/// Read everything of the first life, was reset, and loaded an inbox at 33 of the second.
fn follower(user: u64) -> ReaderHistory {
    let first = Segment { start: snapshot(user, 0), seen: seen(user, 0, MESSAGES + 1), end: MESSAGES + 1 };
    let second = Segment { start: second_snapshot(user, 33), seen: second_seen(user, 33), end: REGROWN };
    let last = second_snapshot(user, REGROWN);
    ReaderHistory { segments: vec![first, second], last, resets: vec!["Epoch".to_owned()], ..reader(user) }
}

fn judged(change: impl FnOnce(&mut Record)) -> Verdict {
    let mut record = record();
    record.readers = (1..=3).map(follower).collect();
    for id in KEPT + 1..=REGROWN {
        let at = LATER + id * 10;
        let to_everyone = !id.is_multiple_of(3);
        record.publishes.push(Publish {
            sender: UserId(1),
            key: second_key(id),
            acks: vec![ack(&again(id), at)],
            text: text_of(&again(id)),
            to_everyone,
            begun: at - 10,
        });
    }
    change(&mut record);
    judge(&record, &lives(), Resets::OfAll)
}

#[test]
fn who_reloads_and_goes_on_is_right_in_both_lives() {
    let verdict = judged(|_| {});
    assert_eq!(verdict.first, None);
    // Ana and Bob: 60 (Bob one event more) and 7; Eve sees two thirds.
    assert_eq!(verdict.checked, 60 + 7 + 61 + 7 + 40 + 5);
}

#[test]
fn who_goes_on_from_the_first_life_into_the_second_is_silently_wrong() {
    let verdict = judged(|record| {
        let reader = &mut record.readers[0];
        // Stood at 35 of the first, and folded what came next in the second.
        let mut seen = seen(1, 0, 35);
        seen.extend(second_seen(1, 35));
        reader.segments = vec![Segment { start: snapshot(1, 0), seen, end: REGROWN }];
    });
    assert!(sentence(&verdict).contains("reader of ana applied seq 31 with other content"), "{}", sentence(&verdict));
}

#[test]
fn who_stays_in_the_first_life_is_wrong_though_further_than_the_head() {
    let verdict = judged(|record| drop(record.readers[0].segments.pop()));
    assert!(sentence(&verdict).contains("reader of ana"), "{}", sentence(&verdict));
}

#[test]
fn an_acknowledgement_is_of_the_life_of_its_time() {
    // In time for the first life only, which has no such message.
    let verdict = judged(|record| record.publishes.last_mut().unwrap().acks[0].at = LATER - 1);
    assert!(sentence(&verdict).contains("key second-40 of person 1 was acknowledged as 40; expected it"));
    let verdict = judged(|record| record.publishes[40].acks[0].at = LATER + 1);
    assert!(sentence(&verdict).contains("key key-41 of person 1 was acknowledged as 41; expected it"));
}

#[test]
fn only_those_who_were_away_may_be_reset_where_history_was_trimmed() {
    let judged = |hindered: bool| {
        let mut record = record();
        record.readers[0].resets.push("Trimmed".to_owned());
        record.readers[0].hindered = hindered;
        judge(&record, &[Life::last(tables(), 0)], Resets::OfThoseAway)
    };
    assert!(judged(true).is_clean());
    assert!(sentence(&judged(false)).contains("was reset (Trimmed) though nothing cut its log"));
}
