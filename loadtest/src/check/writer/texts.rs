//! What writers write, and to whom. No two texts are alike, so that each shows by itself where it belongs.

use push_system::message::{EditRequest, OneOrMany, PublishRequest};

use super::Writer;

impl Writer {
    pub(super) fn message(&mut self) -> PublishRequest {
        let (number, filling) = (self.sent, "·".repeat(self.desk.filling / "·".len()));
        let text = format!("{} of writer {}, 第{number}条消息 🎉 e\u{301}\n{filling}", number, self.number);
        let mut request = PublishRequest { message: text, to: self.addressees(), ..PublishRequest::default() };
        if self.chance.within(0..4) == 0 {
            request.title = Some(format!("Ünïcode {number}"));
            request.priority = Some(i64::try_from(self.chance.within(0..11)).unwrap_or(0));
            request.tags = Some(vec!["check".to_owned(), format!("t{}", number % 7)]);
            request.click = Some(format!("https://example.org/{number}?a=b&c=%20"));
            request.extras = serde_json::json!({ "z": number, "a": { "list": [1.5, null, "ü"] } }).as_object().cloned();
        }
        request
    }

    /// Every part, so that what a message says after it does not depend on what it said before.
    pub(super) fn correction(&mut self, message: u64) -> EditRequest {
        let key = self.next_key();
        EditRequest {
            message: Some(format!("{message} says something else: {key}, 改正 ✏")),
            title: Some(format!("Änderung {key}")),
            priority: Some(i64::try_from(self.chance.within(0..11)).unwrap_or(0)),
            tags: Some(vec![format!("t{}", self.sent % 7)]),
            click: Some(String::new()),
            extras: Some(serde_json::Map::new()),
        }
    }

    /// Six of ten to everyone, the others to a few people by name, some of them to the sender alone, or to a topic.
    fn addressees(&mut self) -> Option<OneOrMany> {
        let of_ten = self.chance.within(0..10);
        match of_ten {
            0..6 => None,
            6 => Some(OneOrMany::One(format!("@{}", self.member.person.name))),
            7 => {
                let count = self.chance.within(1..4);
                Some(OneOrMany::Many((0..count).map(|_| self.somebody()).collect()))
            }
            _ => self.a_topic(),
        }
    }

    fn somebody(&mut self) -> String {
        let members = &self.desk.members;
        format!("@{}", members[self.chance.index(members.len())].person.name)
    }

    /// One that the writer was in at first, or a public one, to which anybody may write; then at times to somebody by name
    /// as well.
    fn a_topic(&mut self) -> Option<OneOrMany> {
        let place = self.number % self.desk.members.len();
        let may_write = self.desk.rooms.iter().filter(|room| !room.private || room.first.contains(&place));
        let rooms: Vec<_> = may_write.map(|room| (room.name.clone(), room.private)).collect();
        if rooms.is_empty() {
            return None;
        }
        let (name, private) = rooms[self.chance.index(rooms.len())].clone();
        if private || self.chance.within(0..4) > 0 {
            return Some(OneOrMany::One(name));
        }
        Some(OneOrMany::Many(vec![name, self.somebody()]))
    }
}
