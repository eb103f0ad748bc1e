//! Some lines of a text, read on from its beginning without ever holding all of it.

use std::io::{self, BufRead, BufReader, Read};

use crate::limits;

/// Which part of a text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// The first line, counted from 1.
    pub first: u64,
    /// At most so many lines.
    pub lines: u64,
    /// The first character of each line, counted from 1.
    pub column: u64,
    /// At most so many characters of each line.
    pub line_chars: u64,
    /// About so many bytes in all.
    pub bytes: usize,
    /// Whether lines behind the page are counted.
    pub count: Count,
    /// About so many bytes are gone through to come to the first line.
    pub scan: u64,
}

/// Whether lines behind a page are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// To the end of the text.
    ToTheEnd,
    /// No further than the page.
    NoFurther,
}

/// Some lines of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The lines, in order.
    pub lines: Vec<PageLine>,
    /// What is behind them.
    pub behind: Behind,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLine {
    /// Its number, counted from 1.
    pub number: u64,
    /// What was wanted of it.
    pub text: String,
    /// How many characters it has in all, up to the bound of what is read.
    pub chars: u64,
    /// The character to go on with, where there are more.
    pub next: Option<u64>,
}

/// What is behind a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The text has so many lines in all.
    Total(u64),
    /// There is more; nobody counted how much.
    More,
    /// The page lies further behind than is looked; so many lines stand before it.
    TooFar(u64),
}

impl Page {
    /// A page of a text that is there.
    pub fn of(text: &str, query: &PageQuery) -> Self {
        // Reading from memory cannot fail.
        read(text.as_bytes(), query).unwrap_or(Self { lines: Vec::new(), behind: Behind::Total(0) })
    }
}

/// Reads a page of a text in UTF-8, of which broken parts become U+FFFD.
pub(super) fn read(from: impl Read, query: &PageQuery) -> io::Result<Page> {
    let mut text = BufReader::with_capacity(limits::READ_CHUNK_BYTES, from);
    let mut page = Page { lines: Vec::new(), behind: Behind::More };
    let (mut number, mut bytes, mut scanned) = (0, 0, 0);
    let last = query.first.saturating_add(query.lines);
    loop {
        let wanted = number + 1 >= query.first && number + 1 < last && bytes < query.bytes;
        let past = number + 1 >= query.first && !wanted;
        if past && query.count == Count::NoFurther {
            // Where the text ends with the page there is no more.
            let end = text.fill_buf()?.is_empty();
            page.behind = if end { Behind::Total(number) } else { Behind::More };
            return Ok(page);
        }
        let mut window = Window::new(query, if wanted { query.bytes - bytes } else { 0 });
        let end = line(&mut text, &mut scanned, query.scan, |part| {
            if wanted {
                window.take(part);
            }
        })?;
        match end {
            LineEnd::Nothing => {
                page.behind = Behind::Total(number);
                return Ok(page);
            }
            LineEnd::TooFar if !wanted => {
                page.behind = if past { Behind::More } else { Behind::TooFar(number) };
                return Ok(page);
            }
            LineEnd::Whole | LineEnd::TooFar => number += 1,
        }
        if wanted {
            let line = window.line(number);
            bytes += line.text.len() + 1;
            page.lines.push(line);
        }
        if end == LineEnd::TooFar {
            return Ok(page);
        }
    }
}

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// There is none.
    Nothing,
    /// At its end, or that of the text.
    Whole,
    /// Where no more is read.
    TooFar,
}

/// Goes through a line part by part.
fn line(
    text: &mut impl BufRead,
    scanned: &mut u64,
    scan: u64,
    mut part: impl FnMut(&[u8]),
) -> io::Result<LineEnd> {
    let mut end = LineEnd::Nothing;
    loop {
        if *scanned > scan {
            return Ok(LineEnd::TooFar);
        }
        let buffer = match text.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(end);
        }
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let taken = newline.map_or(buffer.len(), |at| at + 1);
        part(&buffer[..taken]);
        text.consume(taken);
        *scanned += taken as u64;
        end = LineEnd::Whole;
        if newline.is_some() {
            return Ok(end);
        }
    }
}

/// The wanted characters of a line.
struct Window {
    /// Characters before it.
    skipped: u64,
    chars_max: u64,
    bytes_max: usize,
    kept: Vec<u8>,
    kept_chars: u64,
    full: bool,
    /// Characters of the whole line so far.
    chars: u64,
    last: [u8; 2],
}

impl Window {
    fn new(query: &PageQuery, bytes_max: usize) -> Self {
        Self {
            skipped: query.column.max(1) - 1,
            chars_max: query.line_chars,
            bytes_max,
            kept: Vec::new(),
            kept_chars: 0,
            full: false,
            chars: 0,
            last: [0; 2],
        }
    }

    fn take(&mut self, part: &[u8]) {
        for byte in part {
            self.last = [self.last[1], *byte];
            let starts = byte & 0xC0 != 0x80;
            self.chars += u64::from(starts);
            if self.full || self.chars <= self.skipped {
                continue;
            }
            if starts && (self.kept_chars == self.chars_max || self.kept.len() >= self.bytes_max) {
                self.full = true;
                continue;
            }
            self.kept_chars += u64::from(starts);
            self.kept.push(*byte);
        }
    }

