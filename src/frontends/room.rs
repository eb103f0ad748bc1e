//! What the user reads where room was made in the model's window.

use crate::engine::event::Summary;

/// A line.
pub(super) fn line(summary: Option<&Summary>, before: u64, after: u64) -> String {
    let what = match summary {
        Some(_) => "The conversation was summarised",
        None => "Old results of calls are not told to the model any more",
    };
    format!("{what}, to make room: about {} became {} tokens.", thousands(before), thousands(after))
}

/// The line, and the summary below it.
pub(super) fn whole(summary: Option<&Summary>, before: u64, after: u64) -> String {
    let line = line(summary, before, after);
    summary.map_or(line.clone(), |summary| format!("{line}\n\n{}", summary.text))
}

fn thousands(tokens: u64) -> String {
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..10_000 => format!("{}.{}k", tokens / 1_000, tokens % 1_000 / 100),
        _ => format!("{}k", tokens / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_by_their_order_of_size() {
        assert_eq!([7, 1_234, 120_999].map(thousands), ["7", "1.2k", "120k"]);
        assert!(line(None, 30_000, 900).ends_with("about 30k became 900 tokens."));
    }
}
