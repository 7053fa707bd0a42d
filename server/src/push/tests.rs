//! The parts of the push path by themselves; the whole is tested over real sockets in `server/tests`.

mod changes;
mod follower;
mod members;

use std::{net::IpAddr, sync::Arc, time::Duration};

use push_system::{
    accounts::{Person, Role, Username},
    ids::{Seq, UserId},
    ports::Clock,
    position::{Epoch, Position},
    protocol::{CloseCode, PresenceChange, ServerFrame},
    timestamp::Timestamp,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Encoded, Wake,
    hub::Hub,
    members::Members,
    presence::PresenceBoard,
    tail::{Appended, Behind, Tail},
};
use crate::store::{Audience, Revocation, SessionId};

fn at(seq: u64) -> Position {
    Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: u32::try_from(seq).unwrap() * 3 }
}

fn person(id: u64) -> Person {
    Person { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

fn entry(seq: u64, audience: Audience) -> Arc<Encoded> {
    let frame = format!(r#"{{"type":"event","seq":{seq}}}"#).into();
    Arc::new(Encoded { position: at(seq), audience, frame, about: None, revocation: None, moved: None })
}

struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(0)
    }
}

fn people(ids: &[u64]) -> Audience {
    Audience::People(ids.iter().copied().map(UserId).collect())
}

fn seqs(behind: Behind) -> (Vec<u64>, u64) {
    match behind {
        Behind::Entries(entries, looked, _) => {
            (entries.iter().map(|entry| entry.position.seq.0).collect(), looked.seq.0)
        }
        other => panic!("{other:?}"),
    }
}

mod tail {
    use super::*;

    fn filled(last: u64, max_bytes: usize) -> Tail {
        let tail = Tail::empty_at(at(0), max_bytes);
        for seq in 1..=last {
            let audience = if seq % 2 == 0 { people(&[2]) } else { Audience::Everyone };
            assert_eq!(tail.append(&entry(seq, audience)), Appended::Next);
        }
        tail
    }

    #[test]
    fn only_the_next_event_is_appended() {
        let tail = filled(3, usize::MAX);
        assert_eq!(tail.append(&entry(3, Audience::Everyone)), Appended::Old);
        assert_eq!(tail.append(&entry(5, Audience::Everyone)), Appended::Gap);
        assert_eq!(tail.head(), at(3));
    }

    #[test]
    fn a_reader_gets_what_it_is_entitled_to_and_stands_at_the_head() {
        let tail = filled(6, usize::MAX);
        assert_eq!(seqs(tail.behind(Seq(2), UserId(2), &Members::default(), usize::MAX)), (vec![3, 4, 5, 6], 6));
        assert_eq!(seqs(tail.behind(Seq(2), UserId(1), &Members::default(), usize::MAX)), (vec![3, 5], 6));
        assert!(matches!(tail.behind(Seq(6), UserId(1), &Members::default(), usize::MAX), Behind::Nothing));
    }

    #[test]
    fn a_page_that_is_full_stands_before_the_next_entitled_event() {
        let tail = filled(6, usize::MAX);
        assert_eq!(seqs(tail.behind(Seq(0), UserId(1), &Members::default(), 1)), (vec![1], 2));
    }

    #[test]
    fn the_oldest_are_dropped_and_the_store_is_asked_for_them() {
        let weight = entry(1, Audience::Everyone).weight();
        let tail = filled(6, weight * 3);
        assert!(matches!(tail.behind(Seq(2), UserId(1), &Members::default(), usize::MAX), Behind::Older));
        assert_eq!(seqs(tail.behind(Seq(3), UserId(1), &Members::default(), usize::MAX)), (vec![5], 6));
    }

    #[test]
    fn it_vouches_for_exactly_its_own_places() {
        let tail = filled(3, usize::MAX);
        assert!(tail.vouches_for(&at(2)));
        assert!(!tail.vouches_for(&Position { tag: 1, ..at(2) }));
        assert!(!tail.vouches_for(&Position { epoch: Epoch::parse("e2").unwrap(), ..at(2) }));
        assert!(!tail.vouches_for(&at(4)));
    }
}

mod hub {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn session(n: u128) -> SessionId {
        SessionId(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn only_the_entitled_are_woken_and_the_first_event_is_remembered() {
        let hub = Hub::new(at(0), Arc::default(), 9, 9);
        let (one, two) = (hub.seat(person(1), session(1), HERE, 0), hub.seat(person(2), session(2), HERE, 0));
        hub.dispatch(&[entry(1, people(&[2])), entry(2, Audience::Everyone), entry(3, people(&[2]))]).await;
        assert_eq!(one.take(), Wake { events_from: Some(2), ..Wake::default() });
        assert_eq!(two.take(), Wake { events_from: Some(1), ..Wake::default() });
        assert_eq!(one.take(), Wake::default(), "taken once");
        assert_eq!(hub.dispatched(), at(3));
    }

    #[test]
    fn one_socket_too_many_sends_the_longest_silent_away() {
        let hub = Hub::new(at(0), Arc::default(), 2, 9);
        let first = hub.seat(person(1), session(1), HERE, 0);
        let second = hub.seat(person(1), session(2), HERE, 1);
        first.alive(5);
        let third = hub.seat(person(1), session(3), HERE, 6);
        assert_eq!(second.take().close, Some(CloseCode::TOO_MANY_SOCKETS));
        assert_eq!((first.take().close, third.take().close), (None, None));
    }

    #[test]
    fn an_address_is_counted_over_its_people() {
        let hub = Hub::new(at(0), Arc::default(), 9, 1);
        let first = hub.seat(person(1), session(1), HERE, 0);
        let _second = hub.seat(person(2), session(2), HERE, 1);
        assert_eq!(first.take().close, Some(CloseCode::TOO_MANY_SOCKETS));
    }

    #[tokio::test]
    async fn revoked_sessions_are_closed_but_the_one_that_stays() {
        let hub = Hub::new(at(0), Arc::default(), 9, 9);
        let seats: Vec<_> = (1..=3).map(|n| hub.seat(person(1), session(n), HERE, 0)).collect();
        let revoke = async |seq, revocation| {
            let mut entry = Arc::unwrap_or_clone(entry(seq, Audience::Servers));
            entry.revocation = Some(revocation);
            hub.dispatch(&[Arc::new(entry)]).await;
        };
        revoke(1, Revocation::Session(session(1))).await;
        let closed = || seats.iter().map(|seat| seat.take().close.is_some()).collect::<Vec<_>>();
        assert_eq!(closed(), [true, false, false]);
        revoke(2, Revocation::Person { user: UserId(1), keep: Some(session(3)) }).await;
        assert_eq!(closed(), [true, true, false]);
    }

    #[tokio::test]
    async fn a_seat_that_was_left_is_woken_no_more() {
        let hub = Hub::new(at(0), Arc::default(), 9, 9);
        let seat = hub.seat(person(1), session(1), HERE, 0);
        hub.leave(&seat);
        hub.dispatch(&[entry(1, Audience::Everyone)]).await;
        assert_eq!(seat.take(), Wake::default());
        assert_eq!(hub.len(), 0);
    }
}

mod presence {
    use push_system::limits;
    use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

    use super::*;
    use crate::{
        bus::{local::LocalRoster, redis},
        push::{Settings, presence},
    };

    const PATIENCE: Duration = Duration::from_secs(15);

    fn change(frame: Option<ServerFrame>) -> Option<(u64, PresenceChange)> {
        match frame? {
            ServerFrame::Presence { version, change, .. } => Some((version, change?)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn people_are_counted_not_sockets_and_a_reload_is_no_change() {
        let board = PresenceBoard::new(PATIENCE);
        let now = Instant::now();
        board.arrive(&person(1));
        board.arrive(&person(1));
        let joined = PresenceChange { joined: vec![person(1)], left: vec![] };
        assert_eq!(change(board.gather(now)), Some((1, joined)));
        board.leave(&person(1), now);
        board.leave(&person(1), now);
        board.arrive(&person(1));
        assert_eq!(board.gather(now + PATIENCE * 2), None);
        assert_eq!(board.whole().count, 1);
    }

    #[test]
    fn a_leave_waits_and_then_is_told() {
        let board = PresenceBoard::new(PATIENCE);
        let now = Instant::now();
        board.arrive(&person(1));
        board.gather(now);
        board.leave(&person(1), now);
        assert_eq!(board.gather(now + PATIENCE - Duration::from_millis(1)), None);
        let left = PresenceChange { joined: vec![], left: vec![person(1)] };
        assert_eq!(change(board.gather(now + PATIENCE)), Some((2, left)));
        assert_eq!(board.whole().people, []);
    }

    #[test]
    fn who_moves_to_another_instance_is_no_change_and_who_is_on_both_is_one() {
        let board = PresenceBoard::new(PATIENCE);
        let now = Instant::now();
        board.arrive(&person(1));
        board.set_elsewhere(&[person(1), person(2)], now);
        let joined = PresenceChange { joined: vec![person(1), person(2)], left: vec![] };
        assert_eq!(change(board.gather(now)), Some((1, joined)));
        board.leave(&person(1), now);
        board.set_elsewhere(&[person(2)], now);
        board.set_elsewhere(&[person(1)], now + PATIENCE / 2);
        board.arrive(&person(2));
        assert_eq!(board.gather(now + PATIENCE * 2), None);
        assert_eq!(board.whole().count, 2);
    }

    #[test]
    fn who_was_elsewhere_leaves_as_those_do_who_were_here() {
        let board = PresenceBoard::new(PATIENCE);
        let now = Instant::now();
        board.set_elsewhere(&[person(1)], now);
        board.gather(now);
        board.set_elsewhere(&[], now);
        board.set_elsewhere(&[], now + PATIENCE / 2);
        let left = PresenceChange { joined: vec![], left: vec![person(1)] };
        assert_eq!(change(board.gather(now + PATIENCE)), Some((2, left)));
    }

    /// Two instances, one of which is killed at some time; the other tells when nobody is online any more.
    async fn gone_after(guests: u64, lived: Duration) -> Duration {
        // On which a note lasts as long as in Redis.
        let roster = LocalRoster::new(redis::Settings::default().lease);
        let stop = CancellationToken::new();
        let tail = Arc::new(Tail::empty_at(at(0), 0));
        let hub = Arc::new(Hub::new(at(0), Arc::default(), 9, 9));
        let Settings { leave_after, presence_every: every, .. } = Settings::default();
        let run = |own| {
            let board = Arc::new(PresenceBoard::new(leave_after));
            let roster = Arc::new(roster.beside(own));
            let telling = tokio::spawn(presence::announce(board.clone(), hub.clone(), every, stop.clone()));
            let sharing = presence::exchange(board.clone(), tail.clone(), roster, every, stop.clone());
            (board, AbortOnDropHandle::new(telling), AbortOnDropHandle::new(tokio::spawn(sharing)))
        };
        let (ours, (theirs, telling, sharing)) = (run(1), run(2));
        (0..guests).for_each(|id| theirs.arrive(&person(id)));
        tokio::time::sleep(lived).await;
        assert_eq!(ours.0.whole().count, guests);
        let killed = Instant::now();
        drop((telling, sharing));
        while ours.0.whole().count > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        killed.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_people_of_an_instance_that_was_killed_are_gone_within_the_lease() {
        let lease = Duration::from_secs(u64::from(limits::PRESENCE_LEASE_S));
        let crowd = 20_000;
        // At any time between two exchanges.
        let few = (3_000..4_000).step_by(250).map(|lived| (1, lived));
        let many = (20_000..25_000).step_by(1_000).map(|lived| (crowd, lived));
        for (guests, lived) in few.chain(many) {
            let gone = gone_after(guests, Duration::from_millis(lived)).await;
            assert!(gone <= lease, "{guests} were there for {gone:?}");
        }
    }

    #[test]
    fn the_others_are_told_of_those_who_are_connected_here() {
        let board = PresenceBoard::new(PATIENCE);
        board.arrive(&person(1));
        board.arrive(&person(2));
        board.leave(&person(2), Instant::now());
        board.set_elsewhere(&[person(3)], Instant::now());
        assert_eq!(board.note(&at(0).epoch), r#"{"epoch":"e1","people":[{"id":1,"name":"user1"}]}"#);
    }

    #[test]
    fn a_crowd_is_only_counted() {
        let board = PresenceBoard::new(PATIENCE);
        (1..=201).for_each(|id| board.arrive(&person(id)));
        let frame = board.gather(Instant::now());
        assert_eq!(frame, Some(ServerFrame::Presence { version: 1, count: 201, people: None, change: None }));
        let whole = board.whole();
        assert_eq!((whole.count, whole.people.len()), (201, 0));
    }
}

mod page {
    use push_system::message::PublishRequest;
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::*;
    use crate::{
        bus::local::{LocalBus, LocalRoster},
        push::{Next, Push, Settings},
        store::{Accounts as _, NewAccount, sqlite::SqliteStore},
    };

    fn draft(text: &str) -> push_system::message::Draft {
        push_system::message::Draft::parse(PublishRequest { message: text.into(), ..PublishRequest::default() })
            .unwrap()
    }

    #[expect(clippy::await_holding_lock, reason = "the lock stands for a thread that is not scheduled; others run on")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_event_that_is_appended_but_not_dispatched_is_read_from_the_store_too() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("log.db")).await.unwrap());
        let account = NewAccount {
            name: person(1).name,
            email: None,
            password_hash: "x".into(),
            at: Midnight.now(),
            role: Role::Member,
            notes: Vec::new(),
        };
        let ana = store.register(account).await.unwrap().unwrap().person;
        // A tail that keeps nothing: every page comes from the store.
        let settings = Settings { tail_bytes: 0, ..Settings::default() };
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let between = (Arc::new(LocalBus::new()) as _, Arc::new(LocalRoster::default()) as _);
        let push = Push::start(store, between, Arc::new(Midnight), settings, &tracker, stop.clone()).await.unwrap();
        let one = push.publish(&ana, None, draft("one")).await.unwrap();
        while push.dispatched().seq.0 < one.id.0 {
            tokio::task::yield_now().await;
        }

        let held = push.0.hub.hold();
        let two = push.publish(&ana, None, draft("two")).await.unwrap();
        while push.0.tail.head().seq.0 < two.id.0 {
            tokio::task::yield_now().await;
        }
        let Next::InStore(page) = push.page(ana.id, Seq(one.id.0)) else { panic!("the tail keeps nothing") };
        let page = page.await.unwrap().expect("nothing is trimmed");
        drop(held);

        assert_eq!(page.entries.len(), 1, "a connection that dropped its wake while it was behind reads it now");
        assert_eq!(page.cursor.unwrap().seq.0, two.id.0);
        stop.cancel();
        push.finish();
        tracker.close();
        tracker.wait().await;
    }
}
