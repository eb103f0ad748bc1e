//! A quote with the line numbers that a tool showed before each line.

use super::{Found, New, Places, Query, line_of, lines};

/// What stands between a number and its line.
const SEPARATORS: &[char] = &['\t', '→', '|', ':'];

pub(super) fn find(query: Query<'_>) -> Found {
    let Some(separator) = separator(query.old) else { return Found::Nothing };
    for blank in [Blank::Dropped, Blank::Kept] {
        let style = Style { separator, blank };
        let Some(old) = Numbered::read(query.old, style, Bare::Refused) else { continue };
        if !old.consecutive() || old.text.trim().is_empty() {
            continue;
        }
        let copy = |line: &str, out: &mut String| out.push_str(line);
        let found = lines::find(query.text, &old.text, query.hits, copy, |_| Some(()));
        if found.count == 0 {
            continue;
        }
        let ranges: Vec<_> = found.places.into_iter().map(|(range, ())| range).collect();
        let new = match Numbered::read(query.new, style, Bare::Blank) {
            Some(new) => new.text,
            None if query.new.lines().any(|line| number(line, separator).is_some()) => {
                return Found::Unclear(
                    "Without its line numbers it is there, but only some lines of new_string have numbers; give \
                     both without.",
                );
            }
            // One number alone is little evidence, unless it is the right one.
            None if old.numbers.len() == 1 && old.numbers[0] != line_of(query.text, ranges[0].start) => {
                continue;
            }
            None => query.new.to_owned(),
        };
        return Found::Places(Places { ranges, count: found.count, new: New::Same(new) });
    }
    Found::Nothing
}

#[derive(Clone, Copy)]
struct Style {
    separator: char,
    blank: Blank,
}

/// What becomes of one blank behind the separator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    Dropped,
    Kept,
}

/// Which lines may have no number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    Refused,
    /// Blank ones.
    Blank,
}

/// A quote freed of its numbers.
struct Numbered {
    numbers: Vec<usize>,
    text: String,
}

impl Numbered {
    /// None when a line has no number, or none of this style.
    fn read(quote: &str, style: Style, bare: Bare) -> Option<Self> {
        let mut read = Self { numbers: Vec::new(), text: String::with_capacity(quote.len()) };
        for line in quote.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            if bare == Bare::Blank && line.trim().is_empty() {
                read.text.push_str(end);
                continue;
            }
            let (number, rest) = number(line, style.separator)?;
            let drops = style.blank == Blank::Dropped && !matches!(style.separator, '\t' | '→');
            let rest = match rest.strip_prefix(' ') {
                Some(rest) if drops => rest,
                None if drops && !rest.is_empty() => return None,
                Some(_) | None => rest,
            };
            read.numbers.push(number);
            read.text.push_str(rest);
            read.text.push_str(end);
        }
        (!read.numbers.is_empty()).then_some(read)
    }

    fn consecutive(&self) -> bool {
        self.numbers.windows(2).all(|pair| pair[0] + 1 == pair[1])
    }
}

/// The separator of the first line that has more than a number.
fn separator(quote: &str) -> Option<char> {
    SEPARATORS.iter().copied().find(|separator| {
        let numbered = |line: &str| number(line, *separator).is_some();
        quote.lines().any(|line| line.contains(*separator)) && quote.lines().all(numbered)
    })
}

/// The number before a line, and the line. A blank line may have lost its separator.
fn number(line: &str, separator: char) -> Option<(usize, &str)> {
    let line = line.trim_start_matches(' ');
    let digits = line.len() - line.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let number = line[..digits].parse().ok()?;
    let rest = &line[digits..];
    if rest.is_empty() {
        return Some((number, rest));
    }
    let rest = if separator == '|' { rest.trim_start_matches(' ') } else { rest };
    Some((number, rest.strip_prefix(separator)?))
}
