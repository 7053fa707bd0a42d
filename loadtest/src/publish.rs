//! The publishers. They run in a thread of their own: on the listeners' runtime an acknowledgement would wait behind
//! thousands of events that arrived with it, and that wait would be measured.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use futures::future;
use push_system::{ids::MessageId, message::PublishRequest};
use serde::Deserialize;
use tokio::{runtime, task, time};

use crate::{
    api::Api,
    failure::{Context, Failure},
    server::Login,
};

/// Numbers every publish of this process, so that no idempotency key comes twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// Message ids, ascending.
    pub(crate) ids: Vec<u64>,
    /// From the request to its answer, one each, in no order.
    pub(crate) waits: Vec<Duration>,
    /// Ids and when they were asked for, where they were published at a rate.
    pub(crate) asked: Vec<(u64, Instant)>,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
}

impl Acknowledged {
    fn add(&mut self, id: u64, wait: Duration) {
        self.ids.push(id);
        self.waits.push(wait);
    }

    fn gather(parts: Vec<Self>, took: Duration) -> Self {
        let mut all = Self { took, ..Self::default() };
        for part in parts {
            all.ids.extend(part.ids);
            all.waits.extend(part.waits);
        }
        all.ids.sort_unstable();
        all
    }
}

/// The only field of the stored message that is read.
#[derive(Deserialize)]
struct Stored {
    id: MessageId,
}

struct Writer {
    api: Api,
    bearer: String,
}

impl Writer {
    async fn connect(address: SocketAddr, login: &Login) -> Result<Self, Failure> {
        Ok(Self { api: Api::connect(address).await?, bearer: format!("Bearer {}", login.token) })
    }

    /// Publishes to everyone and waits for the acknowledgement. Without faults every publish must be acknowledged, so
    /// one that is not ends the run.
    async fn publish(&mut self) -> Result<u64, Failure> {
        let number = NEXT.fetch_add(1, Relaxed);
        let key = format!("load-{number}");
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", key.as_str())];
        let request = PublishRequest { message: text(number), ..PublishRequest::default() };
        let stored: Stored = self.api.post("/message", &headers, &request).await?;
        Ok(stored.id.0)
    }
}

/// A message of everyday length, and of the same length each time.
pub(crate) fn text(number: u64) -> String {
    format!(
        "Deployment {number:010} is done 部署完成 🎉: three instances were replaced, none of them had to be rolled back, details in the log."
    )
}

/// Publishes `count` messages of one person at a fixed rate over one connection.
pub(crate) async fn at_rate(address: SocketAddr, login: Login, rate: u32, count: u32) -> Result<Acknowledged, Failure> {
    in_own_thread(move || async move {
        let mut writer = Writer::connect(address, &login).await?;
        let mut all = Acknowledged::default();
        let begun = Instant::now();
        let mut free = begun;
        for turn in 0..count {
            let due = begun + Duration::from_secs(1) * turn / rate;
            time::sleep_until(due.into()).await;
            // Where the answer before kept this one waiting, the wait counts from when it was due: a slow server must
            // not slow down the questions.
            let asked = if free > due { due } else { Instant::now() };
            let id = writer.publish().await?;
            free = Instant::now();
            all.add(id, free - asked);
            all.asked.push((id, asked));
        }
        all.took = begun.elapsed();
        Ok(all)
    })
    .await
}

/// Has `writers` connections, shared out among the people, publish as fast as they are answered, until the time is over
/// or `most` are sent.
pub(crate) async fn flat_out(
    address: SocketAddr,
    people: Vec<Login>,
    writers: usize,
    time: Duration,
    most: u32,
) -> Result<Acknowledged, Failure> {
    in_own_thread(move || async move {
        let connecting = (0..writers).map(|number| Writer::connect(address, &people[number % people.len()]));
        let connected = future::try_join_all(connecting).await?;
        let sent = AtomicU32::new(0);
        let begun = Instant::now();
        let go_on = || begun.elapsed() < time && sent.fetch_add(1, Relaxed) < most;
        let writing = connected.into_iter().map(|mut writer| async move {
            let mut own = Acknowledged::default();
            while go_on() {
                let asked = Instant::now();
                let id = writer.publish().await?;
                own.add(id, asked.elapsed());
            }
            Ok::<_, Failure>(own)
        });
        let parts = future::try_join_all(writing).await?;
        Ok(Acknowledged::gather(parts, begun.elapsed()))
    })
    .await
}

async fn in_own_thread<F, Work>(work: F) -> Result<Acknowledged, Failure>
where
    F: FnOnce() -> Work + Send + 'static,
    Work: Future<Output = Result<Acknowledged, Failure>>,
{
    let thread = task::spawn_blocking(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
        runtime.block_on(work())
    });
    thread.await.context("the publisher's thread")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_one_length_so_that_the_bare_loop_writes_the_same() {
        assert_eq!(text(1).len(), text(9_999_999).len());
    }

    #[test]
    fn what_many_writers_were_answered_is_put_in_order() {
        let part = |ids: &[u64]| Acknowledged { ids: ids.to_vec(), ..Acknowledged::default() };
        assert_eq!(Acknowledged::gather(vec![part(&[2, 5]), part(&[1, 3])], Duration::ZERO).ids, [1, 2, 3, 5]);
    }
}
