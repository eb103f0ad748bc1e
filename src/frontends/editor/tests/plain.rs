//! Clients that know LSP only: they lose dialogues, answer nothing, refuse edits, and type on.

#![allow(clippy::disallowed_methods, reason = "looks for the file that is written")]

use super::*;

impl Client {
    /// A client that knows LSP only, in the test's folder.
    pub(super) async fn plain(script: Vec<Vec<ModelEvent>>) -> Self {
        let mut client = Self::new(script);
        let window = json!({"workDoneProgress": true, "showDocument": {"support": true}});
        let folders = json!([{"uri": client.uri(""), "name": "test"}]);
        let params =
            json!({"processId": null, "workspaceFolders": folders, "capabilities": {"window": window}});
        let answer = client.ask("initialize", params).await;
        let commands = &answer["result"]["capabilities"]["executeCommandProvider"]["commands"];
        assert_eq!(
            *commands,
            json!([
                "quillon.ask",
                "quillon.cancel",
                "quillon.answer",
                "quillon.review",
                "quillon.new",
                "quillon.sessions"
            ]),
            "{answer}"
        );
        client.notify("initialized", json!({})).await;
        client
    }

    pub(super) async fn command(&mut self, command: &str, arguments: Value) {
        let params = json!({"command": format!("quillon.{command}"), "arguments": arguments});
        let answer = self.ask("workspace/executeCommand", params).await;
        assert_eq!((answer.get("error"), &answer["result"]), (None, &Value::Null), "{answer}");
    }

    /// The next request or notification of this method.
    pub(super) async fn heard(&mut self, method: &str) -> Value {
        self.until(|message| message["method"] == method).await
    }

    pub(super) async fn reply(&mut self, request: &Value, result: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": result})).await;
    }

    /// The chat's file, once this stands in it.
    pub(super) async fn chat_with(&mut self, words: &str) -> String {
        let mut chat = self.chat.clone();
        let found = tokio::time::timeout(TEST_WAIT, chat.wait_for(|text| text.contains(words))).await;
        let Ok(text) = found else { panic!("no `{words}` in {}", *self.chat.borrow()) };
        text.unwrap().clone()
    }

    /// Applies an edit of the chat as an editor does.
    async fn apply(&mut self, uri: &str, version: i32, text: &str) -> String {
        let asked = self.heard("workspace/applyEdit").await;
        let edit = &asked["params"]["edit"]["changes"][uri][0];
        let byte = |place: &str| {
            let at = &edit["range"][place];
            let lines = text.split_inclusive('\n').take(at["line"].as_u64().unwrap() as usize);
            lines.map(str::len).sum::<usize>() + at["character"].as_u64().unwrap() as usize
        };
        let new = edit["newText"].as_str().unwrap();
        let text = format!("{}{new}{}", &text[..byte("start")], &text[byte("end")..]);
        let document = json!({"uri": uri, "version": version});
        let change = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.notify("textDocument/didChange", change).await;
        self.reply(&asked, json!({"applied": true})).await;
        text
    }
}

fn writes() -> Vec<Vec<ModelEvent>> {
    vec![calls("write", json!({"file_path": "b.txt", "content": "new\n"})), says("Done.")]
}

#[tokio::test]
async fn a_prompt_is_answered_in_the_chat_and_shown_as_progress() {
    let mut client = Client::plain(vec![says("Hello.")]).await;
    client.command("ask", json!(["Say hello"])).await;
    let shown = client.heard("window/showDocument").await;
    assert_eq!(shown["params"]["uri"], "file:///state/chats/s1.md");
    client.reply(&shown, json!({"success": true})).await;
    let created = client.heard("window/workDoneProgress/create").await;
    client.reply(&created, Value::Null).await;
    for kind in ["begin", "end"] {
        let progress = client.heard("$/progress").await;
        assert_eq!(progress["params"]["token"], created["params"]["token"]);
        assert_eq!(progress["params"]["value"]["kind"], kind);
    }
    let chat = client.chat_with("Hello.\n\n## You\n\n").await;
    assert_eq!(chat, "## You\n\nSay hello\n\n## Quillon\n\nHello.\n\n## You\n\n");
}

#[tokio::test]
async fn a_lost_dialogue_is_no_answer_and_the_chat_still_asks() {
    for lost in [json!({"result": null}), json!({"error": {"code": -32601, "message": "unknown"}})] {
        let mut client = Client::plain(writes()).await;
        client.command("ask", json!(["go"])).await;
        let dialogue = client.heard("window/showMessageRequest").await;
        assert_eq!(dialogue["params"]["actions"][0]["title"], "No", "{dialogue}");
        let mut answer = json!({"jsonrpc": "2.0", "id": dialogue["id"]});
        answer.as_object_mut().unwrap().extend(lost.as_object().unwrap().clone());
        client.send(answer).await;
        let chat = client.chat_with("### Question q1").await;
        assert!(chat.contains("+new") && chat.contains("- `no`: No\n- `once`: Allow once\n"), "{chat}");
        assert!(!client.path("b.txt").as_path().exists());
        client.command("answer", json!(["q1", "once"])).await;
        client.chat_with("Done.").await;
        assert!(client.path("b.txt").as_path().exists());
    }
}

#[tokio::test]
async fn a_choice_in_the_dialogue_is_the_answer() {
    let mut client = Client::plain(writes()).await;
    client.command("ask", json!(["go"])).await;
    let dialogue = client.heard("window/showMessageRequest").await;
    client.reply(&dialogue, json!({"title": "Allow once"})).await;
    client.chat_with("Done.").await;
    assert!(client.path("b.txt").as_path().exists());
}

