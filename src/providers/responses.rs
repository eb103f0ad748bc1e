//! A server that speaks OpenAI Responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::{self, Format, Learned, Place, Served, Waits};
use super::failure::Asked;
use super::frame::Decoder;
use super::wishes::Wishes;
use crate::engine::model::Request;
use crate::os::http::{Http, Post, Url};

mod decode;
mod encode;

pub use decode::decoder;
use encode::{Reasoning, Settings};

/// How such a server is asked.
#[derive(Debug)]
pub struct Responses {
    url: Url,
    headers: Vec<(String, String)>,
    origin: Arc<str>,
    model: String,
    wishes: Wishes,
    /// The model has no reasoning that could be encrypted, and refuses to be asked for it.
    refuses_encrypted: AtomicBool,
}

/// The model of that name at that place.
pub fn responses(
    http: Arc<Http>,
    place: Place,
    model: String,
    wishes: Wishes,
    waits: Waits,
) -> Served<Responses> {
    let asked = place.asked(model.clone());
    let origin = asked.origin("responses");
    let headers = place.headers(exchange::bearer);
    let url = exchange::endpoint(place.base, &["responses"]);
    let refuses_encrypted = AtomicBool::new(false);
    Served::new(http, asked, waits, Responses { url, headers, origin, model, wishes, refuses_encrypted })
}

impl Format for Responses {
    type Answer = decode::Answer;

    fn post(&self, request: &Request) -> Post {
        let reasoning = match self.refuses_encrypted.load(Ordering::Relaxed) {
            true => Reasoning::None,
            false => Reasoning::Encrypted,
        };
        let settings = Settings { model: &self.model, wishes: self.wishes, reasoning };
        let body = encode::body(&settings, &self.origin, request);
        Post { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn decoder(&self, asked: Arc<Asked>) -> Decoder<decode::Answer> {
        decode::decoder(asked, self.origin.clone())
    }

    fn learn(&self, status: u16, body: &[u8]) -> Learned {
        let words = String::from_utf8_lossy(body).to_lowercase();
        let refused = words.contains("encrypted content is not supported")
            || words.contains("reasoning.encrypted_content");
        if status == 400 && refused && !self.refuses_encrypted.swap(true, Ordering::Relaxed) {
            Learned::Something
        } else {
            Learned::Nothing
        }
    }
}

#[cfg(test)]
mod tests;
