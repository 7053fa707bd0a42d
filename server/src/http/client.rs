//! From where a request comes, and with what: as sessions and the audit log show it.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{Extensions, HeaderMap, header, request::Parts},
};

use super::device;
use crate::{serve::Peer, store::Client};

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(of(&parts.headers, &parts.extensions))
    }
}

/// The same for those who hold a request.
pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Client {
    let address = extensions.get::<Peer>().map(|peer| peer.client.to_string());
    Client { device: device(headers), address: address.unwrap_or_default() }
}

fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    device::name(agent.unwrap_or_default())
}
