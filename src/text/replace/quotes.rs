//! Typographic quotes, dashes and blanks: each taken as its plain counterpart, one character for one.

use std::borrow::Cow;

use super::folded::{Folded, Piece};
use super::{Found, New, Places, Query, exact};

pub(super) fn find(query: Query<'_>) -> Found {
    let old = plain(query.old);
    if old == query.old && typographic(query.text).next().is_none() {
        return Found::Nothing;
    }
    let folded = Folded::new(query.text, first_plain);
    let (starts, count) = exact::starts(&folded.text, &old, query.hits);
    if count == 0 {
        return Found::Nothing;
    }
    let places: Vec<_> = starts.into_iter().map(|start| start..start + old.len()).collect();
    let ranges = folded.original(&places);
    Found::Places(Places { ranges, count, new: New::Same(query.new.to_owned()) })
}

/// The text with plain characters.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    match typographic(text).next() {
        None => text.into(),
        Some(_) => text.chars().map(|letter| counterpart(letter).unwrap_or(letter)).collect(),
    }
}

/// Takes a typographic character, or all up to the next one.
fn first_plain(text: &str, out: &mut String) -> Piece {
    match typographic(text).next() {
        Some((0, letter, counterpart)) => {
            out.push(counterpart);
            Piece::Changed(letter.len_utf8())
        }
        next => {
            let kept = next.map_or(text.len(), |(at, ..)| at);
            out.push_str(&text[..kept]);
            Piece::Kept(kept)
        }
    }
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
