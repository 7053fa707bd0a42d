use push_system::{
    api::{Filter, HistoryPage},
    ids::MessageId,
    query::Reading,
};

use super::{Eye, Look, Markup, day, empty, filter_name, message};
use crate::{
    components::Symbol,
    question::Question,
    store::{Row, rows},
    words::words,
};

/// Searches to begin with: one of each filter.
const EXAMPLES: [&str; 10] = [
    "from:me",
    "to:me",
    "is:unread",
    "has:link",
    "priority:>=7",
    "tag:backup",
    "in:#ops",
    "after:7d",
    "\"disk full\"",
    "-test",
];

/// What the history answered, or why it did not.
#[derive(Debug)]
pub struct Answered<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The answer.
    pub page: &'a HistoryPage,
    /// Whether another answer is on its way.
    pub loading: bool,
    /// Whether the last one did not come.
    pub failed: bool,
    /// The address of this system.
    pub base_url: &'a str,
}

/// What stands below the search field of the history. `look` knows the state of each message.
pub fn answer(
    m: &mut Markup,
    answered: &Answered<'_>,
    eye: &Eye,
    look: impl Fn(&push_system::message::Message) -> Look,
) {
    let (question, page) = (answered.question, answered.page);
    m.raw("<div class=\"results-head\"><h2>");
    match question.filter {
        _ if !question.words.is_empty() => m.text(&words().results_for(&question.words)),
        Filter::All => m.text(words().results_all),
        filter => m.text(filter_name(filter)),
    };
    m.raw("</h2>");
    if *question != Question::default() {
        m.raw("<a href=\"/history\">").text(words().clear).raw("</a>");
    }
    m.raw("</div>");
    if let Some(reading) = &page.search {
        understood(m, question, reading);
    }
    if answered.failed {
        m.raw("<p class=\"notice notice-bad\" role=\"alert\">").icon(Symbol::Alert).raw("<span>");
        m.text(words().load_failed).raw("</span></p>");
    }
    if page.messages.is_empty() {
        return nothing(m, answered);
    }
    m.raw("<ol class=\"messages\" role=\"list\">");
    let mut messages = page.messages.iter();
    for row in rows([], page.messages.iter().map(|message| (message.id, message.date)), eye.offset_minutes) {
        match (row, messages.as_slice().first()) {
            (Row::Day(date), _) => {
                m.raw("<li class=\"day\">");
                day(m, date, eye);
            }
            (_, Some(next)) => {
                m.raw("<li>");
                message(m, next, eye, look(next));
                messages.next();
            }
            _ => continue,
        }
        m.raw("</li>");
    }
    m.raw("</ol>");
    pager(m, question, page.messages.last().filter(|_| page.has_more).map(|message| message.id));
}

/// The filters of a search, each a link to the search without it; and what was no filter.
fn understood(m: &mut Markup, question: &Question, reading: &Reading) {
    if !reading.chips.is_empty() {
        m.raw("<div class=\"search-chips\">");
    }
    for chip in &reading.chips {
        let without = Question { words: chip.without.clone(), before: None, ..question.clone() };
        m.raw("<a class=\"chip chip-accent\" href=\"").text(&without.address("/history")).raw("\" aria-label=\"");
        m.text(&words().remove_filter(&chip.text)).raw("\"><code>").text(&chip.text).raw("</code>");
        m.icon(Symbol::Cross).raw("</a>");
    }
    if !reading.chips.is_empty() {
        m.raw("</div>");
    }
    for word in &reading.misread {
        m.raw("<p class=\"search-note\">").text(&words().no_filter(word)).raw("</p>");
    }
}

/// What can be searched for beside words.
fn examples(m: &mut Markup) {
    m.raw("<p>").text(words().search_help).raw("</p><div class=\"search-chips\">");
    for typed in EXAMPLES {
        let question = Question { words: typed.to_owned(), ..Question::default() };
        m.raw("<a class=\"chip\" href=\"").text(&question.address("/history")).raw("\"><code>");
        m.text(typed).raw("</code></a>");
    }
    m.raw("</div>");
}

/// The way through the pages. The API pages downwards only, so the way up leads to the newest.
fn pager(m: &mut Markup, question: &Question, older_than: Option<MessageId>) {
    if question.before.is_none() && older_than.is_none() {
        return;
    }
    let newest = question.before.map(|_| Question { before: None, ..question.clone() });
    m.raw("<nav class=\"pager\" aria-label=\"").text(words().pages).raw("\">");
    link(m, newest.as_ref(), "first");
    m.icon(Symbol::ArrowLeft).text(words().newest).raw("</a>");
    link(m, older_than.map(|id| question.older_than(id)).as_ref(), "next");
    m.text(words().load_older).icon(Symbol::ArrowRight).raw("</a></nav>");
}

/// The beginning of a link, which leads nowhere where there is nothing: then it is no link to anyone.
fn link(m: &mut Markup, to: Option<&Question>, rel: &'static str) {
    m.raw("<a class=\"button\" rel=\"").raw(rel);
    match to {
        Some(question) => m.raw("\" href=\"").text(&question.address("/history")).raw("\">"),
        None => m.raw("\" role=\"link\" aria-disabled=\"true\">"),
    };
}

/// Nothing matched, which is not the same as nothing being there yet.
fn nothing(m: &mut Markup, answered: &Answered<'_>) {
    let (w, question) = (words(), answered.question);
    if answered.loading {
        m.raw("<p class=\"feed-end\">").text(w.loading).raw("</p>");
        return;
    }
    if *question == Question::default() {
        let next = |m: &mut Markup| empty::command(m, answered.base_url);
        return empty::empty(m, Symbol::Inbox, (w.empty_title, w.empty_hint), next);
    }
    let matched;
    let (title, hint) = match question.filter {
        _ if !question.words.is_empty() => {
            matched = w.nothing_matched(&question.words);
            (matched.as_str(), w.nothing_matched_hint)
        }
        filter => empty_view(filter),
    };
    let way_back = if question.words.is_empty() { w.show_all } else { w.clear_search };
    empty::empty(m, Symbol::Search, (title, hint), |m| {
        empty::step(m, "/history", way_back);
        if !question.words.is_empty() {
            examples(m);
        }
    });
}

/// Why a view is empty, and what to know about that.
pub fn empty_view(filter: Filter) -> (&'static str, &'static str) {
    let w = words();
    match filter {
        Filter::Unread => (w.all_read_title, w.all_read_hint),
        Filter::Me => (w.none_for_me_title, w.none_for_me_hint),
        Filter::Sent => (w.none_sent_title, w.none_sent_hint),
        Filter::Saved => (w.none_saved_title, w.none_saved_hint),
        Filter::Archived => (w.none_archived_title, w.none_archived_hint),
        Filter::All | Filter::Inbox => (w.empty_title, w.all_read_hint),
    }
}
