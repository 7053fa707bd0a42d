use leptos::prelude::*;

use super::{Icon, Symbol};
#[cfg(feature = "ssr")]
use crate::context::FormRefusal;
use crate::{app::use_page, context::Form};

/// What was typed into a field of a form that is shown again.
pub fn value_of(form: Form, field: &str) -> String {
    let page = use_page();
    let state = page.form.as_ref().filter(|state| state.form == form);
    state.and_then(|state| state.values.get(field).cloned()).unwrap_or_default()
}

/// Why a form was refused, where this field is to blame.
#[cfg(feature = "ssr")]
pub(super) fn refused_at(form: Form, field: &str) -> Option<String> {
    refusal(form).filter(|refusal| refusal.field.as_deref() == Some(field)).map(|refusal| refusal.detail)
}

/// Why a form was refused.
#[cfg(feature = "ssr")]
fn refusal(form: Form) -> Option<FormRefusal> {
    let page = use_page();
    let state = page.form.as_ref().filter(|state| state.form == form)?;
    state.refusal.clone()
}

/// Which elements describe a field.
#[cfg(feature = "ssr")]
pub(super) fn described_by(id: &str, error: bool, hint: bool) -> Option<String> {
    let ids: Vec<String> =
        [error.then(|| format!("{id}-error")), hint.then(|| format!("{id}-hint"))].into_iter().flatten().collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// A sentence beside a field.
#[component]
pub fn FieldError(
    /// The element's id.
    id: String,
    /// What to do.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <p class="field-error" id=id role="alert">
            <Icon symbol=Symbol::Alert />
            <span>{text}</span>
        </p>
    }
}

/// Why a form was refused, where none of its fields is to blame alone.
#[cfg(feature = "ssr")]
#[component]
pub fn FormNotice(
    /// Which form.
    form: Form,
    /// The fields that say it themselves.
    fields: &'static [&'static str],
) -> impl IntoView {
    let general = refusal(form).filter(|refusal| !fields.iter().any(|field| refusal.field.as_deref() == Some(field)));
    general.map(|refusal| {
        view! {
            <p class="notice notice-bad" role="alert">
                <Icon symbol=Symbol::Alert />
                <span>{refusal.detail}</span>
            </p>
        }
    })
}

/// A line of text in a form that the server reads. It keeps what was typed when the form is shown again.
#[cfg(feature = "ssr")]
#[component]
pub fn Field(
    /// Of which form.
    form: Form,
    /// Its name.
    name: &'static str,
    /// What stands above.
    label: &'static str,
    /// What it is, for the browser's memory.
    autocomplete: &'static str,
    /// `text`, or what keyboard to show.
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands below.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// Whether it may be left empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let error = refused_at(form, name);
    // What is wrong says the rule already.
    let hint = hint.filter(|_| error.is_none());
    let described = described_by(name, error.is_some(), hint.is_some());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                id=name
                name=name
                type=kind
                value=value_of(form, name)
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=!optional
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=described
            />
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
