//! What goes wrong, once: each fault is done, lasts, and is undone here. What is slept here is the fault: how long something
//! stands still, or is gone. What follows from it is waited for.

mod log;

use std::{sync::PoisonError, time::Duration};

use rustix::process::Signal;
use tokio::time::{self, Instant};

use super::{backing, reader::Order, scenario::Fault, world::World};
use crate::failure::{Context, Failure};

/// For a failpoint to be come to; then this build has none.
const REACHED_WITHIN: Duration = Duration::from_secs(15);
/// For half-open sockets to be noticed: two heartbeats and a half of silence, and the way back.
const NOTICED_WITHIN: Duration = Duration::from_secs(110);
/// For readers who were away to have everything.
const CAUGHT_UP_WITHIN: Duration = Duration::from_mins(2);
/// For Redis to drop a subscriber, once it goes on.
const OVERFLOWS_WITHIN: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);
const MEBIBYTE: u64 = 1024 * 1024;

impl World {
    /// Has the scenario's fault happen once.
    pub(crate) async fn inject(&mut self) -> Result<(), Failure> {
        match self.plan.scenario.fault {
            Fault::None => {}
            Fault::KillInstance => self.kill_instance().await?,
            Fault::StopInstance => self.stop_instance().await?,
            Fault::RollingRestart => self.rolling_restart().await?,
            Fault::MoveSockets => self.move_sockets().await?,
            Fault::StopReaders => self.stop_readers().await?,
            Fault::HalfOpen => self.half_open().await?,
            Fault::CutDatabase => self.cut_database().await,
            Fault::LoseCommit => self.lose_commit(),
            Fault::CrashDatabase => self.crash_database().await?,
            Fault::EndSessions => self.end_sessions().await?,
            Fault::Failpoint(point) => self.failpoint(point).await?,
            Fault::KillRedis | Fault::FlushRedis | Fault::StopRedis | Fault::OverflowRedis | Fault::EndRedisClients => {
                self.redis().await?;
            }
            Fault::Away(count) => self.away(count).await?,
            Fault::WrongClock(by) => self.wrong_clock(by).await?,
            Fault::Trim(kept) => self.trim(kept).await?,
            Fault::Restore => self.restore().await?,
            Fault::ReplaceFile => self.replace_file().await?,
            Fault::Rewind => self.rewind().await?,
        }
        Ok(())
    }

    fn any_instance(&mut self) -> usize {
        self.chance.index(self.fleet.instances.len())
    }

    async fn kill_instance(&mut self) -> Result<(), Failure> {
        let number = self.any_instance();
        self.fleet.kill(number).await?;
        self.mark();
        time::sleep(self.chance.millis(50..800)).await;
        self.fleet.begin(number, None).await
    }

    async fn stop_instance(&mut self) -> Result<(), Failure> {
        let number = self.any_instance();
        self.fleet.signal(number, Signal::STOP)?;
        time::sleep(self.plan.lasts).await;
        self.fleet.signal(number, Signal::CONT)?;
        self.mark();
        Ok(())
    }

    async fn rolling_restart(&mut self) -> Result<(), Failure> {
        for number in 0..self.fleet.instances.len() {
            self.fleet.terminate(number).await?;
            self.mark();
            self.fleet.begin(number, None).await?;
        }
        Ok(())
    }

    /// Whoever holds all sockets dies; everybody goes to the next one.
    async fn move_sockets(&mut self) -> Result<(), Failure> {
        let count = self.fleet.instances.len();
        let from = usize::try_from(self.injected).unwrap_or(0) % count;
        let to = self.fleet.instances[(from + 1) % count].address;
        *self.entrances.write().unwrap_or_else(PoisonError::into_inner) = vec![to];
        self.fleet.kill(from).await?;
        self.mark();
        self.fleet.begin(from, None).await
    }

    async fn stop_readers(&mut self) -> Result<(), Failure> {
        let stopped = self.to_be_stopped();
        let (from, before) = (self.now(), self.fleet.resident_bytes());
        for reader in &mut self.readers[..stopped] {
            reader.signal(Signal::STOP)?;
        }
        time::sleep(self.plan.lasts).await;
        let after = self.fleet.resident_bytes();
        for reader in &mut self.readers[..stopped] {
            reader.signal(Signal::CONT)?;
        }
        self.marks.windows.push((from, self.now()));
        self.mark();
        let grown = before.iter().zip(&after).map(|(before, after)| after.saturating_sub(*before)).max();
        self.growth = self.growth.max(grown);
        let mebibytes = |bytes: &[u64]| bytes.iter().max().map_or(0, |bytes| bytes / MEBIBYTE);
        self.notes.push(format!("server memory {} → {} MiB", mebibytes(&before), mebibytes(&after)));
        let newest = self.newest();
        self.must_have(newest, "was stopped").await
    }

    /// Everybody catches up in time.
    async fn must_have(&self, newest: u64, what: &str) -> Result<(), Failure> {
        if self.all_have(newest, CAUGHT_UP_WITHIN).await {
            return Ok(());
        }
        Err(Failure::new(format!("not everybody who {what} caught up in time")))
    }

