//! Two texts become hunks, a unified diff, or counts of lines.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::clean;
use super::edit::{Hunk, Splice};
use crate::limits;

/// A complete unified diff of one file, with three lines of context. No text means no file.
///
/// Equal texts give an empty diff.
pub fn unified(name: &str, old: Option<&str>, new: Option<&str>) -> String {
    let (before, after) = (old.unwrap_or_default(), new.unwrap_or_default());
    let name = clean::one_line(name);
    let name = name.trim_start_matches('/');
    let old_name = if old.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    let new_name = if new.is_some() { format!("b/{name}") } else { "/dev/null".to_owned() };
    let diff = lines(before, after);
    diff.unified_diff().context_radius(3).header(&old_name, &new_name).to_string()
}

/// What goes and what comes, whole and without anything around it, for where there is little room. Each change
/// begins with the name and the line where it stands.
pub fn terse(name: &str, old: Option<&str>, new: Option<&str>) -> String {
    let name = clean::one_line(name);
    let mut all = match (old, new) {
        (None, Some(_)) => format!("{name}, a new file:\n"),
        (Some(_), None) => format!("{name} goes away:\n"),
        (Some(_), Some(_)) | (None, None) => String::new(),
    };
    let diff = lines(old.unwrap_or_default(), new.unwrap_or_default());
    for op in diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        if all.is_empty() || (old.is_some() && new.is_some()) {
            all.push_str(&format!("{name}, line {}:\n", op.old_range().start + 1));
        }
        for change in diff.iter_changes(op) {
            let sign = if change.tag() == ChangeTag::Insert { '+' } else { '-' };
            let missing = if change.missing_newline() { " (without a line end)" } else { "" };
            all.push_str(&format!("{sign}{}{missing}\n", change.value().trim_end_matches('\n')));
        }
    }
    all
}

/// How many lines come and how many go.
pub fn counts(old: Option<&str>, new: Option<&str>) -> (usize, usize) {
    let diff = lines(old.unwrap_or_default(), new.unwrap_or_default());
    diff.iter_all_changes().fold((0, 0), |(added, removed), change| match change.tag() {
        ChangeTag::Insert => (added + 1, removed),
        ChangeTag::Delete => (added, removed + 1),
        ChangeTag::Equal => (added, removed),
    })
}

/// The differences in lines, in order.
pub fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let line = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let diff = lines(old, new);
    let changed = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).map(|op| {
        let (old, new) = (op.old_range(), op.new_range());
        Hunk { old: line(old.start)..line(old.end), new: line(new.start)..line(new.end) }
    });
    changed.collect()
}

/// The splices that make `old` into `new`, by whole lines; both with LF line ends.
pub fn splices(old: &str, new: &str) -> Vec<Splice> {
    let (old_starts, new_starts) = (line_starts(old), line_starts(new));
    let diff = lines(old, new);
    let changed = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).map(|op| {
        let (from, to) = (op.old_range(), op.new_range());
        Splice {
            start: old_starts[from.start],
            end: old_starts[from.end],
            text: new[new_starts[to.start]..new_starts[to.end]].to_owned(),
        }
    });
    changed.collect()
}

/// By LF alone: a lone CR is a character of its line, as everywhere in Quillon.
fn lines<'a>(old: &'a str, new: &'a str) -> TextDiff<'a, 'a, str> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    TextDiff::configure().timeout(limits::DIFF_TIME).newline_terminated(true).diff_slices(&old, &new)
}

/// Where each line begins, and the end of the text.
fn line_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    }));
    starts
}

#[cfg(test)]
mod tests {
    use super::super::edit::spliced;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unified_diffs() {
        assert_eq!(
            unified("f", Some("a\nb\n"), Some("a\nc\n")),
            "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
        assert_eq!(unified("f", None, Some("x\n")), "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n");
        assert!(unified("f", Some("a"), Some("b")).contains("\\ No newline at end of file"));
        assert_eq!(unified("f", Some("a"), Some("a")), "");
        assert_eq!(counts(Some("a\nb\n"), Some("a\nc\nd\n")), (2, 1));
    }

    #[test]
    fn terse_diffs() {
        assert_eq!(
            terse("f", Some("a\nb\nc\nd\n"), Some("a\nB\nc\n")),
            "f, line 2:\n-b\n+B\nf, line 4:\n-d\n"
        );
        assert_eq!(terse("f", None, Some("x\ny")), "f, a new file:\n+x\n+y (without a line end)\n");
        assert_eq!(terse("f", Some("x\n"), None), "f goes away:\n-x\n");
        assert_eq!(terse("f", None, Some("")), "f, a new file:\n");
        assert_eq!(terse("f", Some("a"), Some("a\n")), "f, line 1:\n-a (without a line end)\n+a\n");
    }

    proptest! {
        #[test]
        fn splices_make_the_new_text(old in "[ab\r\n]{0,30}", new in "[ab\r\n]{0,30}") {
            prop_assert_eq!(spliced(&old, &splices(&old, &new)), new);
        }
    }
}
