//! What admins change and see, and what is told of it.

use push_system::{
    accounts::{Email, Person, Role},
    admin::{AuditAction, Standing},
    ids::{Seq, UserId},
};

use super::{
    super::{
        AccountChange, Accounts as _, Administration as _, Admission, AuditNote, Authority, Change, Client, Denial,
        EntryBody, Joined, Log as _, NewAccount, NewInvite, NewSession, Outcome, Revocation, SessionSeen, SigningKey,
        Store, TokenHash, Write,
    },
    Fixture, changes, moment, new_account, person, publish,
    sessions::{is_in_force, log_in, new_password, session},
    store_one, tell, username, write,
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn note(action: AuditAction, target: &str) -> AuditNote {
    AuditNote { action, actor: None, target: target.to_owned(), address: "::1".to_owned() }
}

pub(super) fn account(user: &Person, to: AccountChange) -> Write {
    write(Change::Account { user: user.id, to })
}

fn disabled(disabled: bool) -> AccountChange {
    AccountChange::Set { disabled: Some(disabled), role: None }
}

pub(super) fn role(role: Role) -> AccountChange {
    AccountChange::Set { disabled: None, role: Some(role) }
}

async fn outcomes(store: &impl Store, batch: &[Write]) -> Vec<Outcome> {
    store.commit(batch).await.unwrap()
}

async fn actions(store: &impl Store) -> Vec<String> {
    let mut records = store.audit(None, 100).await.unwrap();
    records.reverse();
    records.into_iter().map(|record| record.action).collect()
}

/// Makes an invitation numbered `n` whose secret is as much.
pub(super) async fn invite(store: &impl Store, by: &Person, n: u8) -> Admission {
    let secret = TokenHash([n; 32]);
    let (created, expires) = (moment(i64::from(n)), moment(DAY));
    let new = NewInvite { id: format!("invite{n}"), secret, by: by.id, created, expires };
    assert!(store.add_invite(Authority::System, new, 10, note(AuditAction::InviteMade, "")).await.unwrap().unwrap());
    Admission::Invited(secret)
}

fn joined(joined: Joined) -> Person {
    match joined {
        Joined::Account(account) => account.person,
        other => panic!("no account: {other:?}"),
    }
}

pub(in super::super) async fn a_session_says_where_it_is_and_when_it_was_seen<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let client = Client { device: "Firefox on 林".to_owned(), address: "2001:db8::1".to_owned() };
    let hash = || new_account("ana").password_hash;
    let first = NewSession { client: client.clone(), ..session(&ana, 1, hash()) };
    let second = NewSession { at: moment(5), ..session(&ana, 2, hash()) };
    for new in [&first, &second] {
        assert!(store.open_session(new.clone()).await.unwrap());
    }
    log_in(&store, &bob, 3).await;
    let ids =
        async || store.sessions_of(ana.id, moment(10), 10).await.unwrap().iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(ids().await, [second.id, first.id], "the one seen last comes first");
    let newest = store.sessions_of(ana.id, moment(10), 1).await.unwrap();
    assert_eq!(newest.iter().map(|session| session.id).collect::<Vec<_>>(), [second.id]);
    let seen = |id, at, address: &str| SessionSeen { id, at: moment(at), address: address.to_owned() };
    let late = [seen(first.id, 2 * MINUTE, ""), seen(second.id, MINUTE, "192.0.2.7"), seen(first.id, MINUTE, "lost")];
    store.touch_sessions(&late).await.unwrap();
    let found = store.sessions_of(ana.id, moment(10), 10).await.unwrap();
    assert_eq!((found[0].id, &found[0].client, found[0].last_seen), (first.id, &client, moment(2 * MINUTE)));
    assert_eq!((found[0].created, found[0].expires), (first.at, first.expires));
    assert_eq!((found[1].client.address.as_str(), found[1].last_seen), ("192.0.2.7", moment(MINUTE)));
    store_one(&store, write(Change::Revoke(Revocation::Session(first.id)))).await;
    assert_eq!(ids().await, [second.id]);
    assert!(store.sessions_of(ana.id, second.expires, 10).await.unwrap().is_empty(), "they are over");
}

