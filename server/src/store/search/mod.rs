//! Full-text search. The index follows the log with a cursor of its own, in steps, so that no publish waits for it.
//!
//! The index says where to look (`terms.rs`), the message itself whether it is what is sought (`sought.rs`): so all
//! databases give the same answer. Before the index is asked, the newest messages are looked at without it: what is common
//! is found there, and only what is rare is left to the index, which some databases read as a whole to sort it.

mod hunt;
mod index;
mod sight;
mod sought;
mod terms;
mod words;

use push_system::{
    api::{HistoryPage, HistoryQuery},
    ids::UserId,
    message::Message,
    query::{Reading, Search},
};

use super::{StoreError, backend::Backend};

pub(super) use index::{Indexed, step};
pub use terms::{Expression, Term};

/// A page of the messages that are sought.
pub(super) async fn page<B: Backend>(
    backend: &B,
    user: UserId,
    query: &HistoryQuery,
    search: &Search,
) -> Result<HistoryPage, StoreError> {
    let Some(mut hunt) = hunt::Hunt::begin(backend, user, query, search).await? else {
        return Ok(HistoryPage { search: Some(reading(search, &[])), ..HistoryPage::default() });
    };
    hunt.walk(backend).await?;
    if hunt.needs_index() {
        index::catch_up(backend).await?;
        hunt.ask_index(backend).await?;
    }
    let (messages, has_more) = hunt.page(query.limit);
    Ok(HistoryPage { search: Some(reading(search, &messages)), messages, has_more })
}

/// What was understood, and what of these messages to mark.
fn reading(search: &Search, messages: &[Message]) -> Reading {
    let words = sought::words(search);
    let mut marked: Vec<_> =
        messages.iter().flat_map(sought::texts).flat_map(|text| sought::marked(&words, text)).map(lower_case).collect();
    marked.sort_unstable();
    marked.dedup();
    search.query.reading(marked)
}

/// One character for each, as a page compares them.
fn lower_case(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}
