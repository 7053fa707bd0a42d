use leptos::{prelude::*, task::spawn_local};
use push_system::audience::Recipient;

use super::state::Compose;
use crate::api;

/// The list of people and topics offered while a recipient is typed.
#[derive(Clone, Copy)]
pub(super) struct Completion {
    /// Who is offered; the list is open while there is anyone.
    pub(super) options: RwSignal<Vec<Recipient>>,
    /// Which of them *Enter* picks.
    pub(super) active: RwSignal<u64>,
    /// Grows with each question, so that a late answer is left alone.
    asked: RwSignal<u64>,
}

impl Completion {
    pub(super) fn new() -> Self {
        Self { options: RwSignal::new(Vec::new()), active: RwSignal::new(0), asked: RwSignal::new(0) }
    }

    pub(super) fn is_open(self) -> bool {
        self.options.with(|options| !options.is_empty())
    }

    pub(super) fn close(self) {
        self.asked.update(|asked| *asked += 1);
        if !self.options.with_untracked(Vec::is_empty) {
            self.options.set(Vec::new());
        }
    }

    /// Moves to the next one, or the one before; round.
    pub(super) fn step(self, forwards: bool) {
        let count = self.options.with_untracked(Vec::len) as u64;
        if count > 0 {
            let by = if forwards { 1 } else { count - 1 };
            self.active.update(|active| *active = (*active + by) % count);
        }
    }

    /// The one *Enter* picks.
    pub(super) fn current(self) -> Option<Recipient> {
        let active = usize::try_from(self.active.get_untracked()).ok()?;
        self.options.with_untracked(|options| options.get(active).cloned())
    }

    /// Offers who begins with what is typed; an `@` alone asks for anyone.
    pub(super) fn ask(self, compose: Compose, typed: &str) {
        if typed.trim().is_empty() { self.close() } else { self.offer(compose, typed) }
    }

    /// Offers who begins with what is typed, and anyone where nothing is.
    pub(super) fn offer(self, compose: Compose, typed: &str) {
        let typed = typed.trim().to_lowercase();
        // What was offered for less is not picked for more, while the answer is on its way.
        self.show(arranged(self.options.get_untracked(), &typed, false));
        self.asked.update(|asked| *asked += 1);
        let question = self.asked.get_untracked();
        spawn_local(async move {
            let no_person = typed.starts_with('#');
            let prefix = typed.trim_start_matches('@');
            let answer = if no_person { Ok(Vec::new()) } else { api::people(prefix).await };
            if self.asked.try_get_untracked() != Some(question) {
                return;
            }
            let chosen = compose.chips.get_untracked();
            let is_known = answer.is_ok();
            let people = answer.unwrap_or_default();
            for person in &people {
                compose.knows(person.name.clone());
            }
            let people = people.into_iter().map(|person| Recipient::Person(person.name));
            let offered = [Recipient::Everyone].into_iter().chain(people).chain(topics(compose));
            self.show(arranged(not_chosen(offered, &chosen, &typed), &typed, is_known));
        });
    }

    fn show(self, options: Vec<Recipient>) {
        if self.options.with_untracked(|shown| *shown != options) {
            // Whoever has gone down the list stays where they are.
            let chosen = self.current().filter(|_| self.active.get_untracked() > 0);
            let place = chosen.and_then(|chosen| options.iter().position(|option| *option == chosen));
            self.active.set(place.unwrap_or_default() as u64);
            self.options.set(options);
        }
    }
}

/// The topics of the sender that can be written to.
fn topics(compose: Compose) -> Vec<Recipient> {
    compose.live.store.inbox.with_untracked(|inbox| {
        let open = inbox.topics().iter().filter(|topic| !topic.archived);
        open.map(|topic| Recipient::Topic(topic.name.clone())).collect()
    })
}

/// Those that were not chosen yet; and whoever was, where their whole name is typed again and nobody else is called so.
fn not_chosen(offered: impl IntoIterator<Item = Recipient>, chosen: &[Recipient], typed: &str) -> Vec<Recipient> {
    let is_named = |recipient: &Recipient| name(&recipient.to_string()) == name(typed);
    let (again, mut left): (Vec<_>, Vec<_>) = offered.into_iter().partition(|recipient| chosen.contains(recipient));
    if !left.iter().any(is_named) {
        left.extend(again.into_iter().filter(is_named));
    }
    left
}