pub(in super::super) async fn people_come_in_pages_with_their_sessions<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    for name in ["bob", "cem"] {
        person(&store, name).await;
    }
    let (one, _) = (log_in(&store, &ana, 1).await, log_in(&store, &ana, 2).await);
    store.touch_sessions(&[SessionSeen { id: one, at: moment(MINUTE), address: String::new() }]).await.unwrap();
    let page = store.people_after(UserId(0), 2, moment(1)).await.unwrap();
    let names: Vec<_> = page.iter().map(|person| person.account.person.name.as_str()).collect();
    assert_eq!(names, ["ana", "bob"]);
    assert_eq!((page[0].sessions, page[0].last_seen), (2, Some(moment(MINUTE))));
    assert_eq!((page[1].sessions, page[1].last_seen), (0, None));
    let rest = store.people_after(page[1].account.person.id, 2, moment(1)).await.unwrap();
    assert_eq!((rest.len(), rest[0].account.person.name.as_str()), (1, "cem"));
    assert_eq!(store.people_after(UserId(0), 1, moment(2 * DAY)).await.unwrap()[0].sessions, 0);
}

pub(in super::super) async fn people_are_found_by_name_in_pages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    person(&store, "ana").await;
    for name in ["svc-c", "svc-a", "svc-gone", "svc-b", "svd"] {
        person(&store, name).await;
    }
    let gone = store.account_named(&username("svc-gone")).await.unwrap().unwrap().person;
    store_one(&store, account(&gone, AccountChange::Delete)).await;
    let named = async |prefix, after, limit| -> Vec<String> {
        let people = store.people_called(prefix, after, limit, moment(1)).await.unwrap();
        people.into_iter().map(|person| person.account.person.name.to_string()).collect()
    };
    assert_eq!(named("SVC-", "", 2).await, ["svc-a", "svc-b"]);
    assert_eq!(named("svc-", "svc-b", 2).await, ["svc-c"]);
    assert_eq!(named("svc-", "svc-c", 2).await, [""; 0]);
    assert_eq!(named("v", "", 9).await, [""; 0]);
    assert_eq!(named("s%c", "", 9).await, [""; 0]);
    assert_eq!(named("å", "", 9).await, [""; 0]);
}

pub(in super::super) async fn who_is_disabled_has_no_session_and_may_come_back<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let (anas, bobs) = (log_in(&store, &ana, 1).await, log_in(&store, &bob, 2).await);
    let entry = store_one(&store, account(&bob, disabled(true))).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Person { user: bob.id, keep: None }));
    assert_eq!(store.entries(Seq(0), 10).await.unwrap(), [entry]);
    assert!(!is_in_force(&store, bobs).await && is_in_force(&store, anas).await);
    let hash = || new_account("bob").password_hash;
    assert!(!store.open_session(session(&bob, 3, hash())).await.unwrap());
    assert!(matches!(outcomes(&store, &[publish(&bob, "k", "hello", &[])]).await[..], [Outcome::NoSuchPerson]));
    assert_eq!(store.account(bob.id).await.unwrap().unwrap().standing(), Standing::Disabled);
    let entry = store_one(&store, account(&bob, disabled(false))).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Standing { user: bob.id }));
    assert!(!is_in_force(&store, bobs).await, "what ended stays ended");
    assert!(store.open_session(session(&bob, 3, hash())).await.unwrap());
}

pub(in super::super) async fn who_is_deleted_stays_as_a_name<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let email = Some(Email::parse("bob@example.org").unwrap());
    let bob = store.register(NewAccount { email, ..new_account("bob") }).await.unwrap().unwrap().person;
    let bobs = log_in(&store, &bob, 2).await;
    let id = tell(&store, &bob, "still here", &[]).await;
    let entry = store_one(&store, account(&bob, AccountChange::Delete)).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Person { user: bob.id, keep: None }));
    let left = store.account(bob.id).await.unwrap().unwrap();
    assert_eq!((left.standing(), left.email, left.password_hash.as_str()), (Standing::Deleted, None, ""));
    assert_eq!((left.deleted, left.person), (Some(moment(0)), bob.clone()));
    assert!(!is_in_force(&store, bobs).await);
    assert!(!store.open_session(session(&bob, 3, String::new())).await.unwrap());
    assert!(store.people_named(&[username("bob")]).await.unwrap().is_empty());
    assert!(store.people_starting("b", 10).await.unwrap().is_empty());
    assert!(store.register(new_account("bob")).await.unwrap().is_none(), "the name stays taken");
    let message = store.snapshot(ana.id, 10).await.unwrap().unwrap().messages.remove(0);
    assert_eq!((message.id, message.sender), (id, bob.clone()));
    let password = new_password(&bob, "$argon2id$new", None);
    let late = [account(&bob, disabled(false)), account(&bob, AccountChange::Delete), password];
    assert!(outcomes(&store, &late).await.iter().all(|outcome| matches!(outcome, Outcome::NoSuchPerson)));
}

