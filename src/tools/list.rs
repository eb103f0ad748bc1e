//! `list`: the entries of a folder.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::policy::{Intent, Location};
use crate::text::clean;
use crate::workspace::{Files, Kind, Listing, Rest};

pub(super) struct List(ToolSpec);

impl List {
    pub(super) fn new() -> Self {
        Self(spec(
            "list",
            "Lists a folder. Folders end in `/`, links in `@`. For files by name use `glob`.",
            &[],
            json!({"path": {"type": "string", "description": "the working folder when left out"}}),
        ))
    }
}

impl Tool for List {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let path =
                files.locate(input::optional_text(input, &["path", "file_path"])?.unwrap_or("."))?.path;
            Ok(Plan {
                title: format!("List {}", path.display_in(files.cwd())),
                intent: Intent::List { path: path.clone() },
                locations: vec![Location { path, line: None }],
            })
        })
    }

    fn run<'a>(&'a self, _input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move { Ok(Ran::Done(Output::said(shown(&access.list().await?)))) })
    }
}

/// A listing for the model.
pub(super) fn shown(listing: &Listing) -> String {
    if listing.entries.is_empty() {
        return "(the folder is empty)".into();
    }
    let mut text = String::new();
    for entry in &listing.entries {
        let mark = match entry.kind {
            Kind::Folder => "/",
            Kind::Link => "@",
            Kind::File | Kind::Other => "",
        };
        text.push_str(&format!("{}{mark}\n", clean::one_line(&entry.name.to_string_lossy())));
    }
    if listing.rest == Rest::More {
        text.push_str("(there are more; search with `glob`)\n");
    }
    text
}
