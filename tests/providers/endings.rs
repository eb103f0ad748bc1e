//! Answers that end or are made in an unusual way, and what goes back of them.

use quillon::engine::event::Stop;
use serde_json::{Value, json};

use super::loopback::Answer;
use super::scene::Scene;
use super::wire::{Said, Wire};

/// Events as a server sends them.
fn events(all: &[Value]) -> Answer {
    let line = |event: &Value| format!("data: {event}\n\n");
    Answer::events(all.iter().map(line).collect::<String>())
}

/// An answer in the Messages format of these blocks, which ends for this reason:
/// <https://docs.claude.com/en/docs/build-with-claude/streaming>.
fn message(blocks: &[Value], reason: &str) -> Answer {
    let start = json!({"id": "msg", "type": "message", "role": "assistant", "content": [], "model": "m1", "usage": {"input_tokens": 1, "output_tokens": 1}});
    let mut all = vec![json!({"type": "message_start", "message": start})];
    for (index, block) in blocks.iter().enumerate() {
        all.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        all.push(json!({"type": "content_block_stop", "index": index}));
    }
    all.push(
        json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 2}}),
    );
    all.push(json!({"type": "message_stop"}));
    events(&all)
}

/// What the next request has of the conversation.
async fn next(scene: &mut Scene, key: &str) -> Vec<Value> {
    scene.server.requests();
    scene.says(&[Said::words("Yes.")]);
    assert_eq!(scene.turn("And now?").await.stop, Stop::Finished);
    let body = scene.asked().pop().unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    serde_json::from_value(body[key].take()).unwrap()
}

#[tokio::test]
async fn hidden_thoughts_alone_are_no_answer() {
    let hidden = json!({"type": "redacted_thinking", "data": "EmwK"});
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": "EqQB"});
    let call = json!({"type": "tool_use", "id": "toolu_x", "name": "read", "input": {"file_path": "a.txt"}});
    for blocks in [vec![hidden.clone()], vec![thought.clone(), hidden.clone()], vec![hidden.clone(), call]] {
        let mut scene = Scene::new(Wire::Anthropic).await;
        scene.given.marks.extend([("EmwK".to_owned(), hidden.clone()), ("EqQB".to_owned(), thought.clone())]);
        scene.server.answers([message(&blocks, "max_tokens")]);
        assert_eq!(scene.turn("Talk.").await.stop, Stop::ContextFull);
        let messages = next(&mut scene, "messages").await;
        assert_eq!(messages.len(), 1, "{messages:?}");
    }
}

#[tokio::test]
async fn hidden_thoughts_go_back_before_their_call() {
    let hidden = json!({"type": "redacted_thinking", "data": "EmwK"});
    let call = json!({"type": "tool_use", "id": "toolu_x", "name": "read", "input": {"file_path": "a.txt"}});
    let mut scene = Scene::new(Wire::Anthropic).await;
    scene.given.marks.insert("EmwK".to_owned(), hidden.clone());
    scene.given.calls.insert("toolu_x".to_owned(), vec!["EmwK".to_owned()]);
    scene.server.answers([message(&[hidden, call], "tool_use")]);
    assert_eq!(scene.turn("Talk.").await.stop, Stop::Finished);
    assert_eq!(next(&mut scene, "messages").await.len(), 5);
}

/// Some carriers leave out what names an answer; its marks count all the same.
#[tokio::test]
async fn an_answer_without_a_name_keeps_its_marks() {
    let stream = |scene: &mut Scene| {
        let body = String::from_utf8(
            scene.stream(&Said::words("I look.").calling("glob", json!({"pattern": "*"}))).body(),
        )
        .unwrap();
        let names = [r#","modelVersion":"m1","responseId":"r1""#];
        assert!(names.iter().all(|name| body.contains(name)), "{body}");
        Answer::events(names.iter().fold(body, |body, name| body.replace(name, "")))
    };
    let mut scene = Scene::new(Wire::Gemini).await;
    let answer = stream(&mut scene);
    scene.server.answers([answer]);
    assert_eq!(scene.turn("Look.").await.stop, Stop::Finished);
    let contents = next(&mut scene, "contents").await;
    assert!(json!(contents).to_string().contains("CiQB1"), "{contents:#?}");
}

#[tokio::test]
async fn an_empty_answer_leaves_nothing_behind() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        scene.says(&[Said::default()]);
        let went = scene.turn("Say nothing.").await;
        assert_eq!(went.stop, Stop::Finished, "{wire:?}");
        scene.says(&[Said::words("Yes.")]);
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        scene.asked();
    }
}

/// Two thoughts in a row of which nothing is shown: both marks go back.
#[tokio::test]
async fn two_thoughts_in_a_row_that_are_not_shown() {
    let thought = |mark: &str| json!({"type": "thinking", "thinking": "", "signature": mark});
    let mut scene = Scene::new(Wire::Anthropic).await;
    for mark in ["Eq1", "Eq2"] {
        scene.given.marks.insert(mark.to_owned(), thought(mark));
    }
    scene.server.answers([message(
        &[thought("Eq1"), thought("Eq2"), json!({"type": "text", "text": "So."})],
        "end_turn",
    )]);
    assert_eq!(scene.turn("Think.").await.stop, Stop::Finished);
    let messages = json!(next(&mut scene, "messages").await).to_string();
    assert_eq!((messages.contains("Eq1"), messages.contains("Eq2")), (true, true), "{messages}");
}

/// A Chat Completions answer whose call has this id.
fn called(scene: &mut Scene, number: usize, id: &str) -> Answer {
    let said = Said::words("I look.").calling("glob", json!({"pattern": format!("{number}*")}));
    let body = String::from_utf8(Wire::Chat.stream(&said, number).body()).unwrap();
    scene.given.calls.clear();
    Answer::events(body.replace(&format!("call_{number}_0"), id))
}

/// Servers that count the calls of each answer from 0 give one id again and again; where it must be told apart, it
/// is. Other ids are longer than everybody takes.
#[tokio::test]
async fn ids_that_come_again_and_ids_that_are_long() {
    for second in [Wire::Anthropic, Wire::Responses, Wire::Gemini] {
        let mut scene = Scene::new(Wire::Chat).await;
        for number in 1..=3 {
            let answer = called(&mut scene, number, "functions.glob:0");
            scene.server.answers([answer]);
            assert_eq!(scene.turn("Look.").await.stop, Stop::Finished);
        }
        scene.server.requests();
        scene.switch(second).await;
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished);
        scene.asked();
    }
    let mut scene = Scene::new(Wire::Chat).await;
    for number in 1..=2 {
        let id = format!("chatcmpl-tool-{:032}", number);
        let answer = called(&mut scene, number, &id);
        scene.server.answers([answer]);
        assert_eq!(scene.turn("Look.").await.stop, Stop::Finished);
    }
    assert_eq!(scene.asked().len(), 4);
}
