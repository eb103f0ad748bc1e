//! `quillon run` as a user calls it: a real process, a server on loopback in the place of a model's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};

/// A request as the server got it.
struct Asked {
    path: String,
    key: Option<String>,
    body: String,
}

impl Asked {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers each request with the next list of chunks; ends with the test.
fn server(answers: Vec<Vec<Value>>) -> (u16, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            while let Some(request) = read(&mut stream) {
                sender.send(request).unwrap();
                answer(stream.get_mut(), &answers.next().expect("an answer for each request"));
            }
        }
    });
    (port, asked)
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let (mut length, mut key) = (0, None);
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => key = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Some(Asked { path, key, body: String::from_utf8(body).unwrap() })
}

fn answer(stream: &mut TcpStream, chunks: &[Value]) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut send = |text: &str| {
        write!(stream, "{:x}\r\n{text}\r\n", text.len()).unwrap();
        stream.flush().unwrap();
    };
    for chunk in chunks {
        // Cut in two, as networks do.
        let text = format!("data: {chunk}\n\n");
        let (first, second) = text.split_at(text.len() / 2);
        send(first);
        send(second);
    }
    send("data: [DONE]\n\n");
    stream.write_all(b"0\r\n\r\n").unwrap();
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": null})
}

/// A call whose arguments come in pieces.
fn call(index: usize, id: &str, name: &str, pieces: &[&str]) -> Vec<Value> {
    let function = json!({"name": name, "arguments": ""});
    let mut chunks = vec![delta(
        json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}),
    )];
    chunks.extend(
        pieces
            .iter()
            .map(|piece| delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))),
    );
    chunks
}

fn quillon(cwd: &Path, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quillon"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", state).env("QUILLON_STATE_DIR", state).env("QUILLON_CONFIG_DIR", state);
    command.current_dir(cwd).stdin(Stdio::null());
    command
}

fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_task_of_two_steps_on_this_source_tree() {
    let first = [
        vec![delta(json!({"role": "assistant", "content": "I look."}))],
        call(0, "call_a", "grep", &["{\"pattern\":\"pub const STEPS_PER", "_TURN_MAX\",\"path\":\"src\"}"]),
        call(1, "call_b", "read", &["{\"file_path\":", "\"src/limits.rs\",\"limit\":3}"]),
        vec![finish("tool_calls")],
    ];
    let second = vec![
        delta(json!({"content": "It is in "})),
        delta(json!({"content": "src/limits.rs."})),
        finish("stop"),
    ];
    let (port, asked) = server(vec![first.concat(), second]);
    let state = tempfile::tempdir().unwrap();
    let mut command = quillon(Path::new(env!("CARGO_MANIFEST_DIR")), state.path());
    command.env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1")).env("QUILLON_MODEL", "mock");
    command.env("QUILLON_API_KEY", "sk-marked-key");
    let output = command.args(["run", "where is the limit of steps?"]).output().unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success(), "{noted}");
    assert!(said.contains("I look.") && said.trim_end().ends_with("It is in src/limits.rs."), "{said}");
    assert!(noted.contains("• Search src for"), "{noted}");

    let (one, two) = (asked.recv().unwrap(), asked.recv().unwrap());
    assert_eq!(
        (one.path.as_str(), one.key.as_deref()),
        ("/v1/chat/completions", Some("Bearer sk-marked-key"))
    );
    assert!(one.body.len() < 12_000, "the first request has {} bytes", one.body.len());
    let (one, two) = (one.json(), two.json());
    assert_eq!(one["tools"].as_array().unwrap().len(), 8);
    assert_eq!(one["tools"], two["tools"]);
    let (before, after) = (one["messages"].as_array().unwrap(), two["messages"].as_array().unwrap());
    assert_eq!(before[..], after[..before.len()], "what was said stays as it was");
    let results: Vec<&Value> = after.iter().filter(|message| message["role"] == "tool").collect();
    assert_eq!(results[0]["tool_call_id"], "call_a");
    assert!(results[0]["content"].as_str().unwrap().contains("limits.rs"), "{}", results[0]);
    assert!(results[1]["content"].as_str().unwrap().starts_with("1\t//! Every bound"), "{}", results[1]);

    // The key is in nothing that was kept.
    let found = Command::new("grep").args(["-r", "sk-marked-key"]).arg(state.path()).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", words(&found).0);
}

