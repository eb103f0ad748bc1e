//! A text in which pieces were rewritten, and the way back to where they stood.

use std::ops::Range;

/// A rewritten text.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub text: String,
    /// The pieces that became another text, in order: where they are, and where they were.
    changed: Vec<(Range<usize>, Range<usize>)>,
}

impl Folded {
    /// Takes a piece over as it is.
    pub fn keep(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// Puts `now` in the place of `range` of the original.
    pub fn change(&mut self, range: Range<usize>, now: impl Iterator<Item = char>) {
        let start = self.text.len();
        self.text.extend(now);
        self.changed.push((start..self.text.len(), range));
    }

    /// Where a place was in the original; none inside of a piece that was rewritten.
    pub fn original(&self, place: usize) -> Option<usize> {
        let next = self.changed.partition_point(|(now, _)| now.start <= place);
        let Some((now, was)) = next.checked_sub(1).map(|last| &self.changed[last]) else {
            return Some(place);
        };
        if place == now.start {
            return Some(was.start);
        }
        (place >= now.end).then(|| was.end + (place - now.end))
    }
}
