//! Changes to look at in a client that knows LSP only: hints, the old text, code actions.

#![allow(clippy::disallowed_methods, reason = "makes and looks at the files that are changed")]

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Client, calls, says};
use crate::engine::{ModelEvent, Ruling};
use crate::workspace::Outside;

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";
const NEW: &str = "one\n2\nthree\nfour\nfive\n";

impl Client {
    /// A plain client with Markdown and code actions, in which writing is allowed by dialogues.
    async fn hinted(script: Vec<Vec<ModelEvent>>) -> Self {
        Self::hinted_in(Self::new(script)).await
    }

    async fn hinted_in(mut client: Self) -> Self {
        let texts = json!({
            "hover": {"contentFormat": ["markdown"]},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        });
        client.begins(texts).await;
        client
    }

    async fn begins(&mut self, texts: Value) {
        std::fs::write(self.path("a.txt").as_path(), OLD).unwrap();
        let folders = json!([{"uri": self.uri(""), "name": "test"}]);
        let capabilities = json!({"textDocument": texts});
        let params = json!({"processId": null, "workspaceFolders": folders, "capabilities": capabilities});
        let answer = self.ask("initialize", params).await;
        let announced = &answer["result"]["capabilities"];
        assert_eq!(
            (&announced["codeActionProvider"], &announced["hoverProvider"]),
            (&json!(true), &json!(true))
        );
        self.notify("initialized", json!({})).await;
        self.orders("ask", json!(["go"])).await;
    }

    async fn orders(&mut self, command: &str, arguments: Value) {
        let params = json!({"command": format!("quillon.{command}"), "arguments": arguments});
        let answer = self.ask("workspace/executeCommand", params).await;
        assert_eq!(answer["result"], Value::Null, "{answer}");
    }

    /// Says yes to the next question.
    async fn allows(&mut self) {
        let dialogue = self.until(|message| message["method"] == "window/showMessageRequest").await;
        let answer = json!({"jsonrpc": "2.0", "id": dialogue["id"], "result": {"title": "Allow once"}});
        self.send(answer).await;
    }

    /// The next hints of a file that are these: lines and words.
    async fn hints(&mut self, name: &str, expected: Value) {
        let uri = self.uri(name);
        let brief = |message: &Value| {
            let hints = message["params"]["diagnostics"].as_array().unwrap();
            hints
                .iter()
                .map(|hint| json!([hint["range"]["start"]["line"], hint["message"]]))
                .collect::<Value>()
        };
        let is_of = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
        };
        self.until(|message| is_of(message) && brief(message) == expected).await;
    }

    async fn hover(&mut self, name: &str, line: u32) -> Value {
        let params =
            json!({"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": 0}});
        let answer = self.ask("textDocument/hover", params).await;
        assert_eq!(answer.get("error"), None, "{answer}");
        answer["result"].clone()
    }

    async fn actions(&mut self, name: &str, lines: (u32, u32), context: Value) -> Vec<Value> {
        let range = json!({
            "start": {"line": lines.0, "character": 0}, "end": {"line": lines.1, "character": 1},
        });
        let params = json!({"textDocument": {"uri": self.uri(name)}, "range": range, "context": context});
        let answer = self.ask("textDocument/codeAction", params).await;
        assert_eq!(answer.get("error"), None, "{answer}");
        answer["result"].as_array().cloned().unwrap_or_default()
    }

    /// The action with this title on a line.
    async fn action(&mut self, name: &str, line: u32, title: &str) -> Value {
        let actions = self.actions(name, (line, line), json!({"diagnostics": []})).await;
        let found = actions.iter().find(|action| action["title"] == format!("Quillon: {title}"));
        found.unwrap_or_else(|| panic!("no {title} in {actions:?}")).clone()
    }

    async fn executes(&mut self, action: &Value) {
        let command = &action["command"];
        let params = json!({"command": command["command"], "arguments": command["arguments"]});
        let answer = self.ask("workspace/executeCommand", params).await;
        assert_eq!((answer.get("error"), &answer["result"]), (None, &Value::Null), "{answer}");
    }

    async fn takes(&mut self, name: &str, line: u32, title: &str) {
        let action = self.action(name, line, title).await;
        self.executes(&action).await;
    }

    async fn opens(&mut self, name: &str, text: &str) {
        let document = json!({"uri": self.uri(name), "languageId": "text", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    async fn types(&mut self, name: &str, version: i32, text: &str) {
        let document = json!({"uri": self.uri(name), "version": version});
        let change = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.notify("textDocument/didChange", change).await;
    }

    /// Answers the next edit of an open file; what it puts in.
    async fn puts_in(&mut self, name: &str, version: i32, text: &str) -> Value {
        let asked = self.until(|message| message["method"] == "workspace/applyEdit").await;
        self.types(name, version, text).await;
        self.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"applied": true}})).await;
        asked["params"]["edit"]["changes"][self.uri(name)][0]["newText"].clone()
    }

    async fn error_said(&mut self) -> String {
        let is_error =
            |message: &Value| message["method"] == "window/showMessage" && message["params"]["type"] == 1;
        let said = self.until(is_error).await;
        said["params"]["message"].as_str().unwrap().to_owned()
    }

    fn on_disk(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name).as_path()).ok()
    }
}

