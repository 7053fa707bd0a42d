//! Who was in which topic when. What a person is entitled to is decided by this alone, for any place of the log and at any
//! later time alike.

use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry};

use push_system::ids::{Seq, TopicId, UserId};

/// A stay of one person in one topic: the places in `(after, until]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Where.
    pub topic: TopicId,
    /// Whether only members may know of the topic.
    pub private: bool,
    /// Whether they own it, if they are in it now.
    pub owner: bool,
    /// The event by which they joined.
    pub after: Seq,
    /// The event by which they left.
    pub until: Option<Seq>,
}

impl Membership {
    /// Whether they are in it now.
    pub fn is_open(&self) -> bool {
        self.until.is_none()
    }

    /// Whether it entitles to what was sent to the topic at `place`: of a private topic only the present stay does.
    pub fn covers(&self, place: Seq) -> bool {
        let ended_before = self.until.is_some_and(|until| self.private || place > until);
        place > self.after && !ended_before
    }
}

/// The topics of everybody, in memory: a connection is asked for each event whether it is entitled to it.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    topics: HashMap<TopicId, Room>,
}

/// Who is there now and who went when are kept apart from all stays: most events are for those who are there, and a topic
/// may have been left by many more.
#[derive(Clone, Debug, Default)]
struct Room {
    private: bool,
    stays: BTreeMap<(UserId, Seq), Option<Seq>>,
    /// Who is there, and since when.
    open: BTreeMap<UserId, Seq>,
    /// Until when somebody was there, who, and since when.
    over: BTreeSet<(Seq, UserId, Seq)>,
}

impl FromIterator<Membership> for Memberships {
    fn from_iter<I: IntoIterator<Item = Membership>>(stays: I) -> Self {
        let mut all = Self::default();
        for stay in stays {
            let room = all.topics.entry(stay.topic).or_default();
            room.private = stay.private;
            room.begin(stay.user, stay.after);
            if let Some(until) = stay.until {
                room.end(stay.user, stay.after, until);
            }
        }
        all
    }
}

impl Memberships {
    /// Whether `user` is entitled to what was sent to `topic` at `place`.
    pub fn cover(&self, topic: TopicId, user: UserId, place: Seq) -> bool {
        self.topics.get(&topic).is_some_and(|room| room.covers(user, place))
    }

    /// Those who are entitled to what was sent to `topic` at `place`, by number.
    pub fn members_at(&self, topic: TopicId, place: Seq) -> Vec<UserId> {
        self.topics.get(&topic).map(|room| room.members_at(place)).unwrap_or_default()
    }

    /// Somebody came, at `seq`. Known already, it changes nothing.
    pub fn join(&mut self, topic: TopicId, private: bool, user: UserId, seq: Seq) {
        let room = self.topics.entry(topic).or_default();
        room.private = private;
        room.begin(user, seq);
    }

    /// Somebody went, at `seq`. Known already, it changes nothing.
    pub fn leave(&mut self, topic: TopicId, user: UserId, seq: Seq) {
        let Some(room) = self.topics.get_mut(&topic) else { return };
        let stay = room.stays.range((user, Seq(0))..(user, seq)).next_back();
        if let Some((&(_, after), None)) = stay {
            room.end(user, after, seq);
        }
    }
}

impl Room {
    fn begin(&mut self, user: UserId, after: Seq) {
        if let Entry::Vacant(stay) = self.stays.entry((user, after)) {
            stay.insert(None);
            self.open.insert(user, after);
        }
    }

    fn end(&mut self, user: UserId, after: Seq, until: Seq) {
        self.stays.insert((user, after), Some(until));
        self.over.insert((until, user, after));
        if self.open.get(&user) == Some(&after) {
            self.open.remove(&user);
        }
    }

    fn covers(&self, user: UserId, place: Seq) -> bool {
        let stays = self.stays.range((user, Seq(0))..(user, place));
        stays.rev().any(|(_, until)| until.is_none_or(|until| !self.private && place <= until))
    }

    fn members_at(&self, place: Seq) -> Vec<UserId> {
        let there = self.open.iter().filter(|(_, after)| **after < place).map(|(user, _)| *user);
        let mut users: Vec<_> = there.collect();
        if !self.private {
            let gone = self.over.range((place, UserId(0), Seq(0))..);
            users.extend(gone.filter(|(_, _, after)| *after < place).map(|(_, user, _)| *user));
            users.sort_unstable();
            users.dedup();
        }
        users
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: UserId = UserId(1);
    const OPS: TopicId = TopicId(9);

    #[test]
    fn a_public_topic_is_every_stay_and_a_private_one_the_present_one() {
        for private in [false, true] {
            let mut all = Memberships::default();
            all.join(OPS, private, ANA, Seq(10));
            all.leave(OPS, ANA, Seq(20));
            all.join(OPS, private, ANA, Seq(30));
            // The log may be read twice over.
            all.leave(OPS, ANA, Seq(20));
            all.join(OPS, private, ANA, Seq(10));
            let covered = |place| all.cover(OPS, ANA, Seq(place));
            assert_eq!([10, 11, 20, 21, 30, 31].map(covered), [false, !private, !private, false, false, true]);
            let stays = [(10, Some(20)), (30, None)].map(|(after, until)| Membership {
                user: ANA,
                topic: OPS,
                private,
                owner: false,
                after: Seq(after),
                until: until.map(Seq),
            });
            for place in 0..40 {
                assert_eq!(stays.iter().any(|stay| stay.covers(Seq(place))), covered(place), "{place}");
            }
            assert_eq!(all.members_at(OPS, Seq(31)), [ANA]);
            assert!(all.members_at(OPS, Seq(25)).is_empty() && all.members_at(TopicId(8), Seq(31)).is_empty());
        }
    }

    #[test]
    fn those_who_are_told_are_those_who_are_covered() {
        for private in [false, true] {
            let mut all = Memberships::default();
            let mut stays = Vec::new();
            // Each person comes and goes at a pace of their own; the last stay of every second one goes on.
            for user in 1..=6 {
                for after in (user..60).step_by(2 * usize::try_from(user).unwrap() + 3) {
                    let until = (after + user + 1 < 60 || user % 2 == 0).then_some(Seq(after + user + 1));
                    stays.push((UserId(user), Seq(after), until));
                }
            }
            let mut steps: Vec<_> = stays.iter().map(|(user, after, _)| (*after, *user, true)).collect();
            steps.extend(stays.iter().filter_map(|(user, _, until)| until.map(|until| (until, *user, false))));
            steps.sort_unstable();
            for (seq, user, comes) in steps {
                if comes { all.join(OPS, private, user, seq) } else { all.leave(OPS, user, seq) }
            }
            let of_rows: Memberships = stays
                .iter()
                .map(|(user, after, until)| Membership {
                    user: *user,
                    topic: OPS,
                    private,
                    owner: false,
                    after: *after,
                    until: *until,
                })
                .collect();
            for place in (0..80).map(Seq) {
                let covered: Vec<_> = (1..=6).map(UserId).filter(|user| all.cover(OPS, *user, place)).collect();
                assert_eq!(all.members_at(OPS, place), covered, "{place}");
                assert_eq!(of_rows.members_at(OPS, place), covered, "{place}");
            }
        }
    }
}
