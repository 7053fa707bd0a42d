use push_system::message::Message;

use super::{Eye, Markup};
use crate::{text, words::words};

/// Puts what the server draws into the page's one form of marks, which works without script. What the browser draws is in
/// none: there are six buttons in a row, and for each that comes to a form or goes, Chromium looks through all elements of
/// the page for the form's first.
pub(super) const OF_MARKS: &str = if cfg!(feature = "ssr") { "\" form=\"marks\" name=\"" } else { "\" name=\"" };

/// What can be done with a message. Of two buttons that are each other's opposites, the style sheet shows the one that makes
/// sense.
pub(super) fn actions(m: &mut Markup, message: &Message, eye: &Eye, outside: bool) {
    let w = words();
    let own = message.sender.id == eye.me.id;
    let there = message.deleted.is_none();
    m.raw("<div class=\"message-actions\">");
    if !outside {
        marks(m, message, !own && there);
    }
    if !own {
        reply(m, message.sender.name.as_str());
    }
    let changeable = there && (own || eye.admin);
    // All else in it is done by script.
    m.raw("<details class=\"more").raw(if changeable { "" } else { " needs-script" });
    m.raw("\"><summary class=\"icon-button act-more\" aria-label=\"").text(w.more);
    m.raw("\" title=\"").text(w.more).raw("\"></summary><div class=\"more-menu\">");
    if there {
        if changeable {
            link(m, message, "edit", w.edit);
            link(m, message, "delete", w.delete);
        }
        copy(m, "copy", w.copy_text);
    }
    copy(m, "copy_link", w.copy_link);
    m.raw("</div></details></div>");
}

fn marks(m: &mut Markup, message: &Message, readable: bool) {
    let w = words();
    if readable {
        mark(m, message, "read", (w.mark_read, w.mark_read_key));
        mark(m, message, "unread", (w.mark_unread, w.mark_unread_key));
    }
    mark(m, message, "save", (w.save_message, w.save_message_key));
    mark(m, message, "unsave", (w.unsave_message, w.unsave_message_key));
    mark(m, message, "archive", (w.archive, w.archive_key));
    mark(m, message, "unarchive", (w.unarchive, w.unarchive_key));
}

fn mark(m: &mut Markup, message: &Message, act: &'static str, (label, title): (&str, &str)) {
    m.raw("<button class=\"icon-button act-").raw(act).raw(OF_MARKS).raw(act);
    m.raw("\" data-act=\"").raw(act).raw("\" value=\"").number(message.id.0);
    m.raw("\" aria-label=\"").text(label).raw("\" title=\"").text(title).raw("\"></button>");
}

/// What a page of its own does where there is no script.
fn link(m: &mut Markup, message: &Message, act: &'static str, label: &str) {
    m.raw("<a class=\"option act-").raw(act).raw("\" data-act=\"").raw(act);
    m.raw("\" href=\"/m/").number(message.id.0).raw("#").raw(act).raw("\">").text(label).raw("</a>");
}

fn copy(m: &mut Markup, act: &'static str, label: &str) {
    m.raw("<button class=\"option needs-script act-").raw(act).raw("\" type=\"button\" data-act=\"").raw(act);
    m.raw("\">").text(label).raw("</button>");
}

/// Where there is a composer it is filled in; elsewhere the link leads to one.
fn reply(m: &mut Markup, name: &str) {
    m.raw("<a class=\"icon-button act-reply\" data-act=\"reply\" data-name=\"").text(name).raw("\" href=\"/?to=");
    m.text(&text::encode(&format!("@{name}"))).raw("#compose\" aria-label=\"").text(&words().reply_to(name));
    m.raw("\" title=\"").text(words().reply).raw("\"></a>");
}

#[cfg(test)]
mod tests {
    use push_system::{
        accounts::{Person, Username},
        ids::UserId,
        timestamp::Timestamp,
    };

    use super::*;
    use crate::{components::Symbol, draw::drawn, store::tests};

    const STYLE: &str = include_str!("../../../style/components/message.css");
    const ICONS: &str = include_str!("../../../public/icons.svg");

    fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
        text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
    }

    #[test]
    fn all_that_can_be_done_has_an_icon() {
        let me = Person { id: UserId(2), name: Username::parse("bob").unwrap() };
        let eye = Eye { me, admin: true, now: Timestamp::default(), offset_minutes: 0, needles: Vec::new() };
        let row = drawn(|m| actions(m, &tests::message(1, "hello"), &eye, false));
        let names: Vec<_> = between(ICONS, "<path id=\"", '"').collect();
        let icon = |act: &str| {
            let rule = format!(".act-{act} {{ --icon: ");
            let place = between(STYLE, &rule, ';').next().unwrap_or_else(|| panic!("{act} has no rule"));
            names[place.parse::<usize>().unwrap()]
        };
        let acts: Vec<_> = between(&row, " act-", '"').map(|act| (act, icon(act))).collect();
        let expected = [
            ("read", "check"),
            ("unread", "circle"),
            ("save", "bookmark"),
            ("unsave", "bookmark-filled"),
            ("archive", "archive"),
            ("unarchive", "inbox"),
            ("reply", "reply"),
            ("more", "more"),
            ("edit", "pencil"),
            ("delete", "bin"),
            ("copy", "copy"),
            ("copy_link", "link"),
        ];
        assert_eq!(acts, expected);
    }

    #[test]
    fn icons_stand_side_by_side() {
        for (place, line) in ICONS.lines().filter(|line| line.contains("<path")).enumerate().skip(1) {
            assert!(line.contains(&format!(" transform=\"translate({})\"", place * 24)), "{line}");
        }
    }

    #[test]
    fn what_has_the_same_icon_elsewhere_looks_the_same() {
        let elsewhere = [
            ("archive", Symbol::Archive),
            ("bookmark", Symbol::Bookmark),
            ("bookmark-filled", Symbol::Bookmark),
            ("check", Symbol::Check),
            ("circle", Symbol::Circle),
            ("copy", Symbol::Copy),
            ("inbox", Symbol::Inbox),
            ("link", Symbol::Link),
        ];
        for (name, symbol) in elsewhere {
            let line = ICONS.lines().find(|line| line.contains(&format!("id=\"{name}\""))).unwrap_or_default();
            assert_eq!(between(line, " d=\"", '"').next(), Some(symbol.path()), "{name}");
        }
    }
}
