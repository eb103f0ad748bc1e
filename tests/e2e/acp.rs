//! `quillon acp` as an editor starts it: a process, two pipes, real files, real tools.

mod budget;
#[path = "../../src/frontends/acp/tests/client.rs"]
#[allow(dead_code, reason = "shared with the tests in memory, which use more of it")]
mod client;
mod files;
#[path = "../../src/frontends/acp/tests/schema.rs"]
mod schema;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

use self::client::{Client, WAIT, updates, words};

/// An editor's agent must be gone this long after the editor.
const GONE: Duration = Duration::from_secs(2);

/// A folder for the agent's own files, and one for the user's.
struct Machine {
    folder: TempDir,
}

/// A running agent.
struct Agent {
    process: Child,
    client: Client,
    stderr: ChildStderr,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Self { folder }
    }

    /// The user's folder, without links in its path.
    fn work(&self) -> PathBuf {
        self.folder.path().join("work").canonicalize().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    fn command(&self, script: &str) -> Command {
        let file = self.folder.path().join("script");
        std::fs::write(&file, script).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_quillon"));
        command.arg("acp").arg("--model").arg(format!("script:{}", file.display()));
        command.env_clear().env("HOME", self.folder.path().join("home"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// An agent with nothing said to it.
    fn start(&self, script: &str) -> Agent {
        let mut process = self.command(script).spawn().unwrap();
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let stderr = process.stderr.take().unwrap();
        Agent { client: Client::new(stdout, stdin), process, stderr }
    }

    /// An agent through `initialize`, with a session in the user's folder.
    async fn ready(&self, script: &str, capabilities: Value) -> (Agent, String) {
        let mut agent = self.start(script);
        agent.client.initialize(capabilities).await;
        let session = agent.client.session_in(&self.work().display().to_string()).await;
        (agent, session)
    }

    fn load(&self, session: &str) -> Value {
        json!({ "sessionId": session, "cwd": self.work(), "mcpServers": [] })
    }
}

impl Agent {
    /// Ends the input; the agent must end in time, with status 0, and have written nothing to stderr.
    async fn leave(mut self) -> Vec<Value> {
        let began = Instant::now();
        let last = self.client.hang_up().await;
        let status = self.ended().await;
        assert!(began.elapsed() < GONE, "{:?}", began.elapsed());
        assert!(status.success(), "{status}");
        assert_eq!(self.errors().await, "");
        last
    }

    async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(WAIT, self.process.wait()).await.expect("the agent does not end").unwrap()
    }

    async fn errors(&mut self) -> String {
        let mut errors = String::new();
        self.stderr.read_to_string(&mut errors).await.unwrap();
        errors
    }
}

fn chosen(option: &str) -> Value {
    json!({ "outcome": { "outcome": "selected", "optionId": option } })
}

/// A script of one step that makes this call, and one that ends.
fn calls(tool: &str, input: &Value) -> String {
    format!("call {tool} {input}\ndone\nsay end\ndone\n")
}

fn status_of(told: &[Value], call: &str) -> String {
    let last =
        updates(told).into_iter().rfind(|update| update["toolCallId"] == call && !update["status"].is_null());
    last.unwrap()["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rows_1_76_and_78_the_first_line_is_the_answer_to_initialize() {
    let machine = Machine::new();
    let mut agent = machine.start("say hi\ndone\n");
    let id = agent.client.request("initialize", json!({ "protocolVersion": 1 })).await;
    assert_eq!(agent.client.next().await["id"], id);
    assert_eq!(agent.leave().await, Vec::<Value>::new());
}

#[tokio::test]
async fn rows_12_to_20_what_is_no_message_is_survived() {
    let machine = Machine::new();
    let mut agent = machine.start("say hi\ndone\n");
    agent.client.initialize(json!({})).await;
    let deep = "[".repeat(100_000);
    for noise in [
        "{",
        "[]",
        "7",
        "\u{feff}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}",
        "Last login: today",
        &deep,
    ] {
        agent.client.write(format!("{noise}\r\n").as_bytes()).await;
    }
    agent.client.write(b"\xff\xfe\n\n\n").await;
    assert!(agent.client.call("session/list", json!({})).await.is_ok());
    agent.leave().await;
}

#[tokio::test]
async fn row_76_the_end_of_the_input_during_a_turn() {
    let machine = Machine::new();
    let (mut agent, session) = machine.ready("say so far\nwait\n", json!({})).await;
    let id = agent.client.prompt(&session, "hi").await;
    agent.client.update("agent_message_chunk").await;
    let last = agent.leave().await;
    let answer = last.iter().find(|message| message["id"] == id).unwrap();
    assert_eq!(answer["result"]["stopReason"], "cancelled");

    let mut agent = machine.start("say hi\ndone\n");
    agent.client.initialize(json!({})).await;
    let id = agent.client.request("session/load", machine.load(&session)).await;
    let (told, loaded) = agent.client.turn(id).await;
    assert!(loaded.is_ok());
    assert_eq!(words(&told, "agent_message_chunk"), "so far");
    agent.leave().await;
}

#[tokio::test]
async fn row_76_half_a_line_and_nobody_who_reads() {
    let machine = Machine::new();
    let mut agent = machine.start("say hi\ndone\n");
    agent.client.initialize(json!({})).await;
    agent.client.write(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"sess").await;
    agent.leave().await;

    let mut process = machine.command("repeat 100000 many words\ndone\n").spawn().unwrap();
    let mut stdin: ChildStdin = process.stdin.take().unwrap();
    drop(process.stdout.take());
    let hello =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": 1 } });
    stdin.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
    let status = tokio::time::timeout(WAIT, process.wait()).await.expect("it writes to nobody").unwrap();
    assert!(status.code().is_some(), "{status}");
}

#[cfg(unix)]
#[tokio::test]
async fn row_76_signals_end_it_like_the_end_of_the_input() {
    for signal in ["TERM", "INT", "HUP"] {
        let machine = Machine::new();
        let (mut agent, session) = machine.ready("say so far\nwait\n", json!({})).await;
        agent.client.prompt(&session, "hi").await;
        agent.client.update("agent_message_chunk").await;
        let began = Instant::now();
        let pid = agent.process.id().unwrap().to_string();
        Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap();
        let status = agent.ended().await;
        assert!(began.elapsed() < GONE, "{signal}: {:?}", began.elapsed());
        assert!(status.success(), "{signal}: {status}");
    }
}

#[tokio::test]
async fn row_55_a_file_changes_on_yes_and_only_then() {
    for (option, text, status) in [("allow-once", "two\n", "completed"), ("reject-once", "one\n", "failed")] {
        let machine = Machine::new();
        let file = machine.write("a.txt", "one\n");
        let input = json!({ "file_path": file, "old_string": "one", "new_string": "two" });
        let (mut agent, session) = machine.ready(&calls("edit", &input), json!({})).await;
        let id = agent.client.prompt(&session, "edit").await;
        let asked = agent.client.asked("session/request_permission").await;
        let diff = json!({ "type": "diff", "path": file, "oldText": "one\n", "newText": "two\n" });
        assert_eq!(asked["params"]["toolCall"]["content"][0], diff);
        agent.client.answer(&asked, chosen(option)).await;
        let (told, answer) = agent.client.turn(id).await;
        assert_eq!(answer.unwrap()["stopReason"], "end_turn");
        assert_eq!(status_of(&told, "c1"), status);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        agent.leave().await;
    }
}

#[tokio::test]
async fn row_59_and_60_a_command_shows_its_output_and_dies_with_its_turn() {
    let machine = Machine::new();
    let input = json!({ "command": "sleep 600 & echo $! > child; echo begun; wait" });
    let (mut agent, session) = machine.ready(&calls("bash", &input), json!({})).await;
    let id = agent.client.prompt(&session, "run").await;
    let asked = agent.client.asked("session/request_permission").await;
    agent.client.answer(&asked, chosen("allow-once")).await;
    loop {
        let update = agent.client.update("tool_call_update").await;
        if update["content"].to_string().contains("begun\\n```") {
            break;
        }
    }
    agent.client.notify("session/cancel", json!({ "sessionId": session })).await;
    assert_eq!(agent.client.answered(id).await.unwrap()["stopReason"], "cancelled");
    let child = std::fs::read_to_string(machine.file("child")).unwrap();
    let alive = Path::new("/proc").join(child.trim()).join("stat");
    let state = std::fs::read_to_string(alive).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
    agent.leave().await;
}

#[tokio::test]
async fn row_74_killed_in_a_turn_then_loaded() {
    let machine = Machine::new();
    let file = machine.write("a.txt", "one\n");
    let input = json!({ "file_path": file, "old_string": "one", "new_string": "two" });
    let (mut agent, session) =
        machine.ready(&format!("say before\n{}", calls("edit", &input)), json!({})).await;
    agent.client.prompt(&session, "edit").await;
    agent.client.asked("session/request_permission").await;
    agent.process.kill().await.unwrap();

    let mut agent = machine.start("say end\ndone\nsay after\ndone\n");
    agent.client.initialize(json!({})).await;
    let id = agent.client.request("session/load", machine.load(&session)).await;
    let (told, loaded) = agent.client.turn(id).await;
    assert!(loaded.is_ok());
    assert_eq!(words(&told, "agent_message_chunk"), "before");
    assert_eq!(status_of(&told, "c1"), "failed");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n");
    let id = agent.client.prompt(&session, "go on").await;
    assert_eq!(agent.client.answered(id).await.unwrap()["stopReason"], "end_turn");
    agent.leave().await;
}

#[tokio::test]
async fn rows_72_and_75_two_processes_and_one_session() {
    let machine = Machine::new();
    let (mut holder, session) = machine.ready("say mine\ndone\nsay more\ndone\n", json!({})).await;
    let id = holder.client.prompt(&session, "first").await;
    holder.client.answered(id).await.unwrap();

    let mut other = machine.start("say other\ndone\n");
    other.client.initialize(json!({})).await;
    other.client.watches = true;
    let id = other.client.request("session/load", machine.load(&session)).await;
    let (told, loaded) = other.client.turn(id).await;
    assert!(loaded.is_ok());
    assert_eq!(words(&told, "agent_message_chunk"), "mine");
    let id = other.client.prompt(&session, "from elsewhere").await;
    let error = other.client.answered(id).await.unwrap_err();
    assert_eq!(error["data"]["kind"], "busy", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains(error["data"]["holder"].as_str().unwrap()),
        "{error}"
    );

    let id = holder.client.prompt(&session, "second").await;
    holder.client.answered(id).await.unwrap();
    assert_eq!(other.client.update("user_message_chunk").await["content"]["text"], "second");
    holder.leave().await;
    let id = other.client.prompt(&session, "from here").await;
    assert_eq!(other.client.answered(id).await.unwrap()["stopReason"], "end_turn");
    other.leave().await;
}
