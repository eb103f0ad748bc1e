//! The built-in tools, in the order in which a model is told of them.

pub mod apply_patch;
mod bash;
pub(crate) mod edit;
mod families;
mod glob;
mod grep;
mod input;
mod list;
mod read;
mod todo;
mod write;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::ToolName;
use crate::engine::model::ToolSpec;
use crate::engine::tool::Tool;

pub use families::{FAMILIES, SPARED};

/// All built-in tools.
pub fn built_in() -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(read::Read::new()),
        Arc::new(list::List::new()),
        Arc::new(glob::Glob::new()),
        Arc::new(grep::Grep::new()),
        Arc::new(edit::EditFile::new()),
        Arc::new(write::WriteFile::new()),
        Arc::new(apply_patch::ApplyPatch::new()),
        Arc::new(bash::Bash::new()),
        Arc::new(todo::Todo::new()),
    ]
}

/// How a tool presents itself. `required` stands before `properties`, as models do best with.
fn spec(name: &str, description: &str, required: &[&str], properties: Value) -> ToolSpec {
    let schema = json!({"type": "object", "required": required, "properties": properties});
    ToolSpec { name: ToolName(name.to_owned()), description: description.to_owned(), schema }
}
