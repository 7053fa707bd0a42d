//! Who is there.

use push_system::{
    accounts::{Email, Role},
    ids::{MessageId, UserId},
    read_state::ReadState,
};

use super::{
    super::{Accounts as _, Log as _, NewAccount, SigningKey},
    Fixture, moment, new_account, person, say, username,
};

pub(in super::super) async fn the_first_account_is_the_admin<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let email = Some(Email::parse("ana@example.org").unwrap());
    let ana = store.register(NewAccount { email, ..new_account("ana") }).await.unwrap().unwrap();
    let bob = store.register(new_account("bob")).await.unwrap().unwrap();
    assert_eq!((ana.role, bob.role), (Role::Admin, Role::Member));
    assert_eq!(ana.email.as_deref(), Some("ana@example.org"));
    assert_eq!((bob.email.as_deref(), bob.disabled, bob.created), (None, false, moment(0)));
    assert_eq!(bob.password_hash, new_account("bob").password_hash);
    let all = store.accounts().await.unwrap();
    let everyone: Vec<_> = all.iter().map(|account| &account.person).collect();
    assert_eq!(everyone, [&ana.person, &bob.person]);
}

pub(in super::super) async fn a_taken_name_is_refused<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    assert!(store.register(new_account("ana")).await.unwrap().is_none());
    let found = store.account_named(&username("ana")).await.unwrap().unwrap();
    assert_eq!(found.person, ana);
    assert_eq!(store.account(ana.id).await.unwrap().unwrap().person, ana);
    assert!(store.account_named(&username("bob")).await.unwrap().is_none());
    assert!(store.account(UserId(77)).await.unwrap().is_none());
    assert_eq!(store.accounts().await.unwrap().len(), 1);
}

pub(in super::super) async fn a_new_person_starts_with_nothing_unread<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    for text in ["one", "two", "three"] {
        say(&store, &ana, text).await;
    }
    let bob = person(&store, "bob").await;
    let snapshot = store.snapshot(bob.id, 2).await.unwrap().unwrap();
    assert_eq!(snapshot.read, ReadState::starting_at(MessageId(3)));
    assert_eq!((snapshot.counters.unread, snapshot.messages.len(), snapshot.has_more), (0, 2, true));
    say(&store, &ana, "four").await;
    assert_eq!(store.snapshot(bob.id, 2).await.unwrap().unwrap().counters.unread, 1);
    assert_eq!(store.snapshot(ana.id, 2).await.unwrap().unwrap().counters.unread, 0);
}

pub(in super::super) async fn people_are_found_by_name_and_by_prefix<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let mut people = Vec::new();
    for name in ["ana", "an.a", "an_b", "anzu", "bob"] {
        people.push(person(&store, name).await);
    }
    let asked = ["bob", "nobody", "ana"].map(username);
    assert_eq!(store.people_named(&asked).await.unwrap(), [people[0].clone(), people[4].clone()]);
    assert!(store.people_named(&[]).await.unwrap().is_empty());
    let names = async |prefix: &str, limit| -> Vec<String> {
        let found = store.people_starting(prefix, limit).await.unwrap();
        found.into_iter().map(|person| person.name.to_string()).collect()
    };
    assert_eq!(names("an", 10).await, ["an.a", "an_b", "ana", "anzu"]);
    assert_eq!(names("AN", 2).await, ["an.a", "an_b"]);
    assert_eq!(names("", 1).await, ["an.a"]);
    for nobody in ["an%", "_", "ana'", "林", "anna"] {
        assert!(names(nobody, 10).await.is_empty(), "{nobody}");
    }
}

pub(in super::super) async fn signing_keys_are_made_once<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let key = |kid: &str, byte| SigningKey {
        kid: kid.into(),
        access: [byte; 32],
        refresh: [byte + 1; 32],
        created: moment(i64::from(byte)),
    };
    let first = store.signing_keys(key("first", 1)).await.unwrap();
    assert_eq!(first, [key("first", 1)]);
    assert_eq!(store.signing_keys(key("second", 3)).await.unwrap(), first);
}
