//! Messages that change, and people who come into topics and leave them.

mod log;

use self::log::*;
use super::*;
use crate::check::{
    history::{Deed, Said, What},
    oracle::News,
};

#[test]
fn what_was_told_to_those_it_is_for_is_clean() {
    let verdict = judged(|_, _| {});
    assert_eq!(verdict.first, None);
    assert_eq!(verdict.checked, (1..=3).map(|user| events_of(user, 0, HEAD).len() as u64).sum::<u64>());
}

#[test]
fn each_event_that_is_missing_is_a_loss_but_for_what_went_with_a_private_topic() {
    for user in 1..=3 {
        for missing in events_of(user, 0, HEAD) {
            let verdict = where_saw(user, |seen| seen.retain(|seen| seen.seq != missing.seq));
            let lost = u64::from((user, missing.seq) != OPTIONAL);
            assert_eq!(counts(&verdict), [lost, 0, 0, 0], "{user} without {}: {}", missing.seq, sentence(&verdict));
        }
    }
}

#[test]
fn each_event_that_reaches_an_outsider_is_found_and_its_topic_named() {
    for user in 1..=3 {
        for seq in (1..=HEAD).filter(|seq| !seen_by(user, *seq)) {
            let verdict = where_saw(user, |seen| {
                let place = seen.partition_point(|seen| seen.seq < seq);
                seen.insert(place, seen_at(&event(seq)));
            });
            assert_eq!(counts(&verdict), [0, 0, 0, 1], "{user} with {seq}: {}", sentence(&verdict));
            let topic = match seq {
                5 | 15 | 17 | 18 => "in topic 1 at that place",
                12 | 13 => "in topic 2 at that place",
                _ => "",
            };
            let word = format!("applied seq {seq}, which it is not entitled to");
            assert!(sentence(&verdict).contains(&word) && sentence(&verdict).contains(topic), "{}", sentence(&verdict));
        }
    }
}

#[test]
fn sabotage_that_hides_a_deletion_is_a_loss() {
    let verdict = judged(|record, _| {
        let (mut log, mut sabotage) = (Vec::new(), Some(Sabotage::Hide));
        for seen in events_of(ANA, 0, HEAD) {
            log.push(seen);
            damage(&mut log, &mut sabotage);
        }
        record.readers[0].segments[0].seen = log;
    });
    assert!(sentence(&verdict).contains("reader of ana never applied seq 9"), "{}", sentence(&verdict));
}

#[test]
fn an_event_shows_its_message_as_it_was_then_or_became_later_and_never_as_it_was_before() {
    let shows = |user: u64, seq: u64, message: &Message| {
        let shown = Some(Shown::message(message));
        where_saw(user, |seen| seen.iter_mut().filter(|seen| seen.seq == seq).for_each(|seen| seen.shown = shown))
    };
    for (seq, later) in [(5, now(5)), (6, now(6)), (7, now(7))] {
        assert_eq!(shows(ANA, seq, &later).first, None, "{seq}");
    }
    let other = |id, seq| Message { message: "nobody wrote this".to_owned(), ..edited(id, seq) };
    for (seq, wrong) in
        [(8, first(7)), (9, first(6)), (18, first(5)), (7, other(7, 8)), (8, other(7, 8)), (7, edited(7, 9))]
    {
        let verdict = shows(ANA, seq, &wrong);
        let word = format!("applied seq {seq} with other content: message {} was never so since", wrong.id);
        assert!(sentence(&verdict).contains(&word), "{}", sentence(&verdict));
    }
}

#[test]
fn a_tombstone_that_is_missing_is_found() {
    let verdict = judged(|_, tables| drop(tables.messages.insert(6, first(6))));
    assert!(sentence(&verdict).contains("message 6 is not what is left by event 9, which took it back"));
    let with_text = Message { deleted: Some(at(9)), ..first(6) };
    let verdict = judged(|_, tables| drop(tables.messages.insert(6, with_text)));
    assert!(sentence(&verdict).contains("message 6 is not what is left by event 9, which took it back"));
    let verdict = judged(|record, _| {
        let messages = &mut record.readers[2].last.messages;
        messages.iter_mut().filter(|message| message.id.0 == 6).for_each(|message| *message = first(6));
    });
    assert!(sentence(&verdict).contains("the inbox at the end at seq 19 is not the fold of the tables"));
    assert!(sentence(&verdict).contains("message 6 says something else there"), "{}", sentence(&verdict));
}

