use leptos::prelude::*;

use super::{Banner, ToastNotice};

/// What floats above the page, so that it moves nothing.
#[component]
pub fn Floats() -> impl IntoView {
    view! {
        <div class="floats needs-script">
            <div role="status">
                <Banner />
            </div>
            <div role="status">
                <ToastNotice />
            </div>
        </div>
    }
}
