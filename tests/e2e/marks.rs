//! What a server gives for itself alone goes back to it, as it came, also from another process.

use serde_json::{Value, json};

use super::program::{quillon, words};
use super::run::{delta, finish, server};

/// The forms: <https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks>,
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>.
#[test]
fn details_of_thoughts_and_marks_on_calls_go_back() {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("a.txt"), "the text of a\n").unwrap();
    let text = |text: &str| json!({"type": "reasoning.text", "text": text, "format": "unknown", "index": 0});
    let hidden = json!({"type": "reasoning.encrypted", "data": "c2VjcmV0", "id": "call_a", "index": 1});
    let extra = json!({"google": {"thought_signature": "bWFyaw=="}});
    let function = json!({"name": "read", "arguments": "{\"file_path\":\"a.txt\"}"});
    let call =
        json!({"index": 0, "id": "call_a", "type": "function", "function": function, "extra_content": extra});
    let says = |words: &str| vec![delta(json!({ "content": words })), finish("stop")];
    let (port, asked) = server(vec![
        vec![
            delta(json!({"reasoning": "Let me ", "reasoning_details": [text("Let me ")]})),
            delta(json!({"reasoning": "look.", "reasoning_details": [text("look.")]})),
            delta(json!({"tool_calls": [call], "reasoning_details": [hidden]})),
            finish("tool_calls"),
        ],
        says("It is read."),
        says("Yes."),
    ]);
    for arguments in [&["run", "What is in a.txt?"][..], &["run", "-c", "Really?"]] {
        let output = quillon(work.path(), state.path())
            .env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1"))
            .env("QUILLON_MODEL", "m")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{:?}", words(&output));
    }
    let requests: Vec<Value> = asked.try_iter().map(|asked| asked.json()).collect();
    assert_eq!(requests.len(), 3);
    for request in &requests[1..] {
        let reply = &request["messages"][2];
        assert_eq!(reply["reasoning_details"], json!([text("Let me look."), hidden]), "{reply}");
        assert_eq!(reply["tool_calls"][0]["extra_content"], extra, "{reply}");
    }
}
