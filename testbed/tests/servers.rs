//! The servers answer, break as they are told to, and leave nothing behind.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::{Connection as _, MySqlConnection, PgConnection};
use testbed::{MariaDb, Postgres, Redis, Server, or_report};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn accepts(server: &Server) -> bool {
    TcpStream::connect(("127.0.0.1", server.port())).await.is_ok()
}

#[tokio::test]
async fn postgres_keeps_what_was_committed_when_it_is_killed() {
    let Some(server) = or_report(Postgres::start().await, "postgres is killed") else { return };
    let url = server.database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (n INTEGER)").execute(&mut connection).await.unwrap();
    for n in 1..=2 {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query("INSERT INTO kept VALUES ($1)").bind(n).execute(&mut connection).await.unwrap();
        if n == 1 {
            server.kill();
        } else {
            server.stop_immediate();
        }
        assert!(!accepts(&server).await);
        server.restart().await.unwrap();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap();
        assert_eq!(kept, i64::from(n));
    }
}

#[tokio::test]
async fn mariadb_keeps_what_was_committed_when_it_is_killed() {
    let Some(server) = or_report(MariaDb::start().await, "mariadb is killed") else { return };
    let url = server.database().await;
    let mut connection = MySqlConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (n INTEGER)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut connection).await.unwrap();
    server.kill();
    assert!(!accepts(&server).await);
    server.restart().await.unwrap();
    let mut connection = MySqlConnection::connect(&url).await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_mariadb_that_starts_takes_no_temporary_table_of_another() {
    let Some(server) = or_report(MariaDb::start().await, "mariadb starts beside another") else { return };
    let mut connection = MySqlConnection::connect(&server.database().await).await.unwrap();
    let table = "CREATE TEMPORARY TABLE passing (n INTEGER) ENGINE = Aria";
    sqlx::raw_sql(table).execute(&mut connection).await.unwrap();
    let _beside = MariaDb::start().await.unwrap();
    sqlx::raw_sql("DROP TEMPORARY TABLE passing").execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_frozen_postgres_answers_nothing_until_it_is_thawed() {
    let Some(server) = or_report(Postgres::start().await, "postgres is frozen") else { return };
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    server.freeze();
    let mut ask = Box::pin(connection.ping());
    assert!(timeout(Duration::from_millis(300), &mut ask).await.is_err(), "its backends are frozen too");
    server.thaw();
    timeout(Duration::from_secs(10), ask).await.unwrap().unwrap();
}

#[tokio::test]
async fn redis_comes_back_on_its_port() {
    let Some(server) = or_report(Redis::start().await, "redis comes back") else { return };
    server.kill();
    assert!(!accepts(&server).await);
    server.restart().await.unwrap();
    server.stop();
    assert!(!accepts(&server).await);
    server.restart().await.unwrap();
    assert!(accepts(&server).await);
}

#[tokio::test]
async fn a_dropped_server_is_gone_with_its_folder_even_when_frozen() {
    let Some(server) = or_report(Postgres::start().await, "postgres is dropped") else { return };
    let (pid, folder) = (server.pid().unwrap(), server.folder().to_owned());
    let _connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    server.freeze();
    drop(server);
    assert!(!is_running(pid) && !folder.exists());
}

#[tokio::test]
async fn servers_do_not_outlive_the_process_that_started_them() {
    if or_report(Redis::shared().await, "a process with servers is killed").is_none() {
        return;
    }
    let mut process = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .arg("redis")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let port: u16 = url.trim_end().trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_ok());
    process.kill().unwrap();
    process.wait().unwrap();
    wait_until("its server ends", || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()).await;
}
