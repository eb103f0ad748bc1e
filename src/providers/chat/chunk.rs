//! The events of a Chat Completions stream as they stand on the wire, read leniently.
//!
//! What a server may leave out, or send as `null` or in another type, is a `Value` or an option.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::event::Usage;

/// One event, or a whole answer that was not streamed.
#[derive(Debug, Deserialize)]
pub struct Chunk {
    pub id: Option<Value>,
    pub model: Option<Value>,
    pub choices: Option<Vec<Choice>>,
    pub usage: Option<Value>,
    pub error: Option<Value>,
    pub object: Option<Value>,
    pub r#type: Option<Value>,
    pub message: Option<Value>,
    pub detail: Option<Value>,
    pub x_groq: Option<Value>,
}

/// One of the answers asked for; we ask for one.
#[derive(Debug, Deserialize)]
pub struct Choice {
    pub index: Option<Value>,
    pub delta: Option<Delta>,
    /// Instead of the delta, where the answer is not streamed.
    pub message: Option<Delta>,
    pub finish_reason: Option<Value>,
    pub usage: Option<Value>,
}

/// What is added to the answer.
#[derive(Debug, Deserialize)]
pub struct Delta {
    pub content: Option<Value>,
    pub refusal: Option<Value>,
    pub reasoning_content: Option<Value>,
    pub reasoning: Option<Value>,
    pub reasoning_details: Option<Value>,
    pub tool_calls: Option<Vec<CallPiece>>,
}

/// A piece of a call, or a whole one.
#[derive(Debug, Deserialize)]
pub struct CallPiece {
    pub index: Option<Value>,
    pub id: Option<Value>,
    pub function: Option<FunctionPiece>,
    pub extra_content: Option<Value>,
}

/// The name and a piece of the arguments.
#[derive(Debug, Deserialize)]
pub struct FunctionPiece {
    pub name: Option<Value>,
    pub arguments: Option<Value>,
}

impl Chunk {
    /// Whether it says that something failed, in any of the forms in use.
    pub fn is_error(&self) -> bool {
        let says = |field: &Option<Value>, word| field.as_ref().and_then(Value::as_str) == Some(word);
        let given = |field: &Option<Value>| match field {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => true,
        };
        given(&self.error)
            || says(&self.object, "error")
            || says(&self.r#type, "error")
            || (self.choices.is_none() && (given(&self.message) || given(&self.detail)))
    }

    /// The token counts in it, wherever the server puts them.
    pub fn usage(&self) -> Option<Usage> {
        let in_choice = self.choices.iter().flatten().find_map(|choice| choice.usage.as_ref());
        let in_extension = self.x_groq.as_ref().and_then(|extension| extension.get("usage"));
        [self.usage.as_ref(), in_choice, in_extension].into_iter().flatten().find_map(usage)
    }
}

/// None where there is no count at all, as in an empty object.
fn usage(value: &Value) -> Option<Usage> {
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64);
    let prompt = number("/prompt_tokens")?;
    let completion = number("/completion_tokens").unwrap_or(0);
    let cached = number("/prompt_tokens_details/cached_tokens")
        .or_else(|| number("/prompt_cache_hit_tokens"))
        .unwrap_or(0)
        .min(prompt);
    // Some servers count thoughts in the total only.
    let beside_prompt = number("/total_tokens").map_or(0, |total| total.saturating_sub(prompt));
    Some(Usage {
        input: prompt - cached,
        cache_read: cached,
        cache_write: 0,
        output: completion.max(beside_prompt),
        reasoning: number("/completion_tokens_details/reasoning_tokens").unwrap_or(0),
    })
}

/// The text of a field that is a text; nothing for anything else.
pub fn text(field: Option<Value>) -> String {
    match field {
        Some(Value::String(text)) => text,
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => {
            String::new()
        }
    }
}

/// A number, also where it stands in a text.
pub fn number(field: Option<Value>) -> Option<u64> {
    let field = field?;
    field.as_u64().or_else(|| field.as_str()?.parse().ok())
}

/// A text, also where the server sends what it stands for: a number as an id, an object as the
/// arguments.
pub fn written(field: Option<Value>) -> String {
    match field {
        Some(Value::String(text)) => text,
        None | Some(Value::Null) => String::new(),
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
            other.to_string()
        }
    }
}
