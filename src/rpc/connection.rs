//! One connection: a reader that work never blocks, a writer, and a task for each request.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dispatch::Dispatch;
use super::framing::{Frames, Framing};
use super::handler::Handler;
use super::message::{self, Message};
use super::peer::{Peer, Shared};
use crate::limits::{RPC_DRAIN_WAIT, RPC_GRACE, RPC_MESSAGE_BYTES_MAX};

/// What differs between protocols that are JSON-RPC.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// How messages are told apart.
    pub framing: Framing,
    /// The notification that a request is not wanted any more, in both directions.
    pub cancel_method: &'static str,
    /// Its parameter that holds the request's id.
    pub cancel_id: &'static str,
}

impl Dialect {
    /// As the Language Server Protocol has it.
    pub const LSP: Self =
        Self { framing: Framing::ContentLength, cancel_method: "$/cancelRequest", cancel_id: "id" };
    /// As the Agent Client Protocol has it.
    pub const ACP: Self =
        Self { framing: Framing::Newline, cancel_method: "$/cancel_request", cancel_id: "requestId" };
}

/// How a connection is to behave.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The protocol's manners.
    pub dialect: Dialect,
    /// Longer messages are refused.
    pub message_bytes_max: usize,
    /// How long running requests may take to come to their end after the connection has.
    pub grace: Duration,
}

impl Settings {
    /// The usual limits.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, message_bytes_max: RPC_MESSAGE_BYTES_MAX, grace: RPC_GRACE }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The other side sends nothing more.
    EndOfInput,
    /// The other side reads nothing more.
    OutputBroken,
    /// [`Peer::stop`] was called.
    Stopped,
}

/// A connection that is not yet served. What is sent to its peer waits until it is.
pub struct Connection {
    shared: Arc<Shared>,
    settings: Settings,
}

impl Connection {
    /// A connection with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { shared: Arc::new(Shared::new(settings.dialect)), settings }
    }

    /// The other side.
    pub fn peer(&self) -> Peer {
        Peer { shared: self.shared.clone() }
    }

    /// Reads from `input`, writes to `output` and serves by `handler` until one of them ends or the
    /// connection is stopped. Then nothing more is read, our own requests fail, the client's are
    /// told and dropped after the grace, and what is queued is written, for a limited time.
    pub async fn serve<H: Handler>(
        self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
        handler: Arc<H>,
    ) -> Ended {
        let Self { shared, settings } = self;
        let mut writer = JoinSet::new();
        writer.spawn(write(shared.clone(), output));
        let mut reader = JoinSet::new();
        let limit = settings.message_bytes_max;
        let frames = Frames::new(input, settings.dialect.framing, limit);
        let dispatch = Dispatch::new(shared.clone(), handler);
        reader.spawn(read(Reader { frames, limit, shared: shared.clone() }, dispatch));

        shared.over.cancelled().await;
        // The reader ends when the running requests have.
        match timeout(settings.grace, reader.join_next()).await {
            Ok(Some(Err(error))) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Ok(_) => {}
            Err(_) => tracing::debug!("requests still ran at the end of the connection and were dropped"),
        }
        reader.abort_all();
        shared.outbox.close();
        if timeout(RPC_DRAIN_WAIT, writer.join_next()).await.is_err() {
            tracing::debug!("the client did not read all that was queued at the end of the connection");
        }
        shared.ended()
    }
}

async fn write(shared: Arc<Shared>, output: impl AsyncWrite + Unpin) {
    if let Err(error) = shared.outbox.write(output).await {
        tracing::debug!(%error, "failed to write to the client");
        shared.end(Ended::OutputBroken);
    }
}

/// Reads and dispatches until the end of the connection; then waits for what still runs.
async fn read<R: AsyncRead + Unpin, H: Handler>(mut reader: Reader<R>, mut dispatch: Dispatch<H>) {
    // However this ends, the connection ends with it.
    let over = EndGuard(reader.shared.clone());
    while let Some(message) = reader.next().await {
        dispatch.message(message).await;
        // A flood must not keep this thread from everything else.
        tokio::task::coop::consume_budget().await;
    }
    drop(over);
    dispatch.finish().await;
}

