//! `Found`: what the reader has found in a text: each command that can run, and what could not be understood.

use std::collections::BTreeSet;
use std::ops::Range;

use super::uses::FileUse;
use super::word::Word;
use crate::limits;

/// A folder in which a command may run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folder {
    /// This one. Not normal: a `..` is taken along, as what stands before it may be a link.
    At(String),
    /// One that is known only when it runs.
    Unknown,
}

/// What a command reads on its standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing: it is closed.
    Closed,
    /// What earlier commands of the pipe write; where they stand among the commands.
    Pipe(Range<usize>),
    /// A file, a here-document or a here-string.
    Given,
}

/// Which way a redirection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// From the file.
    In,
    /// Into the file.
    Out,
}

/// One redirection from or to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Which way.
    pub flow: Flow,
    /// The file.
    pub target: Word,
    /// The folders it counts from.
    pub folders: Vec<Folder>,
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// As it is written.
    pub source: String,
    /// The assignments before it.
    pub assigns: Vec<Word>,
    /// The program and its arguments; empty where there are assignments only.
    pub words: Vec<Word>,
    /// The folders in which it may run.
    pub folders: Vec<Folder>,
    /// What it reads.
    pub input: Input,
    /// The function in whose body it stands.
    pub within: Option<String>,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Every command that can run, in the order in which they are written.
    pub commands: Vec<Command>,
    /// Every redirection from or to a file.
    pub redirects: Vec<Redirect>,
    /// Why it cannot be known what it does, in words for the user.
    pub doubts: BTreeSet<String>,
    /// A command changes the folder, as seen from the shell that is read.
    pub moved: bool,
    /// Functions that are defined.
    pub functions: BTreeSet<String>,
    /// Texts that may be run as commands, though nothing says that they are; they only speak against it.
    pub suspects: Vec<String>,
    /// What is removed with all that is in it.
    pub removals: Vec<FileUse>,
    /// The names of the commands as they are written, for the second opinion.
    pub heads: Vec<String>,
    /// Bytes that were read, those of texts inside texts again.
    pub work: usize,
}

/// How much was found at some point.
#[derive(Debug)]
pub struct Mark {
    commands: usize,
    redirects: usize,
    suspects: usize,
    removals: usize,
    heads: usize,
    doubts: BTreeSet<String>,
}

impl Found {
    /// How much is found by now.
    pub fn mark(&self) -> Mark {
        Mark {
            commands: self.commands.len(),
            redirects: self.redirects.len(),
            suspects: self.suspects.len(),
            removals: self.removals.len(),
            heads: self.heads.len(),
            doubts: self.doubts.clone(),
        }
    }

    /// Forgets what was found since: it is read again.
    pub fn back_to(&mut self, mark: Mark) {
        self.commands.truncate(mark.commands);
        self.redirects.truncate(mark.redirects);
        self.suspects.truncate(mark.suspects);
        self.removals.truncate(mark.removals);
        self.heads.truncate(mark.heads);
        self.doubts = mark.doubts;
    }

    /// Notes why it cannot be known what the text does.
    pub fn doubt(&mut self, why: impl Into<String>) {
        if self.doubts.len() < limits::SHELL_DOUBTS_MAX {
            self.doubts.insert(why.into());
        }
    }

    /// The same, if it is so.
    pub fn doubt_if(&mut self, so: bool, why: &str) {
        if so {
            self.doubt(why);
        }
    }

    /// Notes a text that may be run.
    pub fn suspect(&mut self, text: impl Into<String>) {
        if self.suspects.len() < limits::SHELL_SUSPECTS_MAX {
            self.suspects.push(text.into());
        } else {
            self.doubt("it holds too many texts that may be commands");
        }
    }
}
