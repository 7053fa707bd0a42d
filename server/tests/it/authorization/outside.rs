//! Whoever is outside of a private topic finds out nothing about it: whatever they ask, they are answered as where there is
//! no such topic, and who left is answered as if nothing had been done there since.

use std::collections::BTreeMap;

use push_system::{
    api::Filter,
    event::{Event, EventBody},
    message::Message,
    protocol::ServerFrame,
    topic::TopicInfo,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    cast::Actor,
    table::{Row, Sent, asked, form, rows},
    worlds::{Done, TOPIC, World},
};
use crate::{
    http::{Answer, Program, send},
    socket::Socket,
};

const OUTSIDE: [Actor; 2] = [Actor::Member, Actor::Admin];

/// Something to ask, and in which language.
struct Ask {
    method: Method,
    path: String,
    sent: Sent,
    language: &'static str,
}

fn get(path: impl Into<String>) -> Ask {
    ask(Method::GET, path, Sent::Nothing)
}

fn post(path: impl Into<String>, body: Value) -> Ask {
    ask(Method::POST, path, Sent::Json(body))
}

fn ask(method: Method, path: impl Into<String>, sent: Sent) -> Ask {
    Ask { method, path: path.into(), sent, language: "en" }
}

impl Ask {
    fn in_chinese(self) -> Self {
        Self { language: "zh-Hant", ..self }
    }
}

/// What can be read about the topic by its name, its words, and every number it could have.
fn reading(world: &World) -> Vec<Ask> {
    let mut asks: Vec<_> = [
        "/topic",
        "/topics",
        "/message",
        "/inbox",
        "/",
        "/history",
        "/people",
        "/people?prefix=o",
        "/presence",
        "/unread/first",
    ]
    .map(get)
    .into();
    for id in world.places() {
        asks.extend(["/message/", "/topic/"].map(|path| get(format!("{path}{id}"))));
    }
    for id in world.messages().into_iter().chain([world.topic()]) {
        let paths = [format!("/m/{id}"), format!("/topics/{id}"), format!("/topic/{id}/members")];
        asks.extend(paths.map(get));
        asks.extend([format!("/topic/{id}/messages"), format!("/message?limit=2&since={id}")].map(get));
    }
    asks.push(get(format!("/message/{}", world.kept())).in_chinese());
    asks.push(get(format!("/topic/{}", world.topic())).in_chinese());
    asks.push(get(format!("/topics/{}?since={}", world.topic(), world.kept())));
    for filter in Filter::ALL {
        let filter = filter.as_str();
        asks.extend(
            ["", "&limit=1", "&q=-in:%23den", "&q=in:%23den"]
                .map(|more| get(format!("/message?filter={filter}{more}"))),
        );
        asks.push(get(format!("/?filter={filter}")));
        asks.push(get(format!("/history?filter={filter}")));
    }
    for query in queries() {
        let q: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        asks.push(get(format!("/message?q={q}")));
    }
    for query in [format!("in:{TOPIC}"), format!("-in:{TOPIC}"), "marmalade".to_owned()] {
        asks.push(get(format!("/message?q={query}&limit=1&since={}", world.places().end())));
        asks.push(get(format!("/history?q={query}")));
    }
    asks
}

fn queries() -> Vec<String> {
    let mut queries: Vec<_> = World::words().map(str::to_owned).into();
    for name in [format!("in:#{TOPIC}"), format!("in:{TOPIC}"), format!("to:#{TOPIC}")] {
        for rest in ["", " all", " marmalade", " from:owner", " is:unread", " has:link", " before:0d"] {
            queries.push(format!("{name}{rest}"));
            queries.push(format!("-{name}{rest}"));
        }
    }
    queries.extend(
        ["from:insider", "from:leaver", "tag:hushed", "has:link", "priority:>=7", "is:unread", "-all"]
            .map(str::to_owned),
    );
    queries
}

/// What can be tried with it.
fn changing(world: &World, me: &Program) -> Vec<Ask> {
    let (topic, me) = (world.topic(), me.me().id);
    let mut asks = Vec::new();
    for id in world.messages().into_iter().chain([topic]) {
        asks.push(ask(Method::PATCH, format!("/message/{id}"), Sent::Json(json!({ "message": "mine" }))));
        asks.push(ask(Method::DELETE, format!("/message/{id}"), Sent::Nothing).in_chinese());
        asks.push(ask(Method::POST, format!("/m/{id}"), form(&[("act", "edit"), ("message", "mine")])));
        asks.push(ask(Method::POST, format!("/m/{id}"), form(&[("act", "delete")])));
        for mark in ["read", "unread", "archive", "unarchive", "save", "unsave"] {
            asks.push(post("/state", json!({ mark: [[id, id]] })));
            asks.push(ask(Method::POST, "/state", form(&[(mark, &id.to_string())])));
        }
        asks.push(post("/state", json!({ "seen_upto": id })));
        asks.push(post("/read", json!({ "unread": [[id, id]] })));
        asks.push(post("/read", json!({ "read": [[1, id]] })));
    }
    let path = format!("/topic/{topic}");
    asks.push(ask(Method::PATCH, path.as_str(), Sent::Json(json!({ "description": "mine" }))));
    asks.push(ask(Method::PATCH, path.as_str(), Sent::Json(json!({ "archived": false }))).in_chinese());
    asks.extend(["join", "leave"].map(|step| post(format!("{path}/{step}"), json!({}))));
    for user in [me, world.cast.owner.me().id, world.leaver.me().id] {
        for role in [json!({}), json!({ "role": "owner" }), json!({ "role": "member" })] {
            asks.push(ask(Method::PUT, format!("{path}/members/{user}"), Sent::Json(role)));
        }
        asks.push(ask(Method::DELETE, format!("{path}/members/{user}"), Sent::Nothing));
    }
    for action in ["join", "leave", "archive", "unarchive", "describe", "add", "remove", "make_owner", "make_member"] {
        let fields = [("action", action), ("description", "mine"), ("name", "owner"), ("user", &me.to_string())];
        asks.push(ask(Method::POST, format!("/topics/{topic}"), form(&fields)));
    }
    asks.extend(publishing());
    asks
}

