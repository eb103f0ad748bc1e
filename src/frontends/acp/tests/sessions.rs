//! Rows 22–27, 70, 72 and 73: the life of sessions.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use super::client::words;
use super::editor::{Editor, host, host_with};
use super::script::{Say, Script, answer};
use crate::engine::journal::{Journal, Journals, MemoryJournals, OpenError, Opened, SessionInfo};
use crate::engine::{Event, SessionId};

fn end(reason: &str) -> Result<Value, Value> {
    Ok(json!({ "stopReason": reason }))
}

#[tokio::test]
async fn row_22_what_is_wrong_is_named() {
    let mut editor = Editor::ready([], json!({})).await;
    for (params, word) in [
        (json!({ "cwd": "w", "mcpServers": [] }), "cwd"),
        (json!({ "mcpServers": [] }), "cwd"),
        (json!({ "cwd": "/file", "mcpServers": [] }), "cwd"),
        (json!({ "cwd": "/gone", "mcpServers": [] }), "cwd"),
        (json!({ "cwd": "/w", "mcpServers": "x" }), "mcpServers"),
        (json!({ "cwd": "/w", "additionalDirectories": ["v"] }), "additionalDirectories"),
    ] {
        let error = editor.call("session/new", params).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
    }
    assert!(editor.call("session/new", json!({ "cwd": "/w" })).await.is_ok());
}

#[tokio::test]
async fn row_23_ids_are_unique() {
    let mut editor = Editor::ready([], json!({})).await;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..50 {
        ids.insert(editor.session().await);
    }
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn rows_24_and_26_mcp_servers_are_named_to_the_user_without_secrets() {
    let mut editor = Editor::ready([], json!({})).await;
    let servers = json!([{ "name": "tools", "command": "x", "args": ["--key", "k1"], "env": [{ "name": "K", "value": "k2" }] }]);
    let made = editor.call("session/new", json!({ "cwd": "/w", "mcpServers": servers })).await.unwrap();
    let session = made["sessionId"].as_str().unwrap().to_owned();
    let id = editor.prompt(&session, "hi").await;
    let (told, _) = editor.turn(id).await;
    let said = words(&told, "agent_message_chunk");
    assert!(said.contains("not available: `tools`"), "{said}");
    let facts =
        editor.host.get(&session.as_str().into()).unwrap().recorder().facts(crate::engine::Seq(0), 100);
    let facts = format!("{:?} {said}", facts.unwrap());
    assert!(!facts.contains("k1") && !facts.contains("k2"));
}

#[tokio::test]
async fn row_27_unknown_sessions() {
    let mut editor = Editor::ready([], json!({})).await;
    let prompt = json!([{ "type": "text", "text": "hi" }]);
    for (method, mut params) in [
        ("session/prompt", json!({ "prompt": prompt })),
        ("session/load", json!({ "cwd": "/w", "mcpServers": [] })),
        ("session/resume", json!({ "cwd": "/w" })),
        ("session/set_mode", json!({ "modeId": "plan" })),
        ("session/set_config_option", json!({ "configId": "mode", "value": "plan" })),
        ("session/close", json!({})),
    ] {
        params["sessionId"] = json!("ghost");
        let error = editor.call(method, params).await.unwrap_err();
        assert_eq!(error["code"], -32002, "{method}");
        assert_eq!(error["data"]["sessionId"], "ghost", "{method}");
    }
}

#[tokio::test]
async fn row_70_sessions_are_listed_by_folder() {
    let mut editor = Editor::ready([answer([Say::Text("yes")])], json!({})).await;
    let first = editor.session().await;
    editor.call("session/new", json!({ "cwd": "/ü", "mcpServers": [] })).await.unwrap();
    let id = editor.prompt(&first, "A title").await;
    editor.answered(id).await.unwrap();
    let all = editor.call("session/list", json!({})).await.unwrap();
    assert_eq!(all["sessions"].as_array().unwrap().len(), 2);
    let here = editor.call("session/list", json!({ "cwd": "/w" })).await.unwrap();
    let here = here["sessions"].as_array().unwrap();
    assert_eq!(here.len(), 1);
    assert_eq!((&here[0]["sessionId"], &here[0]["title"]), (&json!(first), &json!("A title")));
    assert!(here[0]["updatedAt"].is_string());
    assert_eq!(editor.call("session/list", json!({ "cwd": "w" })).await.unwrap_err()["code"], -32602);
    assert_eq!(editor.call("session/list", json!({ "cursor": "x" })).await.unwrap_err()["code"], -32602);
}

#[tokio::test]
async fn row_73_close_ends_the_turn_first() {
    let mut editor = Editor::ready([answer([Say::Text("a"), Say::Gate("never")])], json!({})).await;
    let session = editor.session().await;
    let prompt = editor.prompt(&session, "hi").await;
    editor.update("agent_message_chunk").await;
    let close = editor.request("session/close", json!({ "sessionId": session })).await;
    let (before, closed) = editor.turn(close).await;
    assert_eq!(closed, Ok(json!({})));
    let answered = before.iter().find(|message| message["id"] == prompt).unwrap();
    assert_eq!(answered["result"], json!({ "stopReason": "cancelled" }));
    assert_eq!(
        editor.call("session/close", json!({ "sessionId": session })).await.unwrap_err()["code"],
        -32002
    );
    let resumed = editor.call("session/resume", json!({ "sessionId": session, "cwd": "/w" })).await;
    assert_eq!(resumed.unwrap()["modes"]["currentModeId"], "ask");
}

#[tokio::test]
async fn row_73_delete_listed_open_and_unknown() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    for _ in 0..2 {
        assert_eq!(editor.call("session/delete", json!({ "sessionId": session })).await, Ok(json!({})));
        assert_eq!(editor.call("session/list", json!({})).await, Ok(json!({ "sessions": [] })));
    }
    let load = json!({ "sessionId": session, "cwd": "/w", "mcpServers": [] });
    assert_eq!(editor.call("session/load", load).await.unwrap_err()["code"], -32002);
}

