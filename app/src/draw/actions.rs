use push_system::message::Message;

use super::{Eye, Markup};
use crate::{components::Symbol, text, words::words};

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
    m.raw("<details class=\"more\"><summary class=\"icon-button\" aria-label=\"").text(w.more).raw("\" title=\"");
    m.text(w.more).raw("\">").icon(Symbol::More).raw("</summary><div class=\"more-menu\">");
    if there {
        if own || eye.admin {
            link(m, message, "edit", Symbol::Pencil, w.edit);
            link(m, message, "delete", Symbol::Bin, w.delete);
        }
        copy(m, "copy", Symbol::Copy, w.copy_text);
    }
    copy(m, "copy_link", Symbol::Link, w.copy_link);
    m.raw("</div></details></div>");
}

fn marks(m: &mut Markup, message: &Message, readable: bool) {
    let w = words();
    if readable {
        mark(m, message, "read", Symbol::Check, (w.mark_read, w.mark_read_key));
        mark(m, message, "unread", Symbol::Circle, (w.mark_unread, w.mark_unread_key));
    }
    mark(m, message, "save", Symbol::Bookmark, (w.save_message, w.save_message_key));
    mark(m, message, "unsave", Symbol::Bookmark, (w.unsave_message, w.unsave_message_key));
    mark(m, message, "archive", Symbol::Archive, (w.archive, w.archive_key));
    mark(m, message, "unarchive", Symbol::Inbox, (w.unarchive, w.unarchive_key));
}

fn mark(m: &mut Markup, message: &Message, act: &'static str, symbol: Symbol, (label, title): (&str, &str)) {
    m.raw("<button class=\"icon-button act-").raw(act).raw(OF_MARKS).raw(act);
    m.raw("\" data-act=\"").raw(act).raw("\" value=\"").number(message.id.0);
    m.raw("\" aria-label=\"").text(label).raw("\" title=\"").text(title).raw("\">").icon(symbol).raw("</button>");
}

/// What a page of its own does where there is no script.
fn link(m: &mut Markup, message: &Message, act: &'static str, symbol: Symbol, label: &str) {
    m.raw("<a class=\"option\" data-act=\"").raw(act).raw("\" href=\"/m/").number(message.id.0).raw("#").raw(act);
    m.raw("\">").icon(symbol).text(label).raw("</a>");
}

fn copy(m: &mut Markup, act: &'static str, symbol: Symbol, label: &str) {
    m.raw("<button class=\"option needs-script\" type=\"button\" data-act=\"").raw(act);
    m.raw("\">").icon(symbol).text(label).raw("</button>");
}

/// Where there is a composer it is filled in; elsewhere the link leads to one.
fn reply(m: &mut Markup, name: &str) {
    m.raw("<a class=\"icon-button reply\" data-act=\"reply\" data-name=\"").text(name).raw("\" href=\"/?to=");
    m.text(&text::encode(&format!("@{name}"))).raw("#compose\" aria-label=\"").text(&words().reply_to(name));
    m.raw("\" title=\"").text(words().reply).raw("\">").icon(Symbol::Reply).raw("</a>");
}
