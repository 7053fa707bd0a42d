//! Peers that break the rules: every kind of garbage ends its own connection, or nothing, and a control connection gets
//! every message meanwhile.

use std::time::Duration;

use push_system::position::Position;
use serde_json::json;
use server::config::Switch;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{interval, timeout},
};
use tokio_tungstenite::MaybeTlsStream;

use crate::{
    app::TestApp,
    flaky::Flaky,
    http::{IDLE_FOR, Program},
    socket::Socket,
};

const PATIENCE: Duration = Duration::from_mins(1);
/// RFC 6455, 5.2: the last frame of a message, and the opcodes.
const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
/// The payload is masked; its length follows in two bytes, or in eight.
const MASKED: u8 = 0x80;
const LONG: u8 = 0x7e;
const LONGEST: u8 = 0x7f;

/// A frame of a client, masked with zeros, so that what is sent is what is written here.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(payload.len()).unwrap() {
        short @ ..=125 => bytes.push(MASKED | u8::try_from(short).unwrap()),
        long => bytes.extend([&[MASKED | LONG][..], &long.to_be_bytes()].concat()),
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn all(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    frames.into_iter().flatten().collect()
}

/// What is sent over an open socket, and the code that the server closes it with; none where it lets it be.
fn garbage() -> Vec<(&'static str, Vec<u8>, Option<u16>)> {
    let ping = |n: usize| frame(FIN | PING, n.to_string().as_bytes());
    vec![
        ("a frame that is not masked", vec![FIN | TEXT, 2, b'h', b'i'], Some(1002)),
        ("the first reserved bit", frame(FIN | 0x40 | TEXT, b"x"), Some(1002)),
        ("the other reserved bits", frame(FIN | 0x30 | TEXT, b"x"), Some(1002)),
        ("a reserved kind of data", frame(FIN | 0x3, b"x"), Some(1002)),
        ("a reserved kind of control", frame(FIN | 0xb, b""), Some(1002)),
        ("a ping of 126 bytes", frame(FIN | PING, &[b'x'; 126]), Some(1002)),
        ("a ping in fragments", frame(PING, b"x"), Some(1002)),
        ("the end of a message that never began", frame(FIN | CONTINUATION, b"x"), Some(1002)),
        ("a message within another", all([frame(TEXT, b"{"), frame(FIN | TEXT, b"}")]), Some(1002)),
        ("text that is not UTF-8", frame(FIN | TEXT, b"\xff"), Some(1007)),
        ("text with half a surrogate pair", frame(FIN | TEXT, b"\xed\xa0\x80"), Some(1007)),
        ("text that is not UTF-8 in fragments", all([frame(TEXT, b"\xc3"), frame(FIN, b"\x28")]), Some(1007)),
        ("text that ends within a character", frame(FIN | TEXT, b"\xf0\x9f\x8e"), Some(1007)),
        ("a close of one byte", frame(FIN | CLOSE, b"\x03"), Some(1002)),
        ("a close with a code nobody may send", frame(FIN | CLOSE, &1005_u16.to_be_bytes()), Some(1002)),
        ("a close whose reason is not UTF-8", frame(FIN | CLOSE, b"\x03\xe8\xff"), Some(1007)),
        ("many closes", all((0..1_000).map(|_| frame(FIN | CLOSE, &1000_u16.to_be_bytes()))), Some(1000)),
        ("binary data", frame(FIN | BINARY, b"x"), Some(1003)),
        (
            "half the length of the universe",
            [vec![FIN | TEXT, MASKED | LONGEST], vec![0x7f; 8], vec![0; 4]].concat(),
            Some(1009),
        ),
        (
            "too much in one frame",
            [vec![FIN | TEXT, MASKED | LONGEST], 65_537_u64.to_be_bytes().to_vec(), vec![0; 4]].concat(),
            Some(1009),
        ),
        ("too much in small pieces", all((0..=65).map(|n| frame(u8::from(n == 0), &[b'x'; 1_000]))), Some(1009)),
        ("frames that are no JSON", all((0..3).map(|_| frame(FIN | TEXT, b"hello"))), Some(4010)),
        ("JSON that is deep", all((0..3).map(|_| frame(FIN | TEXT, "[".repeat(60_000).as_bytes()))), Some(4010)),
        ("a message of nothing that never ends", all((0..20_000).map(|n| frame(u8::from(n == 0), b""))), None),
        ("many pings", all((0..2_000).map(ping)), None),
        ("half a frame", vec![FIN | TEXT, MASKED | LONG], None),
    ]
}

