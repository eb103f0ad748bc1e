//! Errors of requests: a number for JSON-RPC, a stable word for programs, a message for people.

use serde::{Deserialize, Serialize};

/// JSON-RPC: the message is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// JSON-RPC: the message is not a request.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: there is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC: the params do not have the method's form.
pub const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC: a fault of the daemon.
pub const INTERNAL_ERROR: i32 = -32603;
/// LSP: the request was cancelled by `$/cancelRequest`.
pub const REQUEST_CANCELLED: i32 = -32800;
/// LSP: the request failed for another reason.
pub const REQUEST_FAILED: i32 = -32803;

enumeration! {
    /// Why a request was refused: the word on which clients decide.
    pub enum ErrorKind {
        /// There is no session of this id.
        SessionUnknown = "sessionUnknown",
        /// The session has no question of this id.
        QuestionUnknown = "questionUnknown",
        /// What the request is about is not so any more: the prompt does not wait, something was said
        /// since.
        Stale = "stale",
        /// One of `limits` is exceeded; `limit` has its number.
        Limit = "limit",
        /// Another process drives the session; `holder` says which, where that is known. Or a turn
        /// runs, between which alone the request can be done.
        Busy = "busy",
        /// The value is none that the option can have, the choice none of the question's, or the turn
        /// or restore none of the session's.
        ValueUnknown = "valueUnknown",
        /// The session keeps no content of this id.
        ContentUnknown = "contentUnknown",
    }
}

/// The `error` of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResponseError {
    /// The number.
    pub code: i32,
    /// What failed, why, and what to do, for people.
    pub message: String,
    /// What programs need. Absent for JSON-RPC's and LSP's own errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// What programs need to know of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorData {
    /// Why the request was refused.
    pub kind: ErrorKind,
    /// The number that was exceeded, for `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Who drives the session, for `busy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

impl ErrorKind {
    /// All kinds of this version, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::SessionUnknown,
        Self::QuestionUnknown,
        Self::Stale,
        Self::Limit,
        Self::Busy,
        Self::ValueUnknown,
        Self::ContentUnknown,
    ];

    /// Its number, outside of what JSON-RPC and LSP reserve.
    pub fn code(&self) -> i32 {
        match self {
            Self::SessionUnknown => 1001,
            Self::QuestionUnknown => 1002,
            Self::Stale => 1003,
            Self::Limit => 1007,
            Self::Busy => 1010,
            Self::ValueUnknown => 1012,
            Self::ContentUnknown => 1013,
            Self::Unknown(_) => REQUEST_FAILED,
        }
    }
}

impl ResponseError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let data = ErrorData { kind, limit: None, holder: None };
        Self { code: data.kind.code(), message: message.into(), data: Some(data) }
    }

    /// Over one of the announced limits.
    pub fn limit(limit: u64, message: impl Into<String>) -> Self {
        let data = ErrorData { kind: ErrorKind::Limit, limit: Some(limit), holder: None };
        Self { code: data.kind.code(), message: message.into(), data: Some(data) }
    }

    /// Another process drives the session.
    pub fn busy(holder: Option<String>, message: impl Into<String>) -> Self {
        let data = ErrorData { kind: ErrorKind::Busy, limit: None, holder };
        Self { code: data.kind.code(), message: message.into(), data: Some(data) }
    }

    /// One of JSON-RPC's or LSP's own errors.
    pub fn plain(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

impl std::fmt::Display for ResponseError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once_in_the_order_of_numbers() {
        let words: Vec<&str> = ErrorKind::ALL.iter().map(ErrorKind::as_str).collect();
        assert_eq!(words, ErrorKind::WORDS);
        let codes: Vec<i32> = ErrorKind::ALL.iter().map(ErrorKind::code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        assert!(codes[0] > 0);
    }

    #[test]
    fn an_error_carries_what_its_kind_needs() {
        let wire = serde_json::to_value(ResponseError::limit(100, "too many prompts wait")).unwrap();
        let data = serde_json::json!({"kind": "limit", "limit": 100});
        assert_eq!(wire, serde_json::json!({"code": 1007, "message": "too many prompts wait", "data": data}));
        assert_eq!(ResponseError::busy(Some("7".into()), "").data.unwrap().holder.as_deref(), Some("7"));
    }
}
