//! What an intent to write would make of each file: the text before and after, for whoever shows it.

use super::recorder::Recorder;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Change, Edit, SharedText, Version};

/// One file before and after; both texts have LF line ends and no byte-order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The file.
    pub path: AbsPath,
    /// Its text before; none where the file does not exist.
    pub old: Option<SharedText>,
    /// Its text after; none where the file goes.
    pub new: Option<SharedText>,
}

/// The changes of an intent to write, computed from the texts that it was made from, which the
/// session keeps since before it asked. Other intents change nothing that can be shown before.
pub fn changes(recorder: &Recorder, intent: &Intent) -> Vec<FileChange> {
    match intent {
        Intent::Write { edits } => edits.iter().map(|edit| change(recorder, edit)).collect(),
        Intent::Nothing
        | Intent::Read { .. }
        | Intent::List { .. }
        | Intent::Search { .. }
        | Intent::Run { .. } => Vec::new(),
    }
}

fn change(recorder: &Recorder, edit: &Edit) -> FileChange {
    let old = match &edit.base {
        Version::Absent => None,
        Version::Text(hash) => {
            let bytes = recorder.fetch(hash).ok();
            Some(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default().into())
        }
    };
    made(edit, old)
}

/// What an edit makes of the text that it was made from.
pub(super) fn made(edit: &Edit, old: Option<SharedText>) -> FileChange {
    let new = match &edit.change {
        Change::Splices(splices) => {
            Some(old.clone().unwrap_or_else(|| "".into()).spliced(splices).shared_lf())
        }
        Change::Whole(text) | Change::Moved { text, .. } => Some(SharedText::from(&**text).shared_lf()),
        Change::Delete => None,
    };
    FileChange { path: edit.path.clone(), old, new }
}
