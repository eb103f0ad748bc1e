//! Rows 53–66: calls of tools, questions, plans, the output of running commands.

use serde_json::{Value, json};

use super::client::{kinds, updates};
use super::editor::Editor;
use super::script::{Say, answer};
use crate::engine::CallId;

fn end(reason: &str) -> Result<Value, Value> {
    Ok(json!({ "stopReason": reason }))
}

/// An editor with a session, whose model makes this call and ends.
async fn calling(tool: &'static str, input: Value, capabilities: Value) -> (Editor, String) {
    calling_all([Say::Call(tool, input)], capabilities).await
}

async fn calling_all(calls: impl IntoIterator<Item = Say>, capabilities: Value) -> (Editor, String) {
    let mut editor = Editor::ready([answer(calls), answer([Say::Text("end")])], capabilities).await;
    let session = editor.session().await;
    (editor, session)
}

fn chosen(option: &str) -> Value {
    json!({ "outcome": { "outcome": "selected", "optionId": option } })
}

/// The updates of one call, in order.
fn of_call<'a>(told: &'a [Value], id: &str) -> Vec<&'a Value> {
    updates(told).into_iter().filter(|update| update["toolCallId"] == id).collect()
}

#[tokio::test]
async fn row_53_the_life_of_a_call() {
    let input = json!({ "path": "/w/src/a.rs", "result": "1→fn main() {}\n```" });
    let (mut editor, session) = calling("read", input.clone(), json!({})).await;
    let id = editor.prompt(&session, "read").await;
    let (told, _) = editor.turn(id).await;
    let [first, begun, ended] = of_call(&told, "c1")[..] else { panic!("{told:?}") };
    assert_eq!(first["sessionUpdate"], "tool_call");
    assert_eq!(
        (&first["kind"], &first["name"], &first["rawInput"]),
        (&json!("read"), &json!("read"), &input)
    );
    assert_eq!(first["title"], "read /w/src/a.rs");
    assert_eq!(first.get("status"), None, "pending is what a call begins with");
    assert_eq!(begun["status"], "in_progress");
    assert_eq!(begun["title"], "Read /w/src/a.rs");
    assert_eq!(begun["locations"], json!([{ "path": "/w/src/a.rs", "line": 1 }]));
    assert_eq!(ended["status"], "completed");
    let text = ended["content"][0]["content"]["text"].as_str().unwrap();
    assert_eq!(text, "````\n1→fn main() {}\n```\n````");
}

