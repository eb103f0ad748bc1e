//! `Verdict`: what the user decides about changes, and what becomes of it.

use std::sync::OnceLock;

use super::event::{RestoreId, RestoreOf, RestoredTo, TurnId};
use super::parts::Parts;
use super::restore;
use super::tool::ToolError;
use super::writing::Cause;
use crate::path::AbsPath;
use crate::text::Version;

/// What a verdict is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewOf {
    /// All of a file.
    File,
    /// One hunk, by its name.
    Hunk(String),
    /// What one turn has changed in the file.
    Turn(TurnId),
}

/// What becomes of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// They stay, and need not be looked at any more.
    Keep,
    /// They go.
    Undo,
}

/// One verdict of the user.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The file.
    pub path: AbsPath,
    /// The text that the user has seen; none: whatever stands there.
    pub version: Option<Version>,
    /// Which changes.
    pub of: ReviewOf,
    /// What becomes of them.
    pub verdict: Verdict,
}

/// What became of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It is done.
    Done,
    /// The file or the hunk is not the one that was seen: look again.
    Stale,
    /// It could not be done; why.
    Failed(String),
}

/// What became of verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// Of each, in their order.
    pub each: Vec<Decided>,
    /// Names what was undone, to take it back; none where nothing was.
    pub restore: Option<RestoreId>,
}

/// The way back that all that is undone at once is part of, so that it can be taken back; recorded when the
/// first of it is undone.
#[derive(Default)]
pub(super) struct WayBack(OnceLock<RestoreId>);

impl WayBack {
    pub(super) fn cause(&self, parts: &Parts) -> Result<Cause, ToolError> {
        let restore = match self.0.get() {
            Some(restore) => restore.clone(),
            None => {
                let restore = restore::record(parts, RestoredTo::Reviewed, RestoreOf::Files)?;
                self.0.get_or_init(|| restore).clone()
            }
        };
        Ok(Cause { call: None, restore: Some(restore) })
    }

    /// Its name, where something was undone.
    pub(super) fn taken(self) -> Option<RestoreId> {
        self.0.into_inner()
    }
}
