use push_system::{accounts::Person, api::Presence, protocol::PresenceChange};

/// Folds a `presence` frame. False when a frame before it was missed, and the whole must be asked for.
pub fn fold(
    presence: &mut Presence,
    version: u64,
    count: u64,
    people: Option<Vec<Person>>,
    change: Option<PresenceChange>,
) -> bool {
    match (people, change) {
        (Some(people), _) => *presence = Presence { version, count, people },
        // Above the limit there is only the number.
        (None, None) => *presence = Presence { version, count, people: Vec::new() },
        (None, Some(_)) if version <= presence.version => {}
        (None, Some(_)) if version > presence.version + 1 => return false,
        (None, Some(change)) => {
            presence
                .people
                .retain(|person| !change.left.iter().chain(&change.joined).any(|other| other.id == person.id));
            for person in change.joined {
                let at = presence.people.partition_point(|other| other.name < person.name);
                presence.people.insert(at, person);
            }
            (presence.version, presence.count) = (version, count);
            // A crowd has become few enough to be listed, and who was in it was never told.
            return presence.people.len() as u64 == count;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use push_system::{accounts::Username, ids::UserId};

    use super::*;

    fn person(id: u64, name: &str) -> Person {
        Person { id: UserId(id), name: Username::parse(name).unwrap() }
    }

    fn of(version: u64, names: &[&str]) -> Presence {
        let people: Vec<_> = names.iter().zip(1..).map(|(name, id)| person(id, name)).collect();
        Presence { version, count: people.len() as u64, people }
    }

    #[test]
    fn a_change_is_merged_by_name() {
        let mut presence = of(4, &["ana", "cem"]);
        let change = PresenceChange { joined: vec![person(9, "bob")], left: vec![person(1, "ana")] };
        assert!(fold(&mut presence, 5, 2, None, Some(change)));
        assert_eq!(presence.people, [person(9, "bob"), person(2, "cem")]);
        assert_eq!((presence.version, presence.count), (5, 2));
    }

    #[test]
    fn an_old_change_is_ignored_and_a_gap_is_noticed() {
        let mut presence = of(4, &["ana"]);
        assert!(fold(&mut presence, 4, 0, None, Some(PresenceChange::default())));
        assert!(!fold(&mut presence, 6, 0, None, Some(PresenceChange::default())));
        assert_eq!(presence, of(4, &["ana"]));
    }

    #[test]
    fn a_crowd_that_becomes_a_list_again_is_asked_for() {
        let mut presence = Presence { version: 4, count: 201, people: Vec::new() };
        let change = PresenceChange { joined: vec![], left: vec![person(1, "ana")] };
        assert!(!fold(&mut presence, 5, 200, None, Some(change)));
    }

    #[test]
    fn a_whole_frame_replaces_whatever_its_version() {
        let mut presence = of(9, &["ana"]);
        assert!(fold(&mut presence, 2, 1, Some(vec![person(1, "bob")]), None));
        assert_eq!(presence, of(2, &["bob"]));
        assert!(fold(&mut presence, 3, 500, None, None));
        assert_eq!(presence, Presence { version: 3, count: 500, people: Vec::new() });
    }
}
