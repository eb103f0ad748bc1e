//! Anthropic Messages, also on Bedrock.
//!
//! The rules: <https://docs.claude.com/en/api/messages>,
//! <https://docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use>,
//! <https://docs.claude.com/en/docs/build-with-claude/extended-thinking>,
//! <https://docs.claude.com/en/docs/build-with-claude/prompt-caching>.

use std::collections::HashSet;

use serde_json::Value;

use super::super::wire::Wire;
use super::{Found, Ledger, is_blank, is_plain, list, marked, media, returned, text, tool};

/// Marks for the cache in one request.
const CACHE_MARKS_MAX: usize = 4;
/// The fewest tokens for thoughts.
const THINKING_TOKENS_MIN: u64 = 1024;

pub fn complaints(wire: Wire, body: &Value, given: &Ledger) -> Vec<String> {
    let mut found = Found::default();
    head(&mut found, wire, body);
    let mut names = HashSet::new();
    for each in list(body, "tools") {
        tool(&mut found, &mut names, each, &each["input_schema"]);
    }
    let messages = list(body, "messages");
    found.unless(messages.first().is_some_and(|message| message["role"] == "user"), || {
        "the first message is not the user's".into()
    });
    found.unless(messages.last().is_some_and(|message| message["role"] == "user"), || {
        "the last message is not the user's".into()
    });
    for pair in messages.windows(2) {
        found.unless(pair[0]["role"] != pair[1]["role"], || "the roles do not take turns".into());
    }
    let mut ids = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        found.unless(!list(message, "content").is_empty(), || format!("message {at} is empty"));
        match text(message, "role") {
            "user" => user(&mut found, at.checked_sub(1).map(|before| &messages[before]), message),
            "assistant" => assistant(&mut found, given, messages.get(at + 1), message, &mut ids),
            other => found.0.push(format!("there is no role `{other}`")),
        }
    }
    found.0
}

fn head(found: &mut Found, wire: Wire, body: &Value) {
    match wire {
        Wire::Bedrock => {
            found.unless(body["anthropic_version"].is_string(), || "no version is named".into());
            found.unless(body.get("model").is_none() && body.get("stream").is_none(), || {
                "the model and the stream are told by the address".into()
            });
        }
        Wire::Anthropic | Wire::Chat | Wire::Responses | Wire::Gemini => {
            found.unless(body["model"].is_string() && body["stream"] == true, || {
                "no model, or no stream".into()
            });
        }
    }
    let tokens = body["max_tokens"].as_u64().unwrap_or(0);
    found.unless(tokens > 0, || "no longest answer is told".into());
    if body["thinking"]["type"] == "enabled" {
        let thinking = body["thinking"]["budget_tokens"].as_u64().unwrap_or(0);
        found.unless((THINKING_TOKENS_MIN..tokens).contains(&thinking), || {
            format!("{thinking} tokens for thoughts do not fit into {tokens}")
        });
    }
    for block in list(body, "system") {
        found.unless(!is_blank(text(block, "text")), || "the system prompt is empty".into());
    }
    let marks = body.to_string().matches("\"cache_control\":{\"type\":\"ephemeral\"}").count();
    found.unless(marks <= CACHE_MARKS_MAX, || format!("{marks} marks for the cache"));
}

/// Results of all calls right before come first, once each; then words.
fn user(found: &mut Found, before: Option<&Value>, message: &Value) {
    let calls: Vec<&str> = before
        .map_or(&[][..], |before| list(before, "content"))
        .iter()
        .filter(|block| block["type"] == "tool_use")
        .map(|block| text(block, "id"))
        .collect();
    let mut results = Vec::new();
    let mut worded = false;
    for block in list(message, "content") {
        match text(block, "type") {
            "tool_result" => {
                found.unless(!worded, || "a result stands behind words".into());
                let id = text(block, "tool_use_id");
                found.unless(calls.contains(&id), || {
                    format!("a result for `{id}`, which was not called before")
                });
                found.unless(!results.contains(&id), || format!("two results for `{id}`"));
                results.push(id);
                content(found, &block["content"]);
            }
            _ => {
                worded = true;
                shown(found, block);
            }
        }
    }
    for call in calls {
        found.unless(results.contains(&call), || format!("no result for `{call}`"));
    }
}

fn content(found: &mut Found, content: &Value) {
    match content {
        Value::Array(blocks) => {
            found.unless(!blocks.is_empty(), || "a result is empty".into());
            blocks.iter().for_each(|block| shown(found, block));
        }
        other => {
            found.unless(other.as_str().is_some_and(|text| !is_blank(text)), || "a result is empty".into())
        }
    }
}

fn shown(found: &mut Found, block: &Value) {
    match text(block, "type") {
        "text" => found.unless(!is_blank(text(block, "text")), || "a text is empty".into()),
        "image" | "document" => {
            let source = &block["source"];
            media(found, text(source, "media_type"), text(source, "data"));
        }
        other => found.0.push(format!("a user says no `{other}`")),
    }
}

fn assistant(
    found: &mut Found,
    given: &Ledger,
    next: Option<&Value>,
    message: &Value,
    ids: &mut HashSet<String>,
) {
    let mut marks = Vec::new();
    let mut said = false;
    for block in list(message, "content") {
        match text(block, "type") {
            "thinking" => {
                let mark = text(block, "signature").to_owned();
                found.unless(block.get("cache_control").is_none(), || {
                    "thoughts are marked for the cache".into()
                });
                returned(found, given, &mark, block);
                marks.push(mark);
            }
            "redacted_thinking" => {
                returned(found, given, text(block, "data"), block);
                marks.push(text(block, "data").to_owned());
            }
            "text" => {
                said = true;
                found.unless(!is_blank(text(block, "text")), || "a text is empty".into());
            }
            "tool_use" => {
                said = true;
                let id = text(block, "id");
                found.unless(is_plain(id, 64), || format!("a call may not be called `{id}`"));
                found.unless(ids.insert(id.to_owned()), || format!("two calls are called `{id}`"));
                found.unless(is_plain(text(block, "name"), 64), || format!("no name of a tool: {block}"));
                found.unless(block["input"].is_object(), || format!("the input of `{id}` is no object"));
                found.unless(next.is_some(), || format!("nothing follows the call `{id}`"));
                marked(found, given, id, &marks);
            }
            other => found.0.push(format!("a model says no `{other}`")),
        }
    }
    found.unless(said, || "an answer of thoughts alone".into());
}
