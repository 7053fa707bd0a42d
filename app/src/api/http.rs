use gloo_net::http::{Request, RequestBuilder, Response};
use push_system::{
    error::{ErrorCode, Problem, Rejection},
    session::client::Login,
};
use serde::{Serialize, de::DeserializeOwned};

use super::refresh;
use crate::words::words;

/// Asks an address.
pub(super) async fn get<T: DeserializeOwned>(address: &str) -> Result<T, Rejection> {
    answer(|| Request::get(address).build()).await
}

/// Sends JSON to an address.
pub(super) async fn post<T: DeserializeOwned>(address: &str, body: &impl Serialize) -> Result<T, Rejection> {
    answer(|| post_request(address, body)).await
}

/// The request alone, for who reads the status.
pub(super) fn post_request(address: &str, body: &impl Serialize) -> Result<Request, gloo_net::Error> {
    Request::post(address).json(body)
}

/// The request alone, for who reads the status.
pub(super) fn get_request(address: &str) -> RequestBuilder {
    Request::get(address)
}

/// The access cookie lives for minutes, a tab for days: one that is over is renewed and the request made again.
async fn answer<T: DeserializeOwned>(request: impl Fn() -> Result<Request, gloo_net::Error>) -> Result<T, Rejection> {
    let mut response = send(&request).await?;
    if response.status() == 401 && refresh().await == Login::Valid {
        response = send(&request).await?;
    }
    if response.ok() {
        return response.json().await.map_err(|_| unreachable());
    }
    Err(response.json::<Problem>().await.map_or_else(|_| unreachable(), Rejection::from))
}

async fn send(request: &impl Fn() -> Result<Request, gloo_net::Error>) -> Result<Response, Rejection> {
    let request = request().map_err(|_| unreachable())?;
    request.send().await.map_err(|_| unreachable())
}

/// Nobody answered, or not the server.
fn unreachable() -> Rejection {
    Rejection::new(ErrorCode::Unavailable, words().unreachable)
}
