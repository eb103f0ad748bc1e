//! The shortest way from one sequence to another: Myers' algorithm, from both ends to the middle.

/// The elements that are not common to both sequences, by their place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) old: Vec<usize>,
    pub(super) new: Vec<usize>,
}

/// The fewest elements to take out and put in; none when `steps` comes to its end.
pub(super) fn shortest(old: &[u32], new: &[u32], steps: &mut u64) -> Option<Differing> {
    let width = old.len() + new.len() + 3;
    let shift = isize::try_from(new.len()).ok()? + 1;
    let reach = || Reach { furthest: vec![0; width], shift };
    let mut search = Search { old, new, forward: reach(), backward: reach(), found: Differing::default() };
    let whole = Area { old_start: 0, old_end: old.len(), new_start: 0, new_end: new.len() };
    search.compare(whole, steps)?;
    Some(search.found)
}

/// A part of each sequence.
#[derive(Debug, Clone, Copy)]
struct Area {
    old_start: usize,
    old_end: usize,
    new_start: usize,
    new_end: usize,
}

/// How far each diagonal is known to lead in the old sequence. A diagonal is named by the place in the
/// old sequence less the place in the new one.
struct Reach {
    furthest: Vec<isize>,
    shift: isize,
}

impl Reach {
    fn at(&mut self, diagonal: isize) -> &mut isize {
        // A diagonal lies at most one outside of the area, for which there is room.
        &mut self.furthest[usize::try_from(diagonal + self.shift).unwrap_or_default()]
    }
}

struct Search<'a> {
    old: &'a [u32],
    new: &'a [u32],
    forward: Reach,
    backward: Reach,
    found: Differing,
}

/// The diagonals that were reached, every second one of which counts.
struct Front {
    low: isize,
    high: isize,
}

impl Front {
    /// Grows by one on either side, within the diagonals of the area; a diagonal that is new there is
    /// given a reach that nothing comes behind.
    fn widen(&mut self, least: isize, most: isize, reach: &mut Reach, nothing: isize) {
        if self.low > least {
            self.low -= 1;
            *reach.at(self.low - 1) = nothing;
        } else {
            self.low += 1;
        }
        if self.high < most {
            self.high += 1;
            *reach.at(self.high + 1) = nothing;
        } else {
            self.high -= 1;
        }
    }

    fn has(&self, diagonal: isize) -> bool {
        (self.low..=self.high).contains(&diagonal)
    }

    /// From the highest down.
    fn diagonals(&self) -> impl Iterator<Item = isize> + use<> {
        (self.low..=self.high).rev().step_by(2)
    }
}

impl Search<'_> {
    fn compare(&mut self, area: Area, steps: &mut u64) -> Option<()> {
        let area = self.without_common_ends(area);
        let Area { old_start, old_end, new_start, new_end } = area;
        if old_start == old_end {
            self.found.new.extend(new_start..new_end);
            return Some(());
        }
        if new_start == new_end {
            self.found.old.extend(old_start..old_end);
            return Some(());
        }
        let (old, new) = self.middle(area, steps)?;
        self.compare(Area { old_end: old, new_end: new, ..area }, steps)?;
        self.compare(Area { old_start: old, new_start: new, ..area }, steps)
    }

    fn without_common_ends(&self, area: Area) -> Area {
        let Area { mut old_start, mut old_end, mut new_start, mut new_end } = area;
        while old_start < old_end && new_start < new_end && self.old[old_start] == self.new[new_start] {
            old_start += 1;
            new_start += 1;
        }
        while old_start < old_end && new_start < new_end && self.old[old_end - 1] == self.new[new_end - 1] {
            old_end -= 1;
            new_end -= 1;
        }
        Area { old_start, old_end, new_start, new_end }
    }

    /// A place in both sequences through which a shortest way leads: where the ways from the beginning
    /// and from the end meet. The area is not empty on either side, and its ends differ.
    fn middle(&mut self, area: Area, steps: &mut u64) -> Option<(usize, usize)> {
        let signed = |place: usize| isize::try_from(place).unwrap_or(isize::MAX);
        let (old_start, old_end) = (signed(area.old_start), signed(area.old_end));
        let (new_start, new_end) = (signed(area.new_start), signed(area.new_end));
        let (least, most) = (old_start - new_end, old_end - new_start);
        let (begin, end) = (old_start - new_start, old_end - new_end);
        let odd = (begin - end) % 2 != 0;
        let (mut ahead, mut back) = (Front { low: begin, high: begin }, Front { low: end, high: end });
        *self.forward.at(begin) = old_start;
        *self.backward.at(end) = old_end;
        let place = |old: isize, diagonal: isize| {
            Some((usize::try_from(old).ok()?, usize::try_from(old - diagonal).ok()?))
        };
        loop {
            ahead.widen(least, most, &mut self.forward, -1);
            for diagonal in ahead.diagonals() {
                let (down, right) = (*self.forward.at(diagonal + 1), *self.forward.at(diagonal - 1));
                let mut old = if right >= down { right + 1 } else { down };
                let from = old;
                while old < old_end && old - diagonal < new_end && self.equal(old, old - diagonal) {
                    old += 1;
                }
                *steps = steps.checked_sub(1 + old.abs_diff(from) as u64)?;
                *self.forward.at(diagonal) = old;
                if odd && back.has(diagonal) && *self.backward.at(diagonal) <= old {
                    return place(old, diagonal);
                }
            }
            back.widen(least, most, &mut self.backward, isize::MAX);
            for diagonal in back.diagonals() {
                let (up, left) = (*self.backward.at(diagonal - 1), *self.backward.at(diagonal + 1));
                let mut old = if up < left { up } else { left - 1 };
                let from = old;
                while old > old_start && old - diagonal > new_start && self.equal(old - 1, old - diagonal - 1)
                {
                    old -= 1;
                }
                *steps = steps.checked_sub(1 + old.abs_diff(from) as u64)?;
                *self.backward.at(diagonal) = old;
                if !odd && ahead.has(diagonal) && old <= *self.forward.at(diagonal) {
                    return place(old, diagonal);
                }
            }
        }
    }

    fn equal(&self, old: isize, new: isize) -> bool {
        match (usize::try_from(old), usize::try_from(new)) {
            (Ok(old), Ok(new)) => self.old[old] == self.new[new],
            _ => false,
        }
    }
}
