//! The events of an OpenAI Responses answer → `ModelEvent`s; pure, and the same for any split.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::event::{CallForm, ToolName, Usage};
use crate::engine::model::{Finish, ModelError, ModelEvent, Wanted};
use crate::limits;
use crate::providers::failure::Asked;
use crate::providers::frame::{self, Decoder, Progress};

/// Reads one answer with status 200.
pub fn decoder(asked: Arc<Asked>, origin: Arc<str>) -> Decoder<Answer> {
    let answer = Answer {
        asked: asked.clone(),
        origin,
        named: false,
        items: BTreeMap::new(),
        calls: 0,
        progress: Progress::Nothing,
    };
    Decoder::new(asked, answer)
}

/// The answer as far as it is known.
#[derive(Debug)]
pub struct Answer {
    asked: Arc<Asked>,
    origin: Arc<str>,
    /// What it is called was said.
    named: bool,
    /// The items that are not handed on yet, by the server's index: they are, in this order.
    items: BTreeMap<u64, Item>,
    calls: usize,
    progress: Progress,
}

/// An item that has begun.
#[derive(Debug)]
struct Item {
    kind: Kind,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Done,
}

#[derive(Debug)]
enum Kind {
    Message {
        said: Said,
    },
    Reasoning {
        said: Said,
        whole: Value,
    },
    Call {
        index: usize,
        form: CallForm,
        id: String,
        name: String,
        written: String,
    },
    /// What only the server understands.
    Other {
        whole: Value,
    },
}

/// Whether words of an item came piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Words,
    /// Words, and then a part of its own began.
    Part,
}

/// An event as it stands on the wire; what an event does not have is none.
#[derive(Debug, Deserialize)]
struct Event {
    r#type: Option<String>,
    output_index: Option<u64>,
    item: Option<Value>,
    delta: Option<Value>,
    arguments: Option<String>,
    input: Option<String>,
    response: Option<Value>,
}

impl frame::Answer for Answer {
    fn event(&mut self, data: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let event: Event = frame::read(data, &self.asked)?;
        if self.progress == Progress::Nothing {
            self.progress = Progress::Open;
        }
        let at = event.output_index.unwrap_or(0);
        let delta = event.delta.as_ref().and_then(Value::as_str).unwrap_or_default();
        match event.r#type.as_deref().unwrap_or_default() {
            "response.created" | "response.in_progress" => self.began(event.response.as_ref(), out),
            "response.output_item.added" => self.item_began(at, event.item.unwrap_or_default(), out)?,
            "response.output_item.done" => {
                self.item_ended(at, event.item.unwrap_or_default(), out)?;
                self.hand_on(out);
            }
            "response.output_text.delta" => self.said(at, delta, ModelEvent::Text, out),
            "response.refusal.delta" => self.said(at, delta, ModelEvent::Refusal, out),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.said(at, delta, ModelEvent::Thought, out);
            }
            "response.reasoning_summary_part.added" => self.part_began(at),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.written(at, delta, out);
            }
            "response.function_call_arguments.done" => self.written_whole(at, event.arguments),
            "response.custom_tool_call_input.done" => self.written_whole(at, event.input),
            "response.completed" | "response.incomplete" | "response.done" => {
                self.complete(event.response.unwrap_or_default(), out)?;
            }
            "response.failed" => {
                let response = event.response.unwrap_or_default();
                return Err(self.asked.broke_off(response.get("error").unwrap_or(&response)));
            }
            "error" => return Err(self.asked.broke_off(&frame::read(data, &self.asked)?)),
            "" => return Err(self.nameless(data)),
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, value: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let failed = value.get("error").is_some_and(|error| !error.is_null());
        if failed || value.get("object").and_then(Value::as_str) != Some("response") {
            return Err(self.asked.broke_off(&value));
        }
        self.began(Some(&value), out);
        let items = value.get("output").and_then(Value::as_array).cloned().unwrap_or_default();
        for (at, item) in items.into_iter().enumerate() {
            self.item_began(at as u64, item.clone(), out)?;
            self.item_ended(at as u64, item, out)?;
            self.hand_on(out);
        }
        self.complete(value, out)
    }

    fn end(&mut self, _out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if self.progress == Progress::Over { Ok(()) } else { Err(self.asked.truncated()) }
    }

    fn progress(&self) -> Progress {
        self.progress
    }
}

