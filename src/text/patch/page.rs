//! The lines of a text, and where a run of lines stands in it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::rung::Rung;

/// The lines of a text with LF line ends. What was compared once is kept.
pub(super) struct Page<'a> {
    /// The lines, without their line feeds.
    pub(super) lines: Vec<&'a str>,
    keyed: [Option<Keyed<'a>>; Rung::ALL.len()],
}

/// The lines as numbers: equal ones, under one rung, have the same.
struct Keyed<'a> {
    numbers: HashMap<Cow<'a, str>, u32>,
    lines: Vec<u32>,
}

impl<'a> Page<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut lines: Vec<&str> = text.split('\n').collect();
        if lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        Self { lines, keyed: [const { None }; Rung::ALL.len()] }
    }

    /// Where these lines begin, in order; overlapping places count. Takes time in proportion to both.
    pub(super) fn hits(&mut self, wanted: &[&str], rung: Rung) -> Vec<usize> {
        let keyed = self.keyed(rung);
        let Some(wanted) = wanted.iter().map(|line| keyed.number(rung, line)).collect::<Option<Vec<_>>>()
        else {
            return Vec::new();
        };
        runs(&keyed.lines, &wanted)
    }

    /// The lines as numbers, and these other lines too; none for one that does not occur.
    pub(super) fn numbers(&mut self, wanted: &[&str], rung: Rung) -> (&[u32], Vec<Option<u32>>) {
        let keyed = self.keyed(rung);
        let wanted = wanted.iter().map(|line| keyed.number(rung, line)).collect();
        (&keyed.lines, wanted)
    }

    fn keyed(&mut self, rung: Rung) -> &Keyed<'a> {
        let lines = &self.lines;
        self.keyed[rung as usize].get_or_insert_with(|| {
            let mut numbers = HashMap::new();
            let number = |line: &&'a str| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *numbers.entry(rung.key(line)).or_insert(next)
            };
            let lines = lines.iter().map(number).collect();
            Keyed { numbers, lines }
        })
    }
}

impl Keyed<'_> {
    fn number(&self, rung: Rung, line: &str) -> Option<u32> {
        self.numbers.get(&*rung.key(line)).copied()
    }
}

/// Where `wanted` begins in `all` (Knuth, Morris and Pratt).
fn runs(all: &[u32], wanted: &[u32]) -> Vec<usize> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut borders = vec![0; wanted.len()];
    for at in 1..wanted.len() {
        let mut border: usize = borders[at - 1];
        while border > 0 && wanted[border] != wanted[at] {
            border = borders[border - 1];
        }
        borders[at] = border + usize::from(wanted[border] == wanted[at]);
    }
    let (mut found, mut matched) = (Vec::new(), 0);
    for (at, number) in all.iter().enumerate() {
        while matched > 0 && wanted[matched] != *number {
            matched = borders[matched - 1];
        }
        matched += usize::from(wanted[matched] == *number);
        if matched == wanted.len() {
            found.push(at + 1 - matched);
            matched = borders[matched - 1];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_rungs() {
        let mut page = Page::new("a \n b\na\n\n");
        assert_eq!(page.lines, ["a ", " b", "a", ""]);
        assert_eq!(page.hits(&["a"], Rung::Exact), [2]);
        assert_eq!(page.hits(&["a"], Rung::BlanksBehind), [0, 2]);
        assert_eq!(page.hits(&["b", "a"], Rung::BlanksAround), [1]);
        assert_eq!(Page::new("").lines, [""; 0]);
        assert_eq!(Page::new("\n").lines, [""]);
    }

    proptest! {
        #[test]
        fn as_a_plain_search(all in prop::collection::vec(0..3u32, 0..30), wanted in prop::collection::vec(0..3u32, 1..5)) {
            let plain: Vec<usize> = all
                .windows(wanted.len())
                .enumerate()
                .filter(|(_, window)| *window == wanted)
                .map(|(at, _)| at)
                .collect();
            prop_assert_eq!(runs(&all, &wanted), plain);
        }
    }
}
