//! Two sequences of lines become changes, as git finds them.

use std::ops::Range;

use super::{path, slide};
use crate::limits;

/// Lines of the old sequence that became lines of the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// The changes in order, an unchanged line between each two of them; none when `steps`, which counts
/// down what is looked at, comes to its end.
pub(super) fn between(old: &[u32], new: &[u32], steps: &mut u64) -> Option<Vec<Change>> {
    let mut marks = Marks { old: vec![false; old.len()], new: vec![false; new.len()] };
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rests = (old[head..].iter().rev()).zip(new[head..].iter().rev());
    let tail = rests.take_while(|(old, new)| old == new).count();
    let counts = Counts::of(old, new);
    let old_kept = kept(old, head..old.len() - tail, &counts.new, &mut marks.old);
    let new_kept = kept(new, head..new.len() - tail, &counts.old, &mut marks.new);
    let pick = |lines: &[u32], kept: &[usize]| kept.iter().map(|at| lines[*at]).collect::<Vec<u32>>();
    let found = path::shortest(&pick(old, &old_kept), &pick(new, &new_kept), steps)?;
    found.old.iter().for_each(|at| marks.old[old_kept[*at]] = true);
    found.new.iter().for_each(|at| marks.new[new_kept[*at]] = true);
    slide::groups(old, &mut marks.old, &marks.new, steps)?;
    slide::groups(new, &mut marks.new, &marks.old, steps)?;
    Some(marks.changes())
}

/// Which lines are changed.
struct Marks {
    old: Vec<bool>,
    new: Vec<bool>,
}

impl Marks {
    fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (0, 0);
        while old < self.old.len() || new < self.new.len() {
            let removed = self.old[old..].iter().take_while(|changed| **changed).count();
            let added = self.new[new..].iter().take_while(|changed| **changed).count();
            if removed + added > 0 {
                changes.push(Change { old: old..old + removed, new: new..new + added });
            }
            // The unchanged line behind; there is none at the end.
            (old, new) = (old + removed + 1, new + added + 1);
            (old, new) = (old.min(self.old.len()), new.min(self.new.len()));
        }
        changes
    }
}

/// How often each line stands in either sequence.
struct Counts {
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Counts {
    fn of(old: &[u32], new: &[u32]) -> Self {
        let names = old.iter().chain(new).max().map_or(0, |last| *last as usize + 1);
        let count = |lines: &[u32]| {
            let mut counts = vec![0; names];
            lines.iter().for_each(|line| counts[*line as usize] += 1);
            counts
        };
        Self { old: count(old), new: count(new) }
    }
}

/// How well a line can be found again in the other sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nowhere,
    Somewhere,
    /// In so many places that it says little, like an empty line or a closing brace.
    Everywhere,
}

/// The lines of a range that are worth comparing. The others are marked as changed: those which the
/// other sequence does not have, and those it has everywhere which stand amidst such lines.
fn kept(lines: &[u32], range: Range<usize>, elsewhere: &[usize], marks: &mut [bool]) -> Vec<usize> {
    let many = root(lines.len()).min(limits::MERGE_EQUAL_LINES_MAX);
    let found: Vec<Found> = lines[range.clone()]
        .iter()
        .map(|line| match elsewhere[*line as usize] {
            0 => Found::Nowhere,
            count if count >= many => Found::Everywhere,
            _ => Found::Somewhere,
        })
        .collect();
    let mut kept = Vec::new();
    for (at, line) in range.enumerate() {
        let worth = match found[at] {
            Found::Nowhere => false,
            Found::Somewhere => true,
            Found::Everywhere => !is_amidst_changes(&found, at),
        };
        if worth { kept.push(line) } else { marks[line] = true }
    }
    kept
}

/// Whether more than three quarters of the lines around, up to the nearest ones that are found
/// somewhere, are found nowhere, and there are some on both sides.
fn is_amidst_changes(found: &[Found], at: usize) -> bool {
    let first = at.saturating_sub(limits::MERGE_LOOK_LINES_MAX);
    let last = found.len().min(at + limits::MERGE_LOOK_LINES_MAX + 1);
    let nowhere_of = |lines: &mut dyn Iterator<Item = &Found>| {
        let run: Vec<&Found> = lines.take_while(|found| **found != Found::Somewhere).collect();
        let nowhere = run.iter().filter(|found| ***found == Found::Nowhere).count();
        (nowhere, run.len() - nowhere)
    };
    let (nowhere_before, everywhere_before) = nowhere_of(&mut found[first..at].iter().rev());
    let (nowhere_behind, everywhere_behind) = nowhere_of(&mut found[at + 1..last].iter());
    // The line itself counts on both sides.
    let everywhere = everywhere_before + everywhere_behind + 2;
    let nowhere = nowhere_before + nowhere_behind;
    nowhere_before > 0 && nowhere_behind > 0 && everywhere * 4 < everywhere + nowhere
}

/// Roughly the square root: the power of two that has half as many digits.
fn root(number: usize) -> usize {
    let mut root = 1;
    let mut rest = number;
    while rest > 0 {
        root *= 2;
        rest /= 4;
    }
    root
}
