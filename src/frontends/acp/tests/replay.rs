//! Rows 71, 73 and 74: what `session/load` tells, before its answer and after.

use std::sync::Arc;

use serde_json::{Value, json};

use super::client::{kinds, updates, words};
use super::editor::{Editor, host_with};
use super::script::{Say, Script, answer};
use crate::engine::journal::MemoryJournals;

fn load(session: &str) -> Value {
    json!({ "sessionId": session, "cwd": "/w", "mcpServers": [] })
}

/// A host that has none of the open sessions of another one, like the next process.
async fn next_process(journals: &Arc<MemoryJournals>, script: &Arc<Script>) -> Editor {
    Editor::ready_on(host_with(journals.clone(), Some(script)), script.clone(), json!({})).await
}

/// What of an update must be the same live and in replay.
fn essence(update: &Value) -> Value {
    let mut update = update.clone();
    let fields = update.as_object_mut().unwrap();
    fields.remove("updatedAt");
    update
}

#[tokio::test]
async fn row_71_all_that_was_shown_live_is_told_again() {
    let write = Say::Call("write", json!({ "path": "/w/a", "content": "x" }));
    let steps = [
        answer([
            Say::Thought("hm"),
            Say::Text("First."),
            Say::Call("todo", json!({})),
            write,
            Say::Usage(5, 5),
        ]),
        answer([Say::Text("Done."), Say::Usage(7, 3)]),
        answer([Say::Text("More.")]),
    ];
    let (journals, script) = (Arc::new(MemoryJournals::default()), Script::new(steps));
    let mut editor = next_process(&journals, &script).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "Do it").await;
    let asked = editor.asked("session/request_permission").await;
    let yes = json!({ "outcome": { "outcome": "selected", "optionId": "allow-once" } });
    editor.answer(&asked, yes).await;
    let (live, _) = editor.turn(id).await;
    editor.call("session/close", json!({ "sessionId": session })).await.unwrap();

    let mut editor = next_process(&journals, &script).await;
    let id = editor.request("session/load", load(&session)).await;
    let (told, loaded) = editor.turn(id).await;
    assert_eq!(loaded.unwrap()["modes"]["currentModeId"], "ask");
    assert_eq!(words(&told, "user_message_chunk"), "Do it");
    let of = |messages: &[Value]| -> Vec<Value> {
        let shown = updates(messages).into_iter().map(essence);
        let state = ["user_message_chunk", "session_info_update", "usage_update"];
        shown.filter(|update| !state.iter().any(|kind| update["sessionUpdate"] == *kind)).collect()
    };
    assert_eq!(of(&told), of(&live), "the same in the same order");
    let told_last =
        |kind: &str| updates(&told).into_iter().rfind(|update| update["sessionUpdate"] == kind).unwrap();
    assert_eq!(told_last("session_info_update")["title"], "Do it");
    assert_eq!(told_last("usage_update")["used"], 10);
    assert!(!told.iter().any(|message| message["method"] == "session/request_permission"));
    editor.update("available_commands_update").await;

    let id = editor.prompt(&session, "go on").await;
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, Ok(json!({ "stopReason": "end_turn" })));
    assert_eq!(words(&told, "agent_message_chunk"), "More.");
    assert_eq!(script.heard(), ["Do it", "go on"]);
}

#[tokio::test]
async fn a_session_can_be_loaded_before_its_first_prompt() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let id = editor.request("session/load", load(&session)).await;
    let (told, loaded) = editor.turn(id).await;
    assert!(loaded.is_ok());
    assert_eq!(kinds(&told), ["session_info_update"]);
}

