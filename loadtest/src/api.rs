//! One keep-alive HTTP connection to the server. No pool, no redirects: the generator must cost less than what it measures.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{self, SendRequest},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::TcpStream;

use crate::failure::{Context, Failure};

/// A connection that was opened.
pub(crate) struct Api {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Api {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.context("connecting to the server")?;
        stream.set_nodelay(true).context("setting TCP_NODELAY")?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.context("opening HTTP")?;
        // What ends the connection also fails the request that waits on it, and that one reports it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { host: address.to_string(), sender })
    }

    /// `GET`, as the holder of the token.
    pub(crate) async fn get<T: DeserializeOwned>(&mut self, path: &str, token: &str) -> Result<T, Failure> {
        let request = Request::get(path).header(AUTHORIZATION, format!("Bearer {token}"));
        self.answer(path, request.header(HOST, &self.host).body(Full::default())).await
    }

    /// The status of a `GET`, as the holder of the token.
    pub(crate) async fn status(&mut self, path: &str, token: &str) -> Result<StatusCode, Failure> {
        let request = Request::get(path).header(AUTHORIZATION, format!("Bearer {token}")).header(HOST, &self.host);
        let request = request.body(Full::default()).context("building a request")?;
        Ok(self.send(path, request).await?.0)
    }

    /// `POST` of JSON, with further headers.
    pub(crate) async fn post<T: DeserializeOwned>(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let request = self.json_request(&Method::POST, path, headers, body)?;
        self.answer(path, request).await
    }

    fn json_request(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<hyper::http::Result<Request<Full<Bytes>>>, Failure> {
        let json = serde_json::to_vec(body).context("writing JSON")?;
        let start = Request::builder().method(method).uri(path);
        let start = start.header(HOST, &self.host).header(CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(start, |request, (name, value)| request.header(*name, *value));
        Ok(request.body(Full::from(json)))
    }

    /// `POST` of JSON whatever the answer: for those to whom a refusal is no failure.
    pub(crate) async fn ask(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<(StatusCode, Bytes), Failure> {
        self.ask_by(&Method::POST, path, headers, body).await
    }

    /// The same by any method.
    pub(crate) async fn ask_by(
        &mut self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let request = self.json_request(method, path, headers, body)?;
        self.send(path, request.context("building a request")?).await
    }

    /// Whether the server answers `GET` of a public path with 200.
    pub(crate) async fn is_ok(&mut self, path: &str) -> Result<bool, Failure> {
        let request =
            Request::get(path).header(HOST, &self.host).body(Full::default()).context("building a request")?;
        Ok(self.send(path, request).await?.0 == StatusCode::OK)
    }

    async fn answer<T: DeserializeOwned>(
        &mut self,
        path: &str,
        request: hyper::http::Result<Request<Full<Bytes>>>,
    ) -> Result<T, Failure> {
        let (status, body) = self.send(path, request.context("building a request")?).await?;
        if status != StatusCode::OK {
            return Err(Failure::new(format!("{path} answered {status}: {}", String::from_utf8_lossy(&body))));
        }
        serde_json::from_slice(&body).context(format!("reading the answer of {path}"))
    }

    async fn send(&mut self, path: &str, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Failure> {
        // A keep-alive connection takes the next request only when the answer before it is read to its end.
        self.sender.ready().await.context(path)?;
        let answer = self.sender.send_request(request).await.context(path)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.context(path)?.to_bytes();
        Ok((status, body))
    }
}
