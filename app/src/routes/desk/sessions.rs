use leptos::{either::Either, prelude::*};
use push_system::admin::SessionInfo;

use super::{DoneNotice, PageHead, RefusedNotice, refused_at};
use crate::{
    app::use_page,
    components::{BadNotice, Icon, OwnPassword, SessionFacts, Symbol, device_name},
    desk::{Desk, OTHERS, desk_words},
    text,
    words::words,
};

/// Where the form is answered.
const ACTION: &str = "/settings/sessions";

/// `/settings/sessions`: where one is logged in, and the ways to end that.
#[component]
pub(super) fn Sessions(sessions: Vec<SessionInfo>, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let others = sessions.iter().any(|session| !session.current);
    let gone = desk.refused.clone().filter(|refused| {
        refused.form != OTHERS && !sessions.iter().any(|session| session.id == refused.form && !session.current)
    });
    let rows = sessions.into_iter().map(|session| view! { <SessionRow session desk=desk.clone() /> });
    let rows = rows.collect_view();
    let end = if others {
        Either::Left(view! { <EndOthers desk=desk.clone() /> })
    } else {
        Either::Right(view! { <p class="aside">{w.only_here}</p> })
    };
    view! {
        <PageHead title=w.sessions.to_owned() hint=w.sessions_hint />
        <DoneNotice done=desk.done />
        {gone.map(|refused| view! { <BadNotice text=refused.refusal.detail /> })}
        <ul class="sessions">{rows}</ul>
        {end}
    }
}

#[component]
fn SessionRow(session: SessionInfo, desk: Desk) -> impl IntoView {
    let current = session.current.then(|| view! { <span class="chip chip-accent">{desk_words().this_device}</span> });
    let way_out = if session.current {
        Either::Left(view! {
            <form class="session-end" method="post" action="/logout">
                <button class="button button-small">{words().sign_out}</button>
            </form>
        })
    } else {
        Either::Right(view! { <EndOne session=session.clone() desk /> })
    };
    view! {
        <li class="card session">
            <span class="session-icon">
                <Icon symbol=Symbol::Screen />
            </span>
            <div class="session-text">
                <h2>{device_name(&session)} " " {current}</h2>
                <SessionFacts id=facts_of(&session) session />
            </div>
            {way_out}
        </li>
    }
}

/// The id of what is known of a session.
fn facts_of(session: &SessionInfo) -> String {
    format!("facts-{}", session.id)
}

/// Asks for the password in the same form, so that nothing more is asked afterwards. Open where that was refused.
#[component]
fn EndOne(session: SessionInfo, desk: Desk) -> impl IntoView {
    // Which of several equal devices: one signed in at this time.
    let which = format!("{}, {}", device_name(&session), text::absolute(session.created, use_page().offset_minutes));
    let label = desk_words().sign_out_that(&which);
    let facts = facts_of(&session);
    let refused = desk.refusal_of(&session.id).is_some();
    let error = refused_at(&desk, &session.id, "password");
    let field = format!("password-{}", session.id);
    view! {
        <details class="session-end disclosure" open=refused>
            <summary class="button button-small" aria-describedby=facts.clone()>
                <span class="when-closed" aria-hidden="true">
                    {words().sign_out}
                </span>
                <span class="when-closed visually-hidden">{label.clone()}</span>
                <span class="when-open">{desk_words().cancel}</span>
            </summary>
            <RefusedNotice desk form=session.id.clone() fields=&["password"] />
            <form method="post" action=ACTION>
                <UsernameField />
                <OwnPassword id=field error />
                <button class="button button-danger" name="session" value=session.id aria-describedby=facts>
                    {label}
                </button>
            </form>
        </details>
    }
}

#[component]
fn EndOthers(desk: Desk) -> impl IntoView {
    let w = desk_words();
    let error = refused_at(&desk, OTHERS, "password");
    view! {
        <section class="card setting" aria-labelledby="others">
            <h2 id="others">{w.sign_out_others}</h2>
            <p>{w.sign_out_others_hint}</p>
            <RefusedNotice desk form=OTHERS fields=&["password"] />
            <form method="post" action=ACTION>
                <UsernameField />
                <OwnPassword id="password-others".to_owned() error />
                <div class="button-row">
                    <button class="button button-danger" name="session" value=OTHERS>
                        {w.sign_out_others}
                    </button>
                    <button class="button button-danger" formaction="/settings/sign-out-everywhere">
                        {words().sign_out_everywhere}
                    </button>
                </div>
            </form>
        </section>
    }
}

/// Tells a password manager whose password it is.
#[component]
fn UsernameField() -> impl IntoView {
    let me = use_page().viewer.clone()?;
    Some(view! {
        <input
            class="visually-hidden"
            type="text"
            name="username"
            value=me.person.name.to_string()
            autocomplete="username"
            tabindex="-1"
            aria-hidden="true"
            readonly
        />
    })
}
