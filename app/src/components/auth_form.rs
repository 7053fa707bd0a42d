use leptos::prelude::*;

use super::Brand;

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
        </main>
    }
}
