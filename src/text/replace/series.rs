//! Several replacements, each in the text that those before it left: all or none, as splices of the first text.

use super::super::edit::{Splice, spliced};
use super::super::joined;
use super::{Hits, ReplaceError, Rung, line_of, numbered, replace};
use crate::limits;

/// One replacement that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What is quoted.
    pub old: String,
    /// What is to stand there.
    pub new: String,
    /// Where.
    pub hits: Hits,
}

/// What was made of several replacements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What becomes of the text; in order, not overlapping.
    pub splices: Vec<Splice>,
    /// How each replacement found its text.
    pub steps: Vec<Step>,
}

/// How one replacement found its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How.
    pub rung: Rung,
    /// In how many places.
    pub places: usize,
    /// The lines of the first place as they were, numbered; none where they were quoted exactly.
    pub matched: Option<String>,
}

/// Why none was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which one failed, counted from 0.
    pub at: usize,
    /// Why.
    pub error: ReplaceError,
}

/// Makes the replacements one after another; `text` as in [`replace`].
pub fn replace_each(text: &str, wanted: &[Replacement]) -> Result<Series, Failed> {
    let mut series = Series { splices: Vec::new(), steps: Vec::new() };
    let mut now: Option<String> = None;
    for (at, one) in wanted.iter().enumerate() {
        let before = now.as_deref().unwrap_or(text);
        let done = replace(before, &one.old, &one.new, one.hits).map_err(|error| Failed { at, error })?;
        let matched = (done.rung != Rung::Exact).then(|| matched(before, &done.splices)).flatten();
        series.steps.push(Step { rung: done.rung, places: done.splices.len(), matched });
        let after = (at + 1 < wanted.len()).then(|| spliced(before, &done.splices));
        series.splices = match at {
            0 => done.splices,
            _ => joined::joined(text, &series.splices, &done.splices),
        };
        now = after.or(now);
    }
    let failed = |error| Err(Failed { at: wanted.len().saturating_sub(1), error });
    let count = series.splices.len();
    let short =
        series.splices.iter().map(|splice| splice.text.len()).filter(|len| *len < limits::BLOB_FROM_BYTES);
    if count > limits::REPLACEMENTS_MAX || short.sum::<usize>() > limits::SHORT_TEXTS_BYTES_MAX {
        return failed(ReplaceError::TooMuch { count });
    }
    if series.splices.is_empty() { failed(ReplaceError::NoChange) } else { Ok(series) }
}

/// The lines of the first place, numbered.
fn matched(text: &str, splices: &[Splice]) -> Option<String> {
    let Splice { start, end, .. } = splices.first()?;
    let first = text[..*start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[..*end].strip_suffix('\n').map_or(*end, str::len).max(first);
    let last = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let lines = text[first..last].lines().take(limits::NEAREST_LINES_MAX);
    Some(numbered(lines, line_of(text, *start) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(old: &str, new: &str) -> Replacement {
        Replacement { old: old.into(), new: new.into(), hits: Hits::One }
    }

    #[track_caller]
    fn check(text: &str, wanted: &[(&str, &str)], expected: &str) {
        let wanted: Vec<Replacement> = wanted.iter().map(|(old, new)| one(old, new)).collect();
        let got = match replace_each(text, &wanted) {
            Ok(series) => spliced(text, &series.splices),
            Err(failed) => format!("! {} {}", failed.at, failed.error.kind()),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn each_in_what_the_one_before_left() {
        check("a\nb\nc\n", &[("a", "x\ny"), ("y\nb", "z"), ("c", "")], "x\nz\n\n");
        check("one two", &[("one", "two"), ("two two", "2")], "2");
        check("a b", &[("a", "b"), ("b", "c")], "! 1 ambiguous");
        check("a b", &[("a", "c"), ("a", "d")], "! 1 not_found");
        check("a b", &[("a", "c"), ("c", "a")], "! 1 no_change");
        check("", &[("a", "c")], "! 0 not_found");
    }
}
