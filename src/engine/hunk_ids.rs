//! Names of hunks: each names one change and no other, whatever becomes of the others.
//!
//! A name is made of the lines, old and new, and of the line before and the one behind them. These two
//! belong to no hunk, so keeping or undoing other hunks changes no name. Changes that are alike in all of
//! this, or that stand beside a line like their own, so that their place is a matter of taste, are named by
//! both texts as a whole as well: such a name is gone with the next change of the file, and does not go over
//! to another one.

use std::collections::HashMap;
use std::ops::Range;

use crate::text::{Hash, Hunk};

/// Digits of a name: two of a million hunks are called alike once in 30 million times.
const DIGITS: usize = 16;

/// The names of these changes from one text to another, in their order.
pub(super) fn ids(base: &str, now: &str, hunks: &[Hunk]) -> Vec<String> {
    let (old, new) = (Lines::of(base), Lines::of(now));
    let looks: Vec<[&str; 4]> = hunks
        .iter()
        .map(|hunk| {
            let before =
                hunk.new.start.checked_sub(1).map_or(NO_LINE, |line| new.get(&(line..hunk.new.start)));
            let behind = match new.get(&(hunk.new.end..hunk.new.end.saturating_add(1))) {
                "" => NO_LINE,
                line => line,
            };
            [old.get(&hunk.old), new.get(&hunk.new), before, behind]
        })
        .collect();
    let mut alike: HashMap<[&str; 4], u64> = HashMap::new();
    for look in &looks {
        *alike.entry(*look).or_default() += 1;
    }
    let is_certain = |look: &[&str; 4]| alike[look] == 1 && !slides(look);
    let texts = (!looks.iter().all(is_certain)).then(|| [base, now].map(|text| Hash::of(text.as_bytes())));
    let mut nth: HashMap<[&str; 4], u64> = HashMap::new();
    let mut names = Vec::with_capacity(looks.len());
    for look in looks {
        let mut pieces: Vec<String> = look.iter().map(|piece| format!("{} {piece}", piece.len())).collect();
        if let (Some([base, now]), false) = (&texts, is_certain(&look)) {
            let nth = nth.entry(look).or_default();
            *nth += 1;
            pieces.push(format!("{base} {now} {nth}"));
        }
        let sum = Hash::of_pieces(pieces.iter().map(String::as_bytes));
        names.push(sum.to_string()[..DIGITS].to_owned());
    }
    names
}

/// Whether a line beside a change is like one of its own.
fn slides([old, new, before, behind]: &[&str; 4]) -> bool {
    let mut lines = old.split_inclusive('\n').chain(new.split_inclusive('\n'));
    lines.any(|line| line == *before || line == *behind)
}

/// Stands where there is no line before or behind: no line holds it.
const NO_LINE: &str = "\n\n";

/// A text by lines.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    fn get(&self, lines: &Range<u32>) -> &'a str {
        let at = |line: u32| {
            let start = usize::try_from(line).ok().and_then(|line| self.starts.get(line));
            start.copied().unwrap_or(self.text.len())
        };
        &self.text[at(lines.start)..at(lines.end)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{Lineage, spliced};

    fn named(lineage: &Lineage) -> Vec<(String, Hunk)> {
        let hunks = lineage.hunks();
        ids(lineage.base(), lineage.now(), &hunks).into_iter().zip(hunks).collect()
    }

    /// The text without one hunk.
    fn undone(lineage: &Lineage, hunk: &Hunk) -> Lineage {
        let now = spliced(lineage.now(), &lineage.undoing([hunk]));
        Lineage::settled(lineage.base().clone(), now.into(), Vec::new())
    }

    /// The text with one hunk in its base.
    fn kept(lineage: &Lineage, hunk: &Hunk) -> Lineage {
        Lineage::settled(lineage.keeping([hunk]).into(), lineage.now().clone(), Vec::new())
    }

    fn from(base: &str, now: &str) -> Lineage {
        Lineage::settled(base.into(), now.into(), Vec::new())
    }

    #[test]
    fn equal_changes_keep_their_names_when_others_go() {
        let all = from("x\n1\nx\n2\nx\n3\n", "y\n1\ny\n2\ny\n3\n");
        let names = named(&all);
        assert_eq!(names.len(), 3);
        for at in 0..3 {
            let mut rest: Vec<&str> = names.iter().map(|(id, _)| id.as_str()).collect();
            rest.remove(at);
            for left in [undone(&all, &names[at].1), kept(&all, &names[at].1)] {
                let left = named(&left);
                assert_eq!(left.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), rest);
            }
        }
    }

    #[test]
    fn changes_that_nothing_tells_apart_are_asked_for_anew() {
        let all = from("x\n-\nx\n-\nx\n-\nx\n", "y\n-\ny\n-\ny\n-\ny\n");
        let names = named(&all);
        let left = named(&undone(&all, &names[1].1));
        assert_eq!(left.len(), 3);
        assert_eq!(left[0].0, names[0].0, "nothing stands before it");
        assert!(names[1..3].iter().all(|(id, _)| left[1..2].iter().all(|(other, _)| other != id)));
    }

    proptest! {
        /// Whatever is kept or undone, a name that was given to one change is never given to another. All
        /// changes are alike here; what stands between them is unlike them, so that their places are certain.
        #[test]
        fn a_name_names_one_change_for_ever(
            lines in prop::collection::vec((0..3usize, any::<bool>()), 1..14),
            decisions in prop::collection::vec((0..8usize, any::<bool>()), 0..8),
        ) {
            let text = |new: &str| -> String {
                let line = |(word, changed): &(usize, bool)| match changed {
                    true => new,
                    false => ["-\n", "{\n", "}\n"][*word],
                };
                lines.iter().map(line).collect()
            };
            let mut lineage = from(&text("x\n"), &text("y\n"));
            let mut given: HashMap<String, usize> = HashMap::new();
            // Which of the first changes each is.
            let mut left: Vec<usize> = (0..lineage.hunks().len()).collect();
            for (which, keep) in decisions {
                let names = named(&lineage);
                prop_assume!(names.len() == left.len());
                for ((id, _), number) in names.iter().zip(&left) {
                    prop_assert_eq!(given.entry(id.clone()).or_insert(*number), number);
                }
                if names.is_empty() {
                    break;
                }
                let at = which % names.len();
                left.remove(at);
                lineage = if keep { kept(&lineage, &names[at].1) } else { undone(&lineage, &names[at].1) };
            }
        }
    }
}
