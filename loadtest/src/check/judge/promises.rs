//! What was acknowledged is stored, what is stored was sent, and each once.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        history::{Ack, Publish, Record},
        oracle::{Fact, Life, Row, Tables, Versions},
        print::message_print,
    },
    Kind, Verdict,
};

/// The rows of a life, by sender and key.
type Stored<'a> = HashMap<(u64, &'a str), Vec<&'a Row>>;

/// Acknowledged ⊆ stored, under the same number and with the same content; what was not acknowledged is there once or
/// not at all; and nothing is there that nobody sent.
pub(super) fn are_stored(record: &Record, lives: &[Life], versions: &[Versions], verdict: &mut Verdict) {
    let mut stored: Vec<Stored<'_>> = lives.iter().map(|life| by_key(&life.tables, record.base)).collect();
    let mut acknowledged: HashMap<(usize, u64), &str> = HashMap::new();
    for publish in &record.publishes {
        verdict.published += 1;
        verdict.acknowledged += u64::from(!publish.acks.is_empty());
        let key = (publish.sender.0, publish.key.as_str());
        let rows: Vec<Vec<&Row>> = stored.iter_mut().map(|rows| rows.remove(&key).unwrap_or_default()).collect();
        for (rows, life) in rows.iter().zip(lives) {
            stored_at_most_once(publish, rows, &life.tables, verdict);
        }
        let mut first_in: HashMap<usize, &Ack> = HashMap::new();
        for ack in &publish.acks {
            let life = life_of(ack, lives, &rows);
            let first = *first_in.entry(life).or_insert(ack);
            if first.id != ack.id {
                verdict.note(Kind::Duplicated, || {
                    format!("{} was acknowledged as {} and again as {}", named(publish), first.id, ack.id)
                });
            }
            if let Some(other) = acknowledged.insert((life, ack.id), &publish.key).filter(|key| *key != publish.key) {
                verdict.note(Kind::Other, || {
                    format!("{} and key {other} were both acknowledged as {}", named(publish), ack.id)
                });
            }
            is_stored(publish, ack, &rows[life], &versions[life], verdict);
        }
    }
    nobody_else_sent(record, stored, verdict);
}

fn by_key(tables: &Tables, base: u64) -> Stored<'_> {
    let mut stored = Stored::new();
    for row in tables.rows.iter().filter(|row| row.seq > base) {
        if let Fact::Published(message, key) = &row.fact {
            stored.entry((message.sender.id.0, key)).or_default().push(row);
        }
    }
    stored
}

/// In which life it was acknowledged: of those it may be of, the one that has it, else the last.
fn life_of(ack: &Ack, lives: &[Life], rows: &[Vec<&Row>]) -> usize {
    let possible = || (0..lives.len()).filter(|life| lives[*life].may_have_answered(ack.at));
    let has_it = |life: &usize| rows[*life].iter().any(|row| row.seq == ack.id);
    possible().find(has_it).or_else(|| possible().next_back()).unwrap_or(lives.len().saturating_sub(1))
}

fn nobody_else_sent(record: &Record, stored: Vec<Stored<'_>>, verdict: &mut Verdict) {
    let ours: HashSet<u64> = record.publishes.iter().map(|publish| publish.sender.0).collect();
    for ((sender, key), rows) in stored.into_iter().flatten().filter(|((sender, _), _)| ours.contains(sender)) {
        verdict
            .note(Kind::Other, || format!("event {} has key {key} of person {sender}, who never sent it", rows[0].seq));
    }
}

fn named(publish: &Publish) -> String {
    format!("the message with key {} of person {}", publish.key, publish.sender)
}

fn stored_at_most_once(publish: &Publish, rows: &[&Row], tables: &Tables, verdict: &mut Verdict) {
    let Some(row) = rows.first() else { return };
    if rows.len() > 1 {
        let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        verdict.note(Kind::Duplicated, || format!("{} is expected once, and stored as {seqs:?}", named(publish)));
    }
    let kept = tables.keys.get(&(publish.sender, publish.key.clone()));
    if kept != Some(&row.seq) {
        verdict.note(Kind::Other, || format!("{} is event {}, and its key says {kept:?}", named(publish), row.seq));
    }
}

fn is_stored(publish: &Publish, ack: &Ack, rows: &[&Row], versions: &Versions, verdict: &mut Verdict) {
    let Some(message) = rows.iter().find(|row| row.seq == ack.id).and_then(|row| row.message()) else {
        let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        return verdict.note(Kind::Lost, || {
            format!("{} was acknowledged as {}; expected it in the table, saw {seqs:?}", named(publish), ack.id)
        });
    };
    let print = message_print(message);
    let (what, id) = (named(publish), ack.id);
    if ack.print != print {
        verdict.note(Kind::Other, || {
            format!("{what}, {id}, was acknowledged with content {:016x} and is stored with {print:016x}", ack.print)
        });
    } else if ack.shown.text != publish.text || !versions.may_show(id, &ack.shown) {
        verdict.note(Kind::Other, || {
            format!("{what}, {id}, was acknowledged with content that is not what was sent, or not what is stored")
        });
    }
}
