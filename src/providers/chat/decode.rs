//! The events of a Chat Completions answer → `ModelEvent`s; pure, and the same for any split.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::calls::Calls;
use super::chunk::{self, Choice, Chunk, Delta};
use super::marks::{self, Details};
use crate::engine::event::Usage;
use crate::engine::model::{Finish, ModelError, ModelEvent};
use crate::providers::failure::Asked;
use crate::providers::frame::{self, Decoder, Progress};

/// The answer as far as it is known.
#[derive(Debug)]
pub struct Answer {
    asked: Arc<Asked>,
    calls: Calls,
    details: Details,
    finish: Option<Finish>,
    usage: Usage,
    /// The field by which the thoughts came that were not closed yet.
    thinking: Option<&'static str>,
    stage: Stage,
    /// What it is called was said.
    named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No event was seen.
    Nothing,
    /// Events were seen, and no part of an answer in them.
    Events,
    /// A part of the answer was seen.
    Begun,
    /// `Done` was given out.
    Over,
}

/// Reads one answer with status 200. `id_prefix` begins the ids of calls to which the server gives none,
/// so it must be unique among all answers of a session.
pub fn decoder(asked: Arc<Asked>, id_prefix: String) -> Decoder<Answer> {
    let answer = Answer {
        asked: asked.clone(),
        calls: Calls::new(id_prefix),
        details: Details::default(),
        finish: None,
        usage: Usage::default(),
        thinking: None,
        stage: Stage::Nothing,
        named: false,
    };
    Decoder::new(asked, answer)
}

fn is_end(data: &[u8]) -> bool {
    data.trim_ascii() == b"[DONE]"
}

impl frame::Answer for Answer {
    fn event(&mut self, data: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if is_end(data) {
            if self.stage != Stage::Begun {
                return Err(self.asked.truncated());
            }
            self.complete(out);
            return Ok(());
        }
        let chunk: Chunk = frame::read(data, &self.asked)?;
        if chunk.is_error() {
            return Err(self.asked.broke_off(&frame::read(data, &self.asked)?));
        }
        self.chunk(chunk, out)
    }

    fn whole(&mut self, value: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let no_message = "it is neither a stream of events nor a message";
        if value.is_array() {
            return Err(self.asked.broke_off(&value));
        }
        let chunk = Chunk::deserialize(&value).map_err(|_| self.asked.not_understood(no_message))?;
        if chunk.is_error() {
            return Err(self.asked.broke_off(&value));
        }
        self.chunk(chunk, out)?;
        match self.stage {
            Stage::Begun => {
                self.complete(out);
                Ok(())
            }
            Stage::Nothing | Stage::Events | Stage::Over => Err(self.asked.not_understood(no_message)),
        }
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        match self.progress() {
            Progress::Over => {}
            Progress::Finished => self.complete(out),
            Progress::Nothing | Progress::Open => return Err(self.asked.truncated()),
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        match (self.stage, &self.finish) {
            (Stage::Over, _) => Progress::Over,
            (Stage::Nothing | Stage::Events | Stage::Begun, Some(_)) => Progress::Finished,
            (Stage::Nothing, None) => Progress::Nothing,
            (Stage::Events | Stage::Begun, None) => Progress::Open,
        }
    }

    fn is_whole_event(&self, data: &[u8]) -> bool {
        is_end(data) || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
    }
}

impl Answer {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if self.stage == Stage::Nothing {
            self.stage = Stage::Events;
        }
        self.begin(&chunk, out);
        if let Some(usage) = chunk.usage()
            && usage != self.usage
        {
            self.usage = usage;
            out.push(ModelEvent::Usage(usage));
        }
        for choice in chunk.choices.into_iter().flatten() {
            if chunk::number(choice.index.clone()).unwrap_or(0) == 0 {
                self.stage = Stage::Begun;
                self.choice(choice, out)?;
            }
        }
        Ok(())
    }

    /// Says once what the answer is called, as soon as the server does.
    fn begin(&mut self, chunk: &Chunk, out: &mut Vec<ModelEvent>) {
        if self.named {
            return;
        }
        let (response, model) = (chunk::text(chunk.id.clone()), chunk::text(chunk.model.clone()));
        if response.is_empty() && model.is_empty() {
            return;
        }
        self.named = true;
        let given = |text: String| (!text.is_empty()).then_some(text);
        let origin = self.asked.origin("chat");
        out.push(ModelEvent::Began { origin, response: given(response), model: given(model) });
    }

