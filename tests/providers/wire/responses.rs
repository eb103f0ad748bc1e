//! OpenAI Responses.
//!
//! From <https://platform.openai.com/docs/api-reference/responses-streaming>.

use serde_json::{Value, json};

use super::{Ledger, MODEL, Said, event, halves, written};

/// A stream as it grows.
struct Writer {
    pieces: Vec<Vec<u8>>,
    /// The index of the item that is written.
    item: usize,
}

impl Writer {
    fn event(&mut self, kind: &str, mut fields: Value) {
        fields["type"] = kind.into();
        fields["sequence_number"] = self.pieces.len().into();
        self.pieces.push(event(Some(kind), &fields));
    }

    fn of_item(&mut self, kind: &str, mut fields: Value) {
        fields["output_index"] = self.item.into();
        self.event(kind, fields);
    }

    fn item(&mut self, begun: Value, grows: impl FnOnce(&mut Self), done: Value) {
        self.of_item("response.output_item.added", json!({ "item": begun }));
        grows(self);
        self.of_item("response.output_item.done", json!({ "item": done }));
        self.item += 1;
    }
}

pub fn stream(said: &Said, number: usize) -> (Vec<Vec<u8>>, Ledger) {
    let mut out = Writer { pieces: Vec::new(), item: 0 };
    let mut due = Ledger::default();
    let id = format!("resp_{number}");
    let response = |status: &str, usage: Value| json!({"response": {"id": id, "object": "response", "status": status, "model": MODEL, "output": [], "usage": usage}});
    out.event("response.created", response("in_progress", Value::Null));
    let mut marks = Vec::new();
    if !said.thought.is_empty() {
        let encrypted = format!("gAAA-{number}");
        let item = |summary: Value, encrypted: &str| json!({"type": "reasoning", "id": format!("rs_{number}"), "summary": summary, "encrypted_content": encrypted});
        let whole = item(json!([{"type": "summary_text", "text": said.thought}]), &encrypted);
        let grows = |out: &mut Writer| {
            let part = json!({"type": "summary_text", "text": ""});
            out.of_item("response.reasoning_summary_part.added", json!({"summary_index": 0, "part": part}));
            for half in halves(&said.thought) {
                out.of_item(
                    "response.reasoning_summary_text.delta",
                    json!({"summary_index": 0, "delta": half}),
                );
            }
        };
        out.item(item(json!([]), "gA"), grows, whole.clone());
        due.marks.insert(encrypted.clone(), whole);
        marks.push(encrypted);
    }
    if !said.text.is_empty() {
        let item = |content: Value| json!({"type": "message", "id": format!("msg_{number}"), "role": "assistant", "content": content});
        let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
        let grows = |out: &mut Writer| {
            out.of_item("response.content_part.added", json!({"content_index": 0, "part": part("")}));
            for half in halves(&said.text) {
                out.of_item("response.output_text.delta", json!({"content_index": 0, "delta": half}));
            }
            out.of_item("response.output_text.done", json!({"content_index": 0, "text": said.text}));
        };
        out.item(item(json!([])), grows, item(json!([part(&said.text)])));
    }
    for (index, (tool, arguments)) in said.calls.iter().enumerate() {
        let call = format!("call_{number}_{index}");
        let item = |arguments: &str| json!({"type": "function_call", "id": format!("fc_{number}_{index}"), "call_id": call, "name": tool, "arguments": arguments});
        let all = written(arguments);
        let grows = |out: &mut Writer| {
            for half in halves(&all) {
                out.of_item("response.function_call_arguments.delta", json!({ "delta": half }));
            }
            out.of_item("response.function_call_arguments.done", json!({ "arguments": all }));
        };
        out.item(item(""), grows, item(&all));
        due.calls.insert(call.clone(), marks.clone());
    }
    let usage = json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 64}, "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 8}});
    out.event("response.completed", response("completed", usage));
    (out.pieces, due)
}