#[test]
fn a_key_that_the_server_sends_back_is_kept_nowhere() {
    const KEY: &str = "sk-echoed-key-42";
    let first = [
        vec![delta(json!({"reasoning_content": format!("The key is {KEY}.")}))],
        vec![delta(json!({"content": "You sent sk-echo"})), delta(json!({"content": "ed-key-42 to me."}))],
        call(0, "call_a", "write", &[&format!("{{\"file_path\":\"stolen\",\"content\":\"{KEY}\"}}")]),
        vec![finish("tool_calls")],
    ];
    let second = vec![json!({"error": {"message": format!("Bearer {KEY} may not do that"), "code": 400}})];
    let (port, _asked) = server(vec![first.concat(), second]);
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = quillon(work.path(), state.path());
    command.env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1")).env("QUILLON_MODEL", "mock");
    command.env("QUILLON_API_KEY", KEY).env("QUILLON_LOG", "trace");
    let output = command.args(["run", "--mode", "edit", "go"]).output().unwrap();
    let (said, noted) = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{noted}");
    assert!(said.contains("You sent (hidden) to me."), "{said}");
    assert!(noted.contains("Bearer (hidden) may not do that"), "{noted}");
    assert!(!said.contains(KEY) && !noted.contains(KEY), "{said}{noted}");
    assert!(!work.path().join("stolen").exists());
    let found = Command::new("grep").args(["-r", KEY]).arg(state.path()).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", words(&found).0);
}

#[test]
fn the_demo_asks_changes_and_can_be_repeated() {
    let state = tempfile::tempdir().unwrap();
    let demo = |mode: &str| {
        let mut command = quillon(state.path(), state.path());
        command.args(["run", "--demo", "--mode", mode, "replace Hello with Good morning in src/main.rs"]);
        command.output().unwrap()
    };
    for _ in 0..2 {
        let output = demo("edit");
        let (said, noted) = words(&output);
        assert!(output.status.success() && said.contains("not an AI"), "{said}{noted}");
        assert!(noted.contains("+    format!(\"Good morning, {name}!\")"), "{noted}");
        assert!(noted.contains("changed src/main.rs (+1 −1)"), "{noted}");
    }
    // Without a terminal nobody can say yes.
    let output = demo("ask");
    assert_eq!(output.status.code(), Some(3), "{}", words(&output).1);
}

#[test]
fn without_a_model_it_says_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let output = quillon(state.path(), state.path()).args(["run", "hi"]).output().unwrap();
    let (_, noted) = words(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(noted.contains("QUILLON_BASE_URL") && noted.contains("--model demo"), "{noted}");
}

#[test]
fn a_session_goes_on_and_is_shown() {
    let state = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("script"), "say one\ndone\nsay two\ndone\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", words(&output).1);
        words(&output).0
    };
    assert_eq!(run(&["run", "--model", "script:script", "first"]).trim(), "one");
    assert_eq!(run(&["run", "--model", "script:script", "-c", "second"]).trim(), "two");
    let listed = run(&["sessions", "list", "--json"]);
    let info: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!((&info["title"], &info["turns"]), (&json!("first"), &json!(2)));
    let id = info["id"].as_str().unwrap();
    let exported = run(&["sessions", "export", id]);
    assert!(exported.contains("first") && exported.contains("one") && exported.contains("two"), "{exported}");
    let document: Value =
        serde_json::from_str(&run(&["sessions", "export", "--format", "json", id])).unwrap();
    let info = &document["session"];
    assert_eq!(
        (&info["sessionId"], &info["state"], &document["more"]),
        (&json!(id), &json!("idle"), &json!(false))
    );
    assert_eq!(info["lastSeq"], document["events"].as_array().unwrap().last().unwrap()["seq"]);
    let events = run(&["sessions", "show", id, "--json"]);
    let shown: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let facts: Vec<&Value> = shown.iter().filter(|event| event["seq"].is_u64()).collect();
    assert_eq!(facts, document["events"].as_array().unwrap().iter().collect::<Vec<_>>());
    let sequence: Vec<u64> = events
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64())
        .collect();
    assert_eq!(sequence, (1..=sequence.len() as u64).collect::<Vec<u64>>());
}

