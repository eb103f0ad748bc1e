//! A quote that was escaped once too often: `\n` for a newline, `\"` for a quotation mark.

use super::{Found, Query, exact};

pub(super) fn find(query: Query<'_>) -> Found {
    for scope in [Scope::All, Scope::Marks] {
        let old = unescape(query.old, scope);
        if old.undone == 0 || old.text.trim().is_empty() {
            continue;
        }
        match exact::found(query, &old.text, "") {
            Found::Nothing => {}
            Found::Unclear(why) => return Found::Unclear(why),
            Found::Places(_) => {
                return match new(query, &old, scope) {
                    Ok(new) => exact::found(query, &old.text, &new),
                    Err(why) => Found::Unclear(why),
                };
            }
        }
    }
    Found::Nothing
}

/// Which escapes are undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    /// Those of quotation marks and `$`: a `\n` is one that the file has.
    Marks,
}

/// A text with one level of escapes undone.
#[derive(Default)]
struct Plain {
    text: String,
    /// How many escapes were undone.
    undone: usize,
    /// Where newlines, tabs and returns come from escapes.
    blanks: Vec<usize>,
    /// The characters that were escaped, and those that stood bare.
    escaped: Marks,
    bare: Marks,
}

/// Some of the characters that an escape keeps from ending a text.
#[derive(Default, Clone, Copy)]
struct Marks {
    double: bool,
    single: bool,
    back: bool,
}

impl Marks {
    fn add(&mut self, letter: char) {
        self.double |= letter == '"';
        self.single |= letter == '\'';
        self.back |= letter == '`';
    }

    fn any(self, other: Self) -> bool {
        (self.double && other.double) || (self.single && other.single) || (self.back && other.back)
    }

    fn without(self, other: Self) -> Self {
        Self {
            double: self.double && !other.double,
            single: self.single && !other.single,
            back: self.back && !other.back,
        }
    }
}

/// One pass, one level: `\\n` becomes `\n`. An escape that is not known stays.
fn unescape(text: &str, scope: Scope) -> Plain {
    let mut plain = Plain { text: String::with_capacity(text.len()), ..Plain::default() };
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let meant = match (letter, next) {
            ('\\', Some(next)) => meant(next, scope),
            _ => None,
        };
        match meant {
            Some(meant) => {
                letters.next();
                plain.undone += 1;
                plain.escaped.add(meant);
                if meant.is_whitespace() {
                    plain.blanks.push(plain.text.len());
                }
                plain.text.push(meant);
            }
            None => {
                plain.bare.add(letter);
                plain.text.push(letter);
                // In the narrow scope `\\` is one thing: its second half begins no escape.
                if letter == '\\' && next == Some('\\') {
                    letters.next();
                    plain.text.push('\\');
                }
            }
        }
    }
    if plain.text.contains("\r\n") {
        plain.text = plain.text.replace("\r\n", "\n");
        plain.blanks = plain.text.match_indices('\n').map(|(at, _)| at).collect();
    }
    plain
}

fn meant(escaped: char, scope: Scope) -> Option<char> {
    match (escaped, scope) {
        ('"' | '\'' | '`' | '$', _) => Some(escaped),
        ('\\', Scope::All) => Some('\\'),
        ('n', Scope::All) => Some('\n'),
        ('t', Scope::All) => Some('\t'),
        ('r', Scope::All) => Some('\r'),
        _ => None,
    }
}

/// The new text unescaped like the old one, unless it was not escaped like it.
fn new(query: Query<'_>, old: &Plain, scope: Scope) -> Result<String, &'static str> {
    let new = unescape(query.new, scope);
    if new.undone == 0 {
        return Ok(query.new.to_owned());
    }
    if old.escaped.without(old.bare).any(new.bare) {
        return Err(
            "Once unescaped it is there, but new_string is escaped in part only; give both as they are in \
                    the file.",
        );
    }
    let mixed = |quote: &str, plain: &Plain| quote.contains('\n') && !plain.blanks.is_empty();
    if (mixed(query.new, &new) && !mixed(query.old, old)) || (splits_a_string(&new) && !splits_a_string(old))
    {
        return Err(
            "Once unescaped it is there, but whether an escape in new_string is meant to stay is not \
                    clear; give both as they are in the file.",
        );
    }
    Ok(new.text)
}

/// Whether a newline or tab that was an escape is between quotation marks of its line, where it would
/// break the string.
fn splits_a_string(plain: &Plain) -> bool {
    let mut blanks = plain.blanks.iter().copied().peekable();
    let bytes = plain.text.as_bytes();
    let (mut at, mut inside) = (0, false);
    while at < bytes.len() {
        if blanks.next_if(|blank| *blank <= at).is_some() && inside {
            return true;
        }
        match bytes[at] {
            b'\\' => at += 1,
            b'"' if bytes[at..].starts_with(b"\"\"\"") => at += 2,
            b'"' => inside = !inside,
            b'\n' => inside = false,
            _ => {}
        }
        at += 1;
    }
    false
}
