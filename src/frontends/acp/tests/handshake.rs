//! Rows 1–10: `initialize`, `authenticate`, unknown methods.

use serde_json::{Value, json};

use super::editor::{Editor, host};
use super::script::Script;

fn editor() -> Editor {
    let script = Script::new([]);
    Editor::connect(host(Some(&script)), script)
}

fn code(answer: Result<Value, Value>) -> i64 {
    answer.unwrap_err()["code"].as_i64().unwrap()
}

#[tokio::test]
async fn row_1_initialize_says_who_and_what() {
    let mut editor = editor();
    let answer = editor.call("initialize", json!({ "protocolVersion": 1 })).await.unwrap();
    assert_eq!(answer["protocolVersion"], 1);
    assert_eq!(answer["agentInfo"]["name"], "quillon");
    let can = &answer["agentCapabilities"];
    assert_eq!(can["loadSession"], true);
    assert_eq!(can["promptCapabilities"], json!({ "image": true, "audio": false, "embeddedContext": true }));
    for method in ["list", "resume", "close", "delete", "additionalDirectories"] {
        assert_eq!(can["sessionCapabilities"][method], json!({}), "{method}");
    }
    assert_eq!(answer["authMethods"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn rows_2_and_3_there_is_one_version() {
    let mut editor = editor();
    for version in [json!(65_535), json!(0), json!(2), json!(1)] {
        let answer = editor.call("initialize", json!({ "protocolVersion": version })).await.unwrap();
        assert_eq!(answer["protocolVersion"], 1);
    }
    for version in [json!(1.5), json!("1"), json!(-1), Value::Null] {
        assert_eq!(code(editor.call("initialize", json!({ "protocolVersion": version })).await), -32602);
    }
    assert_eq!(code(editor.call("initialize", json!({})).await), -32602);
    assert!(editor.call("initialize", json!({ "protocolVersion": 1 })).await.is_ok());
}

#[tokio::test]
async fn row_4_unknown_things_are_accepted() {
    let mut editor = editor();
    let params = json!({
        "protocolVersion": 1,
        "clientCapabilities": { "fs": { "x": 1 }, "later": {}, "_meta": { "a": [1] } },
        "clientInfo": { "name": "n" },
        "_meta": { "traceparent": "00-x" },
        "later": true,
    });
    assert!(editor.call("initialize", params).await.is_ok());
}

#[tokio::test]
async fn row_5_initialize_comes_first() {
    let mut editor = editor();
    editor.notify("session/cancel", json!({ "sessionId": "s1" })).await;
    for method in ["session/new", "session/prompt", "session/list", "authenticate"] {
        let error = editor.call(method, json!({ "cwd": "/w", "mcpServers": [] })).await.unwrap_err();
        assert_eq!(error["code"], -32600, "{method}");
        assert!(error["message"].as_str().unwrap().contains("initialize"), "{error}");
    }
    assert!(editor.call("initialize", json!({ "protocolVersion": 1 })).await.is_ok());
}

#[tokio::test]
async fn a_client_need_not_wait_for_the_answer_to_initialize() {
    let mut editor = editor();
    let hello =
        json!({ "jsonrpc": "2.0", "id": "i", "method": "initialize", "params": { "protocolVersion": 1 } });
    let new = json!({ "jsonrpc": "2.0", "id": "n", "method": "session/new", "params": { "cwd": "/w" } });
    editor.write(format!("{hello}\n{new}\n").as_bytes()).await;
    editor.methods([("i", "initialize"), ("n", "session/new")]);
    assert_eq!(editor.next().await["id"], "i");
    assert_eq!(editor.next().await["result"]["sessionId"], "s1");
}

#[tokio::test]
async fn row_6_sessions_keep_what_was_agreed_when_they_were_opened() {
    let mut editor = Editor::ready([], json!({ "session": { "notices": {} } })).await;
    let old = editor.session().await;
    editor.call("initialize", json!({ "protocolVersion": 1 })).await.unwrap();
    editor.notice(&old, "to the old").await;
    assert_eq!(editor.update("notice").await["title"], "to the old");
    let new = editor.session().await;
    editor.notice(&new, "to the new").await;
    let id = editor.prompt(&new, "hi").await;
    let (told, _) = editor.turn(id).await;
    let words = super::client::words(&told, "agent_message_chunk");
    assert!(words.contains("to the new"), "{words}");
}

#[tokio::test]
async fn rows_7_and_8_the_one_method_needs_no_login() {
    let mut editor = editor();
    let params = json!({ "protocolVersion": 1, "clientCapabilities": { "auth": { "terminal": true } } });
    let methods = editor.call("initialize", params).await.unwrap()["authMethods"].clone();
    let id = methods[0]["id"].as_str().unwrap();
    assert_eq!(methods[0].get("type"), None, "no terminal method while there is no command for one");
    for _ in 0..2 {
        assert_eq!(editor.call("authenticate", json!({ "methodId": id })).await, Ok(json!({})));
    }
    assert_eq!(code(editor.call("authenticate", json!({ "methodId": "x" })).await), -32602);
}

#[tokio::test]
async fn rows_9_and_32_what_is_not_there_is_not_found() {
    let mut editor = Editor::ready([], json!({})).await;
    for method in ["nope", "_x/y", "fs/read_text_file", "logout", "session/fork", "session/set_model"] {
        let error = editor.call(method, json!({})).await.unwrap_err();
        assert_eq!(error["code"], -32601, "{method}");
        assert!(error["message"].as_str().unwrap().contains(method), "{error}");
    }
}

#[tokio::test]
async fn row_10_notifications_are_never_answered() {
    let mut editor = Editor::ready([], json!({})).await;
    editor.notify("nope", json!({})).await;
    editor.notify("$/x", json!({})).await;
    editor.notify("session/cancel", json!({ "sessionId": 7 })).await;
    editor.notify("session/cancel", json!({ "sessionId": "none" })).await;
    editor.notify("$/cancel_request", json!({ "requestId": 99 })).await;
    assert_eq!(editor.call("session/list", json!({})).await, Ok(json!({ "sessions": [] })));
}
