//! Two lists of splices, one made on the text that the other leaves, become one list.

use std::ops::Range;

use super::edit::Splice;

/// The splices that do to `base` what `first` does, and then `second` to the text it leaves.
pub fn joined(base: &str, first: &[Splice], second: &[Splice]) -> Vec<Splice> {
    let mut between = Pieces { rest: pieces(base.len(), first), head: None };
    let mut joined = Joined { base, done: 0, put: String::new(), splices: Vec::new() };
    let mut done = 0;
    for splice in second {
        between.take(splice.start - done, |piece| joined.add(piece));
        between.take(splice.end - splice.start, |_| {});
        joined.put.push_str(&splice.text);
        done = splice.end;
    }
    between.take(usize::MAX, |piece| joined.add(piece));
    joined.close()
}

/// A part of a text: kept from the base, or put in.
enum Piece<'a> {
    Kept(Range<usize>),
    Put(&'a str),
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
    each.chain([Piece::Kept(last..len)])
}

/// Pieces that are taken from the front.
struct Pieces<'a, Rest> {
    rest: Rest,
    /// What is left of one that was taken in part.
    head: Option<Piece<'a>>,
}

impl<'a, Rest: Iterator<Item = Piece<'a>>> Pieces<'a, Rest> {
    /// Hands over the next bytes, or all where there are less.
    fn take(&mut self, mut bytes: usize, mut each: impl FnMut(Piece<'a>)) {
        while bytes > 0
            && let Some(piece) = self.head.take().or_else(|| self.rest.next())
        {
            let (taken, left) = piece.split(bytes);
            bytes -= taken.len();
            self.head = left;
            each(taken);
        }
    }
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::Put(text) => text.len(),
        }
    }

    /// The first bytes, and what is left.
    fn split(self, bytes: usize) -> (Self, Option<Self>) {
        if bytes >= self.len() {
            return (self, None);
        }
        match self {
            Self::Kept(range) => {
                let cut = range.start + bytes;
                (Self::Kept(range.start..cut), Some(Self::Kept(cut..range.end)))
            }
            Self::Put(text) => (Self::Put(&text[..bytes]), Some(Self::Put(&text[bytes..]))),
        }
    }
}

/// Pieces joined to splices of the base.
struct Joined<'a> {
    base: &'a str,
    done: usize,
    put: String,
    splices: Vec<Splice>,
}

impl Joined<'_> {
    fn add(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Put(text) => self.put.push_str(text),
            Piece::Kept(range) if range.is_empty() => {}
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
    use super::super::edit::spliced;
    use super::*;
    use proptest::prelude::*;

    /// Splices that fit the text, from places that may not.
    fn fitting(text: &str, seed: &[(usize, usize, String)]) -> Vec<Splice> {
        let mut places: Vec<usize> = seed.iter().flat_map(|(at, len, _)| [*at, at + len]).collect();
        places.iter_mut().for_each(|place| *place = (*place).min(text.len()));
        places.sort_unstable();
        let pairs = places.chunks_exact(2).zip(seed);
        pairs.map(|(pair, (_, _, put))| Splice { start: pair[0], end: pair[1], text: put.clone() }).collect()
    }

    proptest! {
        #[test]
        fn one_list_does_both(
            text in "[a-f]{0,12}",
            first in proptest::collection::vec((0..12usize, 0..4usize, "[x-z]{0,3}"), 0..4),
            second in proptest::collection::vec((0..16usize, 0..5usize, "[m-o]{0,3}"), 0..4),
        ) {
            let first = fitting(&text, &first);
            let between = spliced(&text, &first);
            let second = fitting(&between, &second);
            let both = joined(&text, &first, &second);
            prop_assert_eq!(spliced(&text, &both), spliced(&between, &second));
            prop_assert!(both.windows(2).all(|pair| pair[0].end < pair[1].start), "{both:?}");
        }
    }
}
