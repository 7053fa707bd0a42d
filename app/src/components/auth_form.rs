use leptos::prelude::*;

use super::Brand;

/// The card of a page before login.
#[component]
pub fn AuthCard<V: IntoView + 'static>(
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
    children: TypedChildren<V>,
) -> impl IntoView {
    view! {
        <main class="auth" id="main" tabindex="-1">
            <Brand />
            <section class="card auth-card" aria-labelledby="auth-title">
                <h1 id="auth-title">{title}</h1>
                <p>{hint}</p>
                {children.into_inner()()}
            </section>
            <p class="auth-foot">
                {foot} " " <a href=foot_href>
                    {foot_link}
                </a>
            </p>
        </main>
    }
}
