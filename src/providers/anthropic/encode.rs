//! Our request → the bytes of an Anthropic Messages request.
//!
//! The order is tools, system, messages, as the server caches them; the same history gives the same bytes
//! but for the marks that say how far to cache.

use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::event::{Block, Reply, ReplyBlock};
use crate::engine::model::{CallResult, Message, Request, ResultKind, ToolSpec};
use crate::providers::words;

/// What is set for a model beside the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The model's name there.
    pub model: String,
    /// The longest answer, in tokens: the interface wants it said.
    pub output_tokens_max: u64,
    /// Tokens for thoughts before the answer; none: it answers at once.
    pub thinking_tokens: Option<u64>,
}

/// The body of the request. `origin` is that of this server's replies.
pub fn body(settings: &Settings, origin: &str, request: &Request) -> Vec<u8> {
    let mut messages: Vec<Out> = Vec::with_capacity(request.messages.len());
    for message in &request.messages {
        push(message, origin, &mut messages);
    }
    mark(&mut messages);
    let mut tools: Vec<Value> = request.tools.iter().map(tool).collect();
    if let Some(last) = tools.last_mut() {
        last["cache_control"] = ephemeral();
    }
    let body = Body {
        model: &settings.model,
        max_tokens: settings.output_tokens_max,
        stream: true,
        thinking: settings
            .thinking_tokens
            .map(|tokens| json!({"type": "enabled", "budget_tokens": tokens})),
        tools,
        system: [json!({"type": "text", "text": &*request.system, "cache_control": ephemeral()})],
        messages,
    };
    serde_json::to_vec(&body).expect("texts and JSON values can be written as JSON")
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
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
fn push(message: &Message, origin: &str, messages: &mut Vec<Out>) {
    let (role, content) = match message {
        Message::User(blocks) => (Role::User, user(blocks)),
        Message::Assistant(reply) => (Role::Assistant, assistant(reply, origin)),
        Message::Results(results) => (Role::User, results.iter().map(result).collect()),
    };
    if content.is_empty() {
        return;
    }
    match messages.last_mut() {
        Some(last) if last.role == role => last.content.extend(content),
        Some(_) | None => messages.push(Out { role, content }),
    }
}

fn user(blocks: &[Block]) -> Vec<Value> {
    let text = words::of_blocks(blocks);
    if text.is_empty() { Vec::new() } else { vec![json!({"type": "text", "text": text})] }
}

/// Thoughts and opaque parts go back as they came, to where they came from; others cannot read them.
fn assistant(reply: &Reply, origin: &str) -> Vec<Value> {
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
            "id": words::call_id(&call.provider_id),
            "name": words::tool_name(&call.tool.0),
            "input": words::arguments(&call.input),
        })),
    };
    reply.blocks.iter().filter_map(block).collect()
}

fn result(result: &CallResult) -> Value {
    let mut block = json!({
        "type": "tool_result",
        "tool_use_id": words::call_id(&result.provider_id),
        "content": result.text,
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
