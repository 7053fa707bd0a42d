//! How often anybody may try, and what happens to who tries more often: 429 with `Retry-After`, at once. No request is
//! ever held.
//!
//! **Checks of a credential** are counted when they fail, by account name, whether there is such an account or not, and
//! by address. An attempt holds a place from before the hash until its outcome is known, so that a hundred at once do not
//! share one free place. After the allowance each failure doubles the wait, up to a quarter of an hour (OWASP
//! Authentication Cheat Sheet, "Account Lockout"; NIST SP 800-63B, 5.2.2). Access tokens are not counted: a signature
//! cannot be guessed, and checking one is cheap. Nor is a good refresh token or ticket ever refused: 256 bits cannot be
//! guessed either, and a neighbour's typing must not sign anybody out. A bad one costs a look into an index, begins no
//! write, and counts.
//!
//! **Nobody locks somebody else out where they are at home.** Whoever fails under a name uses up what *strangers* may try under
//! it. An address from which the account has proved itself, by a login or a refresh, has an allowance of its own, for
//! that name alone; the idea is OWASP's ("Slow Down Online Guessing Attacks with Device Cookies"), with the address in
//! the cookie's place, because programs keep no cookies. The price: a person who comes from a new address while somebody
//! attacks the account waits as long as the attack lasts, because the one attempt of each quarter of an hour is the
//! attacker's if he asks more often; sessions that are open stay open, and who shares an address with the attacker shares
//! the allowance.
//!
//! **Working on a password is dear**, and what succeeds is counted nowhere: each address has its share of the places
//! ([`turns`]), and waits behind itself.
//!
//! **What people do** once they are in is a quota for each person: messages, over all ways to publish, and everything else.
//!
//! Each instance counts for itself ([`meter`], [`quota`]); where there is Redis, all count together as well
//! ([`Counters`]), and either may refuse. A Redis that is away or slow is not waited for: then each instance allows what
//! all together would. Places where somebody was seen and the quota of actions are each instance's own.

mod key;
mod meter;
mod places;
mod quota;
mod table;
mod ticker;
mod turns;

#[cfg(test)]
mod tests;

use std::{future::Future, num::NonZeroU32, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use push_system::{
    accounts::Username,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
    ports::Clock,
};

use crate::{
    auth::password_places,
    bus::counters::{Counters, Hammering, Step, Terms, Verdict},
    config::{Rates, Switch},
    serve::ClientAddress,
};

use key::Key;
use places::{KNOWN_FOR, Places};
use quota::Quota;
use table::Table;
use ticker::Ticker;
use turns::Turns;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// The longest wait. A guess every quarter of an hour is a hundred a day: as good as none.
const LONGEST: Duration = Duration::from_mins(15);
/// Seconds' worth of actions that may come at once: a page that was away tells all it read.
const ACTIONS_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The limits of one instance. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    switch: Switch,
    ticker: Ticker,
    shared: Option<Arc<dyn Counters>>,
    accounts: Table,
    addresses: Table,
    registrations: Table,
    places: Places,
    published: Quota,
    published_by_all: Terms,
    actions: Quota,
    turns: Turns,
}

/// A meter of one of the tables.
#[derive(Clone, Copy)]
enum Gate {
    Account(Key),
    Address(Key),
    Registrations(Key),
}

impl Limits {
    /// Everything still to be had.
    pub fn new(switch: Switch, rates: &Rates, clock: Arc<dyn Clock>, shared: Option<Arc<dyn Counters>>) -> Self {
        let ticker = Ticker::new(clock);
        let failures = |rate: NonZeroU32, hammering| Table::new(growing(rate, MINUTE, hammering));
        let at_once = rates.actions_per_second.saturating_mul(ACTIONS_AT_ONCE);
        Self(Arc::new(Inner {
            switch,
            shared,
            accounts: failures(rates.failed_logins, Hammering::Lengthens),
            // Many people may share an address: those who know nothing of each other must not make each other wait.
            addresses: failures(rates.failed_logins_per_address, Hammering::Ignored),
            registrations: Table::new(growing(rates.registrations_per_hour, HOUR, Hammering::Ignored)),
            places: Places::default(),
            published: Quota::new(rates.publish_per_second, rates.publish_burst, &ticker),
            published_by_all: Terms {
                burst: rates.publish_burst.get(),
                ..growing(rates.publish_per_second, Duration::from_secs(1), Hammering::Ignored)
            },
            actions: Quota::new(rates.actions_per_second, at_once, &ticker),
            turns: Turns::new(share(password_places()), password_places()),
            ticker,
        }))
    }

