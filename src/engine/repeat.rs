//! Sees when the model goes round in circles: the same steps with the same results, over and over.

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
    let steps = steps_backwards(history);
    match circle(&steps) {
        Some(Circle { period, rounds }) if rounds == limits::EQUAL_CALLS_NOTED => {
            let [calls, results] = words(period);
            let what = describe(&steps[..period]);
            Repeat::Noted(format!(
                "You have made the same {calls} {rounds} times in a row with the same {results} ({what}). Repeating \
                 it will not change the result: try something else, or say what stands in the way."
            ))
        }
        Some(Circle { period, rounds }) if rounds.is_multiple_of(limits::EQUAL_CALLS_MAX) => {
            let [calls, results] = words(period);
            let what = describe(&steps[..period]);
            Repeat::Stuck(format!(
                "The model has made the same {calls} {rounds} times in a row with the same {results}: {what}"
            ))
        }
        Some(_) | None => Repeat::None,
    }
}

/// One request and what its calls brought.
type Step<'a> = (&'a Reply, &'a [CallResult]);

/// Some steps, made again and again.
#[derive(Clone, Copy)]
struct Circle {
    /// The steps of one round.
    period: usize,
    /// The rounds up to now.
    rounds: usize,
}

/// The shortest circle which the last step closes; none while a round is under way, so that each
/// round is seen once. A circle of one step is one of two steps as well, hence the shortest.
fn circle(steps: &[Step<'_>]) -> Option<Circle> {
    let longest = limits::EQUAL_CIRCLE_STEPS_MAX;
    (1..=longest).find_map(|period| {
        let later = steps.iter().skip(period);
        let equal = steps.iter().zip(later).take_while(|(step, earlier)| same(step, earlier)).count();
        let rounds = equal / period + 1;
        (rounds >= limits::EQUAL_CALLS_NOTED)
            .then(|| equal.is_multiple_of(period).then_some(Circle { period, rounds }))
    })?
}

/// Steps with calls, the last first, up to the first answer without one. Notes to the model stand
/// between steps and do not end a row.
fn steps_backwards(history: &[Message]) -> Vec<Step<'_>> {
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
        if steps.len() > limits::STEPS_PER_TURN_MAX as usize {
            break;
        }
    }
    steps
}

fn same((reply, results): &Step<'_>, (other, others): &Step<'_>) -> bool {
    let calls = reply.calls().map(|call| (&call.tool, &call.input));
    let texts = results.iter().map(|result| without_time(&result.text));
    calls.eq(other.calls().map(|call| (&call.tool, &call.input)))
        && texts.eq(others.iter().map(|result| without_time(&result.text)))
}

/// A command's result without the time it took, which differs where nothing else does: its last line
/// ends in `, 0.3 s)`.
fn without_time(text: &str) -> &str {
    let (start, last) = text.rsplit_once('\n').map_or((0, text), |(before, last)| (before.len() + 1, last));
    let time = last.strip_prefix('(').and_then(|line| line.strip_suffix(" s)")?.rsplit_once(", "));
    match time {
        Some((how, time)) if time.parse::<f64>().is_ok() => &text[..start + 1 + how.len()],
        Some(_) | None => text,
    }
}

fn words(period: usize) -> [&'static str; 2] {
    if period == 1 { ["call", "result"] } else { ["calls in the same order", "results"] }
}

