//! One measurement's surroundings: a fresh server, a crowd, publishers, and the account of who got what.

use std::time::{Duration, Instant};

use tokio::time;

use crate::{
    crowd::Crowd,
    failure::Failure,
    flood::{Flood, Probes},
    plan::Plan,
    publish::{self, Acknowledged},
    server::{Login, Server, Setup},
    tally::Findings,
    witness::Witness,
};

/// What all measurements share.
pub(crate) struct Company {
    /// How much of everything.
    pub(crate) plan: Plan,
    /// Where servers come from.
    pub(crate) setup: Setup,
    /// Whose sockets listen, and who publishes.
    people: Vec<Login>,
    /// Who is away meanwhile.
    absent: Login,
}

impl Company {
    /// Registers everybody. The server that does it is stopped again: the memory it hashed passwords in stays with the
    /// process, and sockets that move in there would look as if they cost nothing.
    pub(crate) async fn assemble(plan: Plan, setup: Setup) -> Result<Self, Failure> {
        let server = Server::start(&setup).await?;
        let mut people = Vec::with_capacity(plan.people);
        for number in 0..plan.people {
            people.push(server.register(&format!("load-{number:03}")).await?);
        }
        let absent = server.register("load-absent").await?;
        server.stop().await?;
        Ok(Self { plan, setup, people, absent })
    }
}

/// A measurement in progress.
pub(crate) struct Stage<'a> {
    company: &'a Company,
    server: Server,
    crowd: Crowd,
    witness: Witness,
    acked: Vec<u64>,
    findings: Findings,
}

impl<'a> Stage<'a> {
    /// A server that was just started, without listeners.
    pub(crate) async fn set(company: &'a Company) -> Result<Self, Failure> {
        let server = Server::start(&company.setup).await?;
        let crowd = Crowd::new(server.address, company.people.clone());
        let witness = Witness::leave(server.address, company.absent.clone()).await?;
        Ok(Self { company, server, crowd, witness, acked: Vec::new(), findings: Findings::default() })
    }

    /// Has this many sockets listen, and lets the server settle.
    pub(crate) async fn listen(&mut self, sockets: usize) -> Result<(), Failure> {
        self.crowd.grow_to(sockets).await?;
        self.rest().await;
        Ok(())
    }

    /// Lets the server settle.
    pub(crate) async fn rest(&self) {
        time::sleep(self.company.plan.settle).await;
    }

    /// Publishes at a fixed rate and waits until everybody has everything; returns the waits for acknowledgement.
    pub(crate) async fn publish(&mut self, rate: u32, count: u32) -> Result<Vec<Duration>, Failure> {
        Ok(self.publish_at_rate(rate, count).await?.waits)
    }

    /// The same; returns when each message was asked for.
    pub(crate) async fn publish_timed(&mut self, rate: u32, count: u32) -> Result<Vec<(u64, Instant)>, Failure> {
        Ok(self.publish_at_rate(rate, count).await?.asked)
    }

    async fn publish_at_rate(&mut self, rate: u32, count: u32) -> Result<Acknowledged, Failure> {
        let publisher = self.company.people[0].clone();
        let done = publish::at_rate(self.server.address, publisher, rate, count).await?;
        Ok(self.account(done).await)
    }

    /// Opens sockets that note when each message comes.
    pub(crate) async fn probe(&self, sockets: usize) -> Result<Probes, Failure> {
        Probes::open(self.server.address, &self.company.people[..sockets]).await
    }

    /// Lets guesses at passwords begin.
    pub(crate) fn flood(&self, rate: u32) -> Flood {
        Flood::begin(self.server.address, rate)
    }

    /// Publishes as fast as possible, see [`publish::flat_out`]; waits until everybody has everything.
    pub(crate) async fn publish_flat_out(&mut self, time: Duration, most: u32) -> Result<Acknowledged, Failure> {
        let people = self.company.people.clone();
        let writers = self.company.plan.durable.writers;
        let done = publish::flat_out(self.server.address, people, writers, time, most).await?;
        Ok(self.account(done).await)
    }

    async fn account(&mut self, done: Acknowledged) -> Acknowledged {
        self.acked.extend(&done.ids);
        self.crowd.catch_up(&self.acked).await;
        done
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> Result<u32, Failure> {
        self.server.pid()
    }

    /// Who listens.
    pub(crate) fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    /// Audits all listeners and closes their sockets.
    pub(crate) async fn dismiss(&mut self) {
        if self.company.plan.confirm {
            self.crowd.confirm(&self.acked).await;
        }
        self.findings.merge(self.crowd.dismiss(&self.acked));
    }

    /// Audits whoever still listens, has the absent return and compare, and stops the server.
    pub(crate) async fn strike(mut self) -> Result<Findings, Failure> {
        self.dismiss().await;
        let mut findings = self.findings;
        findings.merge(self.witness.return_and_compare(&self.acked).await?);
        self.server.stop().await?;
        Ok(findings)
    }
}
