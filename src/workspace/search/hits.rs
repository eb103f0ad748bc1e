//! What matches in one file: lines with the places of the matches in them.

use std::io;
use std::ops::Range;

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{Searcher, Sink, SinkContext, SinkFinish, SinkMatch};

use super::{GrepQuery, SearchFor};
use crate::limits;

/// A match, or a line beside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The number of its first line, counted from 1.
    pub line: u64,
    /// Its whole lines with their ends; of very long ones the part around the first match.
    pub bytes: Vec<u8>,
    /// Where the matches stand in `bytes`.
    pub spans: Vec<Range<usize>>,
    /// Whether it matches itself or stands beside one that does.
    pub role: Role,
    /// What is missing of its lines.
    pub cut: Cut,
}

/// What a hit is in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It matches.
    Match,
    /// It is context.
    Context,
}

/// What is missing of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// Whether something is missing before it, within its first line.
    pub before: bool,
    /// Whether something is missing behind it.
    pub behind: bool,
}

impl Hit {
    fn new(line: u64, bytes: &[u8], spans: Vec<Range<usize>>, role: Role, max: usize) -> Self {
        let whole = Self { line, bytes: Vec::new(), spans, role, cut: Cut::default() };
        if bytes.len() <= max {
            return Self { bytes: bytes.to_vec(), ..whole };
        }
        // A quarter before the first match tells where it stands, and the rest goes on from it.
        let first = whole.spans.first().map_or(0, |span| span.start.min(bytes.len()));
        let start = char_start(bytes, first.saturating_sub(max / 4));
        let end = char_start(bytes, (start + max).min(bytes.len()));
        let skipped = bytes[..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        let inside = whole.spans.iter().filter(|span| span.start >= start && span.start < end);
        let spans = inside.map(|span| span.start - start..span.end.min(end) - start).collect();
        let cut = Cut { before: start > 0 && bytes[start - 1] != b'\n', behind: end < bytes.len() };
        Self { line: line + skipped, bytes: bytes[start..end].to_vec(), spans, cut, ..whole }
    }

    /// Its lines as text with their numbers, none longer than `max` characters: of a longer one the
    /// part around the first match in it.
    pub fn lines(&self, max: usize) -> Vec<(u64, String)> {
        let mut at = 0;
        let mut lines = Vec::new();
        let text = trim_end(&self.bytes);
        for (number, line) in (self.line..).zip(text.split(|byte| *byte == b'\n')) {
            let span = self.spans.iter().find(|span| span.start >= at && span.start <= at + line.len());
            let cut = Cut {
                before: self.cut.before && at == 0,
                behind: self.cut.behind && at + line.len() == text.len(),
            };
            lines.push((number, window(trim_end(line), span.map_or(0, |span| span.start - at), max, cut)));
            at += line.len() + 1;
        }
        lines
    }
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// At most `max` characters of a line, the byte `at` among them; `…` where something is missing.
fn window(line: &[u8], at: usize, max: usize, cut: Cut) -> String {
    let before = String::from_utf8_lossy(&line[..at.min(line.len())]).chars().count();
    let text = String::from_utf8_lossy(line);
    let count = text.chars().count();
    let start = if count <= max { 0 } else { before.saturating_sub(max / 4).min(count - max) };
    let shown: String = text.chars().skip(start).take(max).collect();
    let mark = |missing: bool| if missing { "…" } else { "" };
    format!("{}{shown}{}", mark(cut.before || start > 0), mark(cut.behind || start + max < count))
}

/// The start of the character that holds the byte at `at`.
fn char_start(bytes: &[u8], at: usize) -> usize {
    let floor = at.saturating_sub(3);
    let is_start = |at: &usize| *at >= bytes.len() || bytes[*at] & 0xC0 != 0x80;
    (floor..=at).rev().find(is_start).unwrap_or(at)
}

/// Collects what one file has.
pub(super) struct Collect<'a> {
    query: &'a GrepQuery,
    matcher: &'a RegexMatcher,
    pub(super) count: usize,
    pub(super) hits: Vec<Hit>,
    /// Whether the file has more than may be given.
    pub(super) full: bool,
    /// Where the first NUL was seen.
    pub(super) binary: Option<u64>,
}

impl<'a> Collect<'a> {
    pub(super) fn new(query: &'a GrepQuery, matcher: &'a RegexMatcher) -> Self {
        Self { query, matcher, count: 0, hits: Vec::new(), full: false, binary: None }
    }

    /// Goes through the matches in what the searcher found, for as long as `wanted` says.
    fn matches(
        &self,
        searcher: &Searcher,
        found: &SinkMatch<'_>,
        mut wanted: impl FnMut(Range<usize>) -> bool,
    ) -> io::Result<()> {
        let (buffer, range) = (found.buffer(), found.bytes_range_in_buffer());
        let end = if searcher.multi_line_with_matcher(self.matcher) {
            // What a pattern looks at behind a match must be there; how far it looks is not known.
            buffer.len().min(range.end + limits::SEARCH_LOOK_AHEAD_BYTES)
        } else {
            // The end of the line belongs to no match of a line.
            range.end - line_end(searcher, &buffer[range.clone()])
        };
        let searched = self.matcher.find_iter_at(&buffer[..end], range.start, |at| {
            // An empty match behind the last character is none.
            let inside = at.start() < range.end;
            inside && wanted(at.start() - range.start..at.end() - range.start)
        });
        searched.map_err(io::Error::other)
    }

    fn spans(&self, searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<Vec<Range<usize>>> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        self.matches(searcher, found, |span| {
            spans.push(span.clone());
            // What lies further behind the first one is cut off anyway.
            span.start - spans[0].start <= self.query.hit_bytes_max
        })?;
        Ok(spans)
    }

    fn number(&self, searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<usize> {
        let mut number = 0;
        self.matches(searcher, found, |_| {
            number += 1;
            true
        })?;
        Ok(number)
    }
}

fn line_end(searcher: &Searcher, line: &[u8]) -> usize {
    let term = searcher.line_terminator();
    match line {
        [.., b'\r', b'\n'] if term.is_crlf() => 2,
        [.., last] if *last == term.as_byte() => 1,
        _ => 0,
    }
}

impl Sink for Collect<'_> {
    type Error = io::Error;

    fn matched(&mut self, searcher: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let several = searcher.multi_line_with_matcher(self.matcher);
        match self.query.wanted {
            SearchFor::Files | SearchFor::FilesWithout => {
                self.count = 1;
                return Ok(false);
            }
            SearchFor::Counts(_) if !several => self.count += 1,
            SearchFor::Counts(_) | SearchFor::Occurrences(_) => {
                self.count += self.number(searcher, found)?.max(1);
            }
            SearchFor::Lines if self.count >= self.query.max => {
                self.full = true;
                return Ok(false);
            }
            SearchFor::Lines => {
                self.count += 1;
                let spans = self.spans(searcher, found)?;
                let line = found.line_number().unwrap_or_default();
                self.hits.push(Hit::new(line, found.bytes(), spans, Role::Match, self.query.hit_bytes_max));
            }
        }
        Ok(true)
    }

    fn context(&mut self, _searcher: &Searcher, beside: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.query.wanted == SearchFor::Lines {
            let line = beside.line_number().unwrap_or_default();
            let max = self.query.hit_bytes_max;
            self.hits.push(Hit::new(line, beside.bytes(), Vec::new(), Role::Context, max));
        }
        Ok(true)
    }

    fn finish(&mut self, _searcher: &Searcher, end: &SinkFinish) -> Result<(), io::Error> {
        self.binary = end.binary_byte_offset();
        Ok(())
    }
}
