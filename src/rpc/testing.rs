//! The other side of a connection, and a server with a method for each thing that one can do: for tests.

use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::framing::{Frame, Frames};
use super::*;

/// No test waits for time; this ends one that hangs.
pub(super) const WITHIN: Duration = Duration::from_secs(60);
/// Longer than any test.
pub(super) const LONG: Duration = Duration::from_secs(600);
pub(super) const PIPE_BYTES: usize = 64 * 1024;
pub(super) const LIMIT: usize = 64 * 1024;

/// A server with a method for each thing that a handler can do.
struct Server {
    /// The numbers of the notifications, in the order in which they were done.
    noted: Mutex<Vec<u64>>,
    /// What happens to requests that wait: `began`, `told`, `dropped`.
    events: mpsc::UnboundedSender<&'static str>,
    /// Ends `block`.
    unblock: Mutex<std_mpsc::Receiver<()>>,
    flooded: Arc<Notify>,
}

struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _closed = self.0.send("dropped");
    }
}

#[derive(Deserialize)]
struct Count {
    n: u64,
}

#[derive(Deserialize)]
struct Ask {
    #[serde(default)]
    limit_ms: Option<u64>,
}

impl Handler for Server {
    fn placement(&self, method: &str) -> Placement {
        match method {
            "noted" | "echo" | "panicInline" | "slowInline" => Placement::Inline,
            "shutdown" => Placement::Reserved,
            "begin" | "wait" | "told" | "ask" | "askAll" | "many" | "flood" | "panic" | "block"
            | "announce" | "quick" | "large" | "fail" => Placement::Task,
            _ => Placement::Unknown,
        }
    }

    fn on_cancel(&self, method: &str) -> OnCancel {
        if method == "told" { OnCancel::Tell } else { OnCancel::Drop }
    }

    async fn notification(&self, peer: &Peer, method: &str, params: Params) {
        match method {
            "note" => {
                let Ok(Count { n }) = params.read() else { return };
                if n.is_multiple_of(3) {
                    tokio::task::yield_now().await;
                }
                self.noted.lock().unwrap().push(n);
            }
            "panic" => panic!("a note that panics"),
            "exit" => peer.stop(),
            _ => {}
        }
    }

    fn request(self: Arc<Self>, peer: Peer, call: Call) -> impl Future<Output = Reply> + Send + 'static {
        if call.method == "begin" {
            self.noted.lock().unwrap().extend(call.params.read::<Count>().map(|count| count.n));
        }
        self.work(peer, call)
    }
}

impl Server {
    async fn work(self: Arc<Self>, peer: Peer, call: Call) -> Reply {
        match call.method.as_str() {
            "noted" => reply(&*self.noted.lock().unwrap()),
            "slowInline" => {
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                self.noted.lock().unwrap().push(call.params.read::<Count>()?.n);
                reply(())
            }
            "panic" | "panicInline" => panic!("a request that panics: {}", "\u{1b}[31m"),
            "wait" => {
                let _dropped = Dropped(self.events.clone());
                self.events.send("began").unwrap();
                std::future::pending().await
            }
            "told" => {
                self.events.send("began").unwrap();
                call.cancelled().await;
                self.events.send("told").unwrap();
                tokio::task::yield_now().await;
                reply(json!({ "stopReason": "cancelled" }))
            }
            "block" => {
                self.events.send("began").unwrap();
                self.unblock.lock().unwrap().recv().unwrap();
                reply(())
            }
            "announce" => {
                let answered = call.answered();
                let mut tasks = JoinSet::new();
                tasks.spawn(async move {
                    answered.await;
                    peer.notify("announced", json!({})).await.unwrap();
                });
                tasks.detach_all();
                everybody_waits().await;
                reply(())
            }
            "fail" => Err(Error::new(1001, "unknown").with_data(json!({"kind": "sessionUnknown"}))),
            "begin" | "shutdown" => reply(()),
            method => self.talk(method, &peer, &call.params).await,
        }
    }
}

impl Server {
    async fn talk(&self, method: &str, peer: &Peer, params: &Params) -> Reply {
        match method {
            "ask" => {
                self.events.send("began").unwrap();
                let limit = params.read::<Ask>()?.limit_ms.map_or(LONG, Duration::from_millis);
                match peer.request::<String, _>("client/ask", json!({"x": 1}), limit).await {
                    Ok(said) => reply(said),
                    Err(error) => reply(error.to_string()),
                }
            }
            "askAll" => {
                let ask =
                    (0..params.read::<Count>()?.n).map(|_| peer.request::<Value, _>("client/ask", (), LONG));
                let answers = futures::future::join_all(ask).await;
                reply(answers.iter().filter(|answer| matches!(answer, Err(RequestError::Failed(_)))).count())
            }
            "many" => {
                for n in 0..params.read::<Count>()?.n {
                    peer.notify("many", json!({ "n": n })).await.unwrap();
                }
                reply(())
            }
            "flood" => {
                let _dropped = Dropped(self.events.clone());
                for n in 0.. {
                    let text = "x".repeat(1000);
                    if n == 0 {
                        self.flooded.notify_one();
                    }
                    peer.notify("flood", json!({ "n": n, "text": text }))
                        .await
                        .map_err(|_| Error::cancelled())?;
                }
                reply(())
            }
            "large" => reply("x".repeat(usize::try_from(params.read::<Count>()?.n).unwrap())),
            _ => reply(params.clone().into_value()?),
        }
    }
}

