use leptos::prelude::*;
use push_system::catalogue::Language;

use super::{Icon, Symbol};
use crate::{app::use_page, words::words};

/// A button for each language, in its own name. The page is loaded anew, as all of it changes.
#[component]
pub fn LanguageForm(
    /// Where it leads back to.
    #[prop(into)]
    next: String,
) -> impl IntoView {
    let current = use_page().language;
    let button = move |language: Language| {
        let chosen = language == current;
        view! {
            <button
                class="button button-small"
                name="language"
                value=language.tag()
                lang=language.tag()
                aria-pressed=if chosen { "true" } else { "false" }
            >
                {chosen.then(|| view! { <Icon symbol=Symbol::Check /> })}
                {language.own_name()}
            </button>
        }
    };
    view! {
        <form class="languages" method="post" action="/settings/language">
            <input type="hidden" name="next" value=next />
            <fieldset class="button-row" aria-label=words().language>
                {Language::ALL.map(button).collect_view()}
            </fieldset>
        </form>
    }
}