/// The connection that must not blink.
struct Control<'a> {
    writer: &'a Program,
    socket: Socket,
    said: usize,
}

impl<'a> Control<'a> {
    async fn connect(writer: &'a Program) -> Self {
        let mut socket = writer.socket().await;
        socket.live().await;
        Self { writer, socket, said: 0 }
    }

    /// What is published now arrives now, next, and once.
    async fn hears(&mut self, during: &str) {
        self.said += 1;
        let text = format!("{} {during}", self.said);
        self.writer.says(&text).await;
        assert_eq!(self.socket.texts(1).await, [text]);
    }
}

async fn write_raw(socket: &mut Socket, bytes: &[u8]) {
    let MaybeTlsStream::Plain(stream) = socket.stream.get_mut() else { panic!("plain") };
    // The server may have closed it in the middle; what it said is read all the same.
    let _ = timeout(PATIENCE, stream.write_all(bytes)).await.expect("the server takes it in or closes");
}

#[tokio::test]
async fn garbage_on_a_socket_ends_that_socket_with_the_code_of_the_rfc_and_nobody_else_notices() {
    let app = TestApp::with(|parts| parts.config.rate_limits = Switch::On).await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut control = Control::connect(&ana).await;
    let mut left_open = Vec::new();
    for (kind, bytes, code) in garbage() {
        let mut socket = bob.socket().await;
        socket.live().await;
        write_raw(&mut socket, &bytes).await;
        control.hears(kind).await;
        match code {
            Some(code) => assert_eq!(socket.close_code().await, code, "{kind}"),
            None => left_open.push(socket),
        }
        control.hears("afterwards").await;
    }
    drop((control, left_open));
    app.finish().await;
}

#[tokio::test]
async fn a_frame_that_never_ends_is_not_waited_for() {
    let app = TestApp::with(|parts| parts.ws.heartbeat = Duration::from_millis(100)).await;
    let bob = app.person("bob").await;
    for bytes in [vec![FIN | TEXT, MASKED | LONG], frame(TEXT, b"{"), Vec::new()] {
        let bearer = format!("Bearer {}", bob.token());
        let mut raw = handshake(&app, &bearer).await;
        raw.write_all(&bytes).await.unwrap();
        // Nobody answers the pings either.
        timeout(PATIENCE, raw.read_to_end(&mut Vec::new())).await.expect("it is closed").unwrap();
    }
    app.finish().await;
}

#[tokio::test]
async fn a_store_that_keeps_a_socket_waiting_for_its_hello_sends_it_away() {
    let mut store = None;
    let app = TestApp::with(|parts| {
        parts.ws.hello = Duration::from_millis(50);
        let flaky = Flaky::around(parts.store.clone());
        parts.store = flaky.clone();
        store = Some(flaky);
    })
    .await;
    let store = store.expect("a store");
    let ana = app.person("ana").await;
    ana.says("something to look up").await;
    // A place that the tail does not vouch for: the store is asked.
    let here: Position = ana.inbox().await.pos.as_str().parse().unwrap();
    let unknown = Position { tag: here.tag.wrapping_add(1), ..here };
    store.set_silent(Some("probe"));
    let mut socket = ana.socket_since(&unknown.to_string()).await;
    assert_eq!(socket.close_code().await, 1013);
    store.set_silent(None);
    drop(store);
    app.finish().await;
}

