//! Makes foreign text harmless to show: control characters and invisible ones become visible.

use std::borrow::Cow;

/// `text` for a terminal: line ends and tabs stay, other control characters (escape sequences begin
/// with one) and characters that hide or reorder text are written as `\u{…}`.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_harmful(letter) {
            clean.extend(letter.escape_unicode());
        } else {
            clean.push(letter);
        }
    }
    Cow::Owned(clean)
}

/// `text` on one line: as for a terminal, line ends and tabs written as escapes too.
pub fn one_line(text: &str) -> String {
    for_terminal(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn is_harmful(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{ad}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
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
    }
}
