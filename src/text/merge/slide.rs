//! Groups of changed lines that could as well stand higher or lower are put where they belong.
//!
//! In `a b b c` either `b` can be the one that came. The same choice must be made for both sides of a
//! merge: the lowest place, or the lowest one where the other sequence has a change too.

/// Moves each group of marked lines of one sequence; `other` are the marks of the other one. None when
/// `steps` comes to its end.
pub(super) fn groups(lines: &[u32], marks: &mut [bool], other: &[bool], steps: &mut u64) -> Option<()> {
    let mut sequence = Sequence { lines, marks };
    let mut group = Group::first(sequence.marks);
    let mut across = Group::first(other);
    loop {
        if group.start < group.end {
            sequence.settle(&mut group, &mut across, other, steps)?;
        }
        match (group.following(sequence.marks), across.following(other)) {
            (Some(next), Some(beside)) => (group, across) = (next, beside),
            _ => return Some(()),
        }
    }
}

/// The marked lines between two unmarked ones; there may be none. The groups of both sequences belong
/// together in their order.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn first(marks: &[bool]) -> Self {
        Self { start: 0, end: run(marks, 0) }
    }

    fn following(self, marks: &[bool]) -> Option<Self> {
        let start = (self.end < marks.len()).then_some(self.end + 1)?;
        Some(Self { start, end: run(marks, start) })
    }

    fn preceding(self, marks: &[bool]) -> Option<Self> {
        let end = self.start.checked_sub(1)?;
        Some(Self { start: beginning(marks, end), end })
    }
}

/// The end of the marked lines that begin here.
fn run(marks: &[bool], start: usize) -> usize {
    start + marks[start..].iter().take_while(|marked| **marked).count()
}

/// The beginning of the marked lines that end here.
fn beginning(marks: &[bool], end: usize) -> usize {
    end - marks[..end].iter().rev().take_while(|marked| **marked).count()
}

struct Sequence<'a> {
    lines: &'a [u32],
    marks: &'a mut [bool],
}

impl Sequence<'_> {
    fn settle(
        &mut self,
        group: &mut Group,
        across: &mut Group,
        other: &[bool],
        steps: &mut u64,
    ) -> Option<()> {
        // The lowest place, if any, at which the other sequence has a change.
        let mut beside;
        loop {
            let size = group.end - group.start;
            while self.up(group, steps)? {
                *across = across.preceding(other)?;
            }
            beside = (across.start < across.end).then_some(group.end);
            while self.down(group, steps)? {
                *across = across.following(other)?;
                if across.start < across.end {
                    beside = Some(group.end);
                }
            }
            // One that met its neighbour took it in, and may have further to go.
            if group.end - group.start == size {
                break;
            }
        }
        while beside.is_some_and(|end| end < group.end) && self.up(group, steps)? {
            *across = across.preceding(other)?;
        }
        Some(())
    }

    /// Moves a group up by one line, if that leaves the text as it is.
    fn up(&mut self, group: &mut Group, steps: &mut u64) -> Option<bool> {
        if group.start == 0 || self.lines[group.start - 1] != self.lines[group.end - 1] {
            return Some(false);
        }
        *steps = steps.checked_sub(1)?;
        group.start -= 1;
        group.end -= 1;
        self.marks[group.start] = true;
        self.marks[group.end] = false;
        group.start = beginning(self.marks, group.start);
        Some(true)
    }

    /// Moves a group down by one line, if that leaves the text as it is.
    fn down(&mut self, group: &mut Group, steps: &mut u64) -> Option<bool> {
        if group.end == self.lines.len() || self.lines[group.start] != self.lines[group.end] {
            return Some(false);
        }
        *steps = steps.checked_sub(1)?;
        self.marks[group.start] = false;
        self.marks[group.end] = true;
        group.start += 1;
        group.end = run(self.marks, group.end + 1);
        Some(true)
    }
}
