//! A conversation with everything in it, and ways to ask a model, for the tests of the wire formats.

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};

use super::exchange::Place;
use crate::engine::event::{Block, CallForm, CallId, Reply, ReplyBlock, SessionId, ToolCall};
use crate::engine::media::{Handed, Media, MediaKind, NotShown};
use crate::engine::model::{
    CallResult, Message, Model, ModelError, ModelEvent, Offer, Request, ResultKind, ToolSpec,
};
use crate::os::http::Url;

/// The place of a test server.
pub fn place(url: &str) -> Place {
    let headers = vec![("x-team".to_owned(), "blue-team".to_owned())];
    Place {
        base: Url::parse(url).unwrap(),
        key: Some("sesame-1234".to_owned()),
        key_words: String::new(),
        key_header: None,
        headers,
    }
}

/// All that a model says to a request, and how it fails.
pub async fn ask(model: &dyn Model, request: Request) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut events = Vec::new();
    let mut stream = model.stream(request);
    while let Some(item) = stream.next().await {
        match item {
            Ok(event) => events.push(event),
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

/// A request with these messages and one tool.
pub fn request(messages: Vec<Message>, media: Vec<Handed>) -> Request {
    let schema =
        json!({"type": "object", "required": ["file_path"], "properties": {"file_path": {"type": "string"}}});
    let tool = ToolSpec { name: "read".into(), description: "Reads a file.".into(), schema };
    Request {
        session: SessionId::from("s1"),
        system: "Be brief.".into(),
        tools: Arc::new([tool]),
        offer: Offer::Tools,
        wanted: Default::default(),
        replies: 0,
        messages,
        media,
        prompt: 0,
        outgoing: Default::default(),
    }
}

/// One prompt.
pub fn hello() -> Request {
    request(vec![said("Hi.")], Vec::new())
}

fn said(text: &str) -> Message {
    Message::User(Arc::new([Block::Text { text: text.to_owned() }]))
}

fn media(name: &str, kind: MediaKind) -> Media {
    let (kind, hash) = (json!(kind), "0".repeat(64));
    let fields = json!({"name": name, "kind": kind, "hash": hash, "len": 3, "about": "a thing"});
    serde_json::from_value(fields).unwrap()
}

fn call(number: u32, tool: &str, input: Value, signature: Option<&str>) -> ToolCall {
    let (id, provider_id) = (CallId(format!("c{number}")), format!("id_{number}"));
    ToolCall { signature: signature.map(str::to_owned), ..ToolCall::new(id, provider_id, tool.into(), input) }
}

fn result(call: &ToolCall, text: &str, kind: ResultKind, media: Vec<Media>) -> CallResult {
    let (id, provider_id, tool) = (call.id.clone(), call.provider_id.clone(), call.tool.clone());
    CallResult { call: id, provider_id, tool, text: text.to_owned(), kind, media }
}

/// Words with an image and a document; thoughts with a signature, words, an opaque block and three calls, whose
/// results bring a picture, a failure and a text; an answer of another server; thoughts alone; words again.
pub fn talk(origin: &str, opaque: Value, signature: &str) -> Request {
    let (png, pdf) = (media("file:///w/a.png", MediaKind::Png), media("/w/m.pdf", MediaKind::Pdf));
    let calls = [
        call(1, "read", json!({"file_path": "a"}), Some("mark")),
        call(2, "no such.tool", json!("{not json"), None),
        ToolCall { form: CallForm::Text, ..call(3, "apply_patch", json!("*** Begin"), None) },
    ];
    let thought = |signature: &str| ReplyBlock::Thought {
        text: "Hm.".to_owned(),
        signature: Some(signature.to_owned()),
    };
    let text = |text: &str| ReplyBlock::Text { text: text.to_owned() };
    let reply = |origin: &str, blocks: Vec<ReplyBlock>| {
        Message::Assistant(Arc::new(Reply { blocks, origin: Some(origin.into()), ..Reply::default() }))
    };
    let mut first = vec![thought(signature), text("I look."), ReplyBlock::Opaque { value: opaque.clone() }];
    first.extend(calls.iter().cloned().map(|call| ReplyBlock::Call { call }));
    let other = vec![thought("foreign"), ReplyBlock::Opaque { value: opaque }, text("Done.")];
    let results = [
        result(&calls[0], "a: a picture", ResultKind::Done, vec![png.clone()]),
        result(&calls[1], "Error: no such tool", ResultKind::Failed, Vec::new()),
        result(&calls[2], "Patched.", ResultKind::Done, Vec::new()),
    ];
    let prompt = [
        Block::Text { text: "See".to_owned() },
        Block::Media { media: png.clone() },
        Block::Media { media: pdf },
        Block::Media { media: png },
    ];
    let bytes = || Handed::Bytes(b"abc"[..].into());
    request(
        vec![
            Message::User(Arc::new(prompt)),
            reply(origin, first),
            Message::Results(Arc::new(results)),
            said("A note."),
            reply("elsewhere", other),
            said("And then?"),
            reply(origin, vec![thought(signature)]),
            said("Go on."),
        ],
        vec![bytes(), bytes(), Handed::Described(NotShown::Old), bytes()],
    )
}

/// A body with each message, item or tool on a line of its own.
pub fn lines(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap();
    let mut all = Vec::new();
    for (key, value) in value.as_object().unwrap() {
        match value {
            Value::Array(list) => {
                all.push(format!("{key}:"));
                all.extend(list.iter().map(|value| format!("  {value}")));
            }
            other => all.push(format!("{key}: {other}")),
        }
    }
    all.join("\n")
}
