//! A server that speaks Gemini.

use std::sync::Arc;

use super::exchange::{self, Format, Learned, Place, Served, Waits};
use super::failure::Asked;
use super::frame::Decoder;
use super::wishes::Wishes;
use crate::engine::model::Request;
use crate::os::http::{Http, Post, Url};

mod decode;
mod encode;

pub use decode::decoder;

/// How such a server is asked.
#[derive(Debug)]
pub struct Gemini {
    url: Url,
    headers: Vec<(String, String)>,
    origin: Arc<str>,
    wishes: Wishes,
}

/// The model of that name at that place.
pub fn gemini(http: Arc<Http>, place: Place, model: String, wishes: Wishes, waits: Waits) -> Served<Gemini> {
    let asked = place.asked(model.clone());
    let origin = asked.origin("gemini");
    let headers = place.headers(|key| ("x-goog-api-key", key.to_owned()));
    let name = format!("{}:streamGenerateContent", model.trim_start_matches("models/"));
    let mut url = exchange::versioned_endpoint(place.base, "v1beta", &["models", &name]);
    // Without it the answer comes as one list.
    if !url.query_pairs().any(|(key, _)| key == "alt") {
        url.query_pairs_mut().append_pair("alt", "sse");
    }
    Served::new(http, asked, waits, Gemini { url, headers, origin, wishes })
}

impl Format for Gemini {
    type Answer = decode::Answer;

    fn post(&self, request: &Request) -> Post {
        let body = encode::body(self.wishes, &self.origin, request);
        Post { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn decoder(&self, asked: Arc<Asked>) -> Decoder<decode::Answer> {
        let id_prefix = format!("{}{}", encode::MADE, uuid::Uuid::now_v7().simple());
        decode::decoder(asked, self.origin.clone(), id_prefix)
    }

    fn learn(&self, _status: u16, _body: &[u8]) -> Learned {
        Learned::Nothing
    }
}

#[cfg(test)]
mod tests;
