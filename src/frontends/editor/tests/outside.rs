//! What others do to files: the user in the editor, a formatter on saving, other programs.

#![allow(clippy::disallowed_methods, reason = "does what other programs do")]

use super::*;
use crate::engine::RulesFor;
use crate::policy::{Layer, LayerKind, Rules};
use crate::text::Hash;

const TEXT: &str = "one\ntwo\nthree\n";
const EDITED: &str = "one\n2( )\nthree\n";
/// Turns within which the system tells of a change for sure: together they take seconds.
const TURNS_MAX: usize = 3000;
const FORMATTED: &str = "one\n2()\nthree\n";

impl Client {
    /// A client whose sessions hear of what happens outside, in mode `edit`.
    async fn watching(name: &str, script: Vec<Vec<ModelEvent>>) -> Self {
        Self::under(name, script, Arc::new(|_: &AbsPath| Ruling::default())).await
    }

    async fn under(name: &str, script: Vec<Vec<ModelEvent>>, rules: RulesFor) -> Self {
        let mut client = Self::with(script, Some(Outside::default()), rules);
        let agent = json!({"version": 1, "buffers": {"apply": true}});
        let capabilities = json!({"experimental": {"agent": agent}});
        let params = json!({"processId": null, "clientInfo": {"name": name}, "capabilities": capabilities});
        let answer = client.ask("initialize", params).await;
        let sync = &answer["result"]["capabilities"]["textDocumentSync"];
        assert_eq!(sync["willSave"] == true, name == "Neovim", "{sync}");
        client.notify("initialized", json!({})).await;
        client
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name).as_path(), text).unwrap();
    }

    async fn turn(&mut self, id: &str) {
        self.prompt(id).await;
        self.event("turnEnded").await;
    }

    async fn in_mode_edit(&mut self) {
        self.session().await;
        let set = json!({"sessionId": "s1", "option": "mode", "value": "edit"});
        self.ask("agent/config/set", set).await;
    }

    async fn open(&mut self, text: &str) {
        let document = json!({"uri": self.uri("a.txt"), "languageId": "text", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    /// The text of `a.txt` becomes another one in the editor.
    async fn typed(&mut self, version: i32, text: &str) {
        let document = json!({"uri": self.uri("a.txt"), "version": version});
        let change = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        self.notify("textDocument/didChange", change).await;
    }

    async fn will_save(&mut self) {
        let params = json!({"textDocument": {"uri": self.uri("a.txt")}, "reason": 1});
        self.notify("textDocument/willSave", params).await;
    }

    async fn did_save(&mut self, text: &str) {
        self.put("a.txt", text);
        let params = json!({"textDocument": {"uri": self.uri("a.txt")}});
        self.notify("textDocument/didSave", params).await;
    }

    /// Whether the user has a hand in each change of `a.txt` that is to be looked at; and the baseline.
    async fn mixed(&mut self) -> (Vec<bool>, Value) {
        let params = json!({"sessionId": "s1", "uri": self.uri("a.txt")});
        let review = self.ask("agent/review/file", params).await["result"].clone();
        let hunks = review["hunks"].as_array().unwrap().iter();
        (hunks.map(|hunk| hunk["mixed"] == true).collect(), review["baseline"].clone())
    }

    /// How many facts there are of a formatter.
    async fn formattings(&mut self) -> usize {
        let all = self.ask("agent/session/attach", json!({"sessionId": "s1"})).await;
        let events = all["result"]["events"].as_array().unwrap();
        events.iter().filter(|event| event["event"]["type"] == "fileSettled").count()
    }
}

fn edit(name: &str, old: &str, new: &str) -> Vec<ModelEvent> {
    calls("edit", json!({"file_path": name, "old_string": old, "new_string": new}))
}

#[tokio::test]
async fn what_others_do_is_told_and_what_we_do_is_not() {
    let read = calls("read", json!({"file_path": "known.txt"}));
    let mut script = vec![
        edit("a.txt", "two", "2"),
        edit("b.txt", "two", "2"),
        read,
        says("Done."),
        edit("a.txt", "three", "3"),
    ];
    script.resize(script.len() + TURNS_MAX, says("Done."));
    let mut client = Client::watching("test", script).await;
    ["a.txt", "b.txt", "known.txt"].iter().for_each(|name| client.put(name, TEXT));
    client.in_mode_edit().await;
    client.turn("p1").await;
    client.put("known.txt", "other\n");
    client.put("b.txt", "one\n2\nthree, by another\n");
    assert_eq!(client.event("fileChanged").await["event"]["uri"], client.uri("b.txt"));
    client.turn("p2").await;
    let of_files = |message: &Value| {
        let text = message["params"]["event"]["text"].as_str().unwrap_or_default();
        let names = text.starts_with("Changed since") && text.contains("known.txt");
        message["params"]["event"]["type"] == "reminded" && names
    };
    // What was told of `b.txt` may have been looked at before it was told of `known.txt`; the model hears of that
    // before a later step then.
    for turn in 3..TURNS_MAX {
        if client.seen.iter().any(of_files) {
            break;
        }
        client.turn(&format!("p{turn}")).await;
    }
    let reminded = client.until(of_files).await;
    let text = reminded["params"]["event"]["text"].as_str().unwrap();
    assert!(!text.contains("a.txt"), "{text}");
    // The last of the agent's edits lies between two changes by others.
    client.put("b.txt", "gone\n");
    assert_eq!(client.event("fileChanged").await["event"]["uri"], client.uri("b.txt"));
    std::fs::remove_file(client.path("a.txt").as_path()).unwrap();
    let told = client.event("fileChanged").await;
    assert_eq!((&told["event"]["uri"], &told["seq"]), (&json!(client.uri("a.txt")), &Value::Null));
}

#[tokio::test]
async fn a_commit_settles_without_being_asked_for() {
    let mut client = Client::watching("test", vec![edit("a.txt", "two", "2"), says("Done.")]).await;
    client.put("a.txt", TEXT);
    let git = |client: &Client, script: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-ec", script]).current_dir(client.folder.path());
        for who in ["AUTHOR", "COMMITTER"] {
            shell.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.org");
        }
        assert!(shell.env("GIT_CONFIG_GLOBAL", "/dev/null").status().unwrap().success());
    };
    git(&client, "git init -q; git add .; git commit -qm first");
    client.in_mode_edit().await;
    client.turn("p1").await;
    // Once a change is told, the folders are watched.
    client.put("a.txt", "one\n2\nthree, by another\n");
    client.event("fileChanged").await;
    git(&client, "git commit -qam second");
    assert_eq!(client.event("reviewed").await["event"]["uri"], client.uri("a.txt"));
}

/// A turn in which the agent edits `a.txt`, which is open and as the disk has it; the editor applies the
/// edit, and says what this says of it.
async fn edited(name: &str, more: Vec<Vec<ModelEvent>>, said: Value) -> Client {
    let script = [vec![edit("a.txt", "two", "2( )"), says("Done.")], more].concat();
    let mut client = Client::watching(name, script).await;
    client.put("a.txt", TEXT);
    client.open(TEXT).await;
    client.in_mode_edit().await;
    client.prompt("p1").await;
    let apply = client.until(|message| message["method"] == "agent/buffers/apply").await;
    assert_eq!(apply["params"]["edits"][0]["save"], true);
    client.typed(2, EDITED).await;
    let mut file = json!({"uri": client.uri("a.txt"), "applied": true, "version": 2});
    file["hash"] = json!(Hash::of(EDITED.as_bytes()).to_string());
    if let Some(saved) = said["saves"].as_str() {
        client.typed(3, saved).await;
        client.did_save(saved).await;
    }
    if said["tells"] == true {
        file["formatted"] = json!(Hash::of(FORMATTED.as_bytes()).to_string());
    }
    let result = json!({"files": [file]});
    client.send(json!({"jsonrpc": "2.0", "id": apply["id"], "result": result})).await;
    client.event("turnEnded").await;
    client
}

#[tokio::test]
async fn what_a_formatter_made_of_an_edit_belongs_to_it() {
    let mut client = edited("test", Vec::new(), json!({"saves": FORMATTED, "tells": true})).await;
    let settled = client.event("fileSettled").await;
    assert_eq!(settled["summary"], "a.txt was formatted when it was saved.");
    assert_eq!(client.mixed().await, (vec![false], json!(TEXT)));
    // An editor that does not say so may have been typed in.
    let mut client = edited("test", Vec::new(), json!({"saves": FORMATTED})).await;
    assert_eq!(client.formattings().await, 0);
    assert_eq!(client.mixed().await.0, [true]);
}

#[tokio::test]
async fn a_formatter_that_runs_when_the_user_saves_is_told_from_the_user() {
    let mut client = edited("Neovim", Vec::new(), json!({})).await;
    client.typed(3, "one, typed\n2( )\nthree\n").await;
    client.will_save().await;
    client.typed(4, "one, typed\n2()\n  three\n").await;
    client.did_save("one, typed\n2()\n  three\n").await;
    client.event("fileSettled").await;
    let baseline = json!("one, typed\ntwo\n  three\n");
    assert_eq!(
        client.mixed().await,
        (vec![false], baseline.clone()),
        "what it did elsewhere is not the agent's"
    );
    // Typed before a save, after one, and without one.
    for (at, text) in [(5, "2(a)"), (6, "2(ab)")] {
        let text = format!("one, typed\n{text}\n  three\n");
        client.typed(at, &text).await;
        client.will_save().await;
        client.did_save(&text).await;
    }
    assert_eq!(client.formattings().await, 1);
    assert_eq!(client.mixed().await, (vec![true], baseline));

    // In an editor in which one can type while it saves.
    let mut client = edited("test", Vec::new(), json!({})).await;
    client.will_save().await;
    client.typed(3, FORMATTED).await;
    client.did_save(FORMATTED).await;
    assert_eq!(client.formattings().await, 0);
    assert_eq!(client.mixed().await.0, [true]);
}

#[tokio::test]
async fn what_the_user_saves_while_a_command_runs_is_the_users() {
    for (does, by_command) in [("true", false), ("echo more >> a.txt", true)] {
        let command = format!("touch began; until test -e go; do sleep 0.01; done; {does}");
        let script = vec![calls("bash", json!({"command": command})), says("Done.")];
        let mut client = Client::watching("test", script).await;
        client.put("a.txt", TEXT);
        client.open(TEXT).await;
        client.session().await;
        client.prompt("p1").await;
        let asked = client.event("asked").await;
        let question = &asked["event"]["question"]["questionId"];
        client
            .ask("agent/answer", json!({"sessionId": "s1", "questionId": question, "choice": "once"}))
            .await;
        while !client.path("began").as_path().exists() {
            tokio::task::yield_now().await;
        }
        client.typed(2, "saved\n").await;
        client.did_save("saved\n").await;
        // What is answered was heard after the save.
        client.ask("agent/status", json!({})).await;
        client.put("go", "");
        client.event("turnEnded").await;
        let (hunks, baseline) = client.mixed().await;
        assert_eq!(hunks.len(), usize::from(by_command), "{does}");
        assert!(!by_command || baseline == "saved\n", "{baseline}");
    }
}

#[tokio::test]
async fn rules_are_read_again_between_calls() {
    let ruling = Arc::new(Mutex::new(Ruling::default()));
    let current = ruling.clone();
    let script = vec![edit("a.txt", "one", "1"), says("Done."), edit("a.txt", "two", "2"), says("Done.")];
    let rules: RulesFor = Arc::new(move |_: &AbsPath| current.lock().unwrap().clone());
    let mut client = Client::under("test", script, rules).await;
    client.put("a.txt", TEXT);
    client.in_mode_edit().await;
    client.turn("p1").await;
    assert_eq!(client.event("callEnded").await["event"]["outcome"], "done");
    let layer = Layer::from_config(LayerKind::User, &json!({"edit": "deny"})).unwrap();
    let rules = Arc::new(Rules::new(vec![layer]));
    *ruling.lock().unwrap() = Ruling { rules, files: Vec::new(), problems: vec!["it is broken".into()] };
    client.turn("p2").await;
    assert_eq!(client.event("callEnded").await["event"]["outcome"], "denied");
    assert_eq!(client.event("notice").await["event"]["text"], "it is broken");
}
