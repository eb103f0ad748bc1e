//! What the history becomes in every wire format: words for blocks, names and ids that servers take.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::slice::Iter;

use serde_json::{Value, json};

use crate::engine::event::{Block, CallForm, CallId, Reply, ToolCall};
use crate::engine::media::{Handed, Media, NotShown};
use crate::engine::model::CallResult;

/// Of the name of a function, by the interfaces' rules.
const NAME_CHARS_MAX: usize = 64;

/// A message as it grows: words, each piece on lines of its own, and what is shown between them.
#[derive(Debug, Default)]
pub struct Words<'a> {
    pieces: Vec<Piece<'a>>,
    text: String,
}

/// A part of a message.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Words, never none.
    Text(String),
    /// An image or a document, with its bytes.
    Shown(&'a Media, &'a [u8]),
}

impl<'a> Words<'a> {
    /// The blocks of a user's message; what is handed over of its images and documents comes next in
    /// `handed`.
    pub fn of(blocks: &'a [Block], handed: &mut Iter<'a, Handed>) -> Self {
        let mut words = Self::default();
        for block in blocks {
            match block {
                Block::Text { text } | Block::Around { text, .. } => words.line(text),
                Block::Link { uri, name } if name.is_empty() || name == uri => {
                    words.line(&format!("See {uri}"));
                }
                Block::Link { uri, name } => words.line(&format!("See {name}: {uri}")),
                Block::Resource { uri, text } => words.line(&resource(uri, text)),
                Block::Media { media } => match next(handed) {
                    Handed::Bytes(bytes) => {
                        words.line(&format!("({})", media.describe()));
                        words.show(media, bytes);
                    }
                    Handed::Described(why) => {
                        words.line(&format!("({}; {})", media.describe(), why.words()));
                    }
                },
            }
        }
        words
    }

    /// Adds words on lines of their own.
    pub fn line(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    /// Shows this.
    pub fn show(&mut self, media: &'a Media, bytes: &'a [u8]) {
        self.end_text();
        self.pieces.push(Piece::Shown(media, bytes));
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.text.is_empty()
    }

    /// Its parts in order; never two of words in a row.
    pub fn into_pieces(mut self) -> Vec<Piece<'a>> {
        self.end_text();
        self.pieces
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }
}

/// The text of a call's result where the format takes nothing else there: what the call has to show goes to
/// `shown`, for a message that follows.
pub fn result_text<'a>(
    result: &'a CallResult,
    handed: &mut Iter<'a, Handed>,
    shown: &mut Words<'a>,
) -> Cow<'a, str> {
    let mut content = Cow::Borrowed(result.text.as_str());
    for media in &result.media {
        let note = match next(handed) {
            Handed::Bytes(bytes) => {
                let (tool, id) = (&result.tool, &result.provider_id);
                let what = media.describe();
                shown.line(&format!("(Not from the user: `{tool}` brought this, in its call {id}. {what})"));
                shown.show(media, bytes);
                "it is in the message that follows the results"
            }
            Handed::Described(why) => why.words(),
        };
        content.to_mut().push_str(&format!("\n({note})"));
    }
    content
}

/// A call's result with what it shows, where the format takes both in one.
pub fn result_pieces<'a>(result: &'a CallResult, handed: &mut Iter<'a, Handed>) -> Words<'a> {
    let mut words = Words::default();
    words.line(&result.text);
    for media in &result.media {
        match next(handed) {
            Handed::Bytes(bytes) => words.show(media, bytes),
            Handed::Described(why) => words.line(&format!("({})", why.words())),
        }
    }
    words
}

/// What is handed over of the next image or document.
fn next<'h>(handed: &mut Iter<'h, Handed>) -> &'h Handed {
    handed.next().unwrap_or(&Handed::Described(NotShown::Gone))
}

/// The last part of a path or address.
pub fn file_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().filter(|last| !last.is_empty()).unwrap_or("document.pdf").to_owned()
}

/// A text between fences longer than any run of backticks in it, so that it cannot end itself.
fn resource(uri: &str, text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let line_feed = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("The content of {uri}:\n{fence}\n{text}{line_feed}{fence}\n")
}

/// A model may call a tool by a name that no tool can have; in the history, servers would refuse it in each
/// request from then on.
pub fn tool_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() { Cow::Borrowed("unnamed") } else { plain(name, NAME_CHARS_MAX) }
}

/// The id of a call as every server takes it; those of other servers may hold more letters.
pub fn call_id(id: &str) -> Cow<'_, str> {
    if id.is_empty() { Cow::Borrowed("unnamed") } else { plain(id, NAME_CHARS_MAX) }
}

/// What calls are called where no two may have one name: servers that count the calls of each answer from 0 give
/// such.
#[derive(Debug, Default)]
pub struct Ids {
    used: HashSet<String>,
    /// The calls whose names were used up.
    renamed: HashMap<CallId, String>,
}

impl Ids {
    /// The calls of the next answer.
    pub fn note(&mut self, reply: &Reply) {
        for call in reply.calls() {
            let id = call_id(&call.provider_id);
            if !self.used.insert(id.clone().into_owned()) {
                let id = call_id(&format!("{}_{}", call.id, call.provider_id)).into_owned();
                self.renamed.insert(call.id.clone(), id);
            }
        }
    }

    /// What a call is called that was noted.
    pub fn of<'a>(&'a self, call: &CallId, provider_id: &'a str) -> Cow<'a, str> {
        match self.renamed.get(call) {
            Some(id) => Cow::Borrowed(id),
            None => call_id(provider_id),
        }
    }
}

fn plain(text: &str, chars_max: usize) -> Cow<'_, str> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if text.len() <= chars_max && text.chars().all(valid) {
        Cow::Borrowed(text)
    } else {
        text.chars().take(chars_max).map(|c| if valid(c) { c } else { '_' }).collect()
    }
}

/// Arguments as an object, which all servers want: what the model wrote that was none goes back as a text
/// within one.
pub fn arguments(call: &ToolCall) -> Cow<'_, Value> {
    match (&call.input, call.form) {
        (Value::Object(_), _) => Cow::Borrowed(&call.input),
        (Value::String(text), CallForm::Text) => Cow::Owned(json!({ "input": text })),
        (Value::String(text), CallForm::Object) => {
            Cow::Owned(json!({ "arguments_that_were_not_json": text }))
        }
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_), _) => {
            Cow::Owned(json!({ "arguments": call.input }))
        }
    }
}
