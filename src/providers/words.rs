//! What the history becomes in every wire format: words for blocks, names and ids that servers take.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::engine::event::Block;

/// Of the name of a function, by the interfaces' rules.
const NAME_CHARS_MAX: usize = 64;

/// The blocks of a user's message as one text, each on lines of its own.
pub fn of_blocks(blocks: &[Block]) -> String {
    let mut all = String::new();
    for block in blocks {
        if !all.is_empty() && !all.ends_with('\n') {
            all.push('\n');
        }
        match block {
            Block::Text { text } => all.push_str(text),
            Block::Link { uri, name } if name.is_empty() || name == uri => {
                all.push_str(&format!("See {uri}"));
            }
            Block::Link { uri, name } => all.push_str(&format!("See {name}: {uri}")),
            Block::Resource { uri, text } => all.push_str(&resource(uri, text)),
        }
    }
    all
}

/// A text between fences longer than any run of backticks in it, so that it cannot end itself.
fn resource(uri: &str, text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let line_feed = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("The content of {uri}:\n{fence}\n{text}{line_feed}{fence}\n")
}

/// A model may call a tool by a name that no tool can have; in the history, servers would refuse it in each
/// request from then on.
pub fn tool_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() { Cow::Borrowed("unnamed") } else { plain(name, NAME_CHARS_MAX) }
}

/// The id of a call as every server takes it; those of other servers may hold more letters.
pub fn call_id(id: &str) -> Cow<'_, str> {
    if id.is_empty() { Cow::Borrowed("unnamed") } else { plain(id, NAME_CHARS_MAX) }
}

fn plain(text: &str, chars_max: usize) -> Cow<'_, str> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if text.len() <= chars_max && text.chars().all(valid) {
        Cow::Borrowed(text)
    } else {
        text.chars().take(chars_max).map(|c| if valid(c) { c } else { '_' }).collect()
    }
}

/// Arguments as an object, which all servers want: what the model wrote that was none goes back as a text
/// within one.
pub fn arguments(input: &Value) -> Cow<'_, Value> {
    match input {
        Value::Object(_) => Cow::Borrowed(input),
        Value::String(text) => Cow::Owned(json!({ "arguments_that_were_not_json": text })),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Cow::Owned(json!({ "arguments": input }))
        }
    }
}
