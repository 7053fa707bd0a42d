use leptos::prelude::*;
use push_system::limits;

use super::{
    FieldError, Icon, Symbol,
    field::{described_by, refused_at},
};
use crate::{context::Form, words::words};

/// A password, which can be looked at while it is typed: [`crate::live::browser::listen_for_passwords`] does that. It is never sent back by the server.
#[component]
pub fn PasswordField(
    /// Of which form.
    form: Form,
    /// Its name.
    name: &'static str,
    /// What stands above.
    label: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// What stands below.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    let error = refused_at(form, name);
    // What is wrong says the rule already.
    let hint = hint.filter(|_| error.is_none());
    let described = described_by(name, error.is_some(), hint.is_some());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <PasswordBox id=name name autocomplete described is_wrong=error.is_some() />
            {hint
                .map(|hint| {
                    view! {
                        <p class="field-hint" id=format!("{name}-hint")>
                            {hint}
                        </p>
                    }
                })}
            {error.map(|text| view! { <FieldError id=format!("{name}-error") text /> })}
        </div>
    }
}

/// Where a password is typed, with the eye beside it.
#[component]
pub fn PasswordBox(
    /// The element's id.
    #[prop(into)]
    id: String,
    /// Its name.
    name: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// The ids of what is said about it.
    described: Option<String>,
    /// Whether what was sent is none.
    is_wrong: bool,
    /// Whether it is where to go on typing.
    #[prop(optional)]
    focused: bool,
) -> impl IntoView {
    let eye = id.clone();
    view! {
        <div class="password">
            <input
                class="input"
                id=id
                name=name
                type="password"
                required
                maxlength=limits::PASSWORD_CHARS.end().to_string()
                autocomplete=autocomplete
                aria-invalid=is_wrong.then_some("true")
                aria-describedby=described
                autofocus=focused
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
    }
}
