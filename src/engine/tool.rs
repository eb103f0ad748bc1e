//! The seam to tools: a tool plans (looks, and says what it means to do), then runs with the access
//! that was granted, and can do that and nothing else.

use futures::future::BoxFuture;
use serde_json::Value;

use super::access::Access;
use super::event::Output;
use super::model::ToolSpec;
use crate::policy::{Intent, Location};
use crate::workspace::Files;

/// Something the model may use.
pub trait Tool: Send + Sync {
    /// How it presents itself to the model.
    fn spec(&self) -> &ToolSpec;

    /// Whether its calls leave the world as it was; such calls of one step run together.
    fn effect(&self) -> Effect;

    /// Looks at the input and at the files, and says what the call means to do. Touches nothing.
    /// `files` reads only what may be read without a question.
    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>>;

    /// Does what was granted, through `access`.
    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>>;
}

/// What a tool's calls do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// They look only.
    Reads,
    /// They may change something; one after another.
    Acts,
}

/// What one call means to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One line for a person: a verb and its object.
    pub title: String,
    /// What will be done.
    pub intent: Intent,
    /// Where, for editors that follow along.
    pub locations: Vec<Location>,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ran {
    /// The call is done.
    Done(Output),
    /// This is needed too; once it is granted, the tool runs again with an access to it.
    Needs(Plan),
}

/// Why a call failed, in words for the model: what was wrong, what is allowed, how to go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolError(pub String);

impl ToolError {
    /// An error with these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}
