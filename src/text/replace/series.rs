//! Several replacements, each in the text that those before it left: all or none, as splices of the first text.

use std::ops::Range;

use super::super::edit::{Splice, spliced};
use super::{Hits, ReplaceError, Rung, line_of, numbered, replace};
use crate::limits;

/// One replacement that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What is quoted.
    pub old: String,
    /// What is to stand there.
    pub new: String,
    /// Where.
    pub hits: Hits,
}

/// What was made of several replacements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What becomes of the text; in order, not overlapping.
    pub splices: Vec<Splice>,
    /// How each replacement found its text.
    pub steps: Vec<Step>,
}

/// How one replacement found its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How.
    pub rung: Rung,
    /// In how many places.
    pub places: usize,
    /// The lines of the first place as they were, numbered; none where they were quoted exactly.
    pub matched: Option<String>,
}

/// Why none was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which one failed, counted from 0.
    pub at: usize,
    /// Why.
    pub error: ReplaceError,
}

/// Makes the replacements one after another; `text` as in [`replace`].
pub fn replace_each(text: &str, wanted: &[Replacement]) -> Result<Series, Failed> {
    let mut series = Series { splices: Vec::new(), steps: Vec::new() };
    let mut now: Option<String> = None;
    for (at, one) in wanted.iter().enumerate() {
        let before = now.as_deref().unwrap_or(text);
        let done = replace(before, &one.old, &one.new, one.hits).map_err(|error| Failed { at, error })?;
        let matched = (done.rung != Rung::Exact).then(|| matched(before, &done.splices)).flatten();
        series.steps.push(Step { rung: done.rung, places: done.splices.len(), matched });
        let after = (at + 1 < wanted.len()).then(|| spliced(before, &done.splices));
        series.splices = match at {
            0 => done.splices,
            _ => composed(text, &series.splices, &done.splices),
        };
        now = after.or(now);
    }
    if series.splices.is_empty() {
        return Err(Failed { at: wanted.len().saturating_sub(1), error: ReplaceError::NoChange });
    }
    Ok(series)
}

fn matched(text: &str, splices: &[Splice]) -> Option<String> {
    let first = splices.first()?;
    let line = line_of(text, first.start) - 1;
    let start = text[..first.start].rfind('\n').map_or(0, |at| at + 1);
    let lines = text[start..first.end.max(start)].lines().take(limits::NEAREST_LINES_MAX);
    Some(numbered(lines, line))
}

/// The splices that do to `base` what `first` does and then `second` to the text it leaves.
fn composed(base: &str, first: &[Splice], second: &[Splice]) -> Vec<Splice> {
    let mut between = pieces(base.len(), first).peekable();
    let mut joined = Joined { base, done: 0, put: String::new(), splices: Vec::new() };
    let mut at = 0; // in the text between
    // Where the piece at hand begins in that text.
    let mut begun = 0;
    for step in pieces_of_view(second) {
        let (range, put) = step;
        let end = range.end.unwrap_or(usize::MAX);
        while at < end
            && let Some(piece) = between.peek()
        {
            let piece_end = begun + piece.len();
            let to = piece_end.min(end);
            if range.kept {
                joined.take(piece.part(at - begun..to - begun));
            }
            at = to;
            if at == piece_end {
                begun = piece_end;
                between.next();
            }
        }
        joined.put.push_str(put);
    }
    joined.close()
}

/// A part of a text: kept from the base, or put in.
#[derive(Debug, Clone)]
enum Piece<'a> {
    Kept(Range<usize>),
    Put(&'a str),
}

impl<'a> Piece<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::Put(text) => text.len(),
        }
    }

    fn part(&self, part: Range<usize>) -> Piece<'a> {
        match self {
            Self::Kept(range) => Self::Kept(range.start + part.start..range.start + part.end),
            Self::Put(text) => Self::Put(&text[part]),
        }
    }
}

