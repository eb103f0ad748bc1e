//! Rows 34–52: prompts, what streams, how turns end, cancelling and steering.

use serde_json::{Value, json};

use super::client::{kinds, updates, words};
use super::editor::{Editor, host};
use super::script::{Say, Script, answer};
use crate::engine::model::{ErrorKind, Finish};
use crate::engine::{Event, Seq, Update};

fn end(reason: &str) -> Result<Value, Value> {
    Ok(json!({ "stopReason": reason }))
}

#[tokio::test]
async fn row_34_text_comes_live_and_whole_before_the_answer() {
    let steps = [answer([Say::Text("Hello "), Say::Gate("more"), Say::Text("world")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    let first = editor.update("agent_message_chunk").await;
    assert_eq!(first["content"], json!({ "type": "text", "text": "Hello " }));
    editor.script.open("more");
    let (told, answer) = editor.turn(id).await;
    assert_eq!(words(&told, "agent_message_chunk"), "world");
    assert_eq!(answer, end("end_turn"));
    assert_eq!(editor.script.heard(), ["hi"]);
}

#[tokio::test]
async fn row_35_all_characters_come_unchanged() {
    let text = "ä€😀 \u{2028}\u{2029} \u{1b}[31m \0 \r\n \"\\ \u{feff}";
    let mut editor = Editor::ready([answer([Say::Text(text)])], json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, text).await;
    let (told, _) = editor.turn(id).await;
    assert_eq!(words(&told, "agent_message_chunk"), text);
    assert_eq!(editor.script.heard(), [text]);
}

#[tokio::test]
async fn rows_36_and_30_what_editors_attach_reaches_the_model() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let resource = |fields: Value| json!({ "type": "resource", "resource": fields });
    let prompt = json!([
        { "type": "text", "text": "look" },
        { "type": "resource_link", "name": "a", "uri": "file:///w/a.txt", "_meta": {} },
        { "type": "resource_link", "name": "t", "uri": "zed:///agent/terminal" },
        resource(json!({ "uri": "file:///w/b", "text": "unsaved" })),
        resource(json!({ "uri": "file:///w/c", "blob": "aGk=" })),
        resource(json!({ "uri": "file:///w/d", "blob": "AAE=", "mimeType": "image/x" })),
    ]);
    let ended = editor.call("session/prompt", json!({ "sessionId": session, "prompt": prompt })).await;
    assert_eq!(ended, end("end_turn"));
    let heard = editor.script.heard();
    assert_eq!(heard[..3], ["look", "link file:///w/a.txt", "link zed:///agent/terminal"]);
    assert!(heard[3].contains("ask the user to paste it"), "{heard:?}");
    assert_eq!(
        heard[4..7],
        ["resource file:///w/b: unsaved", "resource file:///w/c: hi", "link file:///w/d"]
    );
    assert!(heard[7].contains("image/x"), "{heard:?}");
}

#[tokio::test]
async fn rows_37_and_38_prompts_that_cannot_be_taken_say_why() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let audio = json!([{ "type": "audio", "data": "AA==", "mimeType": "audio/wav" }]);
    let image = json!([{ "type": "image", "data": "%", "mimeType": "image/png" }]);
    for (prompt, word) in [
        (audio, "audio"),
        (image, "base64"),
        (json!([]), "empty"),
        (json!("hi"), "prompt"),
        (Value::Null, "prompt"),
        (json!([{ "type": "hologram" }]), "prompt"),
        (json!([{ "type": "text" }]), "text"),
        (json!([{ "type": "resource", "resource": { "uri": "x", "blob": "%" } }]), "base64"),
    ] {
        let error = editor.call("session/prompt", json!({ "sessionId": session, "prompt": prompt })).await;
        let error = error.unwrap_err();
        assert_eq!(error["code"], -32602, "{prompt}");
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
    }
    assert_eq!(
        editor.call("session/prompt", json!({ "sessionId": session })).await.unwrap_err()["code"],
        -32602
    );
}

#[tokio::test]
async fn row_40_long_texts_come_in_lines_that_clients_read() {
    let long = "\u{1}äb".repeat(500_000);
    let mut editor = Editor::ready([answer([Say::Long(long.clone())])], json!({})).await;
    let session = editor.session().await;
    let prompt = "x".repeat(1_000_000);
    let id = editor.prompt(&session, &prompt).await;
    let (told, answer) = editor.turn(id).await;
    assert!(words(&told, "agent_message_chunk") == long);
    assert_eq!(answer, end("end_turn"));
    assert!(editor.script.heard() == [prompt]);
}

#[tokio::test]
async fn row_41_a_failing_model_is_told_in_the_thread_and_in_the_answer() {
    let steps =
        [vec![Say::Fail(ErrorKind::Auth, "example.test says 401:\nno such key; set QUILLON_API_KEY")]];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    let (told, answer) = editor.turn(id).await;
    let shown = words(&told, "agent_message_chunk");
    assert!(shown.contains("no such key; set QUILLON_API_KEY"), "{shown}");
    let error = answer.unwrap_err();
    assert_eq!(error["message"], "example.test says 401: no such key; set QUILLON_API_KEY");
    assert_eq!(error["data"]["kind"], "model");
    let id = editor.prompt(&session, "again").await;
    assert_eq!(editor.answered(id).await, end("end_turn"));
}

#[tokio::test]
async fn row_42_what_may_pass_is_tried_again_and_shown() {
    let steps = [
        vec![Say::Text("half an ans"), Say::Gate("break"), Say::Fail(ErrorKind::Network, "connection reset")],
        answer([Say::Text("the whole answer")]),
    ];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    let first = editor.update("agent_message_chunk").await;
    editor.script.open("break");
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("end_turn"));
    let shown = words(&told, "agent_message_chunk");
    assert!(shown.contains("connection reset. Trying again in 1 s (attempt 2 of 5)"), "{shown}");
    let last =
        updates(&told).into_iter().rfind(|update| update["content"]["text"] == "the whole answer").unwrap();
    assert_ne!(last["messageId"], first["messageId"], "what was void must not run into what counts");
}

