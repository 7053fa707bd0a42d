//! What every bus must do, made into tests for each by [`suite!`].

use bytes::Bytes;

use super::{Bus, Hint};

/// Makes the bus that a test runs on.
pub(super) trait Fixture {
    type Bus: Bus;
    /// So many hints are more than a subscriber that does not listen is kept.
    const FLOOD: usize;

    async fn bus() -> Self::Bus;
}

/// Makes a module's worth of tests out of the suite.
macro_rules! suite {
    ($fixture:ty) => {
        $crate::bus::contract::suite! { $fixture:
            every_subscriber_hears_all_in_the_senders_order,
            a_subscriber_hears_what_is_published_after,
            a_subscriber_that_is_too_slow_hears_of_the_gap_and_goes_on,
            nobody_has_to_listen,
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

pub(super) async fn every_subscriber_hears_all_in_the_senders_order<F: Fixture>() {
    let bus = F::bus().await;
    let mut subscribers = vec![bus.subscribe().await, bus.subscribe().await];
    for n in 0..10 {
        bus.publish(hint(n));
    }
    for subscriber in &mut subscribers {
        for n in 0..10 {
            assert_eq!(subscriber.next().await.unwrap(), events(n));
        }
    }
}

pub(super) async fn a_subscriber_hears_what_is_published_after<F: Fixture>() {
    let bus = F::bus().await;
    let mut first = bus.subscribe().await;
    bus.publish(hint(1));
    assert_eq!(first.next().await.unwrap(), events(1));
    let mut second = bus.subscribe().await;
    bus.publish(hint(2));
    assert_eq!(second.next().await.unwrap(), events(2));
    assert_eq!(first.next().await.unwrap(), events(2));
}

pub(super) async fn a_subscriber_that_is_too_slow_hears_of_the_gap_and_goes_on<F: Fixture>() {
    let bus = F::bus().await;
    let mut slow = bus.subscribe().await;
    for n in 0..F::FLOOD {
        bus.publish(hint(n));
    }
    let last = F::FLOOD - 1;
    let mut gaps = 0;
    loop {
        match slow.next().await {
            Some(Hint::Gap) => gaps += 1,
            Some(Hint::Events(heard)) if heard == hint(last) => break,
            Some(Hint::Events(_)) => {}
            None => panic!("the bus is up"),
        }
    }
    assert!(gaps > 0, "{last} hints were not all heard, and nobody said so");
    bus.publish(hint(last + 1));
    assert_eq!(slow.next().await.unwrap(), events(last + 1));
}

pub(super) async fn nobody_has_to_listen<F: Fixture>() {
    let bus = F::bus().await;
    bus.publish(hint(1));
    assert!(bus.is_up().await);
}
