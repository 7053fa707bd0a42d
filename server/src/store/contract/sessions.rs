//! Sessions, and tokens that rotate.

use push_system::{accounts::Person, accounts::Role, timestamp::Timestamp};
use uuid::Uuid;

use super::{
    super::{
        Accounts as _, Change, Client, EntryBody, NewSession, NewTicket, Outcome, Revocation, Rotation, Session,
        SessionId, Store, TakenTicket, TokenHash,
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
    assert_eq!(rotate(&store, 1, 2, moment(DAY)).await, Rotation::Unknown);
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
        assert_eq!(rotate(&store, presented, 9, moment(3 + GRACE)).await, Rotation::Unknown);
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
    store.add_ticket(NewTicket { login_expires, ..ticket(50, id) }).await.unwrap();
    store.add_ticket(ticket(51, id)).await.unwrap();
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
        store.add_ticket(ticket(n, id)).await.unwrap();
    }
    assert_eq!(store.take_ticket(&token(50), moment(30_000)).await.unwrap(), None);
    assert_eq!(store.take_ticket(&token(50), moment(0)).await.unwrap(), None, "who comes late uses it up as well");
    assert!(store.take_ticket(&token(51), moment(29_999)).await.unwrap().is_some());
    assert_eq!(store.forget_tickets(moment(29_999)).await.unwrap(), 0);
    assert_eq!(store.forget_tickets(moment(30_000)).await.unwrap(), 2);
    store.add_ticket(ticket(54, id)).await.unwrap();
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
    assert_eq!(rotate(&store, 1, 3, moment(1)).await, Rotation::Unknown);
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
    let change = Change::Password { user: ana.id, hash: "$argon2id$new".into(), keep: Some(one) };
    let entry = store_one(&store, write(change)).await;
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
