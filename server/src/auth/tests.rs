//! What no request can see: how much work an answer is.

use std::sync::Arc;

use push_system::{
    accounts::{Person, Role, Username},
    admin::{NewInvite, NewPassword, Ticket},
    api::TokenAnswer,
    error::{ErrorCode, Rejection},
    ids::UserId,
    limits,
    timestamp::Timestamp,
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{AuthFailure, Credentials, Login, Registration, Typed};
use crate::{
    config::{self, Flags},
    serve::{self, Parts},
    state::AppState,
    store::{
        Account, Accounts as _, Change, Client, NewAccount, NewSession, PhcString, SessionId, Store, TokenHash,
        memory::MemoryStore,
    },
};

const PASSWORD: &str = "correct horse battery";

struct House {
    app: AppState,
    tasks: TaskTracker,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new(1))).await
    }

    /// One of perhaps several instances.
    async fn on(store: Arc<dyn Store>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags { data_dir: Some(folder.path().to_string_lossy().into_owned()), ..Flags::default() };
        let config = config::load(&flags, [], folder.path()).unwrap().config;
        let tasks = TaskTracker::new();
        let app = serve::assemble(Parts::new(config, store), &tasks).await.unwrap();
        Self { app, tasks, _folder: folder }
    }

    async fn register(&self, username: &str) -> Login {
        let typed = Registration {
            username: username.into(),
            password: Typed(PASSWORD.into()),
            email: String::new(),
            invite: String::new(),
        };
        self.app.auth.register(typed, &Client::default()).await.unwrap()
    }

    async fn log_in(&self, username: &str, password: &str) -> Result<Login, Rejection> {
        let typed = Credentials { username: username.into(), password: Typed(password.into()) };
        self.app.auth.log_in(typed, &Client::default()).await
    }

    /// The hashes computed for comparisons since the last look.
    fn computed(&self) -> Vec<String> {
        std::mem::take(&mut self.app.auth.0.passwords.computed.lock().unwrap())
    }

    async fn finish(self) {
        self.app.drain.cancel();
        self.app.push.finish();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What takes the time of a login is the hash. That it takes as long is measured by the example `login_timing`,
/// of which `scripts/logins.sh` is a part of all tests.
#[tokio::test]
async fn an_unknown_name_a_wrong_password_and_a_disabled_account_are_the_same_answer_after_the_same_work() {
    let store = MemoryStore::new(1);
    let house = House::on(Arc::new(store.clone())).await;
    house.register("ana").await;
    let disabled = house.register("bob").await;
    let mut backup = store.backup();
    backup.accounts.get_mut(&disabled.person.id).unwrap().disabled = true;
    store.restore(backup);
    let long = "x".repeat(300);
    house.computed();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ana", "not the password"),
        ("nobody", "not the password"),
        ("nobody", PASSWORD),
        ("no name!", PASSWORD),
        ("bob", PASSWORD),
        ("bob", "not the password"),
        ("ana", "short"),
        ("nobody", "short"),
        ("ana", &long),
        ("nobody", &long),
    ] {
        answers.push(house.log_in(name, password).await.err().expect("a refusal"));
        assert_eq!(house.computed(), ["m=19456,t=2,p=1"], "{name} {password:.20}");
    }
    for name in ["ana", "nobody", "bob"] {
        answers.push(house.log_in(name, "cafe\u{301} au lait").await.err().expect("a refusal"));
        assert_eq!(house.computed().len(), 2, "{name}: typed in another form is two hashes for everybody");
    }
    assert_eq!(answers[0].code, ErrorCode::BadCredentials);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    house.log_in("ana", PASSWORD).await.unwrap();
    assert_eq!(house.computed(), ["m=19456,t=2,p=1"]);
    house.finish().await;
}

