//! What the model quoted becomes splices of a file: the exact text first, then one repair after another,
//! each with exactly one hit or refused.
//!
//! A repair may take the quote for what stands in the file where nobody can doubt it; it never takes
//! lines for quoted which were not. What is put in is the model's text, literally: only where the whole
//! quote was shifted, escaped or numbered is it shifted, unescaped or freed of numbers the same way.

mod blank_lines;
mod composed;
mod error;
mod escapes;
mod exact;
mod final_newline;
mod folded;
mod indent;
mod lines;
mod nearest;
mod numbers;
pub mod placeholder;
mod quotes;
mod series;
mod trailing;

use std::borrow::Cow;
use std::ops::Range;

use super::edit::Splice;
use crate::limits;

pub use error::ReplaceError;
pub use nearest::{Missing, Near, numbered};
pub use series::{Failed, Replacement, Series, Step, replace_each};

/// Whether one place is meant or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hits {
    /// Exactly one.
    One,
    /// All of them.
    All,
}

/// How the quoted text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// As it was quoted.
    Exact,
    /// Quotes, dashes and blanks differ in being typographic.
    Quotes,
    /// Lines differ in blanks at their ends.
    TrailingBlanks,
    /// The last line of the file has no newline.
    FinalNewline,
    /// Characters are composed differently (NFC, NFD).
    Composition,
    /// All lines are indented differently, in one way.
    Indentation,
    /// The quote was escaped once too often.
    Escapes,
    /// The quote has the line numbers that `read` shows.
    LineNumbers,
    /// Blank lines stand around the quote which are not in the file.
    BlankLines,
}

/// What a replacement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// In order, not overlapping.
    pub splices: Vec<Splice>,
    /// How the text was found.
    pub rung: Rung,
}

/// What is asked of a rung; all texts with LF line ends.
#[derive(Clone, Copy)]
struct Query<'a> {
    text: &'a str,
    old: &'a str,
    new: &'a str,
    hits: Hits,
}

/// What a rung found.
enum Found {
    Nothing,
    Places(Places),
    /// The text is there, but nobody can say what the new one is to become.
    Unclear(&'static str),
}

/// Places in order, the first `limits::REPLACEMENTS_MAX` of them, and what is to stand there.
struct Places {
    ranges: Vec<Range<usize>>,
    count: usize,
    new: New,
}

/// What is put in.
enum New {
    /// The same everywhere.
    Same(String),
    /// For each place its own.
    Each(Vec<String>),
}

type Find = fn(Query<'_>) -> Found;

/// From the strictest to the loosest.
const LADDER: &[(Rung, Find)] = &[
    (Rung::Exact, exact::find),
    (Rung::Quotes, quotes::find),
    (Rung::TrailingBlanks, trailing::find),
    (Rung::FinalNewline, final_newline::find),
    (Rung::Composition, composed::find),
    (Rung::Indentation, indent::find),
    (Rung::Escapes, escapes::find),
    (Rung::LineNumbers, numbers::find),
    (Rung::BlankLines, blank_lines::find),
];

/// The splices that put `new` in the place of `old`. `text` has LF line ends and no byte-order mark;
/// the others may have any. A text whose only line ends are lone CRs is read as lines too.
pub fn replace(text: &str, old: &str, new: &str, hits: Hits) -> Result<Replaced, ReplaceError> {
    let lone_cr = !text.contains('\n') && text.contains('\r');
    if !lone_cr {
        return replaced(text, &lf(old), &lf(new), hits);
    }
    let of_lines = |text: &str| lf(text).replace('\r', "\n");
    let mut done = replaced(&of_lines(text), &of_lines(old), &of_lines(new), hits)?;
    for splice in &mut done.splices {
        splice.text = splice.text.replace('\n', "\r");
    }
    Ok(done)
}

/// The number of the line that holds this byte, counted from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1
}

fn lf(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() }
}

fn replaced(text: &str, old: &str, new: &str, hits: Hits) -> Result<Replaced, ReplaceError> {
    if old == new {
        return Err(ReplaceError::NoChange);
    }
    // A byte-order mark is no part of the text, but a quote of the file's head may bring it along.
    let (mark, old, new) = match old.strip_prefix('\u{feff}') {
        Some(rest) if !text.contains(old) => {
            (Mark::Quoted, rest, new.strip_prefix('\u{feff}').unwrap_or(new))
        }
        Some(_) | None => (Mark::None, old, new),
    };
    if old.is_empty() {
        return Err(ReplaceError::EmptyOld);
    }
    if let Some(line) = placeholder::find(old, new) {
        return Err(ReplaceError::Placeholder(line.to_owned()));
    }
    let query = Query { text, old, new, hits };
    let mut hint = None;
    for (rung, find) in LADDER {
        // Blanks alone say nothing about where they are meant, nor do brackets that were moved.
        let said =
            |letter: char| if rung.is_loose() { letter.is_alphanumeric() } else { !letter.is_whitespace() };
        if *rung != Rung::Exact && !old.contains(said) {
            continue;
        }
        match find(query) {
            Found::Nothing => {}
            Found::Unclear(why) => {
                hint = Some(why);
                break;
            }
            Found::Places(places) => {
                if let Some(places) = places.at(mark) {
                    if rung.is_loose() && query.joins_lines() {
                        hint = Some(JOINS);
                        break;
                    }
                    return splices(query, *rung, places);
                }
            }
        }
    }
    Err(ReplaceError::NotFound(Box::new(Missing::new(text, old, new, hint))))
}

