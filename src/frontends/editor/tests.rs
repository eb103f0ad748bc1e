//! A client in memory, a model with a script, and the real engine and tools between them.

mod answers;
mod disk;
mod edits;
mod hints;
mod lies;
mod outside;
mod plain;
mod review;
mod sessions;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Ended, NoKeys, Options, serve};
use crate::engine::journal::MemoryJournals;
use crate::engine::model::{Finish, Request, Wanted};
use crate::engine::{
    Host, Mode, Model, ModelError, ModelEvent, ModelName, Models, RulesFor, Ruling, SessionId, Shared,
    ToolName, Toolbox,
};
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::workspace::Outside;

/// Nothing here takes as long.
const TEST_WAIT: Duration = Duration::from_secs(20);

#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Vec<ModelEvent>>>>);

impl Model for Script {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, _: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        match self.0.lock().unwrap().pop_front() {
            Some(events) => futures::stream::iter(events.into_iter().map(Ok)).boxed(),
            None => futures::stream::pending().boxed(),
        }
    }
}

impl Models for Script {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        if name.0 == "script" { Ok(Arc::new(self.clone())) } else { Err(format!("no model `{name}`")) }
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok("script".into())
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        vec![("script".into(), String::new())]
    }
}

fn says(text: &str) -> Vec<ModelEvent> {
    vec![ModelEvent::Text(text.to_owned()), ModelEvent::Done(Finish::Complete)]
}

fn calls(tool: &str, input: Value) -> Vec<ModelEvent> {
    let tool = ToolName(tool.to_owned());
    let ready = ModelEvent::CallReady { index: 0, call: Wanted::new("1".to_owned(), tool.clone(), input) };
    vec![ModelEvent::CallBegan { index: 0, tool }, ready, ModelEvent::Done(Finish::Complete)]
}

struct Client {
    /// The chat as it was last written.
    chat: watch::Receiver<String>,
    /// The document that lists conversations, as it was last written.
    list: watch::Receiver<String>,
    input: WriteHalf<DuplexStream>,
    output: BufReader<ReadHalf<DuplexStream>>,
    served: JoinSet<Ended>,
    journals: Arc<MemoryJournals>,
    folder: tempfile::TempDir,
    /// What came while something else was waited for.
    seen: VecDeque<Value>,
    next: i64,
}

impl Client {
    fn new(script: Vec<Vec<ModelEvent>>) -> Self {
        Self::with(script, None, Arc::new(|_: &AbsPath| Ruling::default()))
    }

    fn with(script: Vec<Vec<ModelEvent>>, outside: Option<Outside>, rules: RulesFor) -> Self {
        let journals = Arc::new(MemoryJournals::default());
        let sessions = AtomicUsize::new(0);
        let host = Host::new(Shared {
            journals: journals.clone(),
            models: Arc::new(Script(Arc::new(Mutex::new(script.into())))),
            toolbox: Arc::new(Toolbox::for_families(
                crate::tools::built_in(),
                crate::tools::FAMILIES,
                crate::tools::SPARED,
            )),
            rules,
            clock: Arc::new(|| "2026-01-01T00:00:00.000Z".to_owned()),
            ids: Arc::new(move || SessionId(format!("s{}", sessions.fetch_add(1, Ordering::Relaxed) + 1))),
            modes: Arc::new(|_, mode| mode),
            environment: Arc::new(String::new),
            variables: Arc::new(Vec::new),
            outside,
            turns: Default::default(),
            instructions: None,
        });
        let path = |text: &str| AbsPath::new(text).unwrap();
        let (written, chat) = watch::channel(String::new());
        let (listed, list) = watch::channel(String::new());
        let options = Options {
            model: None,
            mode: Mode::Ask,
            started: "2026-01-01T00:00:00.000Z".to_owned(),
            state_folder: path("/state"),
            log_file: path("/state/log"),
            write_chat: Arc::new(move |path, text| {
                if path.file_name() == "sessions.md" {
                    listed.send_replace(text.to_owned());
                    return Ok(());
                }
                written.send_replace(text.to_owned());
                Ok(())
            }),
            parent_gone: Arc::new(|process| process == 7),
            notices: Vec::new(),
            keys: Arc::new(NoKeys),
        };
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (input, output) = tokio::io::split(far);
        let mut served = JoinSet::new();
        served.spawn(serve(input, output, host, options));
        let (output, input) = tokio::io::split(near);
        let folder = tempfile::tempdir().unwrap();
        let output = BufReader::new(output);
        Self { chat, list, input, output, served, journals, folder, seen: VecDeque::new(), next: 0 }
    }

