//! Texts and bytes that are too long for an event, got piece by piece.

use serde::{Deserialize, Serialize};

use crate::session::SessionId;

text! {
    /// A kept text or file of a session; what it holds does not change.
    pub struct ContentId;
}

/// Params of `agent/content`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContentParams {
    /// The session.
    pub session_id: SessionId,
    /// The content.
    pub content_id: ContentId,
    /// The first byte wanted, counted from 0.
    #[serde(default)]
    pub offset: u64,
    /// How many bytes are wanted. Absent, or more than `limits.contentBytes`: as many as that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// Result of `agent/content`: one of `text` and `base64`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContentResult {
    /// The piece, where the content is UTF-8 text. It may be shorter than asked for, so that no
    /// character is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The piece in base64, where the content is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// The `offset` of what follows this piece. Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Bytes of the whole content.
    pub size: u64,
}
