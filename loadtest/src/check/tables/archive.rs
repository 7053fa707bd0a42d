//! Keeps what a log that is trimmed forgets: its events are read as they come, and are there when the oracle asks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{task::JoinHandle, time};

use super::{EVENT, Event, all, event, open, rows};
use crate::failure::Failure;

/// Well below what a server that trims soon keeps an event for.
const LOOK: Duration = Duration::from_millis(30);

/// The events of a log so far. Empty where nothing is trimmed.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    kept: Arc<Mutex<Vec<Event>>>,
    reading: Option<JoinHandle<()>>,
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.reading.iter().for_each(JoinHandle::abort);
    }
}

impl Archive {
    /// Begins to read. Places are dense and become visible in order, so the last one tells where to go on.
    pub(crate) fn begin(database_url: &str) -> Self {
        let kept = Arc::default();
        let reading = tokio::spawn(read_on(database_url.to_owned(), Arc::clone(&kept)));
        Self { kept, reading: Some(reading) }
    }

    /// These events, with the older ones before them.
    pub(super) fn and(&self, present: Vec<Event>) -> Result<Vec<Event>, Failure> {
        let mut whole = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = present.first().map_or(u64::MAX, |event| event.seq);
        whole.truncate(whole.partition_point(|event| event.seq < first));
        whole.extend(present);
        match whole.windows(2).find(|pair| self.reading.is_some() && pair[1].seq > pair[0].seq + 1) {
            Some(pair) => Err(Failure::new(format!("history was trimmed before it was read, behind {}", pair[0].seq))),
            None => Ok(whole),
        }
    }
}

async fn read_on(database_url: String, kept: Arc<Mutex<Vec<Event>>>) {
    loop {
        // A database that does not answer is asked again; what that costs shows as a hole.
        let _lost = follow(&database_url, &kept).await;
        time::sleep(LOOK).await;
    }
}

async fn follow(database_url: &str, kept: &Mutex<Vec<Event>>) -> Result<(), Failure> {
    let mut connection = open(database_url).await?;
    loop {
        let last = kept.lock().unwrap_or_else(PoisonError::into_inner).last().map(|event| event.seq);
        let from = last.map_or(0, |last| last + 1);
        let sql = format!("{EVENT} WHERE seq >= {from} ORDER BY seq");
        let new = all(&rows(&mut connection, &sql).await?, event)?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend(new);
        time::sleep(LOOK).await;
    }
}
