//! Typographic quotes, dashes and blanks: each taken as its plain counterpart, one character for one.

use std::borrow::Cow;

use super::folded::Folded;
use super::{Found, New, Places, Query, exact};

pub(super) fn find(query: Query<'_>) -> Found {
    let old = plain(query.old);
    let folded = folded(query.text);
    let text = folded.as_ref().map_or(query.text, |folded| folded.text.as_str());
    if folded.is_none() && old == query.old {
        return Found::Nothing;
    }
    let (starts, count) = exact::starts(text, &old, query.hits);
    if count == 0 {
        return Found::Nothing;
    }
    let was = |place: usize| folded.as_ref().map_or(Some(place), |folded| folded.original(place));
    let ranges: Vec<_> =
        starts.into_iter().filter_map(|start| Some(was(start)?..was(start + old.len())?)).collect();
    Found::Places(Places { ranges, count, new: New::Same(query.new.to_owned()) })
}

/// The text with plain characters.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    match typographic(text).next() {
        None => text.into(),
        Some(_) => text.chars().map(|letter| counterpart(letter).unwrap_or(letter)).collect(),
    }
}

/// None where there is nothing to fold.
fn folded(text: &str) -> Option<Folded> {
    let mut folded = Folded::default();
    let mut done = 0;
    for (at, letter, counterpart) in typographic(text) {
        folded.keep(&text[done..at]);
        done = at + letter.len_utf8();
        folded.change(at..done, std::iter::once(counterpart));
    }
    if done == 0 {
        return None;
    }
    folded.keep(&text[done..]);
    Some(folded)
}

/// The typographic characters, each with its place and counterpart.
fn typographic(text: &str) -> impl Iterator<Item = (usize, char, char)> {
    // The first bytes that they have in UTF-8.
    let first = memchr::memchr3_iter(0xc2, 0xe2, 0xe3, text.as_bytes());
    first.filter_map(|at| {
        let letter = text[at..].chars().next()?;
        Some((at, letter, counterpart(letter)?))
    })
}

fn counterpart(letter: char) -> Option<char> {
    match letter {
        '\u{2018}'..='\u{201b}' => Some('\''),
        '\u{201c}'..='\u{201f}' => Some('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        _ => None,
    }
}
