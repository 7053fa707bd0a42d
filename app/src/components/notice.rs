use leptos::prelude::*;

use super::{Icon, Symbol};

/// That something was done.
#[component]
pub fn GoodNotice(
    /// What.
    text: &'static str,
) -> impl IntoView {
    view! {
        <p class="notice notice-good" role="status">
            <Icon symbol=Symbol::Check />
            <span>{text}</span>
        </p>
    }
}

/// Why something was not done.
#[component]
pub fn BadNotice(
    /// Why.
    text: String,
) -> impl IntoView {
    view! {
        <p class="notice notice-bad" role="alert">
            <Icon symbol=Symbol::Alert />
            <span>{text}</span>
        </p>
    }
}
