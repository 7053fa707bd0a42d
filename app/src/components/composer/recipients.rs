use leptos::{either::Either, ev, prelude::*};
use push_system::audience::Recipient;

use super::{ERROR_ID, state::Compose};
use crate::{
    components::{Avatar, Icon, Symbol},
    live::browser,
    words::words,
};

const LIST_ID: &str = "to-options";

/// Whom the message is for: a plain text without script; with it, names become chips and people are offered.
#[component]
pub(super) fn ToField(compose: Compose, to: String) -> impl IntoView {
    let completion = compose.completion;
    let active = move || completion.is_open().then(|| option_id(completion.active.get()));
    let placeholder = move || if compose.chips.with(Vec::is_empty) { words().to_hint } else { "" };
    let typed = move |event: ev::Event| completion.ask(compose, &event_target_value(&event));
    let leave = move |_| {
        completion.close();
        // What is no recipient stays in the field until *Send* says so.
        if compose.take_typed().is_ok() {
            compose.save();
        }
    };
    view! {
        <div class="composer-to">
            <label for="to">{words().to}</label>
            <div class="to-field">
                <Chips compose />
                <input
                    class="composer-input"
                    id="to"
                    name="to"
                    value=to
                    placeholder=placeholder
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    role="combobox"
                    aria-autocomplete="list"
                    aria-expanded=move || if completion.is_open() { "true" } else { "false" }
                    aria-controls=LIST_ID
                    aria-activedescendant=active
                    aria-invalid=move || compose.blames("to").then_some("true")
                    aria-describedby=move || compose.blames("to").then_some(ERROR_ID)
                    on:input=typed
                    on:keydown=move |event| keydown(compose, &event)
                    on:blur=leave
                    node_ref=compose.to
                />
            </div>
        </div>
        <Options compose />
    }
}

#[component]
fn Chips(compose: Compose) -> impl IntoView {
    let chip = move |recipient: Recipient| {
        let everyone = recipient == Recipient::Everyone;
        let text = if everyone { words().everyone.to_owned() } else { recipient.to_string() };
        let label = words().remove_recipient(&text);
        let remove = move |_| {
            compose.chips.update(|chips| chips.retain(|other| *other != recipient));
            compose.changed();
            browser::focus("to");
        };
        view! {
            <li class="chip" class:chip-accent=everyone>
                {text}
                <button class="chip-remove" type="button" aria-label=label on:click=remove>
                    <Icon symbol=Symbol::Cross />
                </button>
            </li>
        }
    };
    move || {
        let chips = compose.chips.get();
        (!chips.is_empty()).then(|| {
            view! {
                <ul class="to-chips needs-script" aria-label=words().recipients>
                    {chips.into_iter().map(chip).collect_view()}
                </ul>
            }
        })
    }
}

#[component]
fn Options(compose: Compose) -> impl IntoView {
    let completion = compose.completion;
    move || {
        let options = completion.options.get();
        let offer = |(index, recipient)| view! { <Offer compose index recipient /> };
        (!options.is_empty()).then(|| {
            view! {
                <ul class="listbox" id=LIST_ID role="listbox" aria-label=words().people>
                    {(0..).zip(options).map(offer).collect_view()}
                </ul>
            }
        })
    }
}

#[component]
fn Offer(compose: Compose, index: u64, recipient: Recipient) -> impl IntoView {
    let completion = compose.completion;
    let presence = compose.live.store.presence;
    let text = recipient.to_string();
    let note = match &recipient {
        Recipient::Everyone | Recipient::Topic(_) | Recipient::ExactTopic(_) => None,
        Recipient::Person(name) => {
            let online = presence.with_untracked(|now| now.people.iter().any(|person| person.name == *name));
            online.then(|| view! { <span class="option-note">{words().online}</span> })
        }
    };
    let face = match &recipient {
        Recipient::Everyone | Recipient::Topic(_) | Recipient::ExactTopic(_) => Either::Left(()),
        Recipient::Person(name) => Either::Right(view! { <Avatar name=name.to_string() small=true /> }),
    };
    let pick = move |event: ev::MouseEvent| {
        // The field keeps the focus.
        event.prevent_default();
        choose(compose, recipient.clone());
    };
    view! {
        <li
            class="option"
            id=option_id(index)
            role="option"
            aria-selected=move || if completion.active.get() == index { "true" } else { "false" }
            on:mousedown=pick
        >
            {face}
            {text}
            {note}
        </li>
    }
}

fn option_id(index: u64) -> String {
    format!("to-option-{index}")
}

/// Takes what is offered in place of what was typed.
fn choose(compose: Compose, recipient: Recipient) {
    if let Some(input) = compose.to.get_untracked() {
        input.set_value("");
    }
    compose.add(recipient);
    compose.completion.close();
    compose.changed();
}

fn keydown(compose: Compose, event: &ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
        return;
    }
    let typed = compose.to.get_untracked().map(|input| input.value()).unwrap_or_default();
    let completion = compose.completion;
    let offered = completion.current();
    match (event.key().as_str(), offered) {
        ("ArrowDown", Some(_)) => completion.step(true),
        ("ArrowUp", Some(_)) => completion.step(false),
        ("ArrowDown", None) => completion.offer(compose, &typed),
        ("Enter" | "Tab", Some(recipient)) => choose(compose, recipient),
        ("Escape", Some(_)) => {
            event.stop_propagation();
            completion.close();
        }
        ("Backspace", _) if typed.is_empty() => {
            compose.chips.update(|chips| drop(chips.pop()));
            return compose.changed();
        }
        ("Enter" | "," | " ", _) => {
            // Nothing is sent from this field by a plain *Enter*: the message may not be written yet.
            if compose.take_typed().is_ok() {
                compose.changed();
            }
            completion.close();
        }
        _ => return,
    }
    event.prevent_default();
}
