use leptos::{either::Either, prelude::*};
use push_system::accounts::Role;

use super::{
    Avatar, Brand, Icon, Symbol,
    nav::{Way, ways},
};
use crate::{
    app::use_page,
    desk::{Desk, DeskPage, desk_words},
    words::words,
};

/// The frame around a page that only the server renders: it looks like the one that stays, and every link in it loads.
#[component]
pub fn DeskFrame<V: IntoView + 'static>(
    /// The page.
    desk: Desk,
    /// What is on it.
    children: TypedChildren<V>,
) -> impl IntoView {
    // A person's page says whose it is itself.
    let name = if matches!(desk.page, DeskPage::Person { .. }) { desk_words().people.to_owned() } else { desk.name() };
    let links = match desk.page {
        DeskPage::Sessions(_) => Either::Left(view! { <OwnLinks /> }),
        _ => Either::Right(view! { <AdminLinks page=desk.page.clone() /> }),
    };
    view! {
        <div class="desk">
            <header class="side">
                <Brand />
                <span class="page-name" aria-hidden="true">
                    {name}
                </span>
                <nav class="nav" aria-label=words().nav>
                    {links}
                </nav>
                <Viewer />
            </header>
            <main class="main" id="main" tabindex="-1">
                {children.into_inner()()}
            </main>
        </div>
    }
}

/// The ways that the inbox has; what is one's own is a part of the settings.
#[component]
fn OwnLinks() -> impl IntoView {
    let link = |way: Way| {
        let here = if way.href == "/settings" { "true" } else { "" };
        view! { <Link href=way.href symbol=way.symbol text=way.text class=way.class here /> }
    };
    view! { <ul>{ways().map(link).into_iter().collect_view()}</ul> }
}

/// The ways between an admin's pages, and back.
#[component]
fn AdminLinks(page: DeskPage) -> impl IntoView {
    let w = desk_words();
    let people = match page {
        DeskPage::People { .. } => "page",
        DeskPage::Person { .. } => "true",
        _ => "",
    };
    let here = |yes: bool| if yes { "page" } else { "" };
    view! {
        <ul>
            <Link href="/" symbol=Symbol::Inbox text=words().nav_inbox />
        </ul>
        <p class="nav-title">{words().administration}</p>
        <ul>
            <Link href="/admin" symbol=Symbol::People text=w.people here=people />
            <Link
                href="/admin/invitations"
                symbol=Symbol::Link
                text=w.invites
                here=here(matches!(page, DeskPage::Invites { .. }))
            />
            <Link
                href="/admin/log"
                symbol=Symbol::List
                text=w.audit
                here=here(matches!(page, DeskPage::Audit { .. }))
            />
            <Link
                href="/admin/server"
                symbol=Symbol::Sliders
                text=w.server
                here=here(matches!(page, DeskPage::Server { .. }))
            />
        </ul>
    }
}

/// One way. `here` is its `aria-current`: `page` for the page itself, `true` for what it is a part of.
#[component]
fn Link(
    href: &'static str,
    symbol: Symbol,
    text: &'static str,
    #[prop(optional)] here: &'static str,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    view! {
        <li class=class>
            <a class="nav-link" href=href aria-current=(!here.is_empty()).then_some(here)>
                <Icon symbol />
                <span>{text}</span>
            </a>
        </li>
    }
}

/// Who is logged in, and the way out.
#[component]
fn Viewer() -> impl IntoView {
    let me = use_page().viewer.clone()?;
    let (name, admin) = (me.person.name.to_string(), me.role == Role::Admin);
    Some(view! {
        <div class="account">
            <Avatar name=name.clone() />
            <div class="account-text">
                <p class="account-name">{name}</p>
                {admin.then(|| view! { <p class="account-role">{desk_words().role_admin}</p> })}
            </div>
            <form class="account-exit" method="post" action="/logout">
                <button class="icon-button" aria-label=words().sign_out title=words().sign_out>
                    <Icon symbol=Symbol::Exit />
                </button>
            </form>
        </div>
    })
}
