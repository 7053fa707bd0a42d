use leptos::prelude::*;

use super::{Brand, LanguageForm};
use crate::app::use_page;

/// The card of a page before login.
#[component]
pub fn AuthCard<V: IntoView + 'static>(
    /// What it is for.
    title: &'static str,
    /// A word more.
    #[prop(optional_no_strip)]
    hint: Option<&'static str>,
    /// The question below the card, where its answer leads, and the answer.
    #[prop(optional_no_strip)]
    foot: Option<(&'static str, String, &'static str)>,
    /// The form.
    children: TypedChildren<V>,
) -> impl IntoView {
    view! {
        <main class="auth" id="main" tabindex="-1">
            <Brand />
            <section class="card auth-card" aria-labelledby="auth-title">
                <h1 id="auth-title">{title}</h1>
                {hint.map(|hint| view! { <p>{hint}</p> })}
                {children.into_inner()()}
            </section>
            {foot
                .map(|(question, href, answer)| {
                    view! {
                        <p class="auth-foot">
                            {question} " " <a href=href>
                                {answer}
                            </a>
                        </p>
                    }
                })}
            <LanguageForm next=here() />
        </main>
    }
}

/// The address of the page, to lead back to.
fn here() -> String {
    let data = &use_page().data;
    if data.search.is_empty() { data.path.clone() } else { format!("{}?{}", data.path, data.search) }
}