pub(in super::super) async fn the_last_admin_stays<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    for change in [disabled(true), role(Role::Member), AccountChange::Delete] {
        assert!(matches!(outcomes(&store, &[account(&ana, change)]).await[..], [Outcome::LastAdmin]), "{change:?}");
    }
    // Within a batch each counts for the next: bob becomes an admin, ana goes, and then bob is the last one.
    let batch = [
        account(&bob, role(Role::Admin)),
        account(&ana, AccountChange::Delete),
        account(&bob, disabled(true)),
        account(&bob, role(Role::Member)),
    ];
    let [Outcome::Stored(_), Outcome::Stored(_), Outcome::LastAdmin, Outcome::LastAdmin] =
        outcomes(&store, &batch).await[..]
    else {
        panic!("not as expected")
    };
    let bob = store.account(bob.id).await.unwrap().unwrap();
    assert_eq!((bob.role, bob.standing()), (Role::Admin, Standing::Active));
    assert_eq!(store.head().await.unwrap().position.seq, Seq(2), "what is refused has no place");
}

/// A disabled admin does not count as one who could let others in.
pub(in super::super) async fn an_admin_who_may_not_log_in_does_not_count<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    store_one(&store, account(&bob, AccountChange::Set { disabled: Some(true), role: Some(Role::Admin) })).await;
    assert!(matches!(outcomes(&store, &[account(&ana, role(Role::Member))]).await[..], [Outcome::LastAdmin]));
    store_one(&store, account(&bob, disabled(false))).await;
    store_one(&store, account(&ana, role(Role::Member))).await;
}

pub(in super::super) async fn a_changed_role_ends_no_session<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    person(&store, "ana").await;
    let bob = person(&store, "bob").await;
    let bobs = log_in(&store, &bob, 1).await;
    let entry = store_one(&store, account(&bob, role(Role::Admin))).await;
    assert_eq!(entry.body, EntryBody::Revoked(Revocation::Standing { user: bob.id }));
    assert_eq!(store.entries(Seq(0), 10).await.unwrap(), [entry]);
    assert_eq!(store.session(bobs, moment(1)).await.unwrap().unwrap().role, Role::Admin);
    let again = account(&bob, AccountChange::Set { disabled: Some(false), role: Some(Role::Admin) });
    assert!(matches!(outcomes(&store, &[again]).await[..], [Outcome::Unchanged]));
    let nobody = Person { id: UserId(77), ..bob };
    assert!(matches!(outcomes(&store, &[account(&nobody, disabled(true))]).await[..], [Outcome::NoSuchPerson]));
    assert_eq!(store.head().await.unwrap().position.seq, Seq(1));
}

pub(in super::super) async fn an_invitation_admits_one<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let invitation = invite(&store, &ana, 1).await;
    let Admission::Invited(secret) = invitation else { panic!("no invitation") };
    assert!(store.is_invited(&secret, moment(2)).await.unwrap());
    assert!(matches!(store.join(new_account("ana"), invitation).await.unwrap(), Joined::Taken));
    assert!(store.is_invited(&secret, moment(2)).await.unwrap(), "a taken name does not use it up");
    let (one, two) =
        tokio::join!(store.join(new_account("bob"), invitation), store.join(new_account("cem"), invitation));
    let (member, refused) = match (one.unwrap(), two.unwrap()) {
        (Joined::Account(account), refused) | (refused, Joined::Account(account)) => (account.person, refused),
        neither => panic!("{neither:?}"),
    };
    assert!(matches!(refused, Joined::NotInvited));
    assert_eq!(store.accounts().await.unwrap().len(), 2);
    let listed = store.invites(moment(2 * DAY), 10).await.unwrap();
    assert_eq!((listed.len(), &listed[0].by, &listed[0].used_by), (1, &ana, &Some(member.clone())));
    let used = store.audit(None, 1).await.unwrap().remove(0);
    let actor = Some(member.name.to_string());
    assert_eq!((used.action.as_str(), used.target.as_str(), used.actor), ("invite_used", "invite1", actor));
}

