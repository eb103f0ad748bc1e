//! A client of `quillon lsp` on its pipes, which can be as rude as clients are.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Nothing here takes as long; it ends a test that hangs.
const WAIT: Duration = Duration::from_secs(60);
/// An editor's program must be gone this long after the editor; twice that, for a busy machine.
const GONE: Duration = Duration::from_secs(4);

/// The program, and the client's ends of its pipes.
pub struct Wire {
    pub process: Child,
    pub input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub folder: Arc<TempDir>,
    /// What came while something else was waited for.
    pub seen: VecDeque<Value>,
    pub next: u64,
}

pub fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

pub fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

impl Wire {
    pub fn start(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("script"), script).unwrap();
        Self::start_in(Arc::new(folder))
    }

    /// Kills the program in the midst of whatever it does, and starts it again.
    pub async fn killed_and_started_again(mut self) -> Self {
        self.process.kill().await.unwrap();
        self.beside().await
    }

    /// Another program for the same user.
    pub async fn beside(&self) -> Self {
        let mut wire = Self::start_in(self.folder.clone());
        wire.agree().await;
        wire
    }

    fn start_in(folder: Arc<TempDir>) -> Self {
        let path = |name: &str| folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_quillon"));
        command
            .args(["lsp", "--mode", "edit", "--model"])
            .arg(format!("script:{}", path("script").display()));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("QUILLON_STATE_DIR", path("state")).env("QUILLON_CONFIG_DIR", path("config"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output, folder, seen: VecDeque::new(), next: 0 }
    }

    pub async fn ready(script: &str) -> Self {
        let mut wire = Self::start(script);
        wire.agree().await;
        wire
    }

    async fn agree(&mut self) {
        let agent = json!({ "version": 1, "client": { "name": "wire" }, "buffers": { "apply": true } });
        let capabilities = json!({ "experimental": { "agent": agent } });
        let answer = self.ask("initialize", json!({ "processId": null, "capabilities": capabilities })).await;
        assert_eq!(answer["result"]["capabilities"]["experimental"]["agent"]["version"], 1, "{answer}");
        self.send(&notification("initialized", json!({}))).await;
    }

    pub async fn bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        timeout(WAIT, input.write_all(bytes)).await.expect("the program reads on").unwrap();
    }

    pub async fn send(&mut self, message: &Value) {
        self.bytes(&frame(message)).await;
    }

    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&request(id, method, params)).await;
        self.answer(id).await
    }

    pub async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        self.until(|message| message["id"] == id && message.get("method").is_none()).await
    }

    /// Others are answered.
    pub async fn lives(&mut self) {
        let status = self.ask("agent/status", json!({})).await;
        assert_eq!(status["result"]["server"]["name"], "quillon", "{status}");
    }

    /// The next message of that kind; others stay for later.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
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

    pub async fn read(&mut self) -> Option<Value> {
        timeout(WAIT, self.message()).await.expect("something comes")
    }

    pub async fn message(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(other) => panic!("not a header of ours: {other:?}"),
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await.unwrap();
        Some(serde_json::from_slice(&body).unwrap())
    }

    /// How the program ends, in time, by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(GONE, self.process.wait()).await.expect("the program ends").unwrap()
    }

    /// A folder with `a.txt`, open in the editor with other text than on the disk.
    pub async fn opened(&mut self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().unwrap().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.txt"), "on the disk\n").unwrap();
        let uri = format!("file://{}/a.txt", folder.display());
        let document = json!({ "uri": uri, "languageId": "text", "version": 1, "text": "one\ntwo\n" });
        self.send(&notification("textDocument/didOpen", json!({ "textDocument": document }))).await;
        folder
    }

    /// A session in that folder whose turn has begun, and its id.
    pub async fn turn(&mut self, folder: &std::path::Path) -> String {
        let cwd = format!("file://{}", folder.display());
        let made = self.ask("agent/session/new", json!({ "cwd": cwd })).await;
        let session =
            made["result"]["session"]["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        self.ask("agent/session/attach", json!({ "sessionId": session })).await;
        let content = json!([{ "type": "text", "text": "go" }]);
        let prompt = json!({ "sessionId": session, "promptId": "p1", "content": content });
        let begun = self.ask("agent/prompt", prompt).await;
        assert_eq!(begun["result"]["state"], "started", "{begun}");
        session
    }

    /// So many sessions that each wait for the client to apply an edit: session and request.
    pub async fn waiting(&mut self, count: usize) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for number in 0..count {
            let folder = self.opened(&format!("w{number}")).await;
            let session = self.turn(&folder).await;
            let asked = self.until(|message| message["method"] == "agent/buffers/apply").await;
            all.push((session, asked));
        }
        all
    }

    /// Refuses an edit that the client was asked for, with a reason.
    pub async fn refuse(&mut self, asked: &Value, reason: &str) {
        let file = json!({ "uri": asked["params"]["edits"][0]["uri"], "applied": false, "error": reason });
        self.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "files": [file] } })).await;
    }

    /// How the second call of a session, the edit, has ended.
    pub async fn edit_ended(&mut self, session: &str) -> Value {
        self.until(|message| {
            let (params, event) = (&message["params"], &message["params"]["event"]);
            params["sessionId"] == session && event["type"] == "callEnded" && event["callId"] == "c2"
        })
        .await
    }
}
