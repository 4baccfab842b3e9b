//! The whole server, with sockets and SQLite: from the bytes of a packet to those of what is said about it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;

use parlor::app::App;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::counted_here;

/// How often a path is taken before it is counted.
const WARM: usize = 10;
/// Without heartbeats: under Valgrind all is slow, and how many of them fell into the counted time would be chance.
const SETTINGS: [&str; 6] = [
    "parlor",
    "--rate-limits=off",
    "--sqlite-synchronous=normal",
    "--secret=a secret of this bench, long enough",
    "--ping-interval-ms=300000",
    "--ping-timeout-ms=300000",
];
/// Longest text that a frame's head of two bytes can announce, and the mark of one of up to 64 KiB.
const SHORT: usize = 125;
const LONGER: u8 = 126;

/// Serves in this thread while a client in another takes a path: it prepares to take it so often in all, and then takes it.
fn serve<C: FnMut(usize)>(times: usize, client: impl FnOnce(SocketAddr, usize) -> C + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("--data-dir={}", folder.path().display());
    let config = parlor::cli::try_parse(SETTINGS.into_iter().chain([data.as_str()]).map(Into::into).collect());
    let config = config.expect("settings").cli.config;
    let address = runtime.block_on(async {
        let listener = parlor::server::listen(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = App::new(config, address).await.expect("a server");
        tokio::spawn(parlor::server::run(app, listener, std::future::pending()));
        address
    });
    let (ready, is_ready) = oneshot::channel();
    let (go, may_go) = mpsc::channel();
    let (done, is_done) = oneshot::channel();
    std::thread::spawn(move || {
        let mut take = client(address, WARM + times);
        take(WARM);
        let _ = ready.send(());
        if may_go.recv().is_ok() {
            take(times);
            let _ = done.send(());
        }
        // Its sockets are closed by the end of the process, where nothing is counted.
        std::mem::forget(take);
    });
    runtime.block_on(is_ready).expect("the client failed");
    let mut is_done = Some(is_done);
    counted_here(&mut || {
        if let Some(is_done) = is_done.take() {
            let _ = go.send(());
            runtime.block_on(is_done).expect("the client failed");
        }
    });
}

/// A client that reads and writes packets by hand.
struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
    asked: usize,
}

impl Client {
    /// Connected, with its `session`.
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let mut client = Self { stream, unread: Vec::new(), asked: 0 };
        let head = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: */*\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        client.stream.write_all(head.as_bytes()).expect("the server reads");
        let end = loop {
            match client.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => client.read(),
            }
        };
        assert!(client.unread.starts_with(b"HTTP/1.1 101"));
        client.unread.drain(..end);
        client.send("40/draft,{}");
        client.until(r#"42/draft,["session""#);
        client
    }

    fn read(&mut self) {
        let mut buffer = [0; 8 * 1024];
        let read = self.stream.read(&mut buffer).expect("the server writes");
        assert!(read > 0, "the server closed the connection");
        self.unread.extend_from_slice(&buffer[..read]);
    }

    /// One frame, masked with zeros.
    fn send(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("a short text");
        let mut frame = vec![0x81];
        match u8::try_from(length) {
            Ok(length) if usize::from(length) <= SHORT => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | LONGER);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).expect("the server reads");
    }

    fn next(&mut self) -> String {
        loop {
            if let [_, length, rest @ ..] = self.unread.as_slice() {
                let (length, skip) = match (*length, rest) {
                    (LONGER, [high, low, ..]) => (usize::from(u16::from_be_bytes([*high, *low])), 4),
                    (LONGER, _) => (usize::MAX, 4),
                    (length, _) => (usize::from(length), 2),
                };
                if self.unread.len() - 2 >= length.saturating_add(skip - 2) {
                    let text = String::from_utf8(self.unread[skip..skip + length].to_vec()).expect("a text");
                    self.unread.drain(..skip + length);
                    return text;
                }
            }
            self.read();
        }
    }

    /// The next packet that begins so.
    fn until(&mut self, beginning: &str) -> String {
        loop {
            let text = self.next();
            if text == "2" {
                self.send("3");
            }
            if text.starts_with(beginning) {
                return text;
            }
        }
    }

    fn ask(&mut self, event: &str, payload: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&format!("42/draft,{id}{}", json!([event, payload])));
        let beginning = format!("43/draft,{id}");
        let answer = self.until(&beginning);
        let answer: Value = serde_json::from_str(&answer[beginning.len()..]).expect("an answer");
        assert_eq!(answer[0]["ok"], true, "{answer}");
        answer[0].clone()
    }

    fn make(&mut self) -> Value {
        self.ask("create_room", &json!({ "nickname": "Ada" }))["room_code"].clone()
    }

    fn enter(&mut self, code: &Value, purpose: &str) {
        self.ask("join_room", &json!({ "room_code": code, "nickname": "Ben", "as": purpose }));
    }
}

pub fn ping(times: usize) {
    serve(times, |address, _| {
        let mut client = Client::new(address);
        move |times| {
            for _ in 0..times {
                client.ask("ping", &json!({ "timestamp": 1_700_000_000_000_u64 }));
            }
        }
    });
}

/// A message in a room of four: written, told to all, answered.
pub fn talk(times: usize) {
    serve(times, |address, _| {
        let mut clients: [Client; 4] = std::array::from_fn(|_| Client::new(address));
        let code = clients[0].make();
        clients[1].enter(&code, "player");
        clients[2..].iter_mut().for_each(|client| client.enter(&code, "spectator"));
        let payload = json!({ "message": "x".repeat(80) });
        move |times| {
            for _ in 0..times {
                let [first, others @ ..] = &mut clients;
                first.ask("chat_message", &payload);
                others.iter_mut().for_each(|client| drop(client.until(r#"42/draft,["chat_message""#)));
            }
        }
    });
}

/// A WebSocket, a namespace and a new guest's session.
pub fn connect(times: usize) {
    serve(times, |address, _| {
        let mut clients = Vec::new();
        move |times| clients.extend((0..times).map(|_| Client::new(address)))
    });
}

/// `create_room`, with all that its host is told.
pub fn make(times: usize) {
    serve(times, |address, all| {
        let mut clients = (0..all).map(|_| Client::new(address)).collect::<Vec<_>>();
        let mut next = 0;
        move |times| {
            for client in &mut clients[next..next + times] {
                client.make();
            }
            next += times;
        }
    });
}

/// `join_room` of the second player.
pub fn enter(times: usize) {
    serve(times, |address, all| {
        let mut pairs = Vec::new();
        for _ in 0..all {
            let (mut host, guest) = (Client::new(address), Client::new(address));
            let code = host.make();
            pairs.push((host, guest, code));
        }
        let mut next = 0;
        move |times| {
            for (_, guest, code) in &mut pairs[next..next + times] {
                guest.enter(code, "player");
            }
            next += times;
        }
    });
}
