//! Pages that only the server draws, while they are open: what is sent to a topic comes on top of its page, and what the
//! server would draw otherwise by now is loaded anew.

use std::time::Duration;

use js_sys::Reflect;
use leptos::prelude::*;
use push_system::{ids::TopicId, message::Message, topic::Topic};
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use super::{all, number};
use crate::{draw, live::browser, place::Place, store::Store};

/// The messages on the page of a topic.
pub const LIST_ID: &str = "topic-messages";
/// What a form leads to comes within this time, or not at all.
const ANSWERED_WITHIN: Duration = Duration::from_mins(1);
/// Whoever leaves a field may do so by pressing something, which comes first.
const PRESSED_WITHIN: Duration = Duration::from_millis(300);

/// Follows the page while the caller's owner lives.
pub fn follow(store: Store, place: Place, topics: Memo<Vec<Topic>>) {
    let page = Still { place, topics, is_old: StoredValue::new(false), is_leaving: StoredValue::new(false) };
    Effect::new(move |_| page.listen());
    Effect::new(move |before: Option<(Option<TopicId>, Option<Topic>)>| {
        let here = place.topic();
        let now = topics.with(|topics| topics.iter().find(|topic| Some(topic.id) == here).cloned());
        if here.is_some() && before.is_some_and(|before| before.0 == here && before.1 != now) {
            page.grows_old();
        }
        (here, now)
    });
    Effect::new(move |before: Option<Vec<TopicId>>| {
        let now: Vec<_> = topics.with(|all| all.iter().filter(|topic| topic.private).map(|topic| topic.id).collect());
        // The message that the page shows may have been in it.
        let one_is_gone = before.is_some_and(|before| before.iter().any(|topic| !now.contains(topic)));
        if one_is_gone && place.path.with_untracked(|path| path.starts_with("/m/")) {
            browser::load(&place.address());
        }
        now
    });
    Effect::new(move |before: Option<u32>| {
        let resets = store.resets.get();
        // Between what was drawn and a snapshot anything may have happened.
        if before.is_some_and(|before| before != resets) && place.page.get_untracked().is_none() {
            page.grows_old();
        }
        resets
    });
    Effect::new(move |_| {
        store.inbox.track();
        // Pages of older ones stay what they are.
        let newest = place.search.with_untracked(|search| !search.contains("since="));
        if let Some(topic) = place.topic().filter(|_| newest) {
            show_arrived(store, topic);
        }
    });
}

/// The page as the server drew it.
#[derive(Clone, Copy)]
struct Still {
    place: Place,
    topics: Memo<Vec<Topic>>,
    /// Whether it would be drawn otherwise by now.
    is_old: StoredValue<bool>,
    /// Whether a form of it was sent, whose own answer shows more than the page alone.
    is_leaving: StoredValue<bool>,
}

impl Still {
    fn listen(self) {
        let sent = window_event_listener_untyped("submit", move |event| {
            if !event.default_prevented() && posts(&event) {
                self.is_leaving.set_value(true);
                let stays = move || {
                    self.is_leaving.try_set_value(false);
                    self.renew();
                };
                set_timeout(stays, ANSWERED_WITHIN);
            }
        });
        let left =
            window_event_listener_untyped("focusout", move |_| set_timeout(move || self.renew(), PRESSED_WITHIN));
        on_cleanup(move || [sent, left].into_iter().for_each(WindowListenerHandle::remove));
    }

    fn grows_old(self) {
        self.is_old.set_value(true);
        self.renew();
    }

    /// Loads an old page anew once nothing is being written on it; at once for who was taken out of its topic, who is to see
    /// nothing more of it.
    fn renew(self) {
        let is = |value: StoredValue<bool>| value.try_get_value() == Some(true);
        // What became old may have been left meanwhile, for a page that the browser draws.
        if self.place.page.try_get_untracked() != Some(None) {
            self.is_old.try_set_value(false);
            return;
        }
        if is(self.is_old) && !is(self.is_leaving) && (self.is_forbidden() || !is_written_on()) {
            browser::load(&self.place.address());
        }
    }

    fn is_forbidden(self) -> bool {
        let here = self.place.topic();
        here.is_some_and(|here| self.topics.with_untracked(|topics| topics.iter().all(|topic| topic.id != here)))
    }
}

fn posts(event: &web_sys::Event) -> bool {
    let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    form.and_then(|form| form.get_attribute("method")).is_some_and(|method| method.eq_ignore_ascii_case("post"))
}

fn is_written_on() -> bool {
    let of = |field: &Element, name: &str| Reflect::get(field, &name.into()).ok();
    let is_focused = |field: &Element| field.matches(":focus").unwrap_or(false);
    let is_written_in = |field: Element| is_focused(&field) || of(&field, "value") != of(&field, "defaultValue");
    let is_turned = |field: Element| of(&field, "checked") != of(&field, "defaultChecked");
    all("input:not([type='hidden'], [type='checkbox']), textarea").any(is_written_in)
        || all("main form input[type='checkbox']").any(is_turned)
}

/// Puts on top what is newer than what is there.
fn show_arrived(store: Store, topic: TopicId) {
    let Some(list) = browser::by_id(LIST_ID) else { return };
    let shown = list.query_selector("article.message").ok().flatten().and_then(|row| number(&row));
    let arrived: Vec<Message> = store.inbox.with_untracked(|inbox| {
        let newer = inbox.messages().iter().take_while(|message| Some(message.id) > shown);
        newer.filter(|message| message.is_in(topic)).cloned().collect()
    });
    for message in arrived.iter().rev() {
        let look = draw::Look { entering: store.take_fresh(message.id), ..store.look(message) };
        let row = draw::drawn(|m| {
            m.raw("<li>");
            draw::message(m, message, &store.eye(Vec::new()), look);
            m.raw("</li>");
        });
        // It fails only for places that are none.
        list.insert_adjacent_html("afterbegin", &row).ok();
    }
}
