//! An HTTP server on this machine that plays scripted answers: cut, stalled, broken off.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(clippy::disallowed_methods, reason = "its tasks belong to the server and end with it")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A test that needs longer hangs.
const TEST_WAIT: Duration = Duration::from_secs(20);

/// Runs a test on sockets, in real time, with a limit.
pub fn in_time<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime
        .block_on(async { tokio::time::timeout(TEST_WAIT, test).await })
        .expect("the test should end in time")
}

/// A server; it ends when it is dropped.
pub struct Loopback {
    address: SocketAddr,
    seen: mpsc::UnboundedReceiver<Request>,
    left: mpsc::UnboundedReceiver<()>,
    tasks: JoinSet<()>,
}

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    /// The number of the connection, counted from 1.
    pub connection: usize,
    /// For example `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// As long as its length says.
    pub body: Vec<u8>,
}

/// What is answered to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    head: String,
    body: Vec<u8>,
    cut: usize,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body is complete and the connection stays.
    Whole,
    /// The connection is closed after that many bytes.
    BrokenOff(usize),
    /// Nothing more comes after that many bytes, until the client goes.
    Stalled(usize),
    /// The bytes are sent as they are and the connection is closed.
    Raw,
    /// Not even a head comes, until the client goes.
    Silent,
}

impl Loopback {
    /// Listens at a free port and gives the answers in order, whatever is asked; then closes
    /// connections without an answer.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, seen) = mpsc::unbounded_channel();
        let (left_sender, left) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, answers, sender, left_sender));
        Self { address, seen, left, tasks }
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request, waited for.
    pub async fn request(&mut self) -> Request {
        self.seen.recv().await.expect("the server should be there")
    }

    /// Waits until a client has gone that waited for more of its answer.
    pub async fn left(&mut self) {
        self.left.recv().await.expect("the server should be there");
    }

    /// How many requests wait to be looked at.
    pub fn seen(&mut self) -> usize {
        self.seen.len()
    }

    /// Ends it and gives its address, at which nobody listens any more.
    pub async fn close(mut self) -> String {
        self.tasks.shutdown().await;
        self.url("/")
    }
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// An answer of that type.
    pub fn of_type(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n");
        Self { head, body: body.into(), cut: usize::MAX, end: End::Whole }
    }

    /// JSON, or what claims to be.
    pub fn json(status: u16, body: &str) -> Self {
        Self::of_type(status, "application/json", body)
    }

    /// A stream of server-sent events.
    pub fn events(body: impl Into<Vec<u8>>) -> Self {
        Self::of_type(200, "text/event-stream", body)
    }

    /// Bytes instead of an answer.
    pub fn raw(bytes: &str) -> Self {
        Self { head: String::new(), body: bytes.into(), cut: usize::MAX, end: End::Raw }
    }

    /// Nothing at all, until the client goes.
    pub fn silent() -> Self {
        Self { head: String::new(), body: Vec::new(), cut: usize::MAX, end: End::Silent }
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    /// In chunks of at most that many bytes, each sent by itself.
    pub fn cut(mut self, bytes: usize) -> Self {
        self.cut = bytes;
        self
    }

    /// The connection closes after that many bytes of the body.
    pub fn broken_off_after(mut self, bytes: usize) -> Self {
        self.end = End::BrokenOff(bytes);
        self
    }

    /// Nothing comes after that many bytes of the body.
    pub fn stalled_after(mut self, bytes: usize) -> Self {
        self.end = End::Stalled(bytes);
        self
    }
}

async fn serve(
    listener: TcpListener,
    answers: Vec<Answer>,
    sender: mpsc::UnboundedSender<Request>,
    left: mpsc::UnboundedSender<()>,
) {
    let answers = std::sync::Arc::new(std::sync::Mutex::new(answers.into_iter()));
    let mut connections = JoinSet::new();
    for connection in 1.. {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (answers, sender, left) = (answers.clone(), sender.clone(), left.clone());
        connections.spawn(async move {
            let (mut reader, mut writer) = split(stream);
            if !speaks_http(&mut reader).await {
                let _ = writer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                return;
            }
            while let Some(request) = read(&mut reader, connection).await {
                let answer = answers.lock().expect("no panic").next();
                let _ = sender.send(request);
                let Some(answer) = answer else { return };
                let waits_for_more = matches!(answer.end, End::Stalled(_) | End::Silent);
                if play(answer, &mut reader, &mut writer).await.is_none() {
                    let _ = if waits_for_more { left.send(()) } else { Ok(()) };
                    return;
                }
            }
        });
    }
}

fn split(stream: TcpStream) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
    stream.set_nodelay(true).expect("a socket");
    let (reader, writer) = stream.into_split();
    (BufReader::new(reader), writer)
}

/// Whether the first byte can begin a request; encrypted connections begin otherwise.
async fn speaks_http(reader: &mut BufReader<OwnedReadHalf>) -> bool {
    reader.fill_buf().await.is_ok_and(|bytes| bytes.first().is_none_or(u8::is_ascii_uppercase))
}

/// The next request; none when the client has gone.
async fn read(reader: &mut BufReader<OwnedReadHalf>, connection: usize) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(reader.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.trim_end().lines().map(str::to_owned);
    let line = lines.next()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let mut request = Request { connection, line, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).await.ok()?;
    Some(request)
}

/// Gives one answer; none when the connection is over.
async fn play(
    answer: Answer,
    reader: &mut BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
) -> Option<()> {
    let length = match answer.end {
        End::Whole => answer.body.len(),
        End::BrokenOff(bytes) | End::Stalled(bytes) => bytes,
        End::Raw => {
            writer.write_all(&answer.body).await.ok()?;
            return None;
        }
        End::Silent => {
            gone(reader).await;
            return None;
        }
    };
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", answer.head);
    writer.write_all(head.as_bytes()).await.ok()?;
    for piece in answer.body[..length].chunks(answer.cut) {
        writer.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.ok()?;
        writer.write_all(piece).await.ok()?;
        writer.write_all(b"\r\n").await.ok()?;
        tokio::task::yield_now().await;
    }
    match answer.end {
        End::Whole => writer.write_all(b"0\r\n\r\n").await.ok(),
        End::Stalled(_) => {
            gone(reader).await;
            None
        }
        End::BrokenOff(_) | End::Raw | End::Silent => None,
    }
}

/// Waits until the client closes the connection.
async fn gone(reader: &mut BufReader<OwnedReadHalf>) {
    let mut byte = [0];
    while matches!(reader.read(&mut byte).await, Ok(1..)) {}
}
