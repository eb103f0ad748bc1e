//! The events of an Anthropic Messages answer → `ModelEvent`s; pure, and the same for any split.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::event::{ToolName, Usage};
use crate::engine::model::{Finish, ModelError, ModelEvent, Wanted};
use crate::limits;
use crate::providers::failure::Asked;
use crate::providers::frame::{self, Decoder, Progress};

/// Reads one answer with status 200.
pub fn decoder(asked: Arc<Asked>, origin: Arc<str>) -> Decoder<Answer> {
    let answer = Answer {
        asked: asked.clone(),
        origin,
        blocks: BTreeMap::new(),
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
    /// The blocks that are open, by the server's index.
    blocks: BTreeMap<u64, Block>,
    calls: usize,
    usage: Usage,
    finish: Option<Finish>,
    progress: Progress,
}

/// A block that has begun and not ended.
#[derive(Debug)]
enum Block {
    Text,
    Thought {
        signature: String,
    },
    Call {
        index: usize,
        id: String,
        name: String,
        input: Value,
        written: String,
    },
    /// What only the server understands: as it began, and what was written into its `input`.
    Other {
        block: Value,
        written: String,
    },
}

/// An event as it stands on the wire; what a server may leave out is an option.
#[derive(Debug, Deserialize)]
struct Event {
    r#type: String,
    index: Option<u64>,
    message: Option<Message>,
    content_block: Option<Value>,
    delta: Option<Delta>,
    usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    content: Option<Vec<Value>>,
    stop_reason: Option<String>,
    usage: Option<Tokens>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl frame::Answer for Answer {
    fn event(&mut self, data: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let event: Event = frame::read(data, &self.asked)?;
        if self.progress == Progress::Nothing {
            self.progress = Progress::Open;
        }
        match event.r#type.as_str() {
            "message_start" => self.began(event.message, out),
            "content_block_start" => {
                let block = event.content_block.unwrap_or_default();
                self.block_began(event.index.unwrap_or(0), block, out)?;
            }
            "content_block_delta" => {
                self.added(event.index.unwrap_or(0), event.delta.unwrap_or_default(), out);
            }
            "content_block_stop" => self.block_ended(event.index.unwrap_or(0), out),
            "message_delta" => {
                if let Some(tokens) = event.usage {
                    self.used(&tokens, out);
                }
                if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                    self.finish = Some(finish(&reason));
                }
            }
            "message_stop" => self.complete(out),
            "error" => return Err(self.asked.broke_off(&frame::read(data, &self.asked)?)),
            // `ping`, and what later versions bring.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, value: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if value.get("type").and_then(Value::as_str) != Some("message") {
            return Err(self.asked.broke_off(&value));
        }
        let not_understood = |_| self.asked.not_understood("it is neither a stream of events nor a message");
        let message = Message::deserialize(&value).map_err(not_understood)?;
        let content = value.get("content").and_then(Value::as_array).cloned().unwrap_or_default();
        let reason = message.stop_reason.clone();
        self.began(Some(message), out);
        for (index, block) in content.into_iter().enumerate() {
            let index = index as u64;
            self.block_began(index, block, out)?;
            self.block_ended(index, out);
        }
        self.finish = reason.map(|reason| finish(&reason));
        self.complete(out);
        Ok(())
    }

    fn end(&mut self, _out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if self.progress == Progress::Over { Ok(()) } else { Err(self.asked.truncated()) }
    }

    fn progress(&self) -> Progress {
        self.progress
    }
}

impl Answer {
    fn began(&mut self, message: Option<Message>, out: &mut Vec<ModelEvent>) {
        let Some(message) = message else { return };
        let (response, model) = (message.id, message.model);
        out.push(ModelEvent::Began { origin: self.origin.clone(), response, model });
        if let Some(tokens) = message.usage {
            self.used(&tokens, out);
        }
        debug_assert!(message.content.is_none_or(|content| content.is_empty() || self.blocks.is_empty()));
    }

