//! People as an admin looks for them.

use push_system::{
    admin::{UserInfo, UserPage},
    error::{ErrorCode, Rejection},
};

use super::Visit;
use crate::http::problem::Refusal;

/// Those whose names begin so, by name, at most `limit`; deleted ones are only in the list of all.
pub(super) async fn people_called(visit: &Visit, prefix: &str, limit: u32) -> Result<UserPage, Rejection> {
    let prefix = prefix.trim_start_matches('@').to_ascii_lowercase();
    let found = visit.state.store.people_starting(&prefix, limit).await.map_err(|error| Refusal::from(error).0)?;
    let mut users = Vec::with_capacity(found.len());
    for person in found {
        users.extend(unless_gone(visit.state.admin.user(person.id).await)?);
    }
    Ok(UserPage { users, next: None })
}

/// Nothing where somebody went away meanwhile.
fn unless_gone(user: Result<UserInfo, Rejection>) -> Result<Option<UserInfo>, Rejection> {
    match user {
        Ok(user) => Ok(Some(user)),
        Err(rejection) if rejection.code == ErrorCode::NotFound => Ok(None),
        Err(rejection) => Err(rejection),
    }
}
