//! `quillon lsp` on its pipes: saturation, order, late answers, broken bytes, sizes, and its end.
//!
//! Each test names the row it shows of what servers on a wire have got wrong. What waits in this
//! program is its own request to the client: the edit of a file that is open in the editor.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts the program, makes its files")]

#[path = "support/wire.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod support;

use std::collections::VecDeque;

use serde_json::{Value, json};

use self::support::{Wire, frame, notification, request};

/// Reads the open file, then edits it, which waits for the client.
const EDITS: &str = r#"call read {"file_path": "a.txt"}
done
call edit {"file_path": "a.txt", "old_string": "two", "new_string": "2"}
done
say end
done
"#;

/// Rows: four wait, then a request, a cancel, `shutdown` and `exit`; the end of the input while one waits
/// for the client; `exit` with the pipe open; the status without `shutdown`.
#[tokio::test]
async fn four_wait_and_others_are_answered_cancelled_and_ended() {
    for end in ["shutdown", "exit", "end of input"] {
        let mut wire = Wire::ready(EDITS).await;
        let waiting = wire.waiting(4).await;
        wire.lives().await;
        wire.send(&notification("$/cancelRequest", json!({ "id": 4711 }))).await;
        let cancelled = wire.ask("agent/cancel", json!({ "sessionId": waiting[1].0 })).await;
        assert_eq!(cancelled["result"], json!({}), "{cancelled}");
        match end {
            "shutdown" => {
                assert_eq!(wire.ask("shutdown", Value::Null).await["result"], Value::Null);
                wire.send(&notification("exit", Value::Null)).await;
            }
            "exit" => wire.send(&notification("exit", Value::Null)).await,
            _ => drop(wire.input.take()),
        }
        let orderly = end == "shutdown";
        assert_eq!(wire.ended().await.code(), Some(if orderly { 0 } else { 1 }), "{end}");
    }
}

/// Rows: a request is cancelled (-32800); the same id used twice.
#[tokio::test]
async fn a_cancelled_request_and_a_doubled_id_are_answered_once_each() {
    let mut wire = Wire::ready("say hi\ndone\n").await;
    // In one piece, so that the request runs when the next message is read.
    let mut bytes = Vec::new();
    for id in 1000..1100 {
        bytes.extend(frame(&request(id, "agent/session/list", json!({}))));
        bytes.extend(frame(&notification("$/cancelRequest", json!({ "id": id }))));
        let doubled = format!("d{id}");
        bytes.extend(frame(&request(doubled.clone(), "agent/session/list", json!({}))));
        bytes.extend(frame(&request(doubled, "agent/session/list", json!({}))));
    }
    wire.bytes(&bytes).await;
    let (mut cancelled, mut refused) = (0, 0);
    for id in 1000..1100 {
        let answer = wire.answer(id).await;
        cancelled += usize::from(answer["error"]["code"] == -32800);
        assert!(answer["error"]["code"] == -32800 || answer["result"]["sessions"] == json!([]), "{answer}");
        let doubled = [wire.answer(format!("d{id}")).await, wire.answer(format!("d{id}")).await];
        refused += doubled.iter().filter(|answer| answer["error"]["code"] == -32600).count();
        assert!(doubled.iter().any(|answer| answer["result"]["sessions"] == json!([])), "{doubled:?}");
    }
    assert!(cancelled > 0 && refused > 0, "{cancelled} cancelled, {refused} refused");
    wire.lives().await;
    assert_eq!(wire.seen, VecDeque::new(), "answered twice");
}

/// Row: four wait for the client's answer, and 50 to 300 notifications come first.
#[tokio::test]
async fn an_answer_is_heard_behind_the_users_typing() {
    for notes in [50, 99, 105, 300] {
        let mut wire = Wire::ready(EDITS).await;
        let waiting = wire.waiting(4).await;
        let uri = format!("file://{}/b.txt", wire.folder.path().display());
        let document = json!({ "uri": uri, "languageId": "text", "version": 0, "text": "" });
        let mut typed = frame(&notification("textDocument/didOpen", json!({ "textDocument": document })));
        for version in 1..=notes {
            let document = json!({ "uri": uri, "version": version });
            let change = json!({ "textDocument": document, "contentChanges": [{ "text": "x" }] });
            typed.extend(frame(&notification("textDocument/didChange", change)));
        }
        wire.bytes(&typed).await;
        for (session, asked) in waiting.iter().rev() {
            let reason = format!("not in {session}");
            wire.refuse(asked, &reason).await;
            let ended = wire.edit_ended(session).await;
            assert!(ended.to_string().contains(&reason), "{ended}");
        }
    }
}

