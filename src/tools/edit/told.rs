//! What the model is told of its edit: what was done and how it reads now, or why nothing was done.

use std::ops::Range;

use crate::engine::tool::ToolError;
use crate::limits;
use crate::text::replace::{self, Failed, ReplaceError, Replacement, Rung, Step, numbered};
use crate::text::{Splice, Version};

/// What the model knows of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    knows: Knows,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    /// It has not seen the file.
    Nothing,
    /// It has seen another text.
    Former,
    /// It has seen this text.
    Present,
}

impl Seen {
    /// From the version it saw last, the present one, and how many edits failed in a row with this one.
    pub(super) fn new(seen: Option<Version>, present: Version, failures: u32) -> Self {
        let knows = match seen {
            None => Knows::Nothing,
            Some(version) if version == present => Knows::Present,
            Some(_) => Knows::Former,
        };
        Self { knows, failures }
    }
}

/// Why nothing was written. `text` is the file's, with LF line ends.
pub(super) fn refusal(failed: &Failed, text: &str, seen: Seen) -> ToolError {
    let mut told = match failed.at {
        0 => String::new(),
        at => format!(
            "Edit {} failed, so none was made (lines count in the text with those before it). ",
            at + 1
        ),
    };
    if let ReplaceError::NotFound(_) | ReplaceError::Ambiguous { .. } = &failed.error {
        told.push_str(match seen.knows {
            Knows::Nothing => "You have not read this file yet; read it before you edit it. ",
            Knows::Former => "The file has changed since you saw it; what follows is its present text. ",
            Knows::Present => "The file is as you saw it last. ",
        });
    }
    told.push_str(&failed.error.to_string());
    if seen.failures >= limits::EDIT_FAILURES_UNTIL_SHOWN {
        told.push_str(&present(text, &failed.error));
    }
    ToolError::new(told)
}

/// The present text: all of it, or what is around the place that may be meant.
fn present(text: &str, error: &ReplaceError) -> String {
    let total = text.lines().take(limits::EDIT_TEXT_LINES_MAX + 1).count();
    if total <= limits::EDIT_TEXT_LINES_MAX && text.len() <= limits::EDIT_TEXT_BYTES_MAX {
        return format!("\nThe whole file reads:\n{}", numbered(text.lines(), 0));
    }
    let meant = match error {
        ReplaceError::NotFound(missing) => missing.near.as_ref().map_or(0, |near| near.lines.start),
        ReplaceError::Ambiguous { lines, .. } => lines.first().map_or(0, |line| line - 1),
        ReplaceError::EmptyOld
        | ReplaceError::NoChange
        | ReplaceError::Placeholder(_)
        | ReplaceError::TooMuch { .. } => 0,
    };
    let first = meant.saturating_sub(limits::EDIT_TEXT_LINES_MAX / 4);
    let mut bytes = 0;
    let lines = text.lines().skip(first).take(limits::EDIT_TEXT_LINES_MAX).take_while(|line| {
        bytes += line.len().min(limits::NEAREST_LINE_CHARS_MAX);
        bytes <= limits::EDIT_TEXT_BYTES_MAX
    });
    format!("\nFrom line {} on the file reads:\n{}", first + 1, numbered(lines, first))
}

/// What was done, with the lines as they read now. `old` and `new` are the file's texts, the splices
/// what was written; they say more than the quotes where the file changed meanwhile.
pub(super) fn answer(wanted: &[Replacement], splices: &[Splice], old: &str, new: &str) -> String {
    let steps = match replace::replace_each(old, wanted) {
        Ok(series) if series.splices == splices => series.steps,
        Ok(_) | Err(_) => Vec::new(),
    };
    let done = match steps.as_slice() {
        [] => "Edited.".to_owned(),
        [step] => format!("Edited ({}).", step_words(step)),
        steps => {
            let each =
                steps.iter().zip(1..).map(|(step, number)| format!("\n{number}: {}", step_words(step)));
            format!("{} edits made:{}", steps.len(), each.collect::<String>())
        }
    };
    format!("{done}{}\nIt reads now:\n{}", matched(&steps), shown(splices, new))
}

/// How a step found its text, and in how many places where it was not one.
fn step_words(step: &Step) -> String {
    let places = if step.places == 1 { String::new() } else { format!(", {} places", step.places) };
    match step.rung {
        Rung::Exact => format!("exact{places}"),
        other => format!("not exact: {}{places}", other.words()),
    }
}

/// What was taken for quotes that are not in the file.
fn matched(steps: &[Step]) -> String {
    let each = steps.iter().zip(1..).filter_map(|(step, number)| {
        let lines = step.matched.as_ref()?;
        let which = if steps.len() == 1 { String::new() } else { format!(" of edit {number}") };
        let first = if step.places == 1 { "" } else { " first" };
        Some(format!("\nFor old_string{which} this was taken{first}:\n{lines}"))
    });
    each.collect()
}

