use push_system::{accounts::Person, error::Rejection};

use super::http::Ask;
use crate::text;

/// `GET /people`: who a prefix may mean.
pub async fn people(prefix: &str) -> Result<Vec<Person>, Rejection> {
    Ask::get(format!("/people?prefix={}", text::encode(prefix))).read().await
}