/// Rows: the work that waits for the client is cancelled, or out of patience; the client answers later,
/// and was told.
#[tokio::test]
async fn nobody_waits_for_a_late_answer() {
    let mut wire = Wire::ready(EDITS).await;
    let (session, asked) = wire.waiting(1).await.remove(0);
    wire.ask("agent/cancel", json!({ "sessionId": session })).await;
    // A write that was begun waits for the editor; when its time is over the editor is told so.
    let withdrawn = wire.until(|message| message["method"] == "$/cancelRequest").await;
    assert_eq!(withdrawn["params"]["id"], asked["id"]);
    wire.edit_ended(&session).await;
    wire.refuse(&asked, "late").await;
    wire.refuse(&asked, "later").await;
    wire.lives().await;
}

/// Row: 300 notifications are done in order.
#[tokio::test]
async fn changes_are_applied_in_their_order() {
    let mut wire = Wire::ready("call read {\"file_path\": \"a.txt\"}\ndone\nsay end\ndone\n").await;
    let folder = wire.opened("w").await;
    let uri = format!("file://{}/a.txt", folder.display());
    let (mut typed, mut wanted) = (Vec::new(), String::new());
    for version in 2..302 {
        let end = json!({ "line": 0, "character": wanted.len() });
        let piece = format!("{version},");
        wanted += &piece;
        // The first replaces the two lines that were there.
        let until = if version == 2 { json!({ "line": 9, "character": 0 }) } else { end.clone() };
        let change = json!({ "range": { "start": end, "end": until }, "text": piece });
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        typed.extend(frame(&notification("textDocument/didChange", params)));
    }
    wire.bytes(&typed).await;
    let session = wire.turn(&folder).await;
    wire.until(|message| message["params"]["event"]["type"] == "callEnded").await;
    let content = wire.ask("agent/content", json!({ "sessionId": session, "contentId": "c1" })).await;
    let text = content["result"]["text"].as_str().unwrap_or_else(|| panic!("{content}"));
    assert!(text.contains(&wanted), "{text}");
}

/// Row: a request that sends before it returns, 50 runs.
#[tokio::test]
async fn what_a_request_sends_comes_before_its_answer() {
    let mut wire = Wire::ready("say hi\ndone\n").await;
    let cwd = format!("file://{}", wire.folder.path().display());
    let is_change = |message: &Value| message["method"] == "agent/sessions/changed";
    for run in 0..50 {
        let made = wire.ask("agent/session/new", json!({ "cwd": cwd })).await;
        wire.until(is_change).await;
        assert_eq!(wire.seen, VecDeque::new());
        let session = json!({ "sessionId": made["result"]["session"]["sessionId"] });
        let id = format!("r{run}");
        wire.send(&request(id.clone(), "agent/session/delete", session)).await;
        let told = [wire.read().await.unwrap(), wire.read().await.unwrap()];
        assert!(is_change(&told[0]) && told[1]["id"] == id, "{told:?}");
    }
}