/// A text of this length after its splices, in pieces.
fn pieces(len: usize, splices: &[Splice]) -> impl Iterator<Item = Piece<'_>> {
    let mut done = 0;
    let each = splices.iter().flat_map(move |splice| {
        let kept = done..splice.start;
        done = splice.end;
        [Piece::Kept(kept), Piece::Put(&splice.text)]
    });
    let last = splices.last().map_or(0, |splice| splice.end);
    each.chain([Piece::Kept(last..len)]).filter(|piece| piece.len() > 0)
}

/// A stretch of the text between, kept or not, up to its end; none is the end of the text.
struct Stretch {
    kept: bool,
    end: Option<usize>,
}

/// The stretches of a text that splices keep and drop, each with what is put in behind it.
fn pieces_of_view(splices: &[Splice]) -> impl Iterator<Item = (Stretch, &str)> {
    let each = splices.iter().flat_map(|splice| {
        [
            (Stretch { kept: true, end: Some(splice.start) }, ""),
            (Stretch { kept: false, end: Some(splice.end) }, splice.text.as_str()),
        ]
    });
    each.chain([(Stretch { kept: true, end: None }, "")])
}

/// Pieces joined to splices of the base.
struct Joined<'a> {
    base: &'a str,
    done: usize,
    put: String,
    splices: Vec<Splice>,
}

impl Joined<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Put(text) => self.put.push_str(text),
            Piece::Kept(range) => {
                self.cut(range.start);
                self.done = range.end;
            }
        }
    }

    /// Ends what is put in before this place of the base.
    fn cut(&mut self, place: usize) {
        let text = std::mem::take(&mut self.put);
        if self.base[self.done..place] != text {
            self.splices.push(Splice { start: self.done, end: place, text });
        }
    }

    fn close(mut self) -> Vec<Splice> {
        self.cut(self.base.len());
        self.splices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(old: &str, new: &str) -> Replacement {
        Replacement { old: old.into(), new: new.into(), hits: Hits::One }
    }

    #[track_caller]
    fn check(text: &str, wanted: &[(&str, &str)], expected: &str) {
        let wanted: Vec<Replacement> = wanted.iter().map(|(old, new)| one(old, new)).collect();
        let got = match replace_each(text, &wanted) {
            Ok(series) => spliced(text, &series.splices),
            Err(failed) => format!("! {} {}", failed.at, failed.error.kind()),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn each_in_what_the_one_before_left() {
        check("a\nb\nc\n", &[("a", "x\ny"), ("y\nb", "z"), ("c", "")], "x\nz\n\n");
        check("one two", &[("one", "two"), ("two two", "2")], "2");
        check("a b", &[("a", "b"), ("b", "c")], "! 1 ambiguous");
        check("a b", &[("a", "c"), ("a", "d")], "! 1 not_found");
        check("a b", &[("a", "c"), ("c", "a")], "! 1 no_change");
        check("", &[("a", "c")], "! 0 not_found");
    }

    fn some_splices(text: &str, seed: &[(usize, usize, String)]) -> Vec<Splice> {
        let mut places: Vec<usize> = seed.iter().flat_map(|(at, len, _)| [*at, at + len]).collect();
        places.iter_mut().for_each(|place| *place = (*place).min(text.len()));
        places.sort_unstable();
        let pairs = places.chunks_exact(2).zip(seed);
        pairs.map(|(pair, (_, _, put))| Splice { start: pair[0], end: pair[1], text: put.clone() }).collect()
    }

    proptest! {
        #[test]
        fn composed_splices_do_both(
            text in "[a-f]{0,12}",
            first in proptest::collection::vec((0..12usize, 0..4usize, "[x-z]{0,3}"), 0..4),
            second in proptest::collection::vec((0..16usize, 0..5usize, "[m-o]{0,3}"), 0..4),
        ) {
            let first = some_splices(&text, &first);
            let between = spliced(&text, &first);
            let second = some_splices(&between, &second);
            let both = composed(&text, &first, &second);
            prop_assert_eq!(spliced(&text, &both), spliced(&between, &second));
            prop_assert!(both.windows(2).all(|pair| pair[0].end < pair[1].start), "{both:?}");
        }
    }
}