/// Journals that another process holds.
struct Elsewhere(Arc<MemoryJournals>);

impl Journals for Elsewhere {
    fn create(&self, session: &SessionId) -> io::Result<Box<dyn Journal>> {
        self.0.create(session)
    }

    fn open(&self, session: &SessionId) -> Result<Opened, OpenError> {
        match self.0.open(session)? {
            Opened::Held(journal) => Ok(Opened::Followed { journal, holder: "process 42".into() }),
            followed @ Opened::Followed { .. } => Ok(followed),
        }
    }

    fn look(&self, session: &SessionId) -> Result<Box<dyn Journal>, OpenError> {
        self.0.look(session)
    }

    fn clean_up(&self) -> io::Result<u64> {
        self.0.clean_up()
    }

    fn list(&self) -> io::Result<Vec<SessionInfo>> {
        self.0.list()
    }

    fn delete(&self, session: &SessionId) -> Result<(), OpenError> {
        let holder = "process 42".to_owned();
        Err(OpenError::Held { session: session.clone(), holder })
    }
}

#[tokio::test]
async fn row_72_a_session_of_another_process_is_shown_and_its_holder_named() {
    let (journals, script) =
        (Arc::new(MemoryJournals::default()), Script::new([answer([Say::Text("from there")])]));
    let mut holder =
        Editor::ready_on(host_with(journals.clone(), Some(&script)), script.clone(), json!({})).await;
    let session = holder.session().await;
    let id = holder.prompt(&session, "said there").await;
    holder.answered(id).await.unwrap();

    let can = json!({ "session": { "notices": {} } });
    let mut editor =
        Editor::ready_on(host_with(Arc::new(Elsewhere(journals)), Some(&script)), script, can).await;
    let load = json!({ "sessionId": session, "cwd": "/w", "mcpServers": [] });
    editor.watches = true;
    let id = editor.request("session/load", load).await;
    let (told, loaded) = editor.turn(id).await;
    assert!(loaded.is_ok());
    assert_eq!(words(&told, "user_message_chunk"), "said there");
    assert_eq!(words(&told, "agent_message_chunk"), "from there");
    assert!(editor.update("notice").await["description"].as_str().unwrap().contains("process 42"));
    let id = editor.prompt(&session, "here").await;
    let error = editor.answered(id).await.unwrap_err();
    assert_eq!(error["data"]["holder"], "process 42");
    assert!(error["message"].as_str().unwrap().contains("in use by process 42"), "{error}");
    assert_eq!(
        editor.call("session/delete", json!({ "sessionId": session })).await.unwrap_err()["data"]["kind"],
        "busy"
    );

    let id = holder.prompt(&session, "and more").await;
    holder.answered(id).await.unwrap();
    let live = editor.update("user_message_chunk").await;
    assert_eq!(live["content"]["text"], "and more");
}

