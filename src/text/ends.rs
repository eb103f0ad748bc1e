//! Line ends: the LF view of a text, and splices carried from the view into the text itself.

use std::borrow::Cow;
use std::ops::Range;

use super::diff;
use super::edit::{Hunk, Splice};

/// The text with LF where it has CRLF, without a byte-order mark. A lone CR is text.
pub fn lf(text: &str) -> Cow<'_, str> {
    let text = unmarked(text);
    if pairs(text).next().is_none() {
        return Cow::Borrowed(text);
    }
    let mut view = String::with_capacity(text.len());
    view.extend(lf_pieces(text));
    Cow::Owned(view)
}

/// What [`lf`] gives, in pieces.
pub fn lf_pieces(text: &str) -> impl Iterator<Item = &str> {
    let text = unmarked(text);
    let mut copied = 0;
    pairs(text).map(Some).chain([None]).map(move |pair| {
        let piece = &text[copied..pair.unwrap_or(text.len())];
        copied = pair.map_or(text.len(), |pair| pair + 1);
        piece
    })
}

/// The text without its byte-order mark; one that some program put before another goes too.
pub fn unmarked(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Puts splices of the LF view into the text: everything outside of them stays byte for byte, and
/// what is put in has the line ends of what it replaces, of its neighbourhood where that has none,
/// and of the file where there is none either.
pub fn splice(text: &str, splices: &[Splice]) -> String {
    let (mark, body) = text.split_at(text.len() - unmarked(text).len());
    let mut new = String::with_capacity(text.len());
    new.push_str(mark);
    let mut copied = 0;
    for (range, put) in placed(mark, body, splices) {
        new.push_str(&body[copied..range.start]);
        new.push_str(&put);
        copied = range.end;
    }
    new.push_str(&body[copied..]);
    new
}

/// What each of these splices of the LF view puts into the text, with the line ends that it has there.
pub fn put_in(text: &str, splices: &[Splice]) -> Vec<String> {
    let (mark, body) = text.split_at(text.len() - unmarked(text).len());
    placed(mark, body, splices).map(|(_, put)| put).collect()
}

/// Where the splices are in the text itself, and what they put there.
fn placed<'a>(
    mark: &'a str,
    body: &'a str,
    splices: &'a [Splice],
) -> impl Iterator<Item = (Range<usize>, String)> + 'a {
    let mut carrier = Carrier::new(body);
    splices.iter().map(move |splice| {
        let start = carrier.carry(splice.start);
        let end = carrier.carry(splice.end);
        // A mark at the head of what is put in is the one that the file has.
        let text = match splice.text.strip_prefix('\u{feff}') {
            Some(rest) if start == 0 && !mark.is_empty() => rest,
            Some(_) | None => &splice.text,
        };
        let mut put = String::with_capacity(text.len());
        match text.contains('\n') {
            true => carrier.put(&mut put, start, end, text),
            false => put.push_str(text),
        }
        (start..end, put)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Lf,
    CrLf,
}

/// Where each CR of a CRLF is.
fn pairs(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).filter(move |at| bytes.get(at + 1) == Some(&b'\n'))
}

/// Carries offsets of the LF view into the text, from its beginning to its end, so that many splices
/// take the time of one pass.
struct Carrier<'a> {
    body: &'a str,
    /// Where the CRLFs that were not passed are.
    pairs: std::iter::Peekable<Box<dyn Iterator<Item = usize> + 'a>>,
    /// How many were passed.
    passed: usize,
    /// The last line end before `seen`.
    last: Option<End>,
    seen: usize,
    /// The first line end of the text; LF where it has none.
    first: End,
}

impl<'a> Carrier<'a> {
    fn new(body: &'a str) -> Self {
        let pairs: Box<dyn Iterator<Item = usize>> = Box::new(pairs(body));
        let first = memchr::memchr(b'\n', body.as_bytes()).map_or(End::Lf, |at| kind(body, at));
        Self { body, pairs: pairs.peekable(), passed: 0, last: None, seen: 0, first }
    }

    /// The offset in the text of an offset in the view; both only move forward.
    fn carry(&mut self, wanted: usize) -> usize {
        while self.pairs.next_if(|at| at - self.passed < wanted).is_some() {
            self.passed += 1;
        }
        (wanted + self.passed).min(self.body.len())
    }

