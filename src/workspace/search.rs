//! Searches in the text of files, the user's unsaved text in the place of the disk's.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};

use super::FileError;
use super::walk::{self, Stop};
use crate::limits;
use crate::path::AbsPath;

/// What is looked for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrepQuery {
    /// A regular expression in Rust's syntax.
    pub pattern: String,
    /// Only in files whose path below the folder matches this glob.
    pub glob: Option<String>,
    /// What is wanted of the files that match.
    pub wanted: SearchFor,
    /// Lines of context before and behind each match.
    pub context: (usize, usize),
    /// Whether letters in the other case match.
    pub case: Case,
    /// Whether a match may go over several lines.
    pub span: Span,
    /// At most so many lines, files or counts are given.
    pub max: usize,
}

/// What is wanted of files that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchFor {
    /// The lines.
    Lines,
    /// The files' names.
    Files,
    /// How many lines match in each.
    Counts,
}

/// Whether letters in the other case match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// They do not.
    Sensitive,
    /// They do.
    Insensitive,
}

/// How far a match may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// To the end of its line.
    Line,
    /// Over several lines.
    Lines,
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The file.
    pub path: AbsPath,
    /// How many lines match.
    pub count: usize,
    /// The lines, where they were wanted.
    pub lines: Vec<Line>,
}

/// A line of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its text, shortened where it is long.
    pub text: String,
    /// Whether it matches itself or stands beside one that does.
    pub role: Role,
}

/// What a line is in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It matches.
    Match,
    /// It is context.
    Context,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grepped {
    /// By file, in the order of their paths.
    pub files: Vec<Match>,
    /// Whether there is more than was asked for.
    pub more: More,
}

/// Whether a result is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// It is.
    No,
    /// There is more.
    Yes,
}

pub(super) fn grep(
    root: &AbsPath,
    query: &GrepQuery,
    unsaved: &HashMap<AbsPath, Arc<str>>,
    stop: &Stop,
) -> Result<Grepped, FileError> {
    let matcher = expression(query)?;
    let glob = query.glob.as_deref().map(walk::matcher).transpose()?;
    let mut paths: Vec<AbsPath> = walk::files(root, stop)
        .filter(|path| glob.as_ref().is_none_or(|glob| glob.is_match(walk::below(root, path))))
        .collect();
    paths.sort();
    let mut searcher = searcher(query);
    let mut found = Grepped { files: Vec::new(), more: More::No };
    let mut taken = 0;
    for path in paths {
        if stop.is_set() || taken >= query.max {
            found.more = More::Yes;
            break;
        }
        let mut sink =
            Collect { query, room: query.max - taken, count: 0, lines: Vec::new(), more: More::No };
        let searched = match unsaved.get(&path) {
            Some(text) => searcher.search_slice(&matcher, text.as_bytes(), &mut sink),
            None => searcher.search_path(&matcher, path.as_path(), &mut sink),
        };
        // A file that cannot be read, or went away, has nothing to say.
        if searched.is_err() || sink.count == 0 {
            continue;
        }
        taken += match query.wanted {
            SearchFor::Lines => sink.count,
            SearchFor::Files | SearchFor::Counts => 1,
        };
        if sink.more == More::Yes {
            found.more = More::Yes;
        }
        found.files.push(Match { path, count: sink.count, lines: sink.lines });
    }
    Ok(found)
}

fn expression(query: &GrepQuery) -> Result<RegexMatcher, FileError> {
    let mut builder = RegexMatcherBuilder::new();
    builder.case_insensitive(query.case == Case::Insensitive).size_limit(limits::REGEX_BYTES_MAX);
    match query.span {
        Span::Line => builder.line_terminator(Some(b'\n')),
        Span::Lines => builder.multi_line(true).dot_matches_new_line(true),
    };
    builder
        .build(&query.pattern)
        .map_err(|error| FileError::Pattern(format!("the pattern is wrong: {error}")))
}

