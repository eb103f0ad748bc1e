//! Our request → the bytes of an Anthropic Messages request.
//!
//! The order is tools, system, messages, as the server caches them; the same history gives the same bytes
//! but for the marks that say how far to cache.

use std::slice::Iter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use super::Carrier;
use crate::engine::event::{Reply, ReplyBlock};
use crate::engine::media::{Handed, MediaKind};
use crate::engine::model::{CallResult, Message, Offer, Request, ResultKind, ToolSpec};
use crate::providers::wishes::Effort;
use crate::providers::words::{self, Ids, Piece, Words};

/// The version that Bedrock wants named in the body.
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// The fewest tokens for thoughts that the interface takes.
pub const THINKING_TOKENS_MIN: u64 = 1024;

/// What is set for a model beside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// Who carries the messages.
    pub carrier: Carrier,
    /// The longest answer, thoughts included: the interface wants it said.
    pub output_tokens: u64,
    /// How it thinks before it answers.
    pub thinking: Thinking,
}

/// How a model thinks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// It answers at once.
    Off,
    /// With at most so many tokens.
    Tokens(u64),
    /// As long as it finds right for this effort.
    Adaptive(Effort),
}

/// The tokens for thoughts of this effort, in an answer of at most so many.
pub fn thinking_tokens(effort: Effort, output_tokens: u64) -> u64 {
    let wanted = match effort {
        Effort::None | Effort::Minimal => THINKING_TOKENS_MIN,
        Effort::Low => 4_096,
        Effort::Medium => 10_240,
        Effort::High => 20_480,
        Effort::XHigh => 32_768,
        Effort::Max => 65_536,
    };
    wanted.min(output_tokens / 2).max(THINKING_TOKENS_MIN)
}

/// The body of the request. `origin` is that of this server's replies.
pub fn body(settings: &Settings<'_>, origin: &str, request: &Request) -> Vec<u8> {
    let mut messages: Vec<Out> = Vec::with_capacity(request.messages.len());
    let (mut handed, mut ids) = (request.media.iter(), Ids::default());
    for message in &request.messages {
        push(message, origin, &mut handed, &mut ids, &mut messages);
    }
    mark(&mut messages);
    let mut tools: Vec<Value> = request.tools.iter().map(tool).collect();
    if let Some(last) = tools.last_mut() {
        last["cache_control"] = ephemeral();
    }
    let (thinking, output_config) = match settings.thinking {
        Thinking::Off => (None, None),
        Thinking::Tokens(tokens) => (Some(json!({"type": "enabled", "budget_tokens": tokens})), None),
        Thinking::Adaptive(effort) => {
            (Some(json!({"type": "adaptive"})), Some(json!({"effort": effort.word()})))
        }
    };
    let is_direct = settings.carrier == Carrier::Direct;
    let body = Body {
        anthropic_version: (!is_direct).then_some(BEDROCK_VERSION),
        model: is_direct.then_some(settings.model),
        max_tokens: settings.output_tokens,
        stream: is_direct.then_some(true),
        thinking,
        output_config,
        tool_choice: match request.offer {
            Offer::NoTools if !tools.is_empty() => Some(json!({"type": "none"})),
            Offer::NoTools | Offer::Tools => None,
        },
        tools,
        system: [json!({"type": "text", "text": &*request.system, "cache_control": ephemeral()})],
        messages,
    };
    serde_json::to_vec(&body).expect("texts and JSON values can be written as JSON")
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    system: [Value; 1],
    messages: Vec<Out>,
}

#[derive(Serialize)]
struct Out {
    role: Role,
    content: Vec<Value>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

fn ephemeral() -> Value {
    json!({"type": "ephemeral"})
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name.0, "description": spec.description, "input_schema": spec.schema})
}

/// The roles must take turns, so what one side says in several messages becomes one; results stand before
/// words, as the interface wants them.
fn push<'a>(
    message: &'a Message,
    origin: &str,
    handed: &mut Iter<'a, Handed>,
    ids: &mut Ids,
    messages: &mut Vec<Out>,
) {
    let (role, content) = match message {
        Message::User(blocks) => (Role::User, content(Words::of(blocks, handed))),
        Message::Assistant(reply) => {
            ids.note(reply);
            (Role::Assistant, assistant(reply, origin, ids))
        }
        Message::Results(results) => {
            (Role::User, results.iter().map(|brought| result(brought, handed, ids)).collect())
        }
    };
    if content.is_empty() {
        return;
    }
    match messages.last_mut() {
        Some(last) if last.role == role => last.content.extend(content),
        Some(_) | None => messages.push(Out { role, content }),
    }
}

fn content(words: Words<'_>) -> Vec<Value> {
    words.into_pieces().into_iter().filter_map(piece).collect()
}

/// None for words that are nothing but white space: the interface refuses them.
fn piece(piece: Piece<'_>) -> Option<Value> {
    let (media, bytes) = match piece {
        Piece::Text(text) if text.trim().is_empty() => return None,
        Piece::Text(text) => return Some(json!({"type": "text", "text": text})),
        Piece::Shown(media, bytes) => (media, bytes),
    };
    let source = json!({"type": "base64", "media_type": media.kind.mime(), "data": BASE64.encode(bytes)});
    Some(match media.kind {
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => {
            json!({"type": "image", "source": source})
        }
        MediaKind::Pdf => {
            json!({"type": "document", "source": source, "title": words::file_name(&media.name)})
        }
    })
}

/// Thoughts and opaque parts go back as they came, to where they came from; others cannot read them.
fn assistant(reply: &Reply, origin: &str, ids: &Ids) -> Vec<Value> {
    let ours = reply.origin.as_deref() == Some(origin);
    let block = |block: &ReplyBlock| match block {
        ReplyBlock::Text { text } if text.trim().is_empty() => None,
        ReplyBlock::Text { text } => Some(json!({"type": "text", "text": text})),
        ReplyBlock::Thought { text, signature: Some(signature) } if ours => {
            Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
        }
        ReplyBlock::Opaque { value } if ours => Some(value.clone()),
        ReplyBlock::Thought { .. } | ReplyBlock::Opaque { .. } => None,
        ReplyBlock::Call { call } => Some(json!({
            "type": "tool_use",
            "id": ids.of(&call.id, &call.provider_id),
            "name": words::tool_name(&call.tool.0),
            "input": words::arguments(call),
        })),
    };
    let said = |block: &Value| block["type"] != "thinking" && block["type"] != "redacted_thinking";
    let blocks: Vec<Value> = reply.blocks.iter().filter_map(block).collect();
    // Thoughts alone are no answer, and are not taken for one.
    if blocks.iter().any(said) { blocks } else { Vec::new() }
}

/// The result of a call: a text, and parts where it shows something.
fn result<'a>(result: &'a CallResult, handed: &mut Iter<'a, Handed>, ids: &Ids) -> Value {
    let content = match result.media.is_empty() {
        true => Value::from(result.text.as_str()),
        false => content(words::result_pieces(result, handed)).into(),
    };
    let mut block = json!({
        "type": "tool_result",
        "tool_use_id": ids.of(&result.call, &result.provider_id),
        "content": content,
    });
    if result.kind == ResultKind::Failed {
        block["is_error"] = true.into();
    }
    block
}

/// Marks the end of the last two messages of the user: the one is found again with the next request, the
/// other was kept by the one before.
fn mark(messages: &mut [Out]) {
    let ours = messages.iter_mut().rev().filter(|message| message.role == Role::User);
    for message in ours.take(2) {
        if let Some(last) = message.content.last_mut() {
            last["cache_control"] = ephemeral();
        }
    }
}
