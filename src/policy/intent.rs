//! `Intent`: what a call means to do to the world, as it is shown, decided, granted and done.

use serde::{Deserialize, Serialize};

use crate::path::AbsPath;
use crate::text::Edit;

/// What a call means to do.
///
/// The question shows it, the rules judge it, and the call's `Access` can do it and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "camelCase")]
pub enum Intent {
    /// Nothing outside the session (the plan, for example).
    Nothing,
    /// Read one file.
    Read {
        /// The file.
        path: AbsPath,
    },
    /// List one folder.
    List {
        /// The folder.
        path: AbsPath,
    },
    /// Search names or contents below a folder.
    Search {
        /// The folder, or a single file.
        root: AbsPath,
        /// What is looked for, as a person reads it.
        pattern: String,
        /// Whether names or texts are searched.
        #[serde(default)]
        of: SearchOf,
    },
    /// Change files, all or none.
    Write {
        /// The changes, each bound to the version it was made from; one a file.
        edits: Vec<Edit>,
    },
    /// Run a shell command.
    Run {
        /// The text given to the shell, complete.
        command: String,
        /// The directory it starts in.
        cwd: AbsPath,
        /// After this many milliseconds it is ended.
        time_limit_ms: u64,
    },
}

/// What a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SearchOf {
    /// The names of files.
    Names,
    /// What stands in them.
    #[default]
    Texts,
}

/// A place that a call works on, for editors that follow along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file or folder.
    pub path: AbsPath,
    /// The line, counted from 0, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Intent {
    /// The files and folders it names.
    pub fn paths(&self) -> Vec<&AbsPath> {
        match self {
            Self::Nothing | Self::Run { .. } => Vec::new(),
            Self::Read { path } | Self::List { path } | Self::Search { root: path, .. } => vec![path],
            Self::Write { edits } => edits.iter().map(|edit| &edit.path).collect(),
        }
    }

    /// Whether what is done, or what is said of it, tells of the text of the files that it names.
    pub fn tells_of_text(&self) -> bool {
        match self {
            Self::Read { .. } | Self::Search { of: SearchOf::Texts, .. } | Self::Write { .. } => true,
            Self::Nothing
            | Self::List { .. }
            | Self::Search { of: SearchOf::Names, .. }
            | Self::Run { .. } => false,
        }
    }

    /// Whether it leaves the world as it was, so that several may run at once.
    pub fn reads_only(&self) -> bool {
        match self {
            Self::Nothing | Self::Read { .. } | Self::List { .. } | Self::Search { .. } => true,
            Self::Write { .. } | Self::Run { .. } => false,
        }
    }
}