    async fn begun(script: Vec<Vec<ModelEvent>>) -> Self {
        let mut client = Self::new(script);
        let agent = json!({"version": 1, "client": {"name": "test"}, "buffers": {"apply": true}});
        client.initialize(json!({"experimental": {"agent": agent}})).await;
        client
    }

    async fn initialize(&mut self, capabilities: Value) -> Value {
        let answer = self.ask("initialize", json!({"processId": null, "capabilities": capabilities})).await;
        self.notify("initialized", json!({})).await;
        answer["result"].clone()
    }

    async fn session(&mut self) {
        let cwd = self.uri("");
        let made = self.ask("agent/session/new", json!({"cwd": cwd})).await;
        assert_eq!(made["result"]["session"]["sessionId"], "s1", "{made}");
        let attached = self.ask("agent/session/attach", json!({"sessionId": "s1"})).await;
        assert_eq!(attached["result"]["events"][0]["event"]["type"], "opened", "{attached}");
        assert_eq!(attached["result"]["more"], false);
    }

    async fn prompt(&mut self, id: &str) -> Value {
        let content = json!([{"type": "text", "text": "go"}]);
        self.ask("agent/prompt", json!({"sessionId": "s1", "promptId": id, "content": content})).await
    }

    fn path(&self, name: &str) -> AbsPath {
        let folder = AbsPath::new(self.folder.path()).unwrap();
        crate::workspace::real_path(&folder).unwrap().join(name).unwrap()
    }

    fn uri(&self, name: &str) -> String {
        uri::of(&self.path(name)).0
    }

    async fn send(&mut self, message: Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(frame.as_bytes()).await.unwrap();
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        self.until(|message| message["id"] == id && message.get("method").is_none()).await
    }

    /// The next message of that kind; others stay for later.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&wanted) {
            return self.seen.remove(at).unwrap();
        }
        loop {
            let message = self.read().await.expect("the connection goes on");
            if wanted(&message) {
                return message;
            }
            self.seen.push_back(message);
        }
    }

    /// The params of the next fact or progress of this type.
    async fn event(&mut self, kind: &str) -> Value {
        let event = self.until(|message| message["params"]["event"]["type"] == kind).await;
        event["params"].clone()
    }

    async fn read(&mut self) -> Option<Value> {
        let read = async {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if self.output.read_line(&mut line).await.unwrap() == 0 {
                    return None;
                }
                match line.trim_end().split_once(": ") {
                    Some((_, number)) => length = number.parse().unwrap(),
                    None => break,
                }
            }
            let mut body = vec![0; length];
            self.output.read_exact(&mut body).await.unwrap();
            Some(serde_json::from_slice(&body).unwrap())
        };
        tokio::time::timeout(TEST_WAIT, read).await.expect("something comes")
    }

    async fn ended(mut self) -> Ended {
        while self.read().await.is_some() {}
        tokio::time::timeout(TEST_WAIT, self.served.join_next()).await.unwrap().unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_turn_is_told_without_holes_and_the_end_is_orderly() {
    let mut client = Client::begun(vec![says("Hello.")]).await;
    client.session().await;
    let answer = client.prompt("p1").await;
    assert_eq!(answer["result"], json!({"state": "started"}));
    assert_eq!(client.event("message").await["event"]["delta"], "Hello.");
    let ended = client.event("turnEnded").await;
    assert_eq!((&ended["turnId"], &ended["event"]["reason"]), (&json!("t1"), &json!("finished")));
    assert_eq!(client.prompt("p1").await["result"], json!({"state": "known"}));
    let all = client.ask("agent/session/attach", json!({"sessionId": "s1"})).await;
    let events = all["result"]["events"].as_array().unwrap().clone();
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let replied = events.iter().find(|event| event["event"]["type"] == "replied").unwrap();
    assert_eq!((&replied["turnId"], &replied["summary"]), (&json!("t1"), &json!("Hello.")));
    assert_eq!(client.ask("shutdown", Value::Null).await["result"], Value::Null);
    assert_eq!(client.ask("agent/status", json!({})).await["error"]["code"], -32600);
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ended().await, Ended::Orderly);
}

