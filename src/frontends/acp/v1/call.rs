//! A tool call and its intent in the words of ACP v1: kind, places, content.

use agent_client_protocol_schema::v1 as acp;
use serde_json::{Value, json};

use super::{clip_bytes, diff};
use crate::engine::access::signal_name;
use crate::engine::preview::FileChange;
use crate::engine::{Exit, Outcome, ToolCall, ToolName};
use crate::limits;
use crate::policy::{Intent, Location};
use crate::text::{Change, clip};

/// A call that the model has asked for and that has not begun.
pub fn pending(call: &ToolCall) -> acp::ToolCall {
    acp::ToolCall::new(call.id.0.clone(), title(call))
        .name(call.tool.0.clone())
        .kind(kind_of_tool(&call.tool))
        .status(acp::ToolCallStatus::Pending)
        .raw_input(raw_input(&call.input))
}

/// What a call is about to do, for an update or a question. `changes` are the files' texts before
/// and after, where the intent is to write.
pub fn shown_intent(title: &str, intent: &Intent, changes: &[FileChange]) -> acp::ToolCallUpdateFields {
    acp::ToolCallUpdateFields::new()
        .title(clip::line(title, limits::ACP_TITLE_CHARS_MAX))
        .kind(kind(intent))
        .content(intent_content(intent, changes))
}

/// What goes back on yes: files as diffs, the rest in words.
pub fn taken_back(title: &str, changes: &[FileChange], notes: &[String]) -> acp::ToolCallUpdateFields {
    let places: Vec<Location> =
        changes.iter().map(|change| Location { path: change.path.clone(), line: None }).collect();
    let content = changes.iter().flat_map(diff::content).chain(notes.iter().map(|note| text(note)));
    acp::ToolCallUpdateFields::new()
        .title(clip::line(title, limits::ACP_TITLE_CHARS_MAX))
        .kind(acp::ToolKind::Edit)
        .status(acp::ToolCallStatus::Pending)
        .content(content.collect::<Vec<_>>())
        .locations(locations(&places))
}

/// A call that was granted and begins.
pub fn started(title: &str, intent: &Intent, changes: &[FileChange]) -> acp::ToolCallUpdateFields {
    shown_intent(title, intent, changes).status(acp::ToolCallStatus::InProgress)
}

/// The end of a call: its status, and the words to show of what it brought, if any. A command that
/// failed by its own word is a call that failed.
pub fn ended(outcome: &Outcome) -> (acp::ToolCallStatus, Option<String>) {
    match outcome {
        Outcome::Done(output) => {
            let status = match output.exit {
                Some(exit) if !exit.is_success() => acp::ToolCallStatus::Failed,
                Some(_) | None => acp::ToolCallStatus::Completed,
            };
            (status, (!output.text.is_empty()).then(|| output.text.clone()))
        }
        Outcome::Failed(why) => (acp::ToolCallStatus::Failed, Some(why.clone())),
        Outcome::Denied { reason } => (acp::ToolCallStatus::Failed, Some(reason.clone())),
        Outcome::Cancelled => (acp::ToolCallStatus::Failed, Some("Cancelled.".to_owned())),
        Outcome::Interrupted => {
            let told = "Interrupted: the program ended while this was open; it may or may not have acted.";
            (acp::ToolCallStatus::Failed, Some(told.to_owned()))
        }
    }
}

/// How the command of a call ended, where it ran one to its end.
pub fn exit(outcome: &Outcome) -> Option<Exit> {
    match outcome {
        Outcome::Done(output) => output.exit,
        Outcome::Failed(_) | Outcome::Denied { .. } | Outcome::Cancelled | Outcome::Interrupted => None,
    }
}

/// The exit of a command as raw output, for clients that read it as data.
pub fn raw_exit(exit: Exit) -> Value {
    match exit {
        Exit::Code(code) => json!({ "exitCode": code }),
        Exit::Signal(signal) => json!({ "signal": signal_word(signal) }),
        Exit::TimedOut => json!({ "timedOut": true }),
        Exit::Cancelled => json!({ "cancelled": true }),
    }
}

/// A signal by its name, or by its number where it has none.
pub fn signal_word(signal: i32) -> String {
    signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned)
}

/// Places, with lines counted from 1.
pub fn locations(places: &[Location]) -> Vec<acp::ToolCallLocation> {
    let place = |place: &Location| {
        let line = place.line.map(|line| line.saturating_add(1));
        acp::ToolCallLocation::new(place.path.as_path()).line(line)
    };
    places.iter().map(place).collect()
}

/// Words as content of a call.
pub fn text(words: &str) -> acp::ToolCallContent {
    clip_bytes(words, limits::ACP_RESULT_BYTES_MAX).into()
}

