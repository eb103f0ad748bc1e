//! Keys, and how they are kept out of everything that a server says.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::engine::model::{ModelEvent, Wanted};
use crate::limits;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "(hidden)";

/// The key, and what else is sent to a server and not for anybody's eyes; never shown, not even by
/// `Debug`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Taken out of errors and of messages about the connection; the longest first.
    from_errors: Vec<String>,
    /// Taken out of the model's words as well, which become files and commands.
    from_answers: Vec<String>,
}

/// Names of headers and of parts of an address whose values let somebody in.
const NAMES: &[&str] = &["auth", "cookie", "key", "token", "secret", "password", "credential"];

/// What servers that want no key are given in its place. These are words that a model writes in
/// earnest, and they keep nothing shut.
const PLACEHOLDERS: &[&str] = &[
    "lm-studio",
    "llama-cpp",
    "llama.cpp",
    "not-needed",
    "not-required",
    "not-used",
    "no-key-needed",
    "no-key-required",
    "no-api-key",
    "sk-no-key-required",
    "your-api-key",
    "your_api_key",
    "dummy-key",
    "fake-key",
];

impl Secrets {
    /// The key, and the values of headers and of the address's query as names and values.
    pub fn new<'a>(key: Option<&str>, named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut secrets = Self::default();
        if let Some(text) = key {
            secrets.hide(text, Lets::In);
        }
        for (name, value) in named {
            let lets = if lets_in(name) { Lets::In } else { Lets::Nobody };
            // The scheme before the credentials is no secret: `Bearer …`.
            secrets.hide(value.rsplit_once(' ').map_or(value, |(_, credentials)| credentials), lets);
        }
        for texts in [&mut secrets.from_errors, &mut secrets.from_answers] {
            texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
            texts.dedup();
        }
        secrets
    }

    fn hide(&mut self, text: &str, lets: Lets) {
        // A very short text cannot be told from ordinary words.
        if text.len() < limits::SECRET_BYTES_MIN {
            return;
        }
        self.from_errors.extend(forms(text));
        match lets {
            Lets::In if !is_ordinary(text) => self.from_answers.extend(forms(text)),
            Lets::In | Lets::Nobody => {}
        }
    }

    /// A server's words about a failure, without the secrets.
    pub fn hidden_in_error(&self, text: &str) -> String {
        hidden(text, &self.from_errors)
    }

    /// What was sent, with stars in the place of secrets: as many, so that it stays as long as it was.
    pub fn masked_in_request(&self, text: &str) -> String {
        let masked = mask(text.as_bytes().to_vec(), &self.from_errors);
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// The same of what was answered; of a good answer only what is taken out of answers.
    pub fn masked(&self, bytes: Vec<u8>, good: bool) -> Vec<u8> {
        mask(bytes, if good { &self.from_answers } else { &self.from_errors })
    }

    fn in_answer(&self, text: &str) -> bool {
        self.from_answers.iter().any(|secret| text.contains(secret))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} hidden texts", self.from_errors.len())
    }
}

fn mask(mut bytes: Vec<u8>, secrets: &[String]) -> Vec<u8> {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&bytes[from..], secret.as_bytes()) {
            let end = from + at + secret.len();
            bytes[from + at..end].fill(b'*');
            from = end;
        }
    }
    bytes
}

/// Whether the value of a header with this name lets somebody in.
pub fn lets_in(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// Whom a text lets in that is sent with each request.
#[derive(Clone, Copy)]
enum Lets {
    In,
    Nobody,
}

/// A word that stands in ordinary texts and would be missed there.
fn is_ordinary(text: &str) -> bool {
    let is_word = text.chars().all(|c| c.is_ascii_lowercase()) && text.len() < limits::SECRET_WORD_BYTES_MAX;
    text.len() < limits::SECRET_IN_ANSWERS_BYTES_MIN || is_word || PLACEHOLDERS.contains(&text)
}

/// A secret as it is, and as it looks in addresses, in JSON and in Base64.
fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned(), percent_encoded(text)];
    let quoted = serde_json::Value::from(text).to_string();
    forms.push(quoted[1..quoted.len() - 1].to_owned());
    // Three bytes become four characters, so the same text has three forms, depending on where it
    // begins: `user:KEY`, `KEY`. Characters that hold bits of neighbours are left out.
    for before in 0..3 {
        let bytes = [vec![0; before], text.as_bytes().to_vec()].concat();
        let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        forms.extend(
            [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|form| form.encode(&bytes)[first..end].to_owned()),
        );
    }
    forms.sort();
    forms.dedup();
    forms
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            all.push(char::from(byte));
        } else {
            let _ = write!(all, "%{byte:02X}");
        }
        all
    })
}

fn hidden(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        if text.contains(secret) { text.replace(secret, HIDDEN) } else { text }
    })
}

/// Takes the secrets out of one answer as it streams, wherever it is cut.
#[derive(Debug, Default)]
pub struct Scrubber {
    words: Held,
    thoughts: Held,
    /// The arguments of the calls as they are shown while they come, by the calls' index.
    inputs: Vec<Held>,
}

