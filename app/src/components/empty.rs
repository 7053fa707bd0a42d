use leptos::prelude::*;

use super::{Icon, Symbol};

/// What stands where there is nothing: why, and the next step.
#[component]
pub fn Empty<V: IntoView + 'static>(
    /// A picture of why.
    symbol: Symbol,
    /// Why.
    #[prop(into)]
    title: String,
    /// What to do.
    hint: &'static str,
    /// With what to do it.
    children: TypedChildren<V>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-icon">
                <Icon symbol />
            </span>
            <h2>{title}</h2>
            <p>{hint}</p>
            {children.into_inner()()}
        </div>
    }
}
