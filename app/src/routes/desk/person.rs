use leptos::{either::Either, prelude::*};
use push_system::{
    accounts::Role,
    admin::{NewPassword, SessionInfo, Standing, UserInfo},
    catalogue::Sentence,
};

use super::{
    DoneNotice, RefusedNotice,
    people::{RoleChip, StandingChip},
    refused_at,
};
use crate::{
    app::use_page,
    components::{Avatar, Fact, FieldError, Icon, Moment, Once, SessionFacts, Symbol, device_name},
    desk::{Act, Desk, address_of, desk_words},
    words::{say, words},
};

/// `/admin/people/{id}`: one account, and what an admin can do to it.
#[component]
pub(super) fn PersonPage(
    user: UserInfo,
    sessions: Vec<SessionInfo>,
    #[prop(optional_no_strip)] password: Option<NewPassword>,
    desk: Desk,
) -> impl IntoView {
    let w = desk_words();
    let rest = if user.standing == Standing::Deleted {
        Either::Left(view! { <p class="aside">{w.is_deleted}</p> })
    } else {
        Either::Right(view! { <Sections user=user.clone() sessions desk=desk.clone() /> })
    };
    view! {
        <p class="way-back">
            <a href="/admin">
                <Icon symbol=Symbol::ArrowLeft />
                {w.back_to_people}
            </a>
        </p>
        <div class="page-head person-head">
            <Avatar name=user.name.clone() />
            <h1>{user.name.clone()}</h1>
        </div>
        <DoneNotice done=desk.done />
        {password
            .map(|new| view! { <Once label=w.new_password_of(&user.name) value=new.password /> })}
        <About user />
        {rest}
    }
}

/// What is known of the account.
#[component]
fn About(user: UserInfo) -> impl IntoView {
    let w = desk_words();
    let last_seen = match user.last_seen {
        Some(at) => Either::Left(view! { <Moment at /> }),
        None => Either::Right(w.never),
    };
    view! {
        <dl class="facts facts-wide card">
            <Fact name=w.email>{user.email.unwrap_or_else(|| w.none.to_owned())}</Fact>
            <Fact name=w.role>
                <RoleChip role=user.role />
            </Fact>
            <Fact name=w.standing>
                <StandingChip standing=user.standing />
            </Fact>
            <Fact name=w.last_seen>{last_seen}</Fact>
            <Fact name=w.created>
                <Moment at=user.created />
            </Fact>
            <Fact name=w.number>{user.id.to_string()}</Fact>
        </dl>
    }
}

#[component]
fn Sections(user: UserInfo, sessions: Vec<SessionInfo>, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let action = address_of(user.id);
    let (access, access_hint) = match user.standing {
        Standing::Active => (Act::Disable, w.disable_hint),
        Standing::Disabled | Standing::Deleted => (Act::Enable, w.enable_hint),
    };
    let (role, role_hint) = match user.role {
        Role::Member => (Act::MakeAdmin, w.make_admin_hint),
        Role::Admin => (Act::MakeMember, w.make_member_hint),
    };
    let own = use_page().viewer.as_ref().is_some_and(|viewer| viewer.person.id == user.id);
    let password = if own {
        Either::Left(view! { <OwnPasswordAct desk=desk.clone() /> })
    } else {
        let (act, action) = (Act::ResetPassword, action.clone());
        Either::Right(view! { <ActForm act hint=w.reset_password_hint action desk=desk.clone() /> })
    };
    view! {
        <div class="settings">
            <section class="card setting" aria-labelledby="access">
                <h2 id="access">{w.access}</h2>
                <ActForm act=access hint=access_hint action=action.clone() desk=desk.clone() />
                <ActForm act=role hint=role_hint action=action.clone() desk=desk.clone() />
                {password}
            </section>
            <SessionsSection sessions action=action.clone() desk=desk.clone() />
            <DeleteSection name=user.name action desk />
        </div>
    }
}

/// A button with the sentence that says what it does.
#[component]
fn ActForm(act: Act, hint: &'static str, action: String, desk: Desk) -> impl IntoView {
    let class = if act == Act::Disable { "button button-danger" } else { "button" };
    let id = format!("{}-hint", act.as_str());
    view! {
        <form class="act" method="post" action=action>
            <p id=id.clone()>{hint}</p>
            <button class=class name="act" value=act.as_str() aria-describedby=id>
                {label(act)}
            </button>
        </form>
        <RefusedNotice desk form=act.as_str() />
    }
}

/// Nobody replaces their own password without the old one, which is asked for elsewhere.
#[component]
fn OwnPasswordAct(desk: Desk) -> impl IntoView {
    view! {
        <div class="act">
            <p id="own-password">{say(&Sentence::OwnPassword)}</p>
            <a class="button" href="/settings" aria-describedby="own-password">
                {words().change_password}
            </a>
        </div>
        <RefusedNotice desk form=Act::ResetPassword.as_str() />
    }
}

fn label(act: Act) -> &'static str {
    let w = desk_words();
    match act {
        Act::Disable => w.disable,
        Act::Enable => w.enable,
        Act::MakeAdmin => w.make_admin,
        Act::MakeMember => w.make_member,
        Act::ResetPassword => w.reset_password,
        Act::EndSessions => w.end_sessions,
        Act::Delete => w.delete_account,
    }
}

#[component]
fn SessionsSection(sessions: Vec<SessionInfo>, action: String, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let content = if sessions.is_empty() {
        Either::Left(view! { <p>{w.no_sessions}</p> })
    } else {
        let rows = sessions.into_iter().map(|session| {
            view! {
                <li>
                    <h3>{device_name(&session)}</h3>
                    <SessionFacts session />
                </li>
            }
        });
        let rows = rows.collect_view();
        Either::Right(view! {
            <ul class="session-lines">{rows}</ul>
            <form method="post" action=action>
                <button class="button" name="act" value=Act::EndSessions.as_str()>
                    {w.end_sessions}
                </button>
            </form>
        })
    };
    view! {
        <section class="card setting" aria-labelledby="sessions">
            <h2 id="sessions">{w.session_count}</h2>
            <RefusedNotice desk form=Act::EndSessions.as_str() />
            {content}
        </section>
    }
}

/// The name is typed, because nothing brings the account back.
#[component]
fn DeleteSection(name: String, action: String, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let error = refused_at(&desk, Act::Delete.as_str(), "name");
    view! {
        <section class="card setting" aria-labelledby="delete">
            <h2 id="delete">{w.delete_account}</h2>
            <p>{w.delete_account_hint}</p>
            <RefusedNotice desk form=Act::Delete.as_str() fields=&["name"] />
            <form method="post" action=action>
                <div class="field">
                    <label for="name">{w.type_name(&name)}</label>
                    <input
                        class="input"
                        id="name"
                        name="name"
                        type="text"
                        required
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        autofocus=error.is_some()
                        aria-invalid=error.is_some().then_some("true")
                        aria-describedby=error.is_some().then_some("name-error")
                    />
                    {error.map(|text| view! { <FieldError id="name-error".to_owned() text /> })}
                </div>
                <button class="button button-danger" name="act" value=Act::Delete.as_str()>
                    {w.delete_account}
                </button>
            </form>
        </section>
    }
}