impl Scrubber {
    /// Hands on what comes after it, without the secrets. Words that may be the beginning of one are
    /// held until more is known.
    pub fn pass(&mut self, event: ModelEvent, secrets: &Secrets, out: &mut impl Extend<ModelEvent>) {
        if secrets.from_answers.is_empty() {
            return out.extend([event]);
        }
        match event {
            ModelEvent::Text(text) => {
                self.end_thoughts(out);
                out.extend(self.words.push(&text, secrets).map(ModelEvent::Text));
            }
            ModelEvent::Thought(text) => {
                self.end_words(out);
                out.extend(self.thoughts.push(&text, secrets).map(ModelEvent::Thought));
            }
            ModelEvent::CallBegan { index, tool } => {
                self.end(out);
                let tool = hidden(&tool.0, &secrets.from_answers).as_str().into();
                out.extend([ModelEvent::CallBegan { index, tool }]);
            }
            ModelEvent::CallInput { index, text } => {
                if self.inputs.len() <= index {
                    self.inputs.resize_with(index + 1, Held::default);
                }
                let passed = self.inputs[index].push(&text, secrets);
                out.extend(passed.map(|text| ModelEvent::CallInput { index, text }));
            }
            ModelEvent::CallReady { index, call } => {
                self.end(out);
                let provider_id = hidden(&call.provider_id, &secrets.from_answers);
                let tool = hidden(&call.tool.0, &secrets.from_answers).as_str().into();
                let input = if holds_secret(&call.input, secrets) { REFUSED.into() } else { call.input };
                let call = Wanted { provider_id, tool, input, ..call };
                out.extend([ModelEvent::CallReady { index, call }]);
            }
            ModelEvent::Refusal(text) => {
                self.end(out);
                out.extend([ModelEvent::Refusal(hidden(&text, &secrets.from_answers))]);
            }
            ModelEvent::ThoughtSignature(_) | ModelEvent::Opaque(_) | ModelEvent::Done(_) => {
                self.end(out);
                out.extend([event]);
            }
            ModelEvent::Began { .. } | ModelEvent::Usage(_) => out.extend([event]),
        }
    }

    /// Nothing comes after it, or something of another kind.
    pub fn end(&mut self, out: &mut impl Extend<ModelEvent>) {
        self.end_thoughts(out);
        self.end_words(out);
    }

    fn end_words(&mut self, out: &mut impl Extend<ModelEvent>) {
        out.extend(self.words.end().map(ModelEvent::Text));
    }

    fn end_thoughts(&mut self, out: &mut impl Extend<ModelEvent>) {
        out.extend(self.thoughts.end().map(ModelEvent::Thought));
    }
}

/// In the place of arguments with a key in them, as a text, which no tool takes. A placeholder within
/// the arguments would be written into a file, or run.
const REFUSED: &str = "(The key of the model server stood in these arguments and was taken out. Do not write it \
                       anywhere: name the variable that holds it.)";

fn holds_secret(value: &serde_json::Value, secrets: &Secrets) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => secrets.in_answer(text),
        Value::Array(list) => list.iter().any(|value| holds_secret(value, secrets)),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| secrets.in_answer(name) || holds_secret(value, secrets))
        }
        Value::Number(_) => secrets.in_answer(&value.to_string()),
        Value::Null | Value::Bool(_) => false,
    }
}

/// The end of a stream of words which may be the beginning of a secret.
#[derive(Debug, Default)]
struct Held {
    text: String,
    /// It is so much of a secret that it must not be shown although the rest never came.
    telling: bool,
}

impl Held {
    /// Adds words and gives those that are sure; none where all are held.
    fn push(&mut self, text: &str, secrets: &Secrets) -> Option<String> {
        let mut text = [&std::mem::take(&mut self.text), text].concat();
        if secrets.in_answer(&text) {
            text = hidden(&text, &secrets.from_answers);
        }
        let begun =
            secrets.from_answers.iter().filter_map(|secret| Some((beginning(&text, secret)?, secret)));
        if let Some((from, secret)) = begun.min_by_key(|(from, _)| *from) {
            self.text = text.split_off(from);
            self.telling = self.text.len() * 2 >= secret.len();
        }
        (!text.is_empty()).then_some(text)
    }

    fn end(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() { None } else { Some(if self.telling { HIDDEN.to_owned() } else { text }) }
    }
}

/// Where the end of a text begins that is the beginning of a secret.
fn beginning(text: &str, secret: &str) -> Option<usize> {
    let first = *secret.as_bytes().first()?;
    let from = text.len().saturating_sub(secret.len() - 1);
    let end = text.as_bytes()[from..].iter().enumerate();
    end.filter(|(_, byte)| **byte == first)
        .map(|(at, _)| from + at)
        .find(|at| text.is_char_boundary(*at) && secret.starts_with(&text[*at..]))
}

#[cfg(test)]
mod tests;
