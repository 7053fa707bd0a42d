use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::words::words;

/// The product's sign, which leads to the inbox.
#[component]
pub fn Brand(
    /// Whether the page is loaded anew: where there is no inbox to go back to.
    #[prop(optional)]
    external: bool,
) -> impl IntoView {
    view! {
        <a class="brand" href="/" rel=external.then_some("external") aria-label=words().product>
            <span class="brand-mark">
                <Icon symbol=Symbol::Bell />
            </span>
            <span class="brand-name">{words().product}</span>
        </a>
    }
}
