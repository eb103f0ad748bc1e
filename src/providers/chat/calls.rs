//! Pieces of tool calls → whole calls, also from servers that leave out what tells them apart.

use serde_json::Value;

use super::chunk::{self, CallPiece};
use super::marks;
use crate::engine::event::ToolName;
use crate::engine::model::{ModelEvent, Wanted};
use crate::limits;
use crate::providers::frame;

/// The calls of one answer.
#[derive(Debug)]
pub struct Calls {
    calls: Vec<Call>,
    /// Begins the names of calls to which the server gives none; unique among all answers.
    id_prefix: String,
}

#[derive(Debug)]
struct Call {
    /// The server's index, which need not be its place.
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    /// The server's own mark on it.
    mark: Option<String>,
}

/// There are more than `limits::CALLS_PER_ANSWER_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyCalls;

/// A piece with its fields as texts, empty where they are missing.
struct Piece {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    mark: Option<String>,
}

impl Calls {
    /// None yet.
    pub fn new(id_prefix: String) -> Self {
        Self { calls: Vec::new(), id_prefix }
    }

    /// Adds a piece to the call that it belongs to.
    pub fn add(&mut self, piece: CallPiece, out: &mut Vec<ModelEvent>) -> Result<(), TooManyCalls> {
        let piece = Piece::of(piece);
        let index = match self.place(&piece) {
            Some(index) => index,
            None if self.calls.len() == limits::CALLS_PER_ANSWER_MAX => return Err(TooManyCalls),
            None => {
                self.calls.push(Call {
                    index: piece.index,
                    id: String::new(),
                    name: String::new(),
                    arguments: String::new(),
                    mark: None,
                });
                self.calls.len() - 1
            }
        };
        let call = &mut self.calls[index];
        if call.id.is_empty() {
            call.id = piece.id;
        }
        call.mark = piece.mark.or(call.mark.take());
        if call.name.is_empty() && !piece.name.is_empty() {
            call.name = piece.name;
            out.push(ModelEvent::CallBegan { index, tool: ToolName(call.name.clone()) });
            // What came before the name is shown with it.
            if !call.arguments.is_empty() {
                out.push(ModelEvent::CallInput { index, text: call.arguments.clone() });
            }
        }
        if !piece.arguments.is_empty() {
            call.arguments.push_str(&piece.arguments);
            if !call.name.is_empty() {
                out.push(ModelEvent::CallInput { index, text: piece.arguments });
            }
        }
        Ok(())
    }

    /// Whether the server has put its mark on any of them.
    pub fn are_marked(&self) -> bool {
        self.calls.iter().any(|call| call.mark.is_some())
    }

    /// The answer is complete, and so are its calls.
    pub fn finish(&mut self, out: &mut Vec<ModelEvent>) {
        for index in 0..self.calls.len() {
            let (earlier, rest) = self.calls.split_at_mut(index);
            let call = &mut rest[0];
            if call.id.is_empty() || earlier.iter().any(|other| other.id == call.id) {
                call.id = format!("{}_{index}", self.id_prefix);
            }
            let tool = ToolName(call.name.clone());
            if call.name.is_empty() {
                out.push(ModelEvent::CallBegan { index, tool: tool.clone() });
            }
            let input = frame::arguments(&call.arguments);
            let signature = call.mark.clone();
            let call = Wanted { signature, ..Wanted::new(call.id.clone(), tool, input) };
            out.push(ModelEvent::CallReady { index, call });
        }
    }

    /// Where the call stands to which a piece belongs; none when it begins another.
    fn place(&self, piece: &Piece) -> Option<usize> {
        let last = self.calls.len().checked_sub(1);
        let place = match piece.index {
            Some(_) => self.calls.iter().rposition(|call| call.index == piece.index),
            None if piece.id.is_empty() => last,
            None => self.calls.iter().rposition(|call| call.id == piece.id).or(if piece.name.is_empty() {
                last
            } else {
                None
            }),
        };
        place.filter(|place| !piece.begins_after(&self.calls[*place]))
    }
}

impl Piece {
    fn of(piece: CallPiece) -> Self {
        let (name, arguments) = match piece.function {
            Some(function) => (chunk::text(function.name), chunk::written(function.arguments)),
            None => (String::new(), String::new()),
        };
        let mark = marks::kept(piece.extra_content);
        Self { index: chunk::number(piece.index), id: chunk::written(piece.id), name, arguments, mark }
    }