/// The cap on what one person can have of them; what ends is told to every instance.
#[tokio::test]
async fn a_login_too_many_ends_the_one_seen_longest_ago() {
    let store = MemoryStore::new(1);
    let house = House::on(Arc::new(store.clone())).await;
    let first = house.register("ana").await;
    let hash = store.account(first.person.id).await.unwrap().unwrap().password_hash;
    let at = house.app.clock.now();
    for n in 1..limits::SESSIONS {
        let (id, refresh) = (SessionId(Uuid::from_u128(n.into())), TokenHash([u8::try_from(n).unwrap(); 32]));
        let (password_hash, expires) = (hash.clone(), at.plus_ms(60_000));
        let (user, client, notes) = (first.person.id, Client::default(), Vec::new());
        let new = NewSession { id, user, password_hash, refresh, at: at.plus_ms(n.into()), expires, client, notes };
        assert!(store.open_session(new).await.unwrap());
    }
    assert!(house.app.auth.verify_bearer(&first.access).await.is_ok(), "as many as there may be");
    let last = house.log_in("ana", PASSWORD).await.unwrap();
    assert_eq!(house.app.auth.verify_bearer(&first.access).await.unwrap_err(), AuthFailure::Revoked);
    assert!(house.app.auth.verify_bearer(&last.access).await.is_ok());
    house.finish().await;
}

/// While the old password is compared and the new one hashed, an admin may have set another one.
#[tokio::test]
async fn a_password_that_was_reset_meanwhile_is_not_changed_by_whoever_knew_the_old_one() {
    let store = MemoryStore::new(1);
    let house = House::on(Arc::new(store.clone())).await;
    let login = house.register("ana").await;
    let identity = house.app.auth.verify_bearer(&login.access).await.unwrap();
    let changing = house.app.auth.change_password(&identity, Typed(PASSWORD.into()), Typed("another password".into()));
    let mut changing = Box::pin(changing);
    // Until the old one was compared: the new one is hashed after that.
    while house.computed().is_empty() {
        assert!(futures::poll!(&mut changing).is_pending());
        tokio::task::yield_now().await;
    }
    let mut reset = store.backup();
    reset.accounts.get_mut(&login.person.id).unwrap().password_hash = "$argon2id$reset".into();
    store.restore(reset);
    let refusal = changing.await.unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::BadCredentials, Some("current")));
    assert_eq!(store.account(login.person.id).await.unwrap().unwrap().password_hash, "$argon2id$reset");
    house.finish().await;
}

#[test]
fn what_was_typed_and_what_is_stored_is_not_printed() {
    let hidden = "correct horse";
    let registration = Registration {
        username: "ana".into(),
        password: Typed(hidden.into()),
        email: hidden.into(),
        invite: hidden.into(),
    };
    let name = Username::parse("ana").unwrap();
    let at = Timestamp::from_unix_ms(0);
    let new = NewAccount {
        name: name.clone(),
        email: None,
        password_hash: hidden.into(),
        role: Role::Member,
        at,
        notes: Vec::new(),
    };
    let person = Person { id: UserId(1), name };
    let account = Account {
        person: person.clone(),
        role: Role::Member,
        email: Some(hidden.into()),
        password_hash: hidden.into(),
        disabled: false,
        deleted: None,
        created: at,
    };
    let session = NewSession {
        id: SessionId(Uuid::nil()),
        user: person.id,
        password_hash: hidden.into(),
        refresh: TokenHash([1; 32]),
        at,
        expires: at,
        client: Client::default(),
        notes: Vec::new(),
    };
    let change =
        Change::Password { user: person.id, hash: PhcString(hidden.into()), proved: None, keep: Some(session.id) };
    let tokens = TokenAnswer {
        access_token: hidden.into(),
        token_type: "bearer".into(),
        expires_in: 1,
        refresh_token: hidden.into(),
        user: person,
    };
    let ticket = Ticket { ticket: hidden.into(), expires_in: 1 };
    let password = NewPassword { password: hidden.into() };
    let invite = NewInvite { id: "1".into(), url: hidden.into(), expires: at };
    for printed in [
        format!("{registration:?} {new:?} {account:?} {session:?} {change:?}"),
        format!("{tokens:?} {ticket:?} {password:?} {invite:?}"),
    ] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[tokio::test]
async fn the_password_is_asked_for_again_before_what_cannot_be_taken_back() {
    let house = House::new().await;
    let login = house.register("ana").await;
    let identity = house.app.auth.verify_bearer(&login.access).await.unwrap();
    house.app.auth.confirm_password(&identity, &Typed(PASSWORD.into())).await.unwrap();
    for wrong in ["", "not the password"] {
        let refusal = house.app.auth.confirm_password(&identity, &Typed(wrong.into())).await.unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::BadCredentials, Some("password")));
    }
    house.finish().await;
}
