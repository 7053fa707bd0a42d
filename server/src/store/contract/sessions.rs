//! Sessions, and tokens that rotate.

use push_system::{accounts::Person, accounts::Role, limits, timestamp::Timestamp};
use uuid::Uuid;

use super::{
    super::{
        Accounts as _, Change, Client, EntryBody, NewSession, NewTicket, Outcome, PhcString, Revocation, Rotation,
        Session, SessionId, Store, TakenTicket, TokenHash, Write,
    },
    Fixture, moment, person, store_one, write,
};
use crate::store::Log as _;

/// Milliseconds a token may be used again after its successor was seen.
const GRACE: i64 = 10_000;
/// When the sessions of this suite are over.
const DAY: i64 = 86_400_000;

fn token(n: u8) -> TokenHash {
    TokenHash([n; 32])
}

/// Opens a session numbered `n` whose first token is `token(n)`.
pub(super) async fn log_in(store: &impl Store, who: &Person, n: u8) -> SessionId {
    let id = SessionId(Uuid::from_bytes([n; 16]));
    let password_hash = store.account(who.id).await.unwrap().unwrap().password_hash;
    assert!(store.open_session(session(who, n, password_hash)).await.unwrap());
    id
}

pub(super) fn session(who: &Person, n: u8, password_hash: String) -> NewSession {
    let id = SessionId(Uuid::from_bytes([n; 16]));
    NewSession {
        id,
        user: who.id,
        password_hash,
        refresh: token(n),
        at: moment(0),
        expires: moment(DAY),
        client: Client::default(),
        notes: Vec::new(),
    }
}

pub(super) async fn rotate(store: &impl Store, presented: u8, successor: u8, at: Timestamp) -> Rotation {
    store.rotate(&token(presented), &[token(successor)], at, GRACE).await.unwrap()
}

/// A password that somebody sets who was asked for none.
pub(super) fn new_password(user: &Person, hash: &str, keep: Option<SessionId>) -> Write {
    write(Change::Password { user: user.id, hash: PhcString(hash.to_owned()), proved: None, keep })
}

pub(super) async fn is_in_force(store: &impl Store, id: SessionId) -> bool {
    store.session(id, moment(1)).await.unwrap().is_some()
}

#[track_caller]
pub(super) fn assert_good(rotation: &Rotation, expected: u32) {
    assert!(matches!(rotation, Rotation::Good { generation, .. } if *generation == expected), "{rotation:?}");
}

pub(in super::super) async fn a_session_lasts_until_it_is_over<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    let session = store.session(id, moment(DAY - 1)).await.unwrap();
    assert_eq!(session, Some(Session { id, person: ana, role: Role::Admin, expires: moment(DAY) }));
    assert_eq!(store.session(id, moment(DAY)).await.unwrap(), None);
    assert_eq!(rotate(&store, 1, 2, moment(DAY)).await, Rotation::Ended);
    assert_eq!(store.session(SessionId(Uuid::nil()), moment(0)).await.unwrap(), None);
}

pub(in super::super) async fn a_refresh_token_rotates<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    let session = store.session(id, moment(0)).await.unwrap().unwrap();
    assert_eq!(rotate(&store, 1, 2, moment(0)).await, Rotation::Good { session, generation: 2, successor: 0 });
    assert_good(&rotate(&store, 2, 3, moment(1)).await, 3);
    assert_good(&rotate(&store, 3, 4, moment(2)).await, 4);
    assert_eq!(rotate(&store, 9, 10, moment(3)).await, Rotation::Unknown);
}

pub(in super::super) async fn the_same_answer_is_given_until_it_arrived<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    log_in(&store, &ana, 1).await;
    for at in [0, 1, 3_600_000] {
        assert_good(&rotate(&store, 1, 2, moment(at)).await, 2);
    }
    let arrived = 3_600_001;
    assert_good(&rotate(&store, 2, 3, moment(arrived)).await, 3);
    assert_good(&rotate(&store, 1, 2, moment(arrived + GRACE)).await, 2);
    assert!(matches!(rotate(&store, 1, 2, moment(arrived + GRACE + 1)).await, Rotation::Reused(..)));
    assert_good(&rotate(&store, 3, 4, moment(arrived + GRACE + 2)).await, 4);
}

