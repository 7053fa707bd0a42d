use std::path::Path;

use push_system::error::ErrorCode::{BadCredentials, RateLimited, Taken, Unavailable};
use testbed::or_report;

use super::{ticker::tests::SetClock, *};
use crate::{
    bus::redis::{self, Redis},
    config::{Flags, load},
};

struct Server {
    limits: Limits,
    clock: Arc<SetClock>,
}

fn server_with(variables: &[(&str, &str)], shared: Option<Arc<dyn Counters>>) -> Server {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = load(&Flags::default(), variables, Path::new("nowhere")).unwrap().config;
    let clock = Arc::new(SetClock::default());
    Server { limits: Limits::new(config.rate_limits, &config.rates, clock.clone(), shared), clock }
}

fn server() -> Server {
    server_with(&[], None)
}

fn address(text: &str) -> ClientAddress {
    ClientAddress::direct(text.parse().unwrap())
}

/// What an attempt came to: the code of its refusal, and the seconds to wait.
type Came = Result<(), (ErrorCode, Option<u64>)>;

const WRONG: Came = Err((BadCredentials, None));
const ATTACKER: &str = "203.0.113.6";
const HOME: &str = "198.51.100.1";

impl Server {
    async fn check(&self, from: &str, name: &str, outcome: Result<(), ErrorCode>) -> Came {
        let check = async move { outcome.map_err(|code| Rejection::new(code, Sentence::Internal)) };
        let came = self.limits.password_check(address(from), name, check).await;
        came.map_err(|rejection| (rejection.code, rejection.retry_after_s))
    }

    async fn fails(&self, from: &str, name: &str) -> Came {
        self.check(from, name, Err(BadCredentials)).await
    }

    async fn registers(&self, from: &str, outcome: Result<(), ErrorCode>) -> Came {
        let register = async move { outcome.map_err(|code| Rejection::new(code, Sentence::Internal)) };
        let came = self.limits.registration(address(from), "somebody", register).await;
        came.map_err(|rejection| (rejection.code, rejection.retry_after_s))
    }

    fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn wait(seconds: u64) -> Came {
    Err((RateLimited, Some(seconds)))
}

/// Addresses that are nobody's neighbours.
fn elsewhere(n: usize) -> String {
    format!("192.0.2.{n}")
}

#[tokio::test]
async fn ten_wrong_passwords_a_minute_are_answered_wherever_they_come_from_and_the_eleventh_waits() {
    let server = server();
    for n in 0..10 {
        assert_eq!(server.fails(&elsewhere(n), if n % 2 == 0 { "ana" } else { "Ana" }).await, WRONG);
    }
    assert_eq!(server.fails(&elsewhere(11), "ana").await, wait(12), "who does not wait, waits longer");
    assert_eq!(server.fails(&elsewhere(11), "bob").await, WRONG, "another name is not concerned");
    server.later(12);
    assert_eq!(server.fails(&elsewhere(12), "ana").await, WRONG);
    assert_eq!(server.fails(&elsewhere(12), "ana").await, wait(48));
}

#[tokio::test]
async fn a_name_that_is_none_is_counted_like_any_other() {
    let server = server();
    let long = "x".repeat(60_000);
    for _ in 0..10 {
        assert_eq!(server.fails(ATTACKER, &long).await, WRONG);
    }
    assert_eq!(server.fails(ATTACKER, &long).await, wait(12));
}

#[tokio::test]
async fn thirty_failures_a_minute_from_one_address_are_answered_whatever_the_names() {
    let server = server();
    for n in 0..30 {
        assert_eq!(server.fails(ATTACKER, &format!("user{n}")).await, WRONG);
    }
    assert_eq!(server.fails(ATTACKER, "ana").await, wait(2));
    assert_eq!(server.fails(ATTACKER, "ana").await, wait(2), "neighbours do not make each other wait");
    assert_eq!(server.fails(HOME, "ana").await, WRONG);
    server.later(2);
    assert_eq!(server.fails(ATTACKER, "ana").await, WRONG);
    assert_eq!(server.fails(ATTACKER, "ana").await, wait(4));
}

#[tokio::test]
async fn an_ipv6_host_does_not_escape_into_another_of_its_addresses() {
    let server = server();
    for n in 0..30 {
        assert_eq!(server.fails(&format!("2001:db8::{n}"), &format!("user{n}")).await, WRONG);
    }
    assert_eq!(server.fails("2001:db8::ffff:1", "ana").await, wait(2));
}

#[tokio::test]
async fn what_succeeds_or_could_not_be_checked_is_not_counted() {
    let server = server();
    for _ in 0..100 {
        assert_eq!(server.check(HOME, "ana", Ok(())).await, Ok(()));
        assert_eq!(server.check(HOME, "bob", Err(Unavailable)).await, Err((Unavailable, None)));
    }
}

#[tokio::test]
async fn nobody_is_locked_out_by_a_stranger_where_he_has_proved_himself() {
    let server = server();
    server.check(HOME, "ana", Ok(())).await.unwrap();
    for n in 0..200 {
        let _ = server.fails(&elsewhere(n % 8), "ana").await;
        server.later(1);
    }
    assert!(server.fails(&elsewhere(1), "ana").await.is_err_and(|(code, _)| code == RateLimited));
    assert_eq!(server.check(HOME, "Ana", Ok(())).await, Ok(()));
    // A refresh proves as much as a password, and there is a limit at home as well.
    server.limits.refreshed(address("198.51.100.2"), &Username::parse("ana").unwrap()).await;
    for _ in 0..10 {
        assert_eq!(server.fails("198.51.100.2", "ana").await, WRONG);
    }
    assert_eq!(server.check("198.51.100.2", "ana", Ok(())).await, wait(12));
}

#[tokio::test]
async fn a_hundred_attempts_at_once_share_what_there_is() {
    let server = server();
    let (open, gate) = tokio::sync::watch::channel(false);
    let attempts = (0..100).map(|n| {
        let (limits, mut gate) = (server.limits.clone(), gate.clone());
        tokio::spawn(async move {
            let check = async move {
                gate.wait_for(|open| *open).await.unwrap();
                Err::<(), _>(Rejection::new(BadCredentials, Sentence::BadCredentials))
            };
            limits.password_check(address(&elsewhere(n % 50)), "ana", check).await.unwrap_err().code
        })
    });
    let attempts: Vec<_> = attempts.collect();
    // All that are refused are so at once; those that are let through wait for the gate.
    let refused = |attempts: &[tokio::task::JoinHandle<_>]| attempts.iter().filter(|one| one.is_finished()).count();
    while refused(&attempts) < 90 {
        tokio::task::yield_now().await;
    }
    open.send(true).unwrap();
    let mut checked = 0;
    for attempt in attempts {
        checked += usize::from(attempt.await.unwrap() == BadCredentials);
    }
    assert_eq!(checked, 10);
}

#[tokio::test]
async fn an_attempt_whose_client_left_counts_all_the_same() {
    let server = server();
    for _ in 0..10 {
        let (entered, inside) = tokio::sync::oneshot::channel();
        let (go_on, left) = tokio::sync::oneshot::channel();
        let limits = server.limits.clone();
        let request = tokio::spawn(async move {
            let check = async move {
                entered.send(()).unwrap();
                left.await.unwrap();
                Err::<(), _>(Rejection::new(BadCredentials, Sentence::BadCredentials))
            };
            limits.password_check(address(HOME), "ana", check).await
        });
        inside.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        go_on.send(()).unwrap();
    }
    // The last ones may still be under way.
    while server.fails(HOME, "ana").await == wait(1) {
        tokio::task::yield_now().await;
    }
    assert!(server.fails(HOME, "ana").await.is_err_and(|(code, _)| code == RateLimited));
}

#[tokio::test]
async fn sixty_registrations_an_hour_from_one_address() {
    let server = server();
    for n in 0..60 {
        let outcome = if n % 2 == 0 { Ok(()) } else { Err(Taken) };
        assert_eq!(server.registers(HOME, outcome).await, outcome.map_err(|code| (code, None)));
        let typed = ErrorCode::TooShort;
        assert_eq!(
            server.registers(HOME, Err(typed)).await.map_err(|(code, _)| code == typed || code == RateLimited),
            Err(true)
        );
    }
    assert_eq!(server.registers(HOME, Ok(())).await, wait(60));
    assert_eq!(server.registers(ATTACKER, Ok(())).await, Ok(()));
    server.later(60);
    assert_eq!(server.registers(HOME, Ok(())).await, Ok(()));
    assert_eq!(server.registers(HOME, Ok(())).await, wait(120));
}

#[tokio::test]
async fn invitations_are_not_guessed_by_the_hundred() {
    let server = server();
    let guess = async || {
        let refused = async { Err::<(), _>(Rejection::at(ErrorCode::Invalid, "invite", Sentence::InviteInvalid)) };
        server.limits.registration(address(ATTACKER), "eve", refused).await.unwrap_err().code
    };
    for _ in 0..60 {
        assert_eq!(guess().await, ErrorCode::Invalid);
    }
    assert_eq!(guess().await, RateLimited);
}

#[tokio::test]
async fn an_address_has_its_share_of_the_places_and_waits_for_its_turn() {
    let server = server();
    let (open, gate) = tokio::sync::watch::channel(false);
    let (entered, mut inside) = tokio::sync::mpsc::unbounded_channel();
    let places = share(password_places());
    // Right passwords of accounts of his own: none of them counts.
    let attempts: Vec<_> = (0..2 * places)
        .map(|n| {
            let (limits, mut gate, entered) = (server.limits.clone(), gate.clone(), entered.clone());
            tokio::spawn(async move {
                let check = async move {
                    entered.send(()).unwrap();
                    gate.wait_for(|open| *open).await.unwrap();
                    Ok::<_, Rejection>(())
                };
                limits.password_check(address(ATTACKER), &format!("his{n}"), check).await
            })
        })
        .collect();
    for _ in 0..places {
        inside.recv().await.unwrap();
    }
    assert_eq!(server.check(HOME, "ana", Ok(())).await, Ok(()), "another address waits for nobody");
    assert!(inside.try_recv().is_err(), "no more than its share");
    open.send(true).unwrap();
    for attempt in attempts {
        attempt.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn refused_refresh_tokens_count_against_the_address() {
    let server = server();
    for _ in 0..30 {
        server.limits.secret_failed(address(HOME)).await.unwrap();
    }
    let refused = server.limits.secret_failed(address(HOME)).await.unwrap_err();
    assert_eq!((refused.code, refused.retry_after_s), (RateLimited, Some(2)));
    assert_eq!(server.fails(HOME, "ana").await, wait(2));
}

#[tokio::test]
async fn a_person_publishes_two_hundred_at_once_and_then_twenty_a_second() {
    let server = server();
    let publishes =
        async |user: u64| server.limits.publish(UserId(user)).await.map_err(|rejection| rejection.retry_after_s);
    for _ in 0..200 {
        publishes(1).await.unwrap();
    }
    assert_eq!(publishes(1).await, Err(Some(1)));
    publishes(2).await.unwrap();
    server.later(1);
    for _ in 0..20 {
        publishes(1).await.unwrap();
    }
    assert_eq!(publishes(1).await, Err(Some(1)));
}

#[tokio::test]
async fn what_else_a_person_does_is_bounded_as_well() {
    let server = server();
    for _ in 0..500 {
        server.limits.act(UserId(1)).unwrap();
    }
    assert_eq!(server.limits.wait_to_act(UserId(1)), Err(Duration::from_millis(20)));
    assert_eq!(server.limits.act(UserId(1)).unwrap_err().code, RateLimited);
}

#[tokio::test]
async fn all_limits_are_settings() {
    let server = server_with(
        &[
            ("PUSH_RATE_FAILED_LOGINS_PER_MINUTE", "2"),
            ("PUSH_RATE_FAILED_LOGINS_PER_ADDRESS", "3"),
            ("PUSH_RATE_REGISTRATIONS_PER_HOUR", "1"),
            ("PUSH_RATE_PUBLISH_BURST", "1"),
            ("PUSH_RATE_PUBLISH_PER_SECOND", "1"),
            ("PUSH_RATE_ACTIONS_PER_SECOND", "1"),
        ],
        None,
    );
    assert_eq!((server.fails(HOME, "ana").await, server.fails(HOME, "ana").await), (WRONG, WRONG));
    assert_eq!(server.fails(HOME, "ana").await, wait(60));
    assert_eq!(server.fails(HOME, "bob").await, WRONG);
    assert_eq!(server.fails(HOME, "eve").await, wait(20));
    assert_eq!((server.registers(HOME, Ok(())).await, server.registers(HOME, Ok(())).await), (Ok(()), wait(3_600)));
    assert!(server.limits.publish(UserId(1)).await.is_ok() && server.limits.publish(UserId(1)).await.is_err());
    assert_eq!((0..11).filter(|_| server.limits.act(UserId(1)).is_ok()).count(), 10);
}

#[tokio::test]
async fn off_counts_nothing() {
    let server = server_with(&[("PUSH_RATE_LIMITS", "off")], None);
    for _ in 0..300 {
        assert_eq!(server.fails(HOME, "ana").await, WRONG);
        assert_eq!(server.registers(HOME, Ok(())).await, Ok(()));
        server.limits.publish(UserId(1)).await.unwrap();
        server.limits.act(UserId(1)).unwrap();
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten() {
    let server = server();
    let _ = server.fails(HOME, "ana").await;
    server.limits.publish(UserId(1)).await.unwrap();
    let Inner { accounts, addresses, published, .. } = &*server.limits.0;
    let kept = || (accounts.len(), addresses.len(), published.len());
    server.limits.sweep();
    assert_eq!(kept(), (1, 1, 1));
    server.later(60);
    server.limits.sweep();
    assert_eq!(kept(), (0, 0, 0));
}

/// Times so long that those of a test do not count.
const SLOW: Terms = Terms {
    burst: 4,
    every: Duration::from_hours(1),
    longest: Duration::from_hours(100),
    hammering: Hammering::Lengthens,
};

fn minutes(verdict: Verdict) -> Result<(), u64> {
    verdict.map_err(|wait| (wait.as_secs() + 30) / 60)
}

#[tokio::test]
async fn the_script_of_redis_does_what_a_meter_does() {
    let Some(redis) = or_report(testbed::Redis::shared().await, "the meters of redis") else { return };
    let system = uuid::Uuid::new_v4().simple().to_string();
    // However slow the machine is.
    let settings = redis::Settings { counted_within: Duration::from_secs(20), ..redis::Settings::default() };
    let redis = Redis::connect(&redis.url(), &system, settings).await.unwrap();
    for (seed, terms) in [
        (1_u32, SLOW),
        (2, Terms { hammering: Hammering::Ignored, ..SLOW }),
        (3, Terms { longest: Duration::ZERO, ..SLOW }),
        (4, Terms { burst: 1, ..SLOW }),
    ] {
        let (mut meter, mut dice) = (meter::Meter::default(), seed);
        for n in 0..150 {
            // Numerical Recipes' generator: any order will do, as long as it is the same each time.
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let step = [Step::Take, Step::Take, Step::Take, Step::Pass, Step::Fail, Step::Fail, Step::Use]
                [(dice >> 16) as usize % 7];
            let ours = meter.step(Duration::from_hours(1_000), &terms, step);
            let theirs = redis.step(&format!("{seed}"), &terms, step).await.expect("an answer");
            assert_eq!(minutes(theirs), minutes(ours), "{n}: {step:?} {terms:?}");
        }
    }
    redis.mark("home", Duration::from_mins(1)).await;
    assert!(redis.is_marked("home").await && !redis.is_marked("work").await);
}
