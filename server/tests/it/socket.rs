//! A WebSocket client that reads frames as they are documented, and nothing into them.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use push_system::{
    accounts::Person,
    api::Presence,
    event::{Event, EventBody},
    ids::MessageId,
    message::Message as Published,
    protocol::ServerFrame,
};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue},
    },
};

use crate::{app::TestApp, http::Program};

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A receive buffer that is soon full.
const NARROW: u32 = 64 * 1024;

pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket; the status where it is refused.
    pub async fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.replacen("http", "ws", 1).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket for which the kernel keeps [`NARROW`] bytes unread, instead of as many as its machine has to spare.
    async fn open_narrow(url: &str, bearer: &str) -> Self {
        let mut request = url.replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert("authorization", HeaderValue::from_str(bearer).unwrap());
        let address: SocketAddr = request.uri().authority().unwrap().as_str().parse().unwrap();
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(NARROW).unwrap();
        let tcp = MaybeTlsStream::Plain(tcp.connect(address).await.unwrap());
        let (stream, _) = client_async(request, tcp).await.expect("an upgrade");
        Self { stream }
    }

    /// The next frame, or the code of the close frame.
    pub async fn next(&mut self) -> Result<ServerFrame, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect(&text)),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next frame that satisfies `wanted`; what comes before it is passed over.
    pub async fn until(&mut self, wanted: impl Fn(&ServerFrame) -> bool) -> ServerFrame {
        loop {
            let frame = self.next().await.expect("an open socket");
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// Passes over everything to the position that ends replay.
    pub async fn live(&mut self) -> ServerFrame {
        self.until(|frame| matches!(frame, ServerFrame::Position { live: true, .. })).await
    }

    /// Events, single or bundled, until there are `count`.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            match self.next().await.expect("an open socket") {
                ServerFrame::Event(event) => events.push(*event),
                ServerFrame::Events { events: several } => events.extend(several),
                _ => {}
            }
        }
        events
    }

    /// The texts of the next `count` messages.
    pub async fn texts(&mut self, count: usize) -> Vec<String> {
        self.events(count).await.into_iter().map(text).collect()
    }

    /// The code the server closes with; whatever comes before it is passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    pub async fn send(&mut self, json: Value) {
        self.send_text(&json.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }
}

/// The text of a published message.
pub fn text(event: Event) -> String {
    match event.body {
        EventBody::MessagePublished { message, .. } => message.message,
        other => panic!("not a message: {other:?}"),
    }
}

impl TestApp {
    /// The address of the socket, with a query.
    pub fn socket_url(&self, query: &str) -> String {
        format!("{}/ws{query}", self.url())
    }
}

impl Program {
    pub fn token(&self) -> &str {
        &self.tokens().access_token
    }

    pub fn me(&self) -> Person {
        self.tokens().user.clone()
    }

    /// A socket from the head on.
    pub async fn socket(&self) -> Socket {
        self.open_socket("").await
    }

    /// A socket from a position on.
    pub async fn socket_since(&self, since: &str) -> Socket {
        let query = reqwest::Url::parse_with_params("http://x", [("since", since)]).unwrap();
        self.open_socket(&format!("?{}", query.query().unwrap())).await
    }

    /// A socket from the head on for which little is kept unread.
    pub async fn narrow_socket(&self) -> Socket {
        Socket::open_narrow(&format!("{}/ws", self.url), &format!("Bearer {}", self.token())).await
    }

    async fn open_socket(&self, query: &str) -> Socket {
        let bearer = format!("Bearer {}", self.token());
        let url = format!("{}/ws{query}", self.url);
        Socket::open(&url, &[("authorization", &bearer)]).await.expect("an upgrade")
    }

    /// Publishes and gives the message's number.
    pub async fn publishes(&self, message: Value) -> MessageId {
        let message: Published = self.post("/message", &message).await.json();
        message.id
    }

    /// Publishes texts in order over a socket, several under way at once.
    pub async fn publishes_all(&self, texts: &[String]) {
        let mut socket = self.socket().await;
        socket.live().await;
        let (mut write, mut read) = socket.stream.split();
        let user_id = self.me().id;
        let sending = async {
            for (n, text) in texts.iter().enumerate() {
                let frame =
                    json!({"type": "publish", "client_id": format!("k{n}"), "user_id": user_id, "message": text});
                write.send(Message::text(frame.to_string())).await.unwrap();
            }
        };
        let answers = async {
            let mut answered = 0;
            while answered < texts.len() {
                let message = tokio::time::timeout(PATIENCE, read.next()).await.expect("an answer in time");
                let text = message.expect("an open socket").expect("a frame").into_text().unwrap();
                answered += usize::from(text.starts_with(r#"{"type":"published""#));
            }
        };
        tokio::join!(sending, answers);
    }

    /// Waits until the names of those online, in order, are as wanted.
    pub async fn sees_online(&self, wanted: impl Fn(&[&str]) -> bool) {
        let look = async {
            loop {
                let presence: Presence = self.get("/presence").await.json();
                let online: Vec<_> = presence.people.iter().map(|person| person.name.as_str()).collect();
                if wanted(&online) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("they come and go in time");
    }
}
