//! Who may do what: every route the server has and every kind of frame, asked by everybody who might try (OWASP, Web
//! Security Testing Guide, 4.5). The routes are the router's own list and the frames the protocol's: what is new there
//! and missing in [`table`] fails.

mod cast;
mod held;
mod outside;
mod sockets;
mod table;
mod worlds;

use std::collections::BTreeSet;

use reqwest::Method;

use crate::{
    app::TestApp,
    http::{outcome, send},
};
use cast::{ACTORS, Actor, Cast};
use held::Held;
use table::{Row, rows};

/// Nobody but one person is entitled to this text.
const SECRET: &str = "for-one-pair-of-eyes";

fn routes_of_the_server() -> BTreeSet<(String, String)> {
    let table = server::http::table().into_iter();
    table.map(|route| (route.method.to_string(), route.path.to_owned())).collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let rows: BTreeSet<_> = rows().iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    let routes = routes_of_the_server();
    assert_eq!(routes.difference(&rows).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "no row says who may");
    assert_eq!(rows.difference(&routes).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "there is no such route");
}

/// What differs from the table, so that one run shows all of it.
async fn differences(row: &Row, cast: &Cast) -> Vec<String> {
    let mut differences = Vec::new();
    for (actor, expected) in ACTORS.into_iter().zip(row.expected) {
        let answer = send(row.request(cast, actor)).await;
        let found = outcome(&answer);
        if found != expected {
            differences.push(format!("{} {} as {actor:?}: {found}, not {expected}", row.method, row.path));
        }
        if answer.body.contains(SECRET) && actor != Actor::Owner {
            differences.push(format!("{} {} shows {actor:?} a message for the owner", row.method, row.path));
        }
    }
    differences
}

#[tokio::test]
async fn reading_is_for_those_the_table_names() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let mut found = Vec::new();
    for row in rows().iter().filter(|row| row.method == Method::GET) {
        found.extend(differences(row, &cast).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    app.finish().await;
}

#[tokio::test]
async fn changing_is_for_those_the_table_names() {
    let mut found = Vec::new();
    for row in rows().iter().filter(|row| row.method != Method::GET) {
        // What one row ends or changes must not decide the next one.
        let app = TestApp::start().await;
        found.extend(differences(row, &Cast::of(&app).await).await);
        app.finish().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Otherwise an admin who expects to be thrown out would keep a few requests open, and let himself in again.
#[tokio::test]
async fn whoever_is_thrown_out_while_a_body_is_held_back_does_nothing_with_it() {
    for row in rows().iter().filter(|row| row.method != Method::GET) {
        let app = TestApp::start().await;
        let cast = Cast::of(&app).await;
        let told = row.expected[4];
        if !["401 revoked", "303 /login"].contains(&told) || row.expected[3] == told {
            app.finish().await;
            continue;
        }
        let request = row.request(&cast, Actor::Admin).build().expect("a request");
        let held = Held::begin(&app, &request).await;
        cast.throw_out_the_admin().await;
        let before = cast.state(&app).await;
        let found = outcome(&held.end().await);
        assert_eq!((found.as_str(), cast.state(&app).await), (told, before), "{} {}", row.method, row.path);
        app.finish().await;
    }
}

#[tokio::test]
async fn no_other_site_makes_a_browser_change_anything() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let before = app.store.head().await.unwrap();
    for row in rows().iter().filter(|row| row.method != Method::GET) {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
        ] {
            for actor in [Actor::Anonymous, Actor::Owner, Actor::Admin] {
                let answer = send(row.request(&cast, actor).header(name, value)).await;
                assert_eq!(
                    outcome(&answer),
                    "403 foreign_origin",
                    "{} {} as {actor:?}, {name}: {value}",
                    row.method,
                    row.path
                );
            }
        }
    }
    assert_eq!(app.store.head().await.unwrap().position, before.position);
    app.finish().await;
}

#[tokio::test]
async fn looking_changes_nothing() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let before = cast.state(&app).await;
    for row in rows().iter().filter(|row| row.method == Method::GET) {
        for actor in ACTORS {
            send(row.request(&cast, actor)).await;
            send(row.request(&cast, actor).header("x-http-method-override", "DELETE")).await;
            let head = row.request(&cast, actor).build().expect("a request");
            send(cast.admin.client.head(head.url().as_str()).headers(head.headers().clone())).await;
        }
        assert_eq!(cast.state(&app).await, before, "{}", row.path);
    }
    app.finish().await;
}

#[tokio::test]
async fn every_answer_is_private_and_tells_browsers_what_they_may() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    for row in rows() {
        for actor in [Actor::Anonymous, Actor::Owner, Actor::Disabled] {
            let answer = send(row.request(&cast, actor)).await;
            crate::headers::is_protected(&answer, &format!("{} {} as {actor:?}", row.method, row.path));
        }
    }
    app.finish().await;
}