#[test]
fn a_command_that_fails_is_shown_as_failed_by_its_status() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = "call bash {\"command\": \"exit 3\"}\ndone\n\
                  call bash {\"command\": \"kill -9 $$\"}\ndone\n\
                  call bash {\"command\": \"echo '(exit code 7, 0.1 s)'\"}\ndone\nsay over\ndone\n";
    std::fs::write(work.path().join("script"), script).unwrap();
    let mut command = quillon(work.path(), state.path());
    let output = command.args(["run", "--model", "script:script", "--allow", "bash", "go"]).output().unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success() && said.contains("over"), "{said}{noted}");
    let failed: Vec<&str> = noted.lines().filter(|line| line.contains("failed")).map(str::trim).collect();
    assert_eq!(
        failed,
        ["Run exit 3 failed: exit code 3", "Run kill -9 $$ failed: ended by signal SIGKILL (9)"],
        "{noted}"
    );
    let mut command = quillon(work.path(), state.path());
    let listed = command.args(["sessions", "list", "--json"]).output().unwrap();
    let info: Value = serde_json::from_str(words(&listed).0.trim()).unwrap();
    let mut command = quillon(work.path(), state.path());
    let exported = command.args(["sessions", "export", info["id"].as_str().unwrap()]).output().unwrap();
    assert!(words(&exported).0.contains("failed: exit code 3"), "{}", words(&exported).0);
}

/// Puts garbage in the place of a line of a session's journal; its number counts from 1.
fn damage(state: &Path, id: &str, line: usize) {
    let path = state.join("sessions").join(id).join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[line - 1] = "garbage";
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_damaged_session_is_shown_up_to_the_damage_and_not_continued() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("script"), "say the answer\ndone\nsay more\ndone\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code(), said, noted)
    };
    let newest = || {
        let (_, listed, _) = run(&["sessions", "list", "--json"]);
        let info: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
        info["id"].as_str().unwrap().to_owned()
    };
    let begin = |prompt: &str| assert_eq!(run(&["run", "--model", "script:script", prompt]).0, Some(0));
    begin("the older");
    let older = newest();
    begin("the newer");
    let newer = newest();
    assert_ne!(older, newer);

    // Its last line, the end of the turn.
    let journal = state.path().join("sessions").join(&newer).join("journal.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap().lines().count();
    damage(state.path(), &newer, lines);
    let damaged = std::fs::read(&journal).unwrap();
    let (status, said, noted) = run(&["sessions", "show", &newer]);
    assert_eq!((status, said.trim()), (Some(1), "the answer"));
    assert!(
        noted.contains("is damaged after its fact") && noted.contains(&format!("line {lines}")),
        "{noted}"
    );
    let (status, said, noted) = run(&["sessions", "show", "--json", &newer]);
    assert_eq!(status, Some(1), "{noted}");
    let facts = said.lines().filter(|line| line.contains("\"seq\":")).count();
    assert_eq!(facts, lines - 2);
    let (status, said, noted) = run(&["sessions", "export", &newer]);
    assert!(status == Some(1) && said.contains("the answer") && noted.contains("damaged"), "{said}{noted}");

    let (status, said, noted) = run(&["run", "--model", "script:script", "-c", "go on"]);
    assert_eq!((status, said.as_str()), (Some(1), ""), "{noted}");
    for words in [
        format!("line {lines}"),
        format!("quillon sessions show {newer}"),
        format!("quillon run -s {older}"),
        "the older".to_owned(),
    ] {
        assert!(noted.contains(&words), "{words}: {noted}");
    }
    assert_eq!(std::fs::read(&journal).unwrap(), damaged, "nothing is repaired by leaving things out");
    assert_eq!(run(&["run", "--model", "script:script", "-s", &newer, "go on"]).0, Some(1));
    assert_eq!(run(&["run", "--model", "script:script", "-s", &older, "go on"]).1.trim(), "more");

    // Of this one not even its folder can be told; it is named all the same.
    damage(state.path(), &newer, 2);
    std::fs::remove_file(state.path().join("sessions").join(&newer).join("meta.json")).unwrap();
    let (status, said, noted) = run(&["sessions", "show", &newer]);
    assert!(status == Some(1) && said.is_empty() && noted.contains("line 2"), "{said}{noted}");
    let (_, said, noted) = run(&["sessions", "list"]);
    assert!(said.contains(&older) && noted.contains(&newer), "{said}{noted}");
    let (status, said, noted) = run(&["sessions", "show", "0190-none"]);
    assert!(status == Some(1) && noted.contains("there is no session"), "{said}{noted}");
}

