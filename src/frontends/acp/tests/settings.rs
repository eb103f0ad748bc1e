//! Rows 28–31: commands, modes and options, kept in step.

use serde_json::{Value, json};

use super::client::words;
use super::editor::Editor;
use super::script::{Say, answer};

fn option<'a>(options: &'a Value, id: &str) -> &'a Value {
    options.as_array().unwrap().iter().find(|option| option["id"] == id).unwrap()
}

async fn set(editor: &mut Editor, session: &str, id: &str, value: Value) -> Result<Value, Value> {
    let params = json!({ "sessionId": session, "configId": id, "value": value });
    editor.call("session/set_config_option", params).await
}

#[tokio::test]
async fn row_28_commands_come_after_the_answer_without_slash() {
    let mut editor = Editor::ready([], json!({})).await;
    let id = editor.request("session/new", json!({ "cwd": "/w", "mcpServers": [] })).await;
    assert_eq!(editor.next().await["id"], id);
    let commands = editor.update("available_commands_update").await["availableCommands"].clone();
    let names: Vec<&str> =
        commands.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mode", "model", "compact", "review", "keep", "checkpoints", "undo"]);
}

#[tokio::test]
async fn row_28_announced_commands_work_and_others_go_to_the_model() {
    let mut editor = Editor::ready([answer([Say::Text("from the model")])], json!({})).await;
    let session = editor.session().await;
    for (line, words_in_answer) in [
        ("/mode plan", "The mode is `plan`"),
        ("/mode", "There are: ask, edit, plan"),
        ("/mode fast", "there is no mode `fast`"),
        ("/model other", "The model is `other`"),
        ("/model", "There are: script, other"),
        ("/model none-such", "there is no model `none-such`"),
        ("/unknown thing", "from the model"),
    ] {
        let id = editor.prompt(&session, line).await;
        let (told, answer) = editor.turn(id).await;
        assert_eq!(answer, Ok(json!({ "stopReason": "end_turn" })));
        let said = words(&told, "agent_message_chunk");
        assert!(said.contains(words_in_answer), "{line}: {said}");
    }
}

#[tokio::test]
async fn row_29_modes_and_options() {
    let mut editor = Editor::ready([], json!({})).await;
    let made = editor.call("session/new", json!({ "cwd": "/w" })).await.unwrap();
    assert_eq!(made["modes"]["currentModeId"], "ask");
    assert_eq!(made["modes"]["availableModes"].as_array().unwrap().len(), 3);
    let mode = option(&made["configOptions"], "mode");
    assert_eq!((&mode["category"], &mode["type"]), (&json!("mode"), &json!("select")));
    assert_eq!(mode["currentValue"], "ask");
    let model = option(&made["configOptions"], "model");
    assert_eq!((&model["category"], &model["currentValue"]), (&json!("model"), &json!("script")));
}

#[tokio::test]
async fn row_30_options_are_set_or_refused() {
    let mut editor = Editor::ready([answer([Say::Gate("never")])], json!({})).await;
    let session = editor.session().await;
    let all = set(&mut editor, &session, "model", json!("other")).await.unwrap();
    assert_eq!(option(&all["configOptions"], "model")["currentValue"], "other");
    assert_eq!(all["configOptions"].as_array().unwrap().len(), 2);
    let told = editor.update("config_option_update").await;
    assert_eq!(told["configOptions"], all["configOptions"]);
    for (id, value) in [
        ("nope", json!("x")),
        ("model", json!("x")),
        ("mode", json!("x")),
        ("mode", json!(7)),
        ("model", json!("none")),
    ] {
        assert_eq!(set(&mut editor, &session, id, value).await.unwrap_err()["code"], -32602, "{id}");
    }
    let boolean = json!({ "sessionId": session, "configId": "mode", "type": "boolean", "value": true });
    assert_eq!(editor.call("session/set_config_option", boolean).await.unwrap_err()["code"], -32602);
    let id = editor.prompt(&session, "wait").await;
    editor.update("session_info_update").await;
    assert!(set(&mut editor, &session, "mode", json!("plan")).await.is_ok());
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    editor.answered(id).await.unwrap();
}

#[tokio::test]
async fn row_31_modes_and_options_are_in_step() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let set_mode = json!({ "sessionId": session, "modeId": "plan" });
    assert_eq!(editor.call("session/set_mode", set_mode).await, Ok(json!({})));
    assert_eq!(editor.update("current_mode_update").await["currentModeId"], "plan");
    let options = editor.update("config_option_update").await["configOptions"].clone();
    assert_eq!(option(&options, "mode")["currentValue"], "plan");
    set(&mut editor, &session, "mode", json!("edit")).await.unwrap();
    assert_eq!(editor.update("current_mode_update").await["currentModeId"], "edit");
    let wrong = json!({ "sessionId": session, "modeId": "yolo" });
    assert_eq!(editor.call("session/set_mode", wrong).await.unwrap_err()["code"], -32602);
}

#[tokio::test]
async fn a_client_that_sets_what_is_set_already_changes_nothing() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let facts =
        |editor: &Editor| editor.host.get(&session.as_str().into()).unwrap().state(|state| state.seq());
    let before = facts(&editor);
    set(&mut editor, &session, "mode", json!("ask")).await.unwrap();
    set(&mut editor, &session, "model", json!("script")).await.unwrap();
    assert_eq!(facts(&editor), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mode_that_is_set_before_a_prompt_counts_for_it() {
    for _ in 0..50 {
        let mut editor = Editor::ready([answer([Say::Call("write", json!({}))])], json!({})).await;
        let session = editor.session().await;
        let mode = json!({ "sessionId": session, "modeId": "plan" });
        let mode = json!({ "jsonrpc": "2.0", "id": 100, "method": "session/set_mode", "params": mode });
        let prompt = json!({ "sessionId": session, "prompt": [{ "type": "text", "text": "hi" }] });
        let prompt = json!({ "jsonrpc": "2.0", "id": 101, "method": "session/prompt", "params": prompt });
        editor.methods([("100", "session/set_mode"), ("101", "session/prompt")]);
        editor.write(format!("{mode}\n{prompt}\n").as_bytes()).await;
        editor.answered(101).await.unwrap();
        let heard = editor.script.heard();
        assert!(heard.iter().any(|words| words.contains("The mode is `plan`")), "{heard:?}");
    }
}