#[tokio::test]
async fn a_session_that_cannot_record_says_why() {
    let (journals, script) = (Arc::new(MemoryJournals::default()), Script::new([]));
    let mut editor = Editor::ready_on(host_with(journals.clone(), Some(&script)), script, json!({})).await;
    let session = editor.session().await;
    journals.journal(&session.as_str().into()).full_after(2);
    let id = editor.prompt(&session, "hi").await;
    let error = editor.answered(id).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("failed to write the session's journal"), "{error}");
    assert_eq!(error["data"]["kind"], "halted");
    let id = editor.prompt(&session, "again").await;
    assert!(editor.answered(id).await.is_err());
}

#[tokio::test]
async fn names_of_prompts_are_not_used_again_by_the_next_process() {
    let (journals, script) = (Arc::new(MemoryJournals::default()), Script::new([]));
    let first = host_with(journals.clone(), Some(&script));
    let mut editor = Editor::ready_on(first.clone(), script.clone(), json!({})).await;
    let session = editor.session().await;
    for text in ["one", "two"] {
        let id = editor.prompt(&session, text).await;
        assert_eq!(editor.answered(id).await, end("end_turn"));
    }
    first.shutdown().await;
    let mut editor = Editor::ready_on(host_with(journals.clone(), Some(&script)), script, json!({})).await;
    editor.call("session/resume", json!({ "sessionId": session, "cwd": "/w" })).await.unwrap();
    let id = editor.prompt(&session, "three").await;
    assert_eq!(editor.answered(id).await, end("end_turn"));
    let facts = journals.journal(&session.as_str().into()).facts();
    let turns = facts.iter().filter(|fact| matches!(*fact.event, Event::TurnStarted { .. })).count();
    assert_eq!(turns, 3);
}

#[tokio::test]
async fn row_75_two_clients_of_one_host_do_not_disturb_each_other() {
    let script = Script::new([]);
    let shared = host(Some(&script));
    let mut one = Editor::ready_on(shared.clone(), script.clone(), json!({})).await;
    let mut two = Editor::ready_on(shared, script, json!({})).await;
    let (first, second) = (one.session().await, two.session().await);
    assert_ne!(first, second);
    let (a, b) = (one.prompt(&first, "a").await, two.prompt(&second, "b").await);
    assert_eq!(one.answered(a).await, end("end_turn"));
    assert_eq!(two.answered(b).await, end("end_turn"));
}

#[tokio::test]
async fn what_went_wrong_at_the_start_is_told_in_each_session() {
    let script = Script::new([]);
    let mut editor = Editor::with_notice(host(Some(&script)), script, "no field `x`");
    editor.initialize(json!({ "session": { "notices": {} } })).await;
    let session = editor.session().await;
    assert_eq!(editor.update("notice").await["title"], "no field `x`");
    editor.call("session/close", json!({ "sessionId": session })).await.unwrap();
    editor.call("session/resume", json!({ "sessionId": session, "cwd": "/w" })).await.unwrap();
    assert_eq!(editor.update("notice").await["title"], "no field `x`");
}
