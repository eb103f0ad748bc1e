//! What a server gives beside words and calls for itself alone, and wants back as it gave it: OpenRouter's
//! `reasoning_details` of a message, Google's `extra_content` of a call.
//!
//! <https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks>,
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>

use serde_json::{Value, json};

use super::chunk;
use crate::engine::event::{Reply, ReplyBlock, ToolCall};

const DETAILS: &str = "reasoning_details";

/// The fields of a detail that come in pieces.
const WORDS: [&str; 2] = ["text", "summary"];

/// The details of one answer's thoughts.
#[derive(Debug, Default)]
pub struct Details(Vec<Value>);

impl Details {
    /// Adds those of an answer that came as a whole, each as it is.
    pub fn whole(&mut self, details: Value) {
        self.0.extend(list(details));
    }

    /// Adds those of one event: pieces of the detail before them, or new ones.
    pub fn piece(&mut self, details: Value) {
        for piece in list(details) {
            match self.0.last_mut() {
                Some(last) if goes_on(last, &piece) => join(last, piece),
                _ => self.0.push(piece),
            }
        }
    }

    /// Whether there are any.
    pub fn is_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// As an opaque part of the reply; none where there are none.
    pub fn take(&mut self) -> Option<Value> {
        let details = std::mem::take(&mut self.0);
        (!details.is_empty()).then(|| json!({ DETAILS: details }))
    }
}

/// The words in details, for servers that say them nowhere else.
pub fn words(details: &Value) -> String {
    let details = details.as_array().into_iter().flatten();
    details.filter_map(|detail| WORDS.iter().find_map(|key| detail.get(key)?.as_str())).collect()
}

/// The details that came with a reply.
pub fn details(reply: &Reply) -> Option<&Value> {
    reply.blocks.iter().find_map(|block| match block {
        ReplyBlock::Opaque { value } => value.get(DETAILS),
        ReplyBlock::Text { .. } | ReplyBlock::Thought { .. } | ReplyBlock::Call { .. } => None,
    })
}

/// What was kept as the mark on a call, as it came.
pub fn extra(call: &ToolCall) -> Option<Value> {
    serde_json::from_str(call.signature.as_deref()?).ok()
}

/// What a server gives with a call, as it is kept.
pub fn kept(extra: Option<Value>) -> Option<String> {
    extra.filter(|extra| !extra.is_null()).map(|extra| extra.to_string())
}

fn list(details: Value) -> Vec<Value> {
    match details {
        Value::Array(list) => list,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Vec::new(),
    }
}

/// Whether a piece belongs to the detail before it. What is encrypted comes whole, and nothing follows a signature
/// but the beginning of the next thought.
fn goes_on(last: &Value, piece: &Value) -> bool {
    let same = |key: &str| last.get(key) == piece.get(key);
    let given = |value: &Value, key: &str| value.get(key).is_some_and(|field| !field.is_null());
    let in_words = WORDS.iter().any(|key| given(last, key));
    let other_id = given(last, "id") && given(piece, "id") && !same("id");
    let signed = given(last, "signature") && WORDS.iter().any(|key| given(piece, key));
    in_words && same("type") && same("index") && !other_id && !signed
}

/// Words are added to words; anything else that is given counts.
fn join(last: &mut Value, piece: Value) {
    let (Value::Object(last), Value::Object(piece)) = (last, piece) else { return };
    for (key, field) in piece {
        match last.get_mut(&key) {
            Some(Value::String(words)) if WORDS.contains(&key.as_str()) => {
                words.push_str(&chunk::text(Some(field)));
            }
            Some(_) if field.is_null() => {}
            Some(_) | None => {
                last.insert(key, field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces are in the form of OpenRouter's streams.
    #[test]
    fn pieces_become_what_they_are_pieces_of() {
        let mut details = Details::default();
        let text = |index: u64, text: &str| json!({"type": "reasoning.text", "text": text, "signature": null, "id": null, "format": "anthropic-claude-v1", "index": index});
        let signed = json!({"type": "reasoning.text", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0});
        let hidden = |data: &str| json!({"type": "reasoning.encrypted", "data": data, "id": "rs_1", "format": "openai-responses-v1", "index": 2});
        for piece in [
            json!([text(0, "Let me ")]),
            json!([text(0, "look.")]),
            json!([signed]),
            json!([text(0, "Again"), text(1, "Then ")]),
            json!([hidden("YQ=="), hidden("Yg==")]),
            Value::Null,
        ] {
            details.piece(piece);
        }
        let whole = json!({"type": "reasoning.text", "text": "Let me look.", "signature": "c2ln", "id": null, "format": "anthropic-claude-v1", "index": 0});
        let expected = json!([whole, text(0, "Again"), text(1, "Then "), hidden("YQ=="), hidden("Yg==")]);
        assert_eq!(details.take(), Some(json!({ "reasoning_details": expected })));
        assert_eq!(details.take(), None);
    }

    #[test]
    fn whole_details_stay_as_they_are() {
        let given = json!([{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.text", "text": "b"}]);
        let mut details = Details::default();
        details.whole(given.clone());
        assert_eq!(words(&given), "ab");
        assert_eq!(details.take(), Some(json!({ "reasoning_details": given })));
    }
}
