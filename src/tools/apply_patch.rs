//! `apply_patch`: changes of several files in one patch, all or none.

mod fault;
mod tree;

use std::collections::HashMap;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::preview::FileChange;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Intent, Location};
use crate::text::patch::{self, Chunk, Fate, Repair, Section};
use crate::text::replace::placeholder;
use crate::text::{Change, Edit, SharedText};
use crate::workspace::Files;

pub use fault::{Fault, FaultKind};

const DESCRIPTION: &str = "\
Changes, adds, deletes and moves files by one patch: all of it, or nothing. The patch:
*** Begin Patch
*** Add File: path
+each line of the new file
*** Update File: path
*** Move to: new path (only to move it)
@@ class or function above the change, as its line stands in the file (or a bare @@)
 context line, with a blank before it
-line that goes
+line that comes
*** Delete File: path
*** End Patch
Quote about three lines of context before and after a change, copied from the file; when they stand in several \
places name the class or function behind @@. Changes of one file come in the order of the file. \
`*** End of File` behind a change ties it to the end. Read a file before you delete, move or replace it.";

/// The tool.
///
/// A patch never touches what the model does not know. Whoever deletes or moves a file, or adds lines
/// without quoting any, must have seen its present text: a patch does not show that they did. An
/// update that quotes lines letter for letter, in one place only, is let through for a file that was
/// not read, as `edit` does it: the quote is the proof, found for example by `grep`; a loose quote is
/// none. What lies outside the workspace is not looked at before the user allowed that, so a patch
/// there is made on the text that the model was given by `read`, and asked like any other write.
pub(super) struct ApplyPatch(ToolSpec);

impl ApplyPatch {
    pub(super) fn new() -> Self {
        Self(spec("apply_patch", DESCRIPTION, &["input"], json!({"input": {"type": "string"}})))
    }
}

impl Tool for ApplyPatch {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Acts
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let edits = planned(patch_of(input)?, files).await?;
            let locations = edits.iter().map(|edit| location(edit, files));
            Ok(Plan {
                title: title(&edits, files.cwd()),
                locations: locations.collect(),
                intent: Intent::Write { edits },
            })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            access.write().await?;
            let sections = patch::parse(patch_of(input)?).map_err(Fault::from)?;
            let mut lines = vec!["Applied:".to_owned()];
            lines.extend(sections.iter().filter_map(|section| summary(section, &sections, &access)));
            lines.extend(repaired(&sections, access.changes(), access.cwd()));
            Ok(Ran::Done(Output::said(lines.join("\n"))))
        })
    }
}

fn patch_of(input: &Value) -> Result<&str, ToolError> {
    input::text(input, &["input", "patch", "patchText", "patch_text"])
}

/// The edits that a patch means, one a file; none of them is made.
pub async fn planned(patch: &str, files: &Files) -> Result<Vec<Edit>, Fault> {
    let sections = patch::parse(patch)?;
    let mut tree = tree::Tree::new(files);
    for section in sections {
        if let Section::Update { path, chunks, .. } = &section {
            chunks.iter().try_for_each(|chunk| whole(path, chunk))?;
        }
        tree.take(section).await?;
    }
    tree.edits()
}

/// What is written is written in full.
fn whole(path: &str, chunk: &Chunk) -> Result<(), Fault> {
    let text = |without: Fate| {
        let lines = chunk.lines.iter().filter(|line| line.fate != without);
        lines.map(|line| format!("{}\n", line.text)).collect::<String>()
    };
    let (old, new) = (text(Fate::Added), text(Fate::Removed));
    match placeholder::find(&old, &new) {
        None => Ok(()),
        Some(line) => Err(Fault::new(
            FaultKind::Placeholder,
            format!(
                "the patch was not applied: `{line}` in the change of {path} stands for text that you have left out, \
                 and it would be written as it is. Write the lines in full, or leave them out of the patch: what it \
                 does not name stays"
            ),
        )),
    }
}

