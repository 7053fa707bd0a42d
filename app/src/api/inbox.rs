use push_system::{error::Rejection, inbox::Snapshot};

use super::http::Ask;

/// `GET /inbox`: the newest page with the position to subscribe from.
pub async fn inbox() -> Result<Snapshot, Rejection> {
    Ask::get("/inbox").read().await
}
