//! Chat Completions, with thoughts as DeepSeek gives them.
//!
//! From <https://platform.openai.com/docs/api-reference/chat-streaming> and
//! <https://api-docs.deepseek.com/guides/thinking_mode>.

use serde_json::{Value, json};

use super::{Ledger, MODEL, Said, event, halves, written};

pub fn stream(said: &Said, number: usize) -> (Vec<Vec<u8>>, Ledger) {
    let chunk = |delta: Value, finish: Value| {
        event(
            None,
            &json!({
                "id": format!("chatcmpl-{number}"), "object": "chat.completion.chunk", "created": 1, "model": MODEL,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }),
        )
    };
    let open = |delta: Value| chunk(delta, Value::Null);
    let mut pieces = vec![open(json!({"role": "assistant", "content": ""}))];
    pieces.extend(halves(&said.thought).iter().map(|half| open(json!({ "reasoning_content": half }))));
    pieces.extend(halves(&said.text).iter().map(|half| open(json!({ "content": half }))));
    let mut ids = Vec::new();
    for (index, (tool, arguments)) in said.calls.iter().enumerate() {
        let id = format!("call_{number}_{index}");
        let function = json!({"name": tool, "arguments": ""});
        pieces.push(open(
            json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}),
        ));
        for half in halves(&written(arguments)) {
            let function = json!({ "arguments": half });
            pieces.push(open(json!({"tool_calls": [{"index": index, "function": function}]})));
        }
        ids.push(id);
    }
    let finish = if said.calls.is_empty() { "stop" } else { "tool_calls" };
    pieces.push(chunk(json!({}), finish.into()));
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "prompt_tokens_details": {"cached_tokens": 64}});
    pieces.push(event(
        None,
        &json!({"id": format!("chatcmpl-{number}"), "model": MODEL, "choices": [], "usage": usage}),
    ));
    pieces.push(b"data: [DONE]\n\n".to_vec());
    let mut due = Ledger::default();
    // What was thought before a closing answer is of no use to anyone.
    if !said.thought.is_empty() && !ids.is_empty() {
        due.marks.insert(said.thought.clone(), ids.clone().into());
        due.calls.extend(ids.into_iter().map(|id| (id, vec![said.thought.clone()])));
    }
    (pieces, due)
}
