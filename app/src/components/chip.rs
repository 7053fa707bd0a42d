use leptos::prelude::*;
use push_system::audience::{Recipient, Recipients};

use crate::words::words;

/// More names than this are counted instead of listed.
const SHOWN: usize = 3;

/// Whom a message is for.
#[component]
pub fn RecipientChips(
    /// As written.
    to: Recipients,
    /// Who reads it.
    me: String,
) -> impl IntoView {
    let count = to.iter().count();
    // The reader comes first, so that their name is never among those counted.
    let (mine, others): (Vec<_>, Vec<_>) = to.iter().partition(|recipient| names(recipient, &me));
    let listed = mine.into_iter().chain(others).take(SHOWN);
    let chip = |recipient: &Recipient| {
        let mine = names(recipient, &me);
        let text = match recipient {
            Recipient::Everyone => words().everyone.to_owned(),
            Recipient::Person(_) if mine => words().at_you.to_owned(),
            Recipient::Person(name) => format!("@{name}"),
        };
        view! {
            <span class="chip" class:chip-accent=mine>
                {text}
            </span>
        }
    };
    let more = (count > SHOWN).then(|| view! { <span class="chip">{(words().more_recipients)(count - SHOWN)}</span> });
    view! {
        {listed.map(chip).collect_view()}
        {more}
    }
}

fn names(recipient: &Recipient, me: &str) -> bool {
    matches!(recipient, Recipient::Person(name) if name.as_str() == me)
}
