use push_system::{
    api::{HistoryPage, MessagePage},
    error::Rejection,
};

use super::http::Ask;
use crate::question::Question;

/// `GET /message`: what the history answers to a question, at most `limit` messages.
pub async fn messages(question: &Question, limit: u32) -> Result<HistoryPage, Rejection> {
    let address = question.address("/message");
    let join = if address.contains('?') { '&' } else { '?' };
    let page: MessagePage = Ask::get(format!("{address}{join}limit={limit}")).read().await?;
    Ok(HistoryPage { messages: page.messages, has_more: page.paging.since.0 != 0, search: page.search })
}
