//! One HTTP response of a provider, cut in several ways, and what the codecs make of it.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::text;
use crate::engine::event::{CallForm, Usage};
use crate::engine::model::{ErrorKind, Finish, ModelError, ModelEvent, Wanted};
use crate::providers::failure::{Asked, Head, Refusal};
use crate::providers::{anthropic, chat, frame, gemini, responses};

/// One answer for each entry of `cuts`.
pub(super) fn answers(case: &Map<String, Value>) -> Result<Vec<Map<String, Value>>, String> {
    let body = match case.get("body_base64").and_then(Value::as_str) {
        Some(coded) => base64::engine::general_purpose::STANDARD
            .decode(coded)
            .map_err(|error| format!("`body_base64` is none: {error}"))?,
        None => text(case, "body")?.as_bytes().to_vec(),
    };
    let provider = text(case, "provider")?;
    let status = case.get("status").and_then(Value::as_u64).unwrap_or(200);
    let status = u16::try_from(status).map_err(|_| "`status` is no HTTP status".to_owned())?;
    let whole = [Value::Array(Vec::new())];
    let cuts = case.get("cuts").and_then(Value::as_array).map_or(&whole[..], Vec::as_slice);
    let mut answers = Vec::new();
    for (number, cut) in cuts.iter().enumerate() {
        let mut folded = Folded::default();
        match status {
            200 => decoded(provider, &body, &offsets(cut, body.len())?, &mut folded)?,
            _ => folded.error = Some(refused(case, status, &body)),
        }
        let mut answer = Map::new();
        answer.insert("cut".into(), number.into());
        answer.extend(folded.shown(provider));
        answers.push(answer);
    }
    Ok(answers)
}

/// Where the chunks end but for the last one.
fn offsets(cut: &Value, length: usize) -> Result<Vec<usize>, String> {
    let every = |step: usize| (step.max(1)..length).step_by(step.max(1)).collect();
    match cut {
        Value::String(word) if word == "each_byte" => Ok(every(1)),
        Value::Object(fields) => {
            let step = fields.get("every").and_then(Value::as_u64).ok_or("a cut has no `every`")?;
            Ok(every(usize::try_from(step).unwrap_or(usize::MAX)))
        }
        Value::Array(list) => {
            let ends = list.iter().filter_map(Value::as_u64).filter_map(|end| usize::try_from(end).ok());
            Ok(ends.filter(|end| *end <= length).collect())
        }
        other => Err(format!("`{other}` is no way to cut")),
    }
}

fn asked() -> Arc<Asked> {
    let (server, model) = ("http://server".to_owned(), "model".to_owned());
    Arc::new(Asked { server, model, key_words: String::new(), secrets: Default::default() })
}