fn title(edits: &[Edit], cwd: &AbsPath) -> String {
    let moved_from = |path: &AbsPath| {
        edits.iter().any(|edit| matches!(&edit.change, Change::Moved { from, .. } if from == path))
    };
    let parts: Vec<String> = edits
        .iter()
        .filter(|edit| edit.change != Change::Delete || !moved_from(&edit.path))
        .map(|edit| {
            let path = edit.path.display_in(cwd);
            match &edit.change {
                Change::Splices(_) => format!("edit {path}"),
                Change::Whole(_) => format!("create {path}"),
                Change::Moved { from, .. } => format!("move {} to {path}", from.display_in(cwd)),
                Change::Delete => format!("delete {path}"),
            }
        })
        .collect();
    let more = match parts.len().saturating_sub(limits::PATCH_TITLE_FILES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = parts[..parts.len().min(limits::PATCH_TITLE_FILES_MAX)].join(", ") + &more;
    title[..1].to_uppercase() + &title[1..]
}

fn location(edit: &Edit, files: &Files) -> Location {
    let first = match &edit.change {
        Change::Splices(splices) => splices.first().map(|splice| splice.start),
        Change::Whole(_) | Change::Moved { .. } | Change::Delete => None,
    };
    let view = files.views().of(&edit.path).filter(|view| view.version == edit.base);
    let line = first.and_then(|start| {
        let text = view?.text?;
        u32::try_from(text.get(..start)?.matches('\n').count()).ok()
    });
    Location { path: edit.path.clone(), line }
}

/// A section as one line, in the form that models know; none where the user left the file as it is.
fn summary(section: &Section, all: &[Section], access: &Access<'_>) -> Option<String> {
    Some(match section {
        Section::Add { path, .. } => format!("A {path}"),
        Section::Delete { path } => match instead_of_deletion(path, all, access) {
            Instead::Nothing => format!("D {path}"),
            Instead::Change => format!("M {path}"),
            Instead::Left => return None,
        },
        Section::Update { path, to: None, .. } => format!("M {path}"),
        Section::Update { path, to: Some(to), .. } => format!("M {to} (moved from {path})"),
    })
}

/// What the user wanted in the place of a file's deletion.
enum Instead {
    /// It is deleted.
    Nothing,
    /// It stays, with another text.
    Change,
    /// It stays as it is.
    Left,
}

fn instead_of_deletion(path: &str, all: &[Section], access: &Access<'_>) -> Instead {
    let made_anew = all.iter().any(|section| match section {
        Section::Add { path: added, .. } => added == path,
        Section::Update { to, .. } => to.as_deref() == Some(path),
        Section::Delete { .. } => false,
    });
    let (Intent::Write { edits }, Ok(place), false) = (access.intent(), access.cwd().join(path), made_anew)
    else {
        return Instead::Nothing;
    };
    match edits.iter().find(|edit| edit.path == place) {
        Some(edit) if edit.change == Change::Delete => Instead::Nothing,
        Some(_) => Instead::Change,
        None => Instead::Left,
    }
}

/// What was quoted loosely, computed once more from the texts that the patch was made on.
fn repaired(sections: &[Section], changes: Vec<FileChange>, cwd: &AbsPath) -> Vec<String> {
    let mut texts: HashMap<AbsPath, SharedText> =
        changes.into_iter().filter_map(|change| Some((change.path, change.old?))).collect();
    let mut notes = Vec::new();
    for section in sections {
        let Section::Update { path, to, chunks } = section else { continue };
        let Ok(place) = cwd.join(path) else { continue };
        let Some(text) = texts.remove(&place) else { continue };
        let Ok(applied) = patch::apply(&text, chunks) else { continue };
        notes.extend(applied.repairs.iter().map(|repair| note(path, repair)));
        let place = to.as_ref().and_then(|to| cwd.join(to).ok()).unwrap_or(place);
        texts.insert(place, text.spliced(&applied.splices));
    }
    notes
}

fn note(path: &str, repair: &Repair) -> String {
    let lines = match repair.count {
        1 => format!("line {}", repair.line),
        count => format!("lines {} to {}", repair.line, repair.line + count - 1),
    };
    format!(
        "Note: {path}, {lines} as it was before: found without regard to {}. What the patch keeps is unchanged.",
        repair.rung.overlooks()
    )
}

#[cfg(test)]
mod tests;