#[test]
fn a_snapshot_is_the_fold_at_its_place_and_knows_who_was_where() {
    let loaded = |user: u64, seq: u64, change: fn(&mut Snapshot)| {
        judged(|record, _| {
            let mut start = inbox(user, seq, seen_by).0;
            change(&mut start);
            let first = Segment { start: snapshot(user, 0), seen: events_of(user, 0, 4), end: 4 };
            let second = Segment { start, seen: events_of(user, seq, HEAD), end: HEAD };
            record.readers[usize::try_from(user - 1).unwrap()].segments = vec![first, second];
        })
    };
    for (user, seq) in (1..=3).flat_map(|user| (4..=HEAD).map(move |seq| (user, seq))) {
        assert_eq!(loaded(user, seq, |_| {}).first, None, "{user} at {seq}");
    }
    let is_found = |user, seq, change| {
        let verdict = loaded(user, seq, change);
        assert!(sentence(&verdict).contains("the snapshot at seq"), "{user} at {seq}: {}", sentence(&verdict));
    };
    // Kept what went with the topic.
    is_found(BOB, 15, |inbox| inbox.messages.push(first(5)));
    is_found(BOB, 15, |inbox| inbox.topics.push(topic(OPS)));
    is_found(BOB, 10, |inbox| inbox.topics.clear());
    is_found(EVE, 11, |inbox| inbox.marks = Marks::default());
    is_found(ANA, 17, |inbox| inbox.messages.iter_mut().for_each(|message| *message = now(message.id.0)));
}

#[test]
fn a_page_that_lost_a_private_topics_messages_may_end_earlier() {
    let ended = |saw: fn(&mut Snapshot)| judged(|record, _| saw(&mut record.readers[1].last));
    assert_eq!(ended(|last| last.has_more = true).first, None);
    assert_eq!(ended(|last| (last.has_more, _) = (true, last.messages.pop())).first, None);
    assert!(!ended(|last| drop(last.messages.pop())).is_clean());
    assert!(!judged(|record, _| record.readers[0].last.has_more = true).is_clean());
}

#[test]
fn stays_and_states_that_are_not_the_logs_are_found() {
    let verdict = judged(|_, tables| tables.stays.truncate(4));
    assert!(sentence(&verdict).contains("the log alone knows of person 2 coming into topic 1 at seq 16"));
    let verdict = judged(|_, tables| tables.stays[0].until = Some(19));
    assert!(sentence(&verdict).contains("the log does not know of person 1 leaving topic 1 at seq 19"));
    let verdict = judged(|_, tables| drop(tables.states.insert(UserId(EVE), state(read_by_eve()))));
    assert!(sentence(&verdict).contains("the state of eve"), "{}", sentence(&verdict));
    let verdict = judged(|_, tables| {
        tables.rows[13].fact = Fact::Topic(topic(OPS).into(), News::Left(UserId(BOB), 2));
    });
    assert!(sentence(&verdict).contains("event 14 tells bob of 2 unread messages; by the tables there were 1"));
    let verdict = judged(|_, tables| tables.rows[8].audience = "#2,2@9".to_owned());
    assert!(sentence(&verdict).contains("event 9: expected the audience '#2,2@6', the table has '#2,2@9'"));
}

#[test]
fn a_deed_that_was_acknowledged_and_is_not_in_the_log_is_lost() {
    let is_lost = |place: usize, change: fn(&mut Deed)| {
        let verdict = judged(|record, _| {
            let mut again = record.deeds[place].clone();
            change(&mut again);
            record.deeds.push(again);
        });
        assert_eq!(verdict.lost, 1, "{place}: {}", sentence(&verdict));
        assert!(sentence(&verdict).contains("was acknowledged"), "{}", sentence(&verdict));
    };
    is_lost(0, |deed| deed.what = What::Edit { message: 12, text: 0 });
    is_lost(2, |deed| deed.what = What::Delete { message: 12 });
    is_lost(3, |deed| deed.answer = Some((1_000, Said::State(Box::new((read_by_eve(), 4, Some(marks())))))));
    is_lost(7, |deed| deed.what = What::Join { topic: OPS, user: UserId(EVE) });
    is_lost(8, |deed| deed.after = 14);
}

#[test]
fn a_deed_without_an_answer_may_have_happened_or_not() {
    for place in 0..deeds().len() {
        let verdict = judged(|record, _| record.deeds[place].answer = None);
        assert_eq!(verdict.first, None, "{place}");
    }
    let verdict = judged(|record, _| {
        let what = What::Edit { message: 12, text: 5 };
        record.deeds.push(Deed { by: UserId(ANA), what, after: 0, answer: None });
    });
    assert_eq!(verdict.first, None);
}

#[test]
fn a_change_that_nobody_asked_for_is_found() {
    for place in [0, 2, 7, 8] {
        let verdict = judged(|record, _| drop(record.deeds.remove(place)));
        assert!(sentence(&verdict).contains("does what nobody asked for"), "{place}: {}", sentence(&verdict));
    }
    let verdict = judged(|_, tables| tables.rows[17].fact = Fact::Edited(Box::new(now(6))));
    assert!(verdict.duplicated > 0, "{}", sentence(&verdict));
}
