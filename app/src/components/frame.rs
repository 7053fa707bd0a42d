//! What stands beside every page for somebody who is logged in, and is drawn by the server alone: it stays from the
//! document's beginning to its end. What changes in it, [`crate::paint`] changes.

#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// The markup of the head and the navigation. The browser has the server's elements and needs none.
#[cfg(not(feature = "ssr"))]
pub fn side() -> String {
    String::new()
}

/// The markup of the head and the navigation.
#[cfg(feature = "ssr")]
pub fn side() -> String {
    use super::{Brand, account::Account, nav::Nav};
    use crate::{place::use_place, question::Question, title::name};

    let page = use_place().page.get_untracked();
    let filter = Question::read(&use_place().search.get_untracked()).filter;
    view! {
        <Brand />
        // Seen where there is no room for the navigation.
        <span class="page-name" aria-hidden="true">
            {page.map(|page| name(page, filter))}
        </span>
        <Nav />
        <Account />
        // The form that the buttons of all messages belong to, where there is no script.
        <form id="marks" method="post" action="/state" hidden>
            <input type="hidden" name="next" value=use_place().address() />
        </form>
    }
    .to_html()
}
