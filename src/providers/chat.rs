//! An OpenAI-compatible server as a `Model`: the Chat Completions format.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::{self, Format, Learned, Served};
pub use super::exchange::{Place, Waits};
use super::failure::Asked;
use super::frame::Decoder;
use crate::engine::model::Request;
use crate::os::http::{Http, Post, Url};

mod calls;
mod chunk;
mod decode;
mod encode;

pub use decode::decoder;
use encode::UsageWanted;

/// A model on an OpenAI-compatible server.
pub type Chat = Served<ChatFormat>;

/// How such a server is asked.
#[derive(Debug)]
pub struct ChatFormat {
    url: Url,
    headers: Vec<(String, String)>,
    model: String,
    /// The server has refused the wish for token counts.
    refuses_usage: AtomicBool,
}

/// The model of that name at that place.
pub fn chat(http: Arc<Http>, place: Place, model: String, waits: Waits) -> Chat {
    let asked = place.asked(model.clone());
    let mut headers = place.headers;
    headers.extend(place.key.map(|key| ("authorization".to_owned(), format!("Bearer {key}"))));
    let url = exchange::endpoint(place.base, &["chat", "completions"]);
    let format = ChatFormat { url, headers, model, refuses_usage: AtomicBool::new(false) };
    Served::new(http, asked, waits, format)
}

impl Format for ChatFormat {
    type Answer = decode::Answer;

    fn post(&self, request: &Request) -> Post {
        let usage =
            if self.refuses_usage.load(Ordering::Relaxed) { UsageWanted::No } else { UsageWanted::Yes };
        let body = encode::body(&self.model, request, usage);
        Post { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn decoder(&self, asked: Arc<Asked>) -> Decoder<decode::Answer> {
        let id_prefix = format!("call_{}", uuid::Uuid::now_v7().simple());
        decode::decoder(asked, id_prefix)
    }

    fn learn(&self, status: u16, body: &[u8]) -> Learned {
        if !matches!(status, 400 | 422) || !mentions_usage(body) {
            return Learned::Nothing;
        }
        match self.refuses_usage.swap(true, Ordering::Relaxed) {
            false => Learned::Something,
            true => Learned::Nothing,
        }
    }
}

fn mentions_usage(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("stream_options") || text.contains("include_usage")
}

#[cfg(test)]
mod tests;
