//! The pages that only the server renders for people who are logged in, one file each.

mod audit;
mod invites;
mod people;
mod person;
mod server;
mod sessions;

use leptos::{
    either::{Either, EitherOf6},
    prelude::*,
};

use self::{
    audit::AuditLog, invites::Invitations, people::People, person::PersonPage, server::ServerPage, sessions::Sessions,
};
use crate::{
    components::{BadNotice, DeskFrame, GoodNotice},
    desk::{Desk, DeskPage, Done},
};

/// One of them.
#[component]
pub fn DeskRoute(
    /// Which, with what it shows.
    desk: Desk,
) -> impl IntoView {
    let frame = desk.clone();
    let content = match desk.page.clone() {
        DeskPage::Sessions(sessions) => EitherOf6::A(view! { <Sessions sessions desk /> }),
        DeskPage::People { people, search, later, next } => EitherOf6::B(view! { <People people search later next /> }),
        DeskPage::Person { user, sessions, password } => {
            EitherOf6::C(view! { <PersonPage user=*user sessions password desk /> })
        }
        DeskPage::Invites { invites, made } => EitherOf6::D(view! { <Invitations invites made desk /> }),
        DeskPage::Audit { page, later } => EitherOf6::E(view! { <AuditLog page later /> }),
        DeskPage::Server { settings, fixed } => EitherOf6::F(view! { <ServerPage settings fixed desk /> }),
        // These stand in the frame of the inbox.
        DeskPage::Message { .. } | DeskPage::Topics(_) | DeskPage::Topic { .. } => return Either::Left(()),
    };
    Either::Right(view! { <DeskFrame desk=frame>{content}</DeskFrame> })
}

/// What a page is called, and what it is for.
#[component]
fn PageHead(title: String, hint: &'static str) -> impl IntoView {
    view! {
        <div class="page-head">
            <h1>{title}</h1>
            <p>{hint}</p>
        </div>
    }
}

/// What was done just now.
#[component]
fn DoneNotice(#[prop(optional_no_strip)] done: Option<Done>) -> impl IntoView {
    done.map(|done| view! { <GoodNotice text=done.sentence() /> })
}

/// Why a form was refused, where no field of it says so itself. A refused form may stand far down: the focus goes there,
/// with script and without.
#[component]
fn RefusedNotice(
    desk: Desk,
    #[prop(into)] form: String,
    #[prop(optional)] fields: &'static [&'static str],
) -> impl IntoView {
    let refusal = desk.refusal_of(&form).cloned();
    let general = refusal.filter(|refusal| !fields.iter().any(|field| refusal.field.as_deref() == Some(field)));
    general.map(|refusal| {
        view! {
            <div class="refused" tabindex="-1" autofocus>
                <BadNotice text=refusal.detail />
            </div>
        }
    })
}

/// Why this field of a form was refused.
fn refused_at(desk: &Desk, form: &str, field: &str) -> Option<String> {
    let refusal = desk.refusal_of(form).filter(|refusal| refusal.field.as_deref() == Some(field))?;
    Some(refusal.detail.clone())
}