pub(in super::super) async fn an_invitation_is_good_for_a_while_and_while_its_maker_is_an_admin<F: Fixture>(
    fixture: F,
) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    store_one(&store, account(&bob, role(Role::Admin))).await;
    let (first, second) = (invite(&store, &ana, 1).await, invite(&store, &bob, 2).await);
    let ids = async |at| store.invites(moment(at), 10).await.unwrap().into_iter().map(|i| i.id).collect::<Vec<_>>();
    assert_eq!(ids(3).await, ["invite2", "invite1"], "the latest first");
    assert!(ids(DAY).await.is_empty());
    let late = NewAccount { at: moment(DAY), ..new_account("cem") };
    assert!(matches!(store.join(late, first).await.unwrap(), Joined::NotInvited));
    store_one(&store, account(&bob, role(Role::Member))).await;
    assert!(matches!(store.join(new_account("cem"), second).await.unwrap(), Joined::NotInvited));
    let bounded = NewInvite {
        id: "third".into(),
        secret: TokenHash([3; 32]),
        by: ana.id,
        created: moment(3),
        expires: moment(DAY),
    };
    assert!(
        !store.add_invite(Authority::System, bounded, 2, note(AuditAction::InviteMade, "")).await.unwrap().unwrap(),
        "two are open"
    );
    assert!(
        store
            .delete_invite(Authority::System, "invite1", moment(4), note(AuditAction::InviteDeleted, "invite1"))
            .await
            .unwrap()
            .unwrap()
    );
    assert!(
        !store
            .delete_invite(Authority::System, "invite1", moment(4), note(AuditAction::InviteDeleted, "invite1"))
            .await
            .unwrap()
            .unwrap()
    );
    assert!(matches!(store.join(new_account("cem"), first).await.unwrap(), Joined::NotInvited));
    assert_eq!(actions(&store).await, ["invite_made", "invite_made", "invite_deleted"]);
    assert_eq!(store.forget_invites(moment(DAY)).await.unwrap(), 0);
    assert_eq!(store.forget_invites(moment(DAY + 1)).await.unwrap(), 1);
}

pub(in super::super) async fn closed_registration_admits_who_is_invited<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = joined(store.join(new_account("ana"), Admission::Open).await.unwrap());
    assert_eq!(store.account(ana.id).await.unwrap().unwrap().role, Role::Admin);
    assert!(store.registration_is_open().await.unwrap());
    let close = note(AuditAction::RegistrationClosed, "");
    assert!(store.set_registration(Authority::System, false, moment(1), close.clone()).await.unwrap().unwrap());
    assert!(
        !store.set_registration(Authority::System, false, moment(1), close).await.unwrap().unwrap(),
        "it is closed already"
    );
    assert!(!store.registration_is_open().await.unwrap());
    assert!(matches!(store.join(new_account("bob"), Admission::Open).await.unwrap(), Joined::Closed));
    let invitation = invite(&store, &ana, 1).await;
    let bob = joined(store.join(new_account("bob"), invitation).await.unwrap());
    assert_eq!(store.account(bob.id).await.unwrap().unwrap().role, Role::Member);
    assert!(
        store
            .set_registration(Authority::System, true, moment(1), note(AuditAction::RegistrationOpened, ""))
            .await
            .unwrap()
            .unwrap()
    );
    joined(store.join(new_account("cem"), Admission::Open).await.unwrap());
    let told = ["registration_closed", "invite_made", "invite_used", "registration_opened"];
    assert_eq!(actions(&store).await, told);
}

pub(in super::super) async fn a_note_stands_with_what_it_tells_of<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let made = note(AuditAction::AccountMade, "ana");
    let ana = NewAccount { notes: vec![made.clone()], ..new_account("ana") };
    let person_of = store.register(ana.clone()).await.unwrap().unwrap().person;
    assert!(store.register(ana).await.unwrap().is_none());
    let by_ana = AuditNote { actor: Some(person_of.clone()), ..note(AuditAction::LoggedIn, "") };
    let hash = new_account("ana").password_hash;
    let login = NewSession { notes: vec![by_ana.clone()], ..session(&person_of, 1, hash) };
    assert!(store.open_session(login.clone()).await.unwrap());
    let wrong = NewSession { password_hash: "x".into(), ..login };
    assert!(!store.open_session(wrong).await.unwrap());
    let noted = |change, action| Write { notes: vec![note(action, "ana")], ..account(&person_of, change) };
    store.commit(&[noted(disabled(true), AuditAction::AccountDisabled)]).await.unwrap();
    store.commit(&[noted(disabled(false), AuditAction::AccountEnabled)]).await.unwrap();
    store.add_audit(moment(9), note(AuditAction::LoginFailed, "林")).await.unwrap();
    assert_eq!(actions(&store).await, ["account_made", "login", "login_failed"], "refused and unchanged are not told");
    let page = store.audit(None, 2).await.unwrap();
    assert_eq!((page[0].target.as_str(), page[0].at, page[0].address.as_str()), ("林", moment(9), "::1"));
    assert_eq!((page[1].actor.as_deref(), page[1].at), (Some("ana"), moment(0)));
    let rest = store.audit(Some(page[1].id), 2).await.unwrap();
    assert_eq!((rest.len(), rest[0].action.as_str(), rest[0].actor.as_deref()), (1, "account_made", None));
    assert_eq!(store.forget_audit(moment(9)).await.unwrap(), 2);
    assert_eq!(actions(&store).await, ["login_failed"]);
}