struct Reader<R> {
    frames: Frames<R>,
    limit: usize,
    shared: Arc<Shared>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// The next message; none when nothing more is to be read.
    async fn next(&mut self) -> Option<Message> {
        let over = self.shared.over.cancelled();
        let read = async {
            self.shared.outbox.few_replies().await;
            match self.frames.next().await {
                Ok(frame) => frame.map(|frame| message::read(frame, self.limit)),
                Err(error) => {
                    tracing::debug!(%error, "failed to read from the client");
                    None
                }
            }
        };
        tokio::select! {
            biased;
            () = over => None,
            message = read => message,
        }
    }
}

/// Ends the connection when dropped, also by a panic.
struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end(Ended::EndOfInput);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tokio::io::AsyncWriteExt;

    use super::super::testing::{BOTH, Client, LIMIT, LONG, PIPE_BYTES, WITHIN, everybody_waits};
    use super::super::*;
    use super::*;
    use crate::limits::{RPC_QUEUE_BYTES_MAX, RPC_REPLIES_BYTES_MAX};

    #[tokio::test]
    async fn the_end_of_the_input_reaches_who_waits() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            client.waiting(1, "ask").await;
            client.next().await.unwrap();
            client.waiting(2, "told").await;
            client.request(3, "quick", json!({"a": 1})).await;
            drop(client.to.take());
            timeout(WITHIN, client.peer.closed()).await.unwrap();
            let mut answers = Vec::new();
            while let Some(answer) = client.next().await {
                answers.push(answer["result"].to_string());
            }
            answers.sort();
            assert_eq!(
                answers,
                [r#""the connection is closed""#, r#"{"a":1}"#, r#"{"stopReason":"cancelled"}"#]
            );
            assert_eq!(client.ended().await, Ended::EndOfInput);
            assert_eq!(client.peer.notify("late", json!({})).await, Err(Closed));
            let asked = client.peer.request::<Value, _>("late", json!({}), LONG).await;
            assert_eq!(asked, Err(RequestError::Closed));
        }
    }

    #[tokio::test]
    async fn requests_that_do_not_end_are_dropped_after_the_grace() {
        let settings =
            Settings { dialect: Dialect::ACP, message_bytes_max: LIMIT, grace: Duration::from_millis(1) };
        let mut client = Client::with(settings);
        client.waiting(1, "wait").await;
        drop(client.to.take());
        assert_eq!(client.ended().await, Ended::EndOfInput);
        client.event("dropped").await;
        assert_eq!(client.next().await, None);
    }

    #[tokio::test]
    async fn a_stop_ends_the_connection_while_the_input_is_open() {
        let settings =
            Settings { dialect: Dialect::LSP, message_bytes_max: LIMIT, grace: Duration::from_millis(1) };
        let mut client = Client::with(settings);
        client.waiting(0, "wait").await;
        client.request(1, "shutdown", Value::Null).await;
        client.notify("exit", Value::Null).await;
        client.result(1, Value::Null).await;
        assert_eq!(client.next().await, None);
        assert_eq!(client.ended().await, Ended::Stopped);
        client.event("dropped").await;
    }

    #[tokio::test]
    async fn a_broken_output_ends_the_connection() {
        let mut client = Client::new(Dialect::ACP);
        client.waiting(1, "told").await;
        drop(client.from.take());
        client.request(2, "quick", json!({})).await;
        client.event("told").await;
        assert_eq!(client.ended().await, Ended::OutputBroken);
    }

    #[tokio::test]
    async fn the_last_line_needs_no_line_break() {
        let mut client = Client::new(Dialect::ACP);
        client.bytes(br#"{"jsonrpc":"2.0","id":7,"method":"quick"}"#).await;
        drop(client.to.take());
        client.result(7, Value::Null).await;
        client.end().await;
        let mut client = Client::new(Dialect::ACP);
        client.bytes(br#"{"jsonrpc":"2.0","id":1,"#).await;
        drop(client.to.take());
        client.error(Value::Null, PARSE_ERROR).await;
        client.end().await;
        let mut client = Client::new(Dialect::LSP);
        client.bytes(b"Content-Length: 100\r\n\r\n{").await;
        client.end().await;
    }

    #[tokio::test]
    async fn noise_is_passed_over() {
        let mut client = Client::new(Dialect::LSP);
        client.bytes(b"Welcome to the shell\nLast login: today\n\n").await;
        client.ping().await;
        client.bytes(b"garbage garbage\r\n").await;
        client.error(Value::Null, PARSE_ERROR).await;
        client.ping().await;
        let mut client = Client::new(Dialect::ACP);
        client.bytes(b"\n\r\n \n\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"quick\"}\r\n").await;
        client.result(1, Value::Null).await;
        client.bytes(b"Welcome to the shell\n").await;
        client.error(Value::Null, PARSE_ERROR).await;
        client.ping().await;
        client.end().await;
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_refused_and_skipped() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            let long = client.frame(
                &json!({"jsonrpc": "2.0", "id": 1, "method": "quick", "params": {"a": "x".repeat(LIMIT * 3)}}),
            );
            client.bytes(&long).await;
            let said = client.error(Value::Null, INVALID_REQUEST).await;
            assert!(said.contains(&LIMIT.to_string()), "{said}");
            client.ping().await;
            let text = "x".repeat(LIMIT - 100);
            client.request(2, "quick", json!({"a": text})).await;
            client.result(2, json!({"a": text})).await;
            client.end().await;
        }
    }

    #[tokio::test]
    async fn a_request_behind_garbage_without_line_break_is_answered() {
        let mut client = Client::new(Dialect::ACP);
        client.bytes(&vec![b'a'; LIMIT * 2]).await;
        client.error(Value::Null, INVALID_REQUEST).await;
        client.ping().await;
        // A message in a message that is too long is none.
        let inner = json!({"jsonrpc": "2.0", "id": 2, "method": "quick"});
        client.request(1, "quick", json!({"a": "x".repeat(LIMIT), "b": inner})).await;
        client.error(Value::Null, INVALID_REQUEST).await;
        client.ping().await;
        client.end().await;
    }

    #[tokio::test]
    async fn messages_come_in_any_pieces() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            let message = json!({"jsonrpc": "2.0", "id": 1, "method": "quick", "params": {"t": "héllo 文 😀 \u{2028}"}});
            let frame = client.frame(&message);
            let inside = frame.iter().position(|byte| *byte == 0xf0).unwrap() + 2;
            for piece in [&frame[..10], &frame[10..inside], &frame[inside..]] {
                client.bytes(piece).await;
                tokio::task::yield_now().await;
            }
            client.result(1, message["params"].clone()).await;
            client.bytes(&frame.repeat(1)).await;
            client.result(1, message["params"].clone()).await;
            let three: Vec<u8> = (7..10)
                .flat_map(|id| client.frame(&json!({"jsonrpc": "2.0", "id": id, "method": "noted"})))
                .collect();
            client.bytes(&three).await;
            for id in 7..10 {
                client.result(id, json!([])).await;
            }
            client.end().await;
        }
    }

    #[tokio::test]
    async fn a_client_that_reads_slowly_is_heard_and_costs_no_memory() {
        let mut client = Client::new(Dialect::ACP);
        for id in 0..3 {
            client.request(id, "flood", json!({})).await;
            timeout(WITHIN, client.flooded.notified()).await.unwrap();
        }
        let full = tokio::select! {
            biased;
            _ = client.peer.notify("more", json!({})) => false,
            () = everybody_waits() => true,
        };
        assert!(full);
        // All who send wait for the client; it is heard all the same.
        client.waiting("t", "told").await;
        client.cancel("t").await;
        client.event("told").await;
        client.request("no", "no/such", json!({})).await;
        client.cancel(0).await;
        client.event("dropped").await;
        let held = client.peer.shared.outbox.held();
        assert!(held < RPC_QUEUE_BYTES_MAX * 2, "{held}");
        for id in 1..3 {
            client.cancel(id).await;
            client.event("dropped").await;
        }
        let mut answers = Vec::new();
        let mut numbers = [0; 3];
        while answers.len() < 5 {
            let message = client.next().await.unwrap();
            if message["method"] == "flood" {
                let n = message["params"]["n"].as_u64().unwrap();
                let at = numbers.iter().position(|number| *number == n).expect("each flood in order");
                numbers[at] += 1;
            } else {
                answers.push(message["id"].to_string());
            }
        }
        answers.sort();
        assert_eq!(answers, ["\"no\"", "\"t\"", "0", "1", "2"]);
        client.ping().await;
        client.end().await;
    }

    #[tokio::test]
    async fn a_client_that_never_reads_is_not_read_for_ever() {
        let mut client = Client::new(Dialect::ACP);
        let line = client.framed(b"{").repeat(1000);
        let mut to = client.to.take().unwrap();
        let mut lines = 0;
        // Each broken line asks for an answer; at some time no more lines are taken.
        loop {
            let written = tokio::select! {
                biased;
                written = to.write_all(&line) => written,
                () = everybody_waits() => break,
            };
            written.unwrap();
            lines += 1000;
            assert!(lines < 1_000_000);
        }
        let held = client.peer.shared.outbox.held();
        assert!(held < RPC_REPLIES_BYTES_MAX * 2 + PIPE_BYTES, "{held}");
        // It goes on when the client reads.
        for _ in 0..lines {
            client.error(Value::Null, PARSE_ERROR).await;
        }
    }

    #[tokio::test]
    async fn answers_larger_than_the_queue_pass() {
        let length = RPC_QUEUE_BYTES_MAX + 1000;
        let mut client = Client::new(Dialect::ACP);
        for id in 0..3 {
            client.request(id, "large", json!({"n": length})).await;
        }
        for _ in 0..3 {
            let answer = client.next().await.unwrap();
            assert_eq!(answer["result"].as_str().unwrap().len(), length);
        }
        client.end().await;
    }

    #[tokio::test]
    async fn dropping_the_connection_drops_its_requests() {
        let mut client = Client::new(Dialect::ACP);
        client.waiting(1, "wait").await;
        client.serving.abort_all();
        client.event("dropped").await;
    }

    fn noise() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            r#"[{}\[\],:"a-z0-9\\ ]{0,40}"#.prop_map(String::into_bytes),
            prop_oneof![
                Just(r#"{"jsonrpc":"2.0","id":1,"method":"quick","params":{"a":1}}"#),
                Just(r#"{"jsonrpc":"2.0","id":1,"result":1}"#),
                Just(r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#),
                Just("Content-Length: 10\r\n\r\n"),
                Just("content-length: 200000\r\nX: y\n\n"),
                Just("\n"),
            ]
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        proptest::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_bytes_end_a_connection(noise in noise(), lsp in any::<bool>()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut client = Client::new(if lsp { Dialect::LSP } else { Dialect::ACP });
                client.bytes(&noise).await;
                // What the noise announced as too long is waited for first.
                client.bytes(b"\n").await;
                let filler = client.frame(&json!({"jsonrpc": "2.0", "method": "note", "params": {"n": 1, "x": "y".repeat(900)}}));
                client.bytes(&filler.repeat(if lsp { 300 } else { 1 })).await;
                client.request("last", "quick", json!({"a": 1})).await;
                loop {
                    let message = client.next().await.expect("an answer");
                    if message["id"] == "last" {
                        assert_eq!(message["result"], json!({"a": 1}));
                        break;
                    }
                }
                client.end().await;
            });
        }
    }
}
