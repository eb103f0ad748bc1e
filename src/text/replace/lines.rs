//! Whole lines that are equal once each was folded.

use std::ops::Range;

use memchr::memmem;

use super::Hits;
use crate::limits;

/// What was found: the first places with what the check gave, and how many there are.
pub(super) struct Lines<T> {
    pub places: Vec<(Range<usize>, T)>,
    pub count: usize,
}

/// The runs of whole lines of `text` that equal the lines of `old` once both were folded, and that
/// `check` accepts. Where `old` ends in a newline a run does too; if none is, the last line of a text
/// without final newline may be the end of one.
pub(super) fn find<T>(
    text: &str,
    old: &str,
    hits: Hits,
    fold: impl Fn(&str, &mut String),
    mut check: impl FnMut(&str) -> Option<T>,
) -> Lines<T> {
    let (framed, needle) = (framed(text, &fold), framed(old, &fold));
    let height = newlines(needle.as_bytes()).count() - 1;
    let finder = memmem::Finder::new(&needle);
    let mut lines = Lines { places: Vec::new(), count: 0 };
    // The newline in `framed` before the line that begins at `start` in `text`.
    let (mut at, mut start) = (0, 0);
    let mut from = 0;
    let mut work = 0;
    let mut unended = None;
    while let Some(found) = finder.find(&framed.as_bytes()[from..]) {
        let skipped = newlines(&framed.as_bytes()[at..from + found]).count();
        at = from + found;
        start += after_lines(&text.as_bytes()[start..], skipped);
        let mut range = start..start + content(&text.as_bytes()[start..], height);
        match check(&text[range.clone()]) {
            Some(checked) if old.ends_with('\n') && range.end == text.len() => {
                unended = Some((range, checked));
                break;
            }
            Some(checked) => {
                range.end += usize::from(old.ends_with('\n'));
                if lines.places.len() < limits::REPLACEMENTS_MAX {
                    lines.places.push((range, checked));
                }
                lines.count += 1;
                // Two places that overlap are two, where one is wanted.
                let overlapping = hits == Hits::One && lines.count == 1;
                from = if overlapping { at + 1 } else { at + needle.len() - 1 };
            }
            None => {
                work += needle.len();
                from = at + 1;
            }
        }
        if work > limits::REFUSED_BYTES_COMPARED_MAX {
            return Lines { places: Vec::new(), count: 0 };
        }
    }
    if lines.count == 0 {
        lines.count = usize::from(unended.is_some());
        lines.places.extend(unended);
    }
    lines
}

/// Each line folded, with a newline before the first and after the last one.
fn framed(text: &str, fold: impl Fn(&str, &mut String)) -> String {
    let mut framed = String::with_capacity(text.len() + 2);
    framed.push('\n');
    for line in text.split_terminator('\n') {
        fold(line, &mut framed);
        framed.push('\n');
    }
    framed
}

fn newlines(bytes: &[u8]) -> memchr::Memchr<'_> {
    memchr::memchr_iter(b'\n', bytes)
}

/// How many bytes the first `count` lines have.
fn after_lines(bytes: &[u8], count: usize) -> usize {
    count.checked_sub(1).map_or(0, |last| newlines(bytes).nth(last).map_or(bytes.len(), |at| at + 1))
}

/// How many bytes the first `count` lines have without the last newline.
fn content(bytes: &[u8], count: usize) -> usize {
    newlines(bytes).nth(count - 1).unwrap_or(bytes.len())
}
