use push_system::{
    error::Rejection,
    read_state::{ReadChange, ReadState},
};

use super::http::Ask;

/// `POST /read`: stores a change and answers with the state it led to.
pub async fn change_read(change: &ReadChange) -> Result<ReadState, Rejection> {
    Ask::post("/read", change).read().await
}
