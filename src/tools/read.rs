//! `read`: a file in numbered lines, a part at a time; a folder's entries.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, list, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::policy::{Intent, Location};
use crate::workspace::{Content, Files};

pub(super) struct Read(ToolSpec);

impl Read {
    pub(super) fn new() -> Self {
        Self(spec(
            "read",
            "Reads a file, with the user's unsaved changes. Gives lines as `N<tab>text`, counted from 1, at most \
             2000 at once; the last line says how to go on. Of a folder it gives the entries.",
            &["file_path"],
            json!({
                "file_path": {"type": "string"},
                "offset": {"type": "integer", "description": "first line, counted from 1"},
                "limit": {"type": "integer", "description": "how many lines"},
            }),
        ))
    }
}

impl Tool for Read {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let path = files.locate(input::text(input, &["file_path", "path"])?)?.path;
            let first = input::number(input, &["offset"])?;
            input::number(input, &["limit"])?;
            let line = first.and_then(|line| u32::try_from(line.saturating_sub(1)).ok());
            Ok(Plan {
                title: format!("Read {}", path.display_in(files.cwd())),
                intent: Intent::Read { path: path.clone() },
                locations: vec![Location { path, line }],
            })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            if let Ok(listing) = access.list().await {
                return Ok(Ran::Done(Output::said(list::shown(&listing))));
            }
            let first = input::number(input, &["offset"])?.unwrap_or(1).max(1);
            let limit = input::number(input, &["limit"])?.unwrap_or(u64::MAX).max(1);
            let text = match access.show().await? {
                Content::Text(file) => lines(&file.text, first, limit)?,
                Content::Binary { kind, len } => {
                    return Err(ToolError::new(format!("this is no text but: {kind}, {len} bytes")));
                }
            };
            Ok(Ran::Done(Output::said(text)))
        })
    }
}

/// The lines from `first` on, numbered, within the bounds, and how to go on.
fn lines(text: &str, first: u64, limit: u64) -> Result<String, ToolError> {
    let total = text.lines().count() as u64;
    if total == 0 {
        return Ok("(the file is empty)".into());
    }
    if first > total {
        return Err(ToolError::new(format!(
            "the file has only {total} lines; offset {first} is behind its end"
        )));
    }
    let mut shown = String::new();
    let mut last = first - 1;
    let limit = limit.min(limits::READ_LINES_MAX);
    let wanted = text.lines().zip(1u64..).skip(usize::try_from(first - 1).unwrap_or(usize::MAX));
    for (line, number) in wanted {
        if number >= first.saturating_add(limit) || shown.len() >= limits::READ_BYTES_MAX {
            break;
        }
        let mut part: String = line.chars().take(limits::READ_LINE_CHARS_MAX).collect();
        if part.len() < line.len() {
            part.push_str(&format!(" … (line cut; it has {} characters)", line.chars().count()));
        }
        shown.push_str(&format!("{number}\t{part}\n"));
        last = number;
    }
    if last < total {
        shown.push_str(&format!("(lines {first} to {last} of {total}; go on with offset {})", last + 1));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_say_how_to_go_on() {
        assert_eq!(lines("a\nb\r\nc", 1, 9).unwrap(), "1\ta\n2\tb\n3\tc\n");
        assert_eq!(lines("a\nb\nc\n", 2, 1).unwrap(), "2\tb\n(lines 2 to 2 of 3; go on with offset 3)");
        assert!(lines("a\n", 5, 1).unwrap_err().0.contains("only 1 lines"));
        assert_eq!(lines("", 1, 1).unwrap(), "(the file is empty)");
        let long = "x".repeat(limits::READ_LINE_CHARS_MAX + 1);
        assert!(lines(&long, 1, 1).unwrap().contains("line cut"));
        let many = "line\n".repeat(5_000);
        assert!(lines(&many, 1, 9_999).unwrap().ends_with("go on with offset 2001)"));
    }
}
