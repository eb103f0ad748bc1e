//! Assignments: variables change what programs do.

use super::found::Found;
use super::word::Word;

/// Variables that change nothing but how much is told, and in which language.
const HARMLESS: &[&str] = &[
    "NO_COLOR",
    "CI",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "TERM",
    "LANG",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "TZ",
    "DEBUG",
    "NODE_ENV",
    "CARGO_TERM_COLOR",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "GIT_TERMINAL_PROMPT",
    "RUST_TEST_THREADS",
    "VERBOSE",
];

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || name.starts_with("LC_")
}

/// Assignments before a command, which are part of its environment.
pub(super) fn judge(found: &mut Found, assigns: &[Word]) {
    for word in assigns {
        let name = word.assigned().or_else(|| word.text.split('=').next()).unwrap_or_default().to_owned();
        if !is_harmless(&name)
            || word.text.contains('[')
                && word.assigned().is_some()
                && word.text.starts_with(&format!("{name}["))
        {
            found.doubt(format!("it sets `{name}`, which may change what the command does"));
        }
    }
}

/// Assignments without a command, which hold for what comes behind them.
pub(super) fn judge_alone(found: &mut Found, assigns: &[Word]) {
    for word in assigns {
        let name = word.assigned().unwrap_or_default().to_owned();
        let own = name
            .chars()
            .all(|letter| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit());
        // The shell's own variables and those of programs are in capitals, but for these.
        let exported = name.ends_with("_proxy") || name == "prompt";
        let subscript = word.text.starts_with(&format!("{name}["));
        if !(own || is_harmless(&name)) || exported || subscript {
            found.doubt(format!("it sets `{name}`, which may change what later commands do"));
        }
    }
}