pub(in super::super) async fn a_token_used_after_its_successor_is_reuse<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    rotate(&store, 1, 2, moment(0)).await;
    rotate(&store, 2, 3, moment(1)).await;
    let copied = rotate(&store, 1, 2, moment(2 + GRACE)).await;
    assert_eq!(copied, Rotation::Reused(id, ana.name.clone()));
    assert!(is_in_force(&store, id).await, "revoking is another call");
    store_one(&store, write(Change::Revoke(Revocation::Session(id)))).await;
    for presented in [1, 2, 3] {
        assert_eq!(rotate(&store, presented, 9, moment(3 + GRACE)).await, Rotation::Ended);
    }
}

pub(in super::super) async fn a_successor_stays_the_same_when_another_key_derives_them<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    log_in(&store, &ana, 1).await;
    assert_good(&rotate(&store, 1, 2, moment(0)).await, 2);
    let offered = [token(7), token(2)];
    let again = store.rotate(&token(1), &offered, moment(1), GRACE).await.unwrap();
    assert!(matches!(again, Rotation::Good { generation: 2, successor: 1, .. }), "{again:?}");
    assert_eq!(rotate(&store, 7, 8, moment(2)).await, Rotation::Unknown, "what was offered was not stored");
    let next = store.rotate(&token(2), &[token(8), token(9)], moment(3), GRACE).await.unwrap();
    assert!(matches!(next, Rotation::Good { generation: 3, successor: 0, .. }), "{next:?}");
}

fn ticket(n: u8, session: SessionId) -> NewTicket {
    NewTicket { hash: token(n), session, login_expires: None, expires: moment(30_000) }
}

pub(in super::super) async fn a_ticket_is_taken_once<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    let login_expires = Some(moment(9_000));
    store.add_ticket(NewTicket { login_expires, ..ticket(50, id) }, 10).await.unwrap();
    store.add_ticket(ticket(51, id), 10).await.unwrap();
    let take = async |n| store.take_ticket(&token(n), moment(1)).await.unwrap();
    let (one, two, three) = tokio::join!(take(50), take(50), take(50));
    let taken: Vec<_> = [one, two, three].into_iter().flatten().collect();
    assert_eq!(taken, [TakenTicket { session: id, login_expires, expires: moment(30_000) }]);
    assert_eq!(take(50).await, None);
    assert_eq!(take(51).await, Some(TakenTicket { session: id, login_expires: None, expires: moment(30_000) }));
    assert_eq!(take(52).await, None);
}

pub(in super::super) async fn a_ticket_is_over_in_time_and_goes_with_its_session<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    for n in 50..54 {
        store.add_ticket(ticket(n, id), 10).await.unwrap();
    }
    assert_eq!(store.take_ticket(&token(50), moment(30_000)).await.unwrap(), None);
    assert_eq!(store.take_ticket(&token(50), moment(0)).await.unwrap(), None, "who comes late uses it up as well");
    assert!(store.take_ticket(&token(51), moment(29_999)).await.unwrap().is_some());
    assert_eq!(store.forget_tickets(moment(29_999)).await.unwrap(), 0);
    assert_eq!(store.forget_tickets(moment(30_000)).await.unwrap(), 2);
    store.add_ticket(ticket(54, id), 10).await.unwrap();
    assert_eq!(store.forget_sessions(moment(DAY + 1)).await.unwrap(), 1);
    assert_eq!(store.take_ticket(&token(54), moment(0)).await.unwrap(), None);
}

