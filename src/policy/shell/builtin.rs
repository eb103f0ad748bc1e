//! What the shell itself runs: most of it changes nothing, some of it changes what later commands mean.

use super::uses::{How, Uses};

/// Commands of the shell that change nothing, and need no rule of their own.
const NEUTRAL: &[&str] = &[
    "cd", "true", "false", ":", "test", "[", "echo", "printf", "read", "exit", "set", "wait", "break",
    "continue", "return", "shift", "pwd", "local",
];

/// Commands that change what later ones mean, or tell what is in the environment.
const ASKED: &[&str] = &[
    "source",
    ".",
    "enable",
    "hash",
    "complete",
    "compgen",
    "compopt",
    "shopt",
    "declare",
    "typeset",
    "readonly",
    "let",
    "mapfile",
    "readarray",
    "history",
    "fc",
    "alias",
    "unalias",
    "trap",
    "bind",
    "printenv",
    "caller",
    "ulimit",
    "disown",
    "suspend",
    "logout",
    "print",
    "unset",
    "setopt",
    "autoload",
    "zmodload",
    "functions",
    "vared",
];

pub(super) fn is_known(name: &str) -> bool {
    NEUTRAL.contains(&name) || ASKED.contains(&name)
}

pub(super) fn is_neutral(name: &str) -> bool {
    NEUTRAL.contains(&name)
}

/// What a command of the shell changes for later ones; what `ps` and `env` tell.
pub(super) fn look(uses: &mut Uses<'_>, name: &str) {
    let arguments = uses.part.words.get(1..).unwrap_or_default().to_vec();
    let first = arguments.first().map_or("", |word| word.text.as_str());
    let changes = format!("`{name}` changes what later commands do, or tells what the environment holds");
    match name {
        _ if ASKED.contains(&name) => {
            uses.found.doubt(changes);
            for word in &arguments {
                uses.found.suspect(word.text.clone());
                let value = word.text.split_once('=').map(|(_, value)| value);
                value.into_iter().for_each(|value| uses.found.suspect(value));
            }
            if name == "source" || name == "." {
                arguments.first().into_iter().for_each(|word| uses.file(How::Read, word));
            }
        }
        "export" => {
            uses.found.doubt_if(
                arguments.is_empty() || arguments.iter().any(|word| !word.text.contains('=')),
                &changes,
            );
            super::assignment::judge(uses.found, &arguments);
        }
        "local" => {
            uses.found.doubt_if(arguments.iter().any(|word| !word.text.contains('=')), &changes);
            super::assignment::judge_alone(uses.found, &arguments);
        }
        "env" => uses.found.doubt_if(!uses.part.quiet, &changes),
        "ps" => uses.found.doubt_if(first.contains('e') && !first.starts_with('-'), &changes),
        "set" => {
            let plain = arguments.iter().all(|word| word.is_known() && is_plain_setting(&word.text));
            uses.found.doubt_if(arguments.is_empty() || !plain, &changes);
        }
        "read" => {
            let plain = arguments.iter().all(|word| word.is_known() && is_plain_read(&word.text));
            uses.found.doubt_if(!plain, &changes);
        }
        _ if uses.found.functions.contains(name) && uses.part.within.as_deref() == Some(name) => {
            uses.found.doubt(format!("`{name}` calls itself"));
        }
        _ => {}
    }
}

/// Settings of the shell that make it stricter, or tell more.
fn is_plain_setting(word: &str) -> bool {
    match word.strip_prefix(['-', '+']) {
        Some(letters) => letters.chars().all(|letter| "euxofn".contains(letter)),
        None => matches!(word, "pipefail" | "errexit" | "nounset" | "xtrace"),
    }
}

/// Options of `read` without effect elsewhere, their values, and names that only this shell knows.
fn is_plain_read(word: &str) -> bool {
    matches!(word, "-r" | "-n" | "-t" | "-s" | "-p" | "-d" | "-rp" | "-rn" | "-rd")
        || word.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit())
}
