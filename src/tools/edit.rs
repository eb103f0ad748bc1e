//! `edit`: replacements in one file, all or none.

mod told;
mod wanted;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::rebase;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Intent, Location};
use crate::text::replace::{self, Failed, Replacement, Series};
use crate::text::{Change, Edit, Splice};
use crate::workspace::{Content, Files, Side, TextFile, Views};

pub(super) struct EditFile(ToolSpec);

impl EditFile {
    pub(super) fn new() -> Self {
        let text = json!({"type": "string"});
        let yes = json!({"type": "boolean"});
        let further = json!({
            "type": "object",
            "required": ["old_string", "new_string"],
            "properties": {"old_string": text, "new_string": text, "replace_all": yes},
        });
        Self(spec(
            "edit",
            "Replaces text in a file. old_string must stand in the file exactly once, copied exactly, without line \
             numbers; quote enough lines around it. With replace_all every occurrence is replaced. new_string is the \
             whole text that is to stand there: leave nothing out. For several changes of one file use `edits`.",
            &["file_path", "old_string", "new_string"],
            json!({
                "file_path": text,
                "old_string": text,
                "new_string": text,
                "replace_all": yes,
                "edits": {
                    "type": "array",
                    "items": further,
                    "description": "further replacements in this file, each in the text that those before it left; \
                                    when one fails none is made",
                },
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
            let wanted = wanted::read(input)?;
            match place.side {
                Side::Inside => {
                    let file = text_of(files.read(&place.path).await?, &place.path)?;
                    let target = Target { path: &place.path, file, cwd: files.cwd(), views: files.views() };
                    target.planned(wanted).await
                }
                // This may not be looked at before a rule or the user has said yes to that.
                Side::Withheld | Side::Never | Side::Outside => Ok(Plan {
                    title: format!("Read {}, to edit it", place.path),
                    intent: Intent::Read { path: place.path.clone() },
                    locations: vec![Location { path: place.path, line: None }],
                }),
            }
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let wanted = wanted::read(input)?;
            match access.intent() {
                Intent::Read { path } => {
                    let file = text_of(access.read().await?, path)?;
                    let target = Target { path, file, cwd: access.cwd(), views: access.views() };
                    Ok(Ran::Needs(target.planned(wanted).await?))
                }
                Intent::Write { edits } => {
                    access.write().await?;
                    let splices = edits.iter().find_map(|edit| match &edit.change {
                        Change::Splices(splices) => Some(splices.clone()),
                        Change::Whole(_) | Change::Moved { .. } | Change::Delete => None,
                    });
                    let (splices, change) =
                        (splices.unwrap_or_default(), access.changes().into_iter().next());
                    let (old, new) = change.map_or((None, None), |change| (change.old, change.new));
                    let told = apart(move || {
                        let (old, new) =
                            (old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default());
                        told::answer(&wanted, &splices, old, new)
                    });
                    let told = told.await?;
                    Ok(Ran::Done(Output::said(told)))
                }
                other => Err(ToolError::new(format!("a fault in Quillon: `edit` was granted {other:?}"))),
            }
        })
    }
}

/// A file that may be looked at, and what the model has seen of it.
struct Target<'a> {
    path: &'a AbsPath,
    file: TextFile,
    cwd: &'a AbsPath,
    views: &'a Views,
}

impl Target<'_> {
    /// The plan for these replacements: in the text that stands there, or carried over from the one that
    /// the model saw.
    async fn planned(self, wanted: Vec<Replacement>) -> Result<Plan, ToolError> {
        if self.file.text.len() > limits::EDITED_BYTES_MAX {
            return Err(ToolError::new(format!(
                "{} has {} bytes, more than the {} that are edited here; change it with a command",
                self.path,
                self.file.text.len(),
                limits::EDITED_BYTES_MAX
            )));
        }
        let failed = match self.direct(wanted.clone()).await? {
            Ok(plan) => return Ok(plan),
            Err(failed) => failed,
        };
        if let Some(plan) = self.carried(wanted).await? {
            return Ok(plan);
        }
        let failures = self.views.failed(self.path);
        let seen = self.views.of(self.path).map(|view| view.version);
        let seen = told::Seen::new(seen, self.file.version, failures);
        Err(told::refusal(&failed, &self.file.text.lf(), seen))
    }

    /// The plan for replacements in the text that stands there, or why there is none.
    async fn direct(&self, wanted: Vec<Replacement>) -> Result<Result<Plan, Failed>, ToolError> {
        let file = self.file.clone();
        let made = apart(move || -> Result<(Series, usize), Failed> {
            let view = file.text.lf();
            let series = replace::replace_each(&view, &wanted)?;
            let line = series.splices.first().map_or(0, |splice| replace::line_of(&view, splice.start) - 1);
            Ok((series, line))
        });
        Ok(made.await?.map(|(series, line)| self.plan(series.splices, line)))
    }

