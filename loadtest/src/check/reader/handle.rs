//! What others have of a reader: they tell it what to do, ask how far it is, and get its log.

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    check::history::ReaderHistory,
    failure::{Context, Failure},
    machine,
};

/// What a reader is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Read.
    Read,
    /// Be offline.
    Away,
    /// Hand in the log.
    Finish,
}

/// A reader at work, here or in a process of its own.
pub(crate) struct Handle {
    orders: watch::Sender<Order>,
    /// How far it is.
    pub(super) progress: watch::Receiver<Progress>,
    task: JoinHandle<Result<ReaderHistory, Failure>>,
    process: Option<u32>,
    was_stopped: bool,
}

/// What can be asked of a reader while it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The last place it has.
    pub(super) seq: u64,
    /// In which life of the log.
    pub(super) epoch: String,
    /// Whether everything up to now is on its screen.
    pub(super) live: bool,
}

impl Handle {
    /// Of a reader whose log the task hands in.
    pub(super) fn new(
        orders: watch::Sender<Order>,
        progress: watch::Receiver<Progress>,
        task: JoinHandle<Result<ReaderHistory, Failure>>,
        process: Option<u32>,
    ) -> Self {
        Self { orders, progress, task, process, was_stopped: false }
    }

    /// Tells it something.
    pub(crate) fn order(&self, order: Order) {
        self.orders.send_replace(order);
    }

    /// Stops its process, or has it go on, if it has one of its own.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<(), Failure> {
        self.was_stopped = true;
        self.process.map_or(Ok(()), |pid| machine::signal(pid, signal).context("signalling a reader"))
    }

    /// Whether it is live in this life of the log and has everything up to `seq`.
    pub(crate) fn has(&self, epoch: &str, seq: u64) -> bool {
        let progress = self.progress.borrow();
        progress.live && progress.epoch == epoch && progress.seq >= seq
    }

    /// Ends it.
    pub(crate) async fn finish(self) -> Result<ReaderHistory, Failure> {
        self.order(Order::Finish);
        let history = self.task.await.map_err(|error| Failure::new(format!("a reader ended badly: {error}")))??;
        Ok(ReaderHistory { hindered: history.hindered || self.was_stopped, ..history })
    }
}
