//! Sees when the model goes round in circles: the same calls with the same results, step after step.

use super::event::Reply;
use super::model::{CallResult, Message};
use crate::limits;

/// What the last steps look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing is repeated, or it was said already.
    None,
    /// The model should hear this.
    Noted(String),
    /// The user should decide; this says what happens.
    Stuck(String),
}

/// Looks at the end of a history. A call whose result changes is a poll, not a loop.
pub fn look(history: &[Message]) -> Repeat {
    let steps: Vec<(&Reply, &[CallResult])> = steps_backwards(history);
    let Some((reply, results)) = steps.first() else { return Repeat::None };
    let equal = steps.iter().take_while(|(other, others)| same(reply, results, other, others)).count();
    let what = describe(reply);
    match equal {
        limits::EQUAL_CALLS_NOTED => Repeat::Noted(format!(
            "You have made the same call {equal} times in a row with the same result ({what}). Repeating it will \
             not change the result: try something else, or say what stands in the way."
        )),
        count
            if count >= limits::EQUAL_CALLS_MAX
                && (count - limits::EQUAL_CALLS_MAX).is_multiple_of(limits::EQUAL_CALLS_MAX) =>
        {
            Repeat::Stuck(format!(
                "The model has made the same call {count} times in a row with the same result: {what}"
            ))
        }
        _ => Repeat::None,
    }
}

/// Steps with calls, the last first, up to the first thing that the user said. Notes to the model
/// stand between steps and do not end a row.
fn steps_backwards(history: &[Message]) -> Vec<(&Reply, &[CallResult])> {
    let mut steps = Vec::new();
    let mut results: Option<&[CallResult]> = None;
    for message in history.iter().rev() {
        match message {
            Message::Results(these) => results = Some(these),
            Message::Assistant(reply) => match results.take() {
                Some(results) => steps.push((&**reply, results)),
                None => break,
            },
            Message::User(_) => {}
        }
        if steps.len() > limits::EQUAL_CALLS_MAX * 4 {
            break;
        }
    }
    steps
}

fn same(reply: &Reply, results: &[CallResult], other: &Reply, others: &[CallResult]) -> bool {
    let inputs = |reply: &Reply| -> Vec<(String, String)> {
        reply.calls().map(|call| (call.tool.0.clone(), call.input.to_string())).collect()
    };
    let texts =
        |results: &[CallResult]| -> Vec<String> { results.iter().map(|one| one.text.clone()).collect() };
    inputs(reply) == inputs(other) && texts(results) == texts(others)
}

fn describe(reply: &Reply) -> String {
    let calls: Vec<String> = reply.calls().map(|call| format!("{} {}", call.tool, call.input)).collect();
    crate::text::clip::line(&calls.join("; "), limits::REPEATED_CALL_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::event::{CallId, ReplyBlock, ToolCall, Usage};
    use super::super::model::ResultKind;
    use super::*;

    fn history(results: &[&str]) -> Vec<Message> {
        let mut history = vec![Message::User([].into())];
        for text in results {
            let call = ToolCall {
                id: CallId("c".into()),
                provider_id: String::new(),
                tool: "read".into(),
                input: json!({"file_path": "a"}),
            };
            let blocks = vec![ReplyBlock::Call { call }];
            history.push(Message::Assistant(Arc::new(Reply { blocks, usage: Usage::default() })));
            let result = CallResult {
                call: CallId("c".into()),
                provider_id: String::new(),
                tool: "read".into(),
                text: (*text).to_owned(),
                kind: ResultKind::Done,
            };
            history.push(Message::Results([result].into()));
        }
        history
    }

    #[test]
    fn three_are_noted_five_are_asked() {
        assert_eq!(look(&history(&["x"; 2])), Repeat::None);
        assert!(matches!(look(&history(&["x"; 3])), Repeat::Noted(_)));
        assert_eq!(look(&history(&["x"; 4])), Repeat::None);
        assert!(matches!(look(&history(&["x"; 5])), Repeat::Stuck(_)));
        assert_eq!(look(&history(&["x"; 6])), Repeat::None);
        assert!(matches!(look(&history(&["x"; 10])), Repeat::Stuck(_)));
    }

    #[test]
    fn a_poll_is_no_loop() {
        assert_eq!(look(&history(&["1", "2", "3", "4", "5"])), Repeat::None);
        assert_eq!(look(&history(&["x", "x", "y"])), Repeat::None);
    }
}
