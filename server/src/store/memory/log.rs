//! [`Log`] in memory: each call is one look at the tables under their lock, which is all a transaction promises.

use async_trait::async_trait;
use push_system::{
    accounts::Person,
    api::{Filter, HistoryPage, HistoryQuery},
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Snapshot},
    message::{ClientId, Message},
    position::Pos,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    super::{CommitError, Entry, Head, KeyUse, Log, Outcome, Probe, Store, StoreError, StoredReadState, Write},
    MemoryStore, Tables,
};

#[async_trait]
impl Store for MemoryStore {
    async fn close(&self) {}
}

#[async_trait]
impl Log for MemoryStore {
    async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
        Ok(self.tables().commit(batch))
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.tables().head.clone())
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        Ok(self.renew())
    }

    async fn trim(&self, before: Seq) -> Result<u64, StoreError> {
        Ok(self.trim_before(before))
    }

    async fn probe(&self, seq: Seq) -> Result<Probe, StoreError> {
        let tables = self.tables();
        Ok(Probe { head: tables.head.clone(), tag: tables.events.get(&seq).map(|entry| entry.position.tag) })
    }

    async fn entries(&self, after: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let tables = self.tables();
        let found = tables.events.range(after.next()..).take(limit as usize);
        Ok(found.map(|(_, entry)| tables.read(entry)).collect())
    }

    async fn entries_for(&self, user: UserId, after: Seq, through: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let tables = self.tables();
        if after < tables.head.floor {
            return Err(StoreError::trimmed(after, tables.head.floor));
        }
        let span = tables.events.range(after.next()..).take_while(|(seq, _)| **seq <= through);
        let mine = span.filter(|(_, entry)| entry.audience.includes(user)).take(limit as usize);
        Ok(mine.map(|(_, entry)| tables.read(entry)).collect())
    }

    async fn find_key(&self, sender: UserId, key: &ClientId) -> Result<Option<KeyUse>, StoreError> {
        Ok(self.tables().keys.get(&(sender, key.clone())).map(|(used, _)| *used))
    }

    async fn forget_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let all = tables.keys.len();
        tables.keys.retain(|_, (_, at)| *at >= before);
        Ok((all - tables.keys.len()) as u64)
    }

    async fn snapshot(&self, user: UserId, limit: u32) -> Result<Option<Snapshot>, StoreError> {
        let tables = self.tables();
        let (Some(account), Some((read, _))) = (tables.accounts.get(&user), tables.reads.get(&user)) else {
            return Ok(None);
        };
        let HistoryPage { messages, has_more } = page(tables.visible(user), limit);
        let position = &tables.head.position;
        Ok(Some(Snapshot {
            pos: Pos::from(position),
            seq: position.seq,
            user: account.person.clone(),
            messages,
            has_more,
            read: read.clone(),
            counters: Counters { unread: tables.unread(user, read).count() as u64 },
        }))
    }

    /// By words nothing is found: a search index is the database's own.
    async fn history(&self, user: UserId, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        if query.words.as_deref().is_some_and(|words| !words.trim().is_empty()) {
            return Err(StoreError::new("there is no search index in memory"));
        }
        let tables = self.tables();
        let Some(account) = tables.accounts.get(&user) else {
            return Ok(HistoryPage { messages: Vec::new(), has_more: false });
        };
        let before = query.before.unwrap_or(MessageId(u64::MAX));
        let wanted = tables.visible(user).filter(|message| message.id < before);
        Ok(page(wanted.filter(|message| passes(&tables, &account.person, query.filter, message)), query.limit))
    }

    async fn read_state(&self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        let tables = self.tables();
        let head = tables.head.position.seq;
        Ok(tables.reads.get(&user).map(|(state, version)| StoredReadState {
            state: state.clone(),
            version: *version,
            head,
        }))
    }

    async fn count_unread(&self, user: UserId, state: &ReadState, through: Seq) -> Result<u64, StoreError> {
        let tables = self.tables();
        Ok(tables.unread(user, state).filter(|id| id.0 <= through.0).count() as u64)
    }

    async fn empty_gaps(&self, user: UserId, gaps: &Ranges) -> Result<Ranges, StoreError> {
        Ok(self.tables().empty_gaps(user, gaps))
    }

    async fn index_step(&self) -> Result<bool, StoreError> {
        Ok(true)
    }
}

fn page<'a>(messages: impl Iterator<Item = &'a Message>, limit: u32) -> HistoryPage {
    let mut messages: Vec<_> = messages.take(limit as usize + 1).cloned().collect();
    let has_more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    HistoryPage { messages, has_more }
}

fn passes(tables: &Tables, person: &Person, filter: Filter, message: &Message) -> bool {
    let is_own = message.sender.id == person.id;
    match filter {
        Filter::All => true,
        Filter::Unread => !is_own && tables.reads.get(&person.id).is_some_and(|(state, _)| !state.is_read(message.id)),
        Filter::Me => message.to.people().any(|name| *name == person.name),
        Filter::Sent => is_own,
    }
}
