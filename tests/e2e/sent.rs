//! `quillon sent`: what went out, as a user reads it afterwards.

use std::path::Path;

use serde_json::{Value, json};

use super::loopback::{Answer, Loopback};
use super::program::{quillon, words};

/// An answer in the form of Chat Completions: words, calls with their arguments, tokens in and out.
pub fn answer(text: &str, calls: &[(&str, Value)], tokens: (u64, u64)) -> Answer {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, input))| {
            json!({"index": index, "id": format!("id{index}"), "function": {"name": name, "arguments": input.to_string()}})
        })
        .collect();
    let reason = if calls.is_empty() { "stop" } else { "tool_calls" };
    let delta = json!({"content": text, "tool_calls": calls});
    let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        "usage": {"prompt_tokens": tokens.0, "completion_tokens": tokens.1}});
    Answer::events(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

async fn run(work: &Path, state: &Path, server: &str, arguments: &[&str]) -> String {
    let mut command = quillon(work, state);
    command.env("QUILLON_BASE_URL", server).env("QUILLON_MODEL", "m1").args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success(), "{arguments:?}: {said}{noted}");
    said
}

/// A busy moment, two steps with calls, the last words, and a summary.
async fn server() -> Loopback {
    let overloaded = Answer::json(503, r#"{"error": {"message": "busy"}}"#).header("retry-after-ms", "1");
    let read = |file: &str| ("read", json!({"file_path": file}));
    let looks = [
        read("a.txt"),
        ("grep", json!({"pattern": "needle"})),
        ("grep", json!({"pattern": "-", "output_mode": "files_with_matches"})),
        ("bash", json!({"command": "cat d.txt"})),
        ("edit", json!({"file_path": "d.txt", "old_string": "nowhere", "new_string": "x"})),
    ];
    Loopback::start(vec![
        overloaded,
        answer("I look.", &looks, (100, 10)),
        answer("", &[read("a.txt")], (200, 20)),
        answer("Done.", &[], (300, 30)),
        answer("The user wanted to look. All was seen.", &[], (400, 40)),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_listed_with_what_was_new_in_it() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, text) in [
        ("AGENTS.md", "Be brief."),
        ("a.txt", "one\n"),
        ("b.txt", "needle\n"),
        ("c.txt", "given\n"),
        ("d.txt", "-\n"),
    ] {
        std::fs::write(work.path().join(name), text).unwrap();
    }
    let mut server = server().await;
    let url = server.url("/v1");
    let arguments = ["run", "--allow", "bash", "--file", "c.txt", "look"];
    run(work.path(), state.path(), &url, &arguments).await;
    run(work.path(), state.path(), &url, &["run", "-c", "/compact"]).await;
    let said = run(work.path(), state.path(), &url, &["sent", "--json"]).await;
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (host, mut bytes) = (url.strip_suffix("/v1").unwrap(), Vec::new());
    for line in &lines {
        assert_eq!((&line["host"], &line["model"]), (&json!(host), &json!("m1")), "{said}");
        assert!(line["at"].as_str().unwrap().starts_with("20"), "{said}");
        bytes.push(line["bytes"].as_u64().unwrap());
    }
    let mut arrived = Vec::new();
    for _ in &lines {
        arrived.push(server.request().await.body.len() as u64);
    }
    assert_eq!(bytes, arrived);
    let rest = lines.iter().map(|line| {
        // Those that were read together ended in any order.
        let mut files = line["files"].as_array().unwrap().clone();
        files.sort_by_key(ToString::to_string);
        json!([
            line["wanted"],
            line["answered"],
            line["failed"],
            line["inputTokens"],
            files,
            line["commands"]
        ])
    });
    let rest: Vec<Value> = rest.collect();
    assert_eq!(
        rest,
        [
            json!(["message", false, "server", null, ["AGENTS.md", "c.txt"], []]),
            json!(["message", true, null, 100, [], []]),
            json!(["message", true, null, 200, ["a.txt", "b.txt", "d.txt"], ["cat d.txt"]]),
            json!(["message", true, null, 300, [], []]),
            json!(["summary", true, null, 400, [], []]),
        ]
    );
    let said = run(work.path(), state.path(), &url, &["sent"]).await;
    for expected in
        ["bytes, failed: server\n    c.txt\n", "200 tokens, 20 back\n    ", "by: cat d.txt", "for a summary"]
    {
        assert!(said.contains(expected), "no {expected:?} in\n{said}");
    }
}

#[test]
fn what_sends_nothing_is_said_to() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let says =
        |arguments: &[&str]| words(&quillon(work.path(), state.path()).args(arguments).output().unwrap());
    assert!(says(&["sent"]).1.contains("there is no session in"));
    says(&["run", "--model", "demo", "help"]);
    assert_eq!(says(&["sent"]).0, "nothing was sent to any model server\n");
}
