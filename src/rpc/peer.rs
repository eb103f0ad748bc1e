//! The other side of a connection, as a handle: tell it something, ask it something, know its end.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::connection::{Dialect, Ended};
use super::message::{self, Reply};
use super::outbox::Outbox;
use super::pending::{NotOpened, Pending};
use super::{Closed, Error};

/// A handle on the other side of a connection; cheap to clone.
#[derive(Clone)]
pub struct Peer {
    pub(super) shared: Arc<Shared>,
}

/// Why a request to the other side has no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// The connection is over.
    #[error("the connection is closed")]
    Closed,
    /// No answer came within the limit; the other side was told that none is wanted any more.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The other side answered with an error.
    #[error(transparent)]
    Failed(Error),
    /// The result is not of the kind that was asked for.
    #[error("the answer does not fit: {0}")]
    Unreadable(String),
}

/// What the reader, the writer, the running requests and all handles share.
pub(super) struct Shared {
    pub(super) dialect: Dialect,
    pub(super) outbox: Outbox,
    pub(super) pending: Pending,
    pub(super) calls: Calls,
    /// Fired when nothing more is read.
    pub(super) over: CancellationToken,
    /// Why that is; set before.
    ended: Mutex<Option<Ended>>,
}

impl Peer {
    /// Sends a notification. Waits while the other side reads slowly; what is sent by one task
    /// arrives in the order of sending.
    ///
    /// # Errors
    ///
    /// When the connection is over.
    ///
    /// # Panics
    ///
    /// When `params` cannot be written as JSON.
    pub fn notify<P: Serialize>(
        &self,
        method: &str,
        params: P,
    ) -> impl Future<Output = Result<(), Closed>> + Send + use<'_, P> {
        let body = message::call(None, method, params);
        async move { self.shared.outbox.room(body.len()).await?.push(&body) }
    }

    /// Asks the other side and waits for its answer, at most for `time_limit`. When that is over, or
    /// the future is dropped, the other side is told that no answer is wanted any more.
    ///
    /// # Errors
    ///
    /// See [`RequestError`].
    ///
    /// # Panics
    ///
    /// When `params` cannot be written as JSON.
    pub fn request<T: DeserializeOwned, P: Serialize>(
        &self,
        method: &str,
        params: P,
        time_limit: Duration,
    ) -> impl Future<Output = Result<T, RequestError>> + Send + use<'_, T, P> {
        let id = self.shared.pending.next_id();
        let body = message::call(Some(id), method, params);
        async move {
            let reply = tokio::time::timeout(time_limit, self.ask(id, &body)).await;
            let result = reply.map_err(|_| RequestError::TimedOut(time_limit))??;
            serde_json::from_str(result.get()).map_err(|error| RequestError::Unreadable(error.to_string()))
        }
    }

    /// Resolves when the other side has gone or the connection was stopped: no answer will come any
    /// more. What is sent in the time that is left to running requests may still arrive.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.shared.over.clone().cancelled_owned()
    }

    /// Ends the connection: nothing more is read, running requests get the time that is left to
    /// them, what is queued is written.
    pub fn stop(&self) {
        self.shared.end(Ended::Stopped);
    }

    async fn ask(&self, id: i64, body: &[u8]) -> Result<Box<serde_json::value::RawValue>, RequestError> {
        let room = self.shared.outbox.room(body.len()).await?;
        let receiver = self.shared.pending.open(id)?;
        let mut waiting = Waiting { shared: &self.shared, id, receiver };
        room.push(body)?;
        let reply: Reply = (&mut waiting.receiver).await.map_err(|_| RequestError::Closed)?;
        reply.map_err(RequestError::Failed)
    }
}

impl Shared {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            outbox: Outbox::new(dialect.framing),
            dialect,
            pending: Pending::default(),
            calls: Calls::default(),
            over: CancellationToken::new(),
            ended: Mutex::default(),
        }
    }

    /// Ends the connection, for the first reason that is given.
    pub(super) fn end(&self, why: Ended) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.over.cancel();
        self.pending.close();
    }

    /// Why the connection ended.
    pub(super) fn ended(&self) -> Ended {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(Ended::EndOfInput)
    }
}

/// Someone waits for an answer. Who does not wait any more lets the other side know.
struct Waiting<'a> {
    shared: &'a Shared,
    id: i64,
    receiver: oneshot::Receiver<Reply>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.shared.pending.forget(self.id) {
            let Dialect { cancel_method, cancel_id, .. } = self.shared.dialect;
            let params = serde_json::json!({ cancel_id: self.id });
            // There is one for a request at most, and those are bounded: it need not wait for room.
            self.shared.outbox.reply(&message::call(None, cancel_method, params));
        }
    }
}

