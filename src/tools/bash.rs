//! `bash`: a shell command in the workspace.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, spec};
use crate::engine::Output;
use crate::engine::access::{Access, Ended, Exit, signal_name};
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::policy::Intent;
use crate::text::clip;
use crate::workspace::Files;

pub(super) struct Bash(ToolSpec);

impl Bash {
    pub(super) fn new() -> Self {
        Self(spec(
            "bash",
            "Runs a command with bash in the working folder. No input can be given. Long output is cut in the middle; \
             the whole is in a file that is named. It ends with the command: nothing stays behind in the background.",
            &["command"],
            json!({
                "command": {"type": "string"},
                "description": {"type": "string", "description": "what it does, in a few words"},
                "timeout_ms": {"type": "integer", "description": "120000 when left out, at most 600000"},
                "workdir": {"type": "string"},
            }),
        ))
    }
}

impl Tool for Bash {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Acts
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let command = input::text(input, &["command"])?.to_owned();
            if command.trim().is_empty() {
                return Err(ToolError::new("`command` is empty"));
            }
            if command.contains('\0') {
                return Err(ToolError::new(
                    "`command` holds a NUL character, which no command line can hold; write it as the shell does, \
                     for example printf '\\0'",
                ));
            }
            let cwd = files.locate(input::optional_text(input, &["workdir", "cwd"])?.unwrap_or("."))?.path;
            let limit = input::number(input, &["timeout_ms", "timeout"])?.unwrap_or(limits::COMMAND_TIME_MS);
            let time_limit_ms = limit.clamp(1, limits::COMMAND_TIME_MS_MAX);
            let title = format!("Run {}", clip::line(&command, limits::COMMAND_TITLE_CHARS_MAX));
            Ok(Plan { title, intent: Intent::Run { command, cwd, time_limit_ms }, locations: Vec::new() })
        })
    }

    fn run<'a>(&'a self, _input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let (ended, more) = access.run().await?;
            let mut text = told(&ended);
            if let Some(more) = more {
                text.push_str(&format!("\n{more}"));
            }
            Ok(Ran::Done(Output { text, exit: Some(ended.exit.into()), ..Output::default() }))
        })
    }
}

/// What the model hears of a command's end.
fn told(ended: &Ended) -> String {
    let mut text = ended.output.text();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let seconds = ended.took.as_secs_f64();
    let how = match ended.exit {
        Exit::Code(0) if text.is_empty() => "exit code 0, no output".to_owned(),
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => match signal_name(signal) {
            Some(name) => format!("ended by signal {name} ({signal})"),
            None => format!("ended by signal {signal}"),
        },
        Exit::TimedOut => {
            "its time was over, so it was ended; give a larger timeout_ms if it needs more".to_owned()
        }
        Exit::Cancelled => "cancelled".to_owned(),
    };
    text.push_str(&format!("({how}, {seconds:.1} s)"));
    if !ended.left_behind.is_empty() {
        text.push_str(&format!(
            "\n(these were still running when the command ended, and were ended: {})",
            ended.left_behind.join("; ")
        ));
    }
    text
}