/// One round in the order in which it was made.
fn describe(round: &[Step<'_>]) -> String {
    let calls = round.iter().rev().flat_map(|(reply, _)| reply.calls());
    let calls: Vec<String> = calls.map(|call| format!("{} {}", call.tool, call.input)).collect();
    crate::text::clip::line(&calls.join("; "), limits::REPEATED_CALL_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::super::event::{CallId, ReplyBlock, ToolCall};
    use super::super::model::ResultKind;
    use super::*;

    /// One step a word: the file that is read, and after `=` what was found, if that matters.
    fn history(steps: &[&str]) -> Vec<Message> {
        let mut history = vec![Message::User([].into())];
        for step in steps {
            let (file, found) = step.split_once('=').unwrap_or((step, "found"));
            let call =
                ToolCall::new(CallId("c".into()), String::new(), "read".into(), json!({ "file_path": file }));
            let blocks = vec![ReplyBlock::Call { call }];
            history.push(Message::Assistant(Arc::new(Reply { blocks, ..Reply::default() })));
            let result = CallResult {
                media: Vec::new(),
                call: CallId("c".into()),
                provider_id: String::new(),
                tool: "read".into(),
                text: found.to_owned(),
                kind: ResultKind::Done,
            };
            history.push(Message::Results([result].into()));
        }
        history
    }

    /// What is said after each step: `.` nothing, `n` a note, `?` a question.
    #[track_caller]
    fn check(steps: &str, expected: &str) {
        let steps: Vec<&str> = steps.split_whitespace().collect();
        let said: String = (1..=steps.len())
            .map(|count| match look(&history(&steps[..count])) {
                Repeat::None => '.',
                Repeat::Noted(_) => 'n',
                Repeat::Stuck(_) => '?',
            })
            .collect();
        assert_eq!(said, expected, "{steps:?}");
    }

    #[test]
    fn three_are_noted_five_are_asked() {
        check("x x x x x x x x x x", "..n.?....?");
        check(&"x ".repeat(30), "..n.?....?....?....?....?....?");
    }

    #[test]
    fn steps_in_turn_are_a_loop_too() {
        check("a b a b a b a b a b a b a b a b a b a b", ".....n...?.........?");
        check("a b c a b c a b c a b c a b c", "........n.....?");
        check("a a b a a b a a b a a b a a b", "........n.....?");
        check("a b c d a b c d a b c d", "...........n");
    }

    #[test]
    fn what_came_before_a_loop_does_not_hide_it() {
        check("x y a b a b a b", ".......n");
        check("x x x a b a b a b", "..n.....n");
        check("a b a b a b b b", ".....n.n");
    }

    #[test]
    fn a_poll_is_no_loop() {
        check("x=1 x=2 x=3 x=4 x=5", ".....");
        check("x x x=y", "...");
        check("a b=1 a b=2 a b=3 a b=4", "........");
        check("a b a b a c a b a b a c", "............");
    }

    #[test]
    fn the_time_of_a_command_is_no_difference() {
        for (one, other, same) in [
            ("no such\n(exit code 1, 0.1 s)", "no such\n(exit code 1, 12.0 s)", true),
            ("(exit code 0, no output, 0.1 s)", "(exit code 0, no output, 0.2 s)", true),
            ("(exit code 1, 0.1 s)", "(exit code 2, 0.1 s)", false),
            ("a\n(exit code 1, 0.1 s)", "b\n(exit code 1, 0.1 s)", false),
            ("(took, a s)", "(took, b s)", false),
            ("1, 0.1 s", "1, 0.2 s", false),
        ] {
            assert_eq!(without_time(one) == without_time(other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_round_is_told_in_its_order() {
        let Repeat::Noted(text) = look(&history(&["a", "b", "a", "b", "a", "b"])) else {
            panic!("not noted")
        };
        assert!(
            text.contains(
                r#"3 times in a row with the same results (read {"file_path":"a"}; read {"file_path":"b"})"#
            ),
            "{text}"
        );
    }

    proptest! {
        /// Whatever is done in turn, up to the longest circle: a note in the third round, a question in
        /// the fifth, and one each fifth from there.
        #[test]
        fn every_circle_is_seen(files in prop::collection::hash_set("[a-z]", 1..=limits::EQUAL_CIRCLE_STEPS_MAX)) {
            let files: Vec<String> = files.into_iter().collect();
            let steps: Vec<&str> = files.iter().map(String::as_str).cycle().take(files.len() * 10).collect();
            for count in 1..=steps.len() {
                let (rounds, rest) = (count / files.len(), count % files.len());
                let seen = look(&history(&steps[..count]));
                match rounds {
                    3 if rest == 0 => prop_assert!(matches!(seen, Repeat::Noted(_))),
                    5 | 10 if rest == 0 => prop_assert!(matches!(seen, Repeat::Stuck(_))),
                    _ => prop_assert_eq!(seen, Repeat::None),
                }
            }
        }
    }
}
