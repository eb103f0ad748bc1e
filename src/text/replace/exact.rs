//! The quote as it stands in the file.

use memchr::memmem;

use super::{Found, Hits, New, Places, Query};
use crate::limits;

pub(super) fn find(query: Query<'_>) -> Found {
    found(query, query.old, query.new)
}

/// The places of this text, and what is to stand there.
pub(super) fn found(query: Query<'_>, old: &str, new: &str) -> Found {
    let (starts, count) = starts(query.text, old, query.hits);
    if count == 0 {
        return Found::Nothing;
    }
    let ranges = starts.into_iter().map(|start| start..start + old.len()).collect();
    Found::Places(Places { ranges, count, new: New::Same(new.to_owned()) })
}

/// Where `old` begins, the first `limits::REPLACEMENTS_MAX` times, and how often it occurs. Where one
/// place is wanted, two that overlap are two.
pub(super) fn starts(text: &str, old: &str, hits: Hits) -> (Vec<usize>, usize) {
    let (text, finder) = (text.as_bytes(), memmem::Finder::new(old));
    let kept = match hits {
        Hits::One => limits::HITS_SHOWN_MAX,
        Hits::All => limits::REPLACEMENTS_MAX,
    };
    let mut starts = Vec::new();
    let mut count = 0;
    for start in finder.find_iter(text) {
        if starts.len() < kept {
            starts.push(start);
        }
        count += 1;
    }
    if let ([first], Hits::One) = (starts.as_slice(), hits)
        && let Some(next) = finder.find(&text[first + 1..])
    {
        starts.push(first + 1 + next);
        count += 1;
    }
    (starts, count)
}
