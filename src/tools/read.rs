//! `read`: a file in numbered lines, a part at a time; an image or pages of a PDF; a folder's entries.

use std::ops::Range;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{input, list, spec};
use crate::engine::Output;
use crate::engine::access::Access;
use crate::engine::media::{Kept, MediaKind, NotShown};
use crate::engine::model::ToolSpec;
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::limits;
use crate::policy::{Intent, Location};
use crate::workspace::{
    Behind, Content, Count, Encoding, FileError, Files, Page, PageQuery, Pages, Part, Unfit,
};

pub(super) struct Read(ToolSpec);

impl Read {
    pub(super) fn new() -> Self {
        Self(spec(
            "read",
            "Reads a file, with the user's unsaved changes. Gives lines as `N<tab>text`, counted from 1, at most \
             2000 at once; the last line says how to go on. Of a folder it gives the entries. Images and PDF \
             documents it shows to models that accept them; other files that are no text it describes.",
            &["file_path"],
            json!({
                "file_path": {"type": "string"},
                "offset": {"type": "integer", "description": "first line, counted from 1"},
                "limit": {"type": "integer", "description": "how many lines"},
                "pages": {"type": "string", "description": "of a PDF: \"3\" or \"2-5\", at most 20; without it the first ones"},
                "column": {"type": "integer", "description": "first character of each line, for long lines"},
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
            let query = query(input)?;
            let line = u32::try_from(query.first - 1).ok().filter(|line| *line > 0);
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
            let query = query(input)?;
            let text = match access.show().await {
                Ok(Content::Text(file)) => {
                    let page = Page::of(&file.text, &query);
                    let text = shown(&page, &query, file.encoding, None)?;
                    access.showed(&file, whole_lines(&page, &query));
                    text
                }
                Ok(Content::Binary { kind, len }) => {
                    return media(input, access, &kind, len).await.map(Ran::Done);
                }
                Err(FileError::TooLarge { .. }) => {
                    let query = PageQuery { count: Count::NoFurther, ..query };
                    match access.part(&query).await? {
                        Part::Text { page, encoding, len } => shown(&page, &query, encoding, Some(len))?,
                        Part::Binary { kind, len } => {
                            let most = limits::TEXT_BYTES_MAX >> 20;
                            described(&kind, len, &format!("; more than {most} MiB are not looked at"))
                        }
                    }
                }
                Err(error) => return Err(error.into()),
            };
            Ok(Ran::Done(Output::said(text)))
        })
    }
}

fn query(input: &Value) -> Result<PageQuery, ToolError> {
    let number = |name: &str| Ok::<_, ToolError>(input::number(input, &[name])?.map(|number| number.max(1)));
    let (column, bytes) = (number("column")?, limits::READ_BYTES_MAX);
    Ok(PageQuery {
        first: number("offset")?.unwrap_or(1),
        lines: number("limit")?.unwrap_or(u64::MAX).min(limits::READ_LINES_MAX),
        column: column.unwrap_or(1),
        // Who asks for a place within a line wants that line.
        line_chars: column.map_or(limits::READ_LINE_CHARS_MAX, |_| bytes as u64),
        bytes,
        count: Count::ToTheEnd,
        scan: limits::READ_SCAN_BYTES_MAX,
    })
}

fn described(kind: &str, len: u64, more: &str) -> String {
    format!("(no text, and not shown: {kind}, {len} bytes{more})")
}

/// What is no text: shown where it is an image or document that the model accepts.
async fn media(input: &Value, access: Access<'_>, kind: &str, len: u64) -> Result<Output, ToolError> {
    let pages = pages(input)?;
    let Some(media) = MediaKind::told_by(kind) else {
        return Ok(Output::said(described(kind, len, "")));
    };
    if !access.abilities().accept(media) {
        return Ok(Output::said(format!(
            "(no text: {kind}, {len} bytes; {})",
            NotShown::NotAccepted.words()
        )));
    }
    match access.keep_media(pages).await? {
        Ok(Kept { media, next }) => {
            let more = next.map_or_else(String::new, |pages| format!("\n(go on with pages \"{pages}\")"));
            let text = format!("{}{more}", media.describe());
            Ok(Output { media: vec![media], ..Output::said(text) })
        }
        Err(Unfit::Refused { about, why }) => Ok(Output::said(described(&about, len, &format!("; {why}")))),
        // The file has changed since it was looked at.
        Err(Unfit::Other(kind)) => Ok(Output::said(described(&kind, len, ""))),
        Err(Unfit::Pages(why)) => Err(ToolError::new(why)),
    }
}

/// The pages that are wanted, also where one is written as a number.
fn pages(input: &Value) -> Result<Option<Pages>, ToolError> {
    let written = match input.get("pages") {
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => input::optional_text(input, &["pages"])?.map(str::to_owned),
    };
    written.map(|text| Pages::parse(&text)).transpose().map_err(ToolError::new)
}

/// The lines that are shown from their beginning to their end: up to the first that is not.
fn whole_lines(page: &Page, query: &PageQuery) -> Range<u64> {
    let whole = page.lines.iter().take_while(|line| query.column <= 1 && line.next.is_none()).count() as u64;
    query.first..query.first + whole
}

/// Numbered lines, and how to go on; `len` is that of a file which is not held.
fn shown(page: &Page, query: &PageQuery, encoding: Encoding, len: Option<u64>) -> Result<String, ToolError> {
    let first = query.first;
    if page.lines.is_empty() {
        return match page.behind {
            Behind::Total(0) => Ok("(the file is empty)".into()),
            Behind::Total(total) => Err(ToolError::new(format!(
                "the file has only {total} lines; offset {first} is behind its end"
            ))),
            Behind::TooFar(lines) => Err(ToolError::new(format!(
                "line {first} is too far behind: its first {lines} lines have {} MiB; use a command such as \
                 `tail -n +{first} FILE | head`",
                query.scan >> 20
            ))),
            Behind::More => Err(ToolError::new("no line was asked for")),
        };
    }
    let mut text = String::new();
    let mut last = first;
    for line in &page.lines {
        let (number, chars) = (line.number, line.chars);
        text.push_str(&format!("{number}\t{}", line.text));
        if let Some(next) = line.next {
            text.push_str(&format!(
                " … (line cut; it has {chars} characters; go on in it with offset {number}, limit 1, column {next})"
            ));
        }
        text.push('\n');
        last = number;
    }
    let size = len.map_or_else(String::new, |len| format!("; the file has {len} bytes"));
    let on = last + 1;
    match page.behind {
        Behind::Total(total) if last >= total => {}
        Behind::Total(total) => {
            text.push_str(&format!("(lines {first} to {last} of {total}; go on with offset {on})"));
        }
        Behind::More | Behind::TooFar(_) => {
            text.push_str(&format!("(lines {first} to {last}{size}; go on with offset {on})"));
        }
    }
    if encoding != Encoding::Utf8 {
        let line = if text.ends_with('\n') { "" } else { "\n" };
        text.push_str(&format!("{line}(the file is no UTF-8; it was read as {})", encoding.name()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, input: Value, expected: &str) {
        let query = query(&input).unwrap();
        let told = shown(&Page::of(text, &query), &query, Encoding::Utf8, None);
        assert_eq!(told.unwrap_or_else(|error| error.0), expected);
    }

    #[test]
    fn parts_say_how_to_go_on() {
        check("a\nb\r\nc", json!({}), "1\ta\n2\tb\n3\tc\n");
        check(
            "a\nb\nc\n",
            json!({"offset": 2, "limit": 1}),
            "2\tb\n(lines 2 to 2 of 3; go on with offset 3)",
        );
        check("a\n", json!({"offset": 5}), "the file has only 1 lines; offset 5 is behind its end");
        check("", json!({}), "(the file is empty)");
        let many = query(&json!({"limit": 9_999})).unwrap();
        let told = shown(&Page::of(&"line\n".repeat(5_000), &many), &many, Encoding::Utf8, None).unwrap();
        assert!(told.ends_with("2000\tline\n(lines 1 to 2000 of 5000; go on with offset 2001)"));
    }

    #[test]
    fn long_lines_are_cut_and_read_on_within() {
        let long = "x".repeat(1_999) + "ab" + &"y".repeat(3_000);
        let cut = "x".repeat(1_999) + "a";
        check(
            &long,
            json!({}),
            &format!(
                "1\t{cut} … (line cut; it has 5001 characters; go on in it with offset 1, limit 1, column 2001)\n"
            ),
        );
        check(&long, json!({"column": 2001, "limit": 1}), &format!("1\tb{}\n", "y".repeat(3_000)));
        let huge = "z".repeat(200_000);
        let query = query(&json!({"column": 1})).unwrap();
        let told = shown(&Page::of(&huge, &query), &query, Encoding::Utf8, None).unwrap();
        assert!(told.contains(&format!("column {})", limits::READ_BYTES_MAX + 1)), "{}", told.len());
    }

    #[test]
    fn large_files_and_encodings_are_told() {
        let query = PageQuery { count: Count::NoFurther, ..query(&json!({"limit": 1})).unwrap() };
        let told = |text: &str, query: &PageQuery, encoding| {
            shown(&Page::of(text, query), query, encoding, Some(9)).unwrap_or_else(|error| error.0)
        };
        assert_eq!(
            told("a\nb\n", &query, Encoding::Windows1252),
            "1\ta\n(lines 1 to 1; the file has 9 bytes; go on with offset 2)\n\
             (the file is no UTF-8; it was read as windows-1252)"
        );
        let far = PageQuery { first: 9, scan: 1, ..query };
        assert!(told("a\nb\nc\n", &far, Encoding::Utf8).starts_with("line 9 is too far behind"));
    }
}
