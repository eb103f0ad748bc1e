//! `Profile`: how much a model is told beside the conversation, by how much fits into it.

use serde::{Deserialize, Serialize};

use super::price::Window;
use crate::limits;

/// How much a model is told of how to work, and how many tools it is offered. Settled with the briefing, so that
/// requests go on as they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// Everything.
    #[default]
    Full,
    /// What it cannot do without: for windows that the rest would fill.
    Compact,
}

impl Profile {
    /// The one for a window; none is known: a large one.
    pub(super) fn of(window: Option<Window>) -> Self {
        match window {
            Some(window) if window.context <= limits::SMALL_WINDOW_TOKENS => Self::Compact,
            Some(_) | None => Self::Full,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        *self == Self::Full
    }
}
