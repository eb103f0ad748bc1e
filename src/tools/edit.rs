//! `edit`: an exact replacement in one file.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::input::{self, Yes};
use super::spec;
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Intent, Location};
use crate::text::find::{self, Hits};
use crate::text::{Change, Edit, ends};
use crate::workspace::{Content, Files, Side, TextFile};

pub(super) struct EditFile(ToolSpec);

impl EditFile {
    pub(super) fn new() -> Self {
        Self(spec(
            "edit",
            "Replaces text in a file. old_string must stand in the file exactly once, copied exactly, without line \
             numbers; quote enough lines around it. With replace_all every occurrence is replaced.",
            &["file_path", "old_string", "new_string"],
            json!({
                "file_path": {"type": "string"},
                "old_string": {"type": "string"},
                "new_string": {"type": "string"},
                "replace_all": {"type": "boolean"},
            }),
        ))
    }
}

impl Tool for EditFile {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Acts
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let place = files.locate(input::text(input, &["file_path", "path"])?)?;
            match place.side {
                Side::Inside => {
                    let content = files.read(&place.path).await?;
                    planned(input, place.path, content, files.cwd())
                }
                // What lies outside may not be looked at before the user has said yes to that.
                Side::Outside => Ok(Plan {
                    title: format!("Read {}, to edit it", place.path),
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
                    let content = access.read().await?;
                    Ok(Ran::Needs(planned(input, path.clone(), content, access.cwd())?))
                }
                _ => {
                    access.write().await?;
                    let after =
                        access.changes().into_iter().find_map(|change| change.new).unwrap_or_default();
                    Ok(Ran::Done(Output::said(answer(input, &after)?)))
                }
            }
        })
    }
}

fn planned(input: &Value, path: AbsPath, content: Content, cwd: &AbsPath) -> Result<Plan, ToolError> {
    let file = text_of(content, &path)?;
    if file.text.len() > limits::EDITED_BYTES_MAX {
        return Err(ToolError::new(format!(
            "{path} has {} bytes, more than the {} that are edited here; change it with a command",
            file.text.len(),
            limits::EDITED_BYTES_MAX
        )));
    }
    let (old, new) = (input::text(input, &["old_string"])?, input::text(input, &["new_string"])?);
    let hits = match input::yes(input, &["replace_all"])? {
        Yes::Yes => Hits::All,
        Yes::No => Hits::One,
    };
    let view = ends::lf(&file.text);
    let splices =
        find::replacements(&view, old, new, hits).map_err(|error| ToolError::new(error.to_string()))?;
    if splices.len() > limits::REPLACEMENTS_MAX {
        return Err(ToolError::new(format!(
            "old_string occurs {} times, more than the {} that are replaced at once; change it with a command",
            splices.len(),
            limits::REPLACEMENTS_MAX
        )));
    }
    let first = splices.first().map_or(0, |splice| find::line_of(&view, splice.start) - 1);
    Ok(Plan {
        title: format!("Edit {}", path.display_in(cwd)),
        locations: vec![Location { path: path.clone(), line: u32::try_from(first).ok() }],
        intent: Intent::Write {
            edits: vec![Edit { path, base: file.version, change: Change::Splices(splices) }],
        },
    })
}

/// The text of a file, or why it cannot be edited.
pub(super) fn text_of(content: Content, path: &AbsPath) -> Result<TextFile, ToolError> {
    match content {
        Content::Text(file) => Ok(file),
        Content::Binary { kind, .. } => Err(ToolError::new(format!("{path} cannot be edited: it is {kind}"))),
    }
}

/// Says what was done, with the lines as they are now.
fn answer(input: &Value, after: &str) -> Result<String, ToolError> {
    let new = input::text(input, &["new_string"])?.replace("\r\n", "\n");
    let places: Vec<usize> =
        if new.is_empty() { Vec::new() } else { after.match_indices(&new).map(|(at, _)| at).collect() };
    let Some(first) = places.first() else { return Ok("Edited.".into()) };
    let line = find::line_of(after, *first);
    let count = new.lines().count().max(1);
    let from = line.saturating_sub(limits::EDIT_CONTEXT_LINES).max(1);
    let shown = after.lines().zip(1usize..).skip(from - 1).take(count + 2 * limits::EDIT_CONTEXT_LINES);
    let lines: Vec<String> =
        shown.take(limits::EDIT_SHOWN_LINES_MAX).map(|(text, number)| format!("{number}\t{text}")).collect();
    Ok(format!("Edited. It reads now:\n{}", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::file;

    #[test]
    fn plans_splices_on_the_lf_view() {
        let path = AbsPath::new("/w/a").unwrap();
        let content = file::decode(b"one\r\ntwo\r\n".to_vec());
        let input = json!({"file_path": "a", "old_string": "two", "new_string": "2"});
        let plan = planned(&input, path.clone(), content, &AbsPath::new("/w").unwrap()).unwrap();
        let Intent::Write { edits } = plan.intent else { panic!() };
        let Change::Splices(splices) = &edits[0].change else { panic!() };
        assert_eq!(crate::text::spliced("one\ntwo\n", splices), "one\n2\n");
        assert_eq!(plan.locations, [Location { path, line: Some(1) }]);
        assert_eq!(answer(&input, "one\n2\n").unwrap(), "Edited. It reads now:\n1\tone\n2\t2");
    }
}
