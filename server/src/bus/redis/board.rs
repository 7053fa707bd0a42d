//! The roster: a key for each instance's note, which Redis itself lets expire, and a set of the instances to look for.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ::redis::Pipeline;
use bytes::Bytes;
use uuid::Uuid;

use super::link::{Session, Trouble};

/// The names of one system's notes, and which of them is this instance's.
pub(super) struct Board {
    system: String,
    own: String,
    lease_ms: u64,
    /// Whether the last exchange went well, so that a change is logged once.
    works: AtomicBool,
}

impl Board {
    pub(super) fn new(system: &str, lease: Duration) -> Self {
        let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let own = Uuid::new_v4().simple().to_string();
        Self { system: system.to_owned(), own, lease_ms, works: AtomicBool::new(true) }
    }

    /// See [`crate::bus::Roster::exchange`].
    pub(super) async fn exchange(&self, session: &Session, note: &[u8]) -> Option<Vec<Bytes>> {
        let exchanged = self.try_exchange(session, note).await;
        let worked = self.works.swap(exchanged.is_ok(), Ordering::Relaxed);
        match exchanged {
            Ok(notes) => {
                if !worked {
                    tracing::info!("presence.shared");
                }
                Some(notes)
            }
            Err(error) => {
                if worked {
                    tracing::warn!(%error, "presence.not_shared");
                }
                None
            }
        }
    }

    async fn try_exchange(&self, session: &Session, note: &[u8]) -> Result<Vec<Bytes>, Trouble> {
        let instances = self.instances();
        let mut leaving = Pipeline::new();
        leaving.cmd("SET").arg(self.note_of(&self.own)).arg(note).arg("PX").arg(self.lease_ms).ignore();
        leaving.cmd("SADD").arg(&instances).arg(&self.own).ignore();
        // What a system leaves behind when its last instance is gone is forgotten with its last note.
        leaving.cmd("PEXPIRE").arg(&instances).arg(self.lease_ms).ignore();
        leaving.cmd("SMEMBERS").arg(&instances);
        let (members,): (Vec<String>,) = session.ask(&leaving).await?;
        let others: Vec<_> = members.into_iter().filter(|member| *member != self.own).collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let mut reading = Pipeline::new();
        reading.cmd("MGET").arg(others.iter().map(|other| self.note_of(other)).collect::<Vec<_>>());
        let (notes,): (Vec<Option<Vec<u8>>>,) = session.ask(&reading).await?;
        self.forget_dead(session, &others, &notes).await?;
        Ok(notes.into_iter().flatten().map(Bytes::from).collect())
    }

    /// Instances whose note expired are not looked for again. One may have come back since its note was looked for; it
    /// leaves its note first and its name then, so either its note is seen here, or its name comes after this.
    pub(super) async fn forget_dead(
        &self,
        session: &Session,
        others: &[String],
        notes: &[Option<Vec<u8>>],
    ) -> Result<(), Trouble> {
        let dead: Vec<_> =
            others.iter().zip(notes).filter(|(_, note)| note.is_none()).map(|(other, _)| other).collect();
        if dead.is_empty() {
            return Ok(());
        }
        let mut forgetting = Pipeline::new();
        forgetting.cmd("SREM").arg(self.instances()).arg(&dead).ignore();
        for instance in &dead {
            forgetting.cmd("EXISTS").arg(self.note_of(instance));
        }
        let alive: Vec<bool> = session.ask(&forgetting).await?;
        let back: Vec<_> =
            dead.into_iter().zip(alive).filter(|(_, alive)| *alive).map(|(instance, _)| instance).collect();
        if back.is_empty() {
            return Ok(());
        }
        let mut remembering = Pipeline::new();
        remembering.cmd("SADD").arg(self.instances()).arg(back).ignore();
        session.ask(&remembering).await
    }

    /// See [`crate::bus::Roster::leave`].
    pub(super) async fn leave(&self, session: &Session) {
        let mut leaving = Pipeline::new();
        leaving.cmd("DEL").arg(self.note_of(&self.own)).ignore();
        leaving.cmd("SREM").arg(self.instances()).arg(&self.own).ignore();
        if let Err(error) = session.ask::<()>(&leaving).await {
            tracing::debug!(%error, "presence.not_left");
        }
    }

    #[cfg(test)]
    pub(super) fn own(&self) -> &str {
        &self.own
    }

    fn instances(&self) -> String {
        format!("push-system:{}:instances", self.system)
    }

    fn note_of(&self, instance: &str) -> String {
        format!("push-system:{}:here:{instance}", self.system)
    }
}
