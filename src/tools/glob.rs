//! `glob`: files by their path.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::policy::{Intent, SearchOf};
use crate::workspace::{Files, GlobQuery};

pub(super) struct Glob(ToolSpec);

impl Glob {
    pub(super) fn new() -> Self {
        Self(spec(
            "glob",
            "Finds files by path, such as `**/*.rs` or `src/*.ts`, the one changed last first, at most 100. Ignored \
             files (.gitignore) are left out.",
            &["pattern"],
            json!({
                "pattern": {"type": "string"},
                "path": {"type": "string", "description": "folder to search; the working folder when left out"},
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
            let pattern = input::text(input, &["pattern"])?.to_owned();
            let found = access.glob(&GlobQuery { pattern, max: limits::GLOB_FILES_MAX }).await?;
            if found.files.is_empty() {
                return Ok(Ran::Done(Output::said("no files match")));
            }
            let mut text: String =
                found.files.iter().map(|path| format!("{}\n", path.display_in(access.cwd()))).collect();
            if found.total > found.files.len() {
                text.push_str(&format!("({} of {}; narrow the pattern)\n", found.files.len(), found.total));
            }
            Ok(Ran::Done(Output::said(text)))
        })
    }
}