    fn choice(&mut self, choice: Choice, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if let Some(delta) = choice.delta {
            self.delta(delta, Details::piece, out)?;
        }
        if let Some(message) = choice.message {
            self.delta(message, Details::whole, out)?;
        }
        match chunk::text(choice.finish_reason).as_str() {
            "" => {}
            "length" | "max_tokens" | "model_length" => self.finish = Some(Finish::Length),
            "content_filter" | "safety" | "sensitive" => self.finish = Some(Finish::Filtered),
            "refusal" => self.finish = Some(Finish::Refused),
            reason @ ("error" | "insufficient_system_resource" | "network_error" | "abort") => {
                let message = format!("it ended by \u{201c}{reason}\u{201d}");
                return Err(self.asked.broke_off(&Value::String(message)));
            }
            "stop" | "tool_calls" | "function_call" | "eos" | "eos_token" | "end_turn" | "stop_sequence"
            | "tool_use" | "complete" | "completed" | "done" | "normal" => {
                self.finish = Some(Finish::Complete)
            }
            "malformed_function_call" => self.finish = Some(Finish::MalformedCall),
            other => self.finish = Some(Finish::Unknown(other.to_owned())),
        }
        Ok(())
    }

    fn delta(
        &mut self,
        delta: Delta,
        keep: fn(&mut Details, Value),
        out: &mut Vec<ModelEvent>,
    ) -> Result<(), ModelError> {
        let details = delta.reasoning_details.unwrap_or_default();
        let thoughts = [
            ("reasoning_content", chunk::text(delta.reasoning_content)),
            ("reasoning", chunk::text(delta.reasoning)),
            ("reasoning_details", marks::words(&details)),
        ];
        keep(&mut self.details, details);
        for (field, text) in thoughts {
            // A server that moves from one name to another sends both.
            if !text.is_empty() {
                self.thought(field, text, out);
                break;
            }
        }
        match delta.content {
            Some(Value::Array(parts)) => parts.into_iter().for_each(|part| self.part(part, out)),
            content => self.text(chunk::text(content), out),
        }
        let refusal = chunk::text(delta.refusal);
        if !refusal.is_empty() {
            self.end_thoughts(out);
            out.push(ModelEvent::Refusal(refusal));
        }
        for piece in delta.tool_calls.into_iter().flatten() {
            self.end_thoughts(out);
            let added = self.calls.add(piece, out);
            added.map_err(|_| self.asked.not_understood("it asks for too many calls at once"))?;
        }
        Ok(())
    }

    /// A part of a content that is a list: words, or thoughts in parts of their own.
    fn part(&mut self, mut part: Value, out: &mut Vec<ModelEvent>) {
        let mut take = |key: &str| part.get_mut(key).map(Value::take);
        match (take("thinking"), take("text")) {
            (Some(Value::Array(inner)), _) => {
                for mut inner in inner {
                    let text = chunk::text(inner.get_mut("text").map(Value::take));
                    self.thought("content", text, out);
                }
            }
            (Some(thinking), _) => self.thought("content", chunk::text(Some(thinking)), out),
            (None, text) => self.text(chunk::text(text), out),
        }
    }

    fn text(&mut self, text: String, out: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.end_thoughts(out);
            out.push(ModelEvent::Text(text));
        }
    }

    fn thought(&mut self, field: &'static str, text: String, out: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.thinking = Some(field);
            out.push(ModelEvent::Thought(text));
        }
    }

    /// These servers do not sign thoughts; the name by which they came is kept in the signature's
    /// place, because it is the name by which they have to go back.
    fn end_thoughts(&mut self, out: &mut Vec<ModelEvent>) {
        if let Some(field) = self.thinking.take() {
            out.push(ModelEvent::ThoughtSignature(field.to_owned()));
        }
    }

    fn complete(&mut self, out: &mut Vec<ModelEvent>) {
        self.end_thoughts(out);
        if !self.named && (self.details.is_given() || self.calls.are_marked()) {
            // Marks go back to where they came from, also where the answer has no name.
            let origin = self.asked.origin("chat");
            out.push(ModelEvent::Began { origin, response: None, model: None });
        }
        let finish = self.finish.clone().unwrap_or(Finish::Complete);
        match finish {
            Finish::Complete | Finish::Length | Finish::Paused | Finish::Unknown(_) => {
                out.extend(self.details.take().map(ModelEvent::Opaque));
                self.calls.finish(out);
            }
            // What the provider stopped is not to be done, nor what nobody can read.
            Finish::Refused | Finish::Filtered | Finish::MalformedCall => {}
        }
        self.stage = Stage::Over;
        out.push(ModelEvent::Done(finish));
    }
}

#[cfg(test)]
mod tests;
