//! The topics of a run: made before it, with part of the people in them, so that there is always somebody who is not.

use std::{net::SocketAddr, sync::Arc};

use push_system::{
    ids::TopicId,
    topic::{NewTopic, TopicInfo},
};
use serde_json::json;

use super::{
    history::{Deed, Said, What},
    people::Member,
    print::text_of_topic,
};
use crate::{
    api::Api,
    failure::{Context, Failure},
};

/// Public and private ones in turn.
const ROOMS: usize = 4;

/// A topic of this run.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// Its number.
    pub(crate) id: TopicId,
    /// Its name, as it stands in `to`.
    pub(crate) name: String,
    /// Whether only its members may know of it.
    pub(crate) private: bool,
    /// Who owns it, by place among the members of the run; a writer, who never leaves it.
    pub(crate) owner: usize,
    /// Who was in it first, likewise.
    pub(crate) first: Vec<usize>,
}

impl Room {
    /// Makes all of them, each for a writer in turn, and says what was done for it.
    pub(crate) async fn open(
        members: &[Arc<Member>],
        writers: usize,
        address: SocketAddr,
        word: &str,
    ) -> Result<(Vec<Self>, Vec<Deed>), Failure> {
        let (mut rooms, mut deeds) = (Vec::new(), Vec::new());
        for number in 0..ROOMS {
            let owner = number % writers.min(members.len()).max(1);
            // Every second person of the public ones, every third of the private ones, and who owns it.
            let is_in = |place: &usize| *place == owner || (place + number).is_multiple_of(2 + number % 2);
            let first = (0..members.len()).filter(is_in).collect();
            let room =
                Self { id: TopicId(0), name: format!("#{word}-{number}"), private: number % 2 == 1, owner, first };
            rooms.push(room.make(members, address, &mut deeds).await?);
        }
        Ok((rooms, deeds))
    }

    async fn make(
        mut self,
        members: &[Arc<Member>],
        address: SocketAddr,
        deeds: &mut Vec<Deed>,
    ) -> Result<Self, Failure> {
        let owner = &members[self.owner];
        let bearer = format!("Bearer {}", owner.token());
        let mut api = Api::connect(address).await?;
        let headers = [("authorization", bearer.as_str())];
        let new = NewTopic { name: self.name.clone(), description: None, private: self.private };
        let made: TopicInfo = api.post("/topic", &headers, &new).await?;
        self.id = made.topic.id;
        let topic = self.id;
        let text = text_of_topic(&made.topic.description, made.topic.archived);
        let mut note = |what| deeds.push(Deed { by: owner.person.id, what, after: 0, answer: Some((0, Said::Done)) });
        note(What::Describe { topic, text });
        for place in self.first.iter().filter(|place| **place != self.owner) {
            let user = members[*place].person.id;
            let path = format!("/topic/{topic}/members/{user}");
            let (status, body) = api.ask_by(&hyper::Method::PUT, &path, &headers, &json!({})).await?;
            if !status.is_success() {
                let told = String::from_utf8_lossy(&body).into_owned();
                return Err(Failure::new(told)).context(format!("{path} answered {status}"));
            }
            note(What::Join { topic, user });
        }
        Ok(self)
    }
}
