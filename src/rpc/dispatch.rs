//! What becomes of each message: answered at once, handed to the handler, or to who waits for it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Error;
use super::error::shown;
use super::handler::{Call, Handler, OnCancel, Placement, Signals};
use super::message::{self, Id, Message, Reply};
use super::params::Params;
use super::peer::{Peer, Shared};
use crate::limits::{RPC_REASON_CHARS_MAX, RPC_REQUESTS_MAX};

/// Takes the messages of a connection in order, and owns the tasks of its requests.
pub(super) struct Dispatch<H> {
    shared: Arc<Shared>,
    handler: Arc<H>,
    running: JoinSet<()>,
}

impl<H: Handler> Dispatch<H> {
    pub(super) fn new(shared: Arc<Shared>, handler: Arc<H>) -> Self {
        Self { shared, handler, running: JoinSet::new() }
    }

    /// Does what the message asks for, or has it done.
    pub(super) async fn message(&mut self, message: Message) {
        while self.running.try_join_next().is_some() {}
        match message {
            Message::Request { id, method, params } => self.request(id, method, params).await,
            Message::Notification { method, params } if method == self.shared.dialect.cancel_method => {
                self.cancel(params);
            }
            Message::Notification { method, params } => self.notification(&method, params).await,
            Message::Answer { id, reply } => {
                if !self.shared.pending.settle(&id, reply) {
                    tracing::debug!(?id, "an answer that nobody waits for");
                }
            }
            Message::Fault { id, error } => {
                tracing::debug!(%error, "the client sent what is no message");
                self.reply(&id, &Err(error));
            }
            Message::Dropped { why } => tracing::debug!(why, "the client sent what is no message"),
        }
    }

    /// Waits for the requests that still run.
    pub(super) async fn finish(mut self) {
        while self.running.join_next().await.is_some() {}
    }

    async fn notification(&self, method: &str, params: Params) {
        let peer = Peer { shared: self.shared.clone() };
        let handled = AssertUnwindSafe(async { self.handler.notification(&peer, method, params).await });
        if let Err(panic) = handled.catch_unwind().await {
            incident(method, &*panic);
        }
    }

    async fn request(&mut self, id: Id, method: String, params: Params) {
        if self.shared.calls.is_open(&id) {
            let error = Error::invalid_request("a request of the same id is open");
            return self.reply(&id, &Err(error));
        }
        match self.handler.placement(&method) {
            Placement::Unknown => self.reply(&id, &Err(Error::method_not_found(&method))),
            Placement::Inline => {
                let call = self.call(id, method, params, CancellationToken::new());
                self.inline(call).await;
            }
            placement @ (Placement::Task | Placement::Reserved) => {
                let Some(cancelled) = self.open(&id, placement).await else {
                    return self.reply(&id, &Err(Error::too_many_requests(RPC_REQUESTS_MAX)));
                };
                let call = self.call(id, method, params, cancelled);
                let (id, answered) = (call.id.clone(), call.signals.answered.clone().drop_guard());
                let on_cancel = self.handler.on_cancel(&call.method);
                let work = run_handler(self.shared.clone(), self.handler.clone(), call, on_cancel);
                self.running.spawn(run(self.shared.clone(), id, answered, work));
            }
        }
    }

    async fn inline(&self, call: Call) {
        let (id, _answered) = (call.id.clone(), call.signals.answered.clone().drop_guard());
        let work = run_handler(self.shared.clone(), self.handler.clone(), call, OnCancel::Tell);
        self.reply(&id, &work.await);
    }

    /// Room for a request.
    async fn open(&self, id: &Id, placement: Placement) -> Option<CancellationToken> {
        tokio::select! {
            biased;
            () = self.shared.over.cancelled() => None,
            cancelled = self.shared.calls.open(id, placement) => cancelled,
        }
    }

    fn cancel(&self, params: Params) {
        let id = params.into_id(self.shared.dialect.cancel_id);
        if !id.is_some_and(|id| self.shared.calls.cancel(&id)) {
            tracing::debug!("a cancel of a request that is not open");
        }
    }

    fn call(&self, id: Id, method: String, params: Params, cancelled: CancellationToken) -> Call {
        let (over, answered) = (self.shared.over.clone(), CancellationToken::new());
        Call { id, method, params, signals: Signals { cancelled, over, answered } }
    }

    fn reply(&self, id: &Id, reply: &Reply) {
        self.shared.outbox.reply(&message::answer(id, reply));
    }
}

