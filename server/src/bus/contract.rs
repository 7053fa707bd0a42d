//! What every bus and every roster must do, made into tests for each by [`suite!`].

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::{Bus, Hint, Roster, Subscription};

/// So many hints at once are more than any bus keeps.
const FLOOD: usize = 10_000;
/// How long what must come may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// For tests in which no lease must end.
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(400);

/// Makes the bus and the rosters that a test runs on. `None` where their server is not installed.
pub(super) trait Fixture: Sized {
    type Bus: Bus;
    type Roster: Roster;

    async fn start(lease: Duration) -> Option<Self>;
    fn bus(&self) -> &Self::Bus;
    /// The roster of one of several instances.
    async fn instance(&self, number: usize) -> Self::Roster;
}

/// Makes a module's worth of tests out of the suite.
macro_rules! suite {
    ($fixture:ty) => {
        $crate::bus::contract::suite! { $fixture:
            every_subscriber_hears_all_in_the_senders_order,
            a_subscriber_hears_what_is_published_after,
            a_subscriber_that_is_too_slow_hears_of_the_gap_and_goes_on,
            nobody_has_to_listen,
            an_instance_reads_the_others_notes_and_not_its_own,
            a_note_takes_the_place_of_the_one_before,
            who_leaves_takes_the_note_along,
            a_note_that_is_not_left_again_ends_with_its_lease,
        }
    };
    ($fixture:ty: $($test:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                $crate::bus::contract::$test::<$fixture>().await;
            }
        )*
    };
}
pub(super) use suite;

fn hint(n: usize) -> Bytes {
    Bytes::from(n.to_string())
}

fn events(n: usize) -> Hint {
    Hint::Events(hint(n))
}

pub(super) async fn heard(subscription: &mut dyn Subscription) -> Hint {
    timeout(PATIENCE, subscription.next()).await.expect("a hint in time").expect("the bus is up")
}

pub(super) async fn every_subscriber_hears_all_in_the_senders_order<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let bus = fixture.bus();
    let mut subscribers = vec![bus.subscribe().await, bus.subscribe().await];
    for n in 0..10 {
        bus.publish(hint(n));
    }
    for subscriber in &mut subscribers {
        for n in 0..10 {
            assert_eq!(heard(&mut **subscriber).await, events(n));
        }
    }
}

pub(super) async fn a_subscriber_hears_what_is_published_after<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let bus = fixture.bus();
    let mut first = bus.subscribe().await;
    bus.publish(hint(1));
    assert_eq!(heard(&mut *first).await, events(1));
    let mut second = bus.subscribe().await;
    bus.publish(hint(2));
    assert_eq!(heard(&mut *second).await, events(2));
    assert_eq!(heard(&mut *first).await, events(2));
}

pub(super) async fn a_subscriber_that_is_too_slow_hears_of_the_gap_and_goes_on<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let bus = fixture.bus();
    let mut slow = bus.subscribe().await;
    for n in 0..FLOOD {
        bus.publish(hint(n));
    }
    let mut heard_of = 0;
    while heard(&mut *slow).await != Hint::Gap {
        heard_of += 1;
    }
    assert!(heard_of < FLOOD, "a gap where there was none");
    // What follows may still find a full queue, and is then dropped as well: that is no failure of the bus.
    let deadline = Instant::now() + PATIENCE;
    loop {
        bus.publish(Bytes::from_static(b"end"));
        while let Ok(Some(next)) = timeout(SHORT, slow.next()).await {
            if next == Hint::Events(Bytes::from_static(b"end")) {
                return;
            }
        }
        assert!(Instant::now() < deadline, "after the gap it goes on");
    }
}

pub(super) async fn nobody_has_to_listen<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    fixture.bus().publish(hint(1));
    assert!(fixture.bus().is_up().await);
}

async fn exchange(roster: &impl Roster, note: &'static str) -> Vec<Bytes> {
    let mut others = roster.exchange(Bytes::from_static(note.as_bytes())).await.expect("a board that can be reached");
    others.sort();
    others
}

pub(super) async fn an_instance_reads_the_others_notes_and_not_its_own<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let (one, two, three) = (fixture.instance(1).await, fixture.instance(2).await, fixture.instance(3).await);
    assert!(exchange(&one, "ana").await.is_empty());
    assert_eq!(exchange(&two, "").await, ["ana"]);
    assert_eq!(exchange(&three, "ana").await, ["", "ana"], "an empty note and an equal one are notes");
    assert_eq!(exchange(&one, "ana").await, ["", "ana"]);
}

pub(super) async fn a_note_takes_the_place_of_the_one_before<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let (one, two) = (fixture.instance(1).await, fixture.instance(2).await);
    exchange(&one, "ana").await;
    exchange(&one, "bob").await;
    assert_eq!(exchange(&two, "").await, ["bob"]);
}

pub(super) async fn who_leaves_takes_the_note_along<F: Fixture>() {
    let Some(fixture) = F::start(LONG).await else { return };
    let (one, two) = (fixture.instance(1).await, fixture.instance(2).await);
    exchange(&one, "ana").await;
    one.leave().await;
    assert!(exchange(&two, "").await.is_empty());
    exchange(&one, "back").await;
    assert_eq!(exchange(&two, "").await, ["back"]);
}

pub(super) async fn a_note_that_is_not_left_again_ends_with_its_lease<F: Fixture>() {
    let Some(fixture) = F::start(SHORT).await else { return };
    let (killed, alive) = (fixture.instance(1).await, fixture.instance(2).await);
    exchange(&killed, "ana").await;
    let left = Instant::now();
    while !exchange(&alive, "").await.is_empty() {
        assert!(left.elapsed() < PATIENCE, "the lease must end");
        sleep(SHORT / 20).await;
    }
    assert!(left.elapsed() >= SHORT / 2, "it ended before its time");
}