#[tokio::test]
async fn row_54_and_55_the_question_shows_the_whole_diff_and_a_yes_writes() {
    let input = json!({ "path": "/w/new.txt", "content": "one\r\ntwo" });
    let (mut editor, session) = calling("write", input.clone(), json!({})).await;
    let id = editor.prompt(&session, "write").await;
    let asked = editor.asked("session/request_permission").await;
    let call = &asked["params"]["toolCall"];
    assert_eq!(call["toolCallId"], "c1");
    assert_eq!(call["content"][0], json!({ "type": "diff", "path": "/w/new.txt", "newText": "one\ntwo" }));
    assert_eq!((&call["kind"], &call["title"]), (&json!("edit"), &json!("Write /w/new.txt")));
    assert_eq!((&call["status"], &call["rawInput"]), (&json!("pending"), &input));
    assert_eq!(call["locations"], json!([{ "path": "/w/new.txt" }]));
    let options = asked["params"]["options"].as_array().unwrap();
    let kinds: Vec<&str> = options.iter().map(|option| option["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["allow_once", "allow_always", "reject_once"]);
    editor.answer(&asked, chosen("allow-once")).await;
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("end_turn"));
    let of_call = of_call(&told, "c1");
    assert_eq!(of_call[1]["content"][0]["newText"], "one\ntwo");
    assert_eq!(
        of_call[2],
        &json!({ "sessionUpdate": "tool_call_update", "toolCallId": "c1", "status": "completed" })
    );
}

#[tokio::test]
async fn row_55_every_other_answer_is_a_no() {
    let answers = [
        json!({ "result": chosen("reject-once") }),
        json!({ "result": chosen("allow-all") }),
        json!({ "result": { "outcome": { "outcome": "cancelled" } } }),
        json!({ "result": { "outcome": { "outcome": "later" } } }),
        json!({ "result": {} }),
        json!({ "result": null }),
        json!({ "error": { "code": -32601, "message": "no such method" } }),
    ];
    for said in answers {
        let (mut editor, session) = calling("write", json!({}), json!({})).await;
        let id = editor.prompt(&session, "write").await;
        let asked = editor.asked("session/request_permission").await;
        let mut reply = said.clone();
        (reply["jsonrpc"], reply["id"]) = (json!("2.0"), asked["id"].clone());
        editor.send(reply).await;
        let (told, answer) = editor.turn(id).await;
        assert_eq!(answer, end("end_turn"), "{said}");
        let of_call = of_call(&told, "c1");
        assert_eq!(of_call.last().unwrap()["status"], "failed", "{said}");
        assert!(of_call.iter().all(|update| update["status"] != "in_progress"), "{said}");
    }
}

#[tokio::test]
async fn row_55_a_client_that_goes_has_not_agreed() {
    let (mut editor, session) = calling("write", json!({}), json!({})).await;
    editor.prompt(&session, "write").await;
    editor.asked("session/request_permission").await;
    let session = editor.host.get(&session.as_str().into()).unwrap();
    editor.hang_up().await;
    let facts = session.recorder().facts(crate::engine::Seq(0), 100).unwrap();
    let begun = facts.iter().any(|fact| matches!(*fact.event, crate::engine::Event::CallStarted { .. }));
    assert!(!begun && session.state(|state| state.turn().is_none()));
}

#[tokio::test]
async fn row_56_a_cancelled_question_is_withdrawn() {
    let (mut editor, session) = calling("write", json!({}), json!({})).await;
    let id = editor.prompt(&session, "write").await;
    let asked = editor.asked("session/request_permission").await;
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    let withdrawn = editor.told("$/cancel_request").await;
    assert_eq!(withdrawn["params"]["requestId"], asked["id"]);
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("cancelled"));
    assert_eq!(of_call(&told, "c1").last().unwrap()["status"], "failed");
    editor.answer(&asked, chosen("allow-once")).await;
    assert!(editor.call("session/list", json!({})).await.is_ok());
}

#[tokio::test]
async fn row_57_always_is_for_this_session_and_this_thing() {
    let call = || Say::Call("write", json!({ "path": "/w/a", "content": "x" }));
    let (mut editor, session) = calling_all([call(), call()], json!({})).await;
    let id = editor.prompt(&session, "write").await;
    let asked = editor.asked("session/request_permission").await;
    editor.answer(&asked, chosen("allow-always")).await;
    let (told, _) = editor.turn(id).await;
    let asked_again = told.iter().any(|message| message["method"] == "session/request_permission");
    assert!(!asked_again);
    assert_eq!(of_call(&told, "c2").last().unwrap()["status"], "completed");
}

#[tokio::test]
async fn row_58_calls_of_one_step_have_their_own_ends() {
    let good = Say::Call("read", json!({}));
    let bad = Say::Call("read", json!({ "fail": "there is no such file" }));
    let unknown = Say::Call("teleport", json!({}));
    let (mut editor, session) = calling_all([good, bad, unknown], json!({})).await;
    let id = editor.prompt(&session, "read").await;
    let (told, _) = editor.turn(id).await;
    let last = |id: &str| (*of_call(&told, id).last().unwrap()).clone();
    assert_eq!(last("c1")["status"], "completed");
    assert_eq!(last("c2")["status"], "failed");
    assert_eq!(last("c2")["content"][0]["content"]["text"], "there is no such file");
    assert_eq!(last("c3")["status"], "failed");
    assert_eq!(of_call(&told, "c3")[0].get("kind"), None, "`other` is what a kind begins with");
}

