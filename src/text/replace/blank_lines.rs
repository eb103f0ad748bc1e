//! A quote with blank lines before or behind it that are not in the file.

use super::{Found, New, Places, Query, lines};

pub(super) fn find(query: Query<'_>) -> Found {
    let (before, behind) = (leading(query.old), trailing(query.old));
    let Some(core) = core(query.old, before.len(), behind.len()) else { return Found::Nothing };
    let found = lines::find(query.text, core, query.hits, |line, out| out.push_str(line), |_| Some(()));
    if found.count == 0 {
        return Found::Nothing;
    }
    let new = without(without_leading(query.new, before.len()), behind.len());
    let ranges = found.places.into_iter().map(|(range, ())| range).collect();
    Found::Places(Places { ranges, count: found.count, new: New::Same(new.to_owned()) })
}

/// The quote without these lines; none where there are none.
fn core(old: &str, before: usize, behind: usize) -> Option<&str> {
    if before + behind == 0 {
        return None;
    }
    let core = without(without_leading(old, before), behind);
    (!core.trim().is_empty()).then_some(core)
}

/// The lengths of the blank lines at the head, each with its newline.
fn leading(text: &str) -> Vec<usize> {
    let lines = text.split_inclusive('\n');
    lines.take_while(|line| line.ends_with('\n') && line.trim().is_empty()).map(str::len).collect()
}

/// The lengths of the blank lines at the foot, each with its newline.
fn trailing(text: &str) -> Vec<usize> {
    let lines = text.split_inclusive('\n').rev();
    lines.take_while(|line| line.ends_with('\n') && line.trim().is_empty()).map(str::len).collect()
}

/// `text` without up to so many blank lines at its head.
fn without_leading(text: &str, count: usize) -> &str {
    &text[leading(text).iter().take(count).sum()..]
}

/// `text` without up to so many blank lines at its foot.
fn without(text: &str, count: usize) -> &str {
    &text[..text.len() - trailing(text).iter().take(count).sum::<usize>()]
}