    /// Puts `text` where `start..end` was.
    fn put(&mut self, new: &mut String, start: usize, end: usize, text: &str) {
        let replaced = &self.body[start..end];
        let inside: Vec<End> =
            memchr::memchr_iter(b'\n', replaced.as_bytes()).map(|at| kind(self.body, start + at)).collect();
        let fallback = inside.first().copied().unwrap_or_else(|| self.before(start));
        if inside.iter().all(|end| *end == fallback) {
            match fallback {
                End::Lf => new.push_str(text),
                End::CrLf => new.push_str(&text.replace('\n', "\r\n")),
            }
            return;
        }
        let ends = matched(replaced, text, &inside);
        for (line, end) in text.split('\n').zip(ends.into_iter().map(Some).chain([None])) {
            new.push_str(line);
            match end {
                Some(End::Lf) => new.push('\n'),
                Some(End::CrLf) => new.push_str("\r\n"),
                None => {}
            }
        }
    }

    /// The line end before this place, or the first one behind it.
    fn before(&mut self, place: usize) -> End {
        if let Some(at) = memchr::memrchr(b'\n', &self.body.as_bytes()[self.seen..place]) {
            self.last = Some(kind(self.body, self.seen + at));
        }
        self.seen = place;
        self.last.unwrap_or(self.first)
    }
}

fn kind(body: &str, newline: usize) -> End {
    if body[..newline].ends_with('\r') { End::CrLf } else { End::Lf }
}

/// The ends of the new lines where the old ones differ in theirs: equal lines keep theirs, and the others
/// take those of the lines that they replace, one after another, or of the line behind.
fn matched(old: &str, new: &str, ends: &[End]) -> Vec<End> {
    let count = new.matches('\n').count();
    let end_of = |line: usize| ends[line.min(ends.len() - 1)];
    let (mut matched, mut next) = (Vec::with_capacity(count), 0usize);
    let hunks = diff::hunks(&lf(old), new);
    let ranges = |hunk: &Hunk| {
        let of = |lines: &Range<u32>| lines.start as usize..lines.end as usize;
        (of(&hunk.old), of(&hunk.new))
    };
    for (old, new) in hunks.iter().map(ranges) {
        matched.extend((next..old.start).map(end_of));
        let last = old.end.max(old.start + 1) - 1;
        matched.extend((0..new.len()).map(|nth| end_of((old.start + nth).min(last))));
        next = old.end;
    }
    matched.extend((next..).take(count.saturating_sub(matched.len())).map(end_of));
    matched.truncate(count);
    matched
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
        assert_eq!(splice("a", &one(0, 1, "b\nc")), "b\nc");
        assert_eq!(splice("\u{feff}a", &one(0, 1, "\u{feff}b")), "\u{feff}b");
        assert_eq!(splice("\u{feff}\u{feff}a", &one(0, 1, "b")), "\u{feff}\u{feff}b");
        assert_eq!(put_in("\u{feff}a\r\nb\nc\n", &one(2, 3, "x\ny")), ["x\r\ny"]);
    }

    #[test]
    fn lines_with_different_ends_keep_theirs() {
        assert_eq!(splice("a\r\nb\nc\r\n", &one(0, 6, "x\ny\nz\n")), "x\r\ny\nz\r\n");
        assert_eq!(splice("a\r\nb\nc\r\nd\n", &one(0, 8, "a\nx\nb\nc\nd\n")), "a\r\nx\nb\nc\r\nd\n");
        assert_eq!(splice("a\r\nb\nc\r\nd\n", &one(0, 8, "c\nd\n")), "c\r\nd\n");
    }

    proptest! {
        #[test]
        fn the_view_of_the_result_is_the_result_of_the_view(
            text in "(\u{feff}){0,2}([abä]|\r\n|\n){0,20}", at in 0..20usize, length in 0..6usize, put in "([xy]|\n){0,4}"
        ) {
            let view = lf(&text);
            let mut start = at.min(view.len());
            while !view.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(view.len());
            while !view.is_char_boundary(end) { end += 1; }
            let splices = one(start, end, &put);
            let new = splice(&text, &splices);
            prop_assert_eq!(&*lf(&new), &spliced(&view, &splices));
        }
    }
}
