use leptos::prelude::*;

use crate::live::use_live;

/// Says to screen readers what others see, several arrivals at once.
#[component]
pub fn Announcer() -> impl IntoView {
    let announcement = use_live().store.announcement;
    view! {
        <div class="visually-hidden" role="status" aria-live="polite" id="announcer">
            {move || announcement.get()}
        </div>
    }
}