impl Answer {
    /// An event without a type is an error in one of the forms in use, or nothing that is agreed.
    fn nameless(&self, data: &[u8]) -> ModelError {
        match frame::read::<Value>(data, &self.asked) {
            Ok(value) if value.get("error").is_some() => self.asked.broke_off(&value),
            Ok(_) => self.asked.not_understood("an event of it has no type"),
            Err(error) => error,
        }
    }

    fn began(&mut self, response: Option<&Value>, out: &mut Vec<ModelEvent>) {
        let Some(response) = response.filter(|_| !self.named) else { return };
        let text = |key: &str| response.get(key).and_then(Value::as_str).map(str::to_owned);
        self.named = true;
        let (origin, response, model) = (self.origin.clone(), text("id"), text("model"));
        out.push(ModelEvent::Began { origin, response, model });
    }

    fn item_began(&mut self, at: u64, item: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let kind = match text(&item, "type") {
            "message" => Kind::Message { said: Said::Nothing },
            "reasoning" => Kind::Reasoning { said: Said::Nothing, whole: Value::Null },
            "function_call" => self.call_began(&item, CallForm::Object, "arguments", out)?,
            "custom_tool_call" => self.call_began(&item, CallForm::Text, "input", out)?,
            _ => Kind::Other { whole: item },
        };
        self.items.insert(at, Item { kind, stage: Stage::Open });
        Ok(())
    }

    fn call_began(
        &mut self,
        item: &Value,
        form: CallForm,
        field: &str,
        out: &mut Vec<ModelEvent>,
    ) -> Result<Kind, ModelError> {
        if self.calls == limits::CALLS_PER_ANSWER_MAX {
            return Err(self.asked.not_understood("it asks for too many calls at once"));
        }
        let (index, name) = (self.calls, text(item, "name").to_owned());
        self.calls += 1;
        out.push(ModelEvent::CallBegan { index, tool: ToolName(name.clone()) });
        let (id, written) = (text(item, "call_id").to_owned(), text(item, field).to_owned());
        Ok(Kind::Call { index, form, id, name, written })
    }

    fn said(&mut self, at: u64, delta: &str, event: fn(String) -> ModelEvent, out: &mut Vec<ModelEvent>) {
        let said = match self.items.get_mut(&at).map(|item| &mut item.kind) {
            Some(Kind::Message { said } | Kind::Reasoning { said, .. }) => said,
            Some(Kind::Call { .. } | Kind::Other { .. }) | None => &mut Said::Nothing,
        };
        if delta.is_empty() {
            return;
        }
        let gap = if *said == Said::Part { "\n\n" } else { "" };
        *said = Said::Words;
        out.push(event(format!("{gap}{delta}")));
    }

    fn part_began(&mut self, at: u64) {
        if let Some(Item { kind: Kind::Reasoning { said: said @ Said::Words, .. }, .. }) =
            self.items.get_mut(&at)
        {
            *said = Said::Part;
        }
    }

    fn written(&mut self, at: u64, delta: &str, out: &mut Vec<ModelEvent>) {
        if let Some(Item { kind: Kind::Call { index, written, .. }, .. }) = self.items.get_mut(&at)
            && !delta.is_empty()
        {
            written.push_str(delta);
            out.push(ModelEvent::CallInput { index: *index, text: delta.to_owned() });
        }
    }

    fn written_whole(&mut self, at: u64, whole: Option<String>) {
        if let (Some(Item { kind: Kind::Call { written, .. }, .. }), Some(whole)) =
            (self.items.get_mut(&at), whole)
        {
            *written = whole;
        }
    }

