//! Answers with the user's own text, on the pipes of `quillon lsp`, and what a command sees of it.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts the program, makes its files")]

#[path = "support/wire.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod support;

use serde_json::{Value, json};

use self::support::{Wire, notification};

const SCRIPT: &str = r#"call read {"file_path": "a.txt"}
done
call edit {"file_path": "a.txt", "old_string": "two", "new_string": "2"}
done
call bash {"command": "sleep 0; cat a.txt"}
done
say end
done
"#;

/// What the user made of a proposed text is what is written; an answer that cannot mean the question says no
/// yes to it; and a command sees what was saved.
#[tokio::test]
async fn the_users_own_text_is_written_and_saved_before_a_command() {
    let mut wire = Wire::start(SCRIPT);
    let agent = json!({ "version": 1, "buffers": { "apply": true, "save": true } });
    let capabilities = json!({ "experimental": { "agent": agent } });
    wire.ask("initialize", json!({ "processId": null, "capabilities": capabilities })).await;
    wire.send(&notification("initialized", json!({}))).await;
    let folder = wire.opened("w").await;
    let uri = |name: &str| format!("file://{}/{name}", folder.display());
    let new = json!({ "cwd": uri(""), "config": { "mode": "ask" } });
    let session = wire.ask("agent/session/new", new).await["result"]["session"]["sessionId"].clone();
    wire.ask("agent/session/attach", json!({ "sessionId": session })).await;
    let content = json!([{ "type": "text", "text": "go" }]);
    wire.ask("agent/prompt", json!({ "sessionId": session, "promptId": "p1", "content": content })).await;
    // The program was started with another mode than this session was made with.
    wire.until(|message| message["params"]["event"]["question"]["subject"]["type"] == "edit").await;

    let answer = |question: &str, choice: &str, file: &str| {
        let texts = json!([{ "uri": uri(file), "text": "one\nmine\n" }]);
        json!({ "sessionId": session, "questionId": question, "choice": choice, "texts": texts })
    };
    for (choice, file) in [("once", "b.txt"), ("always", "a.txt")] {
        let refused = wire.ask("agent/answer", answer("q1", choice, file)).await;
        assert_eq!(refused["error"]["code"], -32602, "{choice} {file}: {refused}");
    }
    let accepted = wire.ask("agent/answer", answer("q1", "once", "a.txt")).await;
    assert_eq!(accepted["result"], json!({ "accepted": true }), "{accepted}");
    let late = wire.ask("agent/answer", answer("q1", "once", "a.txt")).await;
    assert_eq!(late["result"]["accepted"], false, "{late}");

    let apply = wire.until(|message| message["method"] == "agent/buffers/apply").await;
    assert_eq!(apply["params"]["edits"][0]["edits"][0]["newText"], "mine\n", "{apply}");
    let document = json!({ "uri": uri("a.txt"), "version": 2 });
    let change = json!({ "textDocument": document, "contentChanges": [{ "text": "one\nmine\n" }] });
    wire.send(&notification("textDocument/didChange", change)).await;
    let files = json!([{ "uri": uri("a.txt"), "applied": true, "version": 2 }]);
    wire.send(&json!({ "jsonrpc": "2.0", "id": apply["id"], "result": { "files": files } })).await;

    wire.until(|message| message["params"]["event"]["question"]["questionId"] == "q2").await;
    let refused = wire.ask("agent/answer", answer("q2", "once", "a.txt")).await;
    assert_eq!(refused["error"]["code"], -32602, "a command has no text: {refused}");
    wire.ask("agent/answer", json!({ "sessionId": session, "questionId": "q2", "choice": "once" })).await;
    let save = wire.until(|message| message["method"] == "agent/buffers/save").await;
    assert_eq!(save["params"], json!({ "uris": [uri("a.txt")] }));
    std::fs::write(folder.join("a.txt"), "one\nmine\n").unwrap();
    let files = json!([{ "uri": uri("a.txt"), "saved": true }]);
    wire.send(&json!({ "jsonrpc": "2.0", "id": save["id"], "result": { "files": files } })).await;
    let is_the_end = |message: &Value| {
        let event = &message["params"]["event"];
        event["type"] == "callEnded" && event["callId"] == "c3"
    };
    let ended = wire.until(is_the_end).await["params"]["event"].clone();
    let said = ended["content"][0]["text"].as_str().unwrap_or_default();
    assert!(said.starts_with("one\nmine\n") && !said.contains("unsaved"), "{ended}");
}