#[tokio::test]
async fn row_59_output_is_shown_while_the_command_runs() {
    let input = json!({ "command": "make all", "gate": "made", "result": "made it" });
    let (mut editor, session) = calling("bash", input, json!({})).await;
    let id = editor.prompt(&session, "run").await;
    let asked = editor.asked("session/request_permission").await;
    let content = &asked["params"]["toolCall"]["content"];
    assert_eq!(content[0]["content"]["text"], "```sh\nmake all\n```", "the complete command");
    assert_eq!(content[1]["content"]["text"], "in `/w`");
    editor.answer(&asked, chosen("allow-once")).await;
    let held = editor.host.get(&session.as_str().into()).unwrap();
    loop {
        let update = editor.update("tool_call_update").await;
        if update["status"] == "in_progress" {
            break;
        }
    }
    held.recorder().show_output(&CallId::from("c1"), "compiling\n");
    let live = editor.update("tool_call_update").await;
    assert_eq!(live["content"][2]["content"]["text"], "```\ncompiling\n```");
    held.recorder().show_output(&CallId::from("c1"), "linking\n");
    let live = editor.update("tool_call_update").await;
    assert_eq!(live["content"][2]["content"]["text"], "```\ncompiling\nlinking\n```");
    editor.script.open("made");
    let (told, _) = editor.turn(id).await;
    let last = of_call(&told, "c1").last().copied().unwrap();
    assert_eq!(
        (&last["status"], &last["content"][2]["content"]["text"]),
        (&json!("completed"), &json!("```\nmade it\n```"))
    );
}

#[tokio::test]
async fn row_66_a_client_with_terminals_gets_what_is_printed_once() {
    let can = json!({ "_meta": { "terminal_output": true } });
    let input = json!({ "command": "make", "gate": "made", "result": "made it" });
    let (mut editor, session) = calling("bash", input, can).await;
    let id = editor.prompt(&session, "run").await;
    let asked = editor.asked("session/request_permission").await;
    editor.answer(&asked, chosen("allow-once")).await;
    let begun = editor.update("tool_call_update").await;
    assert_eq!(begun["content"], json!([{ "type": "terminal", "terminalId": "c1" }]));
    assert_eq!(begun["_meta"]["terminal_info"], json!({ "terminal_id": "c1", "cwd": "/w" }));
    let held = editor.host.get(&session.as_str().into()).unwrap();
    let mut printed = String::new();
    for piece in ["one\n", "\u{1b}[1mtwo", "\r\nthree"] {
        held.recorder().show_output(&CallId::from("c1"), piece);
        let update = editor.update("tool_call_update").await;
        assert_eq!(update["_meta"]["terminal_output"]["terminal_id"], "c1");
        printed += update["_meta"]["terminal_output"]["data"].as_str().unwrap();
        assert_eq!(update.get("content"), None);
    }
    assert_eq!(printed, "one\n\u{1b}[1mtwo\r\nthree");
    editor.script.open("made");
    let (told, _) = editor.turn(id).await;
    let last = of_call(&told, "c1").last().copied().unwrap();
    assert_eq!(last["status"], "completed");
    assert_eq!(last["_meta"]["terminal_exit"]["terminal_id"], "c1");
    assert_eq!(last["_meta"].get("terminal_output"), None, "it was streamed");
}

#[tokio::test]
async fn row_66_what_was_not_streamed_comes_at_the_end() {
    let can = json!({ "_meta": { "terminal_output": true } });
    let (mut editor, session) = calling("bash", json!({ "command": "x", "result": "quick" }), can).await;
    let id = editor.prompt(&session, "run").await;
    let asked = editor.asked("session/request_permission").await;
    editor.answer(&asked, chosen("allow-once")).await;
    let (told, _) = editor.turn(id).await;
    assert_eq!(of_call(&told, "c1").last().unwrap()["_meta"]["terminal_output"]["data"], "quick");
}