fn refused(case: &Map<String, Value>, status: u16, body: &[u8]) -> ModelError {
    let headers = case.get("headers").and_then(Value::as_object);
    let header = |name: &str| {
        let mut all = headers.into_iter().flatten();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    let head = Head {
        retry_after: header("retry-after"),
        retry_after_ms: header("retry-after-ms"),
        date: header("date"),
        location: header("location"),
    };
    asked().refused(Refusal { status, head, body })
}

fn decoded(provider: &str, body: &[u8], ends: &[usize], folded: &mut Folded) -> Result<(), String> {
    let (asked, origin, made) = (asked(), Arc::from("case"), "call".to_owned());
    match provider {
        "openai-chat" => fed(chat::decoder(asked, made), body, ends, folded),
        "openai-responses" => fed(responses::decoder(asked, origin), body, ends, folded),
        "anthropic" => fed(anthropic::decoder(asked, origin), body, ends, folded),
        "gemini" => fed(gemini::decoder(asked, origin, made), body, ends, folded),
        other => return Err(format!("`{other}` is no provider")),
    }
    Ok(())
}

fn fed<A: frame::Answer>(mut decoder: frame::Decoder<A>, body: &[u8], ends: &[usize], folded: &mut Folded) {
    let mut events = Vec::new();
    let mut from = 0;
    let mut error = None;
    for end in ends.iter().copied().chain([body.len()]) {
        error = decoder.push(&body[from.min(end)..end], &mut events).err();
        from = end;
        if error.is_some() {
            break;
        }
    }
    folded.error = error.or_else(|| decoder.end(&mut events).err());
    events.into_iter().for_each(|event| folded.add(event));
}

/// An answer as it is in the end.
#[derive(Default)]
struct Folded {
    content: Vec<Value>,
    /// Where the calls stand in it that have begun, and what was written of them.
    calls: HashMap<usize, (usize, String)>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    error: Option<ModelError>,
    response: Option<String>,
    model: Option<String>,
}

impl Folded {
    fn add(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Began { response, model, .. } => (self.response, self.model) = (response, model),
            ModelEvent::Text(text) => self.words("text", &text),
            ModelEvent::Refusal(text) => self.words("refusal", &text),
            ModelEvent::Thought(text) => self.words("reasoning", &text),
            ModelEvent::ThoughtSignature(signature) => self.signed(&signature),
            ModelEvent::CallBegan { index, tool } => {
                self.calls.insert(index, (self.content.len(), String::new()));
                self.content.push(json!({"type": "tool_call", "id": "call", "name": tool.0}));
            }
            ModelEvent::CallInput { index, text } => {
                if let Some((_, written)) = self.calls.get_mut(&index) {
                    written.push_str(&text);
                }
            }
            ModelEvent::CallReady { index, call } => {
                if let Some((at, _)) = self.calls.remove(&index) {
                    self.content[at] = shown_call(call);
                }
            }
            ModelEvent::Opaque(value) => self.content.push(match value["type"].as_str() {
                Some("redacted_thinking") => json!({"type": "redacted_reasoning", "data": value["data"]}),
                kind => json!({"type": "provider_item", "item_type": kind}),
            }),
            ModelEvent::Usage(usage) => self.usage = Some(usage),
            ModelEvent::Done(finish) => self.finish = Some(finish),
        }
    }

    fn words(&mut self, kind: &str, text: &str) {
        let is_open = |last: &Value| {
            last["type"] == kind && last.get("signature").is_none() && last.get("encrypted").is_none()
        };
        if !self.content.last().is_some_and(is_open) {
            self.content.push(json!({"type": kind, "text": ""}));
        }
        if let Some(Value::String(all)) = self.content.last_mut().and_then(|last| last.get_mut("text")) {
            all.push_str(text);
        }
    }

    /// An item that was signed as a whole holds what was encrypted.
    fn signed(&mut self, signature: &str) {
        self.words("reasoning", "");
        let item: Value = serde_json::from_str(signature).unwrap_or_default();
        let (key, mark) = match item.get("encrypted_content") {
            Some(encrypted) => ("encrypted", encrypted.clone()),
            None => ("signature", signature.into()),
        };
        if let Some(last) = self.content.last_mut() {
            last[key] = mark;
        }
    }

    fn shown(mut self, provider: &str) -> Map<String, Value> {
        for (at, written) in std::mem::take(&mut self.calls).into_values() {
            let block = &mut self.content[at];
            match frame::arguments(&written) {
                arguments @ Value::Object(_) => block["arguments"] = arguments,
                _ => (block["arguments_raw"], block["invalid_json"]) = (written.into(), true.into()),
            }
        }
        if provider == "openai-chat" {
            // There the name of a field stands in the signature's place.
            for block in self.content.iter_mut().filter_map(Value::as_object_mut) {
                block.remove("signature");
            }
            // What is for the server alone are marks there, and no items of the answer.
            self.content.retain(|block| block["type"] != "provider_item");
        }
        let has_calls = self.content.iter().any(|block| block["type"] == "tool_call");
        let finish = if self.error.is_some() { None } else { self.finish };
        let mut answer = Map::new();
        answer.insert("content".into(), self.content.into());
        answer.insert("complete".into(), finish.is_some().into());
        answer.insert("finish".into(), finish.map(|finish| finish_word(&finish, has_calls)).into());
        answer.insert("usage".into(), self.usage.map_or(Value::Null, shown_usage));
        answer.insert("error".into(), self.error.as_ref().map_or(Value::Null, shown_error));
        answer.insert("response_id".into(), self.response.into());
        answer.insert("model".into(), self.model.into());
        answer
    }
}

