use std::{pin::Pin, time::Duration};

use gloo_net::http::{Method, RequestBuilder, Response};
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Problem, Rejection},
    session::client::Login,
};
use serde::{Serialize, de::DeserializeOwned};
use web_sys::AbortController;

use super::refresh;
use crate::{whole::Whole, words::words};

/// How long a server may take to begin its answer. Others wait for a change that is stored before them.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// One request, which can be made again.
pub(super) struct Ask {
    method: Method,
    address: String,
    /// JSON to send; nothing is sent with a GET.
    body: Option<String>,
}

impl Ask {
    /// Asks an address.
    pub(super) fn get(address: impl Into<String>) -> Self {
        Self { method: Method::GET, address: address.into(), body: None }
    }

    /// Sends JSON to an address.
    pub(super) fn send_json(method: Method, address: &str, body: &impl Serialize) -> Self {
        Self { method, address: address.to_owned(), body: serde_json::to_string(body).ok() }
    }

    /// Takes away what is at an address.
    pub(super) fn delete(address: String) -> Self {
        Self { method: Method::DELETE, address, body: None }
    }

    /// Makes the request, once.
    pub(super) async fn send(&self) -> Result<Response, gloo_net::Error> {
        let abort = AbortController::new().ok();
        let signal = abort.as_ref().map(AbortController::signal);
        let give_up = move || abort.iter().for_each(AbortController::abort);
        let timer = set_timeout_with_handle(give_up, ANSWER_WITHIN).ok();
        let request = RequestBuilder::new(&self.address).method(self.method.clone()).abort_signal(signal.as_ref());
        let answer = match &self.body {
            None => request.send().await,
            Some(body) => request.header("content-type", "application/json").body(body.as_str())?.send().await,
        };
        timer.iter().for_each(TimeoutHandle::clear);
        answer
    }

    /// Makes the request and reads the answer.
    pub(super) async fn read<T: DeserializeOwned>(self) -> Result<T, Rejection> {
        let text = self.text().await?;
        serde_json::from_str::<Whole<T>>(&text).map(|whole| whole.value).map_err(|_| unreachable())
    }

    /// Makes the request, whose answer says no more than that it was done.
    pub(super) async fn done(self) -> Result<(), Rejection> {
        self.text().await.map(drop)
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
    Rejection::new(ErrorCode::Unavailable, Sentence::Said(words().unreachable.to_owned()))
}
