//! `grep`: text in files, by a regular expression.

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
use crate::workspace::{Case, Files, GrepQuery, Grepped, More, Role, SearchFor, Span};

pub(super) struct Grep(ToolSpec);

impl Grep {
    pub(super) fn new() -> Self {
        Self(spec(
            "grep",
            "Searches file contents by a regular expression (Rust syntax), the user's unsaved text included. \
             Ignored files (.gitignore) and binary ones are left out.",
            &["pattern"],
            json!({
                "pattern": {"type": "string"},
                "path": {"type": "string", "description": "file or folder; the working folder when left out"},
                "glob": {"type": "string", "description": "only in files such as `*.rs`"},
                "output_mode": {"type": "string", "enum": ["content", "files_with_matches", "count"]},
                "context": {"type": "integer", "description": "lines around each match"},
                "ignore_case": {"type": "boolean"},
                "multiline": {"type": "boolean"},
                "limit": {"type": "integer"},
            }),
        ))
    }
}

impl Tool for Grep {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn plan<'a>(&'a self, input: &'a Value, files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let query = query(input)?;
            let root = files.locate(input::optional_text(input, &["path"])?.unwrap_or("."))?.path;
            let title = format!("Search {} for {}", root.display_in(files.cwd()), query.pattern);
            Ok(Plan {
                title,
                intent: Intent::Search { root, pattern: query.pattern, of: SearchOf::Texts },
                locations: Vec::new(),
            })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let query = query(input)?;
            let found = access.grep(&query).await?;
            let mut text = shown(&found.grepped, &query, access.cwd());
            if found.withheld > 0 {
                text.push_str(&format!(
                    "\n({} files left out: a permission rule keeps them from being read)",
                    found.withheld
                ));
            }
            Ok(Ran::Done(Output::said(text)))
        })
    }
}

fn query(input: &Value) -> Result<GrepQuery, ToolError> {
    let wanted = match input::optional_text(input, &["output_mode"])? {
        None | Some("content") => SearchFor::Lines,
        Some("files_with_matches" | "files") => SearchFor::Files,
        Some("count") => SearchFor::Counts,
        Some(other) => {
            return Err(ToolError::new(format!(
                "`output_mode` must be content, files_with_matches or count, not {other}"
            )));
        }
    };
    let lines = |names: &[&str]| -> Result<usize, ToolError> {
        let number = input::number(input, names)?.unwrap_or(0);
        Ok(usize::try_from(number).unwrap_or(usize::MAX).min(limits::GREP_CONTEXT_MAX))
    };
    let context = lines(&["context", "-C"])?;
    let limit = input::number(input, &["limit", "head_limit"])?.unwrap_or(u64::MAX);
    Ok(GrepQuery {
        pattern: input::text(input, &["pattern"])?.to_owned(),
        glob: input::optional_text(input, &["glob", "include"])?.map(str::to_owned),
        wanted,
        context: (lines(&["-B"])?.max(context), lines(&["-A"])?.max(context)),
        case: match input::yes(input, &["ignore_case", "-i"])? {
            Yes::Yes => Case::Insensitive,
            Yes::No => Case::Sensitive,
        },
        span: match input::yes(input, &["multiline"])? {
            Yes::Yes => Span::Lines,
            Yes::No => Span::Line,
        },
        max: usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, limits::GREP_RESULTS_MAX),
    })
}

fn shown(found: &Grepped, query: &GrepQuery, cwd: &AbsPath) -> String {
    if found.files.is_empty() {
        return "no matches".into();
    }
    let mut text = String::new();
    for file in &found.files {
        let name = file.path.display_in(cwd);
        match query.wanted {
            SearchFor::Files => text.push_str(&format!("{name}\n")),
            SearchFor::Counts => text.push_str(&format!("{name}: {}\n", file.count)),
            SearchFor::Lines => {
                text.push_str(&format!("{name}\n"));
                for line in &file.lines {
                    let mark = match line.role {
                        Role::Match => ':',
                        Role::Context => '-',
                    };
                    text.push_str(&format!("{}{mark}{}\n", line.number, line.text));
                }
            }
        }
        if text.len() > limits::READ_BYTES_MAX {
            text.push_str("(cut here; narrow the pattern, the path or the glob)\n");
            return text;
        }
    }
    match found.more {
        More::No => {}
        More::Yes => text.push_str("(there are more; narrow the pattern, the path or the glob)\n"),
    }
    text
}
