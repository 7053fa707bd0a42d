use leptos::prelude::*;
use push_system::{accounts::Person, session::client::Status};

#[cfg(feature = "ssr")]
use crate::app::use_page;
use crate::{
    draw::{self, Markup, drawn},
    live::use_live,
    words::words,
};

/// People listed; the others are counted.
const SHOWN: usize = 12;

/// Beside the pages on a wide screen: who is online, and how programs send.
#[component]
pub fn Rail() -> impl IntoView {
    view! {
        <aside class="rail" aria-label=words().rail>
            <Online />
            <section class="card script-card" aria-labelledby="script" inner_html=script() />
        </aside>
    }
}

/// How programs send: the server draws it, and it stays.
#[cfg(feature = "ssr")]
fn script() -> String {
    let page = use_page();
    drawn(|m| {
        m.raw("<h2 id=\"script\">").text(words().send_from_script).raw("</h2>");
        draw::command(m, &page.base_url);
    })
}

#[cfg(not(feature = "ssr"))]
fn script() -> String {
    String::new()
}

#[component]
fn Online() -> impl IntoView {
    let store = use_live().store;
    let presence = store.presence;
    let count = Memo::new(move |_| presence.with(|presence| presence.count));
    // While nothing arrives, the list is what it was: a connection that is only being opened is not gone yet.
    let stale = Memo::new(move |_| match store.status.get() {
        Status::Live => false,
        Status::Connecting => store.banner.get(),
        Status::Waiting(_) | Status::Offline | Status::Stopped(_) => true,
    });
    let me = store.user_id();
    let shown = move || {
        drawn(|m| {
            let count = count.get();
            let heading = if stale.get() { words().online_before(count) } else { words().online_now(count) };
            m.raw("<h2 id=\"online\">").text(&heading).raw("</h2><ul class=\"people\">");
            presence.with(|presence| {
                for one in presence.people.iter().take(SHOWN) {
                    person(m, one, one.id == me);
                }
                m.raw("</ul>");
                let hidden = presence.count.saturating_sub(presence.people.len().min(SHOWN) as u64);
                if hidden > 0 {
                    m.raw("<p class=\"people-more\">").text(&words().and_more_people(hidden)).raw("</p>");
                }
            });
        })
    };
    view! {
        // Who reads this is online, but only a socket is counted: nobody is what a page without one knows.
        <section
            class="online"
            class:is-unknown=move || count.get() == 0
            class:is-stale=stale
            aria-labelledby="online"
            inner_html=shown
        />
    }
}

fn person(m: &mut Markup, person: &Person, own: bool) {
    m.raw("<li class=\"person\">");
    draw::avatar(m, person.name.as_str(), " avatar-small is-online");
    m.raw("<span class=\"person-name\" dir=\"auto\">");
    let name = person.name.as_str();
    draw::sent_by(m, name, |m| {
        m.text(if own { words().you } else { name });
    });
    m.raw("</span></li>");
}
