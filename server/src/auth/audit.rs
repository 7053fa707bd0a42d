//! What the audit log is told of logins.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use push_system::{accounts::Username, admin::AuditAction, limits, timestamp::Timestamp};

use super::{Auth, Inner};
use crate::store::{AuditNote, Client};

const MINUTE_MS: i64 = 60_000;

impl Auth {
    /// Adds a record of what changes nothing else. It is never the request's failure that it could not be written.
    pub async fn record(&self, note: AuditNote) {
        let Inner { store, clock, .. } = &*self.0;
        let action = note.action.as_str();
        if let Err(error) = store.add_audit(clock.now(), note).await {
            tracing::error!(%error, audit.action = action, "what happened could not be noted");
        }
    }

    /// A login that failed. The name stands there only if it can be one: people type passwords into the wrong field. A
    /// name that exists and one that does not are told, and cost, the same.
    pub(super) async fn note_failed_login(&self, name: Option<&Username>, from: &Client) {
        let name = name.map_or("", Username::as_str);
        if let Some(target) = self.0.failures.count(name, &from.address, self.0.clock.now()) {
            self.record(from.note(AuditAction::LoginFailed, None, target)).await;
        }
    }
}

/// Failed logins of this minute. One record stands for all of one name from one address; and beyond
/// [`limits::AUDITED_FAILURES`] of them, one without a name for all others: a flood must not fill the disk (OWASP Logging
/// Cheat Sheet, "Attacks on Logs").
#[derive(Default)]
pub(super) struct Failures(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    told: HashSet<(String, String)>,
    others: bool,
}

impl Failures {
    /// The target of the record to write, if this failure needs one.
    fn count<'a>(&self, name: &'a str, address: &str, now: Timestamp) -> Option<&'a str> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.unix_ms().div_euclid(MINUTE_MS);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        let pair = (name.to_owned(), address.to_owned());
        if minute.told.contains(&pair) {
            return None;
        }
        if minute.told.len() < limits::AUDITED_FAILURES {
            minute.told.insert(pair);
            return Some(name);
        }
        (!std::mem::replace(&mut minute.others, true)).then_some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    #[test]
    fn one_record_a_minute_stands_for_a_name_from_an_address() {
        let failures = Failures::default();
        assert_eq!(failures.count("ana", "::1", at(0)), Some("ana"));
        assert_eq!(failures.count("ana", "::1", at(59_999)), None);
        assert_eq!(failures.count("ana", "::2", at(59_999)), Some("ana"));
        assert_eq!(failures.count("bob", "::1", at(59_999)), Some("bob"));
        assert_eq!(failures.count("ana", "::1", at(60_000)), Some("ana"));
    }

    #[test]
    fn a_flood_of_names_is_told_once_beyond_its_bound() {
        let failures = Failures::default();
        let told = |n: usize| failures.count(&format!("name{n}"), "::1", at(1)).map(str::len);
        let records = (0..10 * limits::AUDITED_FAILURES).filter_map(told).collect::<Vec<_>>();
        assert_eq!(records.len(), limits::AUDITED_FAILURES + 1);
        assert_eq!(records.last(), Some(&0), "the last one stands for all others");
        assert_eq!(failures.count("late", "::1", at(60_000)), Some("late"));
    }
}
