//! Progress: what is shown between the facts, and not kept.

use serde::{Deserialize, Serialize};

use super::{CallId, MessageId};
use crate::document::Uri;

/// Progress `message`: words of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePiece {
    /// The message.
    pub message_id: MessageId,
    /// Where the piece begins, in bytes of UTF-8 of all words of this message. 0 begins anew.
    pub offset: u64,
    /// The piece.
    pub delta: String,
}

/// Progress `thought`: thoughts of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThoughtPiece {
    /// The message.
    pub message_id: MessageId,
    /// Where the piece begins, in bytes of UTF-8 of all thoughts of this message. 0 begins anew.
    pub offset: u64,
    /// The piece.
    pub delta: String,
}

/// Progress `callInput`: a call takes shape. It has no id before `replied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallInputPiece {
    /// The message.
    pub message_id: MessageId,
    /// Which call of the message, counted from 0.
    pub index: u32,
    /// The tool's name, as the model wrote it.
    pub tool: String,
    /// The next piece of its arguments, as JSON text.
    pub delta: String,
}

/// Progress `callOutput`: a running command prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallOutputPiece {
    /// The call.
    pub call_id: CallId,
    /// Where the piece begins, in bytes of the command's whole output. Output over
    /// `limits.outputBytes` is not sent live, so there may be a gap.
    pub offset: u64,
    /// The piece; what is not UTF-8 is replaced.
    pub delta: String,
}

/// Progress `fileChanged`: a file that the agent has changed holds something else by now, which was not the
/// agent's doing. Ask for its review anew if it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileChanged {
    /// The file.
    pub uri: Uri,
}

/// Progress `retrying`: the model is asked again. What was shown of this message is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Retrying {
    /// The message.
    pub message_id: MessageId,
    /// The number of the attempt that follows; the first attempt of a message was 1.
    pub attempt: u32,
    /// Milliseconds until then.
    pub wait_ms: u64,
    /// What failed, for people.
    pub reason: String,
}