fn reads() -> Vec<ModelEvent> {
    calls("read", json!({"file_path": "a.txt"}))
}

fn writes(name: &str, content: &str) -> Vec<ModelEvent> {
    calls("write", json!({"file_path": name, "content": content}))
}

fn changed() -> Value {
    json!([[1, "changed by the agent: +1 −1"], [4, "changed by the agent: +0 −1"]])
}

/// A client whose file has two hunks, and which has another one that is new.
async fn two_files() -> Client {
    let mut client =
        Client::hinted(vec![reads(), writes("a.txt", NEW), writes("b.txt", "b\n"), says("Done.")]).await;
    client.allows().await;
    client.hints("a.txt", changed()).await;
    client.allows().await;
    client.hints("b.txt", json!([[0, "by the agent: created (+1 −0)"]])).await;
    client
}

#[tokio::test]
async fn hunks_are_hints_with_the_old_text_beside_the_cursor() {
    let mut client = two_files().await;
    let hover = client.hover("a.txt", 1).await;
    assert_eq!(hover["contents"]["kind"], "markdown");
    assert_eq!(hover["contents"]["value"], "changed by the agent: +1 −1; before:\n\n```\ntwo\n```\n");
    let deleted = client.hover("a.txt", 4).await;
    assert_eq!(deleted["contents"]["value"], "changed by the agent: +0 −1; before:\n\n```\nsix\n```\n");
    let new = client.hover("b.txt", 0).await;
    assert_eq!(new["contents"]["value"], "by the agent: created (+1 −0)");
    assert_eq!(client.hover("b.txt", 1).await, Value::Null);
    // Elsewhere others have the word.
    assert_eq!(client.hover("a.txt", 0).await, Value::Null);
    assert_eq!(client.hover("c.txt", 0).await, Value::Null);
}

#[tokio::test]
async fn hints_follow_what_others_do_to_the_file() {
    let script = vec![reads(), writes("a.txt", NEW), says("Done.")];
    let client = Client::with(
        script,
        Some(Outside::default()),
        Arc::new(|_: &crate::path::AbsPath| Ruling::default()),
    );
    let mut client = Client::hinted_in(client).await;
    client.allows().await;
    client.hints("a.txt", changed()).await;
    std::fs::write(client.path("a.txt").as_path(), format!("by another\n{NEW}")).unwrap();
    client
        .hints("a.txt", json!([[2, "changed by the agent: +1 −1"], [5, "changed by the agent: +0 −1"]]))
        .await;
}

#[tokio::test]
async fn actions_stand_on_hunks_alone_and_name_what_they_do() {
    let mut client = two_files().await;
    let all = json!({"diagnostics": []});
    let titles = |actions: &[Value]| -> Vec<String> {
        actions.iter().map(|action| action["title"].as_str().unwrap().to_owned()).collect()
    };
    let here = client.actions("a.txt", (1, 1), all.clone()).await;
    let wider = [
        "Quillon: keep all changes of this file",
        "Quillon: undo all changes of this file",
        "Quillon: keep all changes",
        "Quillon: undo all changes",
    ];
    let one = ["Quillon: keep this change", "Quillon: undo this change"];
    assert_eq!(titles(&here), [&one[..], &wider[..]].concat());
    assert_eq!(here[0]["diagnostics"][0]["source"], "quillon");
    assert_eq!(here[0]["diagnostics"][0]["severity"], 4);
    let both = titles(&client.actions("a.txt", (0, 5), all.clone()).await);
    assert_eq!(both[1], "Quillon: undo this change (line 2, +1 −1)");
    assert_eq!((both[2].as_str(), both.len()), ("Quillon: keep this change (line 5, +0 −1)", 8));
    assert_eq!(client.actions("a.txt", (0, 0), all.clone()).await, Vec::<Value>::new());
    assert_eq!(client.actions("c.txt", (0, 0), all.clone()).await, Vec::<Value>::new());
    let created = titles(&client.actions("b.txt", (1, 1), all.clone()).await);
    assert_eq!(
        created[..2],
        ["Quillon: keep the creation of this file", "Quillon: undo the creation of this file"]
    );
    let saving = json!({"diagnostics": [], "only": ["source.fixAll"]});
    assert_eq!(client.actions("a.txt", (1, 1), saving).await, Vec::<Value>::new());
}

