use leptos::prelude::*;

use crate::text;

/// A person's initials on their colour; the name always stands beside it.
#[component]
pub fn Avatar(
    /// Whose.
    #[prop(into)]
    name: String,
    /// The size of lists of people.
    #[prop(optional)]
    small: bool,
    /// Whether to show that they are online.
    #[prop(optional)]
    online: bool,
) -> impl IntoView {
    let class = format!("avatar avatar-{}", text::colour(&name));
    view! {
        <span class=class class:avatar-small=small class:is-online=online aria-hidden="true">
            {text::initials(&name)}
        </span>
    }
}