#[test]
fn wrong_usage_and_lost_output_are_told_by_the_status() {
    let state = tempfile::tempdir().unwrap();
    let status = |arguments: &[&str]| {
        quillon(state.path(), state.path()).args(arguments).output().unwrap().status.code()
    };
    for wrong in
        [&["run"][..], &["run", "--allow", "bsh", "x"], &["run", "-i"], &["run", "--demo", "-c", "help"]]
    {
        assert_eq!(status(wrong), Some(2), "{wrong:?}");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = quillon(state.path(), state.path());
    let lost = command.args(["run", "--model", "demo", "help"]).stdout(full).status().unwrap();
    assert_eq!(lost.code(), Some(1));
    std::fs::write(state.path().join("quillon.jsonc"), r#"{"permission": {"bsh": "deny"}}"#).unwrap();
    assert_eq!(status(&["run", "--allow", "bash", "--model", "demo", "run echo hi"]), Some(2));
}

#[test]
fn a_killed_first_turn_is_found_again() {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("script"), "say begun\nwait\n").unwrap();
    let mut command = quillon(state.path(), state.path());
    let mut running =
        command.args(["run", "--model", "script:script", "go"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 5];
    running.stdout.take().unwrap().read_exact(&mut begun).unwrap();
    let meta = |path: &Path| {
        std::fs::read_dir(path.join("sessions")).unwrap().any(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path().join("meta.json")).unwrap_or_default();
            text.contains("\"turns\":1")
        })
    };
    while !meta(state.path()) {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let listed = quillon(state.path(), state.path()).args(["sessions", "list"]).output().unwrap();
    assert!(words(&listed).0.contains("1 turn  go"), "{}", words(&listed).0);
}

#[test]
fn a_project_makes_the_mode_stricter_unless_the_user_says_otherwise() {
    let state = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("quillon.jsonc"), r#"{"mode": "plan", "model": "evil"}"#).unwrap();
    let demo = |arguments: &[&str]| {
        let mut command = quillon(work.path(), state.path());
        command.args(["run", "--model", "demo", "create new with text"]).args(arguments).output().unwrap()
    };
    let planned = demo(&[]);
    assert!(words(&planned).1.contains("plan mode"), "{}", words(&planned).1);
    assert!(!work.path().join("new").exists());
    assert!(demo(&["--mode", "edit"]).status.success());
    assert_eq!(std::fs::read_to_string(work.path().join("new")).unwrap(), "text\n");
}
