//! One person's share of the log: what their readers must have applied, and the inbox it makes.

use push_system::{accounts::Person, ids::TopicId, marks::Marks, message::Message, read_state::ReadState};

use super::{Entitled, Fact, News, Row, Tables, stays::Reader};
use crate::check::{history::State, print::event_print};

/// What a person should have seen first of all and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// The event's place.
    pub(crate) seq: u64,
    /// Its [`event_print`].
    pub(crate) print: u64,
    /// Whether nobody may be without it. Of a private topic that the person left since, only those have it who were there.
    pub(crate) needed: bool,
}

/// An inbox as it must be at some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected<'a> {
    /// The newest messages, as they are now.
    pub(crate) messages: Vec<&'a Message>,
    /// Whether there are older ones.
    pub(crate) has_more: bool,
    /// What is read.
    pub(crate) read: ReadState,
    /// What is seen, archived and saved.
    pub(crate) marks: Marks,
    /// Topics the person is in.
    pub(crate) topics: Vec<TopicId>,
    /// Messages of others that are not read.
    pub(crate) unread: u64,
}

/// One person's share of the tables.
pub(crate) struct Share<'a> {
    /// The whole.
    pub(crate) tables: &'a Tables,
    reader: Reader<'a>,
    /// What the person had read and marked at first.
    pub(crate) start: State,
    rows: Vec<(&'a Row, Entitled)>,
    due: Vec<Due>,
    /// Numbers of the messages of others, ascending.
    of_others: Vec<u64>,
    /// Those of them that do not count any more, from a place on: they were deleted, or went with their topic.
    gone: Vec<(u64, u64)>,
}

impl<'a> Share<'a> {
    /// Picks out what concerns the person, who began in state `start`.
    pub(crate) fn of(tables: &'a Tables, person: &'a Person, start: &State) -> Self {
        let reader = Reader::of(tables, person);
        let entitled = tables.rows.iter().map(|row| (row, reader.is_entitled(row)));
        let rows: Vec<_> = entitled.filter(|(_, entitled)| *entitled != Entitled::Never).collect();
        let due = rows.iter().filter_map(|(row, entitled)| due(row, *entitled)).collect();
        let (mut of_others, mut gone) = (Vec::new(), Vec::new());
        for (row, entitled) in &rows {
            let Some(message) = row.about().filter(|message| message.sender.id != person.id) else { continue };
            match (&row.fact, entitled) {
                (Fact::Published(..), Entitled::Until(left)) => gone.push((message.id.0, *left)),
                (Fact::Deleted(_), _) => {
                    // It goes once: what is deleted before they leave is gone from there on.
                    gone.retain(|(id, _)| *id != message.id.0);
                    gone.push((message.id.0, row.seq));
                }
                _ => {}
            }
            if row.message().is_some() {
                of_others.push(message.id.0);
            }
        }
        Self { tables, reader, start: start.clone(), rows, due, of_others, gone }
    }

    /// Everything after `after` and up to `through`.
    pub(crate) fn due(&self, after: u64, through: u64) -> &[Due] {
        let from = self.due.partition_point(|due| due.seq <= after);
        let to = self.due.partition_point(|due| due.seq <= through).max(from);
        &self.due[from..to]
    }

    /// The fold of everything up to `through`.
    pub(crate) fn inbox(&self, through: u64, page: usize) -> Expected<'a> {
        let rows = &self.rows[..self.rows.partition_point(|(row, _)| row.seq <= through)];
        let is_there = |entitled: Entitled| match entitled {
            Entitled::Until(left) => left > through,
            Entitled::Always => true,
            Entitled::Never => false,
        };
        let there = rows.iter().rev().filter(|(_, entitled)| is_there(*entitled));
        let mut messages: Vec<&Message> = there.filter_map(|(row, _)| row.message()).take(page + 1).collect();
        let has_more = messages.len() > page;
        messages.truncate(page);
        let State { read, marks } = self.state_after(rows);
        let unread = self.unread(through, &read);
        Expected { messages, has_more, read, marks, topics: self.reader.topics_at(through), unread }
    }

    /// Whether messages may be missing at the end of a page that was loaded at `after`: they were taken out of it.
    pub(crate) fn lost_some(&self, after: u64, through: u64) -> bool {
        self.reader.left_private(after, through)
    }

    fn state_after(&self, rows: &[(&Row, Entitled)]) -> State {
        let mut marks = self.start.marks.clone();
        let mut read = &self.start.read;
        for (row, _) in rows {
            read = row.read().map_or(read, |(state, _)| state);
            if let Fact::Marked(_, _, change) = &row.fact {
                marks = marks.after(change);
            }
        }
        State { read: read.clone(), marks }
    }

    /// Messages of others that count at `through` and are neither up to `read_upto` nor in one of the other ranges.
    fn unread(&self, through: u64, read: &ReadState) -> u64 {
        let up_to = |id: u64| self.of_others.partition_point(|other| *other <= id.min(through));
        let mut read_up_to = read.read_upto.0;
        let mut unread = up_to(through) - up_to(read_up_to);
        for (from, to) in read.exceptions.iter().filter(|(_, to)| *to > read.read_upto.0) {
            // Ranges ascend; were they to overlap, nothing is to be taken off twice.
            let before = from.saturating_sub(1).max(read_up_to);
            unread -= up_to(to.max(before)) - up_to(before);
            read_up_to = read_up_to.max(to);
        }
        let is_read = |id: u64| id <= read.read_upto.0 || read.exceptions.contains(id);
        let gone = self.gone.iter().filter(|(id, from)| *from <= through && !is_read(*id)).count();
        (unread - gone) as u64
    }

    /// The first event whose count of unread messages is not what the tables say, with both numbers.
    pub(crate) fn miscounted(&self, after: u64) -> Option<(u64, u64, u64)> {
        let mut read = &self.start.read;
        self.rows.iter().find_map(|(row, _)| {
            read = row.read().map_or(read, |(state, _)| state);
            let said = match &row.fact {
                Fact::Topic(_, News::Left(_, said)) => *said,
                _ => row.read()?.1,
            };
            let counted = self.unread(row.seq, read);
            (row.seq > after && counted != said).then_some((row.seq, counted, said))
        })
    }

    /// What is read and marked after everything.
    pub(crate) fn last_state(&self) -> State {
        self.state_after(&self.rows)
    }

    /// What a person was told of their state at each change of it.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().map(|(row, _)| *row).filter(|row| row.read().is_some())
    }
}

fn due(row: &Row, entitled: Entitled) -> Option<Due> {
    let print = event_print(row.tag, row.at, &row.content()?);
    Some(Due { seq: row.seq, print, needed: entitled == Entitled::Always })
}
