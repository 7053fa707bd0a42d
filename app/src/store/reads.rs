use push_system::{
    inbox::Inbox,
    read_state::{ReadChange, ReadState},
};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    ticket: u64,
    change: ReadChange,
    answered: bool,
}

/// What a person marked on this page, shown at once and held until the log says the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unconfirmed {
    changes: Vec<Mark>,
    tickets: u64,
}

impl Unconfirmed {
    /// Shows a change from now on.
    pub fn begin(&mut self, change: ReadChange) -> u64 {
        self.tickets += 1;
        self.changes.push(Mark { ticket: self.tickets, change, answered: false });
        self.tickets
    }

    /// The server refused it, or was not reached: it is taken back.
    pub fn failed(&mut self, ticket: u64) {
        self.changes.retain(|change| change.ticket != ticket);
    }

    /// The server stored it and answered with the state it led to. Until the event of it is folded, it stays shown;
    /// where the state is the folded one already, no event will come.
    pub fn answered(&mut self, ticket: u64, answer: &ReadState, folded: &ReadState) {
        if answer == folded {
            return self.failed(ticket);
        }
        for change in self.changes.iter_mut().filter(|change| change.ticket == ticket) {
            change.answered = true;
        }
    }

    /// The log led to this state: it wins over everything answered, and over what it contains.
    pub fn folded(&mut self, state: &ReadState) {
        self.changes.retain(|change| !change.answered && state.after(&change.change) != *state);
    }

    /// The state as the person sees it.
    pub fn over(&self, state: &ReadState) -> ReadState {
        self.changes.iter().fold(state.clone(), |state, change| state.after(&change.change))
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
        others.filter(|message| !state.is_read(message.id)).count() as u64
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
    use push_system::ids::MessageId;

    use super::*;

    fn upto(id: u64) -> ReadState {
        ReadState::starting_at(MessageId(id))
    }

    #[test]
    fn a_change_shows_at_once_and_until_its_event() {
        let mut changes = Unconfirmed::default();
        let ticket = changes.begin(ReadChange::read(MessageId(4)));
        assert_eq!(changes.over(&upto(3)), upto(4));
        changes.answered(ticket, &upto(4), &upto(3));
        assert_eq!(changes.over(&upto(3)), upto(4));
        changes.folded(&upto(4));
        assert_eq!(changes.over(&upto(3)), upto(3), "the fold decides from here on");
    }

    #[test]
    fn an_event_may_come_before_the_answer() {
        let mut changes = Unconfirmed::default();
        let ticket = changes.begin(ReadChange::read(MessageId(4)));
        changes.folded(&upto(4));
        changes.answered(ticket, &upto(4), &upto(4));
        assert_eq!(changes.over(&upto(2)), upto(2));
    }

    #[test]
    fn an_event_of_another_device_leaves_what_is_still_on_its_way() {
        let mut changes = Unconfirmed::default();
        changes.begin(ReadChange::read(MessageId(5)));
        changes.folded(&upto(4));
        assert_eq!(changes.over(&upto(4)), upto(5));
    }

    #[test]
    fn a_change_that_fails_or_changes_nothing_leaves_no_trace() {
        let mut changes = Unconfirmed::default();
        let failed = changes.begin(ReadChange::read(MessageId(4)));
        changes.failed(failed);
        let idle = changes.begin(ReadChange::read(MessageId(1)));
        changes.answered(idle, &upto(3), &upto(3));
        assert_eq!(changes.over(&upto(3)), upto(3));
    }
}
