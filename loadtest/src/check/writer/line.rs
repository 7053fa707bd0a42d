//! A writer's line to one of the instances, and what its answers mean.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::Serialize;
use tokio::time;

use super::Writer;
use crate::{api::Api, check::history::Micros, failure::Failure};

/// For one answer; then it counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// What an attempt came to.
pub(super) enum Reply {
    /// It is stored.
    Done(Bytes),
    /// Not stored, or nobody knows.
    Unknown,
    /// The login is over; nothing is stored.
    LoginOver,
    /// It is not stored, and why.
    Refused(StatusCode, String),
}

/// To one instance, by its place.
pub(super) struct Line {
    instance: usize,
    api: Option<Api>,
}

impl Line {
    pub(super) fn to(instance: usize) -> Self {
        Self { instance, api: None }
    }
}

impl Writer {
    /// Where the present line leads to.
    pub(super) fn instance(&self) -> SocketAddr {
        self.desk.instances[self.line.instance]
    }

    pub(super) fn move_on(&mut self) {
        self.line = Line::to(self.chance.index(self.desk.instances.len()));
    }

    pub(super) async fn elsewhere(&mut self) {
        self.move_on();
        time::sleep(self.chance.millis(20..200)).await;
    }

    /// One request. A lost line, a timeout and 5xx say nothing about what became of it.
    pub(super) async fn ask(
        &mut self,
        method: &Method,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> (Reply, Micros) {
        let bearer = format!("Bearer {}", self.member.token());
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let instance = self.instance();
        let asking = async {
            if self.line.api.is_none() {
                self.line.api = Some(Api::connect(instance).await?);
            }
            let api = self.line.api.as_mut().ok_or_else(|| Failure::new("no connection"))?;
            api.ask_by(method, path, &headers, body).await
        };
        let answer = time::timeout(ANSWER_WITHIN, asking).await;
        let at = self.now();
        let reply = match answer {
            Ok(Ok((status, body))) if status.is_success() => Reply::Done(body),
            Ok(Ok((StatusCode::UNAUTHORIZED, _))) => Reply::LoginOver,
            Ok(Ok((status, body))) if status.is_client_error() => {
                Reply::Refused(status, String::from_utf8_lossy(&body).into_owned())
            }
            _ => Reply::Unknown,
        };
        (reply, at)
    }
}