/// Row: broken JSON, bad UTF-8, a batch, deep JSON, `id: 1.5`.
#[tokio::test]
async fn what_is_no_message_is_answered_and_passed_over() {
    let mut wire = Wire::ready("say hi\ndone\n").await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let deep = format!(r#"{{"jsonrpc":"2.0","id":90,"method":"agent/status","params":{{"a":{deep}}}}}"#);
    let cases: [(&[u8], i64); 5] = [
        (b"{\"jsonrpc\":", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}", -32700),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"agent/status"}]"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"agent/status"}"#, -32600),
        (b"7", -32600),
    ];
    for (body, code) in cases {
        wire.bytes(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await;
        wire.bytes(body).await;
        let answer = wire.read().await.unwrap();
        assert_eq!(answer["error"]["code"], code, "{}: {answer}", String::from_utf8_lossy(body));
        wire.lives().await;
    }
    wire.bytes(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes()).await;
    let answer = wire.read().await.unwrap();
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    wire.lives().await;
}

/// Row: what comes before `initialize` and after `shutdown`.
#[tokio::test]
async fn requests_have_their_time_and_notifications_before_it_are_dropped() {
    let anything = [
        "textDocument/hover",
        "workspace/executeCommand",
        "agent/status",
        "agent/nothing",
        "$/x",
        "shutdown",
    ];
    for agent in [json!({ "version": 1 }), Value::Null] {
        let mut wire = Wire::start("call read {\"file_path\": \"a.txt\"}\ndone\nsay end\ndone\n");
        for method in anything {
            assert_eq!(wire.ask(method, json!({})).await["error"]["code"], -32002, "{method}");
        }
        let wrong = wire.ask("initialize", json!({ "capabilities": 7 })).await;
        assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
        assert_eq!(wire.ask("agent/status", json!({})).await["error"]["code"], -32002);
        // The text that is open here is not the one that the tool reads.
        let folder = wire.opened("w").await;
        let experimental = if agent.is_null() { json!({}) } else { json!({ "agent": agent }) };
        let params = json!({ "processId": null, "capabilities": { "experimental": experimental } });
        assert_eq!(wire.ask("initialize", params.clone()).await.get("error"), None);
        wire.send(&notification("initialized", json!({}))).await;
        if agent.is_object() {
            wire.turn(&folder).await;
            let ended = wire.until(|message| message["params"]["event"]["type"] == "callEnded").await;
            assert!(ended.to_string().contains("on the disk"), "{ended}");
        }
        assert_eq!(wire.ask("initialize", params.clone()).await["error"]["code"], -32600);
        assert_eq!(wire.ask("textDocument/rename", json!({})).await["error"]["code"], -32601);
        assert_eq!(wire.ask("shutdown", Value::Null).await["result"], Value::Null);
        for method in anything.into_iter().chain(["initialize"]) {
            let params = if method == "initialize" { params.clone() } else { json!({}) };
            assert_eq!(wire.ask(method, params).await["error"]["code"], -32600, "{method}");
        }
        wire.send(&notification("exit", Value::Null)).await;
        assert_eq!(wire.ended().await.code(), Some(0));
    }
    let mut wire = Wire::start("done\n");
    wire.send(&notification("exit", Value::Null)).await;
    assert_eq!(wire.ended().await.code(), Some(1));
}

/// Rows: lower-case headers, a third one, no charset; params given or left out.
#[tokio::test]
async fn headers_are_read_as_clients_write_them() {
    let mut wire = Wire::ready("say hi\ndone\n").await;
    for (id, headers) in [
        (101, "content-length: #\r\n"),
        (102, "Content-Type: application/vscode-jsonrpc\r\nContent-Length: #\r\nX-Third: yes\r\n"),
        (103, "CONTENT-LENGTH:#\r\nContent-Type: text/plain; charset=x\r\n"),
    ] {
        let body = request(id, "agent/status", json!({})).to_string();
        let head = headers.replace('#', &body.len().to_string());
        wire.bytes(format!("{head}\r\n{body}").as_bytes()).await;
        assert_eq!(wire.answer(id).await["result"]["server"]["name"], "quillon");
    }
    // Params that a method does not take, and none where all may be left out.
    for params in ["null", "{}", "[]"] {
        wire.next += 1;
        let id = wire.next;
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"agent/status","params":{params}}}"#);
        wire.bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        assert_eq!(wire.answer(id).await["result"]["server"]["name"], "quillon", "{params}");
    }
    wire.send(&json!({ "jsonrpc": "2.0", "id": "n", "method": "agent/session/list" })).await;
    assert_eq!(wire.answer("n").await["result"]["sessions"], json!([]));
    let wrong = wire.ask("agent/session/attach", json!({})).await;
    assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
}

/// Row: 3 GB announced, 300 MB sent.
#[tokio::test]
async fn too_long_a_message_is_refused_and_not_kept() {
    let mut wire = Wire::ready("say hi\ndone\n").await;
    let piece = vec![b'x'; 1 << 20];
    wire.bytes(format!("Content-Length: {}\r\n\r\n", 70 << 20).as_bytes()).await;
    for _ in 0..70 {
        wire.bytes(&piece).await;
    }
    let refused = wire.until(|message| message.get("error").is_some()).await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&Value::Null, &json!(-32600)), "{refused}");
    wire.lives().await;
    wire.bytes(b"Content-Length: 3000000000\r\n\r\n").await;
    for _ in 0..300 {
        wire.bytes(&piece).await;
    }
    wire.until(|message| message.get("error").is_some()).await;
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", wire.process.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let peak: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(peak < 64 * 1024, "{line}");
    }
    drop(wire.input.take());
    assert_eq!(wire.ended().await.code(), Some(1));
}