    /// An item is complete: what did not come piece by piece is in it as a whole.
    fn item_ended(&mut self, at: u64, item: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if !self.items.contains_key(&at) {
            self.item_began(at, item.clone(), out)?;
        }
        let Some(open) = self.items.get_mut(&at) else { return Ok(()) };
        open.stage = Stage::Done;
        match &mut open.kind {
            Kind::Message { said } => {
                if *said == Said::Nothing {
                    out.extend(words(&item));
                }
            }
            Kind::Reasoning { said, whole } => {
                if *said == Said::Nothing {
                    out.extend(summary(&item).map(ModelEvent::Thought));
                }
                *whole = item;
            }
            Kind::Call { form, id, name, written, .. } => {
                let field = match form {
                    CallForm::Object => "arguments",
                    CallForm::Text => "input",
                };
                if let Some(all) = item.get(field).and_then(Value::as_str) {
                    *written = all.to_owned();
                }
                if id.is_empty() {
                    *id = text(&item, "call_id").to_owned();
                }
                if name.is_empty() {
                    *name = text(&item, "name").to_owned();
                }
            }
            Kind::Other { whole } => *whole = item,
        }
        Ok(())
    }

    /// Hands on what is complete, in the order of the items: the server wants them back in it.
    fn hand_on(&mut self, out: &mut Vec<ModelEvent>) {
        while let Some(first) = self.items.first_entry().filter(|item| item.get().stage == Stage::Done) {
            match first.remove().kind {
                Kind::Message { .. } => {}
                Kind::Reasoning { whole, .. } => {
                    // Without its encrypted content the server does not know it again.
                    if !text(&whole, "encrypted_content").is_empty() {
                        out.push(ModelEvent::ThoughtSignature(whole.to_string()));
                    }
                }
                Kind::Call { index, form, id, name, written } => {
                    let input = match form {
                        CallForm::Object => frame::arguments(&written),
                        CallForm::Text => Value::String(written),
                    };
                    let call = Wanted { form, ..Wanted::new(id, ToolName(name), input) };
                    out.push(ModelEvent::CallReady { index, call });
                }
                Kind::Other { whole } => out.push(ModelEvent::Opaque(whole)),
            }
        }
    }

    fn complete(&mut self, response: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        self.began(Some(&response), out);
        for item in self.items.values_mut() {
            item.stage = Stage::Done;
        }
        self.hand_on(out);
        out.extend(response.get("usage").and_then(usage).map(ModelEvent::Usage));
        self.progress = Progress::Over;
        let reason = response.pointer("/incomplete_details/reason").and_then(Value::as_str);
        out.push(ModelEvent::Done(match (text(&response, "status"), reason) {
            ("incomplete", Some("max_output_tokens")) => Finish::Length,
            ("incomplete", Some("content_filter")) => Finish::Filtered,
            ("incomplete", reason) => Finish::Unknown(reason.unwrap_or("incomplete").to_owned()),
            ("failed", _) => return Err(self.asked.broke_off(response.get("error").unwrap_or(&response))),
            _ => Finish::Complete,
        }));
        Ok(())
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The words of a whole message.
fn words(item: &Value) -> Vec<ModelEvent> {
    let parts = item.get("content").and_then(Value::as_array).into_iter().flatten();
    parts
        .filter_map(|part| match (text(part, "type"), text(part, "text"), text(part, "refusal")) {
            ("refusal", _, refusal) if !refusal.is_empty() => Some(ModelEvent::Refusal(refusal.to_owned())),
            (_, text, _) if !text.is_empty() => Some(ModelEvent::Text(text.to_owned())),
            _ => None,
        })
        .collect()
}

/// The thoughts of a whole item, its parts set apart.
fn summary(item: &Value) -> Option<String> {
    let parts = |key: &str| item.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let texts: Vec<String> = [parts("summary"), parts("content")]
        .concat()
        .iter()
        .map(|part| text(part, "text").to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn usage(value: &Value) -> Option<Usage> {
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64);
    let input = number("/input_tokens")?;
    let cached = number("/input_tokens_details/cached_tokens").unwrap_or(0).min(input);
    Some(Usage {
        input: input - cached,
        cache_read: cached,
        cache_write: 0,
        output: number("/output_tokens").unwrap_or(0),
        reasoning: number("/output_tokens_details/reasoning_tokens").unwrap_or(0),
    })
}
