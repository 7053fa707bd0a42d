//! The meters: a hash each, stepped by a script, which Redis runs whole before anything else.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ::redis::Pipeline;
use tokio::time::Instant;

use super::link::Session;
use crate::bus::counters::{Hammering, Step, Terms, Verdict};

/// A Redis that was too slow is left alone for so long: not every request pays to find out.
const LEFT_ALONE: Duration = Duration::from_secs(1);
/// As `limits::meter`, step for step.
const STEP: &str = include_str!("meter.lua");

/// The names of one system's meters, and whether Redis is quick enough to be asked.
pub(super) struct Meters {
    system: String,
    answer_within: Duration,
    ask_again: Mutex<Option<Instant>>,
}

impl Meters {
    pub(super) fn new(system: &str, answer_within: Duration) -> Self {
        Self { system: system.to_owned(), answer_within, ask_again: Mutex::default() }
    }

    /// See [`crate::bus::counters::Counters::step`].
    pub(super) async fn step(&self, session: &Session, name: &str, terms: &Terms, step: Step) -> Option<Verdict> {
        let mut question = Pipeline::new();
        question.cmd("EVAL").arg(STEP).arg(1).arg(self.key(name));
        question.arg(word(step)).arg(terms.burst).arg(micros(terms.every).max(1)).arg(micros(terms.longest));
        question.arg(u8::from(terms.hammering == Hammering::Lengthens));
        let (wait,): (u64,) = self.ask(session, &question).await?;
        Some(if wait == 0 { Ok(()) } else { Err(Duration::from_micros(wait)) })
    }

    /// See [`crate::bus::counters::Counters::mark`].
    pub(super) async fn mark(&self, session: &Session, name: &str, lasting: Duration) {
        let mut marking = Pipeline::new();
        marking.cmd("SET").arg(self.mark_key(name)).arg(1).arg("PX").arg(millis(lasting)).ignore();
        // A mark that is not left is left the next time.
        let _ = self.ask::<()>(session, &marking).await;
    }

    /// See [`crate::bus::counters::Counters::is_marked`].
    pub(super) async fn is_marked(&self, session: &Session, name: &str) -> bool {
        let mut question = Pipeline::new();
        question.cmd("EXISTS").arg(self.mark_key(name));
        self.ask::<(bool,)>(session, &question).await.is_some_and(|(is,)| is)
    }

    async fn ask<T: ::redis::FromRedisValue>(&self, session: &Session, question: &Pipeline) -> Option<T> {
        let left_alone = |until: &Instant| Instant::now() < *until;
        if self.ask_again.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(left_alone) {
            return None;
        }
        match session.ask_within(question, self.answer_within).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                let until = Instant::now() + LEFT_ALONE;
                *self.ask_again.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                tracing::warn!(%error, "limits.not_shared");
                None
            }
        }
    }

    fn mark_key(&self, name: &str) -> String {
        format!("push-system:{}:mark:{name}", self.system)
    }

    fn key(&self, name: &str) -> String {
        format!("push-system:{}:rate:{name}", self.system)
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Take => "take",
        Step::Fail => "fail",
        Step::Pass => "pass",
        Step::Use => "use",
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
