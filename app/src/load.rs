//! Reads what a page shows first, before it is rendered: a render waits for nothing.

use push_system::{
    api::Filter,
    error::{ErrorCode, Rejection},
    ids::UserId,
};
use uuid::Uuid;

use crate::{
    context::{PageContext, ServerContext},
    question::Question,
};

impl PageContext {
    /// Reads what the page at this address shows to its viewer. Where that fails, `failure` names the error page to show instead.
    pub async fn load(&mut self, server: &ServerContext, path: &str, query: &str) {
        path.clone_into(&mut self.data.path);
        query.clone_into(&mut self.data.search);
        self.data.draft_key = Uuid::now_v7().to_string();
        let Some(user) = self.viewer.as_ref().map(|me| me.person.id) else { return };
        if let Err(rejection) = self.read(server, user, path, query).await {
            self.failure = Some(status(rejection.code));
        }
    }

    async fn read(&mut self, server: &ServerContext, user: UserId, path: &str, query: &str) -> Result<(), Rejection> {
        let question = Question::read(query);
        let asks_history = match path {
            "/" => question.filter.of_inbox() != Filter::Inbox,
            "/history" => true,
            "/settings" | "/topics" => false,
            _ if path.starts_with("/m/") || path.starts_with("/topics/") => false,
            _ => return Ok(()),
        };
        self.data.inbox = Some(server.backend.snapshot(user).await?);
        if asks_history {
            self.data.results =
                Some(server.backend.history(user, question.query(self.now, self.offset_minutes)).await?);
        }
        self.data.presence = server.backend.presence().await;
        Ok(())
    }
}

/// Which error page says it.
fn status(code: ErrorCode) -> u16 {
    match code {
        ErrorCode::Unavailable | ErrorCode::OutcomeUnknown => 503,
        ErrorCode::RateLimited => 429,
        _ => 500,
    }
}
