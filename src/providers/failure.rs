//! What a server's refusal means: its kind, how long to wait, and words for the user.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::secrets::Secrets;
use crate::engine::model::{ErrorKind, ModelError};
use crate::limits;
use crate::os::http::{Failure, FailureKind};

mod delay;

/// The server that is asked, as messages name it, and what they must never show.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Scheme, host and port: `http://localhost:11434`.
    pub server: String,
    /// The model's name there.
    pub model: String,
    /// Where the key came from, or how one is given, for a user whose key is refused.
    pub key_words: String,
    /// Texts that are taken out of what the server says.
    pub secrets: Secrets,
}

/// An answer with a status other than 200.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The status.
    pub status: u16,
    /// Of the head of the answer, what matters here.
    pub head: Head<'a>,
    /// The body, or as much of it as was read.
    pub body: &'a [u8],
}

/// Headers of an answer, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head<'a> {
    /// `retry-after`: seconds or a date.
    pub retry_after: Option<&'a str>,
    /// `retry-after-ms`.
    pub retry_after_ms: Option<&'a str>,
    /// `date`: when the server answered, by its own clock.
    pub date: Option<&'a str>,
    /// `location`: where a redirect leads.
    pub location: Option<&'a str>,
}

/// What a server says about a failure, from any of the forms in use.
#[derive(Debug, Default)]
struct Said {
    words: String,
    /// The words, codes and types in small letters, to look for marks in.
    marks: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

impl Asked {
    /// Whose the answers are, for those who give them back: signatures hold for one model of one server.
    pub fn origin(&self, format: &str) -> Arc<str> {
        format!("{format}@{} {}", self.server, self.model).into()
    }

    /// The server answered with another status than 200.
    pub fn refused(&self, refusal: Refusal<'_>) -> ModelError {
        let said = Said::in_body(refusal.body);
        let kind = kind(Some(refusal.status), &said);
        let retry_after = delay::in_head(refusal.head).or(said.retry_after);
        let what = match refusal.head.location {
            Some(place) if (300..400).contains(&refusal.status) => {
                format!("it sends us to {place}; if that is right, make it the base URL")
            }
            Some(_) | None => self.with_advice(kind, &said),
        };
        ModelError {
            kind,
            message: self.clean(&format!("{} answered {}: {what}", self.server, refusal.status)),
            status: Some(refusal.status),
            retry_after,
        }
    }

    /// An error came within an answer that had begun well.
    pub fn broke_off(&self, error: &Value) -> ModelError {
        let said = Said::of(error);
        let kind = kind(said.status, &said);
        let what = self.with_advice(kind, &said);
        ModelError {
            kind,
            message: self.clean(&format!("{} broke the answer off: {what}", self.server)),
            status: said.status,
            retry_after: said.retry_after,
        }
    }

    /// The connection failed.
    pub fn unreached(&self, failure: &Failure) -> ModelError {
        let server = &self.server;
        let detail = &failure.detail;
        let (kind, message) = match failure.kind {
            FailureKind::Refused => {
                (ErrorKind::Network, format!("nothing answers at {server}: is the server running?"))
            }
            FailureKind::UnknownHost => (
                ErrorKind::Network,
                format!(
                    "no machine of the name in {server} is found: is the base URL right, and is the network up?"
                ),
            ),
            FailureKind::ConnectTimeout => (
                ErrorKind::Timeout,
                format!("{server} did not accept a connection within {} s", limits::CONNECT_WAIT.as_secs()),
            ),
            FailureKind::Unreachable => (ErrorKind::Network, format!("{server} cannot be reached: {detail}")),
            FailureKind::Encryption => (
                ErrorKind::Invalid,
                format!(
                    "no encrypted connection to {server}: {detail}; does the base URL begin as the server \
                     wants it, with http: or https:, and does this machine trust its certificate?"
                ),
            ),
            FailureKind::Broken => {
                (ErrorKind::Network, format!("the connection to {server} broke: {detail}"))
            }
            FailureKind::Unsendable => {
                (ErrorKind::Invalid, format!("the request to {server} cannot be sent: {detail}"))
            }
        };
        ModelError { kind, message: self.clean(&message), status: None, retry_after: None }
    }

    /// Nothing came for that long.
    pub fn silent(&self, waited: Duration) -> ModelError {
        let message = format!("{} has sent nothing for {} s", self.server, waited.as_secs());
        ModelError { kind: ErrorKind::Timeout, message, status: None, retry_after: None }
    }

