//! The whole server on database servers: the same conversation, two servers on one database, and the command line beside
//! them.

use push_system::api::MessagePage;
use serde_json::json;
use testbed::{MariaDb, Postgres, or_report};

use crate::{
    app::TestApp,
    command_line::{run, run_with_input, text},
    http::PASSWORD,
};

async fn postgres(test: &str) -> Option<String> {
    Some(or_report(Postgres::shared().await, &format!("postgres: {test}"))?.database().await)
}

async fn mariadb(test: &str) -> Option<String> {
    Some(or_report(MariaDb::shared().await, &format!("mariadb: {test}"))?.database().await)
}

async fn two_servers_are_one_system(database: &str) {
    let (one, other) = (TestApp::on(database).await, TestApp::on(database).await);
    let (ana, bob) = (one.person("ana").await, other.person("bob").await);
    let first = ana.says("東京で再起動 tonight").await;
    let second = bob.says("done").await;
    assert_eq!((first.id.0, second.id.0), (1, 2));
    let page: MessagePage = ana.get("/message").await.json();
    assert_eq!(page.messages, [second, first]);
    assert_eq!(bob.inbox().await.counters.unread, 1);
    let ana_there = crate::http::Program::new(other.url()).logged_in("ana").await;
    assert_eq!(ana_there.inbox().await.messages.len(), 2);
    ana.post("/message", &json!({ "message": "x\0y" })).await.is(422);
    one.finish().await;
    other.finish().await;
}

async fn accounts_are_managed_beside_a_server(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let added = run_with_input(folder.path(), &["user", "add", "ana", "--database-url", database], PASSWORD);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let app = TestApp::on(database).await;
    let ana = app.anyone().logged_in("ana").await;
    let secret = "another password";
    let changed = run_with_input(folder.path(), &["user", "passwd", "ana", "--database-url", database], secret);
    assert!(changed.status.success(), "{}", text(&changed.stderr));
    let listed = run(folder.path(), &["user", "list", "--database-url", database]);
    assert!(text(&listed.stdout).starts_with("1\tana\tadmin\tactive\t"), "{}", text(&listed.stdout));
    app.anyone().post("/auth/login", &json!({ "username": "ana", "password": PASSWORD })).await.is(401);
    app.anyone().post("/auth/login", &json!({ "username": "ana", "password": secret })).await.is(200);
    drop(ana);
    assert!(!folder.path().join("data").exists(), "nothing is stored elsewhere");
    app.finish().await;
}

#[tokio::test]
async fn two_servers_on_postgres_are_one_system() {
    let Some(database) = postgres("two servers are one system").await else { return };
    two_servers_are_one_system(&database).await;
}

#[tokio::test]
async fn two_servers_on_mariadb_are_one_system() {
    let Some(database) = mariadb("two servers are one system").await else { return };
    two_servers_are_one_system(&database).await;
}

#[tokio::test]
async fn accounts_are_managed_beside_a_server_on_postgres() {
    let Some(database) = postgres("accounts are managed").await else { return };
    accounts_are_managed_beside_a_server(&database).await;
}

#[tokio::test]
async fn accounts_are_managed_beside_a_server_on_mariadb() {
    let Some(database) = mariadb("accounts are managed").await else { return };
    accounts_are_managed_beside_a_server(&database.replace("mysql://", "mariadb://")).await;
}
