//! `Identity` as an argument of a handler: whoever has it has a checked login.

use axum::{extract::FromRequestParts, http::request::Parts};
use push_system::{
    accounts::Role,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
};

use super::{client, problem::Refusal};
use crate::{
    auth::{AuthFailure, Identity},
    serve::{ClientAddress, Peer},
    state::AppState,
};

impl FromRequestParts<AppState> for Identity {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let identity = state.auth.verify(&parts.headers).await?;
        Ok(state.auth.saw(identity, client::of(&parts.headers, &parts.extensions)))
    }
}

/// The checked login of an admin.
pub struct AsAdmin(pub Identity);

impl FromRequestParts<AppState> for AsAdmin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let identity = Identity::from_request_parts(parts, state).await?;
        match identity.role {
            Role::Admin => Ok(Self(identity)),
            Role::Member => Err(Refusal::new(ErrorCode::Forbidden, Sentence::Forbidden)),
        }
    }
}

/// Whom the request is counted against. The accept loop says so of every request.
impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Refusal> {
        let peer = parts.extensions.get::<Peer>();
        peer.map(|peer| peer.client).ok_or_else(|| Refusal(Rejection::new(ErrorCode::Internal, Sentence::Internal)))
    }
}

/// The login of a request, or why there is none: for pages, which say so in their own way.
pub struct Visitor(pub Result<Identity, AuthFailure>);

impl FromRequestParts<AppState> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let identity = state.auth.verify_cookies(&parts.headers).await;
        Ok(Self(identity.map(|identity| state.auth.saw(identity, client::of(&parts.headers, &parts.extensions)))))
    }
}
