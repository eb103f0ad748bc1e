//! Our request → the bytes of an OpenAI Responses request.
//!
//! Nothing is left with the server: the whole conversation goes along each time, reasoning in its encrypted form.
//! The order is tools, instructions, input, so that what the server has kept of the request before can be used.

use std::slice::Iter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::event::{Reply, ReplyBlock};
use crate::engine::media::{Handed, MediaKind};
use crate::engine::model::{CallResult, Message, Offer, Request, ToolSpec};
use crate::providers::wishes::Wishes;
use crate::providers::words::{self, Ids, Piece, Words};

/// What is set for a model beside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// What the user wants.
    pub wishes: Wishes,
    /// Whether reasoning is asked for in encrypted form.
    pub reasoning: Reasoning,
}

/// Whether reasoning is asked for in encrypted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// It is, so that it can be given back.
    Encrypted,
    /// The model has none, and refuses to be asked for it.
    None,
}

/// The body of the request. `origin` is that of this model's replies.
pub fn body(settings: &Settings<'_>, origin: &str, request: &Request) -> Vec<u8> {
    let mut input = Vec::with_capacity(request.messages.len());
    let (mut handed, mut ids) = (request.media.iter(), Ids::default());
    for message in &request.messages {
        push(message, origin, &mut handed, &mut ids, &mut input);
    }
    let tools: Vec<Value> = request.tools.iter().map(tool).collect();
    let body = Body {
        model: settings.model,
        stream: true,
        store: false,
        include: match settings.reasoning {
            Reasoning::Encrypted => &["reasoning.encrypted_content"],
            Reasoning::None => &[],
        },
        reasoning: settings.wishes.effort.map(|effort| json!({"effort": effort.word(), "summary": "auto"})),
        max_output_tokens: settings.wishes.output_tokens,
        prompt_cache_key: &request.session.0,
        tool_choice: match request.offer {
            Offer::NoTools if !tools.is_empty() => Some("none"),
            Offer::NoTools | Offer::Tools => None,
        },
        tools,
        instructions: &request.system,
        input,
    };
    serde_json::to_vec(&body).expect("texts and JSON values can be written as JSON")
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    store: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    prompt_cache_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    instructions: &'a str,
    input: Vec<Value>,
}

fn tool(spec: &ToolSpec) -> Value {
    let (name, description) = (&spec.name.0, &spec.description);
    // Strict schemas must require every field; ours have fields that may be left out.
    json!({"type": "function", "name": name, "description": description, "parameters": spec.schema, "strict": false})
}

fn push<'a>(
    message: &'a Message,
    origin: &str,
    handed: &mut Iter<'a, Handed>,
    ids: &mut Ids,
    input: &mut Vec<Value>,
) {
    match message {
        Message::User(blocks) => {
            let content = content(Words::of(blocks, handed));
            if !content.is_empty() {
                input.push(json!({"type": "message", "role": "user", "content": content}));
            }
        }
        Message::Assistant(reply) => {
            ids.note(reply);
            assistant(reply, origin, ids, input);
        }
        Message::Results(results) => {
            input.extend(results.iter().map(|brought| result(brought, handed, ids)));
        }
    }
}

fn content(words: Words<'_>) -> Vec<Value> {
    words.into_pieces().into_iter().map(piece).collect()
}

fn piece(piece: Piece<'_>) -> Value {
    let (media, bytes) = match piece {
        Piece::Text(text) => return json!({"type": "input_text", "text": text}),
        Piece::Shown(media, bytes) => (media, bytes),
    };
    let data = format!("data:{};base64,{}", media.kind.mime(), BASE64.encode(bytes));
    match media.kind {
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => {
            json!({"type": "input_image", "image_url": data})
        }
        MediaKind::Pdf => {
            json!({"type": "input_file", "filename": words::file_name(&media.name), "file_data": data})
        }
    }
}

/// Reasoning and opaque items go back as they came, to where they came from; others cannot read them.
fn assistant(reply: &Reply, origin: &str, ids: &Ids, input: &mut Vec<Value>) {
    let ours = reply.origin.as_deref() == Some(origin);
    let mut items: Vec<Value> = Vec::new();
    for block in &reply.blocks {
        match block {
            ReplyBlock::Text { text } if text.is_empty() => {}
            ReplyBlock::Text { text } => items.push(json!({
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": text}],
            })),
            ReplyBlock::Thought { signature: Some(item), .. } if ours => {
                items.extend(serde_json::from_str::<Value>(item));
            }
            ReplyBlock::Opaque { value } if ours => items.push(value.clone()),
            ReplyBlock::Thought { .. } | ReplyBlock::Opaque { .. } => {}
            ReplyBlock::Call { call } => items.push(json!({
                "type": "function_call",
                "call_id": ids.of(&call.id, &call.provider_id),
                "name": words::tool_name(&call.tool.0),
                "arguments": words::arguments(call).to_string(),
            })),
        }
    }
    // The server refuses reasoning without the item that it led to.
    while items.last().is_some_and(|item| item["type"] == "reasoning") {
        items.pop();
    }
    input.append(&mut items);
}

/// The result of a call: a text, and parts where it shows something.
fn result<'a>(result: &'a CallResult, handed: &mut Iter<'a, Handed>, ids: &Ids) -> Value {
    let output = match result.media.is_empty() {
        true => Value::from(result.text.as_str()),
        false => content(words::result_pieces(result, handed)).into(),
    };
    let call_id = ids.of(&result.call, &result.provider_id);
    json!({"type": "function_call_output", "call_id": call_id, "output": output})
}