    /// The plan for replacements that fit the text which the model saw last, carried over to the one that
    /// stands there now. None where it saw no other text, or they do not fit that either; an error where
    /// the user has changed the same lines.
    async fn carried(&self, wanted: Vec<Replacement>) -> Result<Option<Plan>, ToolError> {
        let seen = self.views.of(self.path).filter(|view| view.version != self.file.version);
        let Some(seen) = seen.and_then(|view| view.text) else { return Ok(None) };
        let (name, present) = (self.path.display_in(self.cwd), self.file.text.clone());
        let carry = move || -> Result<Option<(Vec<Splice>, usize)>, ToolError> {
            let present = present.lf();
            let Ok(series) = replace::replace_each(&seen, &wanted) else { return Ok(None) };
            let splices = rebase::carried_over(&name, &seen, &series.splices, &present)?;
            let line = splices.first().map_or(0, |splice| replace::line_of(&present, splice.start) - 1);
            Ok(Some((splices, line)))
        };
        let Some((splices, line)) = apart(carry).await?? else { return Ok(None) };
        if splices.is_empty() {
            return Err(ToolError::new(format!(
                "{} has changed since you saw it, and what this edit would bring stands there already",
                self.path.display_in(self.cwd)
            )));
        }
        Ok(Some(self.plan(splices, line)))
    }

    fn plan(&self, splices: Vec<Splice>, line: usize) -> Plan {
        let (path, change) = (self.path.clone(), Change::Splices(splices));
        Plan {
            title: format!("Edit {}", path.display_in(self.cwd)),
            locations: vec![Location { path: path.clone(), line: u32::try_from(line).ok() }],
            intent: Intent::Write { edits: vec![Edit { path, base: self.file.version, change }] },
        }
    }
}

/// What a call with this input makes of a file.
#[cfg(any(test, feature = "cases"))]
pub(crate) fn tried(input: &Value, file: &TextFile) -> Result<Result<Series, Failed>, ToolError> {
    Ok(replace::replace_each(&file.text.lf(), &wanted::read(input)?))
}

/// Runs what may take a while on a thread for it.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ToolError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        Err(_) => Err(ToolError::new("the program is ending")),
    }
}

/// The text of a file, or why it cannot be edited.
pub(super) fn text_of(content: Content, path: &AbsPath) -> Result<TextFile, ToolError> {
    match content {
        Content::Text(file) => Ok(file),
        Content::Binary { kind, .. } => Err(ToolError::new(format!("{path} cannot be edited: it is {kind}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::workspace::NoBuffers;

    /// The words with which an edit of a file with these bytes is refused; of none, where no file is.
    async fn refused(bytes: Option<&[u8]>, file: &str, input: Value) -> String {
        let folder = tempfile::tempdir().unwrap();
        let root = AbsPath::new(folder.path()).unwrap();
        let files = Files::new(root.clone(), vec![root], Arc::new(NoBuffers));
        if let Some(bytes) = bytes {
            #[allow(clippy::disallowed_methods, reason = "a test prepares a file")]
            std::fs::write(folder.path().join("a.txt"), bytes).unwrap();
        }
        let mut input = input;
        input["file_path"] = file.into();
        EditFile::new().plan(&input, &files).await.unwrap_err().0
    }

    #[tokio::test]
    async fn what_cannot_be_edited_is_told_before_anything_is_asked() {
        let edit = json!({"old_string": "a", "new_string": "b"});
        let check = async |bytes, file, input: &Value, expected: &str| {
            let told = refused(bytes, file, input.clone()).await;
            assert!(told.contains(expected), "{told}");
        };
        check(Some(&b"a\0b"[..]), "a.txt", &edit, "cannot be edited: it is binary").await;
        check(Some(b""), ".", &edit, "is a folder").await;
        check(Some(b"a"), "b.txt", &edit, "does not exist; there is a.txt").await;
        check(None, "", &edit, "the path is empty").await;
        check(Some(b"a"), "a.txt", &json!({"old_string": "a"}), "`new_string` is missing").await;
        check(Some(b"a"), "a.txt", &json!({"old_string": "", "new_string": "b"}), "old_string is empty")
            .await;
        let large = vec![b'a'; limits::EDITED_BYTES_MAX + 1];
        check(Some(&large), "a.txt", &edit, "more than the").await;
    }
}
