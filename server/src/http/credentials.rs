//! Every check of a password goes through here, whichever page or program asks: it is counted.

use push_system::error::Rejection;

use crate::{
    auth::{Credentials, Identity, Login, Registration, Typed},
    serve::ClientAddress,
    state::AppState,
    store::Client,
};

/// Whom an attempt is counted against, and what sessions and the audit log say of it.
pub type Caller = (ClientAddress, Client);

/// See [`crate::auth::Auth::log_in`].
pub async fn log_in(state: &AppState, (counted, client): Caller, typed: Credentials) -> Result<Login, Rejection> {
    if typed.username.is_empty() || typed.password.0.is_empty() {
        // Nothing is checked, so nothing is counted, here or by all instances together.
        return state.auth.log_in(typed, &client).await;
    }
    let (auth, name) = (state.auth.clone(), typed.username.clone());
    state.limits.password_check(counted, &name, async move { auth.log_in(typed, &client).await }).await
}

/// See [`crate::auth::Auth::register`].
pub async fn register(state: &AppState, (counted, client): Caller, typed: Registration) -> Result<Login, Rejection> {
    let (auth, name) = (state.auth.clone(), typed.username.clone());
    state.limits.registration(counted, &name, async move { auth.register(typed, &client).await }).await
}

/// See [`crate::auth::Auth::change_password`].
pub async fn change_password(
    state: &AppState,
    client: ClientAddress,
    identity: &Identity,
    current: Typed,
    new: Typed,
) -> Result<(), Rejection> {
    let (auth, identity) = (state.auth.clone(), identity.clone());
    let name = identity.person.name.clone();
    let change = async move { auth.change_password(&identity, current, new).await };
    state.limits.password_check(client, name.as_str(), change).await
}

/// See [`crate::auth::Auth::end_session`].
pub async fn end_session(
    state: &AppState,
    client: ClientAddress,
    identity: &Identity,
    id: String,
    password: Typed,
) -> Result<(), Rejection> {
    let (auth, identity) = (state.auth.clone(), identity.clone());
    let name = identity.person.name.clone();
    let end = async move { auth.end_session(&identity, &id, &password).await };
    state.limits.password_check(client, name.as_str(), end).await
}

/// See [`crate::auth::Auth::log_out_everywhere`]. Whoever is logged in nowhere else is asked for no password, so that
/// there is nothing to count.
pub async fn log_out_everywhere(
    state: &AppState,
    client: ClientAddress,
    identity: &Identity,
    password: Typed,
) -> Result<(), Rejection> {
    if !state.auth.has_others(identity).await? {
        return state.auth.log_out_everywhere(identity, &password).await;
    }
    let (auth, identity) = (state.auth.clone(), identity.clone());
    let name = identity.person.name.clone();
    let end = async move { auth.log_out_everywhere(&identity, &password).await };
    state.limits.password_check(client, name.as_str(), end).await
}

/// See [`crate::auth::Auth::end_other_sessions`].
pub async fn end_other_sessions(
    state: &AppState,
    client: ClientAddress,
    identity: &Identity,
    password: Typed,
) -> Result<(), Rejection> {
    let (auth, identity) = (state.auth.clone(), identity.clone());
    let name = identity.person.name.clone();
    let end = async move { auth.end_other_sessions(&identity, &password).await };
    state.limits.password_check(client, name.as_str(), end).await
}
