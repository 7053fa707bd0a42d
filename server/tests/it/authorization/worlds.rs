//! Servers on which the same happened, but for what was done in a private topic.
//!
//! What happens takes a place in the log, and that *something* took it is no secret: ids and positions count on. So where
//! nothing is done in the topic, somebody marks a message of their own instead, which is nobody's business either. Then
//! both have the same ids, and everything that is answered can be held against each other.

use std::time::Duration;

use push_system::{
    ids::{MessageId, Seq, UserId},
    ports::Clock as _,
    position::{Pos, Position},
};
use reqwest::Method;
use serde_json::{Value, json};
use server::state::SystemClock;

use super::cast::Cast;
use crate::{
    app::TestApp,
    http::{Answer, Program, send},
    socket::Socket,
};

/// What the private topic is called.
pub const TOPIC: &str = "den";

/// How much is done in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// There is none.
    Nothing,
    /// All until a member leaves.
    UntilOneLeft,
    /// All.
    Everything,
}

/// Who does it.
#[derive(Clone, Copy)]
enum Doer {
    Owner,
    Insider,
    Leaver,
}

/// One thing that is done; one event.
struct Step(Doer, Method, String, Value);

/// The last step of who leaves.
const LEFT: usize = 12;

/// A server with what happened on it. The cast's member and admin are outside of the topic.
pub struct World {
    pub app: TestApp,
    pub cast: Cast,
    insider: Program,
    /// Was in the topic.
    pub leaver: Program,
    /// The place before the first step.
    base: u64,
    /// How many steps there are.
    steps: u64,
    /// Sockets that were open all the time: of the member, of who left, and of the admin.
    pub open: [Socket; 3],
}

impl World {
    /// Two of them, at the same moment of their clocks.
    pub async fn two(one: Done, other: Done) -> [Self; 2] {
        let start = || {
            TestApp::with(|parts| {
                // Who is online stays the same, however long a test takes.
                parts.push.leave_after = Duration::from_hours(1);
                // What is replayed is what the database says now.
                parts.push.tail_bytes = 1;
            })
        };
        let (first, second) = (start().await, start().await);
        let now = SystemClock.now();
        for app in [&first, &second] {
            app.clock.stop_at(now);
        }
        [Self::on(first, one).await, Self::on(second, other).await]
    }

    async fn on(app: TestApp, done: Done) -> Self {
        let cast = Cast::of(&app).await;
        let (insider, leaver) = (app.person("insider").await, app.person("leaver").await);
        let mut open = [cast.member.socket().await, leaver.socket().await, cast.admin.socket().await];
        for socket in &mut open {
            socket.live().await;
        }
        cast.member.sees_online(|online| online == ["admin", "leaver", "member"]).await;
        let own = cast.owner.says("for all").await.id.0;
        let base = app.store.head().await.unwrap().position.seq.0;
        let mut world = Self { app, cast, insider, leaver, base, steps: 0, open };
        for (n, step) in (1..).zip(world.steps()) {
            let real = match done {
                Done::Nothing => false,
                Done::UntilOneLeft => n <= LEFT,
                Done::Everything => true,
            };
            let mark = if n % 2 == 0 { "unsave" } else { "save" };
            let other = Step(Doer::Owner, Method::POST, "/state".to_owned(), json!({ mark: [[own, own]] }));
            world.take(if real { step } else { other }).await;
            let head = world.app.store.head().await.unwrap().position.seq.0;
            assert_eq!(head, world.place(n), "one event for step {n}");
            world.steps = n as u64;
        }
        // What the table of routes asks about.
        (world.cast.topic, world.cast.message) = (world.topic(), MessageId(world.kept()));
        world.cast.owner.says("the end").await;
        world
    }

    async fn take(&self, Step(doer, method, path, body): Step) {
        let program = match doer {
            Doer::Owner => &self.cast.owner,
            Doer::Insider => &self.insider,
            Doer::Leaver => &self.leaver,
        };
        let answer = send(program.request(method.clone(), &path).json(&body)).await;
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
    }

    fn place(&self, step: usize) -> u64 {
        self.base + step as u64
    }

    /// The topic, where there is one.
    pub fn topic(&self) -> u64 {
        self.place(1)
    }

    /// A message to it.
    pub fn kept(&self) -> u64 {
        self.place(4)
    }

    /// Messages to it: one that stayed as it was, one that was edited, one that was deleted, and one of who left.
    pub fn messages(&self) -> [u64; 4] {
        [4, 5, 7, 10].map(|step| self.place(step))
    }

