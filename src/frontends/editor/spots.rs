//! `Spot`: a place in a file where something is to be looked at, as a plain LSP client shows it.

use ropey::Rope;
use serde_json::{Value, json};
use tower_lsp::ls_types::{CodeAction, CodeActionOrCommand, Command, Diagnostic, DiagnosticSeverity, Range};

use super::commands::{ALL, FILE, REVIEW};
use super::document::{Encoding, position};
use crate::engine::{Body, Mixed, Review, ReviewHunk};
use crate::frontends::{changes, export};
use crate::limits;
use crate::text::{Hash, Version, clip};

/// Who says so, in a client with several servers.
const SOURCE: &str = "quillon";

/// A change of the text, or a file of which something else has changed.
pub struct Spot<'a> {
    review: &'a Review,
    hunk: Option<&'a ReviewHunk>,
    range: Range,
}

/// The places in this file: one for each hunk; its begin where it has none.
pub fn spots(review: &Review, encoding: Encoding) -> Vec<Spot<'_>> {
    let Body::Text(text) = &review.current else { return vec![Spot::whole(review)] };
    if review.hunks.is_empty() {
        return vec![Spot::whole(review)];
    }
    let lines = Lines::of(text, encoding);
    let spot = |hunk: &'_ ReviewHunk| lines.range(hunk.hunk.new.start, hunk.hunk.new.end);
    review.hunks.iter().map(|hunk| Spot { review, hunk: Some(hunk), range: spot(hunk) }).collect()
}

/// The lines of a text, as ranges in the units of the editor.
struct Lines<'a> {
    text: &'a str,
    rope: Rope,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, encoding: Encoding) -> Self {
        let ends = text.split_inclusive('\n').scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        let starts = std::iter::once(0).chain(ends).collect();
        Self { text, rope: Rope::from_str(text), starts, encoding }
    }

    /// These lines without the last one's end. No line stands for the one behind it, where there is
    /// one, else for the last one.
    fn range(&self, first: u32, behind: u32) -> Range {
        let count = self.starts.len() - 1;
        let line = |number: u32| usize::try_from(number).unwrap_or(usize::MAX).min(count);
        let (mut first, mut behind) = (line(first), line(behind));
        if first == behind {
            first = first.min(count.saturating_sub(1));
            behind = (first + 1).min(count);
        }
        let (start, end) = (self.starts[first], self.starts[behind]);
        let lines = &self.text[start..end];
        let end = start + lines.strip_suffix('\n').unwrap_or(lines).len();
        let place = |byte| position(&self.rope, byte, self.encoding);
        Range { start: place(start), end: place(end) }
    }
}

impl<'a> Spot<'a> {
    fn whole(review: &'a Review) -> Self {
        Self { review, hunk: None, range: Range::default() }
    }

    /// Whether a selection, or the cursor, is on one of its lines; all of a file's lines are a whole file's.
    pub fn touches(&self, selected: Range) -> bool {
        if self.hunk.is_none() {
            return true;
        }
        self.holds(selected)
    }

    /// Whether one of these lines is among those that the client marks.
    pub fn holds(&self, selected: Range) -> bool {
        let Range { start, end } = selected;
        // A selection of whole lines ends at the begin of the one behind them.
        let last = if end.character == 0 { end.line.saturating_sub(1).max(start.line) } else { end.line };
        start.line <= self.range.end.line && self.range.start.line <= last
    }

    /// What the client lists.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            range: self.range,
            severity: Some(DiagnosticSeverity::HINT),
            source: Some(SOURCE.to_owned()),
            message: self.words(),
            ..Diagnostic::default()
        }
    }

    fn words(&self) -> String {
        match self.hunk {
            Some(hunk) => format!("changed by the agent: {}{}", size(hunk), changes::mixed(hunk.mixed)),
            None => {
                format!("by the agent: {}{}", changes::about(self.review), changes::mixed(self.review.mixed))
            }
        }
    }

    /// What stood there, as Markdown or as plain text.
    pub fn before(&self, markdown: bool) -> String {
        let old = match (self.hunk, &self.review.baseline) {
            (Some(hunk), _) => self.review.lines(&hunk.hunk).0,
            (None, Body::Text(text)) if self.review.current == Body::Absent => text,
            (None, _) => return self.words(),
        };
        if old.is_empty() {
            return format!("{}; new lines", self.words());
        }
        let old = clip::head(old, limits::HOVER_BYTES_MAX);
        let block = if markdown { export::fenced("", &old) } else { format!("\n{old}") };
        format!("{}; before:\n{block}", self.words())
    }

    fn actions(&self, several: bool) -> Vec<CodeActionOrCommand> {
        let Some(hunk) = self.hunk else { return Vec::new() };
        let which = match several {
            true => format!("this change (line {}, {})", self.range.start.line + 1, size(hunk)),
            false => "this change".to_owned(),
        };
        let seen = mark([self.review]);
        let action = |verdict: &str| {
            let title = title(verdict, &which, hunk.mixed);
            let arguments = [verdict, &address(self.review), &hunk.id, &seen].map(Value::from).to_vec();
            let command = Command::new(title.clone(), REVIEW.to_owned(), Some(arguments));
            let diagnostics = Some(vec![self.diagnostic()]);
            let command = Some(command);
            CodeActionOrCommand::CodeAction(CodeAction {
                title,
                diagnostics,
                command,
                ..CodeAction::default()
            })
        };
        VERDICTS.map(action).to_vec()
    }
}

