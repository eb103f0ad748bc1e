//! Line ends: the LF view of a text, and splices carried from the view into the text itself.

use std::ops::Range;

use super::edit::Splice;

/// The text with LF where it has CRLF, without a byte-order mark. A lone CR is text.
pub fn lf(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// Puts splices of the LF view into the text: everything outside of them stays byte for byte, and
/// what is put in has the line ends of its neighbourhood (of the file where there is none).
pub fn splice(text: &str, splices: &[Splice]) -> String {
    let (mark, body) = parts(text);
    let mut new = String::with_capacity(text.len());
    new.push_str(mark);
    let mut copied = 0;
    for (range, put) in placed(body, splices) {
        new.push_str(&body[copied..range.start]);
        new.push_str(&put);
        copied = range.end;
    }
    new.push_str(&body[copied..]);
    new
}

/// What each of these splices of the LF view puts into the text, with the line ends that it has there.
pub fn put_in(text: &str, splices: &[Splice]) -> Vec<String> {
    placed(parts(text).1, splices).into_iter().map(|(_, put)| put).collect()
}

/// The byte-order mark, where there is one, and what follows it.
fn parts(text: &str) -> (&str, &str) {
    match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    }
}

/// Where the splices are in the text itself, and what they put there.
fn placed(body: &str, splices: &[Splice]) -> Vec<(Range<usize>, String)> {
    let (mut seen, mut view) = (0, 0);
    let majority = majority(body);
    let place = |splice: &Splice| {
        let start = advance(body, &mut seen, &mut view, splice.start);
        let end = advance(body, &mut seen, &mut view, splice.end);
        let put = match around(body, start, end).unwrap_or(majority) {
            End::Lf => splice.text.clone(),
            End::CrLf => splice.text.replace('\n', "\r\n"),
        };
        (start..end, put)
    };
    splices.iter().map(place).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Lf,
    CrLf,
}

/// The offset in the text of an offset in its LF view; both only move forward.
fn advance(body: &str, seen: &mut usize, view: &mut usize, wanted: usize) -> usize {
    let bytes = body.as_bytes();
    while *view < wanted && *seen < bytes.len() {
        *seen += if bytes[*seen..].starts_with(b"\r\n") { 2 } else { 1 };
        *view += 1;
    }
    *seen
}

/// The line end inside the replaced range, before it, or behind it.
fn around(body: &str, start: usize, end: usize) -> Option<End> {
    let kind = |at: usize| if body[..at].ends_with('\r') { End::CrLf } else { End::Lf };
    let inside = body[start..end].find('\n').map(|at| start + at);
    let before = || body[..start].rfind('\n');
    let behind = || body[end..].find('\n').map(|at| end + at);
    inside.or_else(before).or_else(behind).map(kind)
}

fn majority(body: &str) -> End {
    let crlf = body.matches("\r\n").count();
    let all = body.matches('\n').count();
    if crlf * 2 > all { End::CrLf } else { End::Lf }
}

#[cfg(test)]
mod tests {
    use super::super::edit::spliced;
    use super::*;
    use proptest::prelude::*;

    fn one(start: usize, end: usize, text: &str) -> Vec<Splice> {
        vec![Splice { start, end, text: text.into() }]
    }

    #[test]
    fn neighbours_give_the_line_end() {
        assert_eq!(splice("a\r\nb\r\n", &one(2, 3, "x\ny")), "a\r\nx\r\ny\r\n");
        assert_eq!(splice("a\nb\r\nc\n", &one(0, 1, "x\ny")), "x\ny\nb\r\nc\n");
        assert_eq!(splice("\u{feff}a\r\n", &one(2, 2, "b\n")), "\u{feff}a\r\nb\r\n");
        assert_eq!(splice("a\rb", &one(2, 3, "c")), "a\rc");
        assert_eq!(put_in("\u{feff}a\r\nb\nc\n", &one(2, 3, "x\ny")), ["x\r\ny"]);
        assert_eq!(put_in("a\r\nb\nc\n", &one(4, 5, "x\ny")), ["x\ny"]);
    }

    proptest! {
        #[test]
        fn the_view_of_the_result_is_the_result_of_the_view(
            text in "(\u{feff})?([abä]|\r\n|\n){0,20}", at in 0..20usize, length in 0..6usize, put in "([xy]|\n){0,4}"
        ) {
            let view = lf(&text);
            let mut start = at.min(view.len());
            while !view.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(view.len());
            while !view.is_char_boundary(end) { end += 1; }
            let splices = one(start, end, &put);
            prop_assert_eq!(lf(&splice(&text, &splices)), spliced(&view, &splices));
        }
    }
}
