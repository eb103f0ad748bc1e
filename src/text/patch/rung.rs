//! How loosely a line of a patch may be compared with a line of the file.

use std::borrow::Cow;

/// How two lines were compared. A looser rung counts only where no stricter one finds anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Letter for letter.
    Exact,
    /// Without the blanks at their ends.
    BlanksBehind,
    /// Without the blanks at both sides.
    BlanksAround,
    /// Typographic quotes, dashes and blanks count as plain ones; those at the end do not count.
    Signs,
    /// The same, without the blanks at both sides.
    SignsAndBlanks,
}

impl Rung {
    /// From the strictest to the loosest.
    pub const ALL: [Self; 5] =
        [Self::Exact, Self::BlanksBehind, Self::BlanksAround, Self::Signs, Self::SignsAndBlanks];

    /// What two lines have in common that count as equal.
    pub(super) fn key(self, line: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(line),
            Self::BlanksBehind => Cow::Borrowed(line.trim_end()),
            Self::BlanksAround => Cow::Borrowed(line.trim()),
            Self::Signs => plain(line.trim_end()),
            Self::SignsAndBlanks => plain(line.trim()),
        }
    }

    /// Whether the lines may stand at another indentation than the file's.
    pub(super) fn is_shifted(self) -> bool {
        match self {
            Self::Exact | Self::BlanksBehind | Self::Signs => false,
            Self::BlanksAround | Self::SignsAndBlanks => true,
        }
    }

    /// What was overlooked, for the model.
    pub fn overlooks(self) -> &'static str {
        match self {
            Self::Exact => "nothing",
            Self::BlanksBehind => "blanks at the ends of lines",
            Self::BlanksAround => "indentation and blanks at the ends of lines",
            Self::Signs => "typographic quotes, dashes and blanks",
            Self::SignsAndBlanks => "indentation and typographic quotes, dashes and blanks",
        }
    }
}

fn plain(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    Cow::Owned(line.chars().map(plain_sign).collect())
}

/// One for one, so that nothing shifts.
fn plain_sign(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201b}' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_rung() {
        let line = "  a \u{2013} \u{201c}b\u{201d}\t";
        let keys = Rung::ALL.map(|rung| rung.key(line).into_owned());
        assert_eq!(keys, [line, "  a – “b”", "a – “b”", "  a - \"b\"", "a - \"b\""].map(str::to_owned));
        assert_ne!(Rung::SignsAndBlanks.key("Foo"), Rung::SignsAndBlanks.key("foo"));
        assert_ne!(Rung::SignsAndBlanks.key("ﬁ"), Rung::SignsAndBlanks.key("fi"));
    }
}
