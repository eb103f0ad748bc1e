//! Patches in the form of `apply_patch`: an envelope of sections, each about one file.
//!
//! Reading one (`parse`) and applying its chunks to a text (`apply`) know no files. What is changed
//! are the lines that begin with `+` and `-`; a line of context is looked for and never written, so
//! the file's own blanks and characters stay where the patch quotes them loosely.

mod apply;
mod blocks;
mod indent;
mod locate;
mod nearest;
mod page;
mod parse;
mod rung;

pub use apply::{Applied, Proof, Repair, apply};
pub use locate::{Mismatch, Missing};
pub use parse::{ParseError, parse};
pub use rung::Rung;

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// A file that is not there yet.
    Add {
        /// Its path, as written.
        path: String,
        /// Its text; each line has its line feed.
        text: String,
    },
    /// The file goes.
    Delete {
        /// Its path, as written.
        path: String,
    },
    /// Parts of the file change.
    Update {
        /// Its path, as written.
        path: String,
        /// Where it is to stand afterwards, where that is elsewhere.
        to: Option<String>,
        /// The changes, in the order of the file.
        chunks: Vec<Chunk>,
    },
}

/// One change at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its first line in the patch, counted from 1.
    pub number: usize,
    /// Lines of the file behind which the place lies, from the outside in (`@@ class A`).
    pub heads: Vec<String>,
    /// What stands there and what is to.
    pub lines: Vec<Line>,
    /// Where in the file it may be.
    pub reach: Reach,
}

/// A line of a chunk, without its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub fate: Fate,
    /// Its text.
    pub text: String,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stands there and stays.
    Kept,
    /// It stands there and goes.
    Removed,
    /// It comes.
    Added,
}

/// Where in the file a chunk may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Wherever its lines are.
    Anywhere,
    /// With its last line at the end of the file.
    EndOfFile,
}
