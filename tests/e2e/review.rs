//! `quillon lsp` as a client uses it to look at changes, to keep and undo them, and to go back.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::wire::Wire;

const A: &str = "1\n2\n3\n4\n5\n6\n";
const B: &str = "hello\n";

/// Two files are edited, then a third turn never ends.
const EDITS: &str = r#"call edit {"file_path": "a.txt", "old_string": "2\n", "new_string": "two\n"}
call edit {"file_path": "a.txt", "old_string": "5\n", "new_string": "five\n"}
call edit {"file_path": "b.txt", "old_string": "hello", "new_string": "good morning"}
done
say Done.
done
call write {"file_path": "c.txt", "content": "new\n"}
done
say Done.
done
wait
"#;

/// A client, its session, and the folder that the session works in.
struct Client {
    wire: Wire,
    folder: PathBuf,
    session: String,
}

impl Client {
    /// With the first turn behind it.
    async fn new() -> Self {
        let mut wire = Wire::ready(EDITS).await;
        let folder = wire.folder.path().canonicalize().unwrap().join("w");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.txt"), A).unwrap();
        std::fs::write(folder.join("b.txt"), B).unwrap();
        let session = wire.turn(&folder).await;
        let mut client = Self { wire, folder, session };
        client.event("turnEnded").await;
        client
    }

    async fn turn(&mut self, name: &str) {
        let content = json!([{ "type": "text", "text": name }]);
        let prompt = json!({ "sessionId": self.session, "promptId": name, "content": content });
        let begun = self.wire.ask("agent/prompt", prompt).await;
        assert_eq!(begun["result"]["state"], "started", "{begun}");
    }

    async fn event(&mut self, kind: &str) -> Value {
        let event = self.wire.until(|message| message["params"]["event"]["type"] == kind).await;
        event["params"]["event"].clone()
    }

    /// Asks for something of the session.
    async fn ask(&mut self, method: &str, mut params: Value) -> Value {
        params["sessionId"] = json!(self.session);
        self.wire.ask(method, params).await
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder.display())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_else(|error| error.to_string())
    }

    /// What is to be looked at: the list, and each file.
    async fn reviews(&mut self) -> Vec<Value> {
        let list = self.ask("agent/review/list", json!({})).await;
        let mut all = vec![list["result"]["files"].clone()];
        for file in list["result"]["files"].as_array().unwrap_or_else(|| panic!("{list}")) {
            let review = self.ask("agent/review/file", json!({ "uri": file["uri"] })).await["result"].clone();
            assert_eq!(review["file"], *file);
            all.push(review);
        }
        all
    }

    async fn file(&mut self, name: &str) -> Value {
        let uri = self.uri(name);
        self.ask("agent/review/file", json!({ "uri": uri })).await["result"].clone()
    }

    /// The states of verdicts on hunks: file, version, hunk, decision.
    async fn decide(&mut self, name: &str, version: &Value, hunk: &Value, decision: &str) -> Value {
        let item = json!({
            "uri": self.uri(name), "version": version, "hunkId": hunk["hunkId"], "decision": decision,
        });
        self.ask("agent/review/decide", json!({ "items": [item] })).await["result"]["items"][0].clone()
    }
}

fn texts(hunk: &Value) -> (&str, &str) {
    (hunk["oldText"].as_str().unwrap(), hunk["newText"].as_str().unwrap())
}

