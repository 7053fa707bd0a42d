//! Requests whose body is held back while whoever sends it is thrown out.

use reqwest::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{app::TestApp, http::Answer};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// A request that was sent but for its body, which the server has begun to wait for.
pub struct Held {
    stream: TcpStream,
    body: Vec<u8>,
}

impl Held {
    /// `Expect: 100-continue` makes the server say when it waits (RFC 9110, 10.1.1).
    pub async fn begin(app: &TestApp, request: &Request) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).filter(|body| !body.is_empty());
        // There must be something to hold back; nobody looks at it where nothing is asked for.
        let body = body.unwrap_or(b"{}").to_vec();
        let lines = request.headers().iter().map(|(name, value)| {
            let value = value.to_str().expect("a plain header");
            format!("{name}: {value}\r\n")
        });
        let (method, path, host) = (request.method(), request.url().path(), app.address);
        let begin = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{}Expect: 100-continue\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            lines.collect::<String>(),
            body.len()
        );
        let mut stream = TcpStream::connect(app.address).await.expect("a connection");
        stream.write_all(begin.as_bytes()).await.expect("it is taken");
        let mut held = Self { stream, body };
        let told = held.head().await;
        assert!(told.starts_with("HTTP/1.1 100"), "{} was not waited for: {told}", request.url());
        held
    }

    /// Sends the rest and reads the answer.
    pub async fn end(mut self) -> Answer {
        self.stream.write_all(&self.body).await.expect("it is taken");
        let head = self.head().await;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        let headers = headers.collect();
        let mut body = String::new();
        timeout(PATIENCE, self.stream.read_to_string(&mut body)).await.expect("an end").expect("a text");
        Answer { status: status.expect("a status"), headers, body }
    }

    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.stream.read_u8()).await.expect("an answer").expect("a byte"));
        }
        String::from_utf8(head).expect("a plain head")
    }
}
