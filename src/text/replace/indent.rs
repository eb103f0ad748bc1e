//! Lines that are indented differently from the quote, all in one way; the new text is indented with them.

mod shift;

use std::ops::Range;

use super::{Found, Hits, New, Places, Query, lines};
use crate::limits;
use shift::{Shift, Steps};

/// What a line of code is indented with.
const BLANKS: [char; 2] = [' ', '\t'];

pub(super) fn find(query: Query<'_>) -> Found {
    let bare = |line: &str, out: &mut String| out.push_str(line.trim_start_matches(BLANKS));
    let found =
        lines::find(query.text, query.old, query.hits, bare, |lines| Shift::between(query.old, lines));
    if found.count == 0 {
        return Found::Nothing;
    }
    let (ranges, shifts): (Vec<Range<usize>>, Vec<Shift>) = found.places.into_iter().unzip();
    if query.hits == Hits::One && found.count > 1 {
        return Found::Places(Places { ranges, count: found.count, new: New::Each(Vec::new()) });
    }
    let steps = Steps::of(query.text);
    let mut each = Vec::new();
    let mut bytes = 0;
    for shift in &shifts {
        let Some(new) = shift.apply(query.new, &steps) else {
            return Found::Unclear(
                "It is there with another indentation, but how new_string is to be indented there is not clear; \
                 quote both as they are in the file.",
            );
        };
        bytes += new.len();
        each.push(new);
        if bytes > limits::EDITED_BYTES_MAX {
            break;
        }
    }
    Found::Places(Places { ranges, count: found.count, new: New::Each(each) })
}

/// The blanks before a line's first character; none of a blank line, which has no indentation.
fn indentation(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(BLANKS);
    (!rest.is_empty()).then(|| &line[..line.len() - rest.len()])
}
