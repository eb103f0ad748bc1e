//! Shortens text for people: one line, at most so many characters, with a mark where it was cut.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        assert_eq!(line("  a\n b\u{1b}[0m ", 80), "a b[0m");
        assert_eq!(line("äöü äöü", 5), "äöü…");
        assert_eq!(line("12345", 5), "12345");
    }
}