#[tokio::test]
async fn a_commands_exit_is_told_as_data() {
    for (input, status, raw, terminal) in [
        (json!({"exit": 0}), "completed", json!({"exitCode": 0}), json!([0, null])),
        (json!({"exit": 101}), "failed", json!({"exitCode": 101}), json!([101, null])),
        (json!({"signal": 9}), "failed", json!({"signal": "SIGKILL"}), json!([null, "SIGKILL"])),
        (json!({}), "completed", Value::Null, json!([null, null])),
    ] {
        for can in [json!({ "_meta": { "terminal_output": true } }), json!({})] {
            let with_terminals = can.get("_meta").is_some();
            let (mut editor, session) = calling("bash", input.clone(), can).await;
            let id = editor.prompt(&session, "run").await;
            let asked = editor.asked("session/request_permission").await;
            editor.answer(&asked, chosen("allow-once")).await;
            let (told, _) = editor.turn(id).await;
            let last = of_call(&told, "c1").last().copied().unwrap();
            assert_eq!(
                (&last["status"], last.get("rawOutput").unwrap_or(&Value::Null)),
                (&json!(status), &raw)
            );
            let exit = &last["_meta"]["terminal_exit"];
            let told =
                if with_terminals { json!([exit["exit_code"], exit["signal"]]) } else { terminal.clone() };
            assert_eq!(told, terminal, "{last}");
        }
    }
}

#[tokio::test]
async fn row_61_broken_and_huge_arguments() {
    let huge = json!({ "path": "/w/a", "content": "x".repeat(3_000_000) });
    let broken = Say::Call("write", json!("{\"path\": "));
    let (mut editor, session) = calling_all([broken, Say::Call("write", huge)], json!({})).await;
    let id = editor.prompt(&session, "write").await;
    let asked = editor.asked("session/request_permission").await;
    let content = asked["params"]["toolCall"]["content"][0]["content"]["text"].as_str().unwrap();
    assert!(content.contains("too large to be shown: a file of 3000000 bytes"), "{content}");
    editor.answer(&asked, chosen("reject-once")).await;
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("end_turn"));
    assert_eq!(of_call(&told, "c1").last().unwrap()["status"], "failed");
}

#[tokio::test]
async fn row_63_the_plan_whole() {
    let (mut editor, session) = calling("todo", json!({}), json!({})).await;
    let id = editor.prompt(&session, "plan").await;
    let (told, _) = editor.turn(id).await;
    let plan = updates(&told).into_iter().find(|update| update["sessionUpdate"] == "plan").unwrap();
    let entry =
        |content: &str, status: &str| json!({ "content": content, "priority": "medium", "status": status });
    assert_eq!(plan["entries"], json!([entry("first", "completed"), entry("second", "in_progress")]));
}

#[tokio::test]
async fn a_model_that_repeats_itself_is_asked_about_as_a_call_of_its_own() {
    let step = || answer([Say::Call("read", json!({ "path": "/w/a" }))]);
    let mut editor = Editor::ready((0..9).map(|_| step()), json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "loop").await;
    let asked = editor.asked("session/request_permission").await;
    let call = &asked["params"]["toolCall"];
    assert_eq!(call["toolCallId"], "question-q1");
    assert!(call["title"].as_str().unwrap().contains("repeats itself"), "{call}");
    editor.answer(&asked, chosen("reject-once")).await;
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("cancelled"));
    let [known, over] = of_call(&told, "question-q1")[..] else { panic!("{told:?}") };
    assert_eq!(known["sessionUpdate"], "tool_call");
    assert_eq!(over["status"], "failed");
}

#[tokio::test]
async fn row_67_and_69_a_client_that_can_nothing_is_asked_and_told_nothing_special() {
    let calls = [Say::Call("todo", json!({})), Say::Call("bash", json!({ "command": "x" }))];
    let (mut editor, session) = calling_all(calls, json!({})).await;
    editor.notice(&session, "a word").await;
    let id = editor.prompt(&session, "go").await;
    let asked = editor.asked("session/request_permission").await;
    editor.answer(&asked, chosen("allow-once")).await;
    let (told, _) = editor.turn(id).await;
    assert!(told.iter().all(|message| message["method"] == "session/update"), "{told:?}");
    assert!(!kinds(&told).contains(&"notice"));
    assert!(told.iter().all(|message| message["params"]["update"].get("_meta").is_none()));
    assert!(super::client::words(&told, "agent_message_chunk").contains("a word"));
}
