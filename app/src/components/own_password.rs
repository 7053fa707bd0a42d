use leptos::prelude::*;

use super::{FieldError, field::described_by, password::PasswordBox};
use crate::desk::desk_words;

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
    let (label, failure) = (id.clone(), format!("{id}-error"));
    let is_wrong = error.is_some();
    view! {
        <div class="field">
            <label for=label>{desk_words().your_password}</label>
            <PasswordBox id name="password" autocomplete="current-password" described is_wrong focused=is_wrong />
            {error.map(|text| view! { <FieldError id=failure text /> })}
        </div>
    }
}