/// An open socket without a library behind it.
async fn handshake(app: &TestApp, bearer: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        app.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer").unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Bytes that are no request, and the status line that may come before the end.
fn no_requests() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let with = |lines: String| format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{lines}\r\n").into_bytes();
    let posted = |head: &str| format!("POST /auth/login HTTP/1.1\r\nHost: x\r\n{head}").into_bytes();
    vec![
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(), ""),
        ("a TLS handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20), "HTTP/1.1 400"),
        ("noise", (0..4_096).map(|n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect(), "HTTP/1.1 400"),
        ("nothing but line ends and NUL", b"\r\n\r\n\0\0\0\0\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        ("another protocol", b"HELO mail.example\r\n".to_vec(), "HTTP/1.1 400"),
        ("a version that is none", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        ("a hundred and one headers", with("x: y\r\n".repeat(101)), "HTTP/1.1 431"),
        ("headers of 65 KiB", with(format!("x: {}\r\n", "y".repeat(65 * 1024))), "HTTP/1.1 431"),
        ("an address of 65 KiB", format!("GET /{} HTTP/1.1\r\n", "y".repeat(65 * 1024)).into_bytes(), "HTTP/1.1 4"),
        ("a header without a name", with(": y\r\n".to_owned()), "HTTP/1.1 400"),
        ("a line folded", with("x: y\r\n z\r\n".to_owned()), "HTTP/1.1 400"),
        ("two lengths", posted("Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), "HTTP/1.1 400"),
        ("a length that is none", posted("Content-Length: -1\r\n\r\n"), "HTTP/1.1 400"),
        ("chunks and something after them", posted("Transfer-Encoding: chunked, x\r\n\r\n"), "HTTP/1.1 400"),
    ]
}

#[tokio::test]
async fn garbage_instead_of_a_request_is_refused_and_its_connection_closed() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let mut control = Control::connect(&ana).await;
    for (kind, bytes, begins) in no_requests() {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        // The server may close before it has read everything.
        let _ = stream.write_all(&bytes).await;
        control.hears(kind).await;
        let mut answer = Vec::new();
        // A reset is an end as well.
        let _ =
            timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap_or_else(|_| panic!("{kind}: still open"));
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || (!begins.is_empty() && answer.starts_with(begins)), "{kind}: {answer:.200}");
    }
    drop(control);
    app.finish().await;
}

/// Opens connections until one is turned away; gives how many were not.
async fn connections_until_full(app: &TestApp) -> Vec<TcpStream> {
    let mut open = Vec::new();
    loop {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut answer = [0; 12];
        match timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer or an end") {
            Ok(_) => assert_eq!(&answer, b"HTTP/1.1 200"),
            Err(_) => return open,
        }
        open.push(stream);
    }
}

#[tokio::test]
async fn connections_from_one_address_are_bounded_before_anybody_proved_anything() {
    let app = TestApp::with(|parts| parts.connections_per_address = 5).await;
    let open = connections_until_full(&app).await;
    assert_eq!(open.len(), 5);
    drop(open);
    // Their places come free as the server notices that they are gone.
    let again = async { while connections_until_full(&app).await.len() < 5 {} };
    timeout(PATIENCE, again).await.expect("who is gone makes room");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_not_kept_for_ever() {
    let app = TestApp::with(|parts| parts.taken_within = Duration::from_millis(300)).await;
    let ana = app.person("ana").await;
    for _ in 0..40 {
        ana.says(&"x".repeat(15_000)).await;
    }
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(app.address).await.unwrap();
    // Asks and asks and never reads: first the buffers fill, then the server stops to read as well.
    let asking = async {
        let bearer = ana.token();
        let request = format!("GET /message HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n\r\n");
        while stream.write_all(request.repeat(20).as_bytes()).await.is_ok() {}
    };
    timeout(PATIENCE, asking).await.expect("it is closed");
    app.finish().await;
}

#[tokio::test]
async fn a_header_that_comes_a_byte_at_a_time_is_not_waited_for() {
    let app = TestApp::with(|parts| parts.header_within = IDLE_FOR + Duration::from_secs(1)).await;
    let ana = app.person("ana").await;
    let mut control = Control::connect(&ana).await;
    let slow = (0..50).map(|n| {
        let address = app.address;
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let begin: &[u8] = if n % 2 == 0 { b"GET / HTTP/1.1\r\nHost: x\r\nx: " } else { b"" };
            stream.write_all(begin).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            let mut pace = interval(Duration::from_millis(20));
            let mut answer = Vec::new();
            let end = read.read_to_end(&mut answer);
            let trickle = async {
                loop {
                    pace.tick().await;
                    if n % 2 == 1 || write.write_all(b"y").await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! { _ = end => {}, () = trickle => {} }
        })
    });
    let slow: Vec<_> = slow.collect();
    control.hears("fifty slow headers").await;
    for connection in slow {
        timeout(PATIENCE, connection).await.expect("it is closed").unwrap();
    }
    ana.post("/message", &json!({ "message": "still here" })).await.is(200);
    drop(control);
    app.finish().await;
}
