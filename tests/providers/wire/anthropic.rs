//! Anthropic Messages, and the same events in Amazon's binary messages.
//!
//! From <https://docs.claude.com/en/docs/build-with-claude/streaming> and
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::packing::packet;
use super::{Ledger, MODEL, Said, Wire, event, halves, written};

/// A stream as it grows.
struct Writer {
    events: Vec<Value>,
    /// The index of the block that is written.
    block: usize,
}

impl Writer {
    fn block(&mut self, begun: Value, deltas: Vec<Value>) {
        let index = self.block;
        self.block += 1;
        self.events.push(json!({"type": "content_block_start", "index": index, "content_block": begun}));
        for delta in deltas {
            self.events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        self.events.push(json!({"type": "content_block_stop", "index": index}));
    }
}

pub fn stream(wire: Wire, said: &Said, number: usize) -> (Vec<Vec<u8>>, Ledger) {
    let mut out = Writer { events: Vec::new(), block: 0 };
    let mut due = Ledger::default();
    let usage = json!({"input_tokens": 36, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 64, "output_tokens": 1});
    let message = json!({"id": format!("msg_{number}"), "type": "message", "role": "assistant", "content": [], "model": MODEL, "stop_reason": null, "usage": usage});
    out.events.push(json!({"type": "message_start", "message": message}));
    out.events.push(json!({"type": "ping"}));
    let mut marks = Vec::new();
    if !said.thought.is_empty() {
        let signature = format!("EqQB{number}");
        let thoughts = halves(&said.thought);
        let thoughts = thoughts.iter().map(|half| json!({"type": "thinking_delta", "thinking": half}));
        let signed = json!({"type": "signature_delta", "signature": signature});
        out.block(
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            thoughts.chain([signed]).collect(),
        );
        let whole = json!({"type": "thinking", "thinking": said.thought, "signature": signature});
        due.marks.insert(signature.clone(), whole);
        marks.push(signature);
    }
    if !said.text.is_empty() {
        let words =
            halves(&said.text).iter().map(|half| json!({"type": "text_delta", "text": half})).collect();
        out.block(json!({"type": "text", "text": ""}), words);
    }
    for (index, (tool, arguments)) in said.calls.iter().enumerate() {
        let id = format!("toolu_{number}_{index}");
        let all = written(arguments);
        let input = halves(&all)
            .iter()
            .map(|half| json!({"type": "input_json_delta", "partial_json": half}))
            .collect();
        out.block(json!({"type": "tool_use", "id": id, "name": tool, "input": {}}), input);
        due.calls.insert(id, marks.clone());
    }
    let reason = if said.calls.is_empty() { "end_turn" } else { "tool_use" };
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    out.events.push(json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20}}));
    out.events.push(json!({"type": "message_stop"}));
    let piece = |value: &Value| match wire {
        Wire::Bedrock => carried(value),
        Wire::Anthropic | Wire::Chat | Wire::Responses | Wire::Gemini => event(value["type"].as_str(), value),
    };
    (out.events.iter().map(piece).collect(), due)
}

/// An event in a message of its own.
fn carried(value: &Value) -> Vec<u8> {
    let payload = json!({"bytes": BASE64.encode(value.to_string())}).to_string();
    packet(
        &[(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")],
        &payload,
    )
}
