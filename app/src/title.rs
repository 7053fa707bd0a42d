//! What the tab is called.

use crate::{place::Page, words::words};

/// The title of a page.
pub fn title(page: Page, unread: u64) -> String {
    let w = words();
    let name = match page {
        Page::Login => w.sign_in,
        Page::Register => w.create_account,
        Page::Inbox => w.inbox,
        Page::History => w.history,
        Page::Settings => w.settings,
    };
    (w.title)(name, unread)
}
