//! A reel: a request to a server and what it answered, as a file that is recorded and played.
//!
//! Each line is a JSON object: the request, the head of the answer, the pieces of its body with the
//! milliseconds that had passed since the request went out, and how it ended. Where no answer came
//! there is only the end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Api;
use crate::engine::model::{Abilities, Window, Wish};
use crate::os::http::FailureKind;

/// The form that is written; others are not read.
pub const VERSION: u32 = 1;

/// The request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The version of the form.
    pub quillon: u32,
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// The word of the interface.
    pub api: String,
    /// The model's name at the server.
    pub model: String,
    /// The server's base URL.
    pub base_url: String,
    /// Where the request went.
    pub url: String,
    /// Its headers, without those that let somebody in.
    pub headers: Vec<(String, String)>,
    /// What was asked for.
    pub wanted: Wish,
    /// How much fits into the model: the context's tokens, and the answer's.
    pub window: Option<(u64, Option<u64>)>,
    /// Whether it accepts images, and PDF documents.
    pub accepts: (bool, bool),
    /// The body.
    pub body: Value,
}

/// A line behind the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Line {
    /// The head of the answer.
    Answer {
        /// Its status.
        status: u16,
        /// Some of its headers.
        headers: Vec<(String, String)>,
    },
    /// A piece of the body that is text.
    Text(u64, String),
    /// Another one, in Base64.
    Bytes(u64, String),
    /// Its end.
    End(u64, End),
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// It was read to its end.
    Whole,
    /// Nobody read on: all was said, it took too long, or it was cancelled.
    Left,
    /// It was too long to be recorded as a whole.
    Cut,
    /// The connection failed: the kind of failure, and what was said of it.
    Failed(String, String),
}

impl Asked {
    /// How the server is spoken to, where that is known.
    pub fn api(&self) -> Option<Api> {
        Api::ALL.into_iter().find(|api| api.word() == self.api)
    }

    /// How much fits into the model.
    pub fn window(&self) -> Option<Window> {
        self.window.map(|(context, output)| Window { context, output })
    }

    /// What it accepts beside words.
    pub fn abilities(&self) -> Abilities {
        let (images, pdf) = self.accepts;
        Abilities { images, pdf }
    }
}

impl Line {
    /// A piece that came after so many milliseconds.
    pub fn piece(after: u64, bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(after, text.to_owned()),
            Err(_) => Self::Bytes(after, BASE64.encode(bytes)),
        }
    }
}

/// A reel, read: the request, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reel {
    /// The request.
    pub asked: Asked,
    /// The head of the answer, if one came.
    pub head: Option<(u16, Vec<(String, String)>)>,
    /// The pieces of its body.
    pub pieces: Vec<Vec<u8>>,
    /// How it ended.
    pub end: End,
}

impl Reel {
    /// Reads it; the error says in words what is wrong, and in which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().zip(1..);
        let wrong = |number: usize, why: &dyn std::fmt::Display| format!("line {number}: {why}");
        let (first, _) = lines.next().ok_or("it is empty")?;
        let asked: Asked = serde_json::from_str(first).map_err(|error| wrong(1, &error))?;
        if asked.quillon != VERSION {
            return Err(format!(
                "it has version {}, and this program plays version {VERSION}",
                asked.quillon
            ));
        }
        let (mut head, mut pieces, mut end) = (None, Vec::new(), End::Left);
        for (line, number) in lines {
            match serde_json::from_str(line).map_err(|error| wrong(number, &error))? {
                Line::Answer { status, headers } => head = Some((status, headers)),
                Line::Text(_, text) => pieces.push(text.into_bytes()),
                Line::Bytes(_, text) => {
                    pieces.push(BASE64.decode(text).map_err(|error| wrong(number, &error))?)
                }
                Line::End(_, how) => end = how,
            }
        }
        Ok(Self { asked, head, pieces, end })
    }
}

/// The word of a kind of failure.
pub fn word(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused => "refused",
        FailureKind::UnknownHost => "unknownHost",
        FailureKind::ConnectTimeout => "connectTimeout",
        FailureKind::Unreachable => "unreachable",
        FailureKind::Encryption => "encryption",
        FailureKind::Broken => "broken",
        FailureKind::Unsendable => "unsendable",
    }
}

/// The kind of this word; broken, where it is another one.
pub fn kind(of: &str) -> FailureKind {
    let all = [
        FailureKind::Refused,
        FailureKind::UnknownHost,
        FailureKind::ConnectTimeout,
        FailureKind::Unreachable,
        FailureKind::Encryption,
        FailureKind::Broken,
        FailureKind::Unsendable,
    ];
    all.into_iter().find(|kind| word(*kind) == of).unwrap_or(FailureKind::Broken)
}