pub(in super::super) async fn an_access_token_confirms_its_generation<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    store.confirm_generation(id, 1, moment(0)).await.unwrap();
    rotate(&store, 1, 2, moment(0)).await;
    store.confirm_generation(id, 1, moment(5)).await.unwrap();
    assert_good(&rotate(&store, 1, 2, moment(10 * GRACE)).await, 2);
    store.confirm_generation(id, 2, moment(10 * GRACE)).await.unwrap();
    store.confirm_generation(id, 2, moment(11 * GRACE)).await.unwrap();
    assert_good(&rotate(&store, 1, 2, moment(11 * GRACE)).await, 2);
    assert!(matches!(rotate(&store, 1, 2, moment(11 * GRACE + 1)).await, Rotation::Reused(..)));
    assert_good(&rotate(&store, 2, 3, moment(12 * GRACE)).await, 3);
}

pub(in super::super) async fn revoking_one_session_spares_the_others<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (one, two) = (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await);
    let entry = store_one(&store, write(Change::Revoke(Revocation::Session(one)))).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Session(one)));
    assert_eq!(store.entries(push_system::ids::Seq(0), 10).await.unwrap(), [entry]);
    assert!(!is_in_force(&store, one).await && is_in_force(&store, two).await);
    assert_eq!(rotate(&store, 1, 3, moment(1)).await, Rotation::Ended);
    let unknown = write(Change::Revoke(Revocation::Session(SessionId(Uuid::nil()))));
    assert!(matches!(store.commit(&[unknown]).await.unwrap()[..], [Outcome::NoSuchPerson]));
}

pub(in super::super) async fn revoking_a_person_spares_the_kept_session<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let (one, two, bobs) =
        (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await, log_in(&store, &bob, 3).await);
    store_one(&store, write(Change::Revoke(Revocation::Person { user: ana.id, keep: Some(two) }))).await;
    assert!(!is_in_force(&store, one).await);
    assert!(is_in_force(&store, two).await && is_in_force(&store, bobs).await);
    store_one(&store, write(Change::Revoke(Revocation::Person { user: ana.id, keep: None }))).await;
    assert!(!is_in_force(&store, two).await && is_in_force(&store, bobs).await);
}

pub(in super::super) async fn a_new_password_ends_the_other_sessions<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (one, two) = (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await);
    let change = new_password(&ana, "$argon2id$new", Some(one));
    let entry = store_one(&store, change).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Person { user: ana.id, keep: Some(one) }));
    assert_eq!(store.account(ana.id).await.unwrap().unwrap().password_hash, "$argon2id$new");
    assert!(is_in_force(&store, one).await && !is_in_force(&store, two).await);
    let late = session(&ana, 3, "$argon2id$of-ana".into());
    assert!(
        !store.open_session(late.clone()).await.unwrap(),
        "checked against the old password, opened after the change"
    );
    assert!(!is_in_force(&store, late.id).await);
}

pub(in super::super) async fn a_hash_made_anew_ends_no_session_and_replaces_its_own_kind_alone<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = log_in(&store, &ana, 1).await;
    let (old, new) = ("$argon2id$of-ana", "$argon2id$of-ana-anew");
    let stored = async || store.account(ana.id).await.unwrap().unwrap().password_hash;
    assert!(!store.renew_hash(ana.id, "$ARGON2ID$of-ana", new).await.unwrap());
    assert_eq!(stored().await, old);
    assert!(store.renew_hash(ana.id, old, new).await.unwrap());
    assert!(!store.renew_hash(ana.id, old, "$argon2id$late").await.unwrap());
    assert_eq!(stored().await, new);
    assert!(is_in_force(&store, id).await);
    assert_eq!(store.head().await.unwrap().position.seq.0, 0, "no event");
}

pub(in super::super) async fn sessions_are_forgotten_with_their_tokens<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (revoked, lasting) = (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await);
    store_one(&store, write(Change::Revoke(Revocation::Session(revoked)))).await;
    assert_eq!(store.forget_sessions(moment(0)).await.unwrap(), 0);
    assert_eq!(store.forget_sessions(moment(1)).await.unwrap(), 1);
    assert!(is_in_force(&store, lasting).await);
    assert_eq!(store.forget_sessions(moment(DAY + 1)).await.unwrap(), 1);
    log_in(&store, &ana, 1).await;
    assert_good(&rotate(&store, 1, 3, moment(0)).await, 2);
}

