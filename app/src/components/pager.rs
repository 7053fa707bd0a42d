use leptos::{either::Either, prelude::*};
use push_system::ids::MessageId;

use super::{Icon, Symbol};
use crate::{question::Question, words::words};

/// The way through the pages of the history. The API pages downwards only, so the way up leads to the newest.
#[component]
pub fn Pager(
    /// What this page answers.
    question: Question,
    /// Its last message, where there are older ones.
    older_than: Option<MessageId>,
) -> impl IntoView {
    if question.before.is_none() && older_than.is_none() {
        return None;
    }
    let newest = Question { before: None, ..question.clone() };
    let up = if question.before.is_some() {
        Either::Left(view! {
            <a class="button" href=newest.address("/history") rel="first">
                <Icon symbol=Symbol::ArrowLeft />
                {words().newest}
            </a>
        })
    } else {
        Either::Right(view! {
            <span class="button" aria-disabled="true">
                <Icon symbol=Symbol::ArrowLeft />
                {words().newest}
            </span>
        })
    };
    let down = match older_than {
        Some(id) => Either::Left(view! {
            <a class="button" href=question.older_than(id).address("/history") rel="next">
                {words().load_older}
                <Icon symbol=Symbol::ArrowRight />
            </a>
        }),
        None => Either::Right(view! {
            <span class="button" aria-disabled="true">
                {words().load_older}
                <Icon symbol=Symbol::ArrowRight />
            </span>
        }),
    };
    Some(view! {
        <nav class="pager" aria-label=words().pages>
            {up}
            {down}
        </nav>
    })
}
