//! Whether a change was never made, told from the text that stood there afterwards: others may have changed it
//! too.

use std::collections::HashMap;

use super::diff;
use super::edit::Hunk;

/// Whether nothing of the change from `before` to `after` is in `now`, which others have made of one of the
/// two. Where that is not certain, it is.
pub fn is_absent(before: &str, after: &str, now: &str) -> bool {
    let ours = diff::hunks(before, after);
    let theirs = diff::hunks(before, now);
    let in_place = |ours: &Hunk| theirs.iter().any(|theirs| is_in_place(ours, theirs));
    // Equal lines may have moved a change elsewhere: then its lines are there all the same.
    !ours.iter().any(in_place) && no_line_came_or_went(before, after, now)
}

/// Whether a change of the same text may have ours in it.
fn is_in_place(ours: &Hunk, theirs: &Hunk) -> bool {
    if ours.old.is_empty() {
        return theirs.old.start <= ours.old.start && ours.old.start <= theirs.old.end;
    }
    theirs.old.start < ours.old.end && ours.old.start < theirs.old.end
}

/// Whether the lines that ours adds are no more than they were, and those that it takes away no fewer.
fn no_line_came_or_went(before: &str, after: &str, now: &str) -> bool {
    let mut counts: HashMap<&str, (i64, i64)> = HashMap::new();
    for line in before.split_inclusive('\n') {
        let (ours, theirs) = counts.entry(line).or_default();
        (*ours, *theirs) = (*ours - 1, *theirs - 1);
    }
    after.split_inclusive('\n').for_each(|line| counts.entry(line).or_default().0 += 1);
    now.split_inclusive('\n').for_each(|line| counts.entry(line).or_default().1 += 1);
    let mut changed = counts.values().filter(|(ours, _)| *ours != 0).peekable();
    changed.peek().is_some()
        && changed.all(|(ours, theirs)| if *ours > 0 { *theirs <= 0 } else { *theirs >= 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_others_went_before_is_absent() {
        let (before, after) = ("one\ntwo\nthree\n", "one\n2\nthree\n");
        assert!(is_absent(before, after, before));
        assert!(is_absent(before, after, "one\ntwo\nthree\nfour\n"));
        assert!(is_absent(before, after, "zero\none\ntwo\nthree\n"));
        assert!(is_absent(before, "one\ntwo\nmore\nthree\n", "one\ntwo\nthree\nfour\n"));
        assert!(is_absent(before, "one\nthree\n", "one\ntwo\nthree\nfour\n"));
    }

    #[test]
    fn a_change_that_was_made_is_there_whatever_became_of_it() {
        let (before, after) = ("one\ntwo\nthree\n", "one\n2\nthree\n");
        for now in [after, "one\n2\nthree\nfour\n", "one\n2!\nthree\n", "one\nthree\n", ""] {
            assert!(!is_absent(before, after, now), "{now:?}");
        }
        assert!(!is_absent(before, "one\ntwo\nmore\nthree\n", "one\ntwo\nmuch more\nthree\n"));
    }

    #[test]
    fn lines_that_moved_are_there() {
        // The same line stands before and behind: where it was put in cannot be told.
        let (before, after) = ("a\nx\nb\n", "a\nx\nx\nb\n");
        assert!(!is_absent(before, after, "a\nx\nx\nnew\nb\n"));
        assert!(!is_absent(before, "x\na\nb\n", "a\nx\nb\nc\n"), "only the order differs");
    }
}
