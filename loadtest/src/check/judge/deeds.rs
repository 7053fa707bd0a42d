//! What was acknowledged beside publishing is in the log, and what is there somebody meant.

use std::collections::{HashMap, HashSet};

use push_system::{
    accounts::Person,
    ids::{TopicId, UserId},
    marks::MarksChange,
    read_state::ReadState,
};

use super::{
    super::{
        history::{Deed, Record, Said, Shown, What},
        oracle::{Fact, Life, News, Share, Tables},
        print::state_print,
    },
    Kind, Verdict,
};

/// Acknowledged edits, deletions and steps into topics and out of them are there, in a life in which they may have been
/// acknowledged; and none is there that nobody took.
pub(super) fn are_done(record: &Record, lives: &[Life], verdict: &mut Verdict) {
    let logs: Vec<Log> = lives.iter().map(|life| Log::of(&life.tables)).collect();
    for deed in &record.deeds {
        let Some((at, said)) = &deed.answer else { continue };
        verdict.done += 1;
        // Where the log went back, places of before say nothing.
        let after = if lives.len() == 1 { deed.after } else { 0 };
        let possible = lives.iter().zip(&logs).filter(|(life, _)| life.may_have_answered(*at));
        if !possible.into_iter().any(|(life, log)| log.has(&life.tables, deed, said, after)) {
            verdict.note(Kind::Lost, || {
                format!("person {} was acknowledged {:?} ({said:?}), and the log has no such event", deed.by, deed.what)
            });
        }
    }
    for life in lives {
        nobody_else_did(record, &life.tables, verdict);
    }
}

/// What of a log is looked for.
#[derive(Default)]
struct Log {
    /// Edits, by message and time.
    edits: HashSet<(u64, i64)>,
    /// Messages that were taken back.
    gone: HashSet<u64>,
}

impl Log {
    fn of(tables: &Tables) -> Self {
        let mut log = Self::default();
        for row in &tables.rows {
            match &row.fact {
                Fact::Edited(message) => drop(log.edits.insert((message.id.0, row.at))),
                Fact::Deleted(message) => drop(log.gone.insert(message.id.0)),
                _ => {}
            }
        }
        log
    }

    fn has(&self, tables: &Tables, deed: &Deed, said: &Said, after: u64) -> bool {
        let stays = |topic: TopicId, user: UserId| {
            tables.stays.iter().filter(move |stay| stay.topic == topic && stay.user == user)
        };
        match &deed.what {
            What::Edit { message, text } => match said {
                Said::Message(shown @ Shown { edited: Some(at), .. }) => {
                    shown.about == *message && shown.text == *text && self.edits.contains(&(*message, *at))
                }
                _ => false,
            },
            What::Delete { message } => self.gone.contains(message),
            What::Join { topic, user } => stays(*topic, *user).any(|stay| stay.until.is_none_or(|until| until > after)),
            What::Leave { topic, user } => {
                stays(*topic, *user).any(|stay| stay.until.is_some_and(|until| until > after))
            }
            What::Describe { topic, .. } => tables.topics.contains_key(topic),
            // By `states_are_kept`, which knows whose they are.
            What::Mark => true,
        }
    }
}

/// Of messages of this run; those of others are others' business.
fn nobody_else_did(record: &Record, tables: &Tables, verdict: &mut Verdict) {
    let ours: HashSet<UserId> = record.publishes.iter().map(|publish| publish.sender).collect();
    let mut edits: HashMap<u64, usize> = HashMap::new();
    let (mut deleted, mut moved) = (HashSet::new(), HashSet::new());
    for deed in &record.deeds {
        match &deed.what {
            What::Edit { message, .. } => *edits.entry(*message).or_default() += 1,
            What::Delete { message } => drop(deleted.insert(*message)),
            What::Join { topic, user } => drop(moved.insert((*topic, *user, true))),
            What::Leave { topic, user } => drop(moved.insert((*topic, *user, false))),
            What::Mark | What::Describe { .. } => {}
        }
    }
    for row in tables.rows.iter().filter(|row| row.seq > record.base) {
        let meant = match &row.fact {
            Fact::Edited(message) if ours.contains(&message.sender.id) => {
                let left = edits.entry(message.id.0).or_default();
                let meant = *left > 0;
                *left = left.saturating_sub(1);
                meant
            }
            Fact::Deleted(message) if ours.contains(&message.sender.id) => deleted.contains(&message.id.0),
            Fact::Topic(topic, News::Joined(user)) if ours.contains(user) => moved.contains(&(topic.id, *user, true)),
            Fact::Topic(topic, News::Left(user, _)) if ours.contains(user) => moved.contains(&(topic.id, *user, false)),
            _ => true,
        };
        if !meant {
            verdict.note(Kind::Other, || {
                format!("event {} does what nobody asked for, or once too often: {:?}", row.seq, row.fact)
            });
        }
    }
}

/// What a person was acknowledged of their state, they were told in an event; or it was so before.
pub(super) fn states_are_kept(
    person: &Person,
    record: &Record,
    lives: &[Life],
    shares: &[Share<'_>],
    verdict: &mut Verdict,
) {
    let kept: Vec<Kept> = shares.iter().map(|share| Kept::of(share)).collect();
    for deed in record.deeds.iter().filter(|deed| deed.by == person.id) {
        let Some((at, Said::State(state))) = &deed.answer else { continue };
        let mut possible = lives.iter().zip(&kept).filter(|(life, _)| life.may_have_answered(*at));
        if !possible.any(|(_, kept)| kept.has(state)) {
            verdict.note(Kind::Lost, || {
                format!("{} was acknowledged the state {state:?}, and no event of theirs says so", person.name)
            });
        }
    }
}

/// What the events of a person say of their state.
struct Kept {
    /// Each as a whole.
    told: HashSet<u64>,
    /// What was read at some time.
    read: HashSet<u64>,
}

impl Kept {
    fn of(share: &Share<'_>) -> Self {
        let (mut told, mut read) = (HashSet::new(), HashSet::from([state_print(&share.start.read, 0, None)]));
        for row in share.changes() {
            match &row.fact {
                Fact::Read(state, unread) => told.insert(state_print(state, *unread, None)),
                Fact::Marked(state, unread, marks) => told.insert(state_print(state, *unread, Some(marks))),
                _ => continue,
            };
            read.extend(row.read().map(|(state, _)| state_print(state, 0, None)));
        }
        Self { told, read }
    }

    /// An answer names marks even where none changed; then there is no event, or one of reading alone.
    fn has(&self, (state, unread, marks): &(ReadState, u64, Option<MarksChange>)) -> bool {
        let changes = marks.as_ref().is_some_and(|marks| marks.ranges() > 0);
        let told = |marks| self.told.contains(&state_print(state, *unread, marks));
        told(marks.as_ref()) || (!changes && (told(None) || self.read.contains(&state_print(state, 0, None))))
    }
}
