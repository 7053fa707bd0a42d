use leptos::{html, prelude::*};
use push_system::limits;

use super::{
    FieldError, Icon, Symbol,
    field::{described_by, refused_at},
};
use crate::{context::Form, words::words};

/// A password, which can be looked at while it is typed. It is never sent back by the server.
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
    let visible = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let error = refused_at(form, name);
    let described = described_by(name, error.is_some(), hint.is_some());
    let toggle = move |_| {
        visible.update(|visible| *visible = !*visible);
        if let Some(input) = input.get_untracked() {
            input.set_type(if visible.get_untracked() { "text" } else { "password" });
        }
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <div class="password">
                <input
                    class="input"
                    id=name
                    name=name
                    type="password"
                    required
                    maxlength=limits::PASSWORD_CHARS.end().to_string()
                    autocomplete=autocomplete
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=described
                    node_ref=input
                />
                <button
                    class="icon-button needs-script"
                    type="button"
                    aria-label=words().show_password
                    aria-pressed=move || if visible.get() { "true" } else { "false" }
                    aria-controls=name
                    on:click=toggle
                >
                    <Icon symbol=Symbol::Eye />
                </button>
            </div>
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
