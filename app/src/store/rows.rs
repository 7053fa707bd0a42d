use push_system::{ids::MessageId, message::ClientId, timestamp::Timestamp};

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// The heading of a day, counted from 1970-01-01.
    Day(i64),
    /// Something sent and not confirmed.
    Unsent(ClientId),
    /// A message.
    Message(MessageId),
}

/// Orders messages and unsent rows, both newest first, under the days they fall on for someone `offset_minutes` east of UTC.
pub fn rows(
    unsent: impl IntoIterator<Item = (ClientId, Timestamp)>,
    messages: impl IntoIterator<Item = (MessageId, Timestamp)>,
    offset_minutes: i32,
) -> Vec<Row> {
    let mut unsent = unsent.into_iter().peekable();
    let mut rows = Days { rows: Vec::new(), last: i64::MAX, offset_minutes };
    for (id, at) in messages {
        while let Some((client_id, sent)) = unsent.next_if(|(_, sent)| *sent >= at) {
            rows.push(Row::Unsent(client_id), sent);
        }
        rows.push(Row::Message(id), at);
    }
    for (client_id, sent) in unsent {
        rows.push(Row::Unsent(client_id), sent);
    }
    rows.rows
}

struct Days {
    rows: Vec<Row>,
    last: i64,
    offset_minutes: i32,
}

impl Days {
    /// A clock may have been set back between two messages: days only go down, so that each has one heading.
    fn push(&mut self, row: Row, at: Timestamp) {
        let day = at.day(self.offset_minutes).min(self.last);
        if day != self.last {
            self.rows.push(Row::Day(day));
            self.last = day;
        }
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn message(id: u64, ms: i64) -> (MessageId, Timestamp) {
        (MessageId(id), at(ms))
    }

    fn unsent(key: &str, ms: i64) -> (ClientId, Timestamp) {
        (ClientId::parse(key, "client_id").unwrap(), at(ms))
    }

    #[test]
    fn days_separate_messages_by_the_readers_midnight() {
        let messages = [message(3, DAY + 10), message(2, DAY - 10), message(1, 5)];
        let day = |day, list: &[u64]| {
            std::iter::once(Row::Day(day)).chain(list.iter().map(|id| Row::Message(MessageId(*id)))).collect::<Vec<_>>()
        };
        assert_eq!(rows([], messages, 0), [day(1, &[3]), day(0, &[2, 1])].concat());
        assert_eq!(rows([], messages, 1), [day(1, &[3, 2]), day(0, &[1])].concat());
        assert!(rows([], [], 0).is_empty());
    }

    #[test]
    fn unsent_rows_stand_where_they_were_sent() {
        let list = rows([unsent("b", 90), unsent("a", 15)], [message(2, 20), message(1, 10)], 0);
        let keys: Vec<String> = list.iter().map(|row| format!("{row:?}")).collect();
        assert_eq!(
            keys.join(" "),
            r#"Day(0) Unsent(ClientId("b")) Message(MessageId(2)) Unsent(ClientId("a")) Message(MessageId(1))"#
        );
    }

    #[test]
    fn a_clock_set_back_makes_no_second_heading() {
        let list = rows([], [message(3, DAY - 5), message(2, DAY + 5), message(1, 0)], 0);
        assert_eq!(list.iter().filter(|row| matches!(row, Row::Day(_))).count(), 1);
    }
}
