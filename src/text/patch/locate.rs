//! Where a chunk belongs in a text: at the one place that fits, or nowhere.
//!
//! The lines that a chunk quotes must stand behind the chunk before it, and behind its `@@` lines.
//! Strict comparisons come first; a looser one counts only where no stricter one finds anything.
//! Of several places none is taken, unless the order of the chunks leaves only one.

use super::blocks::end_of_block;
use super::nearest;
use super::page::Page;
use super::rung::Rung;
use super::{Chunk, Fate, Line, Reach};
use crate::limits;

/// Why a chunk has no place, in words for the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change at line {number} of the patch: {why}")]
pub struct Mismatch {
    /// What is missing.
    pub missing: Missing,
    /// What stands in the text instead, for those who may see it; empty where there is nothing to show.
    pub shown: String,
    number: usize,
    why: String,
}

/// What a chunk has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// An `@@` line is not in the file.
    Head,
    /// The quoted lines are not where they should be.
    Lines,
    /// There is more than one place.
    Certainty,
}

/// The place of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// At its quoted lines.
    Lines(Found),
    /// Before this line, behind the `@@` line.
    Behind { head: usize, line: usize },
    /// At the end of the text.
    End,
}

/// Where quoted lines stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The first line.
    pub(super) start: usize,
    /// How many lines of the text they are.
    pub(super) len: usize,
    pub(super) rung: Rung,
    /// How many blank lines at the end of the chunk were left out, which the text does not have.
    pub(super) dropped: usize,
    /// What a chunk before it must leave alone: its `@@` line, or its own first line.
    from: usize,
    /// The other places where they stand; none where something else has settled it.
    others: Vec<usize>,
}

/// The places of all chunks, each of them certain.
pub(super) fn places(page: &mut Page<'_>, chunks: &[Chunk]) -> Result<Vec<Spot>, Mismatch> {
    let mut spots = Vec::new();
    let mut cursor = 0;
    for chunk in chunks {
        let spot = place(page, chunk, cursor)?;
        cursor = match &spot {
            Spot::Lines(found) => found.start + found.len,
            Spot::Behind { line, .. } => *line,
            Spot::End => cursor,
        };
        spots.push(spot);
    }
    // Each chunk stands as far up as it can; where one could stand further down, it is not certain.
    let mut bound = page.lines.len();
    for (chunk, spot) in chunks.iter().zip(&spots).rev() {
        match spot {
            Spot::Lines(found) => {
                let last = found.others.iter().rfind(|start| *start + found.len <= bound);
                if last.is_some_and(|last| *last != found.start) {
                    return Err(ambiguous(chunk, &found.others));
                }
                bound = found.from;
            }
            Spot::Behind { head, .. } => bound = *head,
            Spot::End => {}
        }
    }
    Ok(spots)
}

fn place(page: &mut Page<'_>, chunk: &Chunk, cursor: usize) -> Result<Spot, Mismatch> {
    let anchors = anchors(page, chunk, cursor)?;
    if chunk.lines.iter().all(|line| line.fate == Fate::Added) {
        return match (chunk.reach, anchors.as_deref()) {
            (Reach::EndOfFile, _) | (Reach::Anywhere, None) => Ok(Spot::End),
            (Reach::Anywhere, Some([anchor])) => {
                Ok(Spot::Behind { head: anchor.outer, line: anchor.inner + 1 })
            }
            (Reach::Anywhere, Some(several)) => {
                let heads: Vec<usize> = several.iter().map(|anchor| anchor.inner).collect();
                Err(ambiguous(chunk, &heads))
            }
        };
    }
    for dropped in drops(&chunk.lines) {
        let wanted = Wanted::of(chunk, dropped);
        let found = match &anchors {
            Some(anchors) => below(page, chunk, &wanted, anchors)?,
            None => free(page, &wanted, cursor),
        };
        if let Some(found) = found {
            return Ok(Spot::Lines(found));
        }
    }
    let (why, shown) = nearest::why_not(page, chunk, &Wanted::of(chunk, 0).lines, cursor);
    Err(Mismatch { missing: Missing::Lines, shown, number: chunk.number, why })
}

/// Quoted lines that are looked for.
struct Wanted<'a> {
    lines: Vec<&'a str>,
    dropped: usize,
    reach: Reach,
}