    /// The end of the line, LF or CR LF, is no character of it.
    fn line(mut self, number: u64) -> PageLine {
        let end = match self.last {
            [b'\r', b'\n'] => 2,
            [_, b'\n'] => 1,
            _ => 0,
        };
        let chars = self.chars - end;
        let past = (self.skipped + self.kept_chars).saturating_sub(chars).min(self.kept_chars);
        self.kept.truncate(self.kept.len() - usize::try_from(past).unwrap_or_default());
        let behind = self.skipped + self.kept_chars - past;
        let text = String::from_utf8_lossy(&self.kept).into_owned();
        PageLine { number, text, chars, next: (behind < chars).then_some(behind + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(first: u64, lines: u64) -> PageQuery {
        PageQuery {
            first,
            lines,
            column: 1,
            line_chars: 5,
            bytes: 1_000,
            count: Count::ToTheEnd,
            scan: 1_000_000,
        }
    }

    #[track_caller]
    fn check(text: &str, query: &PageQuery, expected: &[(u64, &str, u64, Option<u64>)], rest: Behind) {
        let page = read(text.as_bytes(), query).unwrap();
        let lines: Vec<_> =
            page.lines.iter().map(|line| (line.number, line.text.as_str(), line.chars, line.next)).collect();
        assert_eq!((lines.as_slice(), page.behind), (expected, rest), "{text:?}");
    }

    #[test]
    fn lines_and_what_is_behind_them() {
        check("", &query(1, 9), &[], Behind::Total(0));
        check("a\nb", &query(1, 9), &[(1, "a", 1, None), (2, "b", 1, None)], Behind::Total(2));
        check("a\r\n\n", &query(1, 9), &[(1, "a", 1, None), (2, "", 0, None)], Behind::Total(2));
        check("a\nb\nc\n", &query(2, 1), &[(2, "b", 1, None)], Behind::Total(3));
        let no_further = PageQuery { count: Count::NoFurther, ..query(2, 1) };
        check("a\nb\nc\n", &no_further, &[(2, "b", 1, None)], Behind::More);
        check("a\nb\n", &no_further, &[(2, "b", 1, None)], Behind::Total(2));
        check("a\n", &PageQuery { first: 7, ..no_further }, &[], Behind::Total(1));
        check(
            "aaa\nbbb\nc",
            &PageQuery { bytes: 5, ..query(1, 9) },
            &[(1, "aaa", 3, None), (2, "b", 3, Some(2))],
            Behind::Total(3),
        );
    }

    #[test]
    fn long_lines_are_cut_and_say_how_to_go_on() {
        check("äbcdefgh\r\n", &query(1, 1), &[(1, "äbcde", 8, Some(6))], Behind::Total(1));
        check("abcde\r\n", &query(1, 1), &[(1, "abcde", 5, None)], Behind::Total(1));
        check("abcd\r\n", &query(1, 1), &[(1, "abcd", 4, None)], Behind::Total(1));
        let on = PageQuery { column: 6, ..query(1, 1) };
        check("äbcdefgh\n", &on, &[(1, "fgh", 8, None)], Behind::Total(1));
        check("abcde\r\n", &on, &[(1, "", 5, None)], Behind::Total(1));
        check("\n", &on, &[(1, "", 0, None)], Behind::Total(1));
    }

    #[test]
    fn what_lies_too_far_behind_is_not_come_to() {
        let far = PageQuery { count: Count::NoFurther, ..query(9, 1) };
        let page = read(b"a\nb\n".chain(io::repeat(b'x')), &far).unwrap();
        assert_eq!(page, Page { lines: Vec::new(), behind: Behind::TooFar(2) });
        let page = read(io::repeat(b'x'), &PageQuery { first: 1, ..far }).unwrap();
        assert_eq!((page.lines[0].text.as_str(), page.lines[0].next), ("xxxxx", Some(6)));
        let page = read(io::repeat(b'\n'), &PageQuery { first: u64::MAX, ..far }).unwrap();
        assert!(matches!(page.behind, Behind::TooFar(lines) if lines > 1_000_000));
    }

    proptest! {
        #[test]
        fn a_page_is_what_the_lines_of_the_text_are(text in "[ab\r\né€😀]{0,60}", first in 1u64..6, count in 1u64..6, column in 1u64..5) {
            let query = PageQuery { column, ..query(first, count) };
            let page = read(text.as_bytes(), &query).unwrap();
            let skip = usize::try_from(first - 1).unwrap();
            let lines = text.lines().skip(skip).take(usize::try_from(count).unwrap());
            let wanted: Vec<String> = lines
                .map(|line| line.chars().skip(usize::try_from(column - 1).unwrap()).take(5).collect())
                .collect();
            let given: Vec<String> = page.lines.into_iter().map(|line| line.text).collect();
            prop_assert_eq!(given, wanted);
            prop_assert_eq!(page.behind, Behind::Total(text.lines().count() as u64));
        }
    }
}
