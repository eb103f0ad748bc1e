//! `grep`: text in files, by a regular expression.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::input::{self, Yes};
use super::{glob, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Intent, SearchOf};
use crate::text::clean;
use crate::workspace::{
    Bounds, Case, Context, FileKind, Files, Form, GrepQuery, Grepped, Match, More, Role, SearchFor, Sense,
    Span, Zeros,
};

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
                "glob": {"type": "string", "description": "only in files such as `*.rs`; not in `!*.md`"},
                "type": {"type": "string", "description": "kind of files, such as rust, py, ts"},
                "output_mode": {"type": "string", "enum": ["content", "files_with_matches", "count"]},
                "context": {"type": "integer", "description": "lines around each match"},
                "ignore_case": {"type": "boolean"},
                "fixed_strings": {"type": "boolean", "description": "the pattern is plain text"},
                "multiline": {"type": "boolean"},
                "no_ignore": {"type": "boolean", "description": "in ignored files too"},
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
            let pattern = input::text(input, &["pattern"])?.to_owned();
            let root = files.locate(input::optional_text(input, &["path"])?.unwrap_or("."))?.path;
            let title = format!("Search {} for {}", root.display_in(files.cwd()), pattern);
            let intent = Intent::Search { root, pattern, of: SearchOf::Texts };
            query(input, &intent)?;
            Ok(Plan { title, intent, locations: Vec::new() })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let query = query(input, access.intent())?;
            let found = access.grep(&query).await?;
            let mut text = shown(&found, &query, access.cwd());
            if found.withheld > 0 {
                text.push_str(&format!(
                    "\n({} files left out: a permission rule, `.quillonignore` or their names as secret files keep \
                     them from being read)",
                    found.withheld
                ));
            }
            Ok(Ran::Done(Output::said(text)))
        })
    }
}

fn query(input: &Value, intent: &Intent) -> Result<GrepQuery, ToolError> {
    let limit = input::number(input, &["limit", "head_limit"])?.unwrap_or(u64::MAX);
    let yes = |names: &[&str]| Ok::<bool, ToolError>(input::yes(input, names)? == Yes::Yes);
    let mut scope = glob::scope(input, &["glob", "include"], intent)?;
    if let Some(kind) = input::optional_text(input, &["type"])? {
        scope.kinds.push(FileKind::Only(kind.to_owned()));
    }
    Ok(GrepQuery {
        form: if yes(&["fixed_strings", "literal", "-F"])? { Form::Literal } else { Form::Regex },
        bounds: if yes(&["-w"])? { Bounds::Word } else { Bounds::Any },
        case: if yes(&["ignore_case", "-i"])? { Case::Insensitive } else { Case::Sensitive },
        span: if yes(&["multiline", "-U"])? { Span::LinesDotAll } else { Span::Line },
        sense: if yes(&["-v"])? { Sense::NotMatching } else { Sense::Matching },
        scope,
        wanted: wanted(input)?,
        context: context(input)?,
        max: usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, limits::GREP_RESULTS_MAX),
        ..GrepQuery::new(input::text(input, &["pattern"])?)
    })
}

fn wanted(input: &Value) -> Result<SearchFor, ToolError> {
    match input::optional_text(input, &["output_mode"])? {
        None | Some("content") => Ok(SearchFor::Lines),
        Some("files_with_matches" | "files") => Ok(SearchFor::Files),
        Some("count") => Ok(SearchFor::Counts(Zeros::LeftOut)),
        Some(other) => Err(ToolError::new(format!(
            "`output_mode` must be content, files_with_matches or count, not {other}"
        ))),
    }
}

fn context(input: &Value) -> Result<Context, ToolError> {
    let lines = |names: &[&str]| -> Result<usize, ToolError> {
        let number = input::number(input, names)?.unwrap_or(0);
        Ok(usize::try_from(number).unwrap_or(usize::MAX).min(limits::GREP_CONTEXT_MAX))
    };
    let around = lines(&["context", "-C"])?;
    Ok(Context::Lines(lines(&["-B"])?.max(around), lines(&["-A"])?.max(around)))
}

fn shown(found: &Grepped, query: &GrepQuery, cwd: &AbsPath) -> String {
    if found.files.is_empty() {
        let none = match found.searched {
            0 => "no file was searched: path, glob, type and ignore rules leave none\n",
            _ => "no matches\n",
        };
        return [none, &glob::missed(&found.missed)].concat().trim_end().into();
    }
    let mut text = String::new();
    for file in &found.files {
        let name = clean::one_line(&file.path.display_in(cwd));
        match query.wanted {
            SearchFor::Files | SearchFor::FilesWithout => text.push_str(&format!("{name}\n")),
            SearchFor::Counts(_) | SearchFor::Occurrences(_) => {
                text.push_str(&format!("{name}: {}\n", file.count));
            }
            SearchFor::Lines => {
                text.push_str(&format!("{name}\n"));
                lines(file, &mut text);
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
    text.push_str(&glob::missed(&found.missed));
    text
}

/// The lines of one file; those of a binary one would mean nothing.
fn lines(file: &Match, text: &mut String) {
    for hit in &file.hits {
        if file.binary.is_some_and(|_| hit.bytes.contains(&0)) {
            text.push_str(&format!("(the file is binary; {} lines match)\n", file.count));
            return;
        }
        let mark = match hit.role {
            Role::Match => ':',
            Role::Context => '-',
        };
        for (number, line) in hit.lines(limits::SEARCH_LINE_CHARS_MAX) {
            text.push_str(&format!("{number}{mark}{line}\n"));
        }
    }
    if let Some(at) = file.binary {
        text.push_str(&format!("(behind byte {at} the file is binary)\n"));
    }
}
