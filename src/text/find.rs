//! Where the model's "old text" is in a file, and, where it is not, why not.
//!
//! Exact and unique, or everywhere on request. Repairs of text that was quoted wrongly would stand
//! between the exact search and the errors, each with a name of its own.

use super::edit::Splice;
use crate::limits;

/// Whether one place is meant or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hits {
    /// Exactly one.
    One,
    /// All of them.
    All,
}

/// Why there is no edit, in words for the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Nothing to look for.
    #[error("old_string is empty; quote the text that is to be replaced, or use `write` for a new file")]
    EmptyOld,
    /// Nothing would change.
    #[error("old_string and new_string are equal, so nothing would change")]
    NoChange,
    /// It is not there.
    #[error("old_string was not found. {0}")]
    NotFound(String),
    /// It is there more than once.
    #[error(
        "old_string occurs {count} times (lines {lines}); quote more lines around the one you mean, or set replace_all"
    )]
    Ambiguous {
        /// How often.
        count: usize,
        /// In which lines, the first ones.
        lines: String,
    },
}

/// The splices that replace `old` by `new` in a text with LF line ends. Both may have CRLF.
pub fn replacements(text: &str, old: &str, new: &str, hits: Hits) -> Result<Vec<Splice>, FindError> {
    let (old, new) = (old.replace("\r\n", "\n"), new.replace("\r\n", "\n"));
    if old.is_empty() {
        return Err(FindError::EmptyOld);
    }
    if old == new {
        return Err(FindError::NoChange);
    }
    let found: Vec<usize> = text.match_indices(&old).map(|(at, _)| at).collect();
    match (found.as_slice(), hits) {
        ([], _) => Err(FindError::NotFound(nearest(text, &old, &new))),
        ([_], _) | (_, Hits::All) => {
            let splice = |at: &usize| Splice { start: *at, end: at + old.len(), text: new.clone() };
            Ok(found.iter().map(splice).collect())
        }
        (_, Hits::One) => {
            let shown = found.iter().take(limits::HITS_SHOWN_MAX).map(|at| line_of(text, *at).to_string());
            let lines = shown.collect::<Vec<_>>().join(", ");
            Err(FindError::Ambiguous { count: found.len(), lines })
        }
    }
}

/// The number of the line that holds this byte, counted from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// What stands where the model may have meant, with line numbers.
fn nearest(text: &str, old: &str, new: &str) -> String {
    if !new.trim().is_empty()
        && let Some(at) = text.find(new)
    {
        return format!(
            "new_string is there already, at line {}: the edit may have been made before.",
            line_of(text, at)
        );
    }
    let wanted: Vec<&str> = old.lines().collect();
    let lines: Vec<&str> = text.lines().collect();
    let score = |start: usize| {
        wanted
            .iter()
            .zip(&lines[start..])
            .filter(|(left, right)| !left.trim().is_empty() && left.trim() == right.trim())
            .count()
    };
    let best = (0..lines.len())
        .map(|start| (score(start), start))
        .max_by_key(|(score, start)| (*score, usize::MAX - start));
    match best {
        Some((score, start)) if score > 0 => {
            let end = (start + wanted.len().min(limits::NEAREST_LINES_MAX)).min(lines.len());
            let shown: Vec<String> = lines[start..end]
                .iter()
                .enumerate()
                .map(|(at, line)| format!("{}\t{line}", start + at + 1))
                .collect();
            format!(
                "{}The nearest place is:\n{}",
                difference(&wanted, &lines[start..], start),
                shown.join("\n")
            )
        }
        Some(_) | None => "No line of it is in the file; read the file again.".to_owned(),
    }
}

/// Where the wanted lines and those of the file differ first.
fn difference(wanted: &[&str], lines: &[&str], start: usize) -> String {
    for (at, line) in wanted.iter().enumerate() {
        match lines.get(at) {
            Some(other) if other == line => {}
            Some(other) if other.trim() == line.trim() => {
                return format!("Line {} differs in blanks at its beginning or end. ", start + at + 1);
            }
            Some(_) => return format!("Line {} differs. ", start + at + 1),
            None => return "The file ends before old_string does. ".to_owned(),
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, old: &str, new: &str, hits: Hits, expected: &str) {
        let got = match replacements(text, old, new, hits) {
            Ok(splices) => super::super::edit::spliced(text, &splices),
            Err(error) => format!("! {error}"),
        };
        assert!(got.starts_with(expected), "{got}");
    }

    #[test]
    fn exact_and_unique() {
        check("a\nb\nc\n", "b\n", "x\n", Hits::One, "a\nx\nc\n");
        check("a\nb\n", "a\r\nb", "x\r\ny", Hits::One, "x\ny\n");
        check("a a", "a", "$&", Hits::All, "$& $&");
    }

    #[test]
    fn refusals_say_why() {
        check("a\nb\na\n", "a", "x", Hits::One, "! old_string occurs 2 times (lines 1, 3)");
        check("a", "", "x", Hits::One, "! old_string is empty");
        check("a", "a", "a", Hits::One, "! old_string and new_string are equal");
        check(
            "  one\n  two\n",
            "one\ntwo",
            "x",
            Hits::One,
            "! old_string was not found. Line 1 differs in blanks",
        );
        check(
            "done\n",
            "todo",
            "done",
            Hits::One,
            "! old_string was not found. new_string is there already, at line 1",
        );
        check("x\n", "y", "z", Hits::One, "! old_string was not found. No line of it");
    }
}
