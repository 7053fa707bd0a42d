//! Who publishes and who reads: accounts of this run, known by name and password, so that a login that is over can be
//! renewed at any instance.

use std::{
    net::SocketAddr,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use hyper::StatusCode;
use push_system::{accounts::Person, api::TokenAnswer, inbox::Snapshot, session::client::Login};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time;

use crate::{
    api::Api,
    failure::{Context, Failure},
};

/// For one request; an instance that is stopped never answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const PASSWORD: &str = "only for checking";

/// A person of this run.
#[derive(Debug)]
pub(crate) struct Member {
    /// Number and name.
    pub(crate) person: Person,
    token: RwLock<String>,
}

impl Member {
    /// Registers a new person.
    pub(crate) async fn register(address: SocketAddr, name: &str) -> Result<Self, Failure> {
        let account = json!({ "username": name, "password": PASSWORD });
        let answer: TokenAnswer = Api::connect(address).await?.post("/auth/register", &[], &account).await?;
        Ok(Self { person: answer.user, token: RwLock::new(answer.access_token) })
    }

    /// Somebody who is registered already.
    pub(crate) fn known(person: Person, token: String) -> Self {
        Self { person, token: RwLock::new(token) }
    }

    /// The access token in use.
    pub(crate) fn token(&self) -> String {
        self.token.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs in again.
    pub(crate) async fn renew(&self, address: SocketAddr) -> Login {
        let account = json!({ "username": self.person.name, "password": PASSWORD });
        let asking = async {
            let (status, body) = Api::connect(address).await?.ask("/auth/login", &[], &account).await?;
            Ok::<_, Failure>((status, body))
        };
        match time::timeout(ANSWER_WITHIN, asking).await {
            Ok(Ok((StatusCode::OK, body))) => match serde_json::from_slice::<TokenAnswer>(&body) {
                Ok(answer) => {
                    *self.token.write().unwrap_or_else(PoisonError::into_inner) = answer.access_token;
                    Login::Valid
                }
                Err(_) => Login::Unreachable,
            },
            Ok(Ok((StatusCode::UNAUTHORIZED, _))) => Login::Gone,
            _ => Login::Unreachable,
        }
    }

    /// Whether the login is still good, as a client asks after a lost line.
    pub(crate) async fn ask_login(&self, address: SocketAddr) -> Login {
        let asking = async { Api::connect(address).await?.status("/auth/me", &self.token()).await };
        match time::timeout(ANSWER_WITHIN, asking).await {
            Ok(Ok(StatusCode::OK)) => Login::Valid,
            Ok(Ok(StatusCode::UNAUTHORIZED)) => self.renew(address).await,
            _ => Login::Unreachable,
        }
    }

    /// `GET /inbox`.
    pub(crate) async fn inbox(&self, address: SocketAddr) -> Result<Snapshot, Failure> {
        self.get(address, "/inbox").await
    }

    async fn get<T: DeserializeOwned>(&self, address: SocketAddr, path: &str) -> Result<T, Failure> {
        let asking = async { Api::connect(address).await?.get(path, &self.token()).await };
        time::timeout(ANSWER_WITHIN, asking).await.context(path)?
    }
}