pub(super) fn signing_key(n: u8, created: i64) -> SigningKey {
    SigningKey { kid: format!("key{n}"), access: [n; 32], refresh: [n; 32], created: moment(created) }
}

pub(in super::super) async fn signing_keys_rotate_one_at_a_time<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let rotated = || note(AuditAction::KeysRotated, "");
    let kids = |keys: Vec<SigningKey>| keys.into_iter().map(|key| key.kid).collect::<Vec<_>>();
    store.signing_keys(signing_key(1, 0)).await.unwrap();
    let young = store.add_signing_key(signing_key(2, DAY), moment(0), rotated()).await.unwrap();
    assert_eq!(kids(young), ["key1"], "the newest is not old enough");
    let keys = store.add_signing_key(signing_key(2, DAY), moment(1), rotated()).await.unwrap();
    assert_eq!(kids(keys), ["key2", "key1"]);
    let keys = store.add_signing_key(signing_key(3, 2 * DAY), moment(DAY + 1), rotated()).await.unwrap();
    assert_eq!(kids(keys), ["key3", "key2", "key1"]);
    assert_eq!(store.forget_signing_keys(moment(DAY)).await.unwrap(), 0, "the second was not made before that");
    assert_eq!(store.forget_signing_keys(moment(DAY + 1)).await.unwrap(), 1);
    assert_eq!(kids(store.signing_keys(signing_key(9, 0)).await.unwrap()), ["key3", "key2"]);
    assert_eq!(store.forget_signing_keys(moment(9 * DAY)).await.unwrap(), 1);
    assert_eq!(kids(store.signing_keys(signing_key(9, 0)).await.unwrap()), ["key3"], "the one that signs stays");
    assert_eq!(actions(&store).await, ["keys_rotated", "keys_rotated"]);
}

/// Rows that a database at its first schema may hold, in any dialect.
pub(in super::super) const ROWS_OF_THE_FIRST_SCHEMA: &str = "
    INSERT INTO account (name, email, password_hash, role, created) VALUES ('ana', 'a@b', '$argon2id$of-ana', 'admin', 5);
    INSERT INTO account (name, password_hash, role, created) VALUES ('bob', '$argon2id$of-bob', 'member', 6);
    INSERT INTO read_state (user_id, read_upto, exceptions, version) SELECT id, 2, '[]', 0 FROM account;
    INSERT INTO message (id, sender_id, title, body, priority, at, extras, to_json, tags)
        VALUES (1, 1, '', 'to all', 0, 5, '{}', '[\"everyone\"]', '[]'), (2, 1, '', 'to bob', 0, 5, '{}', '[\"@bob\"]', '[]'),
            (3, 1, '', 'to bob', 0, 5, '{}', '[\"@bob\"]', '[]');
    INSERT INTO audience (kind, id, seq, sender)
        VALUES (0, 0, 1, 1), (1, 2, 2, 1), (1, 1, 2, 1), (1, 1, 3, 1), (1, 2, 3, 1);
    INSERT INTO event (seq, tag, kind, at, audience, message_id, client_id)
        VALUES (3, 7, 'message_published', 5, '1,2', 3, 'k');
    UPDATE head SET seq = 3, floor = 3;
    INSERT INTO session (id, user_id, created, expires)
        SELECT '01010101010101010101010101010101', id, 7, 1895000000000 FROM account WHERE name = 'ana';";

