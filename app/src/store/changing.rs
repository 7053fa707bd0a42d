use push_system::{ids::MessageId, message::Message};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    ticket: u64,
    shown: Message,
}

/// Messages as this page changed them, each shown so until the log speaks of it. The fold knows nothing of them: where one
/// goes, what the log said is shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changing {
    changes: Vec<Change>,
    tickets: u64,
}

impl Changing {
    /// Shows a message so from now on.
    pub fn begin(&mut self, shown: Message) -> u64 {
        self.tickets += 1;
        self.changes.push(Change { ticket: self.tickets, shown });
        self.tickets
    }

    /// The server did not do it, or was not reached.
    pub fn failed(&mut self, ticket: u64) {
        self.changes.retain(|change| change.ticket != ticket);
    }

    /// The server stored it so; nothing, where the log has spoken since. Of what is `known` already no event will come.
    pub fn answered(&mut self, ticket: u64, stored: Message, known: Option<&Message>) {
        if known == Some(&stored) {
            self.failed(ticket);
        } else if let Some(change) = self.changes.iter_mut().find(|change| change.ticket == ticket) {
            change.shown = stored;
        }
    }

    /// The log spoke of a message: it wins over everything that was changed here, answered or not.
    pub fn folded(&mut self, id: MessageId) {
        self.changes.retain(|change| change.shown.id != id);
    }

    /// A snapshot came, which contains some of it, and nothing tells which: events follow for the rest. These had been
    /// changed.
    pub fn forget(&mut self) -> Vec<MessageId> {
        self.changes.drain(..).map(|change| change.shown.id).collect()
    }

    /// How a message looks, where it is another way than the log says.
    pub fn shown(&self, id: MessageId) -> Option<&Message> {
        self.changes.iter().rfind(|change| change.shown.id == id).map(|change| &change.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::message, *};

    fn text(changing: &Changing) -> Option<&str> {
        changing.shown(MessageId(1)).map(|message| message.message.as_str())
    }

    #[test]
    fn a_change_shows_until_the_log_speaks_of_its_message() {
        let mut changing = Changing::default();
        let ticket = changing.begin(message(1, "mine"));
        changing.folded(MessageId(2));
        assert_eq!(text(&changing), Some("mine"));
        changing.answered(ticket, message(1, "as stored"), Some(&message(1, "old")));
        assert_eq!(text(&changing), Some("as stored"));
        changing.folded(MessageId(1));
        assert_eq!(text(&changing), None);
    }

    #[test]
    fn an_answer_that_comes_after_the_log_spoke_says_nothing() {
        let mut changing = Changing::default();
        let ticket = changing.begin(message(1, "mine"));
        changing.folded(MessageId(1));
        changing.answered(ticket, message(1, "mine"), Some(&message(1, "")));
        assert_eq!(text(&changing), None);
    }

    #[test]
    fn an_edit_that_changed_nothing_waits_for_no_event() {
        let mut changing = Changing::default();
        let ticket = changing.begin(message(1, "same"));
        changing.answered(ticket, message(1, "same"), Some(&message(1, "same")));
        assert_eq!(text(&changing), None);
    }

    #[test]
    fn what_failed_leaves_the_earlier_change_and_no_trace() {
        let mut changing = Changing::default();
        changing.begin(message(1, "first"));
        let second = changing.begin(message(1, "second"));
        assert_eq!(text(&changing), Some("second"));
        changing.failed(second);
        assert_eq!(text(&changing), Some("first"));
    }

    #[test]
    fn an_answer_from_before_a_snapshot_is_not_taken_for_a_later_one() {
        let mut changing = Changing::default();
        let early = changing.begin(message(1, "early"));
        assert_eq!(changing.forget(), [MessageId(1)]);
        changing.begin(message(1, "late"));
        changing.answered(early, message(1, "early"), None);
        assert_eq!(text(&changing), Some("late"));
    }
}
