use leptos::{either::Either, prelude::*};
use push_system::{
    accounts::Role,
    admin::{Standing, UserInfo},
};

use super::PageHead;
use crate::{
    components::{Avatar, Empty, Icon, Moment, StepPager, Symbol},
    desk::{address_of, desk_words},
    text,
    words::words,
};

/// `/admin`: everybody who has an account.
#[component]
pub(super) fn People(
    people: Vec<UserInfo>,
    search: String,
    later: bool,
    #[prop(optional_no_strip)] next: Option<String>,
) -> impl IntoView {
    let w = desk_words();
    let all = address(&search, None);
    let next = next.map(|after| address(&search, Some(&after)));
    let list = if people.is_empty() {
        let (title, hint) = if search.is_empty() || later {
            (w.nobody_further.to_owned(), w.people_hint)
        } else {
            (w.nobody_found(&search), w.nobody_found_hint)
        };
        Either::Left(view! {
            <Empty symbol=Symbol::Search title hint>
                <div class="button-row">
                    <a class="button" href="/admin">
                        {w.show_everybody}
                    </a>
                </div>
            </Empty>
        })
    } else {
        Either::Right(view! { <PeopleTable users=people /> })
    };
    view! {
        <PageHead title=w.people.to_owned() hint=w.people_hint />
        <form class="find" role="search" action="/admin">
            <label class="visually-hidden" for="q">
                {w.find_people}
            </label>
            <input
                class="input"
                id="q"
                type="search"
                name="q"
                value=search
                placeholder=w.find_hint
                autocapitalize="none"
                autocomplete="off"
                spellcheck="false"
            />
            <button class="button">
                <Icon symbol=Symbol::Search />
                {words().search}
            </button>
        </form>
        {list}
        <StepPager first=later.then_some(all) next />
    }
}

fn address(search: &str, after: Option<&str>) -> String {
    let search = (!search.is_empty()).then(|| format!("q={}", text::encode(search)));
    let after = after.map(|last| format!("after={}", text::encode(last)));
    let query: Vec<String> = search.into_iter().chain(after).collect();
    if query.is_empty() { "/admin".to_owned() } else { format!("/admin?{}", query.join("&")) }
}

/// The roles are written out: style sheets that turn a table into cards take its meaning away.
#[component]
fn PeopleTable(users: Vec<UserInfo>) -> impl IntoView {
    let w = desk_words();
    let heads = [w.name, w.email, w.role, w.standing, w.session_count, w.last_seen];
    let heads = heads.map(|head| view! { <th role="columnheader" scope="col">{head}</th> }).collect_view();
    view! {
        <table class="cards" role="table" aria-label=w.people>
            <thead role="rowgroup">
                <tr role="row">{heads}</tr>
            </thead>
            <tbody role="rowgroup">{users.into_iter().map(|user| view! { <PeopleRow user /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn PeopleRow(user: UserInfo) -> impl IntoView {
    let w = desk_words();
    let last_seen = match user.last_seen {
        Some(at) => Either::Left(view! { <Moment at /> }),
        None => Either::Right(w.never),
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a class="person-link" href=address_of(user.id)>
                    <Avatar name=user.name.clone() small=true />
                    {user.name}
                </a>
            </th>
            <td role="cell" data-label=w.email>
                {user.email.unwrap_or_else(|| w.none.to_owned())}
            </td>
            <td role="cell" data-label=w.role>
                <RoleChip role=user.role />
            </td>
            <td role="cell" data-label=w.standing>
                <StandingChip standing=user.standing />
            </td>
            <td class="number" role="cell" data-label=w.session_count>
                {user.sessions}
            </td>
            <td role="cell" data-label=w.last_seen>
                {last_seen}
            </td>
        </tr>
    }
}

/// What somebody may do; what most may is not marked.
#[component]
pub(super) fn RoleChip(role: Role) -> impl IntoView {
    match role {
        Role::Admin => Either::Left(view! { <span class="chip chip-accent">{desk_words().role_admin}</span> }),
        Role::Member => Either::Right(desk_words().role_member),
    }
}

/// Whether somebody may do anything.
#[component]
pub(super) fn StandingChip(standing: Standing) -> impl IntoView {
    let w = desk_words();
    let (class, text) = match standing {
        Standing::Active => return Either::Left(w.active),
        Standing::Disabled => ("chip chip-warning", w.disabled),
        Standing::Deleted => ("chip chip-bad", w.deleted),
    };
    Either::Right(view! { <span class=class>{text}</span> })
}
