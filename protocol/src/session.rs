//! Sessions: made, listed, attached to, named, deleted, exported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Uri;
use crate::event::SessionEvent;
use crate::lifecycle::Timestamp;

text! {
    /// A session. Unique over all processes; does not change.
    pub struct SessionId;
}

enumeration! {
    /// What a session is doing.
    pub enum SessionState {
        /// Nothing; a prompt starts at once.
        Idle = "idle",
        /// A turn is running.
        Running = "running",
        /// A turn is running and waits for an answer of the user.
        Waiting = "waiting",
        /// Another process drives it. It can be read; what would change it gets the error `busy`.
        Elsewhere = "elsewhere",
    }
}

/// A session, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    pub session_id: SessionId,
    /// Its title. Absent until the first prompt or a client gave it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The folder that relative paths and commands start from.
    pub cwd: Uri,
    /// The folders it works in.
    pub roots: Vec<Uri>,
    /// What it is doing.
    pub state: SessionState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its last fact happened.
    pub changed_at: Timestamp,
    /// The number of its last fact.
    pub last_seq: u64,
}

/// Params of `agent/session/new`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionNewParams {
    /// The folder that relative paths and commands start from.
    pub cwd: Uri,
    /// The folders it works in. Absent or empty: `cwd` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<Uri>,
    /// Its title. Absent: made from the first prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Values of options, by their id, as for `agent/config/set`. An option that is not named has
    /// its default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
}

/// Result of `agent/session/new`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionNewResult {
    /// The session that was made.
    pub session: Session,
}

/// Params of `agent/session/list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionListParams {
    /// Only sessions that start from this folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Uri>,
    /// Only sessions whose title holds this text, in upper or lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Go on where the answer with this `nextCursor` ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many. Absent, or more than `limits.listSessions`: as many as that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `agent/session/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionListResult {
    /// The sessions, the one that changed last first.
    pub sessions: Vec<Session>,
    /// There are more; ask with this as `cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Params of `agent/session/attach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionAttachParams {
    /// The session.
    pub session_id: SessionId,
    /// The number of the last fact that the client has; 0 for none.
    #[serde(default)]
    pub after: u64,
}

/// Result of `agent/session/attach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionAttachResult {
    /// The session as it stands.
    pub session: Session,
    /// The facts behind `after`, in order, without holes.
    pub events: Vec<SessionEvent>,
    /// There are more facts: call again with the number of the last one. Otherwise the connection
    /// is attached, and what happens from here on comes as `agent/event`.
    pub more: bool,
}

/// Params of requests that name a session and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionParams {
    /// The session.
    pub session_id: SessionId,
}

/// Params of `agent/session/rename`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionRenameParams {
    /// The session.
    pub session_id: SessionId,
    /// Its title from here on.
    pub title: String,
}

enumeration! {
    /// The form of an export.
    pub enum ExportFormat {
        /// For people: the conversation with its calls.
        Markdown = "markdown",
        /// For programs: a document of the form of `agent/session/attach`'s result, with all facts.
        Json = "json",
    }
}

/// Params of `agent/session/export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionExportParams {
    /// The session.
    pub session_id: SessionId,
    /// The form.
    pub format: ExportFormat,
}

/// Result of `agent/session/export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionExportResult {
    /// The document.
    pub text: String,
}
