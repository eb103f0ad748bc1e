//! What a session is asked to do, and the progress that is shown and never kept.

#![allow(missing_docs, reason = "a variant's line names its fields")]

use serde::{Deserialize, Serialize};

use super::event::{Block, CallId, Level, MessageId, PromptId, Setting, ToolName, TurnId};
use crate::path::AbsPath;

/// What a session is asked to do. (Answers go to the `Desk`, where the call that asked waits.)
#[derive(Debug)]
pub enum Command {
    /// A prompt of the user.
    Prompt { prompt: PromptId, content: Vec<Block>, deliver: Deliver },
    /// Other words for a waiting prompt.
    Requeue { prompt: PromptId, content: Vec<Block> },
    /// A waiting prompt is taken back.
    Unqueue { prompt: PromptId },
    /// Another model or mode.
    Configure { setting: Setting },
    /// Another title.
    Rename { title: String },
    /// A word to the user, from a front end (for example what a client offered and is not used).
    Notice { level: Level, text: String },
    /// End the running turn and hand the waiting prompts back; with a turn, only if it is that one.
    Cancel { turn: Option<TurnId> },
}

/// When a prompt is to reach the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deliver {
    /// After the running turn.
    Next,
    /// Before the next step of the running turn.
    Now,
    /// The running turn ends, then this one comes first; the queue stays.
    Interrupt,
}

/// Progress: shown, never kept, without number. What is read of the open step is joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// The model's words; `offset` in bytes of all text of this message.
    Text { message: MessageId, offset: usize, text: String },
    /// The model's thoughts; `offset` in bytes of all thoughts of this message.
    Thought { message: MessageId, offset: usize, text: String },
    /// A call takes shape; `index` counts the calls of the message, `text` is a piece of its input.
    CallInput { message: MessageId, index: usize, tool: ToolName, text: String },
    /// What a running command prints; `offset` in bytes of its whole output.
    Output { call: CallId, offset: usize, text: String },
    /// The step is asked for again: what was shown of this message is void.
    Retrying { message: MessageId, attempt: u32, wait_ms: u64, why: String },
    /// A file that the session has changed holds something else by now, which is not the session's doing:
    /// what is to be looked at in it may be something else too.
    Changed { path: AbsPath },
}
