//! Whole lines that differ in blanks at their ends, and in typographic characters at most.

use super::{Found, New, Places, Query, lines, quotes};

pub(super) fn find(query: Query<'_>) -> Found {
    let fold = |line: &str, out: &mut String| out.push_str(&quotes::plain(line.trim_end_matches(is_blank)));
    let found = lines::find(query.text, query.old, query.hits, fold, |_| Some(()));
    if found.count == 0 {
        return Found::Nothing;
    }
    let ranges = found.places.into_iter().map(|(range, ())| range).collect();
    Found::Places(Places { ranges, count: found.count, new: New::Same(query.new.to_owned()) })
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}