#[tokio::test]
async fn hunks_are_kept_and_undone_also_after_a_kill() {
    let mut client = Client::new().await;
    let before = client.reviews().await;
    let files = before[0].as_array().unwrap();
    let names: Vec<&Value> = files.iter().map(|file| &file["uri"]).collect();
    assert_eq!(names, [&json!(client.uri("a.txt")), &json!(client.uri("b.txt"))]);
    assert_eq!(
        (&files[0]["hunks"], &files[0]["added"], &files[0]["turns"]),
        (&json!(2), &json!(2), &json!(["t1"]))
    );
    let a = &before[1];
    assert_eq!(a["baseline"], A);
    assert_eq!(texts(&a["hunks"][0]), ("2\n", "two\n"));
    assert_eq!(a["hunks"][1]["new"], json!({ "start": 4, "end": 5 }));

    client.wire = client.wire.killed_and_started_again().await;
    assert_eq!(client.reviews().await, before, "the review survives");
    client.ask("agent/session/attach", json!({ "after": 0 })).await;

    let (seen, second) = (&a["file"]["version"], &a["hunks"][1]);
    assert_eq!(client.decide("a.txt", seen, &a["hunks"][0], "keep").await["state"], "done");
    assert_eq!(client.event("reviewed").await["uri"], client.uri("a.txt"));
    assert_eq!(client.text("a.txt"), "1\ntwo\n3\n4\nfive\n6\n");
    assert_eq!(client.decide("a.txt", seen, &a["hunks"][0], "keep").await["state"], "stale");

    // The user types outside of the hunk: it is the same one, in another text.
    std::fs::write(client.folder.join("a.txt"), "0\n1\ntwo\n3\n4\nfive\n6\n").unwrap();
    assert_eq!(client.decide("a.txt", seen, second, "undo").await["state"], "stale");
    let now = client.file("a.txt").await;
    assert_eq!((&now["hunks"][0]["hunkId"], &now["hunks"][0]["mixed"]), (&second["hunkId"], &json!(false)));
    assert_eq!(client.decide("a.txt", &now["file"]["version"], second, "undo").await["state"], "done");
    let touched = client.event("fileTouched").await;
    assert_eq!((&touched["uri"], &touched["callId"]), (&json!(client.uri("a.txt")), &Value::Null));
    assert_eq!(client.text("a.txt"), "0\n1\ntwo\n3\n4\n5\n6\n");
    assert_eq!(client.file("a.txt").await, json!({ "hunks": [] }));

    // Inside of it: that is to be seen before it is undone.
    std::fs::write(client.folder.join("b.txt"), "good morning!\n").unwrap();
    let b = client.file("b.txt").await;
    assert_eq!((texts(&b["hunks"][0]), &b["hunks"][0]["mixed"]), ((B, "good morning!\n"), &json!(true)));
    let all = json!({ "items": [{ "uri": client.uri("b.txt"), "decision": "undo" }] });
    assert_eq!(client.ask("agent/review/decide", all).await["result"]["items"], json!([{ "state": "done" }]));
    assert_eq!(client.text("b.txt"), B);
    assert_eq!(client.reviews().await, [json!([])]);
}

#[tokio::test]
async fn the_way_back_and_the_way_back_from_that() {
    let mut client = Client::new().await;
    let edited = client.text("a.txt");
    client.turn("second").await;
    client.event("turnEnded").await;
    let list = client.ask("agent/checkpoint/list", json!({})).await["result"]["checkpoints"].clone();
    let points: Vec<_> = list.as_array().unwrap().iter().map(|one| (&one["turnId"], &one["files"])).collect();
    assert_eq!(points, [(&json!("t1"), &json!(2)), (&json!("t2"), &json!(1))]);
    assert_eq!(list[1]["content"][0]["text"], "second");

    let preview = client.ask("agent/checkpoint/preview", json!({ "turnId": "t2" })).await["result"].clone();
    let shown = &preview["files"][0];
    assert_eq!((&shown["uri"], &shown["change"]), (&json!(client.uri("c.txt")), &json!("deleted")));
    assert!(shown["diff"].as_str().unwrap().contains("\n-new\n"), "{preview}");
    assert_eq!(preview["files"].as_array().unwrap().len(), 1);
    assert_eq!(client.text("c.txt"), "new\n");

    // The user goes on: what was typed stays, and is named where it cannot be told apart.
    std::fs::write(client.folder.join("a.txt"), format!("{edited}7\n")).unwrap();
    std::fs::write(client.folder.join("b.txt"), "good morning!\n").unwrap();
    let back = json!({ "turnId": "t1", "files": true, "conversation": true });
    let restored = client.ask("agent/checkpoint/restore", back.clone()).await["result"].clone();
    assert_eq!(restored["files"], json!([client.uri("a.txt"), client.uri("c.txt")]));
    assert_eq!(restored["left"][0]["uri"], client.uri("b.txt"));
    assert_eq!(restored["prompt"], json!([{ "type": "text", "text": "go" }]));
    let fact = client.event("restored").await;
    assert_eq!((&fact["restoreId"], &fact["turnId"]), (&restored["restoreId"], &json!("t1")));
    assert_eq!(client.text("a.txt"), format!("{A}7\n"));
    assert_eq!(client.text("b.txt"), "good morning!\n");
    assert!(!client.folder.join("c.txt").exists());
    assert_eq!(client.ask("agent/checkpoint/list", json!({})).await["result"]["checkpoints"], json!([]));
    let gone = client.ask("agent/checkpoint/restore", back).await;
    assert_eq!(gone["error"]["data"]["kind"], "valueUnknown", "{gone}");

    client.wire = client.wire.killed_and_started_again().await;
    let undo = json!({ "restoreId": restored["restoreId"], "files": true, "conversation": true });
    let undone = client.ask("agent/checkpoint/restore", undo).await["result"].clone();
    assert_eq!(undone["left"], json!([]), "{undone}");
    assert_eq!((client.text("a.txt"), client.text("c.txt")), (format!("{edited}7\n"), "new\n".to_owned()));
    assert_eq!(client.ask("agent/checkpoint/list", json!({})).await["result"]["checkpoints"], list);
}

