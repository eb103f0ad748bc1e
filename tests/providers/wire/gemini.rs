//! Gemini's streamGenerateContent.
//!
//! From <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent> and
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>: the first of several calls is signed, or else the
//! last words.

use serde_json::{Value, json};

use super::{Ledger, MODEL, Said, event, halves};

pub fn stream(said: &Said, number: usize) -> (Vec<Vec<u8>>, Ledger) {
    let answer = |parts: Vec<Value>, finish: Option<&str>| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
        if let Some(reason) = finish {
            candidate["finishReason"] = reason.into();
        }
        let usage = json!({"promptTokenCount": 100, "cachedContentTokenCount": 64, "candidatesTokenCount": 12, "thoughtsTokenCount": 8});
        event(
            None,
            &json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL, "responseId": format!("r{number}")}),
        )
    };
    let mut due = Ledger::default();
    let mut parts: Vec<Value> =
        halves(&said.thought).iter().map(|half| json!({"text": half, "thought": true})).collect();
    let signature = format!("CiQB{number}");
    let words = halves(&said.text);
    parts.extend(words.iter().map(|half| json!({ "text": half })));
    if said.calls.is_empty() && !words.is_empty() {
        due.marks.insert(signature.clone(), json!({"text": said.text}));
        parts.last_mut().unwrap()["thoughtSignature"] = signature.as_str().into();
    }
    for (index, (tool, arguments)) in said.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"name": tool, "args": arguments}});
        if index == 0 {
            due.marks.insert(signature.clone(), part.clone());
            part["thoughtSignature"] = signature.as_str().into();
        }
        parts.push(part);
    }
    let mut pieces: Vec<Vec<u8>> = parts.into_iter().map(|part| answer(vec![part], None)).collect();
    pieces.push(answer(vec![json!({"text": ""})], Some("STOP")));
    (pieces, due)
}
