//! What the model hears when a chunk does not fit: what stands where it may have meant, and why not.

use super::page::Page;
use super::rung::Rung;
use super::{Chunk, Fate, Reach};
use crate::limits;

/// Why the quoted lines have no place behind the cursor, and what stands where they may belong.
pub(super) fn why_not(
    page: &mut Page<'_>,
    chunk: &Chunk,
    quoted: &[&str],
    cursor: usize,
) -> (String, String) {
    if let Some(start) = page.hits(quoted, Rung::Exact).first() {
        return (misplaced(*start, chunk.reach, cursor), String::new());
    }
    if let Some(line) = made_already(page, chunk) {
        let why = format!("what it is to become stands at line {line} already: it may have been made before");
        return (why, String::new());
    }
    let hint = if quoted.first().is_some_and(|line| line.starts_with("-- ")) {
        ". `---` and `+++` lines of a diff have no place in a patch"
    } else {
        ""
    };
    match nearest(page, quoted) {
        Some(start) => (format!("its lines are not in the file{hint}"), shown(page, quoted, start)),
        None => (
            format!("its lines are not in the file, not even one of them{hint}; read it again"),
            String::new(),
        ),
    }
}

/// Why lines that stand letter for letter in the text are not taken there.
fn misplaced(start: usize, reach: Reach, cursor: usize) -> String {
    let line = start + 1;
    match reach {
        Reach::EndOfFile => {
            format!(
                "its lines stand at line {line} and not at the end of the file; leave out `*** End of File`"
            )
        }
        Reach::Anywhere if start < cursor => format!(
            "its lines stand at line {line}, before those of the change above it; the changes of a file come in \
             the order of the file"
        ),
        Reach::Anywhere => format!("its lines stand at line {line}, before its `@@` line"),
    }
}

/// Where the chunk's outcome stands, if nothing that it removes is in the file.
fn made_already(page: &mut Page<'_>, chunk: &Chunk) -> Option<usize> {
    let of = |fate| chunk.lines.iter().filter(move |line| line.fate == fate && !line.text.trim().is_empty());
    let removed: Vec<&str> = of(Fate::Removed).map(|line| line.text.as_str()).collect();
    let (_, there) = page.numbers(&removed, Rung::SignsAndBlanks);
    if of(Fate::Added).next().is_none() || there.iter().any(Option::is_some) {
        return None;
    }
    let becomes: Vec<&str> =
        chunk.lines.iter().filter(|line| line.fate != Fate::Removed).map(|line| line.text.as_str()).collect();
    page.hits(&becomes, Rung::Exact).first().map(|start| start + 1)
}

/// Why an `@@` line has no place behind the cursor, and a line that holds it.
pub(super) fn why_no_head(page: &mut Page<'_>, head: &str, cursor: usize) -> (String, String) {
    if let Some(line) = Rung::ALL.iter().find_map(|rung| page.hits(&[head], *rung).first().copied()) {
        let reason =
            if line < cursor { "before the change above it" } else { "not below the `@@` line before it" };
        return (format!("`@@ {head}` stands at line {}, {reason}", line + 1), String::new());
    }
    let part = head.trim();
    let holds = page.lines.iter().position(|line| !part.is_empty() && line.contains(part));
    let shown = holds.map(|line| format!("Line {} is `{}`.", line + 1, page.lines[line].trim()));
    let why =
        format!("`@@ {head}` is no line of the file; quote a whole line of it behind `@@`, or leave it out");
    (why, shown.unwrap_or_default())
}

/// The place that has most of these lines at their distance from each other.
fn nearest(page: &mut Page<'_>, quoted: &[&str]) -> Option<usize> {
    let (lines, wanted) = page.numbers(quoted, Rung::SignsAndBlanks);
    let mut places = vec![Vec::new(); lines.iter().max().map_or(0, |last| *last as usize + 1)];
    for (at, number) in lines.iter().enumerate() {
        let places = &mut places[*number as usize];
        if places.len() <= limits::COMMON_LINES_MAX {
            places.push(at);
        }
    }
    let mut scores = std::collections::BTreeMap::new();
    for (offset, number) in wanted.iter().enumerate() {
        let Some(number) = number else { continue };
        let places = &places[*number as usize];
        if quoted[offset].trim().is_empty() || places.len() > limits::COMMON_LINES_MAX {
            continue;
        }
        for at in places {
            *scores.entry(at.saturating_sub(offset)).or_insert(0usize) += 1;
        }
    }
    scores.into_iter().rev().max_by_key(|(_, score)| *score).map(|(start, _)| start)
}

/// The lines there, with their numbers, and the first one that differs.
fn shown(page: &Page<'_>, quoted: &[&str], start: usize) -> String {
    let there = &page.lines[start.min(page.lines.len())..];
    let differs = quoted.iter().enumerate().find(|(at, line)| {
        there.get(*at).is_none_or(|other| Rung::SignsAndBlanks.key(other) != Rung::SignsAndBlanks.key(line))
    });
    let difference = match differs {
        Some((at, line)) if at < there.len() => format!("Line {} is not `{line}`. ", start + at + 1),
        Some((_, line)) => format!("The file ends before `{line}`. "),
        None => String::new(),
    };
    let count = quoted.len().min(limits::NEAREST_LINES_MAX);
    let lines: Vec<String> = there
        .iter()
        .take(count)
        .enumerate()
        .map(|(at, line)| format!("{}\t{line}", start + at + 1))
        .collect();
    format!("{difference}The nearest place is:\n{}", lines.join("\n"))
}
