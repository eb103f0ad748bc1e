//! Why there is no edit, in words for the model.

use std::fmt;

use super::{Missing, Rung};
use crate::limits;

/// Why there is no edit, in words for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplaceError {
    /// Nothing to look for.
    EmptyOld,
    /// The new text is the old one, or stands there already.
    NoChange,
    /// The new text has a line that stands for code which was left out.
    Placeholder(String),
    /// It is not there.
    NotFound(Box<Missing>),
    /// It is there more than once.
    Ambiguous {
        /// How it was found.
        rung: Rung,
        /// How often.
        count: usize,
        /// In which lines, counted from 1; the first ones.
        lines: Vec<usize>,
    },
    /// More would be written than one call may.
    TooMuch {
        /// How often the text occurs.
        count: usize,
    },
}

impl ReplaceError {
    /// The kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EmptyOld => "empty_old",
            Self::NoChange => "no_change",
            Self::Placeholder(_) => "omission_placeholder",
            Self::NotFound(_) => "not_found",
            Self::Ambiguous { .. } => "ambiguous",
            Self::TooMuch { .. } => "too_much",
        }
    }
}

impl std::error::Error for ReplaceError {}

impl fmt::Display for ReplaceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyOld => formatter.write_str(
                "old_string is empty; quote the text that is to be replaced, or use `write` for a new file",
            ),
            Self::NoChange => formatter
                .write_str("the text would be the same afterwards: old_string and new_string do not differ"),
            Self::Placeholder(line) => write!(
                formatter,
                "new_string has the line `{line}`, which stands for code that was left out; give the whole new \
                 text, or quote less in old_string"
            ),
            Self::NotFound(missing) => missing.fmt(formatter),
            Self::Ambiguous { rung, count, lines } => {
                let found = match rung {
                    Rung::Exact => "old_string occurs".to_owned(),
                    other => format!(
                        "old_string is not in the file as it was given; with {} it occurs",
                        other.words()
                    ),
                };
                let more = if *count > lines.len() { ", …" } else { "" };
                let places: Vec<String> = lines
                    .chunk_by(|left, right| left == right)
                    .map(|same| match same.len() {
                        1 => same[0].to_string(),
                        times => format!("{} ({times} times)", same[0]),
                    })
                    .collect();
                let places = match lines.first() {
                    Some(line) if lines.last() == Some(line) && lines.len() == *count => {
                        format!("all in line {line}")
                    }
                    Some(_) | None => format!("lines {}{more}", places.join(", ")),
                };
                write!(
                    formatter,
                    "{found} {count} times ({places}); quote more of the text around the one you mean, or set \
                     replace_all"
                )
            }
            Self::TooMuch { count } => write!(
                formatter,
                "old_string occurs {count} times; that is more than one call may write ({} places, {} bytes). Change \
                 it with a command",
                limits::REPLACEMENTS_MAX,
                limits::EDITED_BYTES_MAX
            ),
        }
    }
}
