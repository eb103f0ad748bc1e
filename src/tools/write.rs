//! `write`: a whole file, new or in the place of the old one.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::edit::text_of;
use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Intent, Location};
use crate::text::replace::placeholder;
use crate::text::{Change, Edit, SharedText, Version, diff, ends};
use crate::workspace::{FileError, Files, Shown, Side};

/// The tool.
///
/// It takes the place of a whole text, so the model must know that text: it was given it by `read`, or
/// wrote it. Otherwise what it never saw, such as what the user wrote a minute ago, would be gone.
pub(super) struct WriteFile(ToolSpec);

impl WriteFile {
    pub(super) fn new() -> Self {
        Self(spec(
            "write",
            "Writes a whole file; folders are made as needed. A file that is there must have been read before, as it \
             is now. For changes in a file that exists use `edit`.",
            &["file_path", "content"],
            json!({"file_path": {"type": "string"}, "content": {"type": "string"}}),
        ))
    }
}

impl Tool for WriteFile {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Acts
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let place = files.locate(input::text(input, &["file_path", "path"])?)?;
            let content = input::text(input, &["content"])?;
            let known = match place.side {
                Side::Inside => inside(&place.path, files).await?,
                Side::Withheld | Side::Never | Side::Outside => unseen(&place.path, files)?,
            };
            planned(content, place.path, known, files.cwd())
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            access.replace().await?;
            let lines = input::text(input, &["content"])?.lines().count();
            Ok(Ran::Done(Output::said(format!("Written, {lines} lines."))))
        })
    }
}

/// A text that the model knows, with LF line ends and without byte-order mark.
struct Known {
    text: SharedText,
    version: Version,
}

/// The file's present text, which the model must have seen; none where no file is.
async fn inside(path: &AbsPath, files: &Files) -> Result<Option<Known>, ToolError> {
    let file = match files.read(path).await {
        Err(FileError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
        Ok(found) => text_of(found, path)?,
    };
    let shown = path.display_in(files.cwd());
    match files.views().of(path) {
        Some(view) if view.version == file.version => match view.shown {
            Shown::Whole => Ok(Some(Known { text: file.text.shared_lf(), version: file.version })),
            Shown::Lines(_) => Err(in_part(&shown)),
        },
        Some(_) => Err(ToolError::new(format!(
            "nothing was written: {shown} has changed since you saw it. Read it again; then write it, with what \
             has changed, or use `edit`"
        ))),
        None => Err(ToolError::new(format!(
            "nothing was written: {shown} is there already, and you have not read it. Read it first; then write \
             it, or use `edit`"
        ))),
    }
}

/// The text that the model was given: what lies outside, or is withheld, is not looked at before the user
/// has said yes to that. Whether it still stands there, or nothing does, the write itself finds out.
fn unseen(path: &AbsPath, files: &Files) -> Result<Option<Known>, ToolError> {
    let Some(view) = files.views().of(path) else { return Ok(None) };
    match (view.version, view.text) {
        (Version::Absent, _) => Ok(None),
        (Version::Text(_), _) if view.shown != Shown::Whole => Err(in_part(&path.to_string())),
        (version @ Version::Text(_), Some(text)) => Ok(Some(Known { text, version })),
        (Version::Text(_), None) => Err(ToolError::new(format!(
            "nothing was written: {path} was read too long ago. Read it again, then write it"
        ))),
    }
}

fn in_part(shown: &str) -> ToolError {
    ToolError::new(format!(
        "nothing was written: you have read only a part of {shown}, and what you have not seen would be gone. Read \
         the rest first, or use `edit`"
    ))
}

/// An existing file keeps its line ends and its byte-order mark.
fn planned(content: &str, path: AbsPath, known: Option<Known>, cwd: &AbsPath) -> Result<Plan, ToolError> {
    let (base, change, verb) = match known {
        None => (Version::Absent, Change::Whole(content.to_owned()), "Create"),
        Some(old) => {
            if old.text.len() > limits::EDITED_BYTES_MAX {
                return Err(ToolError::new(format!(
                    "{path} has {} bytes, more than the {} that are replaced here; change it with a command",
                    old.text.len(),
                    limits::EDITED_BYTES_MAX
                )));
            }
            let new = ends::lf(content);
            if let Some(line) = placeholder::find(&old.text, &new) {
                return Err(ToolError::new(format!(
                    "nothing was written: `{line}` stands for text that you have left out, and `write` replaces all \
                     there is. Write the file as a whole, or use `edit`"
                )));
            }
            if *old.text == *new {
                return Err(ToolError::new(format!("{} has this very text already", path.display_in(cwd))));
            }
            (old.version, Change::Splices(diff::splices(&old.text, &new)), "Write")
        }
    };
    Ok(Plan {
        title: format!("{verb} {}", path.display_in(cwd)),
        locations: vec![Location { path: path.clone(), line: None }],
        intent: Intent::Write { edits: vec![Edit { path, base, change }] },
    })
}