/// How a recipient is called, without the sign of its kind.
fn name(written: &str) -> &str {
    written.trim_start_matches(['@', '#'])
}

/// Those that what is typed may mean, the likeliest first. A sign says what it is, without one it may be anything; what is
/// called just so is meant, whatever else begins so. Everyone is meant by no beginning that may be a person's name: none
/// behind `@`, and none before it is `known` who else begins so.
fn arranged(offered: impl IntoIterator<Item = Recipient>, typed: &str, known: bool) -> Vec<Recipient> {
    let prefix = name(typed);
    let mut fitting: Vec<(u8, Recipient)> = Vec::new();
    for recipient in offered {
        let written = recipient.to_string();
        let name = name(&written);
        let other_kind = match written.chars().next() {
            Some('#') => typed.starts_with('@'),
            _ => typed.starts_with('#'),
        };
        if other_kind || !name.starts_with(prefix) {
            continue;
        }
        let rank = match recipient {
            _ if name == prefix => 0,
            Recipient::Everyone if prefix.is_empty() => 1,
            // Last, so that it does not come under a finger that meant somebody else.
            Recipient::Everyone if known && !typed.starts_with('@') => 3,
            Recipient::Everyone => continue,
            _ => 2,
        };
        fitting.push((rank, recipient));
    }
    fitting.sort_by_key(|(rank, _)| *rank);
    fitting.into_iter().map(|(_, recipient)| recipient).collect()
}

#[cfg(test)]
mod tests {
    use push_system::audience::Recipients;

    use super::*;

    fn arranged_of(names: &[&str], typed: &str, known: bool) -> String {
        let all = Recipients::parse(names.iter().copied()).unwrap();
        let all = [Recipient::Everyone].into_iter().chain(all.iter().cloned());
        arranged(all, typed, known).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn offered(typed: &str) -> String {
        arranged_of(&["@eve", "@evelyn", "#events", "#ops"], typed, true)
    }

    #[test]
    fn everyone_is_not_picked_for_somebody_who_is_not_known_yet() {
        for typed in ["@e", "@eve", "eve", "e"] {
            assert_eq!(arranged_of(&["#ops"], typed, false), "", "{typed}");
        }
        assert_eq!(arranged_of(&["#ops"], "@eve", true), "", "there is no eve");
        assert_eq!(arranged_of(&["#ops"], "everyone", false), "everyone");
        assert_eq!(arranged_of(&["#ops"], "", false), "everyone #ops");
    }

    #[test]
    fn what_is_chosen_is_offered_again_only_by_its_whole_name() {
        let all: Vec<_> = Recipients::parse(["@eve", "@evelyn", "#ops"]).unwrap().iter().cloned().collect();
        let left = |typed: &str| {
            let left = not_chosen(all.clone(), &all[..1], typed);
            arranged(left, typed, true).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left("@ev"), "@evelyn");
        assert_eq!(left("@eve"), "@eve @evelyn");
        assert_eq!(left("eve"), "@eve @evelyn");

        let (person, topic) = (Recipients::parse(["@ops"]).unwrap(), Recipients::parse(["#ops"]).unwrap());
        let both: Vec<_> = person.iter().chain(topic.iter()).cloned().collect();
        assert_eq!(not_chosen(both.clone(), &both[..1], "ops"), both[1..], "the topic is meant now");
    }

    #[test]
    fn what_is_typed_whole_comes_first_and_everyone_is_no_person() {
        assert_eq!(offered("@eve"), "@eve @evelyn");
        assert_eq!(offered("eve"), "@eve @evelyn #events everyone");
        assert_eq!(offered("@ev"), "@eve @evelyn");
        assert_eq!(offered("ev"), "@eve @evelyn #events everyone");
        assert_eq!(offered("everyone"), "everyone");
        assert_eq!(offered("@"), "everyone @eve @evelyn");
        assert_eq!(offered("#"), "#events #ops");
        assert_eq!(offered("#ev"), "#events");
    }
}
