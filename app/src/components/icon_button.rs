use leptos::prelude::*;

use super::{Icon, Symbol};

/// A button that is a picture, and needs script.
#[component]
pub fn IconButton(
    /// The picture.
    symbol: Symbol,
    /// What it does.
    label: &'static str,
    /// What stands on hover, where that says more.
    #[prop(optional)]
    title: Option<&'static str>,
    /// Does it. Boxed, so that there is one such button in the program.
    act: Box<dyn Fn()>,
) -> impl IntoView {
    view! {
        <button
            class="icon-button needs-script"
            type="button"
            aria-label=label
            title=title.unwrap_or(label)
            on:click=move |_| act()
        >
            <Icon symbol />
        </button>
    }
}