fn searcher(query: &GrepQuery) -> Searcher {
    SearcherBuilder::new()
        .binary_detection(BinaryDetection::quit(0))
        .line_number(true)
        .multi_line(query.span == Span::Lines)
        .before_context(query.context.0)
        .after_context(query.context.1)
        .heap_limit(Some(limits::SEARCH_HEAP_BYTES_MAX))
        .build()
}

/// Collects what one file has.
struct Collect<'a> {
    query: &'a GrepQuery,
    room: usize,
    count: usize,
    lines: Vec<Line>,
    more: More,
}

impl Collect<'_> {
    fn line(&mut self, number: Option<u64>, bytes: &[u8], role: Role) {
        let text = String::from_utf8_lossy(bytes);
        for (at, line) in text.trim_end_matches(['\n', '\r']).split('\n').enumerate() {
            let number = number.unwrap_or_default() + at as u64;
            let mut text: String =
                line.trim_end_matches('\r').chars().take(limits::SEARCH_LINE_CHARS_MAX).collect();
            if line.chars().nth(limits::SEARCH_LINE_CHARS_MAX).is_some() {
                text.push('…');
            }
            self.lines.push(Line { number, text, role });
        }
    }
}

impl Sink for Collect<'_> {
    type Error = io::Error;

    fn matched(&mut self, _searcher: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        match self.query.wanted {
            SearchFor::Files => {
                self.count = 1;
                return Ok(false);
            }
            SearchFor::Counts => self.count += 1,
            SearchFor::Lines if self.count >= self.room => {
                self.more = More::Yes;
                return Ok(false);
            }
            SearchFor::Lines => {
                self.count += 1;
                self.line(found.line_number(), found.bytes(), Role::Match);
            }
        }
        Ok(true)
    }

    fn context(&mut self, _searcher: &Searcher, context: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.query.wanted == SearchFor::Lines {
            self.line(context.line_number(), context.bytes(), Role::Context);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fs;

    fn query(pattern: &str) -> GrepQuery {
        GrepQuery {
            pattern: pattern.into(),
            glob: None,
            wanted: SearchFor::Lines,
            context: (0, 0),
            case: Case::Sensitive,
            span: Span::Line,
            max: 100,
        }
    }

    #[test]
    fn disk_and_unsaved_text() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        for (name, text) in [("a.txt", "one\ntwo\none\n"), ("b.rs", "one\n"), ("c.bin", "one\0")] {
            fs::replace(&root.join(name).unwrap(), text.as_bytes(), fs::Durability::Process).unwrap();
        }
        let unsaved = HashMap::from([(root.join("b.rs").unwrap(), Arc::from("three\n"))]);
        let check = |query: &GrepQuery, expected: &str| {
            let found = grep(&root, query, &unsaved, &Stop::default()).unwrap();
            let files = found.files.iter().map(|file| {
                let lines: Vec<String> =
                    file.lines.iter().map(|line| format!("{}:{}", line.number, line.text)).collect();
                format!("{} {} {}", file.path.display_in(&root), file.count, lines.join(","))
            });
            assert_eq!(files.collect::<Vec<_>>().join("; "), expected);
        };
        check(&query("one"), "a.txt 2 1:one,3:one");
        check(&query("three"), "b.rs 1 1:three");
        check(&GrepQuery { wanted: SearchFor::Counts, ..query("o") }, "a.txt 3 ");
        check(&GrepQuery { max: 1, ..query("one") }, "a.txt 1 1:one");
        check(&GrepQuery { context: (1, 0), ..query("two") }, "a.txt 1 1:one,2:two");
        check(&GrepQuery { case: Case::Insensitive, ..query("THREE") }, "b.rs 1 1:three");
        check(&GrepQuery { glob: Some("*.rs".into()), ..query("e") }, "b.rs 1 1:three");
        check(&GrepQuery { span: Span::Lines, ..query("one.two") }, "a.txt 1 1:one,2:two");
        assert!(grep(&root, &query("("), &unsaved, &Stop::default()).is_err());
    }
}
