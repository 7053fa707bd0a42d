use push_system::{
    inbox::Inbox,
    marks::{Marks, StateChange},
    read_state::ReadState,
};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    ticket: u64,
    wanted: StateChange,
    answered: bool,
}

/// What a person marked on this page, shown at once and held until the log says the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unconfirmed {
    changes: Vec<Change>,
    tickets: u64,
}

/// What is read, and what is seen, archived and saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What is read.
    pub read: ReadState,
    /// What else was done.
    pub marks: Marks,
}

impl State {
    /// The state of the log.
    pub fn of(inbox: &Inbox) -> Self {
        Self { read: inbox.read().clone(), marks: inbox.marks().clone() }
    }

    /// The state after a change.
    #[must_use]
    pub fn after(&self, change: &StateChange) -> Self {
        let (read, marks) = change.apply(&self.read, &self.marks);
        Self { read, marks }
    }
}

impl Unconfirmed {
    /// Shows a change from now on.
    pub fn begin(&mut self, change: StateChange) -> u64 {
        self.tickets += 1;
        self.changes.push(Change { ticket: self.tickets, wanted: change, answered: false });
        self.tickets
    }

    /// The server refused it, or was not reached: it is taken back.
    pub fn failed(&mut self, ticket: u64) {
        self.changes.retain(|change| change.ticket != ticket);
    }

    /// The server stored it. Until the event of it is folded, it stays shown; where the log is there already, no event will
    /// come.
    pub fn answered(&mut self, ticket: u64, folded: &State) {
        let known = |change: &Change| folded.after(&change.wanted) == *folded;
        self.changes.retain(|change| change.ticket != ticket || !known(change));
        for change in self.changes.iter_mut().filter(|change| change.ticket == ticket) {
            change.answered = true;
        }
    }

    /// The log led to this state: it wins over everything answered, and over what it contains. They are stored one after the
    /// other: behind one that is still on its way, what the state contains by chance is not there yet.
    pub fn folded(&mut self, state: &State) {
        let is_there = |change: &&Change| change.answered || state.after(&change.wanted) == *state;
        let count = self.changes.iter().take_while(is_there).count();
        self.changes.drain(..count);
    }

    /// The state as the person sees it.
    pub fn over(&self, state: State) -> State {
        self.changes.iter().fold(state, |state, change| state.after(&change.wanted))
    }
}

/// How many are unread under `read`, which may be ahead of the inbox's own state.
pub(super) fn unread_count(inbox: &Inbox, read: &ReadState) -> u64 {
    if read == inbox.read() {
        return inbox.unread();
    }
    let me = inbox.user().id;
    let loaded = |state: &ReadState| {
        let others = inbox.messages().iter().filter(|message| message.sender.id != me);
        others.filter(|message| message.deleted.is_none() && !state.is_read(message.id)).count() as u64
    };
    let oldest = inbox.messages().last().map_or(0, |message| message.id.0);
    let all_that_count_are_loaded = !inbox.has_more() || read.read_upto.0 + 1 >= oldest;
    if all_that_count_are_loaded {
        return loaded(read);
    }
    (inbox.unread() + loaded(read)).saturating_sub(loaded(inbox.read()))
}

#[cfg(test)]
mod tests {
    use push_system::{
        ids::MessageId,
        read_state::{Ranges, ReadChange},
    };

    use super::*;

    fn upto(id: u64) -> State {
        State { read: ReadState::starting_at(MessageId(id)), ..State::default() }
    }

    fn read(id: u64) -> StateChange {
        ReadChange::read(MessageId(id)).into()
    }

    #[test]
    fn a_change_shows_at_once_and_until_its_event() {
        let mut changes = Unconfirmed::default();
        let ticket = changes.begin(read(4));
        assert_eq!(changes.over(upto(3)), upto(4));
        changes.answered(ticket, &upto(3));
        assert_eq!(changes.over(upto(3)), upto(4));
        changes.folded(&upto(4));
        assert_eq!(changes.over(upto(3)), upto(3), "the fold decides from here on");
    }

    #[test]
    fn an_event_may_come_before_the_answer() {
        let mut changes = Unconfirmed::default();
        let ticket = changes.begin(read(4));
        changes.folded(&upto(4));
        changes.answered(ticket, &upto(4));
        assert_eq!(changes.over(upto(2)), upto(2));
    }

    #[test]
    fn an_event_of_another_device_leaves_what_is_still_on_its_way() {
        let mut changes = Unconfirmed::default();
        changes.begin(read(5));
        changes.folded(&upto(4));
        assert_eq!(changes.over(upto(4)), upto(5));
    }

    #[test]
    fn what_takes_back_a_change_on_its_way_is_shown_with_it() {
        let mut changes = Unconfirmed::default();
        changes.begin(read(4));
        changes.begin(ReadChange { unread: Ranges::one(4), ..ReadChange::default() }.into());
        changes.folded(&upto(3));
        assert_eq!(changes.over(upto(3)), upto(3), "another device changed something else");
        changes.folded(&upto(4));
        assert_eq!(changes.over(upto(4)), upto(3));
    }

    #[test]
    fn a_change_that_fails_or_changes_nothing_leaves_no_trace() {
        let mut changes = Unconfirmed::default();
        let failed = changes.begin(read(4));
        changes.failed(failed);
        let idle = changes.begin(read(1));
        changes.answered(idle, &upto(3));
        assert_eq!(changes.over(upto(3)), upto(3));
    }

    #[test]
    fn what_is_put_away_shows_as_read_before_the_log_says_so() {
        let mut changes = Unconfirmed::default();
        changes.begin(StateChange { archive: Ranges::one(4), ..StateChange::default() });
        let shown = changes.over(upto(3));
        assert!(shown.marks.is_archived(MessageId(4)) && shown.read.is_read(MessageId(4)));
    }
}
