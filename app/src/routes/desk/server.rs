use leptos::{either::Either, prelude::*};
use push_system::admin::ServerSettings;

use super::{DoneNotice, PageHead, RefusedNotice};
use crate::desk::{Desk, ONLY_FORM, desk_words};

/// `/admin/server`: what holds for everybody.
#[component]
pub(super) fn ServerPage(settings: ServerSettings, fixed: bool, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let state = match (fixed, settings.registration_open) {
        (true, _) => w.registration_fixed,
        (false, true) => w.registration_is_open,
        (false, false) => w.registration_is_closed,
    };
    let form = if fixed {
        Either::Left(())
    } else {
        Either::Right(view! { <RegistrationForm open=settings.registration_open /> })
    };
    view! {
        <PageHead title=w.server.to_owned() hint=w.server_hint />
        <DoneNotice done=desk.done />
        <section class="card setting" aria-labelledby="registration">
            <h2 id="registration">{w.registration}</h2>
            <p>{state}</p>
            <RefusedNotice desk form=ONLY_FORM />
            {form}
        </section>
    }
}

#[component]
fn RegistrationForm(open: bool) -> impl IntoView {
    let w = desk_words();
    let (value, label) = if open { ("closed", w.close_registration) } else { ("open", w.open_registration) };
    view! {
        <form method="post" action="/admin/server">
            <button class="button" name="registration" value=value>
                {label}
            </button>
        </form>
    }
}
