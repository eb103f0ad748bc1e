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
use crate::text::{Change, Edit, Version, diff, ends};
use crate::workspace::{Content, FileError, Files, Side};

pub(super) struct WriteFile(ToolSpec);

impl WriteFile {
    pub(super) fn new() -> Self {
        Self(spec(
            "write",
            "Writes a whole file; folders are made as needed. For changes in a file that exists use `edit`.",
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
            input::text(input, &["content"])?;
            match place.side {
                Side::Inside => {
                    let found = files.read(&place.path).await;
                    planned(input, place.path, found, files.cwd())
                }
                Side::Outside => Ok(Plan {
                    title: format!("Read {}, to write it", place.path),
                    intent: Intent::Read { path: place.path.clone() },
                    locations: vec![Location { path: place.path, line: None }],
                }),
            }
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            match access.intent() {
                Intent::Read { path } => {
                    let found = access.look().await;
                    Ok(Ran::Needs(planned(input, path.clone(), found, access.cwd())?))
                }
                _ => {
                    access.replace().await?;
                    let lines = input::text(input, &["content"])?.lines().count();
                    Ok(Ran::Done(Output::said(format!("Written, {lines} lines."))))
                }
            }
        })
    }
}

/// An existing file keeps its line ends and its byte-order mark.
fn planned(
    input: &Value,
    path: AbsPath,
    found: Result<Content, FileError>,
    cwd: &AbsPath,
) -> Result<Plan, ToolError> {
    let content = input::text(input, &["content"])?;
    let (base, change, verb) = match found {
        Err(FileError::NotFound { .. }) => (Version::Absent, Change::Whole(content.to_owned()), "Create"),
        Err(error) => return Err(error.into()),
        Ok(found) => {
            let file = text_of(found, &path)?;
            if file.text.len() > limits::EDITED_BYTES_MAX {
                return Err(ToolError::new(format!(
                    "{path} has {} bytes, more than the {} that are replaced here; change it with a command",
                    file.text.len(),
                    limits::EDITED_BYTES_MAX
                )));
            }
            let (old, new) = (ends::lf(&file.text), ends::lf(content));
            if old == new {
                return Err(ToolError::new(format!("{} has this very text already", path.display_in(cwd))));
            }
            (file.version, Change::Splices(diff::splices(&old, &new)), "Write")
        }
    };
    Ok(Plan {
        title: format!("{verb} {}", path.display_in(cwd)),
        locations: vec![Location { path: path.clone(), line: None }],
        intent: Intent::Write { edits: vec![Edit { path, base, change }] },
    })
}