fn shown_call(call: Wanted) -> Value {
    let mut block = json!({"type": "tool_call", "id": call.provider_id, "name": call.tool.0});
    match (call.form, call.input) {
        (CallForm::Text, input) => block["input_text"] = input,
        (CallForm::Object, arguments @ Value::Object(_)) => block["arguments"] = arguments,
        (CallForm::Object, Value::String(raw)) => {
            (block["arguments_raw"], block["invalid_json"]) = (raw.into(), true.into());
        }
        (CallForm::Object, other) => {
            (block["arguments_raw"], block["invalid_json"]) = (other.to_string().into(), true.into());
        }
    }
    block
}

fn shown_usage(usage: Usage) -> Value {
    json!({
        "input": usage.input,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "output": usage.output,
        "reasoning": usage.reasoning,
    })
}

fn shown_error(error: &ModelError) -> Value {
    let mut shown = json!({
        "kind": error_word(error.kind),
        "retryable": error.kind.may_pass(),
        "message": error.message,
    });
    if let Some(status) = error.status {
        shown["status"] = status.into();
    }
    if let Some(wait) = error.retry_after {
        shown["retry_after_ms"] = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into();
    }
    shown
}

fn finish_word(finish: &Finish, has_calls: bool) -> String {
    match finish {
        Finish::Complete if has_calls => "tool_calls".into(),
        Finish::Complete => "stop".into(),
        Finish::Length => "length".into(),
        Finish::Refused => "refusal".into(),
        Finish::Filtered => "content_filter".into(),
        Finish::Paused => "pause".into(),
        Finish::MalformedCall => "malformed_tool_call".into(),
        Finish::Unknown(word) => format!("unknown:{word}"),
    }
}

fn error_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimit => "rate_limit",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Server => "server_error",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Truncated => "stream_truncated",
        ErrorKind::Quota => "quota",
        ErrorKind::ContextLength => "context_length",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::Auth => "auth",
        ErrorKind::Permission => "permission",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Invalid => "invalid_request",
        ErrorKind::Parse => "parse",
        ErrorKind::Network | ErrorKind::Unknown | ErrorKind::Unconfigured => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The shared cases, where they are at hand.
    #[allow(clippy::disallowed_methods, reason = "cases that whoever runs this test has put there")]
    fn cases() -> Option<String> {
        let folder = match std::env::var_os("QUILLON_CASES") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        };
        std::fs::read_to_string(folder.join("sse_cases.jsonl")).ok()
    }

    fn without_items(content: &Value) -> Vec<Value> {
        let blocks = content.as_array().into_iter().flatten();
        let mut blocks: Vec<Value> =
            blocks.filter(|block| block["type"] != "provider_item").cloned().collect();
        for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
            if block.get("id").is_some_and(|id| id == "<generated>" || id == "call_0") {
                block.insert("id".into(), "made".into());
            }
        }
        blocks
    }

    fn same_error(expected: &Value, told: &Value) -> bool {
        if expected.is_null() || told.is_null() {
            return expected == told;
        }
        let has_words = expected["message_contains"]
            .as_str()
            .is_none_or(|words| told["message"].as_str().is_some_and(|message| message.contains(words)));
        let same = |key: &str| expected.get(key).is_none() || expected[key] == told[key];
        has_words && ["kind", "retryable", "retry_after_ms"].into_iter().all(same)
    }

    fn passes(expected: &Value, answer: &Map<String, Value>) -> bool {
        let is = |key: &str| match (expected.get(key), answer.get(key)) {
            (None, _) => true,
            (Some(expected), Some(told)) if key == "content" => {
                without_items(expected) == without_items(told)
            }
            (Some(expected), Some(told)) if key == "error" => same_error(expected, told),
            (Some(expected), told) => Some(expected) == told,
        };
        ["content", "complete", "finish", "usage", "error", "response_id", "model"].into_iter().all(is)
    }

    #[test]
    fn the_shared_cases() {
        let Some(cases) = cases() else { return };
        let mut failed = Vec::new();
        for line in cases.lines() {
            let case: Map<String, Value> = serde_json::from_str(line).unwrap();
            let mut expected = vec![case["expected"].clone()];
            for accepted in case.get("accept").and_then(Value::as_array).into_iter().flatten() {
                let mut other = case["expected"].clone();
                other.as_object_mut().unwrap().extend(accepted.as_object().unwrap().clone());
                expected.push(other);
            }
            for answer in answers(&case).unwrap() {
                if !expected.iter().any(|expected| passes(expected, &answer)) {
                    failed.push(format!("{} {}\n  told     {answer:?}", case["id"], case["expected"]));
                    break;
                }
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}