/// Works on a request in its own task: whatever happens inside, it is answered once, and from here.
async fn run(shared: Arc<Shared>, id: Id, _answered: DropGuard, work: impl Future<Output = Reply>) {
    let reply = work.await;
    let body = message::answer(&id, &reply);
    shared.calls.done();
    let room = shared.outbox.room(body.len()).await;
    // The client may use the id again as soon as it has the answer.
    shared.calls.close(&id);
    if room.and_then(|room| room.push(&body)).is_err() {
        tracing::debug!(?id, "the connection was over before the answer");
    }
}

/// Calls the handler at once, in the order of the messages; what it returns runs in its own time.
fn run_handler<H: Handler>(
    shared: Arc<Shared>,
    handler: Arc<H>,
    call: Call,
    on_cancel: OnCancel,
) -> impl Future<Output = Reply> + Send + 'static {
    let (method, cancelled) = (call.method.clone(), call.signals.cancelled.clone());
    let begun = std::panic::catch_unwind(AssertUnwindSafe(|| handler.request(Peer { shared }, call)));
    let work = async move {
        let work = begun.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match on_cancel {
            OnCancel::Tell => work.await,
            OnCancel::Drop => tokio::select! {
                biased;
                () = cancelled.cancelled() => Err(Error::cancelled()),
                reply = work => reply,
            },
        }
    };
    async move {
        let done = AssertUnwindSafe(work).catch_unwind().await;
        done.unwrap_or_else(|panic| Err(Error::internal(&incident(&method, &*panic))))
    }
}