/// What becomes of [`ROWS_OF_THE_FIRST_SCHEMA`].
pub(in super::super) async fn rows_of_the_first_schema_are_there(store: &impl Store) {
    let people = store.people_after(UserId(0), 10, moment(0)).await.unwrap();
    let [ana, bob] = &people[..] else { panic!("{people:?}") };
    assert_eq!((ana.account.email.as_deref(), ana.account.standing()), (Some("a@b"), Standing::Active));
    assert_eq!((ana.sessions, bob.sessions), (1, 0));
    let sessions = store.sessions_of(ana.account.person.id, moment(0), 10).await.unwrap();
    assert_eq!((sessions[0].last_seen, &sessions[0].client), (sessions[0].created, &Client::default()));
    assert!(is_in_force(store, sessions[0].id).await, "nobody is logged out");
    changes::the_messages_of_the_first_schema_are_there(store, &ana.account.person, &bob.account.person).await;
    tell(store, &ana.account.person, "hello", &[&bob.account.person]).await;
    store_one(store, account(&bob.account.person, AccountChange::Delete)).await;
    assert!(store.audit(None, 10).await.unwrap().is_empty() && store.registration_is_open().await.unwrap());
}

fn by(authority: Authority, write: Write) -> Write {
    Write { by: authority, ..write }
}

/// A request is checked when it comes; what it asks for is decided later.
pub(in super::super) async fn whoever_is_out_or_no_admin_any_more_changes_nothing<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, eve) = (person(&store, "ana").await, person(&store, "eve").await);
    let (anas, eves) = (log_in(&store, &ana, 1).await, log_in(&store, &eve, 2).await);
    let (ana_asks, eve_asks) = (Authority::Admin(anas), Authority::Admin(eves));
    let promoted = by(ana_asks, account(&eve, role(Role::Admin)));
    assert!(matches!(outcomes(&store, &[promoted]).await[..], [Outcome::Stored(_)]));

    // Within a batch as well, and also for what only takes away.
    let batch = [
        by(ana_asks, account(&eve, role(Role::Member))),
        by(eve_asks, account(&eve, role(Role::Admin))),
        by(eve_asks, new_password(&ana, "$argon2id$eves", None)),
        by(Authority::Login(eves), new_password(&eve, "$argon2id$new", Some(eves))),
        by(ana_asks, account(&eve, disabled(true))),
        by(eve_asks, account(&eve, disabled(false))),
        by(Authority::Login(eves), write(Change::Revoke(Revocation::Session(anas)))),
    ];
    let found = outcomes(&store, &batch).await;
    let [demoted, no_admin @ .., thrown_out, enabled, revoked] = &found[..] else { panic!("{found:?}") };
    assert!(matches!((demoted, thrown_out), (Outcome::Stored(_), Outcome::Stored(_))), "{found:?}");
    assert!(matches!(
        no_admin,
        [Outcome::Denied(Denial::NoAdmin), Outcome::Denied(Denial::NoAdmin), Outcome::Stored(_)]
    ));
    for out in [enabled, revoked] {
        assert!(matches!(out, Outcome::Denied(Denial::SignedOut)), "{found:?}");
    }
    assert_eq!(store.account(eve.id).await.unwrap().unwrap().standing(), Standing::Disabled);

    let new = NewInvite {
        id: "eves".into(),
        secret: TokenHash([9; 32]),
        by: eve.id,
        created: moment(0),
        expires: moment(DAY),
    };
    invite(&store, &ana, 1).await;
    let told = |action| note(action, "");
    for (asks, denial) in [(eve_asks, Denial::SignedOut), (Authority::Login(eves), Denial::SignedOut)] {
        let made = store.add_invite(asks, new.clone(), 10, told(AuditAction::InviteMade)).await.unwrap();
        let taken = store.delete_invite(asks, "invite1", moment(0), told(AuditAction::InviteDeleted)).await.unwrap();
        let closed =
            store.set_registration(asks, false, moment(0), told(AuditAction::RegistrationClosed)).await.unwrap();
        assert_eq!([made, taken, closed], [Err(denial); 3]);
    }
    assert_eq!(store.invites(moment(1), 10).await.unwrap().len(), 1);
    assert!(store.registration_is_open().await.unwrap());
    // A session that ran out is none, and a member's is no admin's.
    let late = Write { at: moment(DAY), ..by(ana_asks, account(&eve, disabled(false))) };
    assert!(matches!(outcomes(&store, &[late]).await[..], [Outcome::Denied(Denial::SignedOut)]));
    let bob = person(&store, "bob").await;
    let member = Authority::Admin(log_in(&store, &bob, 3).await);
    let closed = store.set_registration(member, false, moment(0), told(AuditAction::RegistrationClosed)).await.unwrap();
    assert_eq!(closed, Err(Denial::NoAdmin));
    assert!(
        store.delete_invite(ana_asks, "invite1", moment(0), told(AuditAction::InviteDeleted)).await.unwrap().unwrap()
    );
}
