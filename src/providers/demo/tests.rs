//! Tests of the demo model: commands in, calls and words out.

use std::sync::Arc;

use super::*;
use crate::engine::event::{CallId, Reply, ReplyBlock, SessionId, ToolCall};
use crate::engine::model::ToolSpec;

/// A conversation in which calls are answered by what `tool` gives.
fn play(prompt: &str, tool: impl Fn(&str, &Value) -> (String, ResultKind)) -> Vec<String> {
    play_after(Vec::new(), prompt, tool)
}

fn words(text: &str) -> Message {
    Message::User([Block::Text { text: text.into() }].into())
}

/// The same behind what was said in the turns before.
fn play_after(
    before: Vec<Message>,
    said: &str,
    tool: impl Fn(&str, &Value) -> (String, ResultKind),
) -> Vec<String> {
    let prompt = before.len();
    let mut messages = before;
    messages.push(words(said));
    let mut happened = Vec::new();
    for _ in 0..20 {
        let spec = ToolSpec { name: "read".into(), description: String::new(), schema: json!({}) };
        let request = Request {
            session: SessionId("s".into()),
            system: "".into(),
            tools: [spec].into(),
            offer: Default::default(),
            wanted: Default::default(),
            replies: 0,
            messages: messages.clone(),
            media: Vec::new(),
            prompt,
            outgoing: Default::default(),
        };
        let mut words = String::new();
        let mut called = None;
        for event in answer(&request) {
            match event {
                ModelEvent::Text(text) => words.push_str(&text),
                ModelEvent::CallReady { call, .. } => {
                    called = Some((call.provider_id, call.tool, call.input))
                }
                _ => {}
            }
        }
        happened.push(words);
        let Some((provider_id, name, input)) = called else { return happened };
        happened.push(format!("{name} {input}"));
        let (text, kind) = tool(&name.0, &input);
        let id = CallId("c".into());
        let call = ToolCall::new(id.clone(), provider_id.clone(), name.clone(), input);
        let blocks = vec![ReplyBlock::Call { call }];
        messages.push(Message::Assistant(Arc::new(Reply { blocks, ..Reply::default() })));
        messages.push(Message::Results(
            [CallResult { call: id, provider_id, tool: name, text, kind, media: Vec::new() }].into(),
        ));
    }
    panic!("it does not end: {happened:?}")
}

#[test]
fn a_replacement_reads_first_and_says_what_it_did() {
    let happened = play("replace Hello with Good morning in src/main.rs", |name, _| match name {
        "read" => ("1\tHello, world\n".into(), ResultKind::Done),
        _ => ("Edited.".into(), ResultKind::Done),
    });
    assert_eq!(happened.len(), 5, "{happened:?}");
    assert!(happened[0].starts_with("Demo, not an AI."), "{happened:?}");
    assert_eq!(happened[1], r#"read {"file_path":"src/main.rs"}"#);
    assert!(
        happened[3].starts_with("edit ") && happened[3].contains(r#""new_string":"Good morning""#),
        "{happened:?}"
    );
    assert!(happened[4].contains("I replaced `Hello` with `Good morning`"), "{happened:?}");
}

#[test]
fn a_no_ends_the_work() {
    let happened = play("run rm x then show a", |_, _| ("The user said no".into(), ResultKind::Failed));
    assert_eq!(happened.len(), 3, "{happened:?}");
    assert!(happened[2].contains("not done") && happened[2].contains("The user said no"), "{happened:?}");
}

#[test]
fn anything_else_is_answered_with_the_list() {
    for prompt in ["please fix my code", "replace x", "help", ""] {
        let happened = play(prompt, |_, _| panic!("no call"));
        assert!(
            happened[0].contains("not an AI") && happened[0].contains("`find TEXT in FOLDER`"),
            "{prompt}: {happened:?}"
        );
    }
}

#[test]
fn words_and_quotes() {
    assert_eq!(
        tasks("replace \"a with b\" with c in d in e.txt"),
        Some(vec![Task::Replace { old: "a with b".into(), new: "c in d".into(), file: "e.txt".into() }])
    );
    assert_eq!(
        tasks("list then run cargo test"),
        Some(vec![Task::List { folder: ".".into() }, Task::Run { command: "cargo test".into() }])
    );
    assert_eq!(tasks("dance"), None);
}

#[test]
fn a_turn_that_was_cancelled_or_failed_is_over() {
    let cancelled = CallResult {
        call: CallId("c1".into()),
        provider_id: "p".into(),
        tool: "bash".into(),
        text: "The user cancelled before this call was done.".into(),
        kind: ResultKind::Failed,
        media: Vec::new(),
    };
    let call =
        ToolCall::new(CallId("c1".into()), "p".into(), "bash".into(), json!({ "command": "sleep 20" }));
    let reply = Reply { blocks: vec![ReplyBlock::Call { call }], ..Reply::default() };
    let in_a_call = vec![
        words("run sleep 20"),
        Message::Assistant(Arc::new(reply)),
        Message::Results([cancelled].into()),
    ];
    for before in [in_a_call, vec![words("run rm -r .")]] {
        let happened = play_after(before, "something else", |_, _| panic!("no call"));
        assert!(happened[0].contains("`find TEXT in FOLDER`"), "{happened:?}");
    }
}