const JOINS: &str = "It is there in another form, but old_string ends in a newline and new_string does not, which \
                     would join it to the next line; quote the text as it is in the file.";

impl Query<'_> {
    /// Whether the new text would run into the line behind it.
    fn joins_lines(&self) -> bool {
        self.old.ends_with('\n') && !self.new.is_empty() && !self.new.ends_with('\n')
    }
}

/// Whether the quote began with a byte-order mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Quoted,
    None,
}

impl Places {
    /// Those that can be meant, if any: after a byte-order mark only the head of the file.
    fn at(mut self, mark: Mark) -> Option<Self> {
        if mark == Mark::Quoted {
            self.ranges.retain(|range| range.start == 0);
            self.count = self.ranges.len();
        }
        (self.count > 0).then_some(self)
    }
}

fn splices(query: Query<'_>, rung: Rung, places: Places) -> Result<Replaced, ReplaceError> {
    let Places { ranges, count, new } = places;
    if query.hits == Hits::One && count > 1 {
        return Err(ReplaceError::Ambiguous { rung, count, lines: line_numbers(query.text, &ranges) });
    }
    let bytes: usize = match &new {
        New::Same(new) => new.len().saturating_mul(count),
        New::Each(each) => each.iter().map(String::len).sum(),
    };
    if count > ranges.len() || bytes > limits::EDITED_BYTES_MAX {
        return Err(ReplaceError::TooMuch { count });
    }
    let each: Box<dyn Iterator<Item = Cow<'_, str>>> = match &new {
        New::Same(new) => Box::new(std::iter::repeat(Cow::Borrowed(new.as_str()))),
        New::Each(each) => Box::new(each.iter().map(|new| Cow::Borrowed(new.as_str()))),
    };
    let splice = |(range, new): (&Range<usize>, Cow<'_, str>)| {
        // A last line without newline stays one.
        let unended = query.old.ends_with('\n') && !query.text[range.clone()].ends_with('\n');
        let text = if unended { new.strip_suffix('\n').unwrap_or(&new) } else { &new };
        Splice { start: range.start, end: range.end, text: text.to_owned() }
    };
    let splices: Vec<Splice> = ranges.iter().zip(each).map(splice).collect();
    if splices.iter().all(|splice| query.text[splice.start..splice.end] == splice.text) {
        return Err(ReplaceError::NoChange);
    }
    Ok(Replaced { splices, rung })
}

fn line_numbers(text: &str, ranges: &[Range<usize>]) -> Vec<usize> {
    let mut counted = (0, 1);
    let shown = ranges.iter().take(limits::HITS_SHOWN_MAX);
    let numbers = shown.map(|range| {
        counted.1 += memchr::memchr_iter(b'\n', &text.as_bytes()[counted.0..range.start]).count();
        counted.0 = range.start;
        counted.1
    });
    numbers.collect()
}

impl Rung {
    /// Whether the new text changes with the quote, so that one which is odd is not taken literally.
    fn is_loose(self) -> bool {
        match self {
            Self::Indentation | Self::LineNumbers | Self::BlankLines => true,
            Self::Exact
            | Self::Quotes
            | Self::TrailingBlanks
            | Self::FinalNewline
            | Self::Composition
            | Self::Escapes => false,
        }
    }

    /// What was done to find the text, for the model.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Quotes => {
                "typographic quotes, dashes and blanks taken as plain ones, new_string left as it is"
            }
            Self::TrailingBlanks => "blanks at the ends of lines ignored",
            Self::FinalNewline => "the file does not end in a newline, and still does not",
            Self::Composition => "accents composed differently",
            Self::Indentation => "indentation shifted, that of new_string too",
            Self::Escapes => "old_string and new_string unescaped once",
            Self::LineNumbers => "line numbers removed",
            Self::BlankLines => "blank lines around old_string left out",
        }
    }
}

#[cfg(test)]
mod tests;