#[tokio::test]
async fn row_71_a_long_history_comes_whole_and_in_order() {
    let steps = (0..300).map(|number| answer([Say::Long(format!("[{number}]"))]));
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    for number in 0..300 {
        let id = editor.prompt(&session, &format!("({number})")).await;
        editor.turn(id).await.1.unwrap();
    }
    let id = editor.request("session/load", load(&session)).await;
    let (told, _) = editor.turn(id).await;
    let said: String =
        updates(&told).iter().filter_map(|update| update["content"]["text"].as_str()).collect();
    let expected: String = (0..300).map(|number| format!("({number})[{number}]")).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_running_turn_goes_on_after_the_replay() {
    let steps =
        [answer([Say::Text("zero ")]), answer([Say::Text("one "), Say::Gate("go"), Say::Text("two")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let before = editor.prompt(&session, "begin, ").await;
    editor.turn(before).await.1.unwrap();
    let prompt = editor.prompt(&session, "count").await;
    editor.update("agent_message_chunk").await;
    let id = editor.request("session/load", load(&session)).await;
    let (told, _) = editor.turn(id).await;
    assert_eq!(words(&told, "user_message_chunk"), "begin, count");
    assert_eq!(words(&told, "agent_message_chunk"), "zero one ");
    editor.script.open("go");
    let (told, answer) = editor.turn(prompt).await;
    assert_eq!(words(&told, "agent_message_chunk"), "two");
    assert_eq!(answer, Ok(json!({ "stopReason": "end_turn" })));
}

#[tokio::test]
async fn a_question_that_stands_is_not_asked_twice_by_a_replay() {
    let mut editor = Editor::ready([answer([Say::Call("write", json!({}))])], json!({})).await;
    let session = editor.session().await;
    let prompt = editor.prompt(&session, "write").await;
    let asked = editor.asked("session/request_permission").await;
    let id = editor.request("session/load", load(&session)).await;
    let (told, _) = editor.turn(id).await;
    assert!(!told.iter().any(|message| message["method"] == "session/request_permission"));
    let no = json!({ "outcome": { "outcome": "selected", "optionId": "reject-once" } });
    editor.answer(&asked, no).await;
    assert!(editor.answered(prompt).await.is_ok());
}

#[tokio::test]
async fn row_73_resume_tells_nothing_of_the_past() {
    let (journals, script) = (Arc::new(MemoryJournals::default()), Script::new([answer([Say::Text("old")])]));
    let mut editor = next_process(&journals, &script).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.answered(id).await.unwrap();
    editor.call("session/close", json!({ "sessionId": session })).await.unwrap();

    let mut editor = next_process(&journals, &script).await;
    let params = json!({ "sessionId": session, "cwd": "/w" });
    let id = editor.request("session/resume", params).await;
    let (told, resumed) = editor.turn(id).await;
    assert_eq!(told, Vec::<Value>::new());
    assert!(resumed.unwrap()["configOptions"].is_array());
    editor.update("available_commands_update").await;
    let id = editor.prompt(&session, "more").await;
    editor.answered(id).await.unwrap();
    assert_eq!(script.heard(), ["hi", "more"]);
}

#[tokio::test]
async fn row_74_what_was_open_at_a_crash_is_shown_as_failed() {
    let steps = [answer([Say::Text("before"), Say::Call("write", json!({}))])];
    let (journals, script) = (Arc::new(MemoryJournals::default()), Script::new(steps));
    let mut editor = next_process(&journals, &script).await;
    let session = editor.session().await;
    editor.prompt(&session, "hi").await;
    editor.asked("session/request_permission").await;
    // The process is gone: nobody closes what it opened.
    let facts = journals.journal(&session.as_str().into()).facts();
    let left = Arc::new(MemoryJournals::default());
    left.insert(&session.as_str().into(), &crate::engine::journal::MemoryJournal::with(facts));

    let mut editor = next_process(&left, &script).await;
    let id = editor.request("session/load", load(&session)).await;
    let (told, _) = editor.turn(id).await;
    assert_eq!(words(&told, "agent_message_chunk"), "before");
    let last = updates(&told).into_iter().rfind(|update| update["toolCallId"] == "c1").unwrap();
    assert_eq!(last["status"], "failed");
    assert!(last["content"][0]["content"]["text"].as_str().unwrap().starts_with("Interrupted"));
    let id = editor.prompt(&session, "go on").await;
    assert!(editor.answered(id).await.is_ok());
}

#[tokio::test]
async fn a_failed_turn_is_told_in_the_replay_too() {
    let fail = vec![Say::Fail(crate::engine::model::ErrorKind::Quota, "the quota is used up; pay")];
    let mut editor = Editor::ready([fail], json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.turn(id).await.1.unwrap_err();
    let id = editor.request("session/load", load(&session)).await;
    let (told, _) = editor.turn(id).await;
    assert!(words(&told, "agent_message_chunk").contains("the quota is used up; pay"));
}
