//! An OpenAI-compatible server as a `Model`: the Chat Completions format.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::{self, Format, Learned, Served};
pub use super::exchange::{Place, Waits};
use super::failure::Asked;
use super::frame::Decoder;
use super::wishes::Wishes;
use crate::engine::model::Request;
use crate::os::http::{Http, Post, Url};

mod calls;
mod chunk;
mod decode;
mod encode;
mod marks;

pub use decode::decoder;
use encode::{Limit, Settings, UsageWanted};

/// A model on an OpenAI-compatible server.
pub type Chat = Served<ChatFormat>;

/// How such a server is asked.
#[derive(Debug)]
pub struct ChatFormat {
    url: Url,
    headers: Vec<(String, String)>,
    /// That of this server's replies.
    origin: Arc<str>,
    model: String,
    wishes: Wishes,
    /// The server has refused the wish for token counts.
    refuses_usage: AtomicBool,
    /// The model wants its longest answer told by the newer one of two names.
    counts_completion: AtomicBool,
}

/// The model of that name at that place.
pub fn chat(http: Arc<Http>, place: Place, model: String, wishes: Wishes, waits: Waits) -> Chat {
    let asked = place.asked(model.clone());
    let origin = asked.origin("chat");
    let headers = place.headers(exchange::bearer);
    let url = exchange::endpoint(place.base, &["chat", "completions"]);
    let (refuses_usage, counts_completion) = (AtomicBool::new(false), AtomicBool::new(false));
    let format = ChatFormat { url, headers, origin, model, wishes, refuses_usage, counts_completion };
    Served::new(http, asked, waits, format)
}

impl Format for ChatFormat {
    type Answer = decode::Answer;

    fn post(&self, request: &Request) -> Post {
        let usage =
            if self.refuses_usage.load(Ordering::Relaxed) { UsageWanted::No } else { UsageWanted::Yes };
        let limit = match self.counts_completion.load(Ordering::Relaxed) {
            true => Limit::Completion,
            false => Limit::Tokens,
        };
        let settings =
            Settings { model: &self.model, origin: &self.origin, wishes: self.wishes, usage, limit };
        let body = encode::body(&settings, request);
        Post { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn decoder(&self, asked: Arc<Asked>) -> Decoder<decode::Answer> {
        let id_prefix = format!("call_{}", uuid::Uuid::now_v7().simple());
        decode::decoder(asked, id_prefix)
    }

    fn learn(&self, status: u16, body: &[u8]) -> Learned {
        if !matches!(status, 400 | 422) {
            return Learned::Nothing;
        }
        let words = String::from_utf8_lossy(body);
        let mut learned = Learned::Nothing;
        let mut learn = |mentioned: bool, known: &AtomicBool| {
            if mentioned && !known.swap(true, Ordering::Relaxed) {
                learned = Learned::Something;
            }
        };
        learn(words.contains("stream_options") || words.contains("include_usage"), &self.refuses_usage);
        learn(words.contains("max_completion_tokens"), &self.counts_completion);
        learned
    }
}

#[cfg(test)]
mod tests;
