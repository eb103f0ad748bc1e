//! What is told after room was made, and after ways back over that point.

use super::super::event::{CallForm, Reply, ReplyBlock, ToolCall};
use super::super::model::ResultKind;
use super::*;

fn user(text: &str) -> Message {
    words(text)
}

fn reply(text: &str) -> Message {
    let text = text.to_owned();
    Message::Assistant(Arc::new(Reply { blocks: vec![ReplyBlock::Text { text }], ..Reply::default() }))
}

fn call() -> Message {
    let call = ToolCall::new("c1".into(), "p1".into(), "read".into(), serde_json::json!({}));
    assert_eq!(call.form, CallForm::Object);
    Message::Assistant(Arc::new(Reply { blocks: vec![ReplyBlock::Call { call }], ..Reply::default() }))
}

fn results(text: &str) -> Message {
    let result = CallResult {
        call: "c1".into(),
        provider_id: "p1".into(),
        tool: "read".into(),
        text: text.to_owned(),
        kind: ResultKind::Done,
        media: Vec::new(),
    };
    Message::Results([result].into())
}

/// A line for each message that is told.
fn lines(telling: &Telling) -> Vec<String> {
    let line = |message: &Message| match message {
        Message::User(blocks) => match &blocks[0] {
            Block::Text { text } => format!("user {text}"),
            other => panic!("{other:?}"),
        },
        Message::Assistant(reply) if reply.calls().next().is_some() => "call".to_owned(),
        Message::Assistant(reply) => format!("model {}", reply.text()),
        Message::Results(results) if results[0].text.contains("is not shown any more") => {
            "left out".to_owned()
        }
        Message::Results(results) => format!("result of {} bytes", results[0].text.len()),
    };
    telling.messages().iter().map(line).collect()
}

fn history() -> Vec<Message> {
    let long = "x".repeat(1000);
    vec![
        user("one"),
        call(),
        results(&long),
        reply("a"),
        user("two"),
        call(),
        results(&long),
        call(),
        results("short"),
    ]
}

fn told(history: &[Message]) -> Telling {
    let mut telling = Telling::default();
    history.iter().for_each(|message| telling.say(message));
    telling
}

fn summary(prompt: Option<u64>) -> Option<Summary> {
    Some(Summary { text: "sum".into(), prompt })
}

#[test]
fn results_are_left_out_and_calls_keep_theirs() {
    let history = history();
    let mut telling = told(&history);
    telling.tell(6, None, &history);
    let all = lines(&telling);
    assert_eq!(all[..5], ["user one", "call", "left out", "model a", "user two"]);
    assert_eq!(all[5..], ["call", "result of 1000 bytes", "call", "result of 5 bytes"]);
    telling.tell(9, None, &history);
    assert_eq!(
        lines(&telling)[6..],
        ["left out", "call", "result of 5 bytes"],
        "a short one costs less than a note"
    );
    assert_eq!(telling.place(7), Some(7));
}

#[test]
fn a_summary_stands_for_what_was_before_and_the_prompt_stays() {
    let history = history();
    let mut telling = told(&history);
    telling.tell(7, summary(Some(4)), &history);
    assert_eq!(lines(&telling), ["user sum", "user two", "call", "result of 5 bytes"]);
    assert_eq!([0, 4, 6, 7, 8].map(|at| telling.place(at)), [None, Some(1), None, Some(2), Some(3)]);
    telling.say(&reply("b"));
    telling.tell(9, summary(None), &[history, vec![reply("b")]].concat());
    assert_eq!(lines(&telling), ["user sum", "model b"]);
}

#[test]
fn a_way_back_over_it_brings_back_what_was_told_and_can_be_undone() {
    let history = history();
    let mut telling = told(&history);
    telling.tell(4, None, &history[..4]);
    telling.tell(7, summary(Some(4)), &history);
    let gone = telling.go_back(&history[..4]);
    assert_eq!(lines(&telling), ["user one", "call", "left out", "model a"]);
    assert_eq!(gone, [Less { upto: 7, made_of: 9, summary: summary(Some(4)) }]);
    telling.undo(gone, &history);
    assert_eq!(lines(&telling), ["user sum", "user two", "call", "result of 5 bytes"]);
}

#[test]
fn a_summary_that_knows_of_what_was_taken_back_goes_too() {
    let history = history();
    let mut telling = told(&history);
    telling.tell(4, summary(None), &history[..6]);
    telling.go_back(&history[..4]);
    assert_eq!(lines(&telling), ["user one", "call", "result of 1000 bytes", "model a"]);
    telling.tell(4, summary(None), &history[..4]);
    telling.go_back(&history[..4]);
    assert_eq!(lines(&telling), ["user sum"]);
}

#[test]
fn what_was_counted_holds_until_less_is_told() {
    let history = history();
    let mut telling = told(&history);
    telling.count(&Usage::default());
    assert_eq!(telling.counted(), None);
    telling.count(&Usage { input: 10, cache_read: 5, output: 2, ..Usage::default() });
    assert_eq!(telling.counted(), Some((9, 17)));
    telling.tell(9, summary(None), &history);
    assert_eq!(telling.counted(), None);
}
