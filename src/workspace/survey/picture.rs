//! A picture of the workspace at one moment: its folders, with the stamps of their files.
//!
//! A folder is in it whole or not at all, so that what is missing from one that is there did not
//! exist. Ignored files are in it by name; what lies in ignored folders is not, except what git
//! tracks. Links are not followed, and `.git` is not looked at.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use crate::os::fs::{Kind, Moment, Stamp};
use crate::path::AbsPath;
use crate::workspace::git::{Index, Repository};

/// What was seen.
#[derive(Default)]
pub(super) struct Picture {
    pub(super) folders: HashMap<AbsPath, Folder>,
    /// When it was begun.
    pub(super) taken: Moment,
    pub(super) reach: Reach,
}

/// Whether everything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// All that is not ignored.
    #[default]
    Whole,
    /// Some folders were left out: they are too many, too large or too slow.
    Part,
}

/// A folder that was listed whole.
pub(super) struct Folder {
    /// Sorted by name.
    pub(super) entries: Vec<Entry>,
    /// The repository that it belongs to.
    pub(super) ground: Option<Arc<Ground>>,
}

/// An entry of a folder.
pub(super) struct Entry {
    /// It need not be UTF-8.
    pub(super) name: OsString,
    pub(super) sight: Sight,
}

/// What stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sight {
    /// A file.
    File(Stamp, Tracking),
    /// A link with this text.
    Link(PathBuf),
    /// A folder, a pipe, a socket, a device.
    Other(Kind),
    /// Something that was not looked at, because it is ignored or may not be.
    Passed(Kind),
}

/// How a file stands to git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracking {
    /// It is tracked, and has the content that git has; its place in the index.
    Clean(usize),
    /// It is tracked, and may have another content.
    Dirty,
    /// It is not tracked.
    Untracked,
}

/// A repository with its tracked files.
pub(super) struct Ground {
    pub(super) repository: Repository,
    pub(super) index: Index,
    /// Of the index.
    pub(super) stamp: Option<Stamp>,
}

impl Picture {
    /// What is known of a path, whose folder may not have been listed.
    pub(super) fn sight(&self, path: &AbsPath) -> Option<Option<&Sight>> {
        let folder = self.folders.get(&path.parent()?)?;
        Some(folder.sight(path.as_path().file_name()?))
    }
}

impl Folder {
    pub(super) fn sight(&self, name: &OsStr) -> Option<&Sight> {
        let at = self.entries.binary_search_by(|entry| entry.name.as_os_str().cmp(name)).ok()?;
        self.entries.get(at).map(|entry| &entry.sight)
    }
}
