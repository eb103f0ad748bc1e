//! Why a patch is not applied: a kind, and words for the model.

use crate::engine::tool::ToolError;
use crate::path::PathError;
use crate::text::patch::{Mismatch, Missing, ParseError};
use crate::workspace::FileError;

/// Why a patch is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    text: String,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not begin or end as a patch does.
    InvalidPatch,
    /// A line of it is wrong.
    InvalidHunk,
    /// It has no sections.
    EmptyPatch,
    /// A file is not there.
    FileNotFound,
    /// A folder is there.
    IsDirectory,
    /// A file is there already.
    FileExists,
    /// An `@@` line is not in the file.
    ContextNotFound,
    /// Quoted lines are not where they should be.
    LinesNotFound,
    /// There is more than one place.
    Ambiguous,
    /// A line of it stands for text that was left out.
    Placeholder,
    /// It changes nothing.
    NoChange,
    /// A file lies outside the workspace or is withheld, and the model has not been given its text.
    OutsideWorkspace,
    /// The model does not know the file's present text.
    Unseen,
    /// A file cannot be read, or is no text.
    Io,
}

impl FaultKind {
    /// Its name in test cases.
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidPatch => "invalid_patch",
            Self::InvalidHunk => "invalid_hunk",
            Self::EmptyPatch => "empty_patch",
            Self::FileNotFound => "file_not_found",
            Self::IsDirectory => "is_directory",
            Self::FileExists => "file_exists",
            Self::ContextNotFound => "context_not_found",
            Self::LinesNotFound => "lines_not_found",
            Self::Ambiguous => "ambiguous",
            Self::Placeholder => "omission_placeholder",
            Self::NoChange => "no_change",
            Self::OutsideWorkspace => "outside_workspace",
            Self::Unseen => "unseen",
            Self::Io => "io_error",
        }
    }
}

impl Fault {
    pub(super) fn new(kind: FaultKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// A chunk has no place in this file; `more` is said behind it.
    pub(super) fn mismatch(path: &str, mismatch: &Mismatch, more: &str) -> Self {
        let kind = match mismatch.missing {
            Missing::Head => FaultKind::ContextNotFound,
            Missing::Lines => FaultKind::LinesNotFound,
            Missing::Certainty => FaultKind::Ambiguous,
        };
        Self::new(kind, format!("nothing was changed: {path}, {mismatch}.{more}"))
    }
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        let kind = match &error {
            ParseError::InvalidPatch(_) => FaultKind::InvalidPatch,
            ParseError::InvalidHunk { .. } => FaultKind::InvalidHunk,
            ParseError::Empty => FaultKind::EmptyPatch,
        };
        Self::new(kind, format!("nothing was changed: {error}"))
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        let kind = match &error {
            FileError::NotFound { .. } => FaultKind::FileNotFound,
            FileError::Io { error, .. } if error.kind() == std::io::ErrorKind::IsADirectory => {
                FaultKind::IsDirectory
            }
            FileError::Path(_)
            | FileError::Moved(_)
            | FileError::TooLarge { .. }
            | FileError::NoUtf8 { .. }
            | FileError::NotText { .. }
            | FileError::Unsaved(_)
            | FileError::Pattern(_)
            | FileError::Io { .. } => FaultKind::Io,
        };
        Self::new(kind, format!("nothing was changed: {error}"))
    }
}

impl From<PathError> for Fault {
    fn from(error: PathError) -> Self {
        FileError::from(error).into()
    }
}

impl From<Fault> for ToolError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.text)
    }
}
