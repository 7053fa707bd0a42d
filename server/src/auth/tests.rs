//! What no request can see: how much work an answer is.

use std::sync::Arc;

use push_system::error::{ErrorCode, Rejection};
use tokio_util::task::TaskTracker;

use super::{Credentials, Login, Registration, Typed};
use crate::{
    config::{self, Flags},
    serve::{self, Parts},
    state::AppState,
    store::{Client, Store, memory::MemoryStore},
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

/// What takes the time of a login is the hash. That it takes as long is measured by the example `login_timing`.
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
