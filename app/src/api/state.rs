use gloo_net::http::Method;
use push_system::{error::Rejection, marks::StateChange};

use super::http::Ask;

/// `POST /state`: stores a change of what is read, seen, archived and saved.
pub async fn change_state(change: &StateChange) -> Result<(), Rejection> {
    Ask::send_json(Method::POST, "/state", change).done().await
}
