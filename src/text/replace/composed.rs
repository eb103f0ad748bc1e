//! Characters composed differently: the same under canonical equivalence (NFC, NFD), nothing wider.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use super::folded::{Folded, Piece};
use super::{Found, New, Places, Query, exact};

pub(super) fn find(query: Query<'_>) -> Found {
    let old: String = query.old.nfd().collect();
    if old == query.old && old.nfc().eq(old.chars()) {
        return Found::Nothing; // nothing in it can be composed otherwise
    }
    let folded = Folded::new(query.text, first_decomposed);
    let (starts, count) = exact::starts(&folded.text, &old, query.hits);
    // A letter is not found without the marks that belong to it.
    let whole = |place: usize| folded.text[place..].chars().next().is_none_or(starts_anew);
    let places: Vec<_> = starts.iter().map(|start| *start..start + old.len()).collect();
    let whole_ones: Vec<_> =
        places.into_iter().filter(|place| whole(place.start) && whole(place.end)).collect();
    let ranges = folded.original(&whole_ones);
    if ranges.is_empty() {
        return Found::Nothing;
    }
    let count = count - (starts.len() - ranges.len());
    Found::Places(Places { ranges, count, new: New::Same(query.new.to_owned()) })
}

/// Takes a letter with its marks, or all plain letters that have none.
fn first_decomposed(text: &str, out: &mut String) -> Piece {
    let plain = text.bytes().position(|byte| !byte.is_ascii()).unwrap_or(text.len());
    // The last plain letter before others may have marks.
    let plain = if plain == text.len() { plain } else { plain.saturating_sub(1) };
    if plain > 0 {
        out.push_str(&text[..plain]);
        return Piece::Kept(plain);
    }
    let mut letters = text.char_indices().skip(1);
    let end = letters.find(|(_, letter)| starts_anew(*letter)).map_or(text.len(), |(at, _)| at);
    let (piece, start) = (&text[..end], out.len());
    out.extend(piece.nfd());
    if out[start..] == *piece { Piece::Kept(end) } else { Piece::Changed(end) }
}

/// Whether this is a letter, not a mark on the one before.
fn starts_anew(letter: char) -> bool {
    let mut first = None;
    decompose_canonical(letter, |part| {
        first.get_or_insert(part);
    });
    canonical_combining_class(first.unwrap_or(letter)) == 0
}
