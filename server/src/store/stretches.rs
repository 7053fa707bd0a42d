//! What a person is entitled to, as stretches of the index of audiences: a read is a merge of ranges of keys, never a
//! filter over the log.

use push_system::{
    ids::{Seq, UserId},
    read_state::Ranges,
};

use super::{Membership, records::AudienceKind, rows::int, statements::Span};

/// A range of keys of one audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Which kind of audience.
    pub kind: i64,
    /// Whose.
    pub id: i64,
    /// The places.
    pub span: Span,
    /// Where the place that membership is asked for must lie, if that is another one than the event's own.
    pub target: Option<Span>,
}

/// In which order places are read, of which the first ones are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// A person with all their stays in topics.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// Where they are, and were.
    pub stays: Vec<Membership>,
}

impl Reader {
    /// The messages of their inbox.
    pub(super) fn messages(&self, span: Span) -> Vec<Stretch> {
        let mut stretches = vec![Stretch::of(AudienceKind::Everyone, 0, span), self.own(AudienceKind::Person, span)];
        stretches.extend(self.topics().filter_map(|(id, stay)| {
            let span = span.within(stay)?;
            Some(Stretch::of(AudienceKind::Topic, id, span))
        }));
        stretches
    }

    /// All that their client folds.
    pub(super) fn events(&self, span: Span) -> Vec<Stretch> {
        let mut stretches = self.messages(span);
        stretches.extend(self.news(span));
        stretches
    }

    /// What is no message: changes of messages, and of their own state.
    pub(super) fn news(&self, span: Span) -> Vec<Stretch> {
        let mut stretches =
            vec![self.own(AudienceKind::PersonNews, span), Stretch::of(AudienceKind::EveryoneNews, 0, span)];
        stretches.extend(
            self.topics()
                .map(|(id, stay)| Stretch { target: Some(stay), ..Stretch::of(AudienceKind::TopicNews, id, span) }),
        );
        stretches
    }

    /// Whether what was sent to a topic at `place` is for them as one of its members.
    pub(super) fn sees(&self, topic: i64, place: i64) -> bool {
        self.topics().any(|(id, span)| id == topic && span.holds(place))
    }

    /// The messages that name them.
    pub(super) fn named(&self, span: Span) -> Vec<Stretch> {
        vec![self.own(AudienceKind::Named, span)]
    }

    /// The private topics they are in, each with the places they may see.
    pub(super) fn private(&self) -> impl Iterator<Item = (i64, Span)> {
        self.entitling().filter(|stay| stay.private).map(|stay| (int(stay.topic.0), Span::of(stay)))
    }

    /// Messages to topics in these ranges, as pieces that do not overlap: those of one range stand together, and each
    /// group has `most` pieces or little more.
    pub(super) fn topic_messages(&self, ranges: &Ranges, most: usize) -> Vec<Vec<Stretch>> {
        let mut groups: Vec<Vec<Stretch>> = Vec::new();
        for (first, last) in ranges.iter() {
            let span = Span { after: int(first) - 1, through: int(last) };
            let pieces = self.topics().filter_map(|(id, stay)| {
                let span = span.within(stay)?;
                Some(Stretch::of(AudienceKind::Topic, id, span))
            });
            match groups.last_mut().filter(|group| group.len() < most) {
                Some(group) => group.extend(pieces),
                None => groups.push(pieces.collect()),
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    fn own(&self, kind: AudienceKind, span: Span) -> Stretch {
        Stretch::of(kind, int(self.user.0), span)
    }

    fn topics(&self) -> impl Iterator<Item = (i64, Span)> {
        self.entitling().map(|stay| (int(stay.topic.0), Span::of(stay)))
    }

    /// A stay in a private topic that is over entitles to nothing.
    fn entitling(&self) -> impl Iterator<Item = &Membership> {
        self.stays.iter().filter(|stay| stay.is_open() || !stay.private)
    }
}

impl Stretch {
    /// All places of an audience in a span.
    pub(super) fn of(kind: AudienceKind, id: i64, span: Span) -> Self {
        Self { kind: kind as i64, id, span, target: None }
    }
}

impl Span {
    fn of(stay: &Membership) -> Self {
        Self { after: int(stay.after.0), through: int(stay.until.unwrap_or(Seq(u64::MAX)).0) }
    }

    fn holds(self, place: i64) -> bool {
        self.after < place && place <= self.through
    }

    /// What lies in both, if anything.
    fn within(self, other: Self) -> Option<Self> {
        let both = Self { after: self.after.max(other.after), through: self.through.min(other.through) };
        (both.after < both.through).then_some(both)
    }
}