    fn block_began(&mut self, at: u64, block: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = text("type");
        let begun = match kind.as_str() {
            "text" => {
                given(text("text"), ModelEvent::Text, out);
                Block::Text
            }
            "thinking" => {
                given(text("thinking"), ModelEvent::Thought, out);
                Block::Thought { signature: text("signature") }
            }
            "tool_use" => {
                if self.calls == limits::CALLS_PER_ANSWER_MAX {
                    return Err(self.asked.not_understood("it asks for too many calls at once"));
                }
                let (index, name) = (self.calls, text("name"));
                self.calls += 1;
                out.push(ModelEvent::CallBegan { index, tool: ToolName(name.clone()) });
                let input = block.get("input").cloned().unwrap_or_default();
                Block::Call { index, id: text("id"), name, input, written: String::new() }
            }
            _ => Block::Other { block, written: String::new() },
        };
        self.blocks.insert(at, begun);
        Ok(())
    }

    fn added(&mut self, at: u64, delta: Delta, out: &mut Vec<ModelEvent>) {
        let Some(block) = self.blocks.get_mut(&at) else { return };
        match block {
            Block::Text => given(delta.text.unwrap_or_default(), ModelEvent::Text, out),
            Block::Thought { signature } => {
                given(delta.thinking.unwrap_or_default(), ModelEvent::Thought, out);
                signature.push_str(&delta.signature.unwrap_or_default());
            }
            Block::Call { index, written, .. } => {
                let text = delta.partial_json.unwrap_or_default();
                written.push_str(&text);
                let index = *index;
                given(text, |text| ModelEvent::CallInput { index, text }, out);
            }
            Block::Other { written, .. } => written.push_str(&delta.partial_json.unwrap_or_default()),
        }
    }

    fn block_ended(&mut self, at: u64, out: &mut Vec<ModelEvent>) {
        match self.blocks.remove(&at) {
            None | Some(Block::Text) => {}
            Some(Block::Thought { signature }) => {
                given(signature, ModelEvent::ThoughtSignature, out);
            }
            Some(Block::Call { index, id, name, input, written }) => {
                let input = match (written.is_empty(), input) {
                    (true, Value::Object(whole)) => Value::Object(whole),
                    (_, _) => frame::arguments(&written),
                };
                out.push(ModelEvent::CallReady { index, call: Wanted::new(id, ToolName(name), input) });
            }
            Some(Block::Other { block, written }) => out.push(ModelEvent::Opaque(filled(block, &written))),
        }
    }

    /// The counters are those of the whole answer so far; a later one replaces an earlier one.
    fn used(&mut self, tokens: &Tokens, out: &mut Vec<ModelEvent>) {
        let before = self.usage;
        self.usage = Usage {
            input: tokens.input_tokens.unwrap_or(before.input),
            cache_read: tokens.cache_read_input_tokens.unwrap_or(before.cache_read),
            cache_write: tokens.cache_creation_input_tokens.unwrap_or(before.cache_write),
            output: tokens.output_tokens.unwrap_or(before.output),
            reasoning: 0,
        };
        if self.usage != before {
            out.push(ModelEvent::Usage(self.usage));
        }
    }

    fn complete(&mut self, out: &mut Vec<ModelEvent>) {
        while let Some(at) = self.blocks.keys().next().copied() {
            self.block_ended(at, out);
        }
        self.progress = Progress::Over;
        out.push(ModelEvent::Done(self.finish.clone().unwrap_or(Finish::Complete)));
    }
}

/// The names of the ends: <https://docs.claude.com/en/api/handling-stop-reasons>.
fn finish(reason: &str) -> Finish {
    match reason {
        "end_turn" | "stop_sequence" | "tool_use" => Finish::Complete,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "pause_turn" => Finish::Paused,
        "refusal" => Finish::Refused,
        other => Finish::Unknown(other.to_owned()),
    }
}

fn given(text: String, event: impl FnOnce(String) -> ModelEvent, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(event(text));
    }
}

/// A block with what was written into it after it began.
fn filled(mut block: Value, written: &str) -> Value {
    if let (false, Some(fields)) = (written.is_empty(), block.as_object_mut()) {
        let input = serde_json::from_str(written).unwrap_or_else(|_| Value::Object(Map::new()));
        fields.insert("input".to_owned(), input);
    }
    block
}
