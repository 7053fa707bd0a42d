use std::pin::Pin;

use gloo_net::http::{Request, Response};
use push_system::{
    error::{ErrorCode, Problem, Rejection},
    session::client::Login,
};
use serde::{Serialize, de::DeserializeOwned};

use super::refresh;
use crate::{whole::Whole, words::words};

/// One request, which can be made again.
pub(super) struct Ask {
    address: String,
    /// JSON to send; nothing is sent with a GET.
    body: Option<String>,
}

impl Ask {
    /// Asks an address.
    pub(super) fn get(address: impl Into<String>) -> Self {
        Self { address: address.into(), body: None }
    }

    /// Sends JSON to an address.
    pub(super) fn post(address: &str, body: &impl Serialize) -> Self {
        Self { address: address.to_owned(), body: serde_json::to_string(body).ok() }
    }

    /// Makes the request, once.
    pub(super) async fn send(&self) -> Result<Response, gloo_net::Error> {
        match &self.body {
            None => Request::get(&self.address).send().await,
            Some(body) => {
                let request = Request::post(&self.address).header("content-type", "application/json");
                request.body(body.as_str())?.send().await
            }
        }
    }

    /// Makes the request and reads the answer.
    pub(super) async fn read<T: DeserializeOwned>(self) -> Result<T, Rejection> {
        let text = self.text().await?;
        serde_json::from_str::<Whole<T>>(&text).map(|whole| whole.value).map_err(|_| unreachable())
    }

    /// The access cookie lives for minutes, a tab for days: one that is over is renewed and the request made again.
    /// Boxed, so that there is one of it and not one for each answer.
    fn text(self) -> Pin<Box<dyn Future<Output = Result<String, Rejection>>>> {
        Box::pin(async move {
            let mut response = self.send().await.map_err(|_| unreachable())?;
            if response.status() == 401 && refresh().await == Login::Valid {
                response = self.send().await.map_err(|_| unreachable())?;
            }
            let text = response.text().await.map_err(|_| unreachable())?;
            if response.ok() {
                return Ok(text);
            }
            let problem = serde_json::from_str::<Whole<Problem>>(&text);
            Err(problem.map_or_else(|_| unreachable(), |problem| problem.value.into()))
        })
    }
}

/// Nobody answered, or not the server.
fn unreachable() -> Rejection {
    Rejection::new(ErrorCode::Unavailable, words().unreachable)
}
