//! Calls that a small model behind a server on this machine writes as text.

use serde_json::json;

use super::program::{quillon, words};
use super::run::{delta, finish, server};

#[test]
fn a_call_that_is_written_as_text_is_made() {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("a.txt"), "the text of a\n").unwrap();
    let call = json!({ "name": "read", "arguments": { "file_path": "a.txt" } });
    let said = format!("I look.\n<tool_call>\n{call}\n</tool_call>");
    let (one, other) = said.split_at(20);
    let (port, asked) = server(vec![
        vec![delta(json!({ "content": one })), delta(json!({ "content": other })), finish("stop")],
        vec![delta(json!({ "content": "It is read." })), finish("stop")],
    ]);
    let output = quillon(work.path(), state.path())
        .env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1"))
        .env("QUILLON_MODEL", "small")
        .args(["run", "What is in a.txt?"])
        .output()
        .unwrap();
    let (told, noted) = words(&output);
    assert!(output.status.success() && told.contains("It is read."), "{told}{noted}");
    let last = asked.try_iter().last().unwrap().json();
    let messages = last["messages"].as_array().unwrap();
    let [.., reply, result] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(reply["content"], "I look.");
    let made = &reply["tool_calls"][0];
    assert_eq!((&made["function"]["name"], &made["id"]), (&json!("read"), &result["tool_call_id"]));
    assert!(result["content"].as_str().unwrap().contains("the text of a"), "{result}");
}

/// What a model of so many tokens is told: its tools by name, and the bytes of its system prompt.
fn told(context_tokens: u64) -> (Vec<String>, usize) {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (port, asked) = server(vec![vec![delta(json!({ "content": "Well." })), finish("stop")]]);
    let place = format!("http://127.0.0.1:{port}/v1");
    let provider = json!({ "base_url": place, "models": { "m": { "context_tokens": context_tokens } } });
    let settings = json!({ "model": "m", "provider": provider });
    std::fs::write(state.path().join("quillon.jsonc"), settings.to_string()).unwrap();
    let output = quillon(work.path(), state.path()).args(["run", "hello"]).output().unwrap();
    assert!(output.status.success(), "{:?}", words(&output));
    let body = asked.try_iter().last().unwrap().json();
    let tools = body["tools"].as_array().unwrap();
    let names = tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect();
    (names, body["messages"][0]["content"].as_str().unwrap().len())
}

#[test]
fn a_model_into_which_little_fits_is_told_less() {
    let (small, large) = (told(4_096), told(128_000));
    assert_eq!(small.0, ["read", "grep", "edit", "write", "bash"]);
    assert_eq!(large.0.len(), 8, "{large:?}");
    assert!(small.1 * 2 < large.1, "{small:?} {large:?}");
}
