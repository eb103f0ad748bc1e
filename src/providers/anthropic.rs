//! A server that speaks Anthropic Messages: Anthropic's own, one of the same form, or Amazon Bedrock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::exchange::{self, Format, Learned, Place, Served, Waits};
use super::failure::Asked;
use super::frame::Decoder;
use super::wishes::{Effort, Told, Wishes};
use crate::engine::model::Request;
use crate::limits;
use crate::os::http::{Http, Post, Url};

mod decode;
mod encode;

pub use decode::decoder;
use encode::{Settings, Thinking};

/// The version of the interface that is spoken: <https://docs.claude.com/en/api/versioning>.
pub(super) const VERSION: &str = "2023-06-01";

/// How such a server is asked.
#[derive(Debug)]
pub struct Messages {
    url: Url,
    headers: Vec<(String, String)>,
    origin: Arc<str>,
    carrier: Carrier,
    model: String,
    wishes: Wishes,
    /// The longest answer that this model can give, where a refusal has told it; else 0.
    output_tokens_max: AtomicU64,
    /// The model decides itself how long it thinks, and refuses to be told a number.
    thinks_adaptively: AtomicBool,
}

/// Who carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A server of Anthropic's own form.
    Direct,
    /// Amazon Bedrock: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html>.
    Bedrock,
}

/// The model of that name at that place.
pub fn messages(
    http: Arc<Http>,
    place: Place,
    carrier: Carrier,
    model: String,
    wishes: Wishes,
    waits: Waits,
) -> Served<Messages> {
    let asked = place.asked(model.clone());
    let origin = asked.origin("anthropic");
    let (headers, url) = match carrier {
        Carrier::Direct => {
            let mut headers = place.headers(|key| ("x-api-key", key.to_owned()));
            headers.push(("anthropic-version".to_owned(), VERSION.to_owned()));
            (headers, exchange::versioned_endpoint(place.base, "v1", &["messages"]))
        }
        Carrier::Bedrock => {
            let headers = place.headers(exchange::bearer);
            (headers, exchange::endpoint(place.base, &["model", &model, "invoke-with-response-stream"]))
        }
    };
    let (output_tokens_max, thinks_adaptively) =
        (AtomicU64::new(0), AtomicBool::new(wishes.told == Told::Word));
    let format =
        Messages { url, headers, origin, carrier, model, wishes, output_tokens_max, thinks_adaptively };
    Served::new(http, asked, waits, format)
}

impl Messages {
    fn settings(&self) -> Settings<'_> {
        let wanted = self.wishes.output_tokens.unwrap_or(limits::ANSWER_TOKENS_MAX);
        let output_tokens = match self.output_tokens_max.load(Ordering::Relaxed) {
            0 => wanted,
            max => wanted.min(max),
        };
        let thinking = match (self.wishes.effort, self.thinks_adaptively.load(Ordering::Relaxed)) {
            (None | Some(Effort::None), _) => Thinking::Off,
            (Some(effort), true) => Thinking::Adaptive(effort),
            // Thoughts have to be shorter than the answer that they are counted in.
            (Some(_), false) if output_tokens <= encode::THINKING_TOKENS_MIN => Thinking::Off,
            (Some(effort), false) => Thinking::Tokens(encode::thinking_tokens(effort, output_tokens)),
        };
        Settings { model: &self.model, carrier: self.carrier, output_tokens, thinking }
    }
}

impl Format for Messages {
    type Answer = decode::Answer;

    fn post(&self, request: &Request) -> Post {
        let body = encode::body(&self.settings(), &self.origin, request);
        Post { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn decoder(&self, asked: Arc<Asked>) -> Decoder<decode::Answer> {
        decode::decoder(asked, self.origin.clone())
    }

    fn learn(&self, status: u16, body: &[u8]) -> Learned {
        if status != 400 {
            return Learned::Nothing;
        }
        let words = String::from_utf8_lossy(body);
        if words.contains("adaptive") && !self.thinks_adaptively.swap(true, Ordering::Relaxed) {
            return Learned::Something;
        }
        match output_tokens_max(&words) {
            Some(max) if self.output_tokens_max.swap(max, Ordering::Relaxed) != max => Learned::Something,
            Some(_) | None => Learned::Nothing,
        }
    }
}

/// The number in `max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for …`.
fn output_tokens_max(words: &str) -> Option<u64> {
    let (_, after) = words.split_once("max_tokens: ")?;
    let (_, after) = after.split_once(" > ")?;
    let (number, rest) = after.split_at(after.find(|c: char| !c.is_ascii_digit())?);
    if rest.starts_with(", which is the maximum") { number.parse().ok().filter(|max| *max > 0) } else { None }
}

#[cfg(test)]
mod tests;