    /// The stream ended without its end.
    pub fn truncated(&self) -> ModelError {
        let message = format!("the answer of {} ended before it was complete", self.server);
        ModelError { kind: ErrorKind::Truncated, message, status: None, retry_after: None }
    }

    /// The answer is not what a chat server answers; `why` completes "because …".
    pub fn not_understood(&self, why: &str) -> ModelError {
        let message = format!("the answer of {} cannot be understood, because {why}", self.server);
        ModelError { kind: ErrorKind::Parse, message: self.clean(&message), status: None, retry_after: None }
    }

    fn with_advice(&self, kind: ErrorKind, said: &Said) -> String {
        let advice = self.advice(kind, said);
        // Secrets are removed before the words are cut: half a key is a secret, too.
        let words = shortened(&self.clean(&said.words), limits::PROVIDER_WORDS_CHARS_MAX);
        match (words.is_empty(), advice.is_empty()) {
            (true, true) => "without a reason".to_owned(),
            (true, false) => advice,
            (false, true) => words,
            (false, false) => format!("{words} ({advice})"),
        }
    }

    /// What the user can do about it; nothing where the server's words are all there is.
    fn advice(&self, kind: ErrorKind, said: &Said) -> String {
        match kind {
            ErrorKind::Permission => format!("the account or its key may not use `{}`", self.model),
            ErrorKind::Auth => self.key_words.clone(),
            ErrorKind::Quota => "the quota or the money of the account there is used up".to_owned(),
            ErrorKind::RateLimit => "too many requests for now".to_owned(),
            ErrorKind::ContextLength => {
                format!(
                    "the conversation no longer fits `{}`: start another session, or choose a model with a larger context",
                    self.model
                )
            }
            ErrorKind::NotFound if said.marks.contains("model") => {
                format!("is `{}` the name of a model there?", self.model)
            }
            ErrorKind::NotFound => format!(
                "is the base URL right? For most servers it ends in /v1; the model asked for is `{}`",
                self.model
            ),
            ErrorKind::TooLarge => "the request is too large for the server".to_owned(),
            ErrorKind::Server if said.words.is_empty() => "it failed, or is overloaded".to_owned(),
            ErrorKind::Server
            | ErrorKind::Overloaded
            | ErrorKind::Invalid
            | ErrorKind::Unknown
            | ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Truncated
            | ErrorKind::Parse
            | ErrorKind::Unconfigured => String::new(),
        }
    }

    /// One line without secrets and control characters.
    fn clean(&self, text: &str) -> String {
        let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = printable.split_whitespace().collect::<Vec<_>>().join(" ");
        self.secrets.hidden_in_error(&line)
    }
}

impl Said {
    fn in_body(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::of(&value);
        }
        let text = String::from_utf8_lossy(body);
        let words = match page_title(&text) {
            Some(title) => format!("a web page, \u{201c}{title}\u{201d}"),
            None => text.trim().to_owned(),
        };
        Self { marks: words.to_lowercase(), words, ..Self::default() }
    }

    /// Reads an error object: `{error: {message, type, code}}`, `{error: text}`, `{message}`,
    /// `{detail}`, or a list with one of these.
    fn of(value: &Value) -> Self {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let words = ["message", "detail", "error_description", "msg"]
            .iter()
            .find_map(|key| text_of(error.get(key)?))
            .or_else(|| error.as_str().map(str::to_owned))
            .unwrap_or_else(|| error.to_string());
        // A router passes on what the provider behind it said.
        let behind = error.pointer("/metadata/raw").and_then(Value::as_str);
        let words = match behind {
            Some(behind) => format!("{words}: {behind}"),
            None => words,
        };
        let mut marks = words.to_lowercase();
        for key in ["type", "code", "status"] {
            if let Some(mark) = error.get(key).and_then(Value::as_str) {
                marks.push(' ');
                marks.push_str(&mark.to_lowercase());
            }
        }
        let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
        for reason in details.filter_map(|detail| detail.get("reason").and_then(Value::as_str)) {
            marks.push(' ');
            marks.push_str(&reason.to_lowercase());
        }
        let status = ["code", "status", "status_code"].iter().find_map(|key| http_status(error.get(key)?));
        Self { retry_after: delay::in_error(error, &words), words, marks, status }
    }
}