    async fn wrong_clock(&mut self, by: Duration) -> Result<(), Failure> {
        let sign = if self.injected.is_multiple_of(2) { "" } else { "-" };
        self.fleet.terminate(0).await?;
        self.fleet.begin(0, Some(&format!("clock-ms={sign}{}", by.as_millis()))).await?;
        self.mark();
        Ok(())
    }

    async fn half_open(&mut self) -> Result<(), Failure> {
        self.doors.iter().for_each(super::proxy::Proxy::freeze_present);
        self.mark();
        let newest = self.newest() + 1;
        if self.all_have(newest, NOTICED_WITHIN).await {
            return Ok(());
        }
        // Not healed first: that would wake the readers and hide it.
        Err(Failure::new("not every reader noticed by itself that its socket is dead"))
    }

    async fn cut_database(&mut self) {
        let pipe = self.chance.index(self.pipes.len());
        match self.chance.within(0..2) {
            0 => self.pipes[pipe].cut(),
            _ => self.pipes[pipe].hang(),
        }
        time::sleep(self.plan.lasts).await;
        self.pipes[pipe].heal();
        self.mark();
    }

    fn lose_commit(&mut self) {
        let pipe = self.chance.index(self.pipes.len());
        self.pipes[pipe].lose_commit(self.chance.within(0..2) == 0);
        self.mark();
    }

    async fn crash_database(&mut self) -> Result<(), Failure> {
        let pause = self.chance.millis(100..1_500);
        let Some(database) = &self.backing else { return Ok(()) };
        database.crash();
        time::sleep(pause).await;
        database.restart().await?;
        self.mark();
        Ok(())
    }

    async fn end_sessions(&mut self) -> Result<(), Failure> {
        let Some(database) = &self.backing else { return Ok(()) };
        if database.end_sessions().await? > 0 {
            self.mark();
        }
        Ok(())
    }

    /// An instance is started anew with a failpoint armed, comes to it under load, and is set going again.
    async fn failpoint(&mut self, point: &str) -> Result<(), Failure> {
        let number = self.any_instance();
        self.fleet.kill(number).await?;
        let armed = format!("{point}@{}", self.chance.within(3..25));
        self.fleet.begin(number, Some(&armed)).await?;
        let until = Instant::now() + REACHED_WITHIN;
        loop {
            if self.fleet.is_stopped(number) {
                time::sleep(self.plan.lasts).await;
                self.fleet.signal(number, Signal::CONT)?;
                self.mark();
                return Ok(());
            }
            if self.fleet.has_died(number)? {
                self.mark();
                time::sleep(self.chance.millis(50..500)).await;
                return self.fleet.begin(number, None).await;
            }
            if Instant::now() > until {
                let advice = "is the server built with --features failpoints?";
                return Err(Failure::new(format!("nobody came to the failpoint {armed}; {advice}")));
            }
            time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn redis(&mut self) -> Result<(), Failure> {
        let lasts = self.plan.lasts;
        let Some(redis) = &self.redis else { return Ok(()) };
        match self.plan.scenario.fault {
            Fault::KillRedis => {
                redis.kill();
                time::sleep(lasts).await;
                redis.restart().await.context("Redis")?;
            }
            Fault::StopRedis | Fault::OverflowRedis => {
                redis.freeze();
                time::sleep(lasts).await;
                redis.thaw();
            }
            Fault::FlushRedis => {
                backing::redis_command(redis, "FLUSHALL").await?;
            }
            _ => {
                let subscribers = backing::redis_command(redis, "CLIENT KILL TYPE pubsub").await?;
                let others = backing::redis_command(redis, "CLIENT KILL TYPE normal SKIPME yes").await?;
                if subscribers + others == 0 {
                    return Ok(());
                }
            }
        }
        if self.plan.scenario.fault != Fault::OverflowRedis || self.has_overflowed().await {
            self.mark();
        }
        Ok(())
    }

    /// Whether Redis drops somebody who is too far behind, within a while. Its log says so; not all versions count it.
    async fn has_overflowed(&mut self) -> bool {
        let until = Instant::now() + OVERFLOWS_WITHIN;
        loop {
            let dropped = self.redis.as_ref().map_or(0, |redis| redis.logged("output buffer limits"));
            if dropped > self.overflows {
                self.overflows = dropped;
                return true;
            }
            if Instant::now() > until {
                return false;
            }
            time::sleep(LOOK).await;
        }
    }

    /// A quarter of the readers is away while `count` messages are published.
    async fn away(&mut self, count: u64) -> Result<(), Failure> {
        let away = self.readers.len().div_ceil(4);
        self.readers[..away].iter().for_each(|reader| reader.order(Order::Away));
        self.flood(count).await?;
        let newest = self.newest();
        self.readers[..away].iter().for_each(|reader| reader.order(Order::Read));
        self.mark();
        self.must_have(newest, "was away").await
    }

    /// Undoes what still lasts, so that everybody can come to rest.
    pub(crate) fn heal(&mut self) -> Result<(), Failure> {
        self.pipes.iter().for_each(super::proxy::Proxy::heal);
        self.readers.iter().for_each(|reader| reader.order(Order::Read));
        for number in 0..self.fleet.instances.len() {
            if self.fleet.has_died(number)? {
                return Err(Failure::new(format!("instance {number} ended by itself; its log has the reason")));
            }
        }
        Ok(())
    }
}
