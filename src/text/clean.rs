//! Makes foreign text harmless to show: control characters and invisible ones become visible.

use std::borrow::Cow;

/// `text` for a terminal: line ends and tabs stay, other control characters (escape sequences begin
/// with one) and characters that hide or reorder text are written as `\u{…}`.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| {
        is_harmful(letter) || matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
    };
    if !text.chars().any(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        if is_harmful(letter) || is_stray(before, letter, letters.peek().copied()) {
            clean.extend(letter.escape_unicode());
        } else {
            clean.push(letter);
        }
        before = Some(letter);
    }
    Cow::Owned(clean)
}

/// `text` on one line: as for a terminal, line ends and tabs written as escapes too.
pub fn one_line(text: &str) -> String {
    for_terminal(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Whether a character acts on a terminal, cannot be seen, or changes the order of others.
///
/// Joiners and selectors between pictures and in scripts that need them belong to words that people write; they are
/// told by what stands beside them.
fn is_harmful(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' => {
            true
        }
        '\u{180b}'..='\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

/// Whether a joiner or a selector stands where no script and no picture needs it.
fn is_stray(before: Option<char>, letter: char, after: Option<char>) -> bool {
    let joins =
        |letter: Option<char>| letter.is_some_and(|letter| !letter.is_ascii() && !letter.is_whitespace());
    match letter {
        '\u{200c}' | '\u{200d}' => !(joins(before) && joins(after)),
        '\u{fe00}'..='\u{fe0f}' => {
            !before.is_some_and(|letter| !letter.is_ascii_alphabetic() && !letter.is_whitespace())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_seen_and_do_nothing() {
        assert_eq!(for_terminal("a\tb\nc ä"), "a\tb\nc ä");
        assert_eq!(for_terminal("\u{1b}[2Jx\r"), "\\u{1b}[2Jx\\u{d}");
        assert_eq!(for_terminal("rm \u{202e}fr"), "rm \\u{202e}fr");
        assert_eq!(one_line("a\nb"), "a\\nb");
        for hidden in [
            '\u{85}',
            '\u{9b}',
            '\u{2028}',
            '\u{1160}',
            '\u{61c}',
            '\u{e0069}',
            '\u{e01ef}',
            '\u{fff9}',
            '\u{7f}',
        ] {
            assert_eq!(for_terminal(&format!("a{hidden}b")), format!("a{}b", hidden.escape_unicode()));
        }
    }

    #[test]
    fn joiners_stay_where_words_need_them() {
        for word in [
            "\u{1f468}\u{200d}\u{1f469}",
            "\u{2764}\u{fe0f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "1\u{fe0f}\u{20e3}",
        ] {
            assert_eq!(for_terminal(word), word);
        }
        assert_eq!(for_terminal("git\u{200d}status"), "git\\u{200d}status");
        assert_eq!(for_terminal("l\u{fe0f}s"), "l\\u{fe0f}s");
    }
}