#[tokio::test]
async fn hunks_are_kept_and_undone_one_by_one_and_their_hints_go() {
    let mut client = two_files().await;
    client.takes("a.txt", 1, "keep this change").await;
    client.hints("a.txt", json!([[4, "changed by the agent: +0 −1"]])).await;
    assert_eq!(client.hover("a.txt", 1).await, Value::Null);
    client.takes("a.txt", 4, "undo this change").await;
    client.hints("a.txt", json!([])).await;
    assert_eq!(client.on_disk("a.txt").unwrap(), "one\n2\nthree\nfour\nfive\nsix\n");
    assert_eq!(client.on_disk("b.txt").unwrap(), "b\n");
}

#[tokio::test]
async fn files_and_all_are_kept_and_undone() {
    let mut client = two_files().await;
    client.takes("a.txt", 1, "undo all changes of this file").await;
    client.hints("a.txt", json!([])).await;
    assert_eq!(
        (client.on_disk("a.txt").unwrap(), client.on_disk("b.txt").unwrap()),
        (OLD.into(), "b\n".into())
    );

    let mut client = two_files().await;
    client.takes("b.txt", 0, "undo all changes").await;
    client.hints("a.txt", json!([])).await;
    assert_eq!((client.on_disk("a.txt").unwrap(), client.on_disk("b.txt")), (OLD.into(), None));

    let mut client = two_files().await;
    client.orders("review", json!(["keep"])).await;
    client.hints("a.txt", json!([])).await;
    client.hints("b.txt", json!([])).await;
    assert_eq!(
        (client.on_disk("a.txt").unwrap(), client.on_disk("b.txt").unwrap()),
        (NEW.into(), "b\n".into())
    );
}

#[tokio::test]
async fn an_open_file_is_undone_through_the_editor_beside_what_is_typed() {
    let mut client = Client::hinted(vec![reads(), writes("a.txt", NEW), says("Done.")]).await;
    client.opens("a.txt", OLD).await;
    client.allows().await;
    assert_eq!(client.puts_in("a.txt", 2, NEW).await, "2\n");
    client.hints("a.txt", changed()).await;
    let typed = format!("zero\n{NEW}");
    client.types("a.txt", 3, &typed).await;
    client
        .hints("a.txt", json!([[2, "changed by the agent: +1 −1"], [5, "changed by the agent: +0 −1"]]))
        .await;
    client.takes("a.txt", 2, "undo this change").await;
    assert_eq!(client.puts_in("a.txt", 4, "zero\none\ntwo\nthree\nfour\nfive\n").await, "two\n");
    client.hints("a.txt", json!([[5, "changed by the agent: +0 −1"]])).await;
    // The disk is the editor's to write.
    assert_eq!(client.on_disk("a.txt").unwrap(), OLD);
    // The editor's own undo brings the change back.
    client.types("a.txt", 5, &typed).await;
    client
        .hints("a.txt", json!([[2, "changed by the agent: +1 −1"], [5, "changed by the agent: +0 −1"]]))
        .await;
    // An undo that the editor refuses is told.
    client.takes("a.txt", 2, "undo this change").await;
    let asked = client.until(|message| message["method"] == "workspace/applyEdit").await;
    let refused = json!({"applied": false, "failureReason": "locked"});
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": refused})).await;
    let said = client.error_said().await;
    assert!(said.starts_with("a.txt: ") && said.contains("locked"), "{said}");
}

#[tokio::test]
async fn changes_are_looked_at_while_the_turn_runs() {
    // Behind the second call the model says nothing for ever.
    let mut client = Client::hinted(vec![reads(), writes("a.txt", NEW)]).await;
    client.allows().await;
    client.hints("a.txt", changed()).await;
    client.takes("a.txt", 1, "undo this change").await;
    client.hints("a.txt", json!([[4, "changed by the agent: +0 −1"]])).await;
    assert_eq!(client.on_disk("a.txt").unwrap(), "one\ntwo\nthree\nfour\nfive\n");
    client.orders("cancel", json!([])).await;
}

