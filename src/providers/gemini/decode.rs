//! The events of a Gemini answer → `ModelEvent`s; pure, and the same for any split.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::engine::event::{ToolName, Usage};
use crate::engine::model::{Finish, ModelError, ModelEvent, Wanted};
use crate::limits;
use crate::providers::failure::Asked;
use crate::providers::frame::{self, Decoder, Progress};

/// Reads one answer with status 200. `id_prefix` begins the ids of calls to which the server gives none, so
/// it must be unique among all answers of a session.
pub fn decoder(asked: Arc<Asked>, origin: Arc<str>, id_prefix: String) -> Decoder<Answer> {
    let answer = Answer {
        asked: asked.clone(),
        origin,
        id_prefix,
        named: false,
        calls: 0,
        usage: Usage::default(),
        finish: None,
        progress: Progress::Nothing,
    };
    Decoder::new(asked, answer)
}

/// The answer as far as it is known.
#[derive(Debug)]
pub struct Answer {
    asked: Arc<Asked>,
    origin: Arc<str>,
    id_prefix: String,
    /// What it is called was said.
    named: bool,
    calls: usize,
    usage: Usage,
    finish: Option<Finish>,
    progress: Progress,
}

/// An event as it stands on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Tokens>,
    model_version: Option<String>,
    response_id: Option<String>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    index: Option<u64>,
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Content {
    parts: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
}

impl frame::Answer for Answer {
    fn event(&mut self, data: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let event: Event = frame::read(data, &self.asked)?;
        if event.error.is_some() {
            return Err(self.asked.broke_off(&frame::read(data, &self.asked)?));
        }
        self.take(event, out)
    }

    /// Without `alt=sse` the server sends its events as one list.
    fn whole(&mut self, value: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let events = match value {
            Value::Array(events) => events,
            one => vec![one],
        };
        for event in events {
            if event.get("error").is_some() {
                return Err(self.asked.broke_off(&event));
            }
            let not_agreed = |_| self.asked.not_understood("it is neither a stream of events nor an answer");
            let event = Event::deserialize(&event).map_err(not_agreed)?;
            self.take(event, out)?;
        }
        if self.progress == Progress::Nothing {
            return Err(self.asked.not_understood("it is neither a stream of events nor an answer"));
        }
        Ok(())
    }

    /// There is no event for the end: the answer is complete when the connection ends behind a reason.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let Some(finish) = self.finish.take() else { return Err(self.asked.truncated()) };
        self.progress = Progress::Over;
        if !self.named {
            // Marks go back to where they came from, also where the answer has no name.
            out.push(ModelEvent::Began { origin: self.origin.clone(), response: None, model: None });
        }
        out.push(ModelEvent::Done(finish));
        Ok(())
    }

    fn progress(&self) -> Progress {
        self.progress
    }
}

impl Answer {
    fn take(&mut self, event: Event, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if self.progress == Progress::Nothing {
            self.progress = Progress::Open;
        }
        if !self.named && (event.response_id.is_some() || event.model_version.is_some()) {
            self.named = true;
            let (origin, response, model) = (self.origin.clone(), event.response_id, event.model_version);
            out.push(ModelEvent::Began { origin, response, model });
        }
        for candidate in event.candidates.into_iter().flatten() {
            if candidate.index.unwrap_or(0) == 0 {
                self.candidate(candidate, out)?;
            }
        }
        if let Some(reason) = event.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            tracing::debug!("the prompt was blocked: {reason}");
            self.finish = Some(Finish::Filtered);
        }
        if let Some(tokens) = event.usage_metadata {
            self.used(&tokens, out);
        }
        if self.finish.is_some() {
            self.progress = Progress::Finished;
        }
        Ok(())
    }

    fn candidate(&mut self, candidate: Candidate, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
            self.part(part, out)?;
        }
        if let Some(reason) = candidate.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish = Some(finish(&reason));
        }
        Ok(())
    }

    fn part(&mut self, part: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
        let signature = part.get("thoughtSignature").and_then(Value::as_str).map(str::to_owned);
        let is_thought = part.get("thought").and_then(Value::as_bool) == Some(true);
        if let Some(call) = part.get("functionCall") {
            return self.call(call, signature, out);
        }
        if is_thought {
            given(text, ModelEvent::Thought, out);
            out.extend(signature.map(ModelEvent::ThoughtSignature));
        } else if part.get("text").is_some() {
            given(text, ModelEvent::Text, out);
            // A mark on words goes back with them, or the server has to think again.
            out.extend(signature.map(|mark| ModelEvent::Opaque(json!({ "thoughtSignature": mark }))));
        } else {
            out.push(ModelEvent::Opaque(part));
        }
        Ok(())
    }

    fn call(
        &mut self,
        call: &Value,
        signature: Option<String>,
        out: &mut Vec<ModelEvent>,
    ) -> Result<(), ModelError> {
        if self.calls == limits::CALLS_PER_ANSWER_MAX {
            return Err(self.asked.not_understood("it asks for too many calls at once"));
        }
        let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
        let index = self.calls;
        self.calls += 1;
        let id = match text("id") {
            "" => format!("{}_{index}", self.id_prefix),
            id => id.to_owned(),
        };
        let input = match call.get("args") {
            Some(args @ Value::Object(_)) => args.clone(),
            Some(Value::Null) | None => Value::Object(Map::new()),
            Some(other) => Value::String(other.to_string()),
        };
        let tool = ToolName(text("name").to_owned());
        out.push(ModelEvent::CallBegan { index, tool: tool.clone() });
        out.push(ModelEvent::CallInput { index, text: input.to_string() });
        let call = Wanted { signature, ..Wanted::new(id, tool, input) };
        out.push(ModelEvent::CallReady { index, call });
        Ok(())
    }

    /// The counters are those of the whole answer so far.
    fn used(&mut self, tokens: &Tokens, out: &mut Vec<ModelEvent>) {
        let prompt = tokens.prompt_token_count.unwrap_or(0) + tokens.tool_use_prompt_token_count.unwrap_or(0);
        let cached = tokens.cached_content_token_count.unwrap_or(0).min(prompt);
        let reasoning = tokens.thoughts_token_count.unwrap_or(0);
        let usage = Usage {
            input: prompt - cached,
            cache_read: cached,
            cache_write: 0,
            output: tokens.candidates_token_count.unwrap_or(0) + reasoning,
            reasoning,
        };
        if usage != self.usage {
            self.usage = usage;
            out.push(ModelEvent::Usage(usage));
        }
    }
}

fn given(text: &str, event: fn(String) -> ModelEvent, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(event(text.to_owned()));
    }
}

/// The names of the ends: <https://ai.google.dev/api/generate-content#FinishReason>.
fn finish(reason: &str) -> Finish {
    match reason {
        "STOP" => Finish::Complete,
        "MAX_TOKENS" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Finish::Filtered,
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => Finish::MalformedCall,
        other => Finish::Unknown(other.to_owned()),
    }
}
