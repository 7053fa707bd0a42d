use leptos::{either::Either, prelude::*};
use push_system::admin::{AuditAction, AuditPage, AuditRecord};

use super::PageHead;
use crate::{
    components::{Moment, StepPager},
    desk::desk_words,
};

/// `/admin/log`: who did what.
#[component]
pub(super) fn AuditLog(page: AuditPage, later: bool) -> impl IntoView {
    let w = desk_words();
    let next = page.next.map(|before| format!("/admin/log?before={before}"));
    let list = if page.records.is_empty() {
        Either::Left(view! { <p class="aside">{w.audit_empty}</p> })
    } else {
        Either::Right(view! { <AuditTable records=page.records /> })
    };
    view! {
        <div class="head-with-action">
            <PageHead title=w.audit.to_owned() hint=w.audit_hint />
            <a class="button" href="/admin/audit.csv" download="audit.csv">
                {w.audit_csv}
            </a>
        </div>
        {list}
        <StepPager first=later.then(|| "/admin/log".to_owned()) next />
    }
}

#[component]
fn AuditTable(records: Vec<AuditRecord>) -> impl IntoView {
    let w = desk_words();
    let heads = [w.when, w.what, w.who, w.whom, w.from];
    let heads = heads.map(|head| view! { <th role="columnheader" scope="col">{head}</th> }).collect_view();
    view! {
        <table class="cards" role="table" aria-label=w.audit>
            <thead role="rowgroup">
                <tr role="row">{heads}</tr>
            </thead>
            <tbody role="rowgroup">
                {records.into_iter().map(|record| view! { <AuditRow record /> }).collect_view()}
            </tbody>
        </table>
    }
}

#[component]
fn AuditRow(record: AuditRecord) -> impl IntoView {
    let w = desk_words();
    let address = if record.address.is_empty() { w.this_machine.to_owned() } else { record.address };
    view! {
        <tr role="row">
            <td class="when" role="cell" data-label=w.when>
                <Moment at=record.at exact=true />
            </td>
            <th role="rowheader" scope="row" data-label=w.what>
                {action(&record.action)}
            </th>
            <td role="cell" data-label=w.who>
                {record.actor.unwrap_or_else(|| w.nobody.to_owned())}
            </td>
            <td role="cell" data-label=w.whom>
                {record.target}
            </td>
            <td role="cell" data-label=w.from>
                {address}
            </td>
        </tr>
    }
}

/// What was done, in words; a newer server's word stays readable.
fn action(word: &str) -> String {
    AuditAction::parse(word).map_or_else(|| word.replace('_', " "), |action| desk_words().audited(action).to_owned())
}
