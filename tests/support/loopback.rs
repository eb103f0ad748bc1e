//! An HTTP server on this machine that plays scripted answers: cut, stalled, broken off.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(clippy::disallowed_methods, reason = "its tasks belong to the server and end with it")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
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
    script: Arc<Mutex<Script>>,
    seen: mpsc::UnboundedReceiver<Request>,
    stalled: mpsc::UnboundedReceiver<()>,
    left: mpsc::UnboundedReceiver<()>,
    tasks: JoinSet<()>,
}

/// What is answered: these in order, and then always the last one where there is one.
#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    otherwise: Option<Answer>,
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
    cuts: Cuts,
    declared: Option<usize>,
    end: End,
}

#[derive(Debug, Clone)]
enum Cuts {
    Every(usize),
    At(Vec<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body is complete and the connection stays.
    Whole,
    /// The connection is closed after that many bytes.
    BrokenOff(usize),
    /// The connection is torn down after that many bytes.
    Reset(usize),
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
        let (stalled_sender, stalled) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(Script { answers: answers.into(), otherwise: None }));
        let tell = Tell { seen: sender, stalled: stalled_sender, left: left_sender };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, script.clone(), tell));
        Self { address, script, seen, stalled, left, tasks }
    }

    /// Answers so after all that was said before.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().expect("no panic").answers.extend(answers);
    }

    /// Answers so whenever there is nothing else to say.
    pub fn otherwise(&self, answer: Answer) {
        self.script.lock().expect("no panic").otherwise = Some(answer);
    }

    /// Waits until an answer has come to its last byte before a silence.
    pub async fn stalled(&mut self) {
        self.stalled.recv().await.expect("the server should be there");
    }

    /// The requests that wait to be looked at.
    pub fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
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
        Self { head, body: body.into(), cuts: Cuts::Every(usize::MAX), declared: None, end: End::Whole }
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
        Self { end: End::Raw, head: String::new(), ..Self::of_type(200, "", bytes) }
    }

    /// Nothing at all, until the client goes.
    pub fn silent() -> Self {
        Self { end: End::Silent, ..Self::raw("") }
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    /// In chunks of at most that many bytes, each sent by itself.
    pub fn cut(mut self, bytes: usize) -> Self {
        self.cuts = Cuts::Every(bytes);
        self
    }

    /// In chunks that end at these bytes, each sent by itself.
    pub fn cut_at(mut self, ends: Vec<usize>) -> Self {
        self.cuts = Cuts::At(ends);
        self
    }

    /// With a length in its head, right or wrong, and the bytes as they are behind it.
    pub fn declaring(mut self, bytes: usize) -> Self {
        self.declared = Some(bytes);
        self
    }

    /// The connection is torn down after that many bytes of the body.
    pub fn reset_after(mut self, bytes: usize) -> Self {
        self.end = End::Reset(bytes);
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

/// Where the server tells what happens.
#[derive(Clone)]
struct Tell {
    seen: mpsc::UnboundedSender<Request>,
    stalled: mpsc::UnboundedSender<()>,
    left: mpsc::UnboundedSender<()>,
}

impl Script {
    fn next(&mut self) -> Option<Answer> {
        self.answers.pop_front().or_else(|| self.otherwise.clone())
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>, tell: Tell) {
    let mut connections = JoinSet::new();
    for connection in 1.. {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (script, tell) = (script.clone(), tell.clone());
        connections.spawn(async move {
            let (mut reader, mut writer) = split(stream);
            if !speaks_http(&mut reader).await {
                let _ = writer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                return;
            }
            while let Some(request) = read(&mut reader, connection).await {
                let answer = script.lock().expect("no panic").next();
                let _ = tell.seen.send(request);
                let Some(answer) = answer else { return };
                let waits_for_more = matches!(answer.end, End::Stalled(_) | End::Silent);
                if play(answer, &mut reader, &mut writer, &tell).await.is_none() {
                    let _ = if waits_for_more { tell.left.send(()) } else { Ok(()) };
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
    tell: &Tell,
) -> Option<()> {
    let length = match answer.end {
        End::Whole => answer.body.len(),
        End::BrokenOff(bytes) | End::Reset(bytes) | End::Stalled(bytes) => bytes,
        End::Raw => {
            writer.write_all(&answer.body).await.ok()?;
            return None;
        }
        End::Silent => {
            let _ = tell.stalled.send(());
            gone(reader).await;
            return None;
        }
    };
    let framing = match answer.declared {
        Some(bytes) => format!("content-length: {bytes}"),
        None => "transfer-encoding: chunked".to_owned(),
    };
    writer.write_all(format!("{}{framing}\r\n\r\n", answer.head).as_bytes()).await.ok()?;
    for piece in answer.pieces(length) {
        let sent = match answer.declared {
            Some(_) => piece.to_vec(),
            None => [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat(),
        };
        writer.write_all(&sent).await.ok()?;
        tokio::task::yield_now().await;
    }
    match answer.end {
        End::Whole if answer.declared.is_some_and(|bytes| bytes != length) => None,
        End::Whole if answer.declared.is_some() => Some(()),
        End::Whole => writer.write_all(b"0\r\n\r\n").await.ok(),
        End::Stalled(_) => {
            let _ = tell.stalled.send(());
            gone(reader).await;
            None
        }
        End::Reset(_) => {
            writer.as_ref().set_zero_linger().ok()?;
            None
        }
        End::BrokenOff(_) | End::Raw | End::Silent => None,
    }
}

impl Answer {
    /// What is sent by itself, never nothing: an empty chunk is the end.
    fn pieces(&self, length: usize) -> Vec<&[u8]> {
        let body = &self.body[..length];
        let ends = match &self.cuts {
            Cuts::Every(bytes) => return body.chunks(*bytes).collect(),
            Cuts::At(ends) => ends.iter().map(|end| *end.min(&length)),
        };
        let mut from = 0;
        let pieces = ends.chain([length]).map(|end| {
            let piece = &body[from.min(end)..end];
            from = end;
            piece
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }
}

/// Waits until the client closes the connection.
async fn gone(reader: &mut BufReader<OwnedReadHalf>) {
    let mut byte = [0];
    while matches!(reader.read(&mut byte).await, Ok(1..)) {}
}