/// A text, or the texts in a list of validation errors.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let parts: Vec<&str> =
                list.iter().filter_map(|part| part.get("msg").and_then(Value::as_str)).collect();
            if parts.is_empty() { None } else { Some(parts.join("; ")) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn http_status(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

fn page_title(text: &str) -> Option<String> {
    let start = text.trim_start().to_lowercase();
    if !start.starts_with("<!doctype") && !start.starts_with("<html") && !start.starts_with("<head") {
        return None;
    }
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    Some(title.map_or("without a title", |(title, _)| title.trim()).to_owned())
}

fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// The kind of a failure, from its status, where there is one, and its words.
fn kind(status: Option<u16>, said: &Said) -> ErrorKind {
    let has = |list: &[&str]| list.iter().any(|mark| said.marks.contains(mark));
    // A quota that comes back after a while is a rate; some servers name both by the same word.
    let comes_back = said.retry_after.is_some() || said.marks.contains("rate_limit");
    match status {
        Some(400 | 403) if has(&["credit balance", "insufficient_quota", "insufficient balance"]) => {
            ErrorKind::Quota
        }
        Some(401) => ErrorKind::Auth,
        Some(403) if has(KEY_MARKS) => ErrorKind::Auth,
        Some(403) => ErrorKind::Permission,
        Some(402) => ErrorKind::Quota,
        Some(429) if has(QUOTA_MARKS) && !comes_back => ErrorKind::Quota,
        Some(429) => ErrorKind::RateLimit,
        // Amazon's says “Too many tokens, please wait”, and does not mean the context.
        None if said.marks.contains("throttling") => ErrorKind::RateLimit,
        Some(400 | 404 | 413 | 422 | 500) | None if has(CONTEXT_MARKS) => ErrorKind::ContextLength,
        Some(400) | None if has(KEY_MARKS) => ErrorKind::Auth,
        Some(404 | 405) => ErrorKind::NotFound,
        Some(413) => ErrorKind::TooLarge,
        Some(529) => ErrorKind::Overloaded,
        Some(500..) | None if has(OVERLOAD_MARKS) => ErrorKind::Overloaded,
        Some(408 | 504 | 522 | 524) => ErrorKind::Timeout,
        Some(409 | 425 | 500..) => ErrorKind::Server,
        Some(_) => ErrorKind::Invalid,
        None if has(QUOTA_MARKS) && !comes_back => ErrorKind::Quota,
        None if has(&["rate_limit", "rate limit", "too many requests"]) => ErrorKind::RateLimit,
        None if has(&["not_found"]) => ErrorKind::NotFound,
        None if has(&["permission_error", "permission_denied"]) => ErrorKind::Permission,
        None if has(&["request_too_large"]) => ErrorKind::TooLarge,
        None if has(&[
            "invalid_request",
            "invalid_prompt",
            "invalid_image",
            "bad_request",
            "validationexception",
        ]) =>
        {
            ErrorKind::Invalid
        }
        None if has(&["timeout", "timed out"]) => ErrorKind::Timeout,
        // The request was accepted, so what broke lies on the server's side.
        None => ErrorKind::Server,
    }
}

/// How servers say that a request does not fit the model's context.
const CONTEXT_MARKS: &[&str] = &[
    "context_length",
    "context length",
    "context window",
    "context_window",
    "context size",
    "context limit",
    "exceed_context",
    "maximum context",
    "maximum prompt length",
    "prompt is too long",
    "prompt too long",
    "prompt contains too many",
    "input is too long",
    "input too long",
    "too many tokens",
    "token limit",
    "tokens_limit",
    "maximum number of tokens",
    "reduce the length",
    "reduce your message size",
    "prompt token count",
    "input token count",
    "too large for model with",
    "tokens + `max_new_tokens`",
];

/// How servers say that money or quota is used up.
const QUOTA_MARKS: &[&str] = &[
    "insufficient_quota",
    "insufficient quota",
    "current quota",
    "quota exceeded",
    "billing",
    "credit",
    "balance",
    "payment",
    "usage limit",
];

/// How servers say that they have too much to do.
const OVERLOAD_MARKS: &[&str] = &["overloaded", "unavailable", "at capacity", "slow_down"];

/// How servers that answer 400 say that the key is wrong.
const KEY_MARKS: &[&str] = &[
    "api key not valid",
    "invalid api key",
    "incorrect api key",
    "invalid_api_key",
    "api_key_invalid",
    "authentication_error",
    "unauthenticated",
    "api key expired",
];

#[cfg(test)]
mod tests;
