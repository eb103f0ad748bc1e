//! What to tell where the quote is not: the place most like it, where it differs, whether the edit was made.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use memchr::memmem;

use super::quotes;
use crate::limits;

/// Why the text was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Why a repair was not made, as a sentence.
    pub hint: Option<&'static str>,
    /// The line, counted from 1, where the new text stands already, where that is certain.
    pub already: Option<usize>,
    /// The place most like the quote.
    pub near: Option<Near>,
}

/// A place like the quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Its lines, counted from 0.
    pub lines: Range<usize>,
    /// How the first line that is not as quoted differs, as a sentence; empty where none does.
    pub difference: String,
    /// The lines, numbered.
    pub shown: String,
}

impl Missing {
    pub(super) fn new(text: &str, old: &str, new: &str, hint: Option<&'static str>) -> Self {
        let mut places = memmem::find_iter(text.as_bytes(), new.trim()).take(2);
        let already = match (places.next(), places.next()) {
            (Some(at), None) if !new.trim().is_empty() => Some(super::line_of(text, at)),
            _ => None,
        };
        Self { hint, already, near: near(text, old) }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("old_string was not found.")?;
        if let Some(hint) = self.hint {
            write!(formatter, " {hint}")?;
        }
        if let Some(line) = self.already {
            write!(
                formatter,
                " new_string is there already, at line {line}: the edit may have been made before."
            )?;
        }
        match &self.near {
            Some(near) if near.difference.is_empty() => {
                write!(formatter, " The nearest place is:\n{}", near.shown)
            }
            Some(near) => write!(formatter, " {} The nearest place is:\n{}", near.difference, near.shown),
            None if self.already.is_some() => Ok(()),
            None => formatter.write_str(" Nothing like it is in the file."),
        }
    }
}

/// Lines as `read` shows them, from line `first` (counted from 0) on; long ones are cut.
pub fn numbered<'a>(lines: impl Iterator<Item = &'a str>, first: usize) -> String {
    let shown = lines.zip(first + 1..).map(|(line, number)| format!("{number}\t{}", cut(line)));
    shown.collect::<Vec<_>>().join("\n")
}

fn near(text: &str, old: &str) -> Option<Near> {
    let lines: Vec<&str> = text.lines().take(limits::NEAREST_LOOKED_AT_LINES_MAX).collect();
    let wanted: Vec<&str> = old.lines().collect();
    let equal = most_equal_lines(&lines, &wanted);
    let whole: u32 = wanted.iter().map(|line| weight(line.trim())).sum();
    let much = equal.filter(|(_, votes)| *votes >= whole / 4);
    let first = much.map(|(at, _)| at).or_else(|| most_alike_line(&lines, &wanted));
    let first = first.or_else(|| equal.map(|(at, _)| at))?;
    let differs = (first..).zip(&wanted).find(|(at, wanted)| lines.get(*at) != Some(wanted));
    let difference = differs.map(|(at, wanted)| match lines.get(at) {
        Some(line) => difference(at + 1, line, wanted),
        None => "The file ends before old_string does.".to_owned(),
    });
    // Where the place is longer than what is shown, the difference is shown.
    let skipped = differs.map_or(0, |(at, _)| at - first).saturating_sub(limits::NEAREST_LINES_MAX / 2);
    let skipped = if wanted.len() > limits::NEAREST_LINES_MAX { skipped } else { 0 };
    let end = (first + wanted.len()).min(lines.len());
    let from = (first + skipped).min(end.saturating_sub(1));
    let shown = lines[from..end].iter().take(limits::NEAREST_LINES_MAX).copied();
    Some(Near { lines: first..end, difference: difference.unwrap_or_default(), shown: numbered(shown, from) })
}

/// The first line of the place where most lines are those wanted, blanks around them aside, and how
/// much those lines say.
fn most_equal_lines(lines: &[&str], wanted: &[&str]) -> Option<(usize, u32)> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in wanted.iter().enumerate() {
        let places = places.entry(line.trim()).or_default();
        // A line that is wanted often, as a bracket, says little about where.
        if places.len() < 4 {
            places.push(at);
        }
    }
    let mut votes = vec![0u32; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        for start in places.get(line).into_iter().flatten().filter_map(|wanted| at.checked_sub(*wanted)) {
            votes[start] = votes[start].saturating_add(weight(line));
        }
    }
    let best = votes.iter().enumerate().max_by_key(|(at, votes)| (**votes, usize::MAX - at));
    best.filter(|(_, votes)| **votes > 0).map(|(at, votes)| (at, *votes))
}

/// How much a line says about where it is: its letters and digits, up to some words.
fn weight(line: &str) -> u32 {
    let count = line.chars().filter(|letter| letter.is_alphanumeric()).take(32).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The first line of the place where the longest line wanted has one much like it, if any.
fn most_alike_line(lines: &[&str], wanted: &[&str]) -> Option<usize> {
    let (at, longest) =
        wanted.iter().enumerate().max_by_key(|(at, line)| (line.trim().len(), usize::MAX - at))?;
    let longest = longest.trim().as_bytes();
    let slot = |three: &[u8]| {
        three.iter().fold(0usize, |slot, byte| slot * 31 + usize::from(byte.to_ascii_lowercase())) % SLOTS
    };
    let mut known = vec![false; SLOTS];
    longest.windows(3).for_each(|three| known[slot(three)] = true);
    let total = longest.len().saturating_sub(2);
    let alike = |line: &str| {
        let line = line.trim().as_bytes();
        // A line of quite another length cannot be half alike.
        if total == 0 || line.len() > 3 * longest.len() + 2 {
            return 0;
        }
        let shared = line.windows(3).filter(|three| known[slot(three)]).count();
        200 * shared / (total + line.len().saturating_sub(2))
    };
    let best =
        lines.iter().map(|line| alike(line)).enumerate().max_by_key(|(at, alike)| (*alike, usize::MAX - at));
    let (found, alike) = best?;
    (alike >= 50).then(|| found.saturating_sub(at))
}

/// Places for three letters: enough that few of a line fall together.
const SLOTS: usize = 1 << 14;

/// How a line of the file differs from the one quoted.
fn difference(number: usize, line: &str, wanted: &str) -> String {
    let only = |what: &str| format!("Line {number} differs only in {what}.");
    if line.trim_end() == wanted.trim_end() {
        return only("blanks at its end");
    }
    if line.trim() == wanted.trim() {
        let indentation = |line: &str| {
            let blanks: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
            match (blanks.matches('\t').count(), blanks.matches(' ').count()) {
                (0, 0) => "nothing".to_owned(),
                (0, blanks) => format!("{blanks} blanks"),
                (tabs, 0) => format!("{tabs} tabs"),
                (tabs, blanks) => format!("{tabs} tabs and {blanks} blanks"),
            }
        };
        return only(&format!(
            "indentation: {} in the file, {} in old_string",
            indentation(line),
            indentation(wanted)
        ));
    }
    if quotes::plain(line) == quotes::plain(wanted) {
        return only("typographic characters");
    }
    if line.split_whitespace().eq(wanted.split_whitespace()) {
        return only("blanks between words");
    }
    if line.to_lowercase() == wanted.to_lowercase() {
        return only("upper and lower case");
    }
    format!("Line {number} differs: it is `{}`, old_string has `{}`.", cut(line.trim()), cut(wanted.trim()))
}

/// The beginning of a line.
fn cut(line: &str) -> String {
    let mut shown: String = line.chars().take(limits::NEAREST_LINE_CHARS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
