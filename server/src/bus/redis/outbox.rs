//! What is published, on its way to Redis: a bounded queue, sent as it fills, several hints in one round trip.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use ::redis::Pipeline;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::link::{Link, MARK};

/// Hints, and bytes of hints, that may wait.
const MOST: usize = 1_024;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Hints per round trip.
const BATCH: usize = 64;

/// The near end. What does not fit is dropped, and everyone is told that something was.
pub(super) struct Outbox {
    queue: mpsc::Sender<Bytes>,
    waiting: Arc<Waiting>,
}

/// The far end.
pub(super) struct Queue {
    hints: mpsc::Receiver<Bytes>,
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    bytes: AtomicUsize,
    dropped: AtomicBool,
}

impl Outbox {
    pub(super) fn new() -> (Self, Queue) {
        let ((queue, hints), waiting) = (mpsc::channel(MOST), Arc::<Waiting>::default());
        (Self { queue, waiting: waiting.clone() }, Queue { hints, waiting })
    }

    /// Queues a hint, or drops it.
    pub(super) fn put(&self, hint: Bytes) {
        let size = hint.len();
        let waiting = self.waiting.bytes.fetch_add(size, Ordering::Relaxed);
        if waiting + size <= MOST_BYTES && self.queue.try_send(hint).is_ok() {
            return;
        }
        self.waiting.bytes.fetch_sub(size, Ordering::Relaxed);
        if !self.waiting.dropped.swap(true, Ordering::Relaxed) {
            tracing::warn!("bus.overflow");
        }
    }
}

impl Queue {
    /// Sends until the near end is gone. While there is no connection, hints are dropped: when it is back, everyone is
    /// told to look into the store.
    pub(super) async fn send_over(mut self, link: Arc<Link>) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.hints.recv_many(&mut batch, BATCH).await > 0 {
            if let Some(session) = link.session() {
                // Not sent means lost, and that is for the new connection's mark to tell.
                if let Err(trouble) = session.ask::<()>(&self.publishing(&batch, link.channel())).await {
                    session.end(&trouble);
                }
            }
            let sent: usize = batch.drain(..).map(|hint| hint.len()).sum();
            self.waiting.bytes.fetch_sub(sent, Ordering::Relaxed);
        }
    }

    fn publishing(&self, batch: &[Bytes], channel: &str) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(batch.len() + 1);
        let dropped = self.waiting.dropped.swap(false, Ordering::Relaxed);
        let mark = dropped.then_some(MARK);
        for payload in mark.into_iter().chain(batch.iter().map(|hint| &**hint)) {
            pipeline.cmd("PUBLISH").arg(channel).arg(payload).ignore();
        }
        pipeline
    }
}
