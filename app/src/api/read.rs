use push_system::{
    error::Rejection,
    read_state::{ReadChange, ReadState},
};

use super::http;

/// `POST /read`: stores a change and answers with the state it led to.
pub async fn change_read(change: &ReadChange) -> Result<ReadState, Rejection> {
    http::post("/read", change).await
}