impl From<Closed> for RequestError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<NotOpened> for RequestError {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::Closed => Self::Closed,
            NotOpened::TooMany(error) => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{BOTH, Client};
    use super::super::*;
    use crate::limits::RPC_OWN_REQUESTS_MAX;

    #[tokio::test]
    async fn answers_are_heard_behind_many_notifications() {
        for notes in [50, 105, 300] {
            let mut client = Client::new(Dialect::LSP);
            for id in 0..4 {
                client.waiting(id, "ask").await;
            }
            let mut asked = Vec::new();
            for _ in 0..4 {
                let ask = client.next().await.unwrap();
                assert_eq!((&ask["method"], &ask["params"]), (&json!("client/ask"), &json!({"x": 1})));
                asked.push(ask["id"].clone());
            }
            for n in 0..notes {
                client.notify("note", json!({"n": n})).await;
            }
            // In another order than they were asked.
            for id in asked.iter().rev() {
                client.send(json!({"jsonrpc": "2.0", "id": id, "result": format!("said {id}")})).await;
            }
            let mut said: Vec<Value> = Vec::new();
            for _ in 0..4 {
                said.push(client.next().await.unwrap()["result"].clone());
            }
            said.sort_by_key(Value::to_string);
            assert_eq!(said, ["said 1", "said 2", "said 3", "said 4"]);
            client.end().await;
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_a_late_answer() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            // Cancelled while it waits for the client.
            client.waiting(1, "ask").await;
            let ask = client.next().await.unwrap();
            client.cancel(1).await;
            let cancel = json!({"jsonrpc": "2.0", "method": dialect.cancel_method, "params": {dialect.cancel_id: ask["id"]}});
            assert_eq!(client.next().await, Some(cancel));
            client.error(1, REQUEST_CANCELLED).await;
            assert_eq!(client.peer.shared.pending.waiting(), 0);
            client.send(json!({"jsonrpc": "2.0", "id": ask["id"], "result": "late"})).await;
            client.ping().await;
            // Out of patience.
            client.request(2, "ask", json!({"limit_ms": 1})).await;
            let ask = client.next().await.unwrap();
            let cancel = json!({"jsonrpc": "2.0", "method": dialect.cancel_method, "params": {dialect.cancel_id: ask["id"]}});
            assert_eq!(client.next().await, Some(cancel));
            client.result(2, json!("no answer within 1ms")).await;
            client
                .send(json!({"jsonrpc": "2.0", "id": ask["id"], "error": {"code": 1, "message": "late"}}))
                .await;
            client.ping().await;
            client.end().await;
        }
    }

    #[tokio::test]
    async fn answers_that_do_not_fit() {
        let mut client = Client::new(Dialect::ACP);
        let cases = [
            (json!({"result": "fine"}), "fine"),
            (json!({"error": {"code": 5, "message": "no"}}), "no (code 5)"),
            (json!({"error": "text"}), "the client's error cannot be read (code -32603)"),
            (
                json!({"result": 7}),
                "the answer does not fit: invalid type: integer `7`, expected a string at line 1 column 1",
            ),
        ];
        for (answer, expected) in cases {
            client.waiting(1, "ask").await;
            let ask = client.next().await.unwrap();
            let mut message = json!({"jsonrpc": "2.0", "id": ask["id"]});
            message.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
            client.send(message).await;
            client.result(1, json!(expected)).await;
        }
        // Nobody's: unknown, of another kind, reported faults, both at once.
        for answer in [
            json!({"jsonrpc": "2.0", "id": "never-asked", "result": {}}),
            json!({"jsonrpc": "2.0", "id": 4711, "result": {}}),
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "x"}}),
            json!({"jsonrpc": "2.0", "id": 51, "result": 1, "error": {"code": 1, "message": "x"}}),
            json!({"jsonrpc": "2.0", "id": {}, "result": 1}),
        ] {
            client.send(answer).await;
        }
        client.ping().await;
        client.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_answer_comes_after_what_was_sent_before_it() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            for run in 0..50 {
                client.request(run, "many", json!({"n": 20})).await;
                for n in 0..20 {
                    let expected = json!({"jsonrpc": "2.0", "method": "many", "params": {"n": n}});
                    assert_eq!(client.next().await, Some(expected));
                }
                client.result(run, Value::Null).await;
            }
            client.end().await;
        }
    }

    #[tokio::test]
    async fn our_own_open_requests_are_bounded() {
        let mut client = Client::new(Dialect::ACP);
        client.request(1, "askAll", json!({"n": RPC_OWN_REQUESTS_MAX + 5})).await;
        let mut asked = Vec::new();
        for _ in 0..RPC_OWN_REQUESTS_MAX {
            asked.push(client.next().await.unwrap()["id"].clone());
        }
        for id in asked {
            client.send(json!({"jsonrpc": "2.0", "id": id, "result": null})).await;
        }
        client.result(1, json!(5)).await;
        client.end().await;
    }
}
