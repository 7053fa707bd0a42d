use push_system::{error::Rejection, inbox::Snapshot};

use super::http;

/// `GET /inbox`: the newest page with the position to subscribe from.
pub async fn inbox() -> Result<Snapshot, Rejection> {
    http::get("/inbox").await
}
