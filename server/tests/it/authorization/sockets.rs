//! Every kind of frame a client can send, from everybody who might try.

use push_system::protocol::{ClientFrame, ServerFrame};
use serde_json::{Value, json};

use super::cast::{ACTORS, Actor, Cast};
use crate::{app::TestApp, http::Program, socket::Socket};

/// What each actor is told: anonymous, member, owner, admin, disabled, revoked.
type Told = [&'static str; 6];

/// The names of all kinds, by the protocol's own word.
fn kinds() -> Vec<String> {
    let error = serde_json::from_str::<ClientFrame>(r#"{"type":"?"}"#).unwrap_err().to_string();
    let listed = error.split_once("expected one of ").expect("serde lists the variants").1;
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn row(kind: &str, cast: &Cast) -> (Value, Told) {
    let logged_in = |told| ["closed 4001", told, told, told, "closed 4003", "closed 4003"];
    match kind {
        "ping" => (json!({ "type": kind }), logged_in("pong")),
        // An acknowledgement has no answer; the ping behind it has.
        "ack" => (json!({ "type": kind, "seq": 1 }), logged_in("pong")),
        "presence" => (json!({ "type": kind }), logged_in("presence")),
        // Nobody may move a stream that runs.
        "resume" => (json!({ "type": kind, "since": "x.1.00000000" }), logged_in("error bad_frame")),
        // The owner is who the frame says it is from.
        "publish" => (
            json!({ "type": kind, "client_id": "k", "user_id": cast.owner.me().id, "message": "hi" }),
            ["closed 4001", "rejected wrong_user", "published", "rejected wrong_user", "closed 4003", "closed 4003"],
        ),
        other => panic!("there is no row for a frame of type {other}"),
    }
}

async fn told(program: &Program, frame: &Value) -> String {
    let url = format!("{}/ws", program.url);
    let bearer = program.login.as_ref().map(|login| format!("Bearer {}", login.access_token));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let mut socket = Socket::open(&url, &headers).await.expect("an upgrade");
    let mut asked = false;
    loop {
        match socket.next().await {
            Ok(ServerFrame::Position { live: true, .. }) if !asked => {
                asked = true;
                socket.send(frame.clone()).await;
                if frame["type"] == "ack" {
                    socket.send(json!({ "type": "ping" })).await;
                }
            }
            Ok(ServerFrame::Pong) => return "pong".to_owned(),
            Ok(ServerFrame::Presence { people: Some(_), .. }) => return "presence".to_owned(),
            Ok(ServerFrame::Published { .. }) => return "published".to_owned(),
            Ok(ServerFrame::Rejected { code, .. }) => return format!("rejected {}", code.as_str()),
            Ok(ServerFrame::Error { code, .. }) if asked => return format!("error {}", code.as_str()),
            Ok(_) => {}
            Err(code) => return format!("closed {code}"),
        }
    }
}

#[tokio::test]
async fn every_kind_of_frame_is_for_those_the_table_names() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let kinds = kinds();
    assert!(kinds.len() >= 5, "{kinds:?}");
    let mut differences = Vec::new();
    for kind in &kinds {
        let (frame, expected) = row(kind, &cast);
        for (actor, expected) in ACTORS.into_iter().zip(expected) {
            let found = told(cast.program(actor), &frame).await;
            if found != expected {
                differences.push(format!("{kind} from {actor:?}: {found}, not {expected}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    app.finish().await;
}

#[tokio::test]
async fn a_message_for_one_person_wakes_no_other_socket() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let mut others = Vec::new();
    for actor in [Actor::Member, Actor::Admin] {
        let mut socket = cast.program(actor).socket().await;
        socket.live().await;
        others.push(socket);
    }
    let mut owner = cast.owner.socket().await;
    owner.live().await;
    let member = cast.program(Actor::Member);
    cast.owner.publishes(json!({ "message": "note to self", "to": "@owner" })).await;
    member.publishes(json!({ "message": "for all" })).await;
    assert_eq!(owner.texts(2).await, ["note to self", "for all"]);
    for socket in &mut others {
        assert_eq!(socket.texts(1).await, ["for all"]);
    }
    app.finish().await;
}
