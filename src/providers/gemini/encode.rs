//! Our request → the bytes of a Gemini request.
//!
//! The order is system, tools, contents; the same history gives the same bytes.

use std::slice::Iter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::event::{Reply, ReplyBlock, ToolCall};
use crate::engine::media::Handed;
use crate::engine::model::{CallResult, Message, Offer, Request, ResultKind, ToolSpec};
use crate::providers::wishes::{Effort, Told, Wishes};
use crate::providers::words::{self, Piece, Words};

/// Begins the ids of calls to which the server gave none; they mean nothing to it.
pub const MADE: &str = "made_";

/// Stands for the signature of a call that another model made: the newest models refuse calls without one.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
const FOREIGN_SIGNATURE: &str = "skip_thought_signature_validator";

/// The body of the request. `origin` is that of this model's replies.
pub fn body(wishes: Wishes, origin: &str, request: &Request) -> Vec<u8> {
    let mut contents: Vec<Content> = Vec::with_capacity(request.messages.len());
    let mut handed = request.media.iter();
    for message in &request.messages {
        push(message, origin, &mut handed, &mut contents);
    }
    let declarations: Vec<Value> = request.tools.iter().map(tool).collect();
    let tools = match declarations.is_empty() {
        true => Vec::new(),
        false => vec![json!({ "functionDeclarations": declarations })],
    };
    let body = Body {
        system_instruction: Content { role: None, parts: vec![json!({"text": &*request.system})] },
        tool_config: match request.offer {
            Offer::NoTools if !tools.is_empty() => Some(json!({"functionCallingConfig": {"mode": "NONE"}})),
            Offer::NoTools | Offer::Tools => None,
        },
        tools,
        generation_config: generation(wishes),
        contents,
    };
    serde_json::to_vec(&body).expect("texts and JSON values can be written as JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    system_instruction: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<Value>,
    contents: Vec<Content>,
}

#[derive(Serialize)]
struct Content {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    parts: Vec<Value>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Model,
}

fn generation(wishes: Wishes) -> Option<Value> {
    let mut config = json!({});
    if let Some(tokens) = wishes.output_tokens {
        config["maxOutputTokens"] = tokens.into();
    }
    if let Some(effort) = wishes.effort {
        config["thinkingConfig"] = match wishes.told {
            Told::Word => json!({"includeThoughts": true, "thinkingLevel": effort.word()}),
            Told::Tokens | Told::AsUsual => {
                json!({"includeThoughts": true, "thinkingBudget": thinking_tokens(effort)})
            }
        };
    }
    config.as_object().is_some_and(|fields| !fields.is_empty()).then_some(config)
}

fn thinking_tokens(effort: Effort) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 512,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High | Effort::XHigh | Effort::Max => 24_576,
    }
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name.0, "description": spec.description, "parametersJsonSchema": spec.schema})
}

fn push<'a>(message: &'a Message, origin: &str, handed: &mut Iter<'a, Handed>, contents: &mut Vec<Content>) {
    let mut add = |role, parts: Vec<Value>| {
        if !parts.is_empty() {
            contents.push(Content { role: Some(role), parts });
        }
    };
    match message {
        Message::User(blocks) => add(Role::User, parts(Words::of(blocks, handed))),
        Message::Assistant(reply) => add(Role::Model, assistant(reply, origin)),
        Message::Results(results) => {
            let mut shown = Words::default();
            add(Role::User, results.iter().map(|brought| result(brought, handed, &mut shown)).collect());
            add(Role::User, parts(shown));
        }
    }
}

fn parts(words: Words<'_>) -> Vec<Value> {
    let part = |piece| match piece {
        Piece::Text(text) => json!({ "text": text }),
        Piece::Shown(media, bytes) => {
            json!({"inlineData": {"mimeType": media.kind.mime(), "data": BASE64.encode(bytes)}})
        }
    };
    words.into_pieces().into_iter().map(part).collect()
}

/// Signatures and opaque parts go back as they came, to where they came from; others cannot read them.
fn assistant(reply: &Reply, origin: &str) -> Vec<Value> {
    let ours = reply.origin.as_deref() == Some(origin);
    let mut parts: Vec<Value> = Vec::new();
    for block in &reply.blocks {
        match block {
            ReplyBlock::Text { text } if text.is_empty() => {}
            ReplyBlock::Text { text } => parts.push(json!({ "text": text })),
            ReplyBlock::Thought { text, signature: Some(signature) } if ours => {
                parts.push(json!({"text": text, "thought": true, "thoughtSignature": signature}));
            }
            ReplyBlock::Opaque { value } if ours => match (mark(value), parts.last_mut()) {
                (Some(mark), Some(last)) if is_unsigned_text(last) => last["thoughtSignature"] = mark.into(),
                (Some(mark), _) => parts.push(json!({"text": "", "thoughtSignature": mark})),
                (None, _) => parts.push(value.clone()),
            },
            ReplyBlock::Thought { .. } | ReplyBlock::Opaque { .. } => {}
            ReplyBlock::Call { call } => {
                let is_first = !parts.iter().any(|part| part.get("functionCall").is_some());
                parts.push(called(call, ours, is_first));
            }
        }
    }
    let said = |part: &Value| part["thought"] != true;
    // Thoughts alone are no answer.
    if parts.iter().any(said) { parts } else { Vec::new() }
}

/// The signature of words before it, if that is all there is in an opaque part.
fn mark(value: &Value) -> Option<&str> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.get("thoughtSignature")?.as_str()
}

fn is_unsigned_text(part: &Value) -> bool {
    part.get("text").is_some() && part.get("thought").is_none() && part.get("thoughtSignature").is_none()
}

fn called(call: &ToolCall, ours: bool, is_first: bool) -> Value {
    let mut function = json!({"name": words::tool_name(&call.tool.0), "args": words::arguments(call)});
    if !call.provider_id.starts_with(MADE) {
        function["id"] = words::call_id(&call.provider_id).into();
    }
    let mut part = json!({ "functionCall": function });
    match &call.signature {
        Some(signature) if ours => part["thoughtSignature"] = signature.as_str().into(),
        Some(_) | None if !ours && is_first => part["thoughtSignature"] = FOREIGN_SIGNATURE.into(),
        Some(_) | None => {}
    }
    part
}

fn result<'a>(result: &'a CallResult, handed: &mut Iter<'a, Handed>, shown: &mut Words<'a>) -> Value {
    let text = words::result_text(result, handed, shown);
    let key = match result.kind {
        ResultKind::Done => "output",
        ResultKind::Failed => "error",
    };
    let mut response = json!({"name": words::tool_name(&result.tool.0), "response": { (key): text }});
    if !result.provider_id.starts_with(MADE) {
        response["id"] = words::call_id(&result.provider_id).into();
    }
    json!({ "functionResponse": response })
}
