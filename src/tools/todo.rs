//! `todo`: the plan that the user sees.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::spec;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::engine::{Output, TodoItem, TodoStatus};
use crate::limits;
use crate::policy::Intent;
use crate::workspace::Files;

pub(super) struct Todo(ToolSpec);

impl Todo {
    pub(super) fn new() -> Self {
        Self(spec(
            "todo",
            "Replaces the list of what is to be done, which the user sees. Use it for work of several steps.",
            &["todos"],
            json!({"todos": {"type": "array", "items": {
                "type": "object",
                "required": ["content", "status"],
                "properties": {
                    "content": {"type": "string"},
                    "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
                },
            }}}),
        ))
    }
}

impl Tool for Todo {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Acts
    }

    fn plan<'a>(&'a self, input: &'a Value, _files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            items(input)?;
            Ok(Plan { title: "Plan".into(), intent: Intent::Nothing, locations: Vec::new() })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let items = items(input)?;
            let open = items.iter().filter(|item| item.status != TodoStatus::Completed).count();
            access.todo(items)?;
            Ok(Ran::Done(Output::said(format!("The list is kept; {open} open."))))
        })
    }
}

fn items(input: &Value) -> Result<Vec<TodoItem>, ToolError> {
    let example = r#"such as {"todos": [{"content": "write the test", "status": "pending"}]}"#;
    let list = input.get("todos").and_then(Value::as_array);
    let list = list.ok_or_else(|| ToolError::new(format!("`todos` must be a list, {example}")))?;
    if list.len() > limits::TODO_ITEMS_MAX {
        return Err(ToolError::new(format!("at most {} items; join some", limits::TODO_ITEMS_MAX)));
    }
    list.iter()
        .map(|item| {
            serde_json::from_value(item.clone())
                .map_err(|error| ToolError::new(format!("an item is wrong: {error}; {example}")))
        })
        .collect()
}