pub(in super::super) async fn more_sessions_and_tickets_than_one_step_takes_are_forgotten<F: Fixture>(fixture: F) {
    const SESSIONS: u8 = 45;
    const TICKETS: u8 = 101;
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let lasting = log_in(&store, &ana, 0).await;
    for n in 0..TICKETS {
        store.add_ticket(ticket(n, lasting), 1_000).await.unwrap();
    }
    assert_eq!(store.forget_tickets(moment(30_000)).await.unwrap(), u64::from(TICKETS));
    for n in 1..=SESSIONS {
        log_in(&store, &ana, n).await;
    }
    store_one(&store, write(Change::Revoke(Revocation::Person { user: ana.id, keep: Some(lasting) }))).await;
    assert_eq!(store.forget_sessions(moment(1)).await.unwrap(), u64::from(SESSIONS));
    assert!(is_in_force(&store, lasting).await);
}

/// Between the proof and the change somebody else may have set another one.
pub(in super::super) async fn a_password_is_changed_by_whoever_proved_the_one_that_is_set<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let one = log_in(&store, &ana, 1).await;
    let of_before = store.account(ana.id).await.unwrap().unwrap().password_hash;
    let change = |proved: &str, hash: &str| {
        let (hash, proved) = (PhcString(hash.to_owned()), Some(PhcString(proved.to_owned())));
        write(Change::Password { user: ana.id, hash, proved, keep: Some(one) })
    };
    let reset = new_password(&ana, "$argon2id$reset", Some(one));
    let batch = [reset, change(&of_before, "$argon2id$thief"), change("$argon2id$reset", "$argon2id$own")];
    let found = store.commit(&batch).await.unwrap();
    assert!(matches!(found[..], [Outcome::Stored(_), Outcome::Stale, Outcome::Stored(_)]), "{found:?}");
    let late = store.commit(&[change("$argon2id$reset", "$argon2id$thief")]).await.unwrap();
    assert!(matches!(late[..], [Outcome::Stale]), "{late:?}");
    assert_eq!(store.account(ana.id).await.unwrap().unwrap().password_hash, "$argon2id$own");
}

pub(in super::super) async fn tickets_of_a_session_are_few<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (one, two) = (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await);
    store.add_ticket(ticket(40, two), 3).await.unwrap();
    for n in 50..56 {
        let later = NewTicket { expires: moment(30_000 + i64::from(n)), ..ticket(n, one) };
        store.add_ticket(later, 3).await.unwrap();
    }
    let mut left = Vec::new();
    for n in [40, 50, 51, 52, 53, 54, 55] {
        if store.take_ticket(&token(n), moment(1)).await.unwrap().is_some() {
            left.push(n);
        }
    }
    assert_eq!(left, [40, 53, 54, 55], "the oldest of that session made room");
}

pub(in super::super) async fn sessions_that_ended_are_not_kept_without_number<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let open = async |n: u64| {
        let new = NewSession {
            id: SessionId(Uuid::from_u128(n.into())),
            refresh: TokenHash([n.to_be_bytes(); 4].concat().try_into().unwrap()),
            at: moment(n.cast_signed()),
            ..session(&ana, 0, store.account(ana.id).await.unwrap().unwrap().password_hash)
        };
        assert!(store.open_session(new.clone()).await.unwrap());
        new
    };
    let kept = u64::from(limits::ENDED_SESSIONS);
    let mut opened = Vec::new();
    for n in 1..=kept + 2 {
        opened.push(open(n).await);
    }
    store_one(&store, write(Change::Revoke(Revocation::Person { user: ana.id, keep: None }))).await;
    open(kept + 3).await;
    let rotate = async |n: usize| store.rotate(&opened[n].refresh, &[token(1)], moment(1), GRACE).await.unwrap();
    assert_eq!([rotate(0).await, rotate(1).await], [Rotation::Unknown, Rotation::Unknown], "those seen longest ago");
    assert_eq!(rotate(2).await, Rotation::Ended);
}