/// Row: what takes a thread for long stops no others.
#[tokio::test]
async fn one_that_blocks_holds_up_nobody() {
    let script = "repeat 100000 word\ndone\n";
    let mut wire = Wire::ready(script).await;
    let folder = wire.opened("w").await;
    let session = wire.turn(&folder).await;
    wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
    let mut bytes = Vec::new();
    for id in 200..210 {
        let params = json!({ "sessionId": session, "format": "json" });
        bytes.extend(frame(&request(id, "agent/session/export", params)));
    }
    bytes.extend(frame(&request("quick", "agent/status", json!({}))));
    wire.bytes(&bytes).await;
    wire.answer("quick").await;
    let before = wire.seen.iter().filter(|message| message["result"]["text"].is_string()).count();
    assert!(before < 10, "the quick one waited for all");
    for id in 200..210 {
        assert!(wire.answer(id).await["result"]["text"].as_str().unwrap().contains("wordword"));
    }
}

#[tokio::test]
async fn who_follows_a_session_goes_on_with_it_when_its_process_is_gone() {
    let mut wire = Wire::ready(EDITS).await;
    let (session, _unanswered) = wire.waiting(1).await.remove(0);
    let mut other = wire.beside().await;
    let attached = other.ask("agent/session/attach", json!({ "sessionId": session })).await;
    assert_eq!(attached["result"]["session"]["state"], "elsewhere", "{attached}");
    let content = json!([{ "type": "text", "text": "and on" }]);
    let prompt = json!({ "sessionId": session, "promptId": "p2", "content": content });
    for (method, params) in [
        ("agent/prompt", prompt.clone()),
        ("agent/session/rename", json!({ "sessionId": session, "title": "mine" })),
        ("agent/session/delete", json!({ "sessionId": session })),
    ] {
        let busy = other.ask(method, params).await;
        assert_eq!(busy["error"]["data"]["kind"], "busy", "{method}: {busy}");
    }

    wire.process.kill().await.unwrap();
    let begun = other.ask("agent/prompt", prompt).await;
    assert_eq!(begun["result"], json!({ "state": "started" }), "{begun}");
    let told = |kind: &'static str| move |message: &Value| message["params"]["event"]["type"] == kind;
    let ended = other.until(told("turnEnded")).await;
    assert_eq!(ended["params"]["event"]["reason"], "interrupted", "{ended}");
    let begun = other.until(told("turnStarted")).await;
    assert_eq!(begun["params"]["event"]["promptId"], "p2", "{begun}");
    let list = other.ask("agent/session/list", json!({})).await;
    assert_ne!(list["result"]["sessions"][0]["state"], "elsewhere", "{list}");
}

#[tokio::test]
async fn the_chat_of_a_plain_client_is_the_users_alone() {
    let mut wire = Wire::start("say Hello.\ndone\n");
    let root = format!("file://{}", wire.folder.path().display());
    let capabilities = json!({ "window": { "workDoneProgress": true } });
    wire.ask("initialize", json!({ "processId": null, "rootUri": root, "capabilities": capabilities })).await;
    wire.send(&notification("initialized", json!({}))).await;
    let asked = wire
        .ask("workspace/executeCommand", json!({ "command": "quillon.ask", "arguments": ["hello"] }))
        .await;
    assert_eq!(asked.get("error"), None, "{asked}");
    let said = wire.until(|message| message["method"] == "window/showMessage").await;
    let file =
        said["params"]["message"].as_str().unwrap().strip_prefix("Quillon's chat: ").unwrap().to_owned();
    assert!(std::path::Path::new(&file).starts_with(wire.folder.path().join("state/chats")), "{file}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = std::path::Path::new(&file);
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    // The turn has begun.
    wire.until(|message| message["method"] == "window/workDoneProgress/create").await;
    drop(wire.input.take());
    assert_eq!(wire.ended().await.code(), Some(1));
    let chat = std::fs::read_to_string(file).unwrap();
    assert!(chat.starts_with("## You\n\nhello\n\n## Quillon\n\n"), "{chat}");
}
