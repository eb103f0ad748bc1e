//! Archives and `dd`: programs with words of their own for what they read and write.

use super::uses::{How, Uses};

/// `tar` and `unzip`: what they unpack is not known before.
pub(super) fn look(uses: &mut Uses<'_>, name: &str) {
    let words = uses.part.words.get(1..).unwrap_or_default().to_vec();
    let first = words.first().map_or("", |word| word.text.as_str());
    let shows = match name {
        "unzip" => words.iter().any(|word| matches!(word.text.as_str(), "-l" | "-t" | "-v" | "-Z" | "-lv")),
        _ => {
            let letters = first.trim_start_matches('-');
            !first.starts_with("--") && letters.contains('t') && !letters.contains(['x', 'c', 'r', 'u'])
                || first == "--list"
        }
    };
    let plain =
        ["-f", "-v", "-z", "-j", "-J", "-a", "--file", "--gzip", "--verbose", "--list", "-l", "-t", "-Z"];
    for (at, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let letters = text.strip_prefix('-').unwrap_or(if at == 0 && name != "unzip" { text } else { "-" });
        let short = !text.starts_with("--") && letters.chars().all(|letter| "tfvzjJalZ".contains(letter));
        if !(short || plain.contains(&text)) {
            if word.may_be_option() {
                uses.found.doubt(format!("`{name}` with `{text}` may run programs or write elsewhere"));
            }
            uses.file(How::Read, word);
        }
    }
    if !shows {
        uses.found.doubt(format!("`{name}` packs or unpacks files whose names are not known before it runs"));
    }
}

/// `dd`: `if=` and `of=`.
pub(super) fn dd(uses: &mut Uses<'_>) {
    for word in uses.part.words.get(1..).unwrap_or_default().to_vec() {
        let (key, value) = word.text.split_once('=').unwrap_or((word.text.as_str(), ""));
        match key {
            "if" => uses.file(How::Read, &word.with_text(value)),
            "of" => uses.file(How::Changed, &word.with_text(value)),
            "bs" | "ibs" | "obs" | "cbs" | "count" | "skip" | "seek" | "conv" | "iflag" | "oflag"
            | "status" => {}
            _ => uses.found.doubt(format!("`dd` with `{}` is not understood", word.text)),
        }
    }
}
