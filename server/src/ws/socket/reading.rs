//! What a connection asks for and waits for beside everything else: the next page behind its cursor, and whether a position
//! can be continued. The store may take its time over both; meanwhile the connection hears that it must end, that time
//! passed, and what its peer says.

use std::{future::pending, mem, sync::Arc};

use axum::extract::ws::Message;
use futures::{FutureExt as _, future::BoxFuture};
use push_system::{
    catalogue::Sentence,
    error::ErrorCode,
    protocol::{CloseCode, ResetReason},
    session::server::Start,
};

use super::{Reading, Socket, Wire};
use crate::{
    push::{Next, Page, Reach},
    store::StoreError,
};

type PageRead = Result<Option<Page>, Arc<StoreError>>;
/// Where a stream may start; nothing where its session has ended.
type Verdict = Result<Option<Start>, StoreError>;

/// What is asked and not answered.
pub(super) enum Asking {
    Nothing,
    /// For events behind the cursor, up to where the tail ended then. `overtaken` when the seat was woken since: there are
    /// more behind that end, and nobody wakes it for these again.
    Page {
        page: BoxFuture<'static, PageRead>,
        overtaken: bool,
    },
    /// Whether a stream may go on from a position.
    Start {
        since: String,
        verdict: BoxFuture<'static, Verdict>,
    },
}

/// An answer.
pub(super) enum Answer {
    Page(PageRead),
    Start(Verdict),
}

impl Asking {
    /// Waits for the answer, for ever where nothing is asked. Cancel-safe; not to be called again once it answered.
    pub(super) async fn answer(&mut self) -> Answer {
        match self {
            Self::Nothing => pending().await,
            Self::Page { page, .. } => Answer::Page(page.await),
            Self::Start { verdict, .. } => Answer::Start(verdict.await),
        }
    }
}

impl<W: Wire> Socket<W> {
    /// Writes the pages behind the cursor that are at hand, while nothing else waits to leave; asks for one that is not.
    pub(super) fn fetch(&mut self) {
        while self.reading != Reading::CaughtUp
            && !self.writing
            && self.connection.is_live()
            && matches!(self.asking, Asking::Nothing)
        {
            let after = self.cursor.seq.max(self.skip_to);
            match self.push().page(self.identity.person.id, after) {
                Next::AtHand(page) => {
                    let caught_up = page.reach == Reach::Head;
                    self.write_page(page, caught_up);
                }
                Next::InStore(page) => self.asking = Asking::Page { page, overtaken: false },
            }
        }
    }

    /// Asks whether the stream may go on from `since`.
    pub(super) fn ask_start(&mut self, since: String) {
        let (auth, push) = (self.app.auth.clone(), self.app.push.clone());
        let (session, asked) = (self.identity.session, since.clone());
        let verdict = async move {
            // A log that began anew may have left out the event that ended this session.
            if !auth.is_in_force(session).await? {
                return Ok(None);
            }
            push.start_at(Some(&asked)).await.map(Some)
        };
        self.asking = Asking::Start { since, verdict: verdict.boxed() };
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        let asked = mem::replace(&mut self.asking, Asking::Nothing);
        match answer {
            Answer::Page(Ok(Some(page))) => {
                let overtaken = matches!(asked, Asking::Page { overtaken: true, .. });
                let caught_up = page.reach == Reach::Head && !overtaken;
                self.write_page(page, caught_up);
            }
            Answer::Page(Ok(None)) => {
                let actions = self.connection.interrupt(ResetReason::Trimmed);
                self.perform(actions);
            }
            Answer::Page(Err(error)) => self.store_is_away(&error),
            Answer::Start(Ok(Some(start))) => {
                let actions = self.connection.resumed(&start);
                self.begin_at(&start);
                self.perform(actions);
            }
            Answer::Start(Ok(None)) => self.refuse(ErrorCode::Revoked, &Sentence::Revoked, 0, CloseCode::REVOKED),
            Answer::Start(Err(error)) => self.store_is_away(&error),
        }
    }

    /// The log began another life: what was asked of the last one is void.
    pub(super) fn restart(&mut self) {
        let actions = self.connection.interrupt(ResetReason::Epoch);
        self.perform(actions);
        if let Asking::Start { since, .. } = mem::replace(&mut self.asking, Asking::Nothing) {
            self.ask_start(since);
        }
    }

    pub(super) fn begin_at(&mut self, start: &Start) {
        if let Start::At(position) = start {
            self.cursor = position.clone();
            self.skip_to = position.seq;
            self.reading = Reading::Replaying;
        }
    }

    /// The seat was woken for events: a page that is being read was begun before them.
    pub(super) fn overtake(&mut self) {
        if let Asking::Page { overtaken, .. } = &mut self.asking {
            *overtaken = true;
        }
    }

    fn write_page(&mut self, page: Page, caught_up: bool) {
        for frame in page.frames(self.reading == Reading::Replaying) {
            self.write(Message::Text(frame));
        }
        self.connection.wrote(page.entries.len() as u64);
        if let Some(cursor) = page.cursor {
            self.cursor = cursor;
        }
        self.tell_progress(page.from_store, caught_up);
    }

    /// A position after each page from the store, and once when replay is done.
    ///
    /// Caught up is who read to the tail's end, not who passed the hub's mark: the mark moves after the wakes, and a
    /// connection that stopped in between would skip what it was not woken for again.
    fn tell_progress(&mut self, page_done: bool, caught_up: bool) {
        if page_done || (caught_up && self.reading == Reading::Replaying) {
            let frame = self.connection.position(&self.cursor, caught_up);
            self.send(&frame);
        }
        if caught_up {
            self.reading = Reading::CaughtUp;
        }
    }
}
