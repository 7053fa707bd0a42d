mod completion;
mod recipients;
mod state;

use leptos::{either::Either, ev, html, prelude::*};
use push_system::limits;

use self::{recipients::ToField, state::Compose};
use super::{FieldError, Icon, Symbol, value_of};
use crate::{
    app::use_page,
    context::Form,
    draw::PRIORITY_HIGH,
    live::{browser, use_live},
    words::words,
};

/// The form's id.
pub const COMPOSER_ID: &str = "compose";
/// The id of the field the text is written in.
pub const MESSAGE_ID: &str = "message";
/// The id of the sentence that says what is wrong.
const ERROR_ID: &str = "compose-error";

/// Where messages are written. A plain form whose fields nobody controls, so that what is typed before hydration stays;
/// with script it sends over the socket and keeps a draft.
#[component]
pub fn Composer(
    /// Whom the address says the message is for.
    to: String,
) -> impl IntoView {
    let live = use_live();
    let compose = Compose::new(live);
    let key = live.draft_key.get_untracked();
    let refused_to = value_of(Form::Compose, "to");
    let to = if refused_to.is_empty() { to } else { refused_to };
    compose.follow();

    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        compose.submit();
    };
    let keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            compose.submit();
        }
    };
    view! {
        <form
            class="composer"
            class:has-error=move || compose.error.with(Option::is_some)
            id=COMPOSER_ID
            method="post"
            action="/"
            aria-label=words().new_message
            on:submit=submit
            on:keydown=keydown
            on:input=move |_| compose.changed()
        >
            <input type="hidden" name="idempotency_key" value=key />
            <ToField compose to />
            <Texts compose />
            {move || {
                compose.error.get().map(|refusal| view! { <FieldError id=ERROR_ID.to_owned() text=refusal.detail /> })
            }}
            <Foot compose />
        </form>
    }
}

#[component]
fn Texts(compose: Compose) -> impl IntoView {
    let text = value_of(Form::Compose, "message");
    let invalid = move || compose.blames("message").then_some("true");
    let described = move || compose.blames("message").then_some(ERROR_ID);
    let area = html::textarea()
        .class("composer-input")
        .id(MESSAGE_ID)
        .name("message")
        .attr("rows", "2")
        .placeholder(words().message_hint)
        .attr("aria-keyshortcuts", "Control+Enter")
        .attr("aria-required", "true")
        .attr("aria-invalid", invalid)
        .attr("aria-describedby", described)
        .node_ref(compose.message);
    // An empty text node is rendered as a space, and a parser drops a first line break: each would change the text.
    let area = if text.is_empty() { Either::Left(area) } else { Either::Right(area.inner_html(content(&text))) };
    view! {
        <label class="visually-hidden" for="title">
            {words().title_field}
        </label>
        <input
            class="composer-input composer-title"
            id="title"
            name="title"
            maxlength=limits::TITLE_CHARS.to_string()
            placeholder=words().title_field
            autocomplete="off"
            value=value_of(Form::Compose, "title")
            aria-invalid=move || compose.blames("title").then_some("true")
            aria-describedby=move || compose.blames("title").then_some(ERROR_ID)
            node_ref=compose.title
        />
        <label class="visually-hidden" for=MESSAGE_ID>
            {words().message_field}
        </label>
        <div class="grow" data-value=text node_ref=compose.grow>
            {area}
        </div>
    }
}

/// A text as the markup of a text field. Leptos writes what stands in one as it is, so `</textarea>` would end it.
fn content(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[component]
fn Foot(compose: Compose) -> impl IntoView {
    let chosen = value_of(Form::Compose, "priority");
    let option = |priority: u8, text: &'static str| {
        let value = priority.to_string();
        let selected = value == chosen;
        view! {
            <option value=value selected=selected>
                {text}
            </option>
        }
    };
    let state =
        move || compose.saved.get().map(|kept| if kept { words().draft_saved } else { words().draft_not_saved });
    // The page knows only after hydration which keyboard it is at.
    let apple = RwSignal::new(false);
    Effect::new(move |_| apple.set(browser::is_apple()));
    view! {
        <div class="composer-foot">
            <label class="visually-hidden" for="priority">
                {words().priority}
            </label>
            <span class="select select-quiet">
                <select id="priority" name="priority" node_ref=compose.priority>
                    {option(0, words().priority_normal)} {option(PRIORITY_HIGH, words().priority_high)}
                    {option(limits::PRIORITY_URGENT, words().priority_urgent)}
                </select>
                <Icon symbol=Symbol::ChevronDown />
            </span>
            <span class="composer-state needs-script">{state}</span>
            <button class="button button-primary composer-send">
                {words().send} " " <kbd class="needs-script" aria-hidden="true">
                    {move || if apple.get() { "⌘↵" } else { "Ctrl ↵" }}
                </kbd>
            </button>
        </div>
    }
}

/// What the server refused, shown again on the page it answers with.
fn first_refusal() -> Option<crate::context::FormRefusal> {
    let page = use_page();
    let state = page.form.as_ref().filter(|state| state.form == Form::Compose)?;
    state.refusal.clone()
}
