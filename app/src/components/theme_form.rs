use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::{
    app::use_page,
    context::{Density, Theme},
    words::words,
};

/// Light, dark, or what the device says; at once with script ([`crate::acts`]), and by a button without.
#[component]
pub fn ThemeForm() -> impl IntoView {
    let chosen = use_page().theme;
    let choices = Theme::ALL.map(|theme| {
        let (symbol, text) = face(theme);
        Choice { value: theme.as_str(), symbol, text, chosen: theme == chosen }
    });
    view! { <Choices name="theme" choices=choices.into() /> }
}

/// How close messages stand, likewise.
#[component]
pub fn DensityForm() -> impl IntoView {
    let chosen = use_page().density;
    let choices = Density::ALL.map(|density| {
        let (symbol, text) = match density {
            Density::Comfortable => (Symbol::Screen, words().density_comfortable),
            Density::Compact => (Symbol::List, words().density_compact),
        };
        Choice { value: density.as_str(), symbol, text, chosen: density == chosen }
    });
    view! { <Choices name="density" choices=choices.into() /> }
}

struct Choice {
    value: &'static str,
    symbol: Symbol,
    text: &'static str,
    chosen: bool,
}

/// One of several. `name` is the field's, and the end of the address that keeps it.
#[component]
fn Choices(name: &'static str, choices: Vec<Choice>) -> impl IntoView {
    let choice = |choice: Choice| {
        view! {
            <label class="choice">
                <input type="radio" name=name value=choice.value checked=choice.chosen />
                <span class="choice-face">
                    <Icon symbol=choice.symbol />
                    {choice.text}
                    <Icon symbol=Symbol::Check />
                </span>
            </label>
        }
    };
    view! {
        <form class="choices-form" method="post" action=format!("/settings/{name}")>
            <fieldset
                class="choices"
                aria-labelledby=format!("set-{name}")
                aria-describedby=format!("set-{name}-hint")
            >
                {choices.into_iter().map(choice).collect_view()}
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