    /// Every place at which something happened there.
    pub fn places(&self) -> std::ops::RangeInclusive<u64> {
        self.base + 1..=self.base + self.steps
    }

    fn steps(&self) -> Vec<Step> {
        use Doer::{Insider, Leaver, Owner};
        let topic = format!("/topic/{}", self.topic());
        let member = |user: UserId| format!("{topic}/members/{user}");
        let (insider, leaver) = (self.insider.me().id, self.leaver.me().id);
        let message = |n: usize| format!("/message/{}", self.place(n));
        let to_topic = |text: &str| {
            json!({ "message": text, "title": "Whispers", "to": format!("#{TOPIC}"), "tags": ["hushed"],
                "priority": 9, "click": "https://inside.example" })
        };
        let one = |n: usize| json!([[self.place(n), self.place(n)]]);
        let publish = |doer, text: &str| Step(doer, Method::POST, "/message".to_owned(), to_topic(text));
        let edit = |n, text: &str| Step(Insider, Method::PATCH, message(n), json!({ "message": text }));
        let state = |doer, change| Step(doer, Method::POST, "/state".to_owned(), change);
        let new = json!({ "name": TOPIC, "description": "burrow", "private": true });
        vec![
            Step(Owner, Method::POST, "/topic".to_owned(), new),
            Step(Owner, Method::PUT, member(insider), json!({})),
            Step(Owner, Method::PUT, member(leaver), json!({})),
            publish(Owner, "marmalade @member"),
            publish(Insider, "treacle"),
            edit(5, "molasses"),
            publish(Owner, "quicksand"),
            Step(Owner, Method::DELETE, message(7), json!({})),
            state(Insider, json!({ "read": one(4), "save": one(4), "seen_upto": self.place(8) })),
            publish(Leaver, "farewell"),
            state(Leaver, json!({ "read": one(4), "save": one(4), "archive": one(5) })),
            Step(Leaver, Method::POST, format!("{topic}/leave"), json!({})),
            Step(Owner, Method::PATCH, topic.clone(), json!({ "description": "warren" })),
            publish(Owner, "afterwards"),
            edit(5, "caramel"),
            edit(14, "butterscotch").by(Owner),
            state(Insider, json!({ "unread": one(4), "unsave": one(4) })),
            Step(Owner, Method::PUT, member(insider), json!({ "role": "owner" })),
            Step(Owner, Method::PATCH, topic.clone(), json!({ "archived": true })),
        ]
    }

    /// Words of what was said there, and what it is called.
    pub fn words() -> [&'static str; 13] {
        [
            "whispers",
            "hushed",
            "inside",
            "burrow",
            "marmalade",
            "treacle",
            "molasses",
            "quicksand",
            "farewell",
            "warren",
            "afterwards",
            "caramel",
            "butterscotch",
        ]
    }

    /// Before everything that ever happened on this server.
    pub async fn beginning(&self) -> Pos {
        let probe = self.app.store.probe(Seq(0)).await.unwrap();
        Pos::from(&Position { seq: Seq(0), tag: probe.tag.expect("a tag"), ..probe.head.position })
    }

    /// An answer without what chance decided, and without the moment it was given. Everything else must be the same.
    pub fn seen(&self, answer: &Answer) -> String {
        let policy = answer.header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("no nonce");
        let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
        let mut lines: Vec<_> =
            headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("a plain header"))).collect();
        lines.sort_unstable();
        self.blurred(&format!("{}\n{}\n\n{}", answer.status, lines.join("\n"), answer.body).replace(nonce, "nonce"))
    }

    /// A text without the server's own port, and without tokens and other numbers drawn by chance: long words of digits and
    /// letters. Nothing that is said in the topic is as long.
    pub fn blurred(&self, text: &str) -> String {
        const CHANCE: usize = 16;
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let port = format!(":{}", self.app.address.port());
        let (mut blurred, text) = (String::new(), text.replace(&port, ":port"));
        for run in text.split_inclusive(|c| !is_part(c)) {
            let (word, end) = run.split_at(run.trim_end_matches(|c| !is_part(c)).len());
            let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
            let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
            let by_chance = word.len() >= CHANCE && (mixed || has(u8::is_ascii_digit));
            blurred.push_str(if by_chance { "chance" } else { word });
            blurred.push_str(end);
        }
        blurred
    }
}

impl Step {
    fn by(self, doer: Doer) -> Self {
        Self(doer, self.1, self.2, self.3)
    }
}
