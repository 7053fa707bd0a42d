use leptos::{either::Either, prelude::*};
use push_system::admin::InviteInfo;

use super::{DoneNotice, PageHead, RefusedNotice};
use crate::{
    app::use_page,
    components::{Icon, Moment, Once, Symbol},
    desk::{Desk, ONLY_FORM, desk_words},
    text,
};

/// How long a link may be good for.
const DAYS: [u32; 3] = [1, 7, 30];
/// What is chosen before anybody chooses.
const DAYS_DEFAULT: u32 = 7;

/// `/admin/invitations`: links that let people in.
#[component]
pub(super) fn Invitations(
    invites: Vec<InviteInfo>,
    #[prop(optional_no_strip)] made: Option<String>,
    desk: Desk,
) -> impl IntoView {
    let w = desk_words();
    let list = if invites.is_empty() {
        Either::Left(view! { <p class="aside">{w.no_invites}</p> })
    } else {
        Either::Right(view! { <InviteTable invites /> })
    };
    view! {
        <PageHead title=w.invites.to_owned() hint=w.invites_hint />
        <DoneNotice done=desk.done />
        {made.map(|link| view! { <Once label=w.new_invite.to_owned() value=link /> })}
        <RefusedNotice desk form=ONLY_FORM />
        <form class="card make-invite" method="post" action="/admin/invitations">
            <div class="field">
                <label for="days">{w.good_for}</label>
                <div class="select">
                    <select id="days" name="days">
                        {DAYS
                            .map(|days| {
                                view! {
                                    <option value=days.to_string() selected=days == DAYS_DEFAULT>
                                        {w.days(days)}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                    <Icon symbol=Symbol::ChevronDown />
                </div>
            </div>
            <button class="button button-primary">
                <Icon symbol=Symbol::Plus />
                {w.make_invite}
            </button>
        </form>
        {list}
    }
}

#[component]
fn InviteTable(invites: Vec<InviteInfo>) -> impl IntoView {
    let w = desk_words();
    let heads = [w.invite_made, w.invite_by, w.invite_until, w.invite_used, w.action];
    let heads = heads.map(|head| view! { <th role="columnheader" scope="col">{head}</th> }).collect_view();
    view! {
        <table class="cards" role="table" aria-label=w.invites>
            <thead role="rowgroup">
                <tr role="row">{heads}</tr>
            </thead>
            <tbody role="rowgroup">
                {invites.into_iter().map(|invite| view! { <InviteRow invite /> }).collect_view()}
            </tbody>
        </table>
    }
}

#[component]
fn InviteRow(invite: InviteInfo) -> impl IntoView {
    let w = desk_words();
    let used = invite.used_by.map_or(w.not_used.to_owned(), |person| person.name.to_string());
    let made = text::absolute(invite.created, use_page().offset_minutes);
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" data-label=w.invite_made>
                <Moment at=invite.created />
            </th>
            <td role="cell" data-label=w.invite_by>
                {invite.by.name.to_string()}
            </td>
            <td role="cell" data-label=w.invite_until>
                <Moment at=invite.expires exact=true />
            </td>
            <td role="cell" data-label=w.invite_used>
                {used}
            </td>
            <td role="cell" data-label=w.action>
                <form method="post" action="/admin/invitations">
                    <button class="button button-small" name="delete" value=invite.id aria-label=w.delete_invite(&made)>
                        {w.delete}
                    </button>
                </form>
            </td>
        </tr>
    }
}