#[tokio::test]
async fn what_was_not_seen_is_not_decided() {
    let mut client = two_files().await;
    let (one, all) = (
        client.action("a.txt", 1, "undo this change").await,
        client.action("a.txt", 1, "undo all changes").await,
    );
    std::fs::write(client.path("a.txt").as_path(), format!("{NEW}seven\n")).unwrap();
    for action in [&one, &all] {
        client.executes(action).await;
        let said = client.error_said().await;
        assert!(said.contains("look at them again"), "{said}");
    }
    assert_eq!(client.on_disk("a.txt").unwrap(), format!("{NEW}seven\n"));
    assert_eq!(client.on_disk("b.txt").unwrap(), "b\n");
    client.orders("review", json!(["undo", client.uri("c.txt")])).await;
    assert!(client.error_said().await.contains("no change"));
}

#[tokio::test]
async fn what_the_user_typed_in_a_change_is_named() {
    let mut client = two_files().await;
    client.opens("a.txt", NEW).await;
    client.types("a.txt", 2, &NEW.replace("2\n", "2!\n")).await;
    let mixed = json!([
        [1, "changed by the agent: +1 −1 (you have typed in it)"],
        [4, "changed by the agent: +0 −1"],
    ]);
    client.hints("a.txt", mixed).await;
    client.action("a.txt", 1, "undo this change, also what you typed in it").await;
    client.action("a.txt", 4, "undo this change").await;
    client.opens("b.txt", "b\n").await;
    client.types("b.txt", 2, "b\nmine\n").await;
    client.hints("b.txt", json!([[0, "by the agent: created (+2 −0) (you have typed in it)"]])).await;
    client.action("b.txt", 1, "undo the creation of this file, also what you typed in it").await;
}

#[tokio::test]
async fn new_lines_and_deleted_files_are_named() {
    let edit = json!({"file_path": "a.txt", "old_string": "two\n", "new_string": "two\n```\nnew\n"});
    let mut client = Client::hinted(vec![reads(), calls("edit", edit), says("Done.")]).await;
    client.allows().await;
    client.hints("a.txt", json!([[2, "changed by the agent: +2 −0"]])).await;
    let hover = client.hover("a.txt", 3).await;
    assert_eq!(hover["contents"]["value"], "changed by the agent: +2 −0; new lines");

    let patch = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
    let delete = calls("apply_patch", json!({"input": patch}));
    let mut client = Client::hinted(vec![reads(), delete, says("Done.")]).await;
    client.allows().await;
    client.hints("a.txt", json!([[0, "by the agent: deleted (+0 −6)"]])).await;
    let hover = client.hover("a.txt", 0).await;
    assert_eq!(
        hover["contents"]["value"],
        format!("by the agent: deleted (+0 −6); before:\n\n```\n{OLD}```\n")
    );
    client.takes("a.txt", 0, "undo the deletion of this file").await;
    client.hints("a.txt", json!([])).await;
    assert_eq!(client.on_disk("a.txt").unwrap(), OLD);
}

#[tokio::test]
async fn a_client_with_commands_and_plain_text_alone_gets_those() {
    let mut client = Client::new(vec![reads(), writes("a.txt", NEW), says("Done.")]);
    client.begins(json!({})).await;
    client.allows().await;
    client.hints("a.txt", changed()).await;
    let actions = client.actions("a.txt", (1, 1), json!({"diagnostics": []})).await;
    assert_eq!(
        (&actions[1]["title"], &actions[1]["command"]),
        (&json!("Quillon: undo this change"), &json!("quillon.review"))
    );
    let hover = client.hover("a.txt", 1).await;
    let text = "changed by the agent: +1 −1; before:\n\ntwo\n";
    assert_eq!(hover["contents"], json!({"kind": "plaintext", "value": text}));
    client.executes(&json!({"command": actions[1]})).await;
    client.hints("a.txt", json!([[4, "changed by the agent: +0 −1"]])).await;
}

#[tokio::test]
async fn a_client_that_speaks_the_protocol_has_none_of_this() {
    let mut client = Client::new(Vec::new());
    let agent = json!({"experimental": {"agent": {"version": 1}}});
    let answer = client.initialize(agent).await;
    for provider in ["codeActionProvider", "hoverProvider"] {
        assert_eq!(answer["capabilities"].get(provider), None, "{answer}");
    }
    let params = json!({"textDocument": {"uri": client.uri("a.txt")}, "range": {}, "context": {}});
    assert_eq!(client.ask("textDocument/codeAction", params).await["error"]["code"], -32601);
}
