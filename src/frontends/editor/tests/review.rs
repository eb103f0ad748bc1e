//! A hunk of a file that is open in the editor, with changes that are not on the disk.

use serde_json::{Value, json};

use super::{Client, calls, says};
use crate::text::Hash;

const DISK: &str = "on the disk\n";

/// A client whose buffer the agent has edited and in which the user has typed since.
async fn edited() -> Client {
    let input = json!({"file_path": "a.txt", "old_string": "two", "new_string": "2"});
    let mut client = Client::begun(vec![
        calls("read", json!({"file_path": "a.txt"})),
        calls("edit", input),
        says("Done."),
    ])
    .await;
    #[allow(clippy::disallowed_methods, reason = "makes the file that is open")]
    std::fs::write(client.path("a.txt").as_path(), DISK).unwrap();
    let document =
        json!({"uri": client.uri("a.txt"), "languageId": "text", "version": 1, "text": "one\ntwo\n"});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    client.session().await;
    client.ask("agent/config/set", json!({"sessionId": "s1", "option": "mode", "value": "edit"})).await;
    client.prompt("p1").await;
    let apply = client.asked_to_apply().await;
    client.now_reads(2, "one\n2\n").await;
    client.applied(&apply).await;
    client.event("turnEnded").await;
    client.now_reads(3, "zero\none\n2\n").await;
    client
}

impl Client {
    /// The next edit that the editor is asked for.
    async fn asked_to_apply(&mut self) -> Value {
        self.until(|message| message["method"] == "agent/buffers/apply").await
    }

    /// The whole text of the buffer is another one.
    async fn now_reads(&mut self, version: i32, text: &str) {
        let document = json!({"uri": self.uri("a.txt"), "version": version});
        let change = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.notify("textDocument/didChange", change).await;
    }

    async fn applied(&mut self, apply: &Value) {
        let files = json!([{"uri": self.uri("a.txt"), "applied": true}]);
        self.send(json!({"jsonrpc": "2.0", "id": apply["id"], "result": {"files": files}})).await;
    }

    async fn review(&mut self) -> Value {
        let params = json!({"sessionId": "s1", "uri": self.uri("a.txt")});
        self.ask("agent/review/file", params).await["result"].clone()
    }

    /// Asks to undo the only hunk; the edit that comes of it, and the id of the open request.
    async fn undo(&mut self) -> (Value, i64) {
        let review = self.review().await;
        let item = json!({
            "uri": self.uri("a.txt"), "version": review["file"]["version"],
            "hunkId": review["hunks"][0]["hunkId"], "decision": "undo",
        });
        self.next += 1;
        let params = json!({"sessionId": "s1", "items": [item]});
        let decide =
            json!({"jsonrpc": "2.0", "id": self.next, "method": "agent/review/decide", "params": params});
        self.send(decide).await;
        (self.asked_to_apply().await, self.next)
    }

    async fn decided(&mut self, id: i64) -> Value {
        let answer = self.until(|message| message["id"] == id && message.get("method").is_none()).await;
        answer["result"]["items"][0].clone()
    }

    fn disk(&self) -> String {
        #[allow(clippy::disallowed_methods, reason = "looks at the file that is open")]
        std::fs::read_to_string(self.path("a.txt").as_path()).unwrap()
    }
}

#[tokio::test]
async fn undo_of_a_hunk_goes_through_the_editor_and_never_to_the_disk() {
    let mut client = edited().await;
    let review = client.review().await;
    assert_eq!(review["baseline"], "zero\none\ntwo\n");
    assert_eq!(review["file"]["version"], Hash::of(b"zero\none\n2\n").to_string());
    assert_eq!(
        (&review["hunks"][0]["oldText"], &review["hunks"][0]["newText"]),
        (&json!("two\n"), &json!("2\n"))
    );

    let (apply, request) = client.undo().await;
    let edits = &apply["params"]["edits"];
    assert_eq!(edits.as_array().unwrap().len(), 1, "{apply}");
    assert_eq!((&edits[0]["version"], &edits[0]["save"]), (&json!(3), &json!(false)));
    assert_eq!(edits[0]["baseHash"], review["file"]["version"]);
    let range = json!({"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 0}});
    assert_eq!(edits[0]["edits"], json!([{"range": range, "newText": "two\n"}]), "{apply}");
    client.now_reads(4, "zero\none\ntwo\n").await;
    client.applied(&apply).await;
    assert_eq!(client.decided(request).await, json!({"state": "done"}));
    assert_eq!(client.review().await, json!({"hunks": []}));
    assert_eq!(client.disk(), DISK);

    // The editor's own undo brings the change back, and it is to be looked at again.
    client.now_reads(5, "zero\none\n2\n").await;
    assert_eq!(client.review().await["hunks"], review["hunks"]);
}

#[tokio::test]
async fn an_undo_that_the_editor_refuses_has_failed() {
    let mut client = edited().await;
    let (apply, request) = client.undo().await;
    let files = json!([{"uri": client.uri("a.txt"), "applied": false, "error": "locked"}]);
    client.send(json!({"jsonrpc": "2.0", "id": apply["id"], "result": {"files": files}})).await;
    let decided = client.decided(request).await;
    assert_eq!(decided["state"], "failed");
    assert!(decided["error"].as_str().unwrap().contains("locked"), "{decided}");
    // The change is still there to be looked at.
    assert_eq!(client.review().await["hunks"][0]["newText"], "2\n");
    assert_eq!(client.disk(), DISK);
}

#[tokio::test]
async fn an_edit_that_went_with_an_unsaved_buffer_is_nothing_to_look_at() {
    let mut client = edited().await;
    let list = json!({"sessionId": "s1"});
    let listed = client.ask("agent/review/list", list.clone()).await;
    assert_eq!(listed["result"]["files"][0]["hunks"], 1, "{listed}");
    let closed = json!({"textDocument": {"uri": client.uri("a.txt")}});
    client.notify("textDocument/didClose", closed).await;
    let listed = client.ask("agent/review/list", list).await;
    assert_eq!(listed["result"]["files"], json!([]), "{listed}");
}

#[tokio::test]
async fn a_deleted_file_comes_back_though_the_user_typed_in_its_buffer() {
    let patch = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
    let script = vec![
        calls("read", json!({"file_path": "a.txt"})),
        calls("apply_patch", json!({"input": patch})),
        says("Done."),
    ];
    let mut client = Client::begun(script).await;
    let path = client.path("a.txt");
    #[allow(clippy::disallowed_methods, reason = "makes the file that is open")]
    std::fs::write(path.as_path(), DISK).unwrap();
    let file = client.uri("a.txt");
    let document = json!({"uri": file, "languageId": "text", "version": 1, "text": DISK});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    client.session().await;
    client.ask("agent/config/set", json!({"sessionId": "s1", "option": "mode", "value": "edit"})).await;
    client.prompt("p1").await;
    client.event("turnEnded").await;
    assert!(crate::workspace::is_gone(&path));
    let change =
        json!({"textDocument": {"uri": file, "version": 2}, "contentChanges": [{"text": "typed\n"}]});
    client.notify("textDocument/didChange", change).await;
    let listed = client.ask("agent/review/list", json!({"sessionId": "s1"})).await;
    assert_eq!(listed["result"]["files"][0]["change"], "deleted", "{listed}");
    let undo = json!({"sessionId": "s1", "items": [{"uri": file, "decision": "undo"}]});
    let decided = client.ask("agent/review/decide", undo).await;
    assert_eq!(decided["result"]["items"][0]["state"], "done", "{decided}");
    assert_eq!(crate::workspace::on_disk(&path).unwrap(), DISK.as_bytes());
}
