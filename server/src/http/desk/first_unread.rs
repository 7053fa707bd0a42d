use app::question::Question;
use axum::response::{IntoResponse as _, Redirect, Response};
use push_system::{api::Filter, ids::MessageId};

use super::Visit;

/// To the oldest message that is unread: the last one on a page of those that followed it.
pub(super) async fn lead(visit: Visit) -> Response {
    match visit.state.push.first_unread(visit.viewer.person.id).await {
        Ok(unread) => Redirect::to(&address(&unread)).into_response(),
        Err(rejection) => visit.fail(rejection.code).await,
    }
}

fn address(unread: &[MessageId]) -> String {
    let before = unread.last().map(|last| MessageId(last.0 + 1));
    let page = Question { filter: Filter::Unread, before, ..Question::default() };
    match unread.first() {
        Some(first) => format!("{}#m{first}", page.address("/history")),
        None => page.address("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_the_first_and_without_one_it_is_the_view_of_what_is_unread() {
        let ids = |ids: &[u64]| ids.iter().map(|id| MessageId(*id)).collect::<Vec<_>>();
        assert_eq!(address(&ids(&[3, 7, 9])), "/history?filter=unread&since=10#m3");
        assert_eq!(address(&[]), "/?filter=unread");
    }
}