    /// Whether the piece begins another call although the server gives it the place of this one.
    /// Many servers repeat id and name in each piece, so a name alone does not begin a call.
    fn begins_after(&self, call: &Call) -> bool {
        if self.name.is_empty() || call.name.is_empty() {
            return false;
        }
        if !self.id.is_empty() && !call.id.is_empty() {
            return self.id != call.id;
        }
        let other_name = self.name != call.name;
        if call.arguments.is_empty() {
            return other_name;
        }
        let is_whole = serde_json::from_str::<Value>(&call.arguments).is_ok();
        is_whole && (other_name || !self.arguments.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    /// The events of a list of pieces, a line each.
    #[track_caller]
    fn check(pieces: Value, expected: Expect) {
        let mut calls = Calls::new("made".to_owned());
        let mut out = Vec::new();
        for piece in pieces.as_array().unwrap() {
            calls.add(serde_json::from_value(piece.clone()).unwrap(), &mut out).unwrap();
        }
        calls.finish(&mut out);
        let lines: Vec<String> = out
            .iter()
            .map(|event| match event {
                ModelEvent::CallBegan { index, tool } => format!("{index} {tool}"),
                ModelEvent::CallInput { index, text } => format!("{index}   {text}"),
                ModelEvent::CallReady { index, call } => {
                    format!("{index} ready: {} {} {}", call.provider_id, call.tool, call.input)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn pieces_by_index() {
        check(
            json!([
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": ""}},
                {"index": 1, "id": "b", "function": {"name": "y", "arguments": "{"}},
                {"index": 0, "function": {"arguments": "{\"k\":"}},
                {"index": "1", "function": {"arguments": "}"}},
                {"index": 0, "id": "", "function": {"name": null, "arguments": "1}"}},
            ]),
            expect![[r#"
                0 x
                1 y
                1   {
                0   {"k":
                1   }
                0   1}
                0 ready: a x {"k":1}
                1 ready: b y {}"#]],
        );
    }

    #[test]
    fn id_and_name_in_each_piece() {
        check(
            json!([
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": ""}},
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}},
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": ""}},
            ]),
            expect![[r#"
                0 x
                0   {}
                0 ready: a x {}"#]],
        );
        check(
            json!([
                {"index": 0, "function": {"name": "x", "arguments": "{\"a\":"}},
                {"index": 0, "function": {"name": "x", "arguments": "1}"}},
            ]),
            expect![[r#"
                0 x
                0   {"a":
                0   1}
                0 ready: made_0 x {"a":1}"#]],
        );
    }

    #[test]
    fn the_same_index_for_all_calls() {
        check(
            json!([
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}},
                {"index": 0, "id": "b", "function": {"name": "x", "arguments": "{}"}},
                {"index": 0, "id": "", "function": {"name": "y", "arguments": "{}"}},
                {"index": 0, "function": {"name": "y", "arguments": "{}"}},
            ]),
            expect![[r#"
                0 x
                0   {}
                1 x
                1   {}
                2 y
                2   {}
                3 y
                3   {}
                0 ready: a x {}
                1 ready: b x {}
                2 ready: made_2 y {}
                3 ready: made_3 y {}"#]],
        );
    }

    #[test]
    fn no_index() {
        check(
            json!([
                {"id": "a", "function": {"name": "x", "arguments": "{\"k\""}},
                {"function": {"arguments": ":1}"}},
                {"id": "b", "function": {"name": "y", "arguments": "{"}},
                {"id": "b", "function": {"arguments": "}"}},
                {"function": {"name": "z"}},
                {"function": {"name": "x", "arguments": {"whole": true}}},
            ]),
            expect![[r#"
                0 x
                0   {"k"
                0   :1}
                1 y
                1   {
                1   }
                2 z
                3 x
                3   {"whole":true}
                0 ready: a x {"k":1}
                1 ready: b y {}
                2 ready: made_2 z {}
                3 ready: made_3 x {"whole":true}"#]],
        );
    }

    #[test]
    fn another_id_in_each_piece_without_a_name() {
        check(
            json!([
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{"}},
                {"index": 0, "id": "b", "function": {"arguments": "}"}},
                {"id": "c", "function": {"arguments": " "}},
            ]),
            expect![[r#"
                0 x
                0   {
                0   }
                0    
                0 ready: a x {}"#]],
        );
    }

    #[test]
    fn ids_are_made_and_told_apart() {
        check(
            json!([
                {"index": 0, "id": 7, "function": {"name": "x"}},
                {"index": 1, "id": "7", "function": {"name": "x"}},
                {"index": 2, "id": null, "function": {"name": "x"}},
            ]),
            expect![[r#"
                0 x
                1 x
                2 x
                0 ready: 7 x {}
                1 ready: made_1 x {}
                2 ready: made_2 x {}"#]],
        );
    }

    #[test]
    fn a_late_name_or_none() {
        check(
            json!([
                {"index": 0, "id": "a", "function": {"arguments": "{"}},
                {"index": 0, "function": {"name": "x", "arguments": "}"}},
                {"index": 1, "id": "b"},
            ]),
            expect![[r#"
                0 x
                0   {
                0   }
                0 ready: a x {}
                1 
                1 ready: b  {}"#]],
        );
    }

    #[test]
    fn arguments() {
        assert_eq!(frame::arguments(" "), json!({}));
        assert_eq!(frame::arguments("null"), json!({}));
        assert_eq!(frame::arguments("{\"a\":1}"), json!({"a": 1}));
        assert_eq!(frame::arguments("\"{\\\"a\\\":1}\""), json!({"a": 1}));
        assert_eq!(frame::arguments("\"text\""), json!("\"text\""));
        assert_eq!(frame::arguments("{\"a\":"), json!("{\"a\":"));
        assert_eq!(frame::arguments("[1]"), json!([1]));
    }

    #[test]
    fn too_many() {
        let mut calls = Calls::new(String::new());
        let mut added = 0;
        let failed = loop {
            let piece = json!({"index": added, "function": {"name": "x"}});
            match calls.add(serde_json::from_value(piece).unwrap(), &mut Vec::new()) {
                Ok(()) => added += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((added, failed), (limits::CALLS_PER_ANSWER_MAX, TooManyCalls));
    }
}