#[tokio::test]
async fn a_dialogue_is_withdrawn_when_the_question_is_answered_elsewhere() {
    let mut client = Client::plain(writes()).await;
    client.command("ask", json!(["go"])).await;
    let dialogue = client.heard("window/showMessageRequest").await;
    client.command("answer", json!(["q1", "no", "not that one"])).await;
    let withdrawn = client.heard("$/cancelRequest").await;
    assert_eq!(withdrawn["params"]["id"], dialogue["id"]);
    client.reply(&dialogue, json!({"title": "Allow once"})).await;
    let chat = client.chat_with("Done.").await;
    assert!(chat.contains("(not allowed: not that one)"), "{chat}");
    assert!(!client.path("b.txt").as_path().exists());
    client.command("answer", json!(["q1", "once"])).await;
    let said = client.heard("window/showMessage").await;
    assert!(said["params"]["message"].as_str().unwrap().contains("not open"), "{said}");
}

#[tokio::test]
async fn the_chat_grows_in_the_buffer_and_is_asked_from_it() {
    let mut client = Client::plain(vec![says("Hello."), says("Again.")]).await;
    client.command("ask", json!(["one"])).await;
    let shown = client.heard("window/showDocument").await;
    client.reply(&shown, json!({"success": true})).await;
    let uri = shown["params"]["uri"].as_str().unwrap().to_owned();
    let disk = client.chat_with("Hello.\n\n## You\n\n").await;
    let text = format!("{disk}two \n");
    let document = json!({"uri": uri, "languageId": "markdown", "version": 1, "text": text});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    client.command("ask", json!([])).await;
    // The editor refuses once; nothing of it is lost. The disk has it all the same.
    let refused = client.heard("workspace/applyEdit").await;
    client.reply(&refused, json!({"applied": false, "failureReason": "busy"})).await;
    let (mut text, mut version) = (text, 1);
    while !text.ends_with("Again.\n\n## You\n\n") {
        version += 1;
        if version == 2 {
            // A fresh reason to write, whatever the refused edit held.
            client.command("ask", json!(["three"])).await;
        }
        text = client.apply(&uri, version, &text).await;
        if text.contains("three") {
            break;
        }
    }
    assert!(text.starts_with(&format!("{disk}two\n\n## Quillon\n\nAgain.\n\n## You\n\n")), "{text}");
    assert_eq!(text.matches("two").count(), 1, "{text}");
}

#[tokio::test]
async fn a_turn_is_cancelled_by_a_command() {
    let mut client = Client::plain(Vec::new()).await;
    client.command("ask", json!(["go"])).await;
    let created = client.heard("window/workDoneProgress/create").await;
    client.reply(&created, Value::Null).await;
    client.command("cancel", json!([])).await;
    client.until(|message| message["params"]["value"]["kind"] == "end").await;
    client.chat_with("## Quillon\n\n## You\n\n").await;
}

#[tokio::test]
async fn a_turn_is_cancelled_by_its_progress_and_by_no_other() {
    let mut client = Client::plain(vec![says("Hello.")]).await;
    // Nothing has begun.
    client.notify("window/workDoneProgress/cancel", json!({"token": "quillon-t1"})).await;
    for turn in 1..=2 {
        client.command("ask", json!(["go"])).await;
        let created = client.heard("window/workDoneProgress/create").await;
        assert_eq!(created["params"]["token"], format!("quillon-t{turn}"));
        client.reply(&created, Value::Null).await;
        let begun = client.until(|message| message["params"]["value"]["kind"] == "begin").await;
        assert_eq!(begun["params"]["value"]["cancellable"], true);
        if turn == 1 {
            client.until(|message| message["params"]["value"]["kind"] == "end").await;
        }
    }
    // The first is over, others are not ours; the second goes on.
    for token in [json!("quillon-t1"), json!("t2"), json!("quillon-t22"), json!(2), Value::Null] {
        client.notify("window/workDoneProgress/cancel", json!({"token": token})).await;
    }
    client.notify("window/workDoneProgress/cancel", Value::Null).await;
    client.command("ask", json!(["wait for your turn"])).await;
    client.notify("window/workDoneProgress/cancel", json!({"token": "quillon-t2"})).await;
    client.until(|message| message["params"]["value"]["kind"] == "end").await;
    let chat = client.chat_with("Hello.\n\n## You\n\ngo\n\n## Quillon\n\n## You\n\n").await;
    // It waited behind the second until that was cancelled, and was handed back then.
    assert!(!chat.contains("wait for your turn"), "{chat}");
}

#[tokio::test]
async fn commands_are_for_plain_clients_and_named_well() {
    let mut client = Client::begun(Vec::new()).await;
    let params = json!({"command": "quillon.cancel", "arguments": []});
    let answer = client.ask("workspace/executeCommand", params).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
    let mut client = Client::plain(Vec::new()).await;
    let params = json!({"command": "quillon.answer", "arguments": ["q1"]});
    let answer = client.ask("workspace/executeCommand", params).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn a_plain_client_is_told_nothing_of_agents() {
    let mut client = Client::new(Vec::new());
    let general = json!({"positionEncodings": ["utf-16", "utf-8"]});
    let answer = client.initialize(json!({"general": general})).await;
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-8");
    assert_eq!(answer["capabilities"].get("experimental"), None);
}