impl<'a> Wanted<'a> {
    /// The lines that must stand in the file, without the last `dropped` ones. A removed line may be
    /// missing only as the line feed of the last one.
    fn of(chunk: &'a Chunk, dropped: usize) -> Self {
        let mut quoted: Vec<&Line> = chunk.lines.iter().filter(|line| line.fate != Fate::Added).collect();
        let last = quoted.last().map(|line| line.fate);
        quoted.truncate(quoted.len() - dropped);
        let reach = if dropped > 0 && last == Some(Fate::Removed) { Reach::EndOfFile } else { chunk.reach };
        Self { lines: quoted.into_iter().map(|line| line.text.as_str()).collect(), dropped, reach }
    }

    fn hits(&self, page: &mut Page<'_>, rung: Rung) -> Vec<usize> {
        let mut hits = page.hits(&self.lines, rung);
        if self.reach == Reach::EndOfFile {
            hits.retain(|start| start + self.lines.len() == page.lines.len());
        }
        hits
    }

    fn found(&self, start: usize, rung: Rung, from: usize, others: Vec<usize>) -> Found {
        Found { start, len: self.lines.len(), rung, dropped: self.dropped, from, others }
    }
}

/// How many blank lines at its end a chunk can do without: models end a chunk with one for the line
/// feed of the file's last line, or to set it off from the next. First none, then one, then all.
fn drops(lines: &[Line]) -> Vec<usize> {
    let blank_end =
        |fate| lines.iter().rev().take_while(move |line| line.fate == fate && line.text.is_empty());
    let quoted = lines.iter().filter(|line| line.fate != Fate::Added);
    let removed =
        quoted.clone().next_back().filter(|line| line.fate == Fate::Removed && line.text.is_empty());
    let all = if removed.is_some() { 1 } else { blank_end(Fate::Kept).count() };
    let mut drops = vec![0, 1, all];
    // What is quoted besides must be something.
    let quoted = quoted.count();
    drops.retain(|dropped| *dropped <= all && (*dropped == 0 || *dropped < quoted));
    drops.dedup();
    drops
}

/// Without `@@`: the first place behind the cursor; the others may still settle which one is meant.
///
/// Lines that stand letter for letter before the cursor are more likely chunks in a wrong order than
/// loosely quoted ones behind it.
fn free(page: &mut Page<'_>, wanted: &Wanted<'_>, cursor: usize) -> Option<Found> {
    for rung in Rung::ALL {
        let mut hits = wanted.hits(page, rung);
        let stands_before = rung == Rung::Exact && !hits.is_empty();
        hits.retain(|start| *start >= cursor);
        match hits.first() {
            Some(start) => return Some(wanted.found(*start, rung, *start, hits)),
            None if stands_before => return None,
            None => {}
        }
    }
    None
}

/// A chain of `@@` lines in the text: the first of them and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Anchor {
    outer: usize,
    inner: usize,
}

/// Below the `@@` lines: in the class or function that they name, else behind them.
fn below(
    page: &mut Page<'_>,
    chunk: &Chunk,
    wanted: &Wanted<'_>,
    anchors: &[Anchor],
) -> Result<Option<Found>, Mismatch> {
    let (mut inside, mut behind) = (None, None);
    for rung in Rung::ALL {
        let hits = wanted.hits(page, rung);
        if inside.is_none() {
            let near = near(page, anchors, &hits, InBlock::Yes);
            inside = Some((rung, near)).filter(|(_, near)| !near.is_empty());
        }
        if behind.is_none() {
            let far = near(page, anchors, &hits, InBlock::No);
            behind = Some((rung, far)).filter(|(_, far)| !far.is_empty());
        }
    }
    let exact_elsewhere = behind.as_ref().is_some_and(|(rung, _)| *rung == Rung::Exact);
    let (rung, places) = match (inside, behind) {
        (Some((rung, inside)), Some((_, behind))) if rung != Rung::Exact && exact_elsewhere => {
            (rung, [inside, behind].concat())
        }
        (Some(inside), _) => inside,
        (None, Some(behind)) => behind,
        (None, None) => return Ok(None),
    };
    let mut starts: Vec<usize> = places.iter().map(|(_, start)| *start).collect();
    starts.sort_unstable();
    starts.dedup();
    match (starts.as_slice(), places.as_slice()) {
        ([start], [(anchor, _), ..]) => Ok(Some(wanted.found(*start, rung, anchor.outer, Vec::new()))),
        (several, _) => Err(ambiguous(chunk, several)),
    }
}

