//! The wire formats as servers write them: one answer as the pieces of its stream, and what must come back.

mod anthropic;
mod chat;
mod gemini;
mod responses;

use std::sync::Arc;

use quillon::engine::ModelEvent;
use quillon::engine::model::ModelError;
use quillon::providers::failure::Asked;
use quillon::providers::frame::{self, Decoder};
use quillon::providers::servers::{Said as SaidOf, Server};
use quillon::providers::{self, Api};
use serde_json::Value;

use super::loopback::Answer;
use super::rules::Ledger;

/// The model that is asked.
pub const MODEL: &str = "m1";
/// The right key.
pub const KEY: &str = "sesame-1234";

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Chat,
    Responses,
    Anthropic,
    Bedrock,
    Gemini,
}

/// What a model says in one answer.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub thought: String,
    pub text: String,
    /// Tools and their arguments; a text is what the model wrote in their place.
    pub calls: Vec<(&'static str, Value)>,
}

/// An answer on the wire.
#[derive(Debug, Clone)]
pub struct Stream {
    pub wire: Wire,
    /// What the server sends at once, each piece one event.
    pub pieces: Vec<Vec<u8>>,
    /// What of it must come back.
    pub due: Ledger,
}

impl Said {
    /// Words alone.
    pub fn words(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// With thoughts before everything else.
    pub fn thinking(mut self, thought: &str) -> Self {
        self.thought = thought.to_owned();
        self
    }

    /// With one more call.
    pub fn calling(mut self, tool: &'static str, arguments: Value) -> Self {
        self.calls.push((tool, arguments));
        self
    }
}

impl Wire {
    pub const ALL: [Self; 5] = [Self::Chat, Self::Responses, Self::Anthropic, Self::Bedrock, Self::Gemini];

    /// The answer with this number in its session, from which all ids in it are made.
    pub fn stream(self, said: &Said, number: usize) -> Stream {
        let (pieces, due) = match self {
            Self::Chat => chat::stream(said, number),
            Self::Responses => responses::stream(said, number),
            Self::Anthropic | Self::Bedrock => anthropic::stream(self, said, number),
            Self::Gemini => gemini::stream(said, number),
        };
        Stream { wire: self, pieces, due }
    }

    /// The settings of such a server at this address, whose model thinks and sees images.
    pub fn server(self, address: &str, key: &str) -> Server {
        let facts = serde_json::from_str(r#"{"accepts": ["images", "pdf"], "output": 8000}"#).unwrap();
        let effort = (self != Self::Chat).then(|| "low".to_owned());
        Server {
            api: Some(self.api().word().to_owned()),
            base_url: Some(format!("{address}{}", self.base())),
            key: Some(key.to_owned()),
            all: SaidOf { facts, effort, output_tokens: None },
            ..Server::default()
        }
    }

    /// The provider's name in the settings of a session that has all of them.
    pub fn provider(self) -> String {
        format!("the-{self:?}").to_lowercase()
    }

    /// The model's whole name.
    pub fn model(self) -> String {
        format!("{}/{MODEL}", self.provider())
    }

    /// The path of its base address.
    fn base(self) -> &'static str {
        match self {
            Self::Chat | Self::Responses => "/v1",
            Self::Anthropic | Self::Bedrock | Self::Gemini => "",
        }
    }

    /// The first line of each request.
    pub fn line(self) -> String {
        let path = match self {
            Self::Chat => "/v1/chat/completions".to_owned(),
            Self::Responses => "/v1/responses".to_owned(),
            Self::Anthropic => "/v1/messages".to_owned(),
            Self::Bedrock => format!("/model/{MODEL}/invoke-with-response-stream"),
            Self::Gemini => format!("/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"),
        };
        format!("POST {path} HTTP/1.1")
    }

    /// The header that carries the key.
    pub fn key(self) -> (&'static str, String) {
        match self {
            Self::Chat | Self::Responses | Self::Bedrock => ("authorization", format!("Bearer {KEY}")),
            Self::Anthropic => ("x-api-key", KEY.to_owned()),
            Self::Gemini => ("x-goog-api-key", KEY.to_owned()),
        }
    }

    fn api(self) -> Api {
        match self {
            Self::Chat => Api::Chat,
            Self::Responses => Api::Responses,
            Self::Anthropic => Api::Anthropic,
            Self::Bedrock => Api::Bedrock,
            Self::Gemini => Api::Gemini,
        }
    }

    /// What the codec alone makes of an answer, fed as one piece.
    pub fn decoded(self, body: &[u8]) -> (Vec<ModelEvent>, Option<ModelError>) {
        let asked = Arc::new(asked());
        let (origin, made) = (Arc::from("origin"), "made".to_owned());
        match self {
            Self::Chat => fed(providers::chat::decoder(asked, made), body),
            Self::Responses => fed(providers::responses::decoder(asked, origin), body),
            Self::Anthropic | Self::Bedrock => fed(providers::anthropic::decoder(asked, origin), body),
            Self::Gemini => fed(providers::gemini::decoder(asked, origin, made), body),
        }
    }
}

/// A server, for the messages of a codec alone.
pub fn asked() -> Asked {
    let (server, key_words) = ("http://server".to_owned(), String::new());
    Asked { server, model: MODEL.into(), key_words, secrets: Default::default() }
}

fn fed<A: frame::Answer>(mut decoder: Decoder<A>, body: &[u8]) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut events = Vec::new();
    let error = decoder.push(body, &mut events).and_then(|()| decoder.end(&mut events)).err();
    (events, error)
}

impl Stream {
    pub fn body(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    /// Where each piece ends.
    pub fn ends(&self) -> Vec<usize> {
        let mut end = 0;
        self.pieces
            .iter()
            .map(|piece| {
                end += piece.len();
                end
            })
            .collect()
    }

    /// The answer over HTTP, each piece sent by itself.
    pub fn answer(&self) -> Answer {
        let kind = match self.wire {
            Wire::Bedrock => "application/vnd.amazon.eventstream",
            Wire::Chat | Wire::Responses | Wire::Anthropic | Wire::Gemini => "text/event-stream",
        };
        Answer::of_type(200, kind, self.body()).cut_at(self.ends())
    }

    /// The first so many pieces of it, and then silence.
    pub fn stalled_after(&self, pieces: usize) -> Answer {
        self.answer().stalled_after(self.pieces[..pieces].iter().map(Vec::len).sum())
    }
}

/// One server-sent event.
fn event(name: Option<&str>, data: &Value) -> Vec<u8> {
    let name = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
    format!("{name}data: {data}\n\n").into_bytes()
}

/// A text in two pieces, as a model gives it.
fn halves(text: &str) -> Vec<&str> {
    let middle = text.char_indices().map(|(at, _)| at).nth(text.chars().count() / 2).unwrap_or(0);
    let (first, second) = text.split_at(middle);
    [first, second].into_iter().filter(|half| !half.is_empty()).collect()
}

/// What a model writes as the arguments of a call.
fn written(arguments: &Value) -> String {
    match arguments {
        Value::String(broken) => broken.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            arguments.to_string()
        }
    }
}
