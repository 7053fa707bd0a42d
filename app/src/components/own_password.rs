use leptos::prelude::*;
use push_system::limits;

use super::{FieldError, Icon, Symbol, field::described_by};
use crate::{desk::desk_words, words::words};

/// The viewer's password, asked for once more before something that a stranger at their device must not do. A page has
/// several of them, so each has an id of its own.
#[component]
pub fn OwnPassword(
    /// The element's id.
    id: String,
    /// Why the one that was sent is none.
    error: Option<String>,
) -> impl IntoView {
    let described = described_by(&id, error.is_some(), false);
    let (input, eye, failure) = (id.clone(), id.clone(), format!("{id}-error"));
    view! {
        <div class="field">
            <label for=id>{desk_words().your_password}</label>
            <div class="password">
                <input
                    class="input"
                    id=input
                    name="password"
                    type="password"
                    required
                    maxlength=limits::PASSWORD_CHARS.end().to_string()
                    autocomplete="current-password"
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=described
                />
                <button
                    class="icon-button needs-script"
                    type="button"
                    aria-label=words().show_password
                    aria-pressed="false"
                    aria-controls=eye
                >
                    <Icon symbol=Symbol::Eye />
                </button>
            </div>
            {error.map(|text| view! { <FieldError id=failure text /> })}
        </div>
    }
}
