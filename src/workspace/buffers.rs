//! The seam to editors: what an editor holds and the disk does not.

use std::collections::HashMap;
use std::io;

use futures::future::BoxFuture;

use crate::path::AbsPath;
use crate::text::{SharedText, Splice, Version};

/// The open buffers of an editor.
pub trait Buffers: Send + Sync {
    /// The text of a file that is open, as the editor has it; none where it is not open.
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>>;

    /// Edits open files, each as one undo step; an entry for each write, none where the file is not
    /// open. All are refused where one is, as far as the editor can.
    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>>;

    /// Whether an edit of an open file leaves its encoding, its byte-order mark and its line ends as they are. Of
    /// an editor that hands out texts and takes texts nobody knows how it writes them.
    fn keeps_form(&self) -> bool {
        true
    }

    /// Saves those of these files that are open and have changes which the disk has not: commands see
    /// the disk. An entry for each, none where there is nothing to save; the error says in words why one
    /// is not saved. An editor of which nobody knows what is unsaved saves nothing.
    fn save<'a>(&'a self, paths: &'a [AbsPath]) -> BoxFuture<'a, Vec<Option<Result<(), String>>>> {
        Box::pin(async { paths.iter().map(|_| None).collect() })
    }

    /// Whether the editor can be asked to save.
    fn can_save(&self) -> bool {
        false
    }

    /// How often each open file was saved, where the editor tells of that.
    fn saves(&self) -> HashMap<AbsPath, u64> {
        HashMap::new()
    }

    /// The text with which a file that is open was saved last, with LF line ends and without byte-order
    /// mark; none where nobody knows.
    fn saved(&self, _path: &AbsPath) -> Option<SharedText> {
        None
    }

    /// The files that are known to be open.
    fn open(&self) -> Vec<AbsPath>;
}

/// An edit of an open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferWrite {
    /// The file.
    pub path: AbsPath,
    /// The text it was made from.
    pub base: Version,
    /// That text.
    pub old: SharedText,
    /// The changes, in bytes of that text with LF line ends and without byte-order mark.
    pub splices: Vec<Splice>,
    /// The text afterwards.
    pub new: SharedText,
}

/// What an editor did with an edit beside taking it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Took {
    /// What a formatter made of the text at once, with LF line ends and without byte-order mark.
    pub formatted: Option<SharedText>,
    /// Why it was not saved, where it should have been: in words.
    pub unsaved: Option<String>,
}

/// Why an editor did not take an edit, or may not have taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its text is not the one that the edit was made from; it stays as it is.
    Stale,
    /// It will not, for this reason; its text stays as it is.
    No(String),
    /// It did not say, or what it did is something else: the text is not known.
    Unknown(String),
}

/// No editor: nothing is open.
pub struct NoBuffers;

impl Buffers for NoBuffers {
    fn read<'a>(&'a self, _path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        Box::pin(async { None })
    }

    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        Box::pin(async { writes.iter().map(|_| None).collect() })
    }

    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}
