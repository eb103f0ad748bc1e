//! `glob`: files by their path.

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
use crate::policy::{Intent, SearchOf};
use crate::text::clean;
use crate::workspace::{Files, GlobQuery, Missed, Order, Scope};

pub(super) struct Glob(ToolSpec);

impl Glob {
    pub(super) fn new() -> Self {
        Self(spec(
            "glob",
            "Finds files by path, such as `**/*.rs` or `src/*.ts`, the one changed last first, at most 100. Ignored \
             files (.gitignore) are left out, unless no_ignore is true.",
            &["pattern"],
            json!({
                "pattern": {"type": "string"},
                "path": {"type": "string", "description": "folder to search; the working folder when left out"},
                "no_ignore": {"type": "boolean"},
            }),
        ))
    }
}

impl Tool for Glob {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let pattern = input::text(input, &["pattern"])?.to_owned();
            let root = files.locate(input::optional_text(input, &["path"])?.unwrap_or("."))?.path;
            let title = format!("Find {pattern} in {}", root.display_in(files.cwd()));
            Ok(Plan {
                title,
                intent: Intent::Search { root, pattern, of: SearchOf::Names },
                locations: Vec::new(),
            })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let query = GlobQuery {
                scope: scope(input, &["pattern"], access.intent())?,
                order: Order::Newest,
                max: limits::GLOB_FILES_MAX,
            };
            let found = access.glob(&query).await?;
            if found.files.is_empty() {
                return Ok(Ran::Done(Output::said(
                    ["no files match\n", &missed(&found.missed)].concat().trim_end(),
                )));
            }
            let name = |path: &AbsPath| format!("{}\n", clean::one_line(&path.display_in(access.cwd())));
            let mut text: String = found.files.iter().map(name).collect();
            if found.total > found.files.len() {
                text.push_str(&format!("({} of {}; narrow the pattern)\n", found.files.len(), found.total));
            }
            text.push_str(&missed(&found.missed));
            Ok(Ran::Done(Output::said(text)))
        })
    }
}

/// The files that a search looks at, by a glob under one of these names.
pub(super) fn scope(input: &Value, names: &[&str], intent: &Intent) -> Result<Scope, ToolError> {
    let mut scope = match (input::optional_text(input, names)?, intent) {
        (Some(glob), Intent::Search { root, .. }) => Scope::of_glob(glob, root),
        _ => Scope::default(),
    };
    if input::yes(input, &["no_ignore"])? == Yes::Yes {
        scope.obeyed.clear();
    }
    Ok(scope)
}

/// A line about what a search could not look at; empty where it looked at everything.
pub(super) fn missed(missed: &Missed) -> String {
    let mut text = String::new();
    if missed.unreadable > 0 {
        let why = missed.why.as_deref().unwrap_or_default();
        text.push_str(&format!("({} not searched, as they cannot be read: {why})\n", missed.unreadable));
    }
    if missed.given_up {
        text.push_str("(there is more than is searched at once; name a folder in it)\n");
    }
    text
}
