use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::{app::use_page, context::Theme, live::browser, words::words};

/// Light, dark, or what the device says; at once with script, and by a button without.
#[component]
pub fn ThemeForm() -> impl IntoView {
    let chosen = use_page().theme;
    let choice = move |theme: Theme| {
        let (symbol, text) = face(theme);
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="theme"
                    value=theme.as_str()
                    checked=theme == chosen
                    on:change=move |_| apply(theme)
                />
                <span class="choice-face">
                    <Icon symbol />
                    {text}
                    <Icon symbol=Symbol::Check />
                </span>
            </label>
        }
    };
    view! {
        <form class="choices-form" method="post" action="/settings/theme">
            <fieldset class="choices" aria-labelledby="set-theme" aria-describedby="set-theme-hint">
                {choice(Theme::System)} {choice(Theme::Light)} {choice(Theme::Dark)}
            </fieldset>
            <button class="button without-script">{words().save}</button>
        </form>
    }
}

fn face(theme: Theme) -> (Symbol, &'static str) {
    match theme {
        Theme::System => (Symbol::Screen, words().theme_system),
        Theme::Light => (Symbol::Sun, words().theme_light),
        Theme::Dark => (Symbol::Moon, words().theme_dark),
    }
}

fn apply(theme: Theme) {
    browser::set_cookie(Theme::COOKIE, theme.as_str());
    browser::set_root("data-theme", theme.as_str());
}
