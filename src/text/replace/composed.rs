//! Characters composed differently: the same under canonical equivalence (NFC, NFD), nothing wider.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use super::folded::Folded;
use super::{Found, New, Places, Query, exact};

pub(super) fn find(query: Query<'_>) -> Found {
    if query.old.is_ascii() && query.text.is_ascii() {
        return Found::Nothing;
    }
    let old: Cow<'_, str> = if query.old.is_ascii() { query.old.into() } else { query.old.nfd().collect() };
    let folded = folded(query.text);
    let (starts, count) = exact::starts(&folded.text, &old, query.hits);
    // A letter is not found without the marks that belong to it.
    let whole = |place: usize| folded.text[place..].chars().next().is_none_or(starts_anew);
    let looked_at = starts.len();
    let ranges: Vec<_> = starts
        .into_iter()
        .filter(|start| whole(*start) && whole(start + old.len()))
        .filter_map(|start| Some(folded.original(start)?..folded.original(start + old.len())?))
        .collect();
    if ranges.is_empty() {
        return Found::Nothing;
    }
    let count = count - (looked_at - ranges.len());
    Found::Places(Places { ranges, count, new: New::Same(query.new.to_owned()) })
}

/// The text decomposed, letter by letter with its marks.
fn folded(text: &str) -> Folded {
    let mut folded = Folded::default();
    let mut done = 0;
    while done < text.len() {
        let rest = &text[done..];
        let plain = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        // The last plain letter before others may have marks.
        let plain = if plain == rest.len() { plain } else { plain.saturating_sub(1) };
        if plain > 0 {
            folded.keep(&rest[..plain]);
            done += plain;
            continue;
        }
        let mut letters = rest.char_indices().skip(1);
        let end = letters.find(|(_, letter)| starts_anew(*letter)).map_or(rest.len(), |(at, _)| at);
        let piece = &rest[..end];
        match piece.nfd().eq(piece.chars()) {
            true => folded.keep(piece),
            false => folded.change(done..done + end, piece.nfd()),
        }
        done += end;
    }
    folded
}

/// Whether this is a letter, not a mark on the one before.
fn starts_anew(letter: char) -> bool {
    let mut first = None;
    decompose_canonical(letter, |part| {
        first.get_or_insert(part);
    });
    canonical_combining_class(first.unwrap_or(letter)) == 0
}
