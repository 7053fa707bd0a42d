use std::{pin::Pin, time::Duration};

use gloo_net::http::{Method, Request, Response};
use js_sys::Reflect;
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Problem, Rejection},
    session::client::Login,
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal, Headers, RequestInit};

use super::refresh;
use crate::{whole::Whole, words::words};

/// How long a server may take to begin its answer. Others wait for a change that is stored before them.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How much of a change may still be on its way when its page is left. Browsers keep 64 KiB of all such bodies together, and
/// refuse what is more (<https://fetch.spec.whatwg.org/#http-network-or-cache-fetch>).
const OUTLIVES_ITS_PAGE: usize = 8 * 1024;

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
        let answer = match self.request(signal.as_ref()) {
            Ok(request) => request.send().await,
            Err(refused) => Err(gloo_net::Error::GlooError(refused.as_string().unwrap_or_default())),
        };
        timer.iter().for_each(TimeoutHandle::clear);
        answer
    }

    /// The request as the browser takes it. What was done on a page that is left at once is done all the same.
    fn request(&self, signal: Option<&AbortSignal>) -> Result<Request, JsValue> {
        let init = RequestInit::new();
        init.set_method(self.method.as_ref());
        init.set_signal(signal);
        let mut length = 0;
        if let Some(body) = &self.body {
            let headers = Headers::new()?;
            headers.set("content-type", "application/json")?;
            init.set_headers(&headers);
            init.set_body(&JsValue::from_str(body));
            length = body.len();
        }
        let outlives = self.method != Method::GET && length <= OUTLIVES_ITS_PAGE;
        Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::from_bool(outlives))?;
        Ok(web_sys::Request::new_with_str_and_init(&self.address, &init)?.into())
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
