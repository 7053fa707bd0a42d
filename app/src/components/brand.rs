use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::words::words;

/// The product's sign, which leads to the inbox.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/" aria-label=words().product>
            <span class="brand-mark">
                <Icon symbol=Symbol::Bell />
            </span>
            <span class="brand-name">{words().product}</span>
        </a>
    }
}
