//! What the pages are called.

use push_system::api::Filter;

use crate::{draw::filter_name, place::Page, words::words};

/// The name of a page. The views that are no part of the inbox have names of their own.
pub fn name(page: Page, filter: Filter) -> &'static str {
    let w = words();
    match (page, filter) {
        (Page::Login, _) => w.sign_in,
        (Page::Register, _) => w.create_account,
        (Page::Inbox, Filter::Saved | Filter::Sent | Filter::Archived) => filter_name(filter),
        (Page::Inbox, _) => w.inbox,
        (Page::History, _) => w.history,
        (Page::Settings, _) => w.settings,
    }
}

/// The title of a page's tab.
pub fn title(page: Page, filter: Filter, unread: u64) -> String {
    titled(name(page, filter), unread)
}

/// The title of a tab whose page is called so.
pub fn titled(name: &str, unread: u64) -> String {
    if unread == 0 { words().title(name) } else { words().title_unread(unread, name) }
}
