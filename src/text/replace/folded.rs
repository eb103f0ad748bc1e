//! A text rewritten piece by piece, and the way back to where the pieces stood.

use std::ops::Range;

/// What becomes of the beginning of a text.
pub(super) enum Piece {
    /// So many bytes stay.
    Kept(usize),
    /// So many bytes were rewritten.
    Changed(usize),
}

/// A rewritten text. Where its pieces stood is found by rewriting once more: that takes no memory, and
/// a text in which nothing is found is not gone through twice.
pub(super) struct Folded<'a, F> {
    original: &'a str,
    fold: F,
    pub text: String,
}

impl<'a, F: Fn(&str, &mut String) -> Piece> Folded<'a, F> {
    /// `fold` takes the first piece of a text and puts what becomes of it behind another one.
    pub fn new(original: &'a str, fold: F) -> Self {
        let mut folded = Self { original, fold, text: String::with_capacity(original.len()) };
        let mut done = 0;
        while done < original.len() {
            done += (folded.fold)(&original[done..], &mut folded.text).len();
        }
        folded
    }

    /// Where these places were in the original. Those are left out of which an end lies inside of a
    /// piece that was rewritten.
    pub fn original(&self, places: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut ends: Vec<usize> = places.iter().flat_map(|place| [place.start, place.end]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut was: Vec<Option<usize>> = vec![None; ends.len()];
        let (mut next, mut now, mut done) = (0, 0, 0);
        let mut piece = String::new();
        while next < ends.len() {
            if ends[next] == now {
                was[next] = Some(done);
                next += 1;
                continue;
            }
            if done >= self.original.len() {
                break;
            }
            piece.clear();
            let from = done;
            let kept = (self.fold)(&self.original[done..], &mut piece);
            done += kept.len();
            while next < ends.len() && ends[next] < now + piece.len() {
                was[next] = match kept {
                    Piece::Kept(_) => Some(from + (ends[next] - now)),
                    Piece::Changed(_) => None,
                };
                next += 1;
            }
            now += piece.len();
        }
        let was = |place: usize| ends.binary_search(&place).ok().and_then(|at| was[at]);
        places.iter().filter_map(|place| Some(was(place.start)?..was(place.end)?)).collect()
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(len) | Self::Changed(len) => *len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let fold = |text: &str, out: &mut String| match text.find('ä') {
            Some(0) => {
                out.push_str("ae");
                Piece::Changed(2)
            }
            at => {
                out.push_str(&text[..at.unwrap_or(text.len())]);
                Piece::Kept(at.unwrap_or(text.len()))
            }
        };
        let folded = Folded::new("xäyyäz", fold);
        assert_eq!(folded.text, "xaeyyaez");
        let places = [0..1, 0..2, 1..3, 3..4, 4..8, 2..4, 8..8];
        assert_eq!(folded.original(&places), [0..1, 1..3, 3..4, 4..8, 8..8]);
    }
}
