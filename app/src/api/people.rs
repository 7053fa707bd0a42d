use push_system::{accounts::Person, error::Rejection};

use super::http;
use crate::text;

/// `GET /people`: who a prefix may mean.
pub async fn people(prefix: &str) -> Result<Vec<Person>, Rejection> {
    http::get(&format!("/people?prefix={}", text::encode(prefix))).await
}