#[tokio::test]
async fn verdicts_are_taken_while_a_turn_runs_and_ways_back_are_not() {
    let mut client = Client::new().await;
    client.turn("second").await;
    client.event("turnEnded").await;
    client.turn("third").await;
    let a = client.file("a.txt").await;
    assert_eq!(client.decide("a.txt", &a["file"]["version"], &a["hunks"][0], "undo").await["state"], "done");
    assert_eq!(client.text("a.txt"), "1\n2\n3\n4\nfive\n6\n");
    let back = json!({ "turnId": "t1", "files": true, "conversation": false });
    let refused = client.ask("agent/checkpoint/restore", back.clone()).await;
    assert_eq!(refused["error"]["data"], json!({ "kind": "busy" }), "{refused}");
    assert_eq!(client.text("a.txt"), "1\n2\n3\n4\nfive\n6\n");

    client.ask("agent/cancel", json!({})).await;
    client.wire.until(|message| message["params"]["event"]["reason"] == "cancelled").await;
    let restored = client.ask("agent/checkpoint/restore", back).await;
    assert_eq!(restored["result"]["left"], json!([]), "{restored}");
    assert_eq!((client.text("a.txt"), client.text("b.txt")), (A.to_owned(), B.to_owned()));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let mut client = Client::new().await;
    let uri = client.uri("a.txt");
    let item = |more: Value| {
        let mut item = json!({ "uri": uri, "decision": "keep" });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "items": [item] })
    };
    let cases = [
        ("agent/review/decide", item(json!({ "hunkId": "h", "turnId": "t1" })), json!(-32602)),
        ("agent/review/decide", item(json!({ "version": "short" })), json!(-32602)),
        ("agent/review/decide", item(json!({ "uri": "https://a" })), json!(-32602)),
        ("agent/review/decide", item(json!({ "decision": "postpone" })), json!(1012)),
        ("agent/review/file", json!({ "uri": "a.txt" }), json!(-32602)),
        ("agent/checkpoint/preview", json!({}), json!(-32602)),
        ("agent/checkpoint/preview", json!({ "turnId": "t1", "restoreId": "r1" }), json!(-32602)),
        ("agent/checkpoint/preview", json!({ "turnId": "t9" }), json!(1012)),
        ("agent/checkpoint/preview", json!({ "restoreId": "r9" }), json!(1012)),
        (
            "agent/checkpoint/restore",
            json!({ "turnId": "t1", "files": false, "conversation": false }),
            json!(-32602),
        ),
    ];
    for (method, params, code) in cases {
        let answer = client.ask(method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
    }
    let none = client.decide("none.txt", &Value::Null, &json!({ "hunkId": "h" }), "undo").await;
    assert_eq!(none["state"], "stale", "a file that the session has not changed");
    assert_eq!(client.text("a.txt"), "1\ntwo\n3\n4\nfive\n6\n");
}

#[tokio::test]
async fn a_session_of_another_process_is_not_looked_at_from_here() {
    let client = Client::new().await;
    let mut other = client.wire.beside().await;
    for method in ["agent/review/list", "agent/checkpoint/list"] {
        let answer = other.ask(method, json!({ "sessionId": client.session })).await;
        assert_eq!(answer["error"]["data"]["kind"], "busy", "{answer}");
        assert!(answer["error"]["data"]["holder"].is_string(), "{answer}");
    }
}