#[tokio::test]
async fn row_43_reasons() {
    for (finish, reason) in
        [(Finish::Length, "max_tokens"), (Finish::Refused, "refusal"), (Finish::Complete, "end_turn")]
    {
        let mut editor = Editor::ready([vec![Say::Text("so far"), Say::End(finish)]], json!({})).await;
        let session = editor.session().await;
        let id = editor.prompt(&session, "hi").await;
        assert_eq!(editor.answered(id).await, end(reason));
    }
}

#[tokio::test]
async fn row_44_thoughts_are_thoughts() {
    let mut editor = Editor::ready([answer([Say::Thought("hm"), Say::Text("yes")])], json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    let (told, _) = editor.turn(id).await;
    assert_eq!(words(&told, "agent_thought_chunk"), "hm");
    assert_eq!(words(&told, "agent_message_chunk"), "yes");
}

#[tokio::test]
async fn row_45_usage_title_and_message_ids() {
    let steps = [answer([Say::Text("a"), Say::Usage(90, 10)]), answer([Say::Text("b")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "Name this\nand more").await;
    let (told, _) = editor.turn(id).await;
    let of = |kind: &str| updates(&told).into_iter().find(|update| update["sessionUpdate"] == kind).unwrap();
    assert_eq!(of("usage_update")["used"], 100);
    assert_eq!(of("usage_update")["size"], 1_000);
    assert_eq!(of("usage_update")["cost"], json!({ "amount": 0.0011, "currency": "USD" }));
    assert_eq!(of("session_info_update")["title"], "Name this");
    let first = of("agent_message_chunk")["messageId"].clone();
    assert!(first.is_string());
    let id = editor.prompt(&session, "more").await;
    let (told, _) = editor.turn(id).await;
    assert!(updates(&told).iter().all(|update| update["messageId"] != first));
}

#[tokio::test]
async fn row_46_other_requests_are_answered_during_a_turn() {
    let steps = [answer([Say::Gate("never")]), answer([Say::Text("second")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let (one, two) = (editor.session().await, editor.session().await);
    let running = editor.prompt(&one, "wait").await;
    editor.update("session_info_update").await;
    assert!(editor.call("session/list", json!({})).await.is_ok());
    assert!(editor.call("session/set_mode", json!({ "sessionId": one, "modeId": "plan" })).await.is_ok());
    let id = editor.prompt(&two, "hi").await;
    assert_eq!(editor.answered(id).await, end("end_turn"));
    editor.notify("session/cancel", json!({ "sessionId": one })).await;
    assert_eq!(editor.answered(running).await, end("cancelled"));
}

#[tokio::test]
async fn row_47_cancel_while_it_streams() {
    let steps = [answer([Say::Text("a"), Say::Gate("never"), Say::Text("b")]), answer([Say::Text("next")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.update("agent_message_chunk").await;
    for _ in 0..3 {
        editor.notify("session/cancel", json!({ "sessionId": session })).await;
    }
    let (told, answer) = editor.turn(id).await;
    assert_eq!(answer, end("cancelled"));
    assert!(kinds(&told).iter().all(|kind| *kind == "session_info_update"), "{told:?}");
    let id = editor.prompt(&session, "again").await;
    let (told, answer) = editor.turn(id).await;
    assert_eq!((words(&told, "agent_message_chunk").as_str(), answer), ("next", end("end_turn")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn row_48_prompt_and_cancel_in_one_write() {
    for _ in 0..50 {
        let mut editor = Editor::ready([answer([Say::Gate("never")])], json!({})).await;
        let session = editor.session().await;
        let prompt = json!([{ "type": "text", "text": "hi" }]);
        let params = json!({ "sessionId": session, "prompt": prompt });
        let request = json!({ "jsonrpc": "2.0", "id": 100, "method": "session/prompt", "params": params });
        let params = json!({ "sessionId": session });
        let cancel = json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params });
        editor.methods([("100", "session/prompt")]);
        editor.write(format!("{request}\n{cancel}\n").as_bytes()).await;
        assert_eq!(editor.answered(100).await, end("cancelled"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn row_48_cancel_and_prompt_in_one_write() {
    let mut editor =
        Editor::ready([answer([Say::Text("on"), Say::Gate("never")]), answer([Say::Text("yes")])], json!({}))
            .await;
    let session = editor.session().await;
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    let first = editor.prompt(&session, "one").await;
    editor.update("agent_message_chunk").await;
    let params = json!({ "sessionId": session });
    let cancel = json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params });
    let params = json!({ "sessionId": session, "prompt": [{ "type": "text", "text": "two" }] });
    let request = json!({ "jsonrpc": "2.0", "id": 100, "method": "session/prompt", "params": params });
    editor.methods([("100", "session/prompt")]);
    editor.write(format!("{cancel}\n{request}\n").as_bytes()).await;
    assert_eq!(editor.answered(first).await, end("cancelled"));
    let (told, answer) = editor.turn(100).await;
    assert_eq!((words(&told, "agent_message_chunk").as_str(), answer), ("yes", end("end_turn")));
}

#[tokio::test]
async fn row_49_a_prompt_whose_request_is_cancelled() {
    let mut editor = Editor::ready([answer([Say::Gate("never")])], json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.update("session_info_update").await;
    let waiting = editor.prompt(&session, "and").await;
    editor.notify("$/cancel_request", json!({ "requestId": waiting })).await;
    assert_eq!(editor.answered(waiting).await, end("cancelled"));
    editor.notify("$/cancel_request", json!({ "requestId": id })).await;
    assert_eq!(editor.answered(id).await, end("cancelled"));
}

#[tokio::test]
async fn row_50_a_second_prompt_steers() {
    let call = Say::Call("read", json!({}));
    let steps = [answer([Say::Gate("go"), call]), answer([Say::Text("both")])];
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let first = editor.prompt(&session, "one").await;
    editor.update("session_info_update").await;
    let second = editor.prompt(&session, "two").await;
    editor.settle().await;
    editor.script.open("go");
    let (told, answer) = editor.turn(first).await;
    assert_eq!(answer, end("end_turn"));
    assert_eq!(words(&told, "agent_message_chunk"), "both");
    assert_eq!(words(&told, "user_message_chunk"), "", "the client shows its own prompts itself");
    assert_eq!(editor.answered(second).await, end("end_turn"));
    assert_eq!(editor.script.heard(), ["one", "two"]);
}

#[tokio::test]
async fn a_prompt_that_comes_too_late_to_steer_is_the_next_turn() {
    let mut editor = Editor::ready([answer([Say::Gate("go")]), answer([Say::Text("next")])], json!({})).await;
    let session = editor.session().await;
    let first = editor.prompt(&session, "one").await;
    editor.update("session_info_update").await;
    let second = editor.prompt(&session, "two").await;
    editor.settle().await;
    editor.script.open("go");
    assert_eq!(editor.answered(first).await, end("end_turn"));
    assert_eq!(editor.answered(second).await, end("end_turn"));
    assert_eq!(editor.script.heard(), ["one", "two"]);
}

#[tokio::test]
async fn row_51_a_turn_has_a_most_of_requests() {
    let steps = (0..200).map(|number| answer([Say::Call("read", json!({ "path": format!("/w/{number}") }))]));
    let mut editor = Editor::ready(steps, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "loop").await;
    let (_, answer) = editor.turn(id).await;
    assert_eq!(answer, end("max_turn_requests"));
}

#[tokio::test]
async fn without_a_model_the_first_prompt_says_what_to_do() {
    let script = Script::new([]);
    let mut editor = Editor::ready_on(host(None), script, json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    let (told, answer) = editor.turn(id).await;
    let message = "no model is chosen; set QUILLON_BASE_URL and QUILLON_MODEL";
    assert!(words(&told, "agent_message_chunk").contains(message));
    assert_eq!(answer.unwrap_err()["message"], message);
}

#[tokio::test]
async fn row_76_the_end_of_the_input_ends_the_turn_and_answers_it() {
    let mut editor = Editor::ready([answer([Say::Text("a"), Say::Gate("never")])], json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.update("agent_message_chunk").await;
    let (last, ended) = editor.hang_up().await;
    assert_eq!(ended, crate::rpc::Ended::EndOfInput);
    let answer = last.iter().find(|message| message["id"] == id).unwrap();
    assert_eq!(answer["result"], json!({ "stopReason": "cancelled" }));
}

#[tokio::test]
async fn row_49_a_load_whose_request_is_cancelled() {
    let script = Script::new([answer([Say::Long("x".repeat(100_000))])]);
    let mut editor = Editor::with_pipe(host(Some(&script)), script, 4_096);
    editor.call("initialize", json!({ "protocolVersion": 1 })).await.unwrap();
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.answered(id).await.unwrap();
    // The replay waits for the client to read, which it does after the cancel only.
    let load = json!({ "sessionId": session, "cwd": "/w", "mcpServers": [] });
    let id = editor.request("session/load", load).await;
    editor.notify("$/cancel_request", json!({ "requestId": id })).await;
    assert_eq!(editor.answered(id).await.unwrap_err()["code"], -32800);
    let id = editor.prompt(&session, "more").await;
    assert_eq!(editor.answered(id).await, end("end_turn"));
}

#[tokio::test]
async fn row_79_a_client_that_does_not_read_can_still_cancel() {
    let script = Script::new([answer([Say::Long("x".repeat(8_000_000)), Say::Gate("never")])]);
    let mut editor = Editor::with_pipe(host(Some(&script)), script, 4_096);
    editor.call("initialize", json!({ "protocolVersion": 1 })).await.unwrap();
    let session = editor.session().await;
    let id = editor.prompt(&session, "hi").await;
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    let mut reader = editor.host.get(&session.as_str().into()).unwrap().reader(Seq(0));
    let is_end = |update: &Update| matches!(update, Update::Fact(fact) if matches!(*fact.event, Event::TurnEnded { .. }));
    while !reader.next().await.unwrap().iter().any(is_end) {}
    let (_, answer) = editor.turn(id).await;
    assert_eq!(answer, end("cancelled"));
}

#[tokio::test]
async fn a_cancel_is_heard_while_the_editor_is_asked_for_instructions() {
    let capabilities = json!({ "fs": { "readTextFile": true, "writeTextFile": true } });
    let folder = tempfile::tempdir().unwrap();
    let mut editor = Editor::ready([answer([Say::Text("never")])], capabilities).await;
    let session = editor.session_in(folder.path().to_str().unwrap()).await;
    let id = editor.prompt(&session, "hello").await;
    let asked = editor.asked("fs/read_text_file").await;
    assert!(asked["params"]["path"].as_str().unwrap().ends_with("AGENTS.md"), "{asked}");
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    let (_, answer) = editor.turn(id).await;
    assert_eq!(answer, Ok(json!({ "stopReason": "cancelled" })));
}
