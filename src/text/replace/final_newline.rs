//! A quote that ends in a newline, at the end of a file that does not.

use super::{Found, New, Places, Query};

pub(super) fn find(query: Query<'_>) -> Found {
    let Some(body) = query.old.strip_suffix('\n').filter(|body| !body.trim().is_empty()) else {
        return Found::Nothing;
    };
    if query.text.ends_with('\n') || !query.text.ends_with(body) {
        return Found::Nothing;
    }
    let range = query.text.len() - body.len()..query.text.len();
    Found::Places(Places { ranges: vec![range], count: 1, new: New::Same(query.new.to_owned()) })
}