/// The other side of a connection.
pub(super) struct Client {
    pub(super) dialect: Dialect,
    pub(super) to: Option<DuplexStream>,
    pub(super) from: Option<Frames<DuplexStream>>,
    pub(super) serving: JoinSet<Ended>,
    pub(super) peer: Peer,
    pub(super) events: mpsc::UnboundedReceiver<&'static str>,
    pub(super) unblock: std_mpsc::Sender<()>,
    pub(super) flooded: Arc<Notify>,
    pub(super) pings: u32,
}

impl Client {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self::with(Settings { dialect, message_bytes_max: LIMIT, grace: LONG })
    }

    pub(super) fn with(settings: Settings) -> Self {
        let (events_to, events) = mpsc::unbounded_channel();
        let (unblock, unblocked) = std_mpsc::channel();
        let flooded = Arc::new(Notify::new());
        let server = Arc::new(Server {
            noted: Mutex::default(),
            events: events_to,
            unblock: Mutex::new(unblocked),
            flooded: flooded.clone(),
        });
        let connection = Connection::new(settings);
        let peer = connection.peer();
        let (to, input) = tokio::io::duplex(PIPE_BYTES);
        let (output, from) = tokio::io::duplex(PIPE_BYTES);
        let mut serving = JoinSet::new();
        serving.spawn(connection.serve(input, output, server));
        let dialect = settings.dialect;
        let from = Some(Frames::new(from, dialect.framing, usize::MAX));
        Self { dialect, to: Some(to), from, serving, peer, events, unblock, flooded, pings: 0 }
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) {
        timeout(WITHIN, self.to.as_mut().unwrap().write_all(bytes)).await.unwrap().unwrap();
    }

    pub(super) async fn send(&mut self, message: Value) {
        let frame = self.frame(&message);
        self.bytes(&frame).await;
    }

    pub(super) fn frame(&self, message: &Value) -> Vec<u8> {
        self.framed(message.to_string().as_bytes())
    }

    pub(super) fn framed(&self, body: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        self.dialect.framing.write(body, &mut frame);
        frame
    }

    pub(super) async fn request(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})).await;
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    pub(super) async fn cancel(&mut self, id: impl Into<Value>) {
        let (method, field) = (self.dialect.cancel_method, self.dialect.cancel_id);
        self.notify(method, json!({field: id.into()})).await;
    }

    /// The next message; none at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        match timeout(WITHIN, self.from.as_mut().unwrap().next())
            .await
            .expect("a message in time")
            .unwrap()?
        {
            Frame::Message(bytes) => Some(serde_json::from_slice(bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// The next message, which is this answer.
    #[track_caller]
    pub(super) fn result(&mut self, id: impl Into<Value>, result: Value) -> impl Future<Output = ()> {
        let expected = json!({"jsonrpc": "2.0", "id": id.into(), "result": result});
        async move { assert_eq!(self.next().await, Some(expected)) }
    }

    /// The next message, which is an error; its text.
    pub(super) async fn error(&mut self, id: impl Into<Value>, code: i64) -> String {
        let message = self.next().await.expect("an error");
        assert_eq!((&message["id"], &message["error"]["code"]), (&id.into(), &json!(code)), "{message}");
        assert!(message.get("result").is_none());
        message["error"]["message"].as_str().unwrap().to_owned()
    }

    /// The connection works, and nothing else was said.
    pub(super) async fn ping(&mut self) {
        self.pings += 1;
        let id = format!("ping {}", self.pings);
        self.request(id.clone(), "quick", json!({"ping": self.pings})).await;
        self.result(id, json!({"ping": self.pings})).await;
    }

    /// A request that waits, and has begun to.
    pub(super) async fn waiting(&mut self, id: impl Into<Value>, method: &str) {
        self.request(id, method, json!({})).await;
        self.event("began").await;
    }

    pub(super) async fn event(&mut self, expected: &str) {
        assert_eq!(timeout(WITHIN, self.events.recv()).await.unwrap(), Some(expected));
    }

    pub(super) async fn ended(&mut self) -> Ended {
        timeout(WITHIN, self.serving.join_next()).await.expect("an end in time").unwrap().unwrap()
    }

    /// Ends the input; nothing more was said, and the connection ends by itself.
    pub(super) async fn end(mut self) {
        drop(self.to.take());
        assert_eq!(self.next().await, None);
        assert_eq!(self.ended().await, Ended::EndOfInput);
    }
}

/// What rules that do not depend on the framing are tried with.
pub(super) const BOTH: [Dialect; 2] = [Dialect::LSP, Dialect::ACP];

/// Resolves when every other task of this thread has come to a wait.
pub(super) async fn everybody_waits() {
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
}
