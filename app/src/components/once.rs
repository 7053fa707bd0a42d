use leptos::prelude::*;

use crate::desk::desk_words;

/// A secret that is shown this once, in a field that can be copied from by keyboard, mouse and finger.
#[component]
pub fn Once(
    /// What it is.
    label: String,
    /// It.
    value: String,
) -> impl IntoView {
    view! {
        <div class="card once">
            <div class="field">
                <label for="once">{label}</label>
                <input
                    class="input once-value"
                    id="once"
                    type="text"
                    value=value
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby="once-hint"
                />
                <p class="field-hint" id="once-hint" role="status">
                    {desk_words().once_hint}
                </p>
            </div>
        </div>
    }
}