/// The words of a command, the harmless one first.
const VERDICTS: [&str; 2] = ["keep", "undo"];

/// What can be done with what is selected in this file, which is one of all; nothing where nothing is
/// to be looked at there.
pub fn actions(
    all: &[Review],
    review: &Review,
    selected: Range,
    encoding: Encoding,
) -> Vec<CodeActionOrCommand> {
    let mut touched = spots(review, encoding);
    touched.retain(|spot| spot.touches(selected));
    if touched.is_empty() {
        return Vec::new();
    }
    let mut actions: Vec<CodeActionOrCommand> =
        touched.iter().flat_map(|spot| spot.actions(touched.len() > 1)).collect();
    let any_mixed = all.iter().any(|review| review.mixed == Mixed::Yes);
    let mixed = if any_mixed { Mixed::Yes } else { Mixed::No };
    let wider =
        [(whole_file(review), FILE, mark([review]), review.mixed), ("all changes", ALL, mark(all), mixed)];
    for (which, of, seen, mixed) in wider {
        for verdict in VERDICTS {
            let title = title(verdict, which, mixed);
            let arguments = [verdict, &address(review), of, &seen].map(Value::from).to_vec();
            let command = Command::new(title.clone(), REVIEW.to_owned(), Some(arguments));
            let action = CodeAction { title, command: Some(command), ..CodeAction::default() };
            actions.push(CodeActionOrCommand::CodeAction(action));
        }
    }
    actions
}

/// An action for a client that knows commands alone.
pub fn as_command(action: CodeActionOrCommand) -> Option<CodeActionOrCommand> {
    match action {
        CodeActionOrCommand::CodeAction(action) => action.command.map(CodeActionOrCommand::Command),
        CodeActionOrCommand::Command(command) => Some(CodeActionOrCommand::Command(command)),
    }
}

/// Names what is to be looked at in these files: another one as soon as any of it is another.
pub fn mark<'a>(reviews: impl IntoIterator<Item = &'a Review>) -> String {
    let mut seen = Vec::new();
    for review in reviews {
        let version = match (review.version(), &review.current) {
            (Some(Version::Text(hash)), _) => hash.to_string(),
            (None, Body::Other(hash)) => hash.to_string(),
            (Some(Version::Absent), _) => "absent".to_owned(),
            (None, Body::Link(text)) => format!("link {text}"),
            (None, Body::Absent | Body::Text(_) | Body::Unknown) => "unknown".to_owned(),
        };
        let hunks: Vec<&str> = review.hunks.iter().map(|hunk| hunk.id.as_str()).collect();
        seen.push(json!([review.path.to_string(), version, hunks, review.modes]));
    }
    Hash::of(Value::from(seen).to_string().as_bytes()).to_string()[..16].to_owned()
}

fn title(verdict: &str, which: &str, mixed: Mixed) -> String {
    let with = match (verdict, mixed) {
        ("undo", Mixed::Yes) => ", also what you typed in it",
        (_, Mixed::Yes | Mixed::No) => "",
    };
    format!("Quillon: {verdict} {which}{with}")
}

/// All of a file's changes, as a person names them.
fn whole_file(review: &Review) -> &'static str {
    match (&review.baseline, &review.current) {
        (Body::Absent, _) => "the creation of this file",
        (_, Body::Absent) => "the deletion of this file",
        (Body::Text(_) | Body::Other(_) | Body::Link(_) | Body::Unknown, _) => "all changes of this file",
    }
}

fn address(review: &Review) -> String {
    crate::frontends::convert::uri::of(&review.path).0
}

fn size(hunk: &ReviewHunk) -> String {
    let count = |lines: &std::ops::Range<u32>| lines.end - lines.start;
    format!("+{} −{}", count(&hunk.hunk.new), count(&hunk.hunk.old))
}

#[cfg(test)]
mod tests {
    use tower_lsp::ls_types::Position;

    use super::*;

    #[track_caller]
    fn check(text: &str, lines: (u32, u32), expected: ((u32, u32), (u32, u32))) {
        let range = Lines::of(text, Encoding::Utf16).range(lines.0, lines.1);
        let pair = |place: Position| (place.line, place.character);
        assert_eq!((pair(range.start), pair(range.end)), expected, "{text:?} {lines:?}");
    }

    #[test]
    fn lines_become_ranges_of_an_editor() {
        check("a\nbö😀\nc\n", (1, 2), ((1, 0), (1, 4)));
        check("a\nb\nc", (1, 3), ((1, 0), (2, 1)));
        // No line: the one behind it, else the last.
        check("a\nbc\n", (1, 1), ((1, 0), (1, 2)));
        check("a\nbc\n", (2, 2), ((1, 0), (1, 2)));
        check("", (0, 0), ((0, 0), (0, 0)));
        // A lone CR ends no line.
        check("a\rb\nc\n", (1, 2), ((1, 0), (1, 1)));
        check("\n\nx\n", (0, 1), ((0, 0), (0, 0)));
    }
}
