use gloo_net::http::Method;
use push_system::{
    error::Rejection,
    ids::MessageId,
    message::{EditRequest, Message},
};

use super::http::Ask;

/// `PATCH /message/{id}`: changes what a message says, and answers with what it says then.
pub async fn edit(id: MessageId, edit: &EditRequest) -> Result<Message, Rejection> {
    Ask::send_json(Method::PATCH, &format!("/message/{id}"), edit).read().await
}

/// `DELETE /message/{id}`: takes a message back.
pub async fn delete(id: MessageId) -> Result<(), Rejection> {
    Ask::delete(format!("/message/{id}")).done().await
}
