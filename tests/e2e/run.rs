//! `quillon run` as a user calls it: a real process, a server on loopback in the place of a model's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};

use super::program::{quillon, words};

/// A request as the server got it.
pub struct Asked {
    path: String,
    key: Option<String>,
    body: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers each request with the next list of chunks; ends with the test.
pub fn server(answers: Vec<Vec<Value>>) -> (u16, Receiver<Asked>) {
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

pub fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

pub fn finish(reason: &str) -> Value {
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
    // All but `apply_patch`, which a model of this name is not offered.
    assert_eq!(one["tools"].as_array().unwrap().len(), quillon::tools::built_in().len() - 1);
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
    let (said, noted) = words(&output);
    assert_eq!(output.status.code(), Some(3), "{noted}");
    assert!(noted.contains("The copy is in"), "nothing was changed: {noted}");
    assert!(
        said.contains("nobody can be asked here (standard input is not a terminal)")
            && !said.contains("said no"),
        "{said}"
    );
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

#[test]
fn a_picture_goes_to_a_model_that_accepts_it_as_long_as_it_is_kept() {
    let says = || vec![delta(json!({"content": "I see."})), finish("stop")];
    let (port, asked) = server(vec![says(), says(), says(), says()]);
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("a.gif"), b"GIF89a\x01\0\x01\0\0\0\0;").unwrap();
    let content = |more: &[&str], accepts: &str| {
        let mut command = quillon(work.path(), state.path());
        command.env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1")).env("QUILLON_MODEL", "mock");
        let output =
            command.env("QUILLON_ACCEPTS", accepts).args(["run", "what is this?"]).args(more).output();
        let (said, noted) = words(&output.unwrap());
        assert!(said.contains("I see."), "{said}{noted}");
        asked.recv().unwrap().json()["messages"][1]["content"].clone()
    };
    let parts = content(&["--file", "a.gif"], "images");
    assert_eq!(parts[0]["type"], "text");
    assert!(
        parts[0]["text"].as_str().unwrap().ends_with("a.gif: GIF image, 1 x 1 pixels, 14 bytes)"),
        "{parts}"
    );
    let picture =
        json!({"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlhAQABAAAAADs="}});
    assert_eq!(parts[1], picture);
    assert_eq!(content(&["-c"], "images"), parts, "what was said stays as it was");
    let described = content(&["-c"], "");
    assert!(described.as_str().unwrap().contains("you are not known to accept this kind"), "{described}");
    let mut entries =
        std::fs::read_dir(state.path().join("sessions")).unwrap().map(|entry| entry.unwrap().path());
    std::fs::remove_dir_all(entries.find(|path| path.is_dir()).unwrap().join("kept")).unwrap();
    let gone = content(&["-c"], "images");
    assert!(gone.as_str().unwrap().contains("its bytes are no longer kept"), "{gone}");
}

#[test]
fn instructions_are_told_once_each_and_stay_within_the_workspace() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = state.path().join("outside.md");
    let put = |name: &str, text: &str| {
        let path = work.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    std::fs::write(state.path().join("AGENTS.md"), "mine for all").unwrap();
    std::fs::write(&outside, "led out").unwrap();
    put("CLAUDE.md", "of the root");
    put("a/CLAUDE.md", "not this one");
    put("a/AGENTS.md", "of a");
    put("a/b/x.txt", "x\n");
    put("a/b/y.txt", "y\n");
    put("secret/AGENTS.md", "withheld");
    put("secret/z.txt", "z\n");
    put("long/AGENTS.md", &"long line\n".repeat(10_000));
    put("long/w.txt", "w\n");
    std::os::unix::fs::symlink(&outside, work.path().join("a/b/AGENTS.md")).unwrap();
    let rules = r#"{"permission": {"read": {"*": "allow", "secret/AGENTS.md": "deny"}}}"#;
    std::fs::write(state.path().join("quillon.jsonc"), rules).unwrap();
    let read = |file: &str| {
        let arguments = json!({"file_path": file}).to_string();
        [call(0, &format!("call_{}", file.len()), "read", &[&arguments]), vec![finish("tool_calls")]].concat()
    };
    let says = || vec![delta(json!({"content": "Done."})), finish("stop")];
    let files = ["a/b/x.txt", "a/b/y.txt", "secret/z.txt", "long/w.txt"];
    let mut answers: Vec<Vec<Value>> = files[..1].iter().map(|file| read(file)).collect();
    answers.push(says());
    answers.extend(files[1..].iter().map(|file| read(file)));
    answers.push(says());
    let (port, asked) = server(answers);
    // The second time by another process, which goes on with the session.
    for more in [&[][..], &["-c"]] {
        let mut command = quillon(work.path(), state.path());
        command.env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1")).env("QUILLON_MODEL", "mock");
        let output = command.args(["run", "read"]).args(more).output().unwrap();
        assert!(output.status.success(), "{}", words(&output).1);
    }
    let last = asked.try_iter().last().unwrap().json();
    let messages = last["messages"].as_array().unwrap();
    let system = messages[0]["content"].as_str().unwrap();
    assert!(system.contains("mine for all") && system.contains("From CLAUDE.md:\nof the root"), "{system}");
    let results = messages.iter().filter(|message| message["role"] == "tool");
    let told: Vec<&str> = results.map(|message| message["content"].as_str().unwrap()).collect();
    assert!(told[0].contains("from a/AGENTS.md:\nof a)") && !told[0].contains("led out"), "{}", told[0]);
    assert!(!told[1].contains("of a"), "it knows them by now: {}", told[1]);
    assert!(!told[2].contains("withheld"), "{}", told[2]);
    assert!(told[3].len() < 20_000 && told[3].contains("bytes more)"), "{} bytes", told[3].len());
    assert!(!last.to_string().contains("not this one"));
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

/// A key of a kind nobody listed stays here; what the user has named goes along.
#[test]
fn commands_get_the_variables_that_the_settings_name() {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = json!({ "pass_environment": ["DATABASE_URL", "NOT_SET", "MY_*"] });
    std::fs::write(state.path().join("quillon.jsonc"), settings.to_string()).unwrap();
    std::fs::write(work.path().join("script"), "call bash {\"command\": \"env\"}\ndone\nsay Done.\ndone\n")
        .unwrap();
    let output = quillon(work.path(), state.path())
        .env("DATABASE_URL", "db://here")
        .env("SOME_SECRET", "sesame")
        .args(["run", "--model", "script:script", "--allow", "bash:env", "--json", "go"])
        .output()
        .unwrap();
    let (said, noted) = words(&output);
    assert!(said.contains("DATABASE_URL=db://here"), "{said}{noted}");
    assert!(!said.contains("sesame") && !said.contains("NOT_SET="), "{said}");
    assert!(noted.contains("names of variables as they are, not `MY_*`"), "{noted}");
}