    /// Runs the check of a password that was given for `name`. A check that says so counts against the name and the
    /// address; every other outcome, success above all, does not. The check is carried through when its request is given
    /// up: leaving early must not be a way to guess uncounted.
    ///
    /// # Errors
    /// `rate_limited`, and whatever the check answers.
    pub async fn password_check<T: Send + 'static>(
        &self,
        client: ClientAddress,
        name: &str,
        check: impl Future<Output = Result<T, Rejection>> + Send + 'static,
    ) -> Result<T, Rejection> {
        let place = place(name, client);
        let account = if self.knows(place).await { place } else { Key::of("name", &folded(name)) };
        let gates = vec![Gate::Address(by_address(client)), Gate::Account(account)];
        let is_failure = |outcome: &Result<T, Rejection>| is(outcome, ErrorCode::BadCredentials);
        let passed = self.gated(gates, in_turn(self.clone(), client, check), is_failure).await?;
        self.recognise(place).await;
        Ok(passed)
    }

    /// Runs a registration. It counts against the address unless it was refused for what was typed: trying names until
    /// one is taken counts, and so does trying invitations.
    ///
    /// # Errors
    /// `rate_limited`, and whatever the registration answers.
    pub async fn registration<T: Send + 'static>(
        &self,
        client: ClientAddress,
        name: &str,
        register: impl Future<Output = Result<T, Rejection>> + Send + 'static,
    ) -> Result<T, Rejection> {
        let gates = vec![Gate::Registrations(Key::of("registrations", &client.network().to_string()))];
        let counts = |outcome: &Result<T, Rejection>| {
            outcome.is_ok() || is(outcome, ErrorCode::Taken) || is_at(outcome, ErrorCode::Invalid, "invite")
        };
        let registered = self.gated(gates, in_turn(self.clone(), client, register), counts).await?;
        self.recognise(place(name, client)).await;
        Ok(registered)
    }

    /// A refresh token or a ticket was refused that never was one. Counts against the address; tells whether that was one
    /// too many.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn secret_failed(&self, client: ClientAddress) -> Result<(), Rejection> {
        let gates = vec![Gate::Address(by_address(client))];
        self.gated(gates, async { Ok(()) }, |_| true).await
    }

    /// Somebody refreshed a login from there.
    pub async fn refreshed(&self, client: ClientAddress, name: &Username) {
        self.recognise(place(name.as_str(), client)).await;
    }

    /// A person publishes a message, in whichever way.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn publish(&self, user: UserId) -> Result<(), Rejection> {
        if self.0.switch == Switch::Off {
            return Ok(());
        }
        self.0.published.take(user).map_err(too_many)?;
        let key = Key::of("publish", &user.0.to_string());
        let shared = self.shared_step(key, &self.0.published_by_all, Step::Use).await;
        shared.unwrap_or(Ok(())).map_err(too_many)
    }

    /// A person does anything else that costs something.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn act(&self, user: UserId) -> Result<(), Rejection> {
        self.wait_to_act(user).map_err(too_many)
    }

    /// The same for whoever can wait: after which time to go on.
    ///
    /// # Errors
    /// That time.
    pub fn wait_to_act(&self, user: UserId) -> Verdict {
        if self.0.switch == Switch::Off { Ok(()) } else { self.0.actions.take(user) }
    }

    /// Forgets whoever did nothing lately.
    pub fn sweep(&self) {
        let Inner { ticker, accounts, addresses, registrations, published, actions, .. } = &*self.0;
        let now = ticker.elapsed();
        for table in [accounts, addresses, registrations] {
            table.sweep(now);
        }
        for quota in [published, actions] {
            quota.sweep();
        }
    }

    /// Takes a place at every gate, runs `check`, and settles them, in a task of its own: a client that leaves does not
    /// end it.
    async fn gated<T: Send + 'static>(
        &self,
        gates: Vec<Gate>,
        check: impl Future<Output = Result<T, Rejection>> + Send + 'static,
        counts: impl FnOnce(&Result<T, Rejection>) -> bool + Send + 'static,
    ) -> Result<T, Rejection> {
        if self.0.switch == Switch::Off {
            return check.await;
        }
        let limits = self.clone();
        let whole = async move {
            limits.take_all(&gates).await.map_err(too_many)?;
            let outcome = AssertUnwindSafe(check).catch_unwind().await;
            let step = if outcome.as_ref().map_or(true, counts) { Step::Fail } else { Step::Pass };
            limits.settle(&gates, step).await;
            outcome.unwrap_or_else(|_| Err(Rejection::new(ErrorCode::Internal, Sentence::Internal)))
        };
        let internal = |_| Rejection::new(ErrorCode::Internal, Sentence::Internal);
        tokio::spawn(whole).await.map_err(internal)?
    }

    async fn take_all(&self, gates: &[Gate]) -> Verdict {
        for (taken, gate) in gates.iter().enumerate() {
            if let Err(wait) = self.take(*gate).await {
                self.settle(&gates[..taken], Step::Pass).await;
                return Err(wait);
            }
        }
        Ok(())
    }

    /// Here first: what this instance refuses is no step in Redis.
    async fn take(&self, gate: Gate) -> Verdict {
        let (table, key) = self.table(gate);
        table.step(self.0.ticker.elapsed(), key, Step::Take)?;
        let shared = self.shared_step(key, table.terms(), Step::Take).await.unwrap_or(Ok(()));
        if shared.is_err() {
            table.step(self.0.ticker.elapsed(), key, Step::Pass)?;
        }
        shared
    }

    async fn settle(&self, gates: &[Gate], step: Step) {
        for gate in gates {
            let (table, key) = self.table(*gate);
            // Settling is never refused.
            let _ = table.step(self.0.ticker.elapsed(), key, step);
            self.shared_step(key, table.terms(), step).await;
        }
    }

    fn table(&self, gate: Gate) -> (&Table, Key) {
        match gate {
            Gate::Account(key) => (&self.0.accounts, key),
            Gate::Address(key) => (&self.0.addresses, key),
            Gate::Registrations(key) => (&self.0.registrations, key),
        }
    }

    async fn shared_step(&self, key: Key, terms: &Terms, step: Step) -> Option<Verdict> {
        self.0.shared.as_ref()?.step(&key.to_string(), terms, step).await
    }

    async fn knows(&self, place: Key) -> bool {
        if self.0.switch == Switch::Off || self.0.places.know(place) {
            return true;
        }
        match &self.0.shared {
            Some(shared) => shared.is_marked(&place.to_string()).await,
            None => false,
        }
    }

    async fn recognise(&self, place: Key) {
        if self.0.switch == Switch::On
            && self.0.places.see(self.0.ticker.elapsed(), place)
            && let Some(shared) = &self.0.shared
        {
            shared.mark(&place.to_string(), KNOWN_FOR).await;
        }
    }
}

