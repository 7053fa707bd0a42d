//! The tables agree with themselves: the log with the messages, topics, stays and states it made.

use std::collections::{HashMap, HashSet};

use push_system::{accounts::Person, message::Message};

use super::{
    super::oracle::{Fact, News, Row, Share, Tables, Versions},
    Kind, Verdict,
};

/// All that one life left, but for what each person read.
pub(super) fn agree(tables: &Tables, versions: &Versions, base: u64, verdict: &mut Verdict) {
    log_is_dense(tables, base, verdict);
    messages_are_there(tables, base, verdict);
    audiences_agree(tables, base, verdict);
    stays_agree(tables, base, verdict);
    changes_agree(tables, versions, verdict);
}

/// From where the run began; what is older may have been trimmed before.
fn log_is_dense(tables: &Tables, base: u64, verdict: &mut Verdict) {
    if let Some(first) = tables.rows.first().filter(|first| first.seq > base + 1) {
        verdict.note(Kind::Other, || {
            format!("the log's front is missing: expected seq {} or earlier, saw {}", base + 1, first.seq)
        });
    }
    for pair in tables.rows.windows(2) {
        let (expected, before, saw) = (pair[0].seq + 1, pair[0].seq, pair[1].seq);
        if saw != expected {
            verdict
                .note(Kind::Other, || format!("the log has a hole: expected seq {expected} after {before}, saw {saw}"));
        }
    }
    let last = tables.rows.last().map_or(0, |row| row.seq);
    if last != tables.head {
        verdict.note(Kind::Other, || format!("head says seq {}, the last event has seq {last}", tables.head));
    }
}

/// A publication and its message have one number, and each has the other.
fn messages_are_there(tables: &Tables, base: u64, verdict: &mut Verdict) {
    for seq in &tables.orphans {
        verdict.note(Kind::Lost, || format!("event {seq} is about a message or a topic, and there is none"));
    }
    for id in &tables.unpublished {
        verdict.note(Kind::Lost, || format!("message {id} is stored, and no event publishes it"));
    }
    for row in tables.rows.iter().filter(|row| row.seq > base) {
        if let Some(message) = row.message().filter(|message| message.id.0 != row.seq) {
            verdict.note(Kind::Other, || format!("event {} publishes message {}", row.seq, message.id));
        }
    }
}

/// The stored audience is the one the rule gives.
fn audiences_agree(tables: &Tables, base: u64, verdict: &mut Verdict) {
    let ids: HashMap<String, u64> = tables.people.iter().map(|p| (format!("@{}", p.name), p.id.0)).collect();
    for row in tables.rows.iter().filter(|row| row.seq > base) {
        let Some(expected) = audience_of(row, tables, &ids) else { continue };
        if row.audience != expected {
            verdict.note(Kind::Other, || {
                format!("event {}: expected the audience '{expected}', the table has '{}'", row.seq, row.audience)
            });
        }
    }
}

fn audience_of(row: &Row, tables: &Tables, ids: &HashMap<String, u64>) -> Option<String> {
    match &row.fact {
        Fact::Published(message, _) | Fact::Edited(message) | Fact::Deleted(message) => {
            Some(audience_of_message(message, tables, ids))
        }
        Fact::Topic(topic, News::Changed) => Some(format!("#{}@{}", topic.id, row.seq)),
        Fact::Topic(_, News::Created(user) | News::Joined(user) | News::Left(user, _)) => Some(user.to_string()),
        Fact::Read(..) | Fact::Marked(..) | Fact::Other(_) => None,
    }
}

fn audience_of_message(message: &Message, tables: &Tables, ids: &HashMap<String, u64>) -> String {
    let to: Vec<String> = message.to.iter().map(ToString::to_string).collect();
    if to.iter().any(|to| to == "everyone") {
        return "everyone".to_owned();
    }
    let mut people: Vec<u64> = to.iter().filter_map(|to| ids.get(to).copied()).collect();
    if !message.topics.iter().any(|topic| tables.is_private(topic.id)) {
        people.push(message.sender.id.0);
    }
    people.sort_unstable();
    people.dedup();
    let topics = message.topics.iter().map(|topic| format!("#{}", topic.id));
    let list = topics.chain(people.iter().map(ToString::to_string)).collect::<Vec<_>>().join(",");
    if message.topics.is_empty() { list } else { format!("{list}@{}", message.id) }
}

/// Who is in which topic is what the log says: each stay begins and ends with an event, and each of these events begins or
/// ends one.
fn stays_agree(tables: &Tables, base: u64, verdict: &mut Verdict) {
    let mut told = HashSet::new();
    for row in tables.rows.iter().filter(|row| row.seq > base) {
        match &row.fact {
            Fact::Topic(topic, News::Created(user) | News::Joined(user)) => {
                told.insert((topic.id, *user, row.seq, true))
            }
            Fact::Topic(topic, News::Left(user, _)) => told.insert((topic.id, *user, row.seq, false)),
            _ => continue,
        };
    }
    let mut kept = HashSet::new();
    for stay in &tables.stays {
        kept.insert((stay.topic, stay.user, stay.after, true));
        kept.extend(stay.until.map(|until| (stay.topic, stay.user, until, false)));
    }
    kept.retain(|(_, _, seq, _)| *seq > base);
    let mut differing: Vec<_> = told.symmetric_difference(&kept).collect();
    differing.sort_unstable();
    for (topic, user, seq, came) in differing {
        let what = if *came { "coming into" } else { "leaving" };
        let whose =
            if told.contains(&(*topic, *user, *seq, *came)) { "the log alone knows" } else { "the log does not know" };
        verdict.note(Kind::Other, || format!("{whose} of person {user} {what} topic {topic} at seq {seq}"));
    }
}

/// What was taken back is gone for good, and what was changed is so.
fn changes_agree(tables: &Tables, versions: &Versions, verdict: &mut Verdict) {
    for (message, seq, what) in versions.contradicted(tables) {
        verdict.note(Kind::Other, || format!("message {message} is not what is left by event {seq}, which {what}"));
    }
    let mut gone = HashSet::new();
    for row in &tables.rows {
        let again = match &row.fact {
            Fact::Deleted(message) => !gone.insert(message.id),
            Fact::Edited(message) => gone.contains(&message.id),
            _ => false,
        };
        if let Some(message) = row.about().filter(|_| again) {
            verdict.note(Kind::Duplicated, || {
                format!("event {} changes message {}, which was taken back before", row.seq, message.id)
            });
        }
    }
}

/// What a person has read and marked is what their events made of it, and so are the counts in them.
pub(super) fn states_agree(person: &Person, share: &Share<'_>, base: u64, verdict: &mut Verdict) {
    if let Some((seq, expected, said)) = share.miscounted(base) {
        verdict.note(Kind::Other, || {
            format!("event {seq} tells {} of {said} unread messages; by the tables there were {expected}", person.name)
        });
    }
    let (expected, stored) = (share.last_state(), share.tables.states.get(&person.id));
    if stored != Some(&expected) {
        verdict.note(Kind::Other, || {
            format!("the state of {} is, by their events, {expected:?}; the table has {stored:?}", person.name)
        });
    }
}