/// The lines around each splice, as far as there is room.
fn shown(splices: &[Splice], new: &str) -> String {
    let around = |place: usize| replace::line_of(new, place.min(new.len())) - 1;
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut grown: isize = 0;
    let mut room = limits::EDIT_SHOWN_LINES_MAX;
    for splice in splices {
        let start = splice.start.saturating_add_signed(grown);
        let put = splice.text.len();
        grown += isize::try_from(put).unwrap_or(0) - isize::try_from(splice.end - splice.start).unwrap_or(0);
        let last = start + splice.text.strip_suffix('\n').unwrap_or(&splice.text).len();
        let first = around(start).saturating_sub(limits::EDIT_CONTEXT_LINES);
        let end = around(last) + 1 + limits::EDIT_CONTEXT_LINES;
        match parts.last_mut() {
            Some(part) if part.end >= first => part.end = end.max(part.end),
            Some(_) | None => parts.push(first..end),
        }
        if parts.iter().map(Range::len).sum::<usize>() >= room {
            break;
        }
    }
    let mut told = Vec::new();
    for part in parts {
        let lines = new.lines().skip(part.start).take(part.len().min(room));
        told.push(numbered(lines, part.start));
        room = room.saturating_sub(part.len());
    }
    told.retain(|part| !part.is_empty());
    if told.is_empty() { "(the file is empty)".to_owned() } else { told.join("\n…\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::replace::{Hits, replace_each};
    use crate::text::spliced;

    fn wanted(old: &str, new: &str, hits: Hits) -> Replacement {
        Replacement { old: old.into(), new: new.into(), hits }
    }

    #[track_caller]
    fn answered(old: &str, wanted: &[Replacement], expected: &str) {
        let series = replace_each(old, wanted).unwrap();
        let new = spliced(old, &series.splices);
        assert_eq!(answer(wanted, &series.splices, old, &new), expected);
    }

    #[test]
    fn what_was_done_and_how_it_reads() {
        answered("a\nb\n", &[wanted("b", "c", Hits::One)], "Edited (exact).\nIt reads now:\n1\ta\n2\tc");
        answered("a", &[wanted("a", "", Hits::One)], "Edited (exact).\nIt reads now:\n(the file is empty)");
        answered(
            "1\n2\n3\n4\n5\n6\nx\n",
            &[wanted("x\n", "", Hits::One)],
            "Edited (exact).\nIt reads now:\n4\t4\n5\t5\n6\t6",
        );
        let far: String =
            (1..=20).map(|line| if line % 15 == 3 { "x\n".into() } else { format!("{line}\n") }).collect();
        answered(
            &far,
            &[wanted("x", "y", Hits::All)],
            "Edited (exact, 2 places).\nIt reads now:\n1\t1\n2\t2\n3\ty\n4\t4\n5\t5\n6\t6\n…\n15\t15\n16\t16\n17\t17\n18\ty\n\
             19\t19\n20\t20",
        );
        answered(
            "  a\n  b\n",
            &[wanted("a\nb\n", "a\nc\n", Hits::One), wanted("c", "d", Hits::One)],
            "2 edits made:\n1: not exact: indentation shifted, that of new_string too\n2: exact\n\
             For old_string of edit 1 this was taken:\n1\t  a\n2\t  b\nIt reads now:\n1\t  a\n2\t  d",
        );
        let many = "a\n".repeat(10_000);
        let all = [wanted("a", "b", Hits::All)];
        let series = replace_each(&many, &all).unwrap();
        let told = answer(&all, &series.splices, &many, &"b\n".repeat(10_000));
        assert_eq!(told.lines().count(), limits::EDIT_SHOWN_LINES_MAX + 2, "{told}");
    }

    #[test]
    fn a_text_that_was_merged_is_shown_all_the_same() {
        let splices = [Splice { start: 2, end: 3, text: "c".into() }];
        let told = answer(&[wanted("gone", "c", Hits::One)], &splices, "a\nb\n", "a\nc\n");
        assert_eq!(told, "Edited.\nIt reads now:\n1\ta\n2\tc");
    }

    #[track_caller]
    fn refused(text: &str, old: &str, seen: Option<Version>, failures: u32, expected: &[&str]) -> String {
        let failed = replace_each(text, &[wanted(old, "new", Hits::One)]).unwrap_err();
        let seen = Seen::new(seen, Version::of_text(text), failures);
        let told = refusal(&failed, text, seen).0;
        expected.iter().for_each(|words| assert!(told.contains(words), "{words}: {told}"));
        told
    }

    #[test]
    fn why_not_and_what_stands_there() {
        let version = Version::of_text;
        refused("a\n", "b", None, 1, &["You have not read this file yet", "not found"]);
        refused("a\n", "b", Some(version("b\n")), 1, &["has changed since you saw it"]);
        let told = refused("a\nx\n", "b", Some(version("a\nx\n")), 1, &["is as you saw it last"]);
        assert!(!told.contains("The whole file"), "{told}");
        refused("a\nx\n", "b", Some(version("a\nx\n")), 2, &["The whole file reads:\n1\ta\n2\tx"]);
        let long: String = (1..=1_000).map(|line| format!("line {line}\n")).collect();
        let told =
            refused(&long, "line 700\nline 702\n", None, 3, &["From line 650 on", "\n700\tline 700\n"]);
        assert!(told.lines().count() < limits::EDIT_TEXT_LINES_MAX + limits::NEAREST_LINES_MAX, "{told}");
        let wide = "x".repeat(1_000_000);
        assert!(refused(&wide, "y", None, 3, &["not found"]).len() < 2_000);
    }
}
