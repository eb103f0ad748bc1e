//! What a call leaves beside its output: texts that the model saw, words it must hear, edits to be made
//! anew.

use std::collections::HashMap;

use super::event::{Output, Portion, Seen};
use super::preview::FileChange;
use super::rebase::Rebased;
use crate::path::AbsPath;
use crate::text::Version;
use crate::workspace::Shown;

/// Kept while a call runs, by its accesses and its engine.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// What the model learned of files.
    pub seen: Vec<Seen>,
    /// Files that it was shown lines of by a search.
    pub found: Vec<AbsPath>,
    /// What it must be told, whatever the tool says.
    pub notes: Vec<String>,
    /// What the granted edits became, because their files had changed: nothing was written.
    pub rebased: Option<Rebased>,
    /// What the call has written.
    pub written: Option<Vec<FileChange>>,
    /// The texts that edits were made from at first, where they were made anew.
    pub first_bases: HashMap<AbsPath, Version>,
}

/// Which lines a part had is not kept.
impl From<Portion> for Shown {
    fn from(portion: Portion) -> Self {
        match portion {
            Portion::Whole => Self::Whole,
            Portion::Part => Self::Lines(Vec::new()),
        }
    }
}

impl Traces {
    /// The output with what the engine adds to it.
    pub fn into_output(self, output: Output) -> Output {
        let said = (!output.text.is_empty()).then_some(output.text);
        let text = said.into_iter().chain(self.notes).collect::<Vec<_>>().join("\n\n");
        Output { text, seen: self.seen, found: self.found, ..output }
    }
}
