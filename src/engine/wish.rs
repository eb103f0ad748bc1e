//! `Wish` and `Offer`: what a request wants of a model, and whether it may call tools.

use serde::{Deserialize, Serialize};

/// What a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wish {
    /// The next message of the conversation.
    #[default]
    Message,
    /// A summary of it, as its last message says.
    Summary,
    /// A title for it.
    Title,
}

impl Wish {
    pub(super) fn is_message(&self) -> bool {
        *self == Self::Message
    }
}

/// Whether the tools of a request may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offer {
    /// They may.
    #[default]
    Tools,
    /// The model is to report and end.
    NoTools,
}