#[tokio::test]
async fn an_end_without_shutdown_is_abrupt_and_closes_the_turn() {
    let mut client = Client::begun(Vec::new()).await;
    client.session().await;
    client.prompt("p1").await;
    client.event("turnStarted").await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ended().await, Ended::Abrupt);

    let mut client = Client::begun(Vec::new()).await;
    client.input.shutdown().await.unwrap();
    assert_eq!(client.ended().await, Ended::Abrupt);
}

#[tokio::test]
async fn the_connection_ends_with_the_editors_process() {
    let mut client = Client::new(Vec::new());
    client.ask("initialize", json!({"processId": 7, "capabilities": {}})).await;
    assert_eq!(client.ended().await, Ended::Abrupt);
}

#[tokio::test]
async fn refusals_have_their_words() {
    let mut client = Client::new(Vec::new());
    assert_eq!(client.ask("agent/status", json!({})).await["error"]["code"], -32002);
    client.initialize(json!({"experimental": {"agent": {"version": 1}}})).await;
    client.session().await;
    let cases = [
        ("agent/session/attach", json!({"sessionId": "none"}), "sessionUnknown"),
        ("agent/answer", json!({"sessionId": "s1", "questionId": "q9", "choice": "once"}), "questionUnknown"),
        ("agent/queue/remove", json!({"sessionId": "s1", "promptId": "p"}), "stale"),
        ("agent/config/set", json!({"sessionId": "s1", "option": "mode", "value": "yolo"}), "valueUnknown"),
        ("agent/config/set", json!({"sessionId": "s1", "option": "model", "value": "x"}), "valueUnknown"),
        ("agent/content", json!({"sessionId": "s1", "contentId": "c1"}), "contentUnknown"),
    ];
    for (method, params, kind) in cases {
        let answer = client.ask(method, params).await;
        assert_eq!(answer["error"]["data"]["kind"], kind, "{method} {answer}");
    }
    let empty = json!({"sessionId": "s1", "promptId": "p", "content": []});
    assert_eq!(client.ask("agent/prompt", empty).await["error"]["code"], -32602);
    assert_eq!(client.ask("agent/nothing", json!({})).await["error"]["code"], -32601);
    assert_eq!(client.ask("textDocument/hover", json!({})).await["error"]["code"], -32601);
}

#[tokio::test]
async fn options_titles_lists_and_exports() {
    let mut client = Client::begun(vec![says("Hello.")]).await;
    client.session().await;
    let set = json!({"sessionId": "s1", "option": "mode", "value": "plan"});
    assert_eq!(client.ask("agent/config/set", set).await["result"]["options"][1]["value"], "plan");
    assert_eq!(client.event("configured").await["summary"], "The mode is plan.");
    client.ask("agent/session/rename", json!({"sessionId": "s1", "title": "Mine"})).await;
    client.event("title").await;
    let list = client.ask("agent/session/list", json!({"query": "mINE"})).await;
    assert_eq!(list["result"]["sessions"][0]["sessionId"], "s1", "{list}");
    let none = client.ask("agent/session/list", json!({"query": "yours"})).await;
    assert_eq!(none["result"]["sessions"], json!([]));
    let export = client.ask("agent/session/export", json!({"sessionId": "s1", "format": "json"})).await;
    let document: Value = serde_json::from_str(export["result"]["text"].as_str().unwrap()).unwrap();
    let facts = document["events"].as_array().unwrap().len() as u64;
    assert_eq!(document["session"]["lastSeq"], facts);
    let status = client.ask("agent/status", json!({})).await;
    assert_eq!(status["result"]["logFile"], "file:///state/log");
    assert_eq!(client.ask("agent/session/delete", json!({"sessionId": "s1"})).await["result"], json!({}));
    let gone = client.ask("agent/session/attach", json!({"sessionId": "s1"})).await;
    assert_eq!(gone["error"]["data"]["kind"], "sessionUnknown");
}

#[tokio::test]
async fn a_client_that_detaches_hears_of_the_list_only() {
    let mut client = Client::begun(vec![says("Hello.")]).await;
    client.session().await;
    client.ask("agent/session/detach", json!({"sessionId": "s1"})).await;
    client.seen.clear();
    client.prompt("p1").await;
    client.until(|message| message["method"] == "agent/sessions/changed").await;
    // The turn is over when the session rests.
    while client.ask("agent/session/list", json!({})).await["result"]["sessions"][0]["state"] != "idle" {}
    assert!(client.seen.iter().all(|message| message["method"] != "agent/event"), "{:?}", client.seen);
}
