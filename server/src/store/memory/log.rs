//! [`Log`] in memory: each call is one look at the tables under their lock, which is all a transaction promises.

use async_trait::async_trait;
use push_system::{
    accounts::Person,
    api::{Filter, HistoryPage, HistoryQuery},
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Snapshot},
    message::{ClientId, Message},
    position::{Epoch, Pos},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    super::{
        Among, Behind, CommitError, Entry, Gaps, Head, KeyUse, Log, Outcome, Place, Probe, Store, StoreError,
        StoredReadState, UnreadCount, Write,
    },
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

    async fn renew_epoch(&self, known: &Epoch) -> Result<Head, StoreError> {
        let head = self.tables().head.clone();
        Ok(if head.position.epoch == *known { self.renew() } else { head })
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
        let memberships = tables.memberships();
        let mine = span.filter(|(_, entry)| entry.audience.includes(user, &memberships)).take(limit as usize);
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
        let HistoryPage { messages, has_more, .. } = page(tables.visible(user), limit);
        let position = &tables.head.position;
        Ok(Some(Snapshot {
            pos: Pos::from(position),
            seq: position.seq,
            user: account.person.clone(),
            messages,
            has_more,
            read: read.clone(),
            marks: tables.marks.get(&user).cloned().unwrap_or_default(),
            topics: tables.topics_of(user),
            counters: Counters { unread: tables.unread(user, read).count() as u64 },
        }))
    }

    /// By words nothing is found: a search index is the database's own.
    async fn history(&self, user: UserId, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        if query.words.is_some() {
            return Err(StoreError::new("there is no search index in memory"));
        }
        let tables = self.tables();
        let Some(account) = tables.accounts.get(&user) else {
            return Ok(HistoryPage::default());
        };
        let before = query.before.unwrap_or(MessageId(u64::MAX));
        let wanted = tables.visible(user).filter(|message| message.id < before);
        Ok(page(wanted.filter(|message| passes(&tables, &account.person, query.filter, message)), query.limit))
    }

    async fn read_state(&self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        let tables = self.tables();
        let head = Place::from(&tables.head.position);
        Ok(tables.reads.get(&user).map(|(state, version)| StoredReadState {
            state: state.clone(),
            marks: tables.marks.get(&user).cloned().unwrap_or_default(),
            version: *version,
            head,
        }))
    }

    async fn message(&self, user: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        let tables = self.tables();
        let public = || tables.messages.get(&id).map(|(message, _)| message).filter(|it| tables.is_public(it));
        Ok(tables.visible(user).find(|message| message.id == id).or_else(public).cloned())
    }

    async fn first_unread(&self, user: UserId, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        let tables = self.tables();
        let Some((state, _)) = tables.reads.get(&user) else { return Ok(Vec::new()) };
        let mut unread: Vec<_> = tables.unread(user, state).collect();
        unread.sort_unstable();
        unread.truncate(limit as usize);
        Ok(unread)
    }

    async fn sent_message(&self, sender: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        let tables = self.tables();
        let found = tables.messages.get(&id).map(|(message, _)| message.clone());
        Ok(found.filter(|message| message.sender.id == sender))
    }

    async fn count_unread(&self, user: UserId, state: &ReadState) -> Result<UnreadCount, StoreError> {
        let tables = self.tables();
        let count = tables.unread(user, state).count() as u64;
        Ok(UnreadCount { count, through: Place::from(&tables.head.position) })
    }

    async fn empty_gaps(&self, user: UserId, gaps: &Ranges, among: Among) -> Result<Gaps, StoreError> {
        let tables = self.tables();
        Ok(Gaps { empty: tables.empty_gaps(user, gaps, among), at: Place::from(&tables.head.position) })
    }

    async fn index_step(&self) -> Result<Option<Behind>, StoreError> {
        Ok(None)
    }
}

fn page<'a>(messages: impl Iterator<Item = &'a Message>, limit: u32) -> HistoryPage {
    let mut messages: Vec<_> = messages.take(limit as usize + 1).cloned().collect();
    let has_more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    HistoryPage { messages, has_more, search: None }
}

fn passes(tables: &Tables, person: &Person, filter: Filter, message: &Message) -> bool {
    let (is_own, marks) = (message.sender.id == person.id, tables.marks.get(&person.id));
    let is_archived = marks.is_some_and(|marks| marks.is_archived(message.id));
    let is_read = || tables.reads.get(&person.id).is_none_or(|(state, _)| state.is_read(message.id));
    match filter {
        Filter::All => true,
        Filter::Inbox => !is_archived,
        Filter::Unread => !is_own && message.deleted.is_none() && !is_read(),
        Filter::Me => message.to.people().any(|name| *name == person.name),
        Filter::Saved => marks.is_some_and(|marks| marks.is_saved(message.id)),
        Filter::Sent => is_own,
        Filter::Archived => is_archived,
    }
}
