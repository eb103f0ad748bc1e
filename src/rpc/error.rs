//! An error as JSON-RPC carries it: a code for programs, a message for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::RPC_NAME_CHARS_MAX;

/// The text was not JSON.
pub const PARSE_ERROR: i64 = -32700;
/// It was JSON, but no message of this protocol.
pub const INVALID_REQUEST: i64 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The method's parameters do not fit.
pub const INVALID_PARAMS: i64 = -32602;
/// A fault of ours.
pub const INTERNAL_ERROR: i64 = -32603;
/// The client cancelled the request.
pub const REQUEST_CANCELLED: i64 = -32800;
/// The request was understood and could not be done.
pub const REQUEST_FAILED: i64 = -32803;

/// An error that answers a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct Error {
    /// What kind of error; the standard ones are constants of this module.
    pub code: i64,
    /// One line for people.
    pub message: String,
    /// More for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl Error {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The same with data for programs.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    /// `reason` says where the JSON breaks off.
    pub fn parse(reason: impl std::fmt::Display) -> Self {
        Self::new(PARSE_ERROR, format!("not JSON: {reason}"))
    }

    /// `reason` says what makes it no message.
    pub fn invalid_request(reason: impl std::fmt::Display) -> Self {
        Self::new(INVALID_REQUEST, format!("not a request: {reason}"))
    }

    /// Nothing here answers to `method`.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, format!("there is no method `{}`", shown(method)))
    }

    /// `reason` names the field and what is wrong with it.
    pub fn invalid_params(reason: impl std::fmt::Display) -> Self {
        Self::new(INVALID_PARAMS, format!("invalid parameters: {reason}"))
    }

    /// A fault of ours; the log says more under `incident`.
    pub fn internal(incident: &str) -> Self {
        Self::new(INTERNAL_ERROR, format!("internal error; see incident {incident} in the log"))
            .with_data(serde_json::json!({ "incident": incident }))
    }

    /// The client asked for it.
    pub fn cancelled() -> Self {
        Self::new(REQUEST_CANCELLED, "cancelled")
    }

    /// More requests are open than `limit`.
    pub fn too_many_requests(limit: usize) -> Self {
        Self::new(REQUEST_FAILED, format!("too many requests: {limit} are open; wait for answers"))
    }
}

/// A foreign name, fit for a line of a log or an error: short, and nothing in it acts.
pub(super) fn shown(name: &str) -> String {
    let mut start: String = name.chars().take(RPC_NAME_CHARS_MAX).flat_map(char::escape_debug).collect();
    if name.chars().nth(RPC_NAME_CHARS_MAX).is_some() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_inert() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}\u{200b}é"), "a\\u{1b}[31m\\u{202e}\\u{200b}é");
        let long = shown(&"m".repeat(1_000_000));
        assert_eq!(long.chars().count(), RPC_NAME_CHARS_MAX + 1);
    }

    #[test]
    fn data_is_left_out_when_absent() {
        let text = serde_json::to_string(&Error::cancelled()).unwrap();
        assert_eq!(text, r#"{"code":-32800,"message":"cancelled"}"#);
        let back: Error = serde_json::from_str(r#"{"code":1,"message":"x","data":[1]}"#).unwrap();
        assert_eq!(back, Error::new(1, "x").with_data(serde_json::json!([1])));
    }
}
