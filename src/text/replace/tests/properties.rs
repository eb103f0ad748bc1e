//! What holds for any text and quote.

use proptest::prelude::*;

use super::super::super::edit::spliced;
use super::super::super::ends;
use super::super::*;

fn lines_around(text: &str, splices: &[Splice]) -> (usize, usize) {
    let (first, last) = (splices[0].start, splices[splices.len() - 1].end);
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = if text[..last].ends_with('\n') {
        last
    } else {
        text[last..].find('\n').map_or(text.len(), |at| last + at)
    };
    (start, end)
}

proptest! {
    #[test]
    fn an_exact_quote_is_replaced_and_nothing_else_changes(
        text in "(\u{feff})?([abä\"“ \t]|\r\n|\n){0,24}", at in 0..24usize, length in 1..8usize, new in "([xy$&]|\n){0,5}"
    ) {
        let view = ends::lf(&text);
        let boundary = |mut at: usize| { at = at.min(view.len()); while !view.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (boundary(at), boundary(at + length));
        if start >= end || view[start..end] == new {
            return Ok(());
        }
        let old = &view[start..end];
        let naive = format!("{}{new}{}", &view[..start], &view[end..]);
        match replace(&view, old, &new, Hits::One) {
            Ok(done) => {
                prop_assert_eq!(done.rung, Rung::Exact);
                prop_assert_eq!(spliced(&view, &done.splices), naive.clone());
                let written = ends::splice(&text, &done.splices);
                prop_assert_eq!(ends::lf(&written), naive);
                prop_assert_eq!(written.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
                // Without what was put in it is the text without what was quoted, byte for byte.
                let rest = ends::splice(&text, &[Splice { start, end, text: String::new() }]);
                let parts = |at| written.starts_with(&rest[..at]) && written.ends_with(&rest[at..]);
                prop_assert!((0..=rest.len()).any(|at| rest.is_char_boundary(at) && parts(at)), "{written:?}");
            }
            Err(error) => prop_assert_eq!(error.kind(), "ambiguous"),
        }
    }

    #[test]
    fn whatever_the_repair_other_lines_stay(
        lines in proptest::collection::vec("[ \t]{0,5}[ab“\"é]{0,3}[ \t]{0,2}", 1..7),
        crlf in any::<bool>(), first in 0..6usize, count in 1..4usize, noise in 0..8usize, new in "[ ]{0,4}[xy]{1,3}\n?"
    ) {
        let text = lines.join(if crlf { "\r\n" } else { "\n" });
        let view = ends::lf(&text);
        let quoted: Vec<&str> = lines.iter().skip(first).take(count).map(String::as_str).collect();
        if quoted.is_empty() {
            return Ok(());
        }
        let old = quoted.join("\n");
        let old = match noise {
            0 => old.replace("“", "\""),
            1 => old.replace(' ', ""),
            2 => quoted.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"),
            3 => quoted.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join("\n"),
            4 => quoted.iter().zip(1..).map(|(line, number)| format!("{number}\t{line}")).collect::<Vec<_>>().join("\n"),
            5 => format!("\n\n{old}\n\n"),
            6 => old.replace('\n', "\\n").replace('"', "\\\""),
            _ => format!("{old}\n"),
        };
        if let Ok(done) = replace(&view, &old, &new, Hits::One) {
            let (start, end) = lines_around(&view, &done.splices);
            let after = spliced(&view, &done.splices);
            prop_assert!(after.starts_with(&view[..start]) && after.ends_with(&view[end..]), "{old:?} {done:?}");
            prop_assert!(end - start <= old.len() * 4 + 40, "more than was quoted: {old:?} {done:?}");
            let new = ends::splice(&text, &done.splices);
            prop_assert_eq!(ends::lf(&new), after);
        }
    }
}
