//! One search: which messages are looked at, in which order, and when it is enough.

use futures::future;
use push_system::{
    api::HistoryQuery,
    ids::{MessageId, UserId},
    message::Message,
    query::Search,
    read_state::Ranges,
};

use super::{
    index::day,
    sight,
    sought::{Doings, Meant, Sought, Stretch},
    terms::{Expression, Sample, tokens_of},
};
use crate::store::{
    StoreError,
    backend::{Backend, within},
    history,
    rows::int,
    statements::{SearchRows as _, Span, Statements},
    stretches::Reader,
};

/// Messages held in memory at once while they are looked at.
const MESSAGES: u32 = 100;
/// Stretches looked for messages in one read: it ends, empty-handed or not, before others wait for it.
const STRETCHES: usize = 200;
/// Messages that are looked at without the index, where that many are likely to make the page.
const WALK: u64 = 1_000;
/// Matches looked at in the first read: enough for a page of what most people may see.
const MATCHES_FIRST: u32 = 500;
/// Matches looked at in one read at most, as they grow while a rare permission is searched for; no read takes a second.
const MATCHES_MOST: u32 = 10_000;

pub(super) struct Hunt {
    reader: Reader,
    sought: Sought,
    expression: Option<Expression>,
    /// What is common among those that were looked at in vain.
    sample: Option<Sample>,
    /// Where it can be and nobody looked yet, oldest first.
    left: Vec<Stretch>,
    /// How many messages make the page and show whether there are more.
    wanted: usize,
    found: Vec<Message>,
    looked_at: u64,
}

impl Hunt {
    /// None where nothing can be found.
    pub(super) async fn begin<B: Backend>(
        backend: &B,
        user: UserId,
        query: &HistoryQuery,
        search: &Search,
    ) -> Result<Option<Self>, StoreError> {
        within(B::PATIENCE, async {
            let mut read = backend.read().await?;
            let begun = Self::read(&mut *read, user, query, search).await;
            read.end(begun).await
        })
        .await
    }

    async fn read(
        connection: &mut impl Statements,
        user: UserId,
        query: &HistoryQuery,
        search: &Search,
    ) -> Result<Option<Self>, StoreError> {
        let (Some(me), Some(state)) = (connection.person(user).await?, connection.read_state(user).await?) else {
            return Ok(None);
        };
        let last = query.before.map_or(state.head.seq.0, |before| before.0.saturating_sub(1).min(state.head.seq.0));
        let doings = Doings { read: state.state, marks: state.marks };
        let topics = meant(connection, user, search).await?;
        let sought = Sought::new(search, query.filter, me, doings, topics).filter(|sought| !sought.is_contradiction());
        let Some(sought) = sought else { return Ok(None) };
        let span = of_days(connection, sought.time()).await?.minus(&Ranges::span(last.saturating_add(1), u64::MAX));
        let expression = Expression::of(&sought);
        Ok(Some(Self {
            reader: history::reader(connection, user).await?,
            left: sought.stretches(&span),
            sample: expression.as_ref().map(Sample::of),
            expression,
            sought,
            wanted: query.limit as usize + 1,
            found: Vec::new(),
            looked_at: 0,
        }))
    }

    /// Looks at messages as they come, newest first, for as long as that is better than to ask the index.
    pub(super) async fn walk<B: Backend>(&mut self, backend: &B) -> Result<(), StoreError> {
        while !self.is_over() && self.goes_on_walking() {
            within(B::PATIENCE, async {
                let mut read = backend.read().await?;
                let walked = self.walk_some(&mut *read).await;
                read.end(walked).await
            })
            .await?;
        }
        Ok(())
    }

    /// Whether only the index can tell what else there is.
    pub(super) fn needs_index(&self) -> bool {
        self.expression.is_some() && !self.is_over()
    }

    /// Asks the index for the rest. It must hold all that was published and changed before this began.
    pub(super) async fn ask_index<B: Backend>(&mut self, backend: &B) -> Result<(), StoreError> {
        let (Some(expression), Some(sample)) = (self.expression.take(), self.sample.take()) else { return Ok(()) };
        let (mut asked, expression) = expression.rare_first(&sample);
        let mut looks = MATCHES_FIRST;
        while !self.is_over() {
            let matches = matches(backend, &asked, self.span(), looks).await?;
            let end = matches.last().copied().filter(|_| matches.len() == looks as usize);
            within(B::PATIENCE, async {
                let mut read = backend.read().await?;
                let looked = self.look(&mut *read, &matches).await;
                read.end(looked).await
            })
            .await?;
            self.leave_behind(end);
            // What is rare may be common where this person sees nothing, or never come with what is common.
            asked.clone_from(&expression);
            looks = MATCHES_MOST.min(looks * 4);
        }
        Ok(())
    }

    /// What was found, and whether there is more.
    pub(super) fn page(mut self, limit: u32) -> (Vec<Message>, bool) {
        let has_more = self.found.len() > limit as usize;
        self.found.truncate(limit as usize);
        (self.found, has_more)
    }

    fn is_over(&self) -> bool {
        self.found.len() >= self.wanted || self.left.is_empty()
    }

    fn goes_on_walking(&self) -> bool {
        let ids_left: u64 = self.left.iter().map(|stretch| stretch.to - stretch.from + 1).sum();
        let missing = self.wanted.saturating_sub(self.found.len()) as u64;
        let likely = match self.found.len() as u64 {
            0 if self.looked_at > 0 => u64::MAX,
            found => missing.saturating_mul(self.looked_at) / found.max(1),
        };
        self.expression.is_none() || self.looked_at.saturating_add(likely.min(ids_left)) <= WALK
    }

