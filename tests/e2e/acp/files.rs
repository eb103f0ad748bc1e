//! The files as the editor has them: unsaved text, formatters, parts.

use std::path::Path;

use serde_json::json;

use super::{Agent, Machine, chosen};

/// Answers the file requests of the agent from one text in an editor, and yes to its question, until
/// the turn ends; the text after that, and how often it was written.
async fn edit_in_the_editor(agent: &mut Agent, file: &Path, text: &str, prompt: i64) -> (String, usize) {
    let (mut text, mut writes) = (text.to_owned(), 0);
    loop {
        let message = agent.client.next().await;
        if message["id"] == prompt && message.get("method").is_none() {
            assert_eq!(message["result"]["stopReason"], "end_turn", "{message}");
            return (text, writes);
        }
        let known = message["params"]["path"].as_str().is_some_and(|path| Path::new(path) == file);
        match message["method"].as_str().unwrap() {
            "fs/read_text_file" if known => {
                agent.client.answer(&message, json!({ "content": text })).await;
            }
            "fs/write_text_file" if known => {
                // A formatter, where there is a word for it.
                let put = message["params"]["content"].as_str().unwrap();
                text = put.replace("format me", "formatted");
                writes += 1;
                agent.client.answer(&message, json!({})).await;
            }
            "fs/read_text_file" => {
                let error = json!({ "code": -32002, "message": "not there" });
                agent.client.send(json!({ "jsonrpc": "2.0", "id": message["id"], "error": error })).await;
            }
            "session/request_permission" => agent.client.answer(&message, chosen("allow-once")).await,
            "session/update" => {}
            other => panic!("{other} was not offered"),
        }
    }
}

#[tokio::test]
async fn row_64_unsaved_text_is_edited_in_the_editor_and_the_disk_left_alone() {
    let can = json!({ "fs": { "readTextFile": true, "writeTextFile": true } });
    for (unsaved, edited) in [("new line\none\n", "new line\ntwo\n"), ("x\r\none\r\n", "x\r\ntwo\r\n")] {
        let machine = Machine::new();
        let file = machine.write("a.txt", "one\n");
        let read = json!({ "file_path": file });
        let edit = json!({ "file_path": file, "old_string": "one", "new_string": "two" });
        let script = format!(
            "call read {read}\ndone\nexpect {}\ncall edit {edit}\ndone\nsay end\ndone\n",
            unsaved.split_whitespace().next().unwrap()
        );
        let (mut agent, session) = machine.ready(&script, can.clone()).await;
        let id = agent.client.prompt(&session, "edit").await;
        let (text, writes) = edit_in_the_editor(&mut agent, &file, unsaved, id).await;
        assert_eq!((text.as_str(), writes), (edited, 1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n");
        agent.leave().await;
    }
}

#[tokio::test]
async fn row_64_what_a_formatter_makes_of_an_edit_is_the_agents_and_told_to_the_model() {
    let machine = Machine::new();
    let file = machine.write("a.txt", "one\n2\n3\n4\n");
    let edit = json!({ "file_path": file, "old_string": "one", "new_string": "format me" });
    let script = format!("call edit {edit}\ndone\nexpect the editor formatted it\nsay end\ndone\n");
    let can = json!({ "fs": { "readTextFile": true, "writeTextFile": true } });
    let (mut agent, session) = machine.ready(&script, can).await;
    let id = agent.client.prompt(&session, "edit").await;
    let (text, _) = edit_in_the_editor(&mut agent, &file, "one\n2\n3\n4\n", id).await;
    assert_eq!(text, "formatted\n2\n3\n4\n");
    let id = agent.client.prompt(&session, "/review").await;
    let told = loop {
        let message = agent.client.next().await;
        match message["method"].as_str() {
            Some("fs/read_text_file") => agent.client.answer(&message, json!({ "content": text })).await,
            Some("session/update") if message.to_string().contains("a.txt: modified") => {
                break message.to_string();
            }
            _ => assert_ne!(message["id"], id, "{message}"),
        }
    };
    assert!(told.contains("1 hunk") && !told.contains("you have typed"), "{told}");
    agent.leave().await;
}

#[tokio::test]
async fn row_64_a_part_of_a_file_is_not_written_over_the_whole() {
    let machine = Machine::new();
    let file = machine.write("a.txt", "one\n2\n3\n");
    let edit = json!({ "file_path": file, "old_string": "one", "new_string": "1" });
    let script = format!("call edit {edit}\ndone\nexpect only a part of what the disk has\nsay end\ndone\n");
    let can = json!({ "fs": { "readTextFile": true, "writeTextFile": true } });
    let (mut agent, session) = machine.ready(&script, can).await;
    let id = agent.client.prompt(&session, "edit").await;
    let (_, writes) = edit_in_the_editor(&mut agent, &file, "one\n2\n", id).await;
    assert_eq!((writes, std::fs::read_to_string(&file).unwrap().as_str()), (0, "one\n2\n3\n"));
    agent.leave().await;
}
