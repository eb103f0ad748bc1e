//! What the disk has and an open buffer has not, and the other way round.

use super::edits::{Editor, Speaks, TEXT, put};
use super::*;

/// A turn in which the agent changes `a.txt`, which is open and has unsaved changes, and then runs a
/// command that shows it; what the command's call told.
async fn seen_by_a_command(saves: bool, answer: Option<Value>) -> String {
    let input = json!({"file_path": "a.txt", "old_string": "two", "new_string": "2"});
    let run = calls("bash", json!({"command": "sleep 0; cat a.txt"}));
    let script = vec![calls("read", json!({"file_path": "a.txt"})), calls("edit", input), run, says("Done.")];
    let mut client = Client::new(script);
    let agent = json!({"version": 1, "buffers": {"apply": true, "save": saves}});
    client.initialize(json!({"experimental": {"agent": agent}})).await;
    let file = client.uri("a.txt");
    let document = json!({"uri": file, "languageId": "text", "version": 3, "text": TEXT});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    put(&client, "a.txt", "on the disk\n");
    client.session().await;
    client.prompt("p1").await;
    let mut editor = Editor { client, speaks: Speaks::Agent, file, version: 3 };
    editor.allow().await;
    let apply = editor.apply().await;
    editor.answers(&apply, None).await;
    editor.changes(1, 0..3, "2").await;
    let asked = editor.client.event("asked").await;
    let question = &asked["event"]["question"]["questionId"];
    let once = json!({"sessionId": "s1", "questionId": question, "choice": "once"});
    editor.client.ask("agent/answer", once).await;
    if let Some(mut outcome) = answer {
        let save = editor.apply().await;
        assert_eq!(save["method"], "agent/buffers/save");
        assert_eq!(save["params"], json!({"uris": [editor.file]}));
        outcome["uri"] = json!(editor.file);
        if outcome["saved"] == true {
            put(&editor.client, "a.txt", &TEXT.replace("two", "2"));
        }
        let result = json!({"files": [outcome]});
        editor.client.send(json!({"jsonrpc": "2.0", "id": save["id"], "result": result})).await;
    }
    let is_the_end = |message: &Value| {
        message["params"]["event"]["callId"] == "c3" && message["params"]["event"]["type"] == "callEnded"
    };
    let ended = editor.client.until(is_the_end).await["params"]["event"].clone();
    ended["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_command_sees_what_is_saved_before_it_and_is_told_what_is_not() {
    let unsaved = "(unsaved in the editor, so the command did not see it: a.txt)";
    let told = seen_by_a_command(true, Some(json!({"saved": true}))).await;
    assert!(told.starts_with("öne\n2\n") && !told.contains("unsaved"), "{told}");
    let told = seen_by_a_command(true, Some(json!({"saved": false, "error": "locked"}))).await;
    assert!(told.starts_with("on the disk\n") && told.ends_with(unsaved), "{told}");
    let told = seen_by_a_command(false, None).await;
    assert!(told.starts_with("on the disk\n") && told.ends_with(unsaved), "{told}");
}

#[tokio::test]
async fn what_the_user_has_not_saved_is_named_before_a_command_and_after_it() {
    let mut client =
        Client::new(vec![calls("bash", json!({"command": "sleep 0; cat b.txt"})), says("Done.")]);
    let agent = json!({"version": 1, "buffers": {"apply": true, "save": true}});
    client.initialize(json!({"experimental": {"agent": agent}})).await;
    for (name, text) in [("a.txt", "the same\n"), ("b.txt", "typed\n"), ("new.txt", "no file yet\n")] {
        let on_disk = match name {
            "a.txt" => Some("the same\n"),
            "b.txt" => Some("saved\n"),
            _ => None,
        };
        on_disk.into_iter().for_each(|text| put(&client, name, text));
        let document = json!({"uri": client.uri(name), "languageId": "text", "version": 1, "text": text});
        client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        if name == "b.txt" {
            let change = json!({"textDocument": {"uri": client.uri(name), "version": 2}, "contentChanges": [{"text": text}]});
            client.notify("textDocument/didChange", change).await;
        }
    }
    client.session().await;
    client.prompt("p1").await;
    let asked = client.event("asked").await;
    let question = &asked["event"]["question"];
    let reason = question["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("Not saved in the editor, so the command does not see that text: b.txt, new.txt."),
        "{reason}"
    );
    let once = json!({"sessionId": "s1", "questionId": question["questionId"], "choice": "once"});
    client.ask("agent/answer", once).await;
    // Nothing is saved that the agent has not changed.
    let ended = client.event("callEnded").await["event"].clone();
    let told = ended["content"][0]["text"].as_str().unwrap();
    assert!(told.starts_with("saved\n") && told.ends_with("did not see it: b.txt, new.txt)"), "{told}");
}

/// What the agent reads of `a.txt` after the disk got another text, or none, beneath the buffer.
async fn read_after(on_disk: &str, typed: bool, saved: bool, then: Option<&str>) -> String {
    let read = || calls("read", json!({"file_path": "a.txt"}));
    let glob = calls("glob", json!({"pattern": "a.*"}));
    let mut client = Client::begun(vec![read(), says("Once."), read(), glob, says("Twice.")]).await;
    put(&client, "a.txt", on_disk);
    let file = client.uri("a.txt");
    let document = json!({"uri": file, "languageId": "text", "version": 3, "text": TEXT});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    client.session().await;
    client.prompt("p1").await;
    client.event("turnEnded").await;
    let mut editor = Editor { client, speaks: Speaks::Agent, file, version: 3 };
    if typed {
        editor.changes(1, 0..3, "typed").await;
    }
    if saved {
        let document = json!({"textDocument": {"uri": editor.file}});
        editor.client.notify("textDocument/didSave", document).await;
    }
    match then {
        Some(text) => put(&editor.client, "a.txt", text),
        #[allow(clippy::disallowed_methods, reason = "removes the file as another program does")]
        None => std::fs::remove_file(editor.client.path("a.txt").as_path()).unwrap(),
    }
    editor.client.prompt("p2").await;
    let mut told = String::new();
    for call in ["c2", "c3"] {
        let is_the_end = |message: &Value| {
            message["params"]["event"]["callId"] == call && message["params"]["event"]["type"] == "callEnded"
        };
        let ended = editor.client.until(is_the_end).await["params"]["event"].clone();
        told.push_str(ended["content"][0]["text"].as_str().unwrap_or_default());
    }
    assert_eq!(told.contains("a.txt\n"), typed && !(saved && then.is_none()) || then.is_some(), "{told}");
    told
}

#[tokio::test]
async fn the_disk_counts_also_where_nobody_has_read_the_file_before() {
    for (typed, expected) in [(false, "new on the disk"), (true, "typed")] {
        let read = calls("read", json!({"file_path": "a.txt"}));
        let mut client = Client::begun(vec![read, says("Done.")]).await;
        put(&client, "a.txt", TEXT);
        let file = client.uri("a.txt");
        let document = json!({"uri": file, "languageId": "text", "version": 3, "text": TEXT});
        client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        let mut editor = Editor { client, speaks: Speaks::Agent, file, version: 3 };
        if typed {
            editor.changes(1, 0..3, "typed").await;
        }
        editor.client.session().await;
        put(&editor.client, "a.txt", "new on the disk\n");
        editor.client.prompt("p1").await;
        let ended = editor.client.event("callEnded").await["event"].clone();
        let told = ended["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn the_disk_counts_where_a_buffer_without_changes_is_behind_it() {
    let new = Some("new on the disk\n");
    let check = async |on_disk: &str, typed: bool, saved: bool, then: Option<&str>, expected: &str| {
        let told = read_after(on_disk, typed, saved, then).await;
        assert!(told.contains(expected), "{on_disk:?} {typed} {saved} {then:?}: {told}");
    };
    check(TEXT, false, false, new, "new on the disk").await;
    check(TEXT, false, false, None, "does not exist").await;
    check(TEXT, true, false, new, "typed").await;
    check(TEXT, true, false, None, "typed").await;
    check(TEXT, true, true, new, "new on the disk").await;
    check(TEXT, true, true, None, "does not exist").await;
    check("other\n", false, false, new, "two").await;
}