    async fn walk_some(&mut self, connection: &mut impl Statements) -> Result<(), StoreError> {
        let mut ids: Vec<i64> = Vec::new();
        for _ in 0..STRETCHES {
            let missing = MESSAGES.saturating_sub(u32::try_from(ids.len()).unwrap_or(MESSAGES));
            if missing == 0 {
                break;
            }
            let Some(stretch) = self.left.pop() else { break };
            let span = Span { after: int(stretch.from) - 1, through: int(stretch.to) };
            let some = sight::newest(connection, &self.reader, stretch.among, span, missing).await?;
            if let Some(last) = some.last().filter(|_| some.len() == missing as usize) {
                let to = last.unsigned_abs().saturating_sub(1);
                self.left.extend((to >= stretch.from).then_some(Stretch { to, ..stretch }));
            }
            ids.extend(some);
        }
        self.looked_at += ids.len() as u64;
        self.keep(connection, &ids).await
    }

    /// Where nobody looked yet, and what lies between.
    fn span(&self) -> Span {
        let (oldest, newest) = (self.left.first(), self.left.last());
        Span {
            after: oldest.map_or(0, |stretch| int(stretch.from) - 1),
            through: newest.map_or(0, |stretch| int(stretch.to)),
        }
    }

    /// Looks at matches where nobody looked yet.
    async fn look(&mut self, connection: &mut impl Statements, matches: &[i64]) -> Result<(), StoreError> {
        let here: Vec<_> = matches.iter().copied().filter(|id| self.is_left(*id)).collect();
        let visible = sight::visible(connection, &self.reader, &here).await?;
        let can_be = visible.into_iter().filter(|(id, sender)| {
            let is_own = *sender == int(self.reader.user.0);
            self.sought.can_be(MessageId(id.unsigned_abs()), is_own)
        });
        let ids: Vec<_> = can_be.map(|(id, _)| id).collect();
        for some in ids.chunks(MESSAGES as usize) {
            if self.found.len() >= self.wanted {
                break;
            }
            self.keep(connection, some).await?;
        }
        Ok(())
    }

    /// Keeps of these messages what is sought.
    async fn keep(&mut self, connection: &mut impl Statements, ids: &[i64]) -> Result<(), StoreError> {
        if !ids.is_empty() {
            let messages = connection.messages(ids).await?;
            let (found, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| self.sought.is(message));
            self.found.extend(found);
            if let (Some(expression), Some(sample)) = (&self.expression, &mut self.sample) {
                for message in others {
                    if sample.is_full() {
                        break;
                    }
                    sample.add(expression, &tokens_of(&message));
                }
            }
        }
        Ok(())
    }

    fn is_left(&self, id: i64) -> bool {
        let id = id.unsigned_abs();
        let after = self.left.partition_point(|stretch| stretch.from <= id);
        after > 0 && id <= self.left[after - 1].to
    }

    /// All from `place` on was looked at; all there is, if that is nowhere.
    fn leave_behind(&mut self, place: Option<i64>) {
        let last = place.map_or(0, |place| place.unsigned_abs().saturating_sub(1));
        self.left.retain_mut(|stretch| {
            stretch.to = stretch.to.min(last);
            stretch.from <= stretch.to
        });
    }
}

/// The newest matches, newest first. What says only which messages it does not want leaves all of them to be gone through, where
/// most have it: the two halves are asked at the same time.
async fn matches<B: Backend>(
    backend: &B,
    expression: &Expression,
    span: Span,
    looks: u32,
) -> Result<Vec<i64>, StoreError> {
    if expression.excluded_alone().is_none() {
        return matches_in(backend, expression, span, looks).await;
    }
    let middle = i64::midpoint(span.after, span.through);
    let (older, newer) = (Span { through: middle, ..span }, Span { after: middle, ..span });
    let (newer, older) =
        future::try_join(matches_in(backend, expression, newer, looks), matches_in(backend, expression, older, looks))
            .await?;
    Ok(newer.into_iter().chain(older).take(looks as usize).collect())
}

async fn matches_in<B: Backend>(
    backend: &B,
    expression: &Expression,
    span: Span,
    looks: u32,
) -> Result<Vec<i64>, StoreError> {
    within(B::PATIENCE, async {
        let mut read = backend.read().await?;
        let matches = read.matches(expression, span, looks).await;
        read.end(matches).await
    })
    .await
}

/// What the names of topics in a search mean, as they would in a message of this person's.
async fn meant(connection: &mut impl Statements, user: UserId, search: &Search) -> Result<Meant, StoreError> {
    let names: Vec<_> = search.query.topics().cloned().collect();
    let found = connection.topics_named(user, &names).await?;
    // Of several of one name the first one is meant.
    Ok(found.into_iter().rev().map(|topic| (topic.name, topic.id)).collect())
}

/// The places of the messages sent in `[from, to)`, and perhaps of others: of what is not indexed yet no day is known.
async fn of_days(connection: &mut impl Statements, (from, to): (i64, i64)) -> Result<Ranges, StoreError> {
    if (from, to) == (i64::MIN, i64::MAX) {
        return Ok(Ranges::span(1, u64::MAX));
    }
    let (indexed, _) = connection.index_cursor().await?;
    let bounds = connection.places_of_days(day(from), day(to.saturating_sub(1))).await?;
    let known = bounds.map(|(first, last)| (first.unsigned_abs(), last.unsigned_abs()));
    Ok(Ranges::collect(known.into_iter().chain([(indexed.unsigned_abs() + 1, u64::MAX)])))
}
