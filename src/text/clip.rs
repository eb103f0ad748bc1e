//! Shortens text: to one line, or to its beginning, with a mark where it was cut.

/// `text` as one line of at most `characters` characters: white space is joined, control
/// characters are left out, and what was cut ends in `…`.
pub fn line(text: &str, characters: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined: String = words.join(" ").chars().filter(|letter| !letter.is_control()).collect();
    if joined.chars().count() <= characters {
        return joined;
    }
    let mut cut: String = joined.chars().take(characters.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// The beginning of a text, at most `bytes` of it, cut between lines where there are any; says how
/// much was left out.
pub fn head(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let part = &text[..text.floor_char_boundary(bytes)];
    let part = part.rfind('\n').map_or(part, |at| &part[..=at]);
    format!("{part}… ({} bytes more)", text.len() - part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        assert_eq!(line("  a\n b\u{1b}[0m ", 80), "a b[0m");
        assert_eq!(line("äöü äöü", 5), "äöü…");
        assert_eq!(line("12345", 5), "12345");
    }

    #[test]
    fn a_long_text_keeps_its_first_lines() {
        assert_eq!(head("a\nb\n", 4), "a\nb\n");
        assert_eq!(head("a\nb\nc", 4), "a\nb\n… (1 bytes more)");
        assert_eq!(head("äöü", 3), "ä… (4 bytes more)");
    }
}
