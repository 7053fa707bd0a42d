//! How hard a run is: which things go wrong in it, and how often.

use super::dice::Dice;

/// Chances are per occasion.
#[derive(Clone, Debug)]
pub struct Weather {
    pub instances: usize,
    pub people: usize,
    /// Devices, each of some person.
    pub clients: usize,
    /// Programs that publish over HTTP.
    pub writers: usize,
    /// Messages of each.
    pub messages: usize,
    /// How long things go wrong.
    pub storm_ms: u64,
    /// Bytes an instance keeps in its tail.
    pub tail_bytes: usize,
    pub store: StoreWeather,
    pub bus: BusWeather,
    pub net: NetWeather,
    /// Between two blows, at most; 0 for none.
    pub blows_every_ms: u64,
    /// What a blow may be.
    pub blows: Vec<Blow>,
    /// Long texts, so that pages and frames fill.
    pub long_texts: bool,
    /// People edit and delete messages, put them away and keep them.
    pub changes: bool,
}

#[derive(Clone, Debug)]
pub struct StoreWeather {
    pub latency_ms: u64,
    pub read_fails: f64,
    pub not_stored: f64,
    pub unknown: f64,
}

#[derive(Clone, Debug)]
pub struct BusWeather {
    pub loss: f64,
    /// Of losses, those that are noticed.
    pub gap_told: f64,
    pub twice: f64,
    pub latency_ms: u64,
}

#[derive(Clone, Debug)]
pub struct NetWeather {
    pub latency_ms: u64,
    /// Per frame: the line is cut at it.
    pub cut: f64,
    /// Per frame: from it on nothing passes, and nobody is told.
    pub half_open: f64,
    /// Frames that wait for a reader before the writer has to.
    pub room: usize,
}

/// What happens to the system from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// An instance is killed at once.
    Kill,
    /// An instance is killed inside its next commit, before or after it took place.
    KillInCommit,
    /// An instance is asked to stop, and drains.
    Stop,
    /// An instance cannot reach the store for a while.
    CutOff,
    /// Nobody can.
    Outage,
    /// An instance does not run for a while.
    Stall,
    /// All sockets of an instance are cut.
    CutLines,
    /// A backup is made.
    Backup,
    /// The backup is put back under the running system.
    Restore,
    /// Old history is trimmed.
    Trim,
}

impl Weather {
    /// As the dice fall: each kind of fault is absent from about half of the runs, so that others show by themselves.
    pub fn of(dice: &Dice) -> Self {
        let maybe = |most: f64| if dice.chance(0.5) { dice.share() * most } else { 0.0 };
        let all = [
            (Blow::Kill, 0.4),
            (Blow::KillInCommit, 0.4),
            (Blow::Stop, 0.3),
            (Blow::CutOff, 0.4),
            (Blow::Outage, 0.3),
            (Blow::Stall, 0.3),
            (Blow::CutLines, 0.3),
            (Blow::Trim, 0.25),
        ];
        let mut blows: Vec<_> =
            all.into_iter().filter(|(_, chance)| dice.chance(*chance)).map(|(blow, _)| blow).collect();
        let mut blows_every_ms = dice.within(200..2_000);
        match dice.below(10) {
            // A log that goes back again and again, and history that is gone before slow readers get to it: alone, and often.
            0 => (blows, blows_every_ms) = (vec![Blow::Backup, Blow::Restore, Blow::Kill], 300),
            1 => (blows, blows_every_ms) = (vec![Blow::Trim, Blow::CutLines], 200),
            2 | 3 => blows.extend([Blow::Backup, Blow::Restore]),
            _ => {}
        }
        Self {
            instances: 1 + dice.below(3),
            people: 2 + dice.below(3),
            clients: 2 + dice.below(3),
            writers: 1 + dice.below(3),
            messages: 2 + dice.below(8),
            storm_ms: dice.within(2_000..8_000),
            tail_bytes: *dice.pick(&[0, 1_500, 5_000, 16 * 1024 * 1024]),
            store: StoreWeather {
                latency_ms: *dice.pick(&[0, 0, 3, 20]),
                read_fails: maybe(0.1),
                not_stored: maybe(0.2),
                unknown: maybe(0.3),
            },
            bus: BusWeather {
                loss: if dice.chance(0.15) { 1.0 } else { maybe(0.8) },
                gap_told: maybe(1.0),
                twice: maybe(0.5),
                latency_ms: *dice.pick(&[0, 5, 50, 1_500]),
            },
            net: NetWeather {
                latency_ms: *dice.pick(&[0, 0, 10, 80]),
                cut: maybe(0.05),
                half_open: maybe(0.02),
                room: *dice.pick(&[1, 4, 64]),
            },
            blows_every_ms,
            blows,
            long_texts: dice.chance(0.04),
            changes: false,
        }
    }
}
