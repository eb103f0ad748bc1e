//! The built-in tools, in the order in which a model is told of them.

mod bash;
pub(crate) mod edit;
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

/// All built-in tools.
pub fn built_in() -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(read::Read::new()),
        Arc::new(list::List::new()),
        Arc::new(glob::Glob::new()),
        Arc::new(grep::Grep::new()),
        Arc::new(edit::EditFile::new()),
        Arc::new(write::WriteFile::new()),
        Arc::new(bash::Bash::new()),
        Arc::new(todo::Todo::new()),
    ]
}

/// How a tool presents itself. `required` stands before `properties`, as models do best with.
fn spec(name: &str, description: &str, required: &[&str], properties: Value) -> ToolSpec {
    let schema = json!({"type": "object", "required": required, "properties": properties});
    ToolSpec { name: ToolName(name.to_owned()), description: description.to_owned(), schema }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_are_short_to_tell() {
        let told: usize = built_in()
            .iter()
            .map(|tool| tool.spec().description.len() + tool.spec().schema.to_string().len())
            .sum();
        assert!(told < 6_000, "{told} bytes");
    }
}