/// Output as content of a call, unchanged by clients which draw Markdown.
pub fn text_block(output: &str, language: &str) -> acp::ToolCallContent {
    let output = clip_bytes(output, limits::ACP_RESULT_BYTES_MAX);
    let fence = "`".repeat(longest_run_of_backticks(&output).max(2) + 1);
    let end = if output.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{output}{end}{fence}").into()
}

/// What kind of call a tool makes, before it has said what it means to do.
fn kind_of_tool(tool: &ToolName) -> acp::ToolKind {
    match tool.0.as_str() {
        "read" | "list" => acp::ToolKind::Read,
        "glob" | "grep" => acp::ToolKind::Search,
        "edit" | "write" | "apply_patch" => acp::ToolKind::Edit,
        "bash" => acp::ToolKind::Execute,
        "todo" => acp::ToolKind::Think,
        _ => acp::ToolKind::Other,
    }
}

fn kind(intent: &Intent) -> acp::ToolKind {
    match intent {
        Intent::Nothing => acp::ToolKind::Think,
        Intent::Read { .. } | Intent::List { .. } => acp::ToolKind::Read,
        Intent::Search { .. } => acp::ToolKind::Search,
        Intent::Write { edits } if edits.iter().all(|edit| edit.change == Change::Delete) => {
            acp::ToolKind::Delete
        }
        Intent::Write { .. } => acp::ToolKind::Edit,
        Intent::Run { .. } => acp::ToolKind::Execute,
    }
}

fn intent_content(intent: &Intent, changes: &[FileChange]) -> Vec<acp::ToolCallContent> {
    match intent {
        Intent::Nothing => Vec::new(),
        Intent::Read { path } | Intent::List { path } => vec![text(&format!("`{path}`"))],
        Intent::Search { root, pattern, .. } => vec![text(&format!("`{pattern}` in `{root}`"))],
        Intent::Write { .. } => changes.iter().flat_map(diff::content).collect(),
        Intent::Run { command, cwd, .. } => {
            vec![text_block(command, "sh"), text(&format!("in `{cwd}`"))]
        }
    }
}

/// The tool's name and the first text among its arguments.
fn title(call: &ToolCall) -> String {
    let first = match &call.input {
        Value::Object(fields) => fields.values().find_map(Value::as_str),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    };
    let title = format!("{} {}", call.tool, first.unwrap_or_default());
    clip::line(&title, limits::ACP_TITLE_CHARS_MAX)
}

/// The arguments, unless they are too long to be sent twice: the content shows what matters.
fn raw_input(input: &Value) -> Option<Value> {
    let long =
        |value: &Value| value.as_str().is_some_and(|text| text.len() > limits::ACP_RAW_INPUT_BYTES_MAX);
    let too_long = match input {
        Value::Object(fields) => fields.values().any(long),
        other => long(other),
    };
    (!too_long).then(|| input.clone())
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tool: &str, input: Value) -> acp::ToolCall {
        pending(&ToolCall::new("c1".into(), String::new(), tool.into(), input))
    }

    #[test]
    fn titles_say_what_will_happen_in_one_line() {
        let title = |tool: &str, input| call(tool, input).title;
        assert_eq!(title("bash", json!({ "command": "cargo test\n  --all" })), "bash cargo test --all");
        assert_eq!(title("read", json!({ "limit": 5, "file_path": "/w/a" })), "read /w/a");
        assert_eq!(title("todo", json!({ "todos": [] })), "todo");
        assert_eq!(title("edit", json!("{broken")), "edit");
        assert!(
            title("bash", json!({ "command": "x".repeat(9_999) })).chars().count()
                <= limits::ACP_TITLE_CHARS_MAX
        );
    }

    #[test]
    fn long_arguments_are_not_sent_twice() {
        assert!(call("write", json!({ "path": "/w/a", "content": "short" })).raw_input.is_some());
        let long = "x".repeat(limits::ACP_RAW_INPUT_BYTES_MAX + 1);
        assert_eq!(call("write", json!({ "path": "/w/a", "content": long })).raw_input, None);
        assert_eq!(call("write", json!(long)).raw_input, None);
    }

    #[test]
    fn output_stays_as_it_is_for_clients_that_draw_markdown() {
        let block =
            |output: &str| serde_json::to_value(text_block(output, "")).unwrap()["content"]["text"].clone();
        assert_eq!(block("# no heading"), "```\n# no heading\n```");
        assert_eq!(block("a\n"), "```\na\n```");
        assert_eq!(block("````\nx"), "`````\n````\nx\n`````");
        assert_eq!(block(""), "```\n\n```");
    }

    #[test]
    fn long_output_is_cut_and_says_so() {
        let shown = serde_json::to_string(&text_block(&"ä".repeat(100_000), "")).unwrap();
        assert!(
            shown.len() < limits::ACP_RESULT_BYTES_MAX + 200 && shown.contains("(134464 more bytes)"),
            "{}",
            shown.len()
        );
    }
}
