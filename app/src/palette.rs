//! Everything by name: the dialog of commands. In the browser only.

use leptos::{ev, prelude::*, task::spawn_local};
use push_system::{api::Filter, topic::Topic};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlInputElement};

use crate::{
    api,
    components::{COMPOSER_ID, PALETTE_ID},
    context::Theme,
    draw::{Markup, drawn, filter_name},
    keyboard,
    live::{Live, browser},
    paint::all,
    place::{Page, Place},
    question::Question,
    words::words,
};

const FIELD_ID: &str = "command";
const LIST_ID: &str = "commands";
/// More would not be looked through.
const SHOWN: usize = 12;

/// Something to do. What it does is an address, or `!` and a name of [`perform`].
struct Command {
    label: String,
    note: &'static str,
    target: String,
}

/// Listens while the caller's owner lives.
pub fn listen(live: Live, place: Place) {
    let asked = StoredValue::new(0_u64);
    let listeners = [
        window_event_listener(ev::input, move |event| {
            if is_field(&event) {
                fill(live, asked);
            }
        }),
        window_event_listener(ev::keydown, move |event| {
            if event.has_type::<ev::KeyboardEvent>() && is_field(&event) && keydown(live, place, &event) {
                event.prevent_default();
            }
        }),
        window_event_listener(ev::click, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let option = target.and_then(|target| target.closest("#commands [role='option']").ok().flatten());
            if let Some(option) = option {
                choose(live, place, &option);
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
}

/// Opens the dialog; the browser gives the focus back when it closes.
pub fn open(live: Live) {
    let Some(dialog) = dialog().filter(|dialog| !dialog.open()) else { return };
    if let Some(field) = field() {
        field.set_value("");
    }
    show(&commands(live, ""));
    select(0);
    if dialog.show_modal().is_ok() {
        browser::focus(FIELD_ID);
    }
}

fn dialog() -> Option<HtmlDialogElement> {
    browser::by_id(PALETTE_ID)?.dyn_into().ok()
}

fn field() -> Option<HtmlInputElement> {
    browser::by_id(FIELD_ID)?.dyn_into().ok()
}

fn is_field(event: &web_sys::Event) -> bool {
    event.target().and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|target| target.id() == FIELD_ID)
}

/// Shows what fits what is typed: at once what the page knows, then people, or behind `#` the topics one has not joined.
fn fill(live: Live, asked: StoredValue<u64>) {
    let typed = field().map(|field| field.value().trim().to_owned()).unwrap_or_default();
    let mut found = commands(live, &typed);
    show(&found);
    select(0);
    let question = asked.get_value() + 1;
    asked.set_value(question);
    if typed.trim_start_matches('@').is_empty() {
        return;
    }
    spawn_local(async move {
        let mut more = ask(&typed.to_lowercase()).await;
        more.retain(|command| found.iter().all(|known| known.target != command.target));
        more.truncate(SHOWN);
        if asked.try_get_value() != Some(question) || more.is_empty() {
            return;
        }
        let last = found.pop();
        found.extend(more);
        found.extend(last);
        // Whoever has gone down the list meanwhile stays where they are.
        let chosen = selected().filter(|option| option.previous_element_sibling().is_some());
        let chosen = chosen.and_then(|option| option.get_attribute("data-target"));
        show(&found);
        select(found.iter().position(|command| Some(&command.target) == chosen.as_ref()).unwrap_or_default());
    });
}

/// What only the server knows.
async fn ask(typed: &str) -> Vec<Command> {
    if let Some(name) = typed.strip_prefix('#') {
        let mut topics = api::topics().await.unwrap_or_default();
        topics.retain(|info| info.topic.name.as_str().to_lowercase().contains(name));
        return topics.iter().map(|info| to_topic(&info.topic)).collect();
    }
    let people = api::people(typed.trim_start_matches('@')).await.unwrap_or_default();
    people.iter().map(|person| sent_by(person.name.as_str())).collect()
}

fn sent_by(name: &str) -> Command {
    Command {
        target: Question { words: format!("from:@{name}"), ..Question::default() }.address("/history"),
        label: format!("@{name}"),
        note: words().command_person,
    }
}

fn to_topic(topic: &Topic) -> Command {
    Command { target: format!("/topics/{}", topic.id), label: format!("#{}", topic.name), note: words().command_topic }
}

fn commands(live: Live, typed: &str) -> Vec<Command> {
    let w = words();
    let command = |label: &str, note: &'static str, target: &str| Command {
        label: label.to_owned(),
        note,
        target: target.to_owned(),
    };
    let mut all = vec![command(w.inbox, w.command_view, "/")];
    for filter in [Filter::Unread, Filter::Saved, Filter::Sent, Filter::Archived, Filter::Me] {
        all.push(command(filter_name(filter), w.command_view, &format!("/?filter={}", filter.as_str())));
    }
    all.push(command(w.history, w.command_view, "/history"));
    all.push(command(w.topics, w.command_view, "/topics"));
    live.store.inbox.with_untracked(|inbox| {
        for topic in inbox.topics() {
            all.push(to_topic(topic));
        }
    });
    all.extend([
        command(w.key_write, w.command_action, &format!("/#{COMPOSER_ID}")),
        command(w.mark_all_read, w.command_action, "!read_all"),
        command(w.theme_system, w.command_theme, "!system"),
        command(w.theme_light, w.command_theme, "!light"),
        command(w.theme_dark, w.command_theme, "!dark"),
        command(w.settings, w.command_action, "/settings"),
        command(w.keyboard, w.command_action, "!help"),
    ]);
    let wanted = typed.to_lowercase();
    all.retain(|command| command.label.to_lowercase().contains(&wanted));
    all.truncate(SHOWN);
    if !typed.is_empty() {
        let target = Question { words: typed.to_owned(), ..Question::default() }.address("/history");
        all.push(Command { label: w.results_for(typed), note: w.search, target });
    }
    all
}

fn show(commands: &[Command]) {
    let options = drawn(|m| {
        for (index, command) in commands.iter().enumerate() {
            option(m, index, command);
        }
    });
    if let Some(list) = browser::by_id(LIST_ID) {
        list.set_inner_html(&options);
    }
}

fn option(m: &mut Markup, index: usize, command: &Command) {
    m.raw("<li class=\"option\" role=\"option\" id=\"command-").number(index as u64).raw("\" data-target=\"");
    m.text(&command.target).raw("\">").text(&command.label).raw("<span class=\"option-note\">").text(command.note);
    m.raw("</span></li>");
}

fn options() -> Vec<Element> {
    all("#commands [role='option']").collect()
}

/// The one that *Enter* chooses.
fn selected() -> Option<Element> {
    all("#commands [aria-selected='true']").next()
}

/// Marks the one that *Enter* chooses.
fn select(wanted: usize) {
    for (index, option) in options().iter().enumerate() {
        // Attributes of these names are always allowed.
        option.set_attribute("aria-selected", if index == wanted { "true" } else { "false" }).ok();
        if index == wanted {
            option.scroll_into_view_with_bool(false);
        }
    }
    if let Some(field) = field() {
        field.set_attribute("aria-activedescendant", &format!("command-{wanted}")).ok();
    }
}

fn keydown(live: Live, place: Place, event: &ev::KeyboardEvent) -> bool {
    let options = options();
    let at = options.iter().position(|option| option.get_attribute("aria-selected").as_deref() == Some("true"));
    let at = at.unwrap_or_default();
    match event.key().as_str() {
        _ if options.is_empty() || event.is_composing() => return false,
        "ArrowDown" => select((at + 1) % options.len()),
        "ArrowUp" => select((at + options.len() - 1) % options.len()),
        "Enter" => choose(live, place, &options[at]),
        _ => return false,
    }
    true
}

fn choose(live: Live, place: Place, option: &Element) {
    let target = option.get_attribute("data-target").unwrap_or_default();
    if let Some(dialog) = dialog() {
        dialog.close();
    }
    match target.strip_prefix('!') {
        Some(name) => perform(live, name),
        None => go(place, &target),
    }
}

fn go(place: Place, address: &str) {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    if Page::at(path).is_some_and(Page::is_live) {
        place.go(address);
    } else {
        // It fails only for addresses that are none.
        window().location().assign(address).ok();
    }
}

fn perform(live: Live, name: &str) {
    match name {
        "help" => {
            keyboard::open_help();
        }
        "read_all" => live.mark_all_read(live.store.inbox.with_untracked(push_system::inbox::Inbox::seq)),
        theme => {
            browser::set_cookie(Theme::COOKIE, theme);
            browser::set_root("data-theme", theme);
        }
    }
}
