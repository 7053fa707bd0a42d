//! What happens to the log itself: it is trimmed, or an older one takes its place.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{self, Instant};

use crate::{
    api::Api,
    check::{
        backing::Database,
        history::Micros,
        oracle::{Life, Tables},
        reader::Order,
        tables,
        world::World,
    },
    failure::{Context, Failure},
};

/// For an instance to see that its log is another one: it looks every second.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
/// How long an answer may take to whom it is for: a writer gives it up after three seconds.
const ANSWERED_WITHIN: Micros = 3_000_000;
const LOOK: Duration = Duration::from_millis(20);

impl World {
    /// In turn, a quarter of the readers is away for more than is kept, and for a little less: then what they replay is
    /// trimmed meanwhile.
    pub(super) async fn trim(&mut self, kept: u64) -> Result<(), Failure> {
        let away = self.readers.len().div_ceil(4);
        self.readers[..away].iter().for_each(|reader| reader.order(Order::Away));
        let missed = if self.injected.is_multiple_of(2) { kept + kept / 4 } else { kept - kept / 4 };
        self.flood(missed).await?;
        self.readers[..away].iter().for_each(|reader| reader.order(Order::Read));
        self.mark();
        self.flood(kept / 2).await?;
        let newest = self.newest();
        self.must_have(newest, "was away").await
    }

    /// The drill: a backup is made under load, all instances are stopped, it is put back, all are started again.
    pub(super) async fn restore(&mut self) -> Result<(), Failure> {
        let backup = self.back_up().await?;
        // What is acknowledged now is what a restored backup loses.
        time::sleep(self.chance.millis(500..1_500)).await;
        let down = Instant::now();
        for number in 0..self.fleet.instances.len() {
            self.fleet.terminate(number).await?;
        }
        let left = tables::read(&self.database_url, &self.archive).await?;
        self.put_back(backup).await?;
        self.begin_life(left).await?;
        self.notes.push(format!("out of service for {:.1} s", down.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Makes a backup as the manual says, and notes when.
    async fn back_up(&mut self) -> Result<PathBuf, Failure> {
        let from = self.now();
        let backup = if let Some(database) = self.database_server() {
            database.dump().await?
        } else {
            let file = self.plan.folder.join(format!("backup-{}.db", self.injected));
            self.fleet.tool(&["backup", &file.to_string_lossy()]).await?;
            file
        };
        self.marks.windows.push((from, self.now()));
        Ok(backup)
    }

    async fn put_back(&self, backup: PathBuf) -> Result<(), Failure> {
        if let Some(database) = self.database_server() {
            database.restore(backup).await?;
            self.fleet.tool(&["epoch", "renew"]).await
        } else {
            self.fleet.tool(&["restore", &backup.to_string_lossy()]).await
        }
    }

    /// One that has tools of its own for this.
    fn database_server(&self) -> Option<&Database> {
        self.backing.as_ref().filter(|_| self.plan.database.is_server())
    }

    /// Nobody runs: what was is over, and all instances start on what is there now.
    async fn begin_life(&mut self, left: Tables) -> Result<(), Failure> {
        let now = self.now();
        self.past.push(Life { tables: left, from: self.life_from, until: now });
        self.life_from = now;
        let (head, epoch) = tables::head(&self.database_url).await?;
        self.now_at(head, epoch);
        for number in 0..self.fleet.instances.len() {
            self.fleet.begin(number, None).await?;
        }
        self.mark();
        Ok(())
    }

    /// Puts an older copy over the file of a running instance, which must notice, acknowledge nothing more, and serve what
    /// stands there once it is started again.
    pub(super) async fn replace_file(&mut self) -> Result<(), Failure> {
        let copy = self.back_up().await?;
        time::sleep(self.chance.millis(500..1_500)).await;
        let data = self.plan.folder.join("data");
        let (file, old) = (data.join("push-system.db"), self.plan.folder.join(format!("life-{}.db", self.past.len())));
        fs::hard_link(&file, &old).context("keeping the old file")?;
        fs::rename(copy, &file).context("putting another file in its place")?;
        self.until_not_ready().await?;
        self.fleet.terminate(0).await?;
        bring_back_wal(&data, &old)?;
        let left = tables::read(&format!("sqlite://{}", old.display()), &self.archive).await?;
        self.begin_life(left).await
    }

    async fn until_not_ready(&self) -> Result<(), Failure> {
        let until = Instant::now() + NOTICED_WITHIN;
        let address = self.desk.instances[0];
        while Api::connect(address).await?.is_ok("/readyz").await? {
            if Instant::now() > until {
                return Err(Failure::new("the instance did not notice that its file is another one"));
            }
            time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Takes the last seconds out of the log while everybody is at work.
    pub(super) async fn rewind(&mut self) -> Result<(), Failure> {
        let then = tables::rewind::note(&self.database_url).await?;
        time::sleep(self.chance.millis(500..1_500)).await;
        let from = self.now();
        let left = tables::rewind::back_to(&then, &self.database_url).await?;
        if left.head == then.tables.head {
            return Ok(());
        }
        let until = self.now() + ANSWERED_WITHIN;
        self.past.push(Life { tables: left, from: self.life_from, until });
        self.life_from = from;
        self.mark();
        let deadline = Instant::now() + NOTICED_WITHIN;
        loop {
            let (_, epoch) = tables::head(&self.database_url).await?;
            if epoch != then.tables.epoch {
                self.now_at(then.tables.head, epoch);
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::new("no instance noticed that the log went back"));
            }
            time::sleep(LOOK).await;
        }
    }

    /// Numbers are given again from here on.
    fn now_at(&mut self, head: u64, epoch: String) {
        self.desk.newest.store(head, std::sync::atomic::Ordering::Relaxed);
        self.epoch = epoch;
    }
}

/// The server put the log of what it wrote last out of the way; under its file's name it is read with it.
fn bring_back_wal(data: &Path, old: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(data).context(data.display())? {
        let path = entry.context(data.display())?.path();
        if path.to_string_lossy().contains("-wal.replaced-") {
            let mut wal = old.as_os_str().to_owned();
            wal.push("-wal");
            fs::rename(&path, wal).context(path.display())?;
        }
    }
    Ok(())
}
