use push_system::api::Filter;

use super::Markup;
use crate::{components::Symbol, question::Question, words::words};

/// A search field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searching {
    /// Above the inbox: its results are the history's.
    Inbox,
    /// Of the history itself.
    History,
}

/// The form that leads to the history. [`crate::acts`] answers it without loading a page.
pub fn search(m: &mut Markup, searching: Searching, question: &Question) {
    let (w, history) = (words(), searching == Searching::History);
    m.raw("<form class=\"").raw(if history { "history-form" } else { "search" });
    m.raw("\" role=\"search\" method=\"get\" action=\"/history\" data-act=\"search\">");
    if history {
        m.raw("<div class=\"toolbar\"><div class=\"search\">");
    }
    m.icon(Symbol::Search).raw("<label class=\"visually-hidden\" for=\"q\">").text(w.search_messages);
    m.raw("</label><input class=\"search-input\" id=\"q\" name=\"q\" type=\"search\" autocomplete=\"off\" ");
    m.raw("aria-keyshortcuts=\"/\" value=\"").text(&question.words).raw("\" placeholder=\"");
    m.text(if history { w.search_hint } else { w.search_messages }).raw("\">");
    if history {
        m.raw("</div><button class=\"button button-primary\">").text(w.search).raw("</button></div>");
        // What is not cut to a filter says nothing about it.
        m.raw("<input type=\"hidden\" name=\"filter\" value=\"").raw(question.filter.as_str());
        m.raw(if question.filter == Filter::All { "\" disabled>" } else { "\">" });
    } else {
        m.raw("<kbd class=\"needs-script\" aria-hidden=\"true\">/</kbd>");
    }
    m.raw("</form>");
}

/// Filters as links: what is shown is in the address.
pub fn segmented(m: &mut Markup, path: &'static str, question: &Question, filters: &[Filter]) {
    m.raw("<nav class=\"segmented\" aria-label=\"").text(words().show).raw("\">");
    for filter in filters {
        m.raw("<a data-filter=\"").raw(filter.as_str()).raw("\" href=\"");
        m.text(&question.with_filter(*filter).address(path)).raw("\"");
        if *filter == question.filter {
            m.raw(" aria-current=\"page\"");
        }
        m.raw(">").text(filter_name(*filter)).raw("</a>");
    }
    m.raw("</nav>");
}

/// What a filter is called.
pub fn filter_name(filter: Filter) -> &'static str {
    match filter {
        Filter::All => words().filter_all,
        Filter::Inbox => words().inbox,
        Filter::Saved => words().filter_saved,
        Filter::Archived => words().filter_archived,
        Filter::Unread => words().filter_unread,
        Filter::Me => words().filter_me,
        Filter::Sent => words().filter_sent,
    }
}