fn publishing() -> Vec<Ask> {
    let named = format!("#{TOPIC}");
    let mut asks = Vec::new();
    for to in [
        json!(named),
        json!([named, "@owner"]),
        json!([named, "everyone"]),
        json!([named, "#nowhere"]),
        json!(["#nowhere", named]),
        json!(format!("@insider, {named}")),
        json!(named.to_uppercase()),
    ] {
        asks.push(post("/message", json!({ "message": "knock", "to": to })));
        asks.push(post("/message", json!({ "message": "knock", "to": to })).in_chinese());
    }
    let extras = json!({ "long": "x".repeat(61_000) });
    asks.push(post("/message", json!({ "message": "knock", "to": named, "extras": extras })));
    asks.push(ask(Method::POST, "/", form(&[("message", "knock"), ("to", &named)])));
    asks
}

/// As the name is free to those who do not know that it is taken.
fn naming() -> Vec<Ask> {
    vec![
        post("/topic", json!({ "name": TOPIC, "private": true })),
        post("/message", json!({ "message": "my own", "to": format!("#{TOPIC}") })),
        get(format!("/message?q=in:{TOPIC}")),
        post("/topic", json!({ "name": TOPIC })),
        post("/topic", json!({ "name": TOPIC })),
        ask(Method::POST, "/topics", form(&[("name", TOPIC)])),
        get("/topic"),
        get("/topics"),
        get(format!("/message?q=in:{TOPIC}")),
        get("/inbox"),
    ]
}

/// Asks both, and tells what differs.
async fn compare(worlds: &[World; 2], actor: Actor, asks: impl Fn(&World, &Program) -> Vec<Ask>) -> Vec<String> {
    let mut differences = Vec::new();
    let [one, other] = worlds.each_ref().map(|world| asks(world, world.cast.program(actor)));
    for (one, other) in one.into_iter().zip(other) {
        let what = format!("{} {} as {actor:?}", one.method, one.path);
        let answers = [answer(&worlds[0], actor, one).await, answer(&worlds[1], actor, other).await];
        differences.extend(difference(worlds, &what, &answers));
    }
    differences
}

async fn answer(world: &World, actor: Actor, ask: Ask) -> Answer {
    let request = asked(world.cast.program(actor), ask.method, &ask.path, ask.sent);
    send(request.header("accept-language", ask.language).header("accept", "text/html, application/json")).await
}

async fn compare_row(worlds: &[World; 2], actor: Actor, row: &Row) -> Option<String> {
    let what = format!("{} {} as {actor:?}", row.method, row.path);
    let [one, other] = worlds.each_ref().map(|world| row.request(&world.cast, actor));
    let answers = [send(one).await, send(other).await];
    difference(worlds, &what, &answers)
}

fn difference(worlds: &[World; 2], what: &str, answers: &[Answer; 2]) -> Option<String> {
    let [one, other] = [worlds[0].seen(&answers[0]), worlds[1].seen(&answers[1])];
    let lines = || one.lines().zip(other.lines()).find(|(one, other)| one != other);
    (one != other).then(|| {
        let (one, other) = lines().unwrap_or((&one, &other));
        let common = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
        let part = |text: &str| String::from_utf8_lossy(&text.as_bytes()[common.saturating_sub(60)..]).into_owned();
        format!("{what}:\n  {:.300}\n  {:.300}", part(one), part(other))
    })
}

/// What somebody who left or was never in it is sent by their socket, from the beginning of the log on.
async fn replayed(world: &World, who: &Program) -> Vec<String> {
    let mut socket = who.socket_since(world.beginning().await.as_str()).await;
    let mut told = Vec::new();
    loop {
        match socket.next().await.expect("an open socket") {
            ServerFrame::Event(event) => told.push(described(world, &event)),
            ServerFrame::Events { events } => told.extend(events.iter().map(|event| described(world, event))),
            // How often a cursor is told on the way is no secret: it moves past what is nobody's business, too.
            ServerFrame::Position { seq, n, live: true, .. } => {
                told.push(format!("{n} events up to {seq}"));
                return told;
            }
            _ => {}
        }
    }
}

