use push_system::{accounts::Person, limits, message::Message, timestamp::Timestamp};

use super::{
    Markup, PRIORITY_HIGH,
    actions::{OF_MARKS, actions},
    avatar::avatar,
    chips::{chip, recipients},
    text::{body, dot, highlighted},
};
use crate::{question::Question, text, words::words};

/// Who reads, when and where.
#[derive(Clone, Debug)]
pub struct Eye {
    /// Who.
    pub me: Person,
    /// Whether they may change what others wrote.
    pub admin: bool,
    /// The time that "ago" counts from.
    pub now: Timestamp,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
    /// Words to mark.
    pub needles: Vec<String>,
}

/// What is changeable about a message's looks.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a class of its own, in any combination")]
pub struct Look {
    /// It shows its dot.
    pub unread: bool,
    /// It is kept at hand.
    pub saved: bool,
    /// It is put away.
    pub archived: bool,
    /// It has just arrived.
    pub entering: bool,
    /// It stands on the page of a public topic and not in the reader's inbox: there is nothing to mark.
    pub outside: bool,
}

impl Look {
    /// The same on a page, for a message that may stand in the reader's inbox or not.
    #[must_use]
    pub fn outside(self, outside: bool) -> Self {
        if outside { Self { outside, ..Self::default() } } else { self }
    }
}

/// Whether a message has the edge of an important one, and is not urgent.
pub fn is_high(priority: u8) -> bool {
    (PRIORITY_HIGH..limits::PRIORITY_URGENT).contains(&priority)
}

/// A message in a list.
pub fn message(m: &mut Markup, message: &Message, eye: &Eye, look: Look) {
    let titled = !message.title.is_empty();
    m.raw("<article class=\"message");
    let classes = [
        (look.unread, " is-unread"),
        (look.saved, " is-saved"),
        (look.archived, " is-archived"),
        (look.entering, " is-entering"),
        (look.outside, " is-outside"),
        (message.deleted.is_some(), " is-deleted"),
    ];
    for (yes, class) in classes {
        if yes {
            m.raw(class);
        }
    }
    begin(m, message, eye, 'm', &message.id.to_string());
    if message.deleted.is_some() {
        m.raw("<p class=\"message-note\">").text(words().deleted).raw("</p>");
    } else {
        body(m, &message.message, &eye.needles, !titled);
    }
    if let Some(link) = &message.click {
        m.raw("<p class=\"message-link\"><a data-act=\"open\" href=\"").text(link);
        m.raw("\" target=\"_blank\" rel=\"noopener nofollow ugc\">").text(&words().open_link(link)).raw("</a></p>");
    }
    if let Some(at) = message.edited.filter(|_| message.deleted.is_none()) {
        m.raw("<p class=\"message-note\">").text(words().edited).raw(" ");
        time(m, at, eye);
        m.raw("</p>");
    }
    actions(m, message, eye, look.outside);
    if !look.outside {
        pick(m, message);
    }
    m.raw("</article>");
}

/// The beginning of a message, or of what will be one: from its classes to its title. `kind` and `key` make its id.
pub(super) fn begin(m: &mut Markup, message: &Message, eye: &Eye, kind: char, key: &str) {
    let id = format!("{kind}{key}");
    let titled = !message.title.is_empty();
    if message.sender.id == eye.me.id {
        m.raw(" is-own");
    }
    if message.is_urgent() {
        m.raw(" is-urgent");
    } else if is_high(message.priority) {
        m.raw(" is-high");
    }
    m.raw("\" id=\"").text(&id).raw("\" tabindex=\"-1\" aria-labelledby=\"").text(&id).raw("-from");
    if titled {
        m.raw(" ").text(&id).raw("-title");
    }
    m.raw("\">");
    avatar(m, message.sender.name.as_str(), "");
    head(m, message, eye, &id);
    if titled {
        m.raw("<h3 class=\"message-title\" id=\"").text(&id).raw("-title\" dir=\"auto\">");
        dot(m);
        highlighted(m, &message.title, &eye.needles);
        m.raw("</h3>");
    }
}

/// Who, to whom, how important, and when.
fn head(m: &mut Markup, message: &Message, eye: &Eye, id: &str) {
    let own = message.sender.id == eye.me.id;
    let from = if own { words().you } else { message.sender.name.as_str() };
    m.raw("<header class=\"message-head\"><span class=\"message-from\" id=\"").text(id).raw("-from\" dir=\"auto\">");
    // What is only being sent has no address yet, and is nothing to be found.
    let stored = message.id.0 > 0;
    if stored {
        sent_by(m, message.sender.name.as_str(), |m| {
            // What the reader is called here stands in no message.
            highlighted(m, from, if own { &[] } else { &eye.needles });
        });
    } else {
        m.text(from);
    }
    m.raw("</span>");
    recipients(m, &message.to, &message.topics, eye.me.name.as_str());
    if message.is_urgent() {
        chip(m, " chip-bad", words().urgent);
    } else if is_high(message.priority) {
        chip(m, " chip-warning", words().high);
    }
    for tag in &message.tags {
        m.raw("<span class=\"chip\">");
        highlighted(m, tag, &eye.needles);
        m.raw("</span>");
    }
    m.raw("<span class=\"message-time\">");
    if stored {
        m.raw("<a href=\"/m/").number(message.id.0).raw("\">");
    }
    time(m, message.date, eye);
    m.raw(if stored { "</a></span></header>" } else { "</span></header>" });
}

/// The way to all that somebody sent.
pub fn sent_by(m: &mut Markup, name: &str, shown: impl FnOnce(&mut Markup)) {
    let sent = Question { words: format!("from:@{name}"), ..Question::default() };
    m.raw("<a href=\"").text(&sent.address("/history")).raw("\">");
    shown(m);
    m.raw("</a>");
}

/// The box by which a message is picked, to do something with several.
fn pick(m: &mut Markup, message: &Message) {
    m.raw("<input class=\"pick\" type=\"checkbox").raw(OF_MARKS).raw("id\" autocomplete=\"off\" value=\"");
    m.number(message.id.0).raw("\" aria-label=\"").text(words().pick).raw("\">");
}

/// How long ago, with the exact time on hover. [`crate::paint`] keeps it true.
fn time(m: &mut Markup, at: Timestamp, eye: &Eye) {
    m.raw("<time datetime=\"").text(&at.to_string()).raw("\" title=\"").text(&text::absolute(at, eye.offset_minutes));
    m.raw("\">").text(&text::relative(words(), at, eye.now, eye.offset_minutes)).raw("</time>");
}

/// The heading of a day, counted from 1970-01-01.
pub fn day(m: &mut Markup, day: i64, eye: &Eye) {
    let label = text::day_label(words(), day, eye.now.day(eye.offset_minutes));
    m.raw("<h2><time datetime=\"").text(&text::iso_day(day)).raw("\">").text(&label).raw("</time></h2>");
}
