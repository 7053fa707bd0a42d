use leptos::prelude::*;

use super::{Brand, Icon, Symbol, field::refusal};
use crate::context::Form;

/// The card of a page before login.
#[component]
pub fn AuthCard(
    /// What it is for.
    title: &'static str,
    /// A word more.
    hint: &'static str,
    /// The question below the card.
    foot: &'static str,
    /// Where its answer leads.
    foot_href: String,
    /// Its answer.
    foot_link: &'static str,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="auth" id="main" tabindex="-1">
            <Brand external=true />
            <section class="card auth-card" aria-labelledby="auth-title">
                <h1 id="auth-title">{title}</h1>
                <p>{hint}</p>
                {children()}
            </section>
            <p class="auth-foot">
                {foot} " " <a href=foot_href rel="external">
                    {foot_link}
                </a>
            </p>
        </main>
    }
}

/// Why a form was refused, where none of its fields is to blame alone.
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