fn described(world: &World, event: &Event) -> String {
    world.blurred(&serde_json::to_string(event).expect("JSON"))
}

/// What is sent to one of the sockets that were open all the time: up to the last message. An event about a message may show
/// it as a later one does, so that all of them are read as the last.
async fn heard(world: &mut World, socket: usize) -> Vec<String> {
    let mut told: Vec<Event> = Vec::new();
    while !told.last().is_some_and(|last| serde_json::to_string(last).expect("JSON").contains("the end")) {
        told.append(&mut world.open[socket].events(1).await);
    }
    let last: BTreeMap<_, _> =
        told.iter_mut().filter_map(|event| message_of(event).cloned()).map(|m| (m.id, m)).collect();
    for event in &mut told {
        if let Some(message) = message_of(event) {
            message.clone_from(&last[&message.id]);
        }
    }
    told.iter().map(|event| described(world, event)).collect()
}

fn message_of(event: &mut Event) -> Option<&mut Message> {
    match &mut event.body {
        EventBody::MessagePublished { message, .. }
        | EventBody::MessageEdited { message }
        | EventBody::MessageDeleted { message } => Some(message),
        _ => None,
    }
}

/// What a socket answers to a message for the topic.
async fn rejected(who: &Program) -> ServerFrame {
    let mut socket: Socket = who.socket().await;
    socket.live().await;
    let to = format!("#{TOPIC}");
    let frame = json!({ "type": "publish", "client_id": "k", "user_id": who.me().id, "message": "knock", "to": to });
    socket.send(frame).await;
    socket.until(|frame| matches!(frame, ServerFrame::Published { .. } | ServerFrame::Rejected { .. })).await
}

/// Logs in anew whoever was logged out by what was asked.
async fn log_in_again(world: &mut World, member: &str) {
    for (program, name) in [(&mut world.cast.member, member), (&mut world.cast.admin, "admin")] {
        if program.get("/auth/me").await.status != 200 {
            *program = program.logged_in(name).await;
        }
    }
}

/// In an order in which none takes away what the next one needs: first what leaves accounts alone, last what changes the
/// password with which one logs in again.
fn rows_in_order() -> Vec<Row> {
    let mut rows = rows();
    rows.sort_by_key(|row| (row.path.contains("password"), row.path.contains("admin"), row.method != Method::GET));
    rows
}

/// Everything there is to ask, by whoever takes the part of the member in the cast, and by an admin.
async fn walk(worlds: &mut [World; 2], member: &str) -> Vec<String> {
    let mut found = Vec::new();
    for actor in OUTSIDE {
        found.extend(compare(worlds, actor, |world, _| reading(world)).await);
        let [one, other] = worlds.each_ref().map(|world| world.cast.program(actor));
        let [one, other] = [replayed(&worlds[0], one).await, replayed(&worlds[1], other).await];
        if one != other {
            found.push(format!("a socket of {actor:?}:\n  {one:#?}\n  {other:#?}"));
        }
        for world in worlds.iter() {
            let frame = rejected(world.cast.program(actor)).await;
            let ServerFrame::Rejected { code, .. } = &frame else { panic!("{frame:?}") };
            assert_eq!(code.as_str(), "unknown_recipient");
        }
    }
    for actor in OUTSIDE {
        found.extend(compare(worlds, actor, changing).await);
    }
    found.extend(compare(worlds, Actor::Member, |_, _| naming()).await);
    for row in rows_in_order() {
        for actor in OUTSIDE {
            found.extend(compare_row(worlds, actor, &row).await);
        }
        if row.method != Method::GET && !row.path.contains("password") {
            for world in worlds.iter_mut() {
                log_in_again(world, member).await;
            }
        }
    }
    found
}

#[tokio::test]
async fn a_private_topic_is_to_those_outside_as_if_there_were_none() {
    let mut worlds = World::two(Done::Nothing, Done::Everything).await;
    let [one, other] = &mut worlds;
    for outside in [0, 2] {
        assert_eq!(heard(one, outside).await, heard(other, outside).await);
    }
    // What is compared shows the difference to those inside.
    let info: TopicInfo = other.cast.owner.get(&format!("/topic/{}", other.topic())).await.json();
    assert_eq!((info.members, info.topic.archived), (2, true));
    let inside = compare(&worlds, Actor::Owner, |world, _| reading(world)).await;
    assert!(inside.len() > 50, "{inside:#?}");
    let found = walk(&mut worlds, "member").await;
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
    for world in worlds {
        world.app.finish().await;
    }
}

#[tokio::test]
async fn a_private_topic_is_to_who_left_as_if_nothing_had_been_done_there_since() {
    let mut worlds = World::two(Done::UntilOneLeft, Done::Everything).await;
    let [one, other] = &mut worlds;
    assert_eq!(heard(one, 1).await, heard(other, 1).await);
    for world in &mut worlds {
        world.cast.member = world.leaver.clone();
    }
    let found = walk(&mut worlds, "leaver").await;
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
    for world in worlds {
        world.app.finish().await;
    }
}