/// Logs a panic, and returns the name under which the log has it.
fn incident(method: &str, panic: &(dyn std::any::Any + Send)) -> String {
    let incident = uuid::Uuid::now_v7().to_string();
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let said: String = said.unwrap_or("no text").chars().take(RPC_REASON_CHARS_MAX).collect();
    tracing::error!(
        incident,
        method = shown(method),
        said = said.escape_debug().to_string(),
        "a handler panicked"
    );
    incident
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};

    use tokio::io::AsyncWriteExt;
    use tokio::time::timeout;

    use super::super::testing::{BOTH, Client, LIMIT, WITHIN};
    use super::super::*;
    use super::*;
    use crate::limits::RPC_REQUESTS_RESERVED_MAX;

    #[tokio::test]
    async fn waiting_requests_hold_up_nothing() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            for id in 0..4 {
                client.waiting(id, "wait").await;
            }
            client.ping().await;
            client.cancel(2).await;
            client.error(2, REQUEST_CANCELLED).await;
            client.event("dropped").await;
            client.request("s", "shutdown", Value::Null).await;
            client.result("s", Value::Null).await;
            drop(client.to.take());
            timeout(WITHIN, client.peer.closed()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_cancelled_request_is_answered_once() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            client.waiting("a", "wait").await;
            client.waiting(-7, "wait").await;
            client.cancel("never").await;
            for _ in 0..3 {
                client.cancel("a").await;
            }
            client.error("a", REQUEST_CANCELLED).await;
            client.cancel("a").await;
            client.ping().await;
            // Each dialect knows its own way only.
            let other = if dialect.cancel_id == "id" { Dialect::ACP } else { Dialect::LSP };
            client.notify(other.cancel_method, json!({other.cancel_id: -7})).await;
            client.notify(dialect.cancel_method, json!({dialect.cancel_id: {}})).await;
            client.notify(dialect.cancel_method, Value::Null).await;
            client.ping().await;
            client.cancel(-7).await;
            client.error(-7, REQUEST_CANCELLED).await;
            client.end().await;
        }
    }

    #[tokio::test]
    async fn what_was_sent_in_one_piece_is_cancelled_too() {
        let mut client = Client::new(Dialect::ACP);
        let mut bytes = client.frame(&json!({"jsonrpc": "2.0", "id": 1, "method": "wait"}));
        bytes.extend(
            client
                .frame(&json!({"jsonrpc": "2.0", "method": "$/cancel_request", "params": {"requestId": 1}})),
        );
        client.bytes(&bytes).await;
        client.error(1, REQUEST_CANCELLED).await;
        client.end().await;
    }

    #[tokio::test]
    async fn a_request_may_answer_its_cancel_itself() {
        let mut client = Client::new(Dialect::ACP);
        client.waiting(1, "told").await;
        client.cancel(1).await;
        client.cancel(1).await;
        client.event("told").await;
        client.result(1, json!({"stopReason": "cancelled"})).await;
        client.ping().await;
        client.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn notifications_are_done_in_order() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            let notes: Vec<u8> = (0..300)
                .flat_map(|n| client.frame(&json!({"jsonrpc": "2.0", "method": "note", "params": {"n": n}})))
                .collect();
            client.bytes(&notes).await;
            client.request(1, "noted", Value::Null).await;
            client.result(1, json!((0..300).collect::<Vec<_>>())).await;
            client.end().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn requests_begin_in_the_order_of_the_messages() {
        let mut client = Client::new(Dialect::ACP);
        let all: Vec<u8> = (0..300)
            .flat_map(|n| match n % 2 {
                0 => client.frame(&json!({"jsonrpc": "2.0", "id": n, "method": "begin", "params": {"n": n}})),
                _ => client.frame(&json!({"jsonrpc": "2.0", "method": "note", "params": {"n": n}})),
            })
            .collect();
        client.bytes(&all).await;
        client.request("noted", "noted", Value::Null).await;
        let noted = loop {
            let message = client.next().await.expect("an answer");
            if message["id"] == "noted" {
                break message["result"].clone();
            }
        };
        assert_eq!(noted, json!((0..300).collect::<Vec<_>>()));
    }

    #[tokio::test]
    async fn an_inline_request_is_done_before_what_follows() {
        let mut client = Client::new(Dialect::LSP);
        client.request(1, "slowInline", json!({"n": 1})).await;
        client.notify("note", json!({"n": 2})).await;
        client.request(2, "noted", json!({})).await;
        client.result(1, Value::Null).await;
        client.result(2, json!([1, 2])).await;
        client.end().await;
    }

    #[tokio::test]
    async fn what_waits_for_the_answer_comes_after_it() {
        let mut client = Client::new(Dialect::ACP);
        for run in 0..5 {
            client.request(run, "announce", json!({})).await;
            client.result(run, Value::Null).await;
            assert_eq!(
                client.next().await,
                Some(json!({"jsonrpc": "2.0", "method": "announced", "params": {}}))
            );
        }
        client.end().await;
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_and_passed_over() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":31,"method":"no/such","params":{{"a":{}}}}}"#,
            "[".repeat(5000) + &"]".repeat(5000)
        );
        let deep_params = deep.replace("no/such", "quick");
        let cases: &[(&[u8], Value, i64)] = &[
            (b"{", Value::Null, PARSE_ERROR),
            (br#"{"jsonrpc":"2.0","id":1,"method":"x",}"#, Value::Null, PARSE_ERROR),
            (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}", Value::Null, PARSE_ERROR),
            (b"\0\0\0\0", Value::Null, PARSE_ERROR),
            (b"42", Value::Null, INVALID_REQUEST),
            (b"[]", Value::Null, INVALID_REQUEST),
            (
                br#"[{"jsonrpc":"2.0","id":1,"method":"quick"},{"jsonrpc":"2.0","id":2,"method":"quick"}]"#,
                Value::Null,
                INVALID_REQUEST,
            ),
            (br#"{"id":1,"method":"quick"}"#, json!(1), INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":1,"method":"quick","params":[1]}"#, json!(1), INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":1.5,"method":"quick"}"#, Value::Null, INVALID_REQUEST),
            (
                br#"{"jsonrpc":"2.0","id":1180591620717411303424,"method":"quick"}"#,
                Value::Null,
                INVALID_REQUEST,
            ),
            (br#"{"jsonrpc":"2.0","id":"","method":"no/such"}"#, json!(""), METHOD_NOT_FOUND),
            (br#"{"jsonrpc":"2.0","id":null,"method":"no/such"}"#, Value::Null, METHOD_NOT_FOUND),
            (deep.as_bytes(), json!(31), METHOD_NOT_FOUND),
            (deep_params.as_bytes(), json!(31), INVALID_PARAMS),
        ];
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            for (body, id, code) in cases {
                let frame = client.framed(body);
                client.bytes(&frame).await;
                client.error(id.clone(), *code).await;
                client.ping().await;
            }
            let silent = [
                &br#"{"jsonrpc":"2.0","method":"unknown/notification"}"#[..],
                br#"{"jsonrpc":"2.0","method":"$/unknown","params":{}}"#,
                br#"{"jsonrpc":"2.0","method":"note","params":{"n":"x"}}"#,
                br#"{"jsonrpc":"2.0","method":"note","params":7}"#,
                br#"{"jsonrpc":"1.0","method":"note"}"#,
            ];
            for body in silent {
                let frame = client.framed(body);
                client.bytes(&frame).await;
            }
            client.ping().await;
            client.end().await;
        }
    }

    #[tokio::test]
    async fn ids_come_back_exactly() {
        let mut client = Client::new(Dialect::ACP);
        for id in [
            json!(0),
            json!(-7),
            json!(""),
            json!("é\u{0}文"),
            json!(9_007_199_254_740_993_i64),
            json!(i64::MIN),
            Value::Null,
        ] {
            client.request(id.clone(), "quick", json!({"a": 1})).await;
            client.result(id.clone(), json!({"a": 1})).await;
            client.request(id.clone(), "fail", json!({})).await;
            let expected = json!({"code": 1001, "message": "unknown", "data": {"kind": "sessionUnknown"}});
            assert_eq!(client.next().await.unwrap(), json!({"jsonrpc": "2.0", "id": id, "error": expected}));
        }
        client.end().await;
    }

    #[tokio::test]
    async fn an_open_id_is_not_given_twice() {
        for dialect in BOTH {
            let mut client = Client::new(dialect);
            client.waiting(1, "wait").await;
            for method in ["quick", "noted", "no/such", "shutdown"] {
                client.request(1, method, json!({})).await;
                client.error(1, INVALID_REQUEST).await;
            }
            client.request("1", "quick", json!({"a": 1})).await;
            client.result("1", json!({"a": 1})).await;
            client.cancel(1).await;
            client.error(1, REQUEST_CANCELLED).await;
            client.request(1, "quick", json!({"a": 1})).await;
            client.result(1, json!({"a": 1})).await;
            client.end().await;
        }
    }

    #[tokio::test]
    async fn requests_over_the_cap_are_refused_and_some_still_work() {
        let mut client = Client::new(Dialect::LSP);
        for id in 0..RPC_REQUESTS_MAX {
            client.waiting(id, "wait").await;
        }
        client.request("over", "quick", json!({})).await;
        let said = client.error("over", REQUEST_FAILED).await;
        assert!(said.contains("too many requests"), "{said}");
        for _ in 0..RPC_REQUESTS_RESERVED_MAX * 2 {
            client.request("s", "shutdown", Value::Null).await;
            client.result("s", Value::Null).await;
        }
        client.request("i", "noted", json!({})).await;
        client.result("i", json!([])).await;
        client.cancel(17).await;
        client.error(17, REQUEST_CANCELLED).await;
        client.ping().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_burst_of_quick_requests_is_no_overload() {
        for (method, count) in [("no/such", 20_000), ("quick", 20_000)] {
            let mut client = Client::new(Dialect::LSP);
            let all: Vec<u8> = (0..count)
                .flat_map(|id| client.frame(&json!({"jsonrpc": "2.0", "id": id, "method": method})))
                .collect();
            let mut to = client.to.take().unwrap();
            let mut sending = JoinSet::new();
            sending.spawn(async move { to.write_all(&all).await.map(|()| to) });
            for _ in 0..count {
                let answer = client.next().await.unwrap();
                let fine = if method == "quick" {
                    answer.get("result").is_some()
                } else {
                    answer["error"]["code"] == METHOD_NOT_FOUND
                };
                assert!(fine, "{answer}");
            }
            client.to = Some(sending.join_next().await.unwrap().unwrap().unwrap());
            client.ping().await;
            client.end().await;
        }
    }

    /// What the log says, in this thread.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    // The only test that panics in a handler: whether a place in the code logs is settled once, by
    // whoever comes there first, and elsewhere there is no log.
    #[tokio::test]
    async fn a_panic_is_an_answer_with_an_incident() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let mut client = Client::new(Dialect::ACP);
        client.notify("panic", json!({})).await;
        for method in ["panic", "panicInline"] {
            client.request(1, method, json!({})).await;
            let answer = client.next().await.unwrap();
            assert_eq!(answer["error"]["code"], INTERNAL_ERROR);
            let incident = answer["error"]["data"]["incident"].as_str().unwrap();
            assert!(answer["error"]["message"].as_str().unwrap().contains(incident));
            let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert!(log.contains(incident) && log.contains("a note that panics"), "{log}");
            assert!(!log.contains('\u{1b}'), "{log}");
        }
        client.ping().await;
        client.end().await;
    }

    #[tokio::test]
    async fn foreign_names_do_not_act_in_errors() {
        let mut client = Client::new(Dialect::LSP);
        client.request(1, "no/such\u{1b}[31m\u{202e}", json!({})).await;
        assert_eq!(
            client.error(1, METHOD_NOT_FOUND).await,
            "there is no method `no/such\\u{1b}[31m\\u{202e}`"
        );
        client.request(2, &"m".repeat(LIMIT / 2), json!({})).await;
        assert!(client.error(2, METHOD_NOT_FOUND).await.len() < 200);
        client.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_blocked_thread_blocks_nobody_else() {
        let mut client = Client::new(Dialect::LSP);
        client.waiting(1, "block").await;
        for _ in 0..100 {
            client.ping().await;
        }
        client.unblock.send(()).unwrap();
        client.result(1, Value::Null).await;
        client.end().await;
    }
}