/// Whether places in the block of an `@@` line are meant, or those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InBlock {
    Yes,
    No,
}

/// The places that belong to an anchor. One that follows an `@@` line at once is its own, where the
/// text is not indented; all others behind it are equally far.
fn near(page: &Page<'_>, anchors: &[Anchor], hits: &[usize], block: InBlock) -> Vec<(Anchor, usize)> {
    let mut near = Vec::new();
    if hits.is_empty() {
        return near;
    }
    for anchor in anchors {
        let first = hits.partition_point(|start| *start <= anchor.inner);
        let end = end_of_block(&page.lines, anchor.inner);
        let inside = hits.partition_point(|start| *start < end).max(first);
        match block {
            InBlock::Yes => near.extend(hits[first..inside].iter().map(|start| (*anchor, *start))),
            InBlock::No => {
                let Some(start) = hits.get(inside) else { continue };
                let follows = page.lines[anchor.inner + 1..*start].iter().all(|line| line.trim().is_empty());
                let taken = if follows { 1 } else { hits.len() - inside };
                near.extend(
                    hits[inside..]
                        .iter()
                        .take(taken.min(limits::HITS_SHOWN_MAX))
                        .map(|start| (*anchor, *start)),
                );
            }
        }
    }
    near
}

/// Where the `@@` lines of a chunk stand behind the cursor; none where it has none.
fn anchors(page: &mut Page<'_>, chunk: &Chunk, cursor: usize) -> Result<Option<Vec<Anchor>>, Mismatch> {
    let mut anchors: Option<Vec<Anchor>> = None;
    for written in &chunk.heads {
        let mut found = head(page, written, anchors.as_deref(), cursor);
        if found.is_empty() {
            let Some(heading) = heading_of_a_diff(written) else {
                let (why, shown) = nearest::why_no_head(page, written, cursor);
                return Err(Mismatch { missing: Missing::Head, shown, number: chunk.number, why });
            };
            found = head(page, heading, anchors.as_deref(), cursor);
        }
        if !found.is_empty() {
            anchors = Some(found);
        }
    }
    Ok(anchors)
}

/// The lines that are this `@@` line, below those before it.
fn head(page: &mut Page<'_>, head: &str, outer: Option<&[Anchor]>, cursor: usize) -> Vec<Anchor> {
    if head.trim().is_empty() {
        return Vec::new();
    }
    for rung in Rung::ALL {
        let mut hits = page.hits(&[head], rung);
        hits.retain(|line| *line >= cursor);
        let found: Vec<Anchor> = match outer {
            None => hits.iter().map(|line| Anchor { outer: *line, inner: *line }).collect(),
            Some(anchors) => {
                let inside = near(page, anchors, &hits, InBlock::Yes);
                let found = if inside.is_empty() { near(page, anchors, &hits, InBlock::No) } else { inside };
                found.iter().map(|(anchor, line)| Anchor { outer: anchor.outer, inner: *line }).collect()
            }
        };
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// What follows the numbers of a unified diff's `@@ -1,2 +1,3 @@ heading`: models write it from habit.
/// The numbers tell nothing that can be relied on; the heading, where it is a line, tells the place.
fn heading_of_a_diff(head: &str) -> Option<&str> {
    let (numbers, heading) = head.trim().split_once("@@")?;
    let mut ranges = numbers.split_whitespace();
    let is_range = |range: &str, mark| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        range.strip_prefix(mark).is_some_and(|range| range.split(',').all(digits))
    };
    let fits = is_range(ranges.next()?, '-') && is_range(ranges.next()?, '+') && ranges.next().is_none();
    fits.then(|| heading.strip_prefix(' ').unwrap_or(heading))
}

fn ambiguous(chunk: &Chunk, starts: &[usize]) -> Mismatch {
    let shown = starts.iter().take(limits::HITS_SHOWN_MAX).map(|start| (start + 1).to_string());
    let lines = shown.collect::<Vec<_>>().join(", ");
    let why = format!(
        "its place is not certain: it fits at lines {lines}. Quote more lines around it, or name the class or \
         function in an `@@` line before it"
    );
    Mismatch { missing: Missing::Certainty, shown: String::new(), number: chunk.number, why }
}
