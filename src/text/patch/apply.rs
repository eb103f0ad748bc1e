//! The chunks of an update become splices of the text.

use super::indent::Shift;
use super::locate::{Found, Mismatch, Spot, places};
use super::page::Page;
use super::rung::Rung;
use super::{Chunk, Fate, Line};
use crate::text::edit::Splice;

/// What chunks make of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The changes; none where nothing changes.
    pub splices: Vec<Splice>,
    /// What was quoted loosely.
    pub repairs: Vec<Repair>,
    /// Whether the chunks show that who wrote them knows the text.
    pub proof: Proof,
}

/// Lines that were quoted loosely and found all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    /// The first of them in the text, counted from 1.
    pub line: usize,
    /// How many they are.
    pub count: usize,
    /// What was overlooked.
    pub rung: Rung,
}

/// Whether chunks show that who wrote them knows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Each of them quotes lines letter for letter.
    Quoted,
    /// One quotes loosely, or nothing.
    None,
}

/// Finds the places of all chunks in a text with LF line ends and makes the changes; or makes none.
///
/// The line that takes the place of the last one ends as that one did: with a line feed or without.
pub fn apply(text: &str, chunks: &[Chunk]) -> Result<Applied, Mismatch> {
    let mut page = Page::new(text);
    let spots = places(&mut page, chunks)?;
    let mut turns = Vec::new();
    let mut applied = Applied { splices: Vec::new(), repairs: Vec::new(), proof: Proof::Quoted };
    for (chunk, spot) in chunks.iter().zip(&spots) {
        match spot {
            Spot::Lines(found) => {
                turns.extend(replaced(&page, chunk, found));
                if found.rung != Rung::Exact {
                    let repair = Repair { line: found.start + 1, count: found.len, rung: found.rung };
                    applied.repairs.push(repair);
                    applied.proof = Proof::None;
                }
            }
            Spot::Behind { line, .. } => {
                turns.push(Turn { from: *line, to: *line, new: added(chunk) });
                applied.proof = Proof::None;
            }
            Spot::End => {
                // Before a blank line at the end, which belongs there.
                let blank_end = page.lines.last().is_some_and(|line| line.is_empty());
                let line = page.lines.len() - usize::from(blank_end);
                turns.push(Turn { from: line, to: line, new: added(chunk) });
                applied.proof = Proof::None;
            }
        }
    }
    let turns = joined(turns).into_iter().filter_map(|turn| turn.without_what_stays(&page));
    let starts = starts(text);
    applied.splices = turns.map(|turn| turn.splice(text, &starts)).collect();
    Ok(applied)
}

/// Some neighbouring lines, and those that take their place.
struct Turn {
    from: usize,
    to: usize,
    new: Vec<String>,
}

fn added(chunk: &Chunk) -> Vec<String> {
    chunk.lines.iter().filter(|line| line.fate == Fate::Added).map(|line| line.text.clone()).collect()
}

/// What a chunk does to the lines where it was found; lines that are kept are not among them.
fn replaced(page: &Page<'_>, chunk: &Chunk, found: &Found) -> Vec<Turn> {
    let lines = without_dropped(&chunk.lines, found.dropped);
    let quoted = lines.iter().filter(|line| line.fate != Fate::Added).map(|line| line.text.as_str());
    let there = page.lines[found.start..found.start + found.len].iter().copied();
    let added: Vec<&str> =
        lines.iter().filter(|line| line.fate == Fate::Added).map(|line| line.text.as_str()).collect();
    let put = if found.rung.is_shifted() {
        Shift::of(quoted.zip(there)).put(&added)
    } else {
        added.into_iter().map(str::to_owned).collect()
    };
    let mut put = put.into_iter();
    let mut turns = Vec::new();
    let mut at = found.start;
    let mut open = Turn { from: at, to: at, new: Vec::new() };
    for line in lines {
        match line.fate {
            Fate::Kept => {
                at += 1;
                turns.push(std::mem::replace(&mut open, Turn { from: at, to: at, new: Vec::new() }));
            }
            Fate::Removed => {
                at += 1;
                open.to = at;
            }
            Fate::Added => open.new.extend(put.next()),
        }
    }
    turns.push(open);
    turns.retain(|turn| turn.from < turn.to || !turn.new.is_empty());
    turns
}

/// The lines without the last `dropped` quoted ones, which the text does not have. With a removed
/// one goes the added one that was to take its place.
fn without_dropped(lines: &[Line], dropped: usize) -> Vec<&Line> {
    let mut left: Vec<&Line> = lines.iter().collect();
    for _ in 0..dropped {
        let Some(last) = left.iter().rposition(|line| line.fate != Fate::Added) else { break };
        let gone = left.remove(last);
        if gone.fate == Fate::Removed
            && left.last().is_some_and(|line| line.text.is_empty())
            && left.len() > last
        {
            left.pop();
        }
    }
    left
}

/// In the order of the text; those that touch are one.
fn joined(mut turns: Vec<Turn>) -> Vec<Turn> {
    turns.sort_by_key(|turn| (turn.from, turn.to));
    let mut joined: Vec<Turn> = Vec::new();
    for turn in turns {
        match joined.last_mut() {
            Some(last) if turn.from <= last.to => {
                last.to = last.to.max(turn.to);
                last.new.extend(turn.new);
            }
            Some(_) | None => joined.push(turn),
        }
    }
    joined
}

impl Turn {
    /// Without the lines at both ends that are the same before and after; none when all are.
    fn without_what_stays(mut self, page: &Page<'_>) -> Option<Self> {
        let there = &page.lines[self.from..self.to];
        let same = |pair: &(&&str, &String)| *pair.0 == pair.1;
        let front = there.iter().zip(&self.new).take_while(same).count();
        let room = there.len().min(self.new.len()) - front;
        let back = there.iter().rev().zip(self.new.iter().rev()).take(room).take_while(same).count();
        self.from += front;
        self.to -= back;
        self.new.truncate(self.new.len() - back);
        self.new.drain(..front);
        (self.from < self.to || !self.new.is_empty()).then_some(self)
    }

    /// `starts`: where each line begins, and the end of the text.
    fn splice(&self, text: &str, starts: &[usize]) -> Splice {
        let (start, end) = (starts[self.from], starts[self.to]);
        let mut new = self.new.join("\n");
        if self.new.is_empty() {
            return Splice { start, end, text: new };
        }
        if self.from < self.to {
            // The last line's own end stays, or its lack of one.
            let end = end - usize::from(text[..end].ends_with('\n'));
            return Splice { start, end, text: new };
        }
        if text[..start].is_empty() || text[..start].ends_with('\n') {
            new.push('\n');
        } else {
            new.insert(0, '\n');
        }
        Splice { start, end: start, text: new }
    }
}

fn starts(text: &str) -> Vec<usize> {
    let ends = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

#[cfg(test)]
mod tests;