fn growing(rate: NonZeroU32, within: Duration, hammering: Hammering) -> Terms {
    Terms { burst: rate.get(), every: within / rate.get(), longest: LONGEST, hammering }
}

/// Carries work on a password out when it is the address's turn. A share is kept where counting is off as well: it is what
/// the machine can bear, and no rate.
async fn in_turn<T>(
    limits: Limits,
    client: ClientAddress,
    work: impl Future<Output = Result<T, Rejection>>,
) -> Result<T, Rejection> {
    let busy = || Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable);
    let _turn = limits.0.turns.take(by_address(client)).await.ok_or_else(busy)?;
    work.await
}

/// Of all places where passwords are worked on or waited for, those of one address.
fn share(places: usize) -> usize {
    (places / 8).max(2)
}

fn is_at<T>(outcome: &Result<T, Rejection>, code: ErrorCode, field: &str) -> bool {
    outcome.as_ref().is_err_and(|rejection| rejection.code == code && rejection.field.as_deref() == Some(field))
}

fn is<T>(outcome: &Result<T, Rejection>, code: ErrorCode) -> bool {
    outcome.as_ref().is_err_and(|rejection| rejection.code == code)
}

/// A name as the accounts know it; whatever can be no name is one all the same.
fn folded(name: &str) -> String {
    Username::parse(name).map_or_else(|_| name.to_lowercase(), |name| name.as_str().to_owned())
}

fn by_address(client: ClientAddress) -> Key {
    Key::of("address", &client.network().to_string())
}

fn place(name: &str, client: ClientAddress) -> Key {
    Key::of("place", &format!("{} {}", client.network(), folded(name)))
}

fn too_many(wait: Duration) -> Rejection {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Rejection::wait(ErrorCode::RateLimited, seconds, Sentence::too_many_attempts(seconds))
}
