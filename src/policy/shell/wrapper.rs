//! Programs that run another command: it is judged as well, wherever it stands among their arguments.

use super::word::Word;

/// A wrapper whose options are known.
struct Wrapper {
    names: &'static [&'static str],
    /// Options without a value: letters, then long names.
    flags: (&'static str, &'static [&'static str]),
    /// Options with a value.
    values: (&'static str, &'static [&'static str]),
    /// Operands before the command.
    operands: usize,
    /// Assignments may stand before the command.
    assigns: bool,
}

/// What stands inside a wrapper.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inside<'a> {
    /// A command, with the assignments before it.
    Command {
        /// The assignments.
        assigns: &'a [Word],
        /// The command.
        words: &'a [Word],
    },
    /// A text for a shell.
    Text(&'a Word),
    /// No command.
    Nothing,
    /// It cannot be told where the command begins.
    Unclear,
}

const NONE: &[&str] = &[];

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        names: &["timeout"],
        flags: ("fpv", &["foreground", "preserve-status", "verbose"]),
        values: ("ks", &["kill-after", "signal"]),
        operands: 1,
        assigns: false,
    },
    Wrapper {
        names: &["nice"],
        flags: ("0123456789", NONE),
        values: ("n", &["adjustment"]),
        operands: 0,
        assigns: false,
    },
    Wrapper {
        names: &["nohup", "builtin"],
        flags: ("", NONE),
        values: ("", NONE),
        operands: 0,
        assigns: false,
    },
    Wrapper { names: &["command"], flags: ("p", NONE), values: ("", NONE), operands: 0, assigns: false },
    Wrapper { names: &["exec"], flags: ("cl", NONE), values: ("a", NONE), operands: 0, assigns: false },
    Wrapper {
        names: &["stdbuf"],
        flags: ("", NONE),
        values: ("ioe", &["input", "output", "error"]),
        operands: 0,
        assigns: false,
    },
    Wrapper {
        names: &["ionice"],
        flags: ("t", &["ignore"]),
        values: ("cn", &["class", "classdata"]),
        operands: 0,
        assigns: false,
    },
    Wrapper {
        names: &["taskset"],
        flags: ("ac", &["cpu-list"]),
        values: ("", NONE),
        operands: 1,
        assigns: false,
    },
    Wrapper {
        names: &["time"],
        flags: ("pvq", &["portability", "verbose", "quiet"]),
        values: ("f", &["format"]),
        operands: 0,
        assigns: true,
    },
    Wrapper {
        names: &["env"],
        flags: ("i0v", &["ignore-environment", "null", "debug"]),
        values: ("u", &["unset"]),
        operands: 0,
        assigns: true,
    },
    Wrapper {
        names: &["sudo"],
        flags: ("AbBEHknPS", &["non-interactive", "preserve-env", "set-home", "stdin", "background"]),
        values: ("ughCprtT", &["user", "group", "host", "prompt", "role", "type", "close-from"]),
        operands: 0,
        assigns: true,
    },
    Wrapper { names: &["doas"], flags: ("n", NONE), values: ("u", NONE), operands: 0, assigns: false },
    Wrapper {
        names: &["xargs"],
        flags: ("0rtxo", &["null", "no-run-if-empty", "verbose", "exit", "open-tty"]),
        values: ("dEILnPs", &["delimiter", "max-args", "max-chars", "max-procs", "replace", "max-lines"]),
        operands: 0,
        assigns: false,
    },
    Wrapper {
        names: &["flock"],
        flags: ("sxeuno", &["shared", "exclusive", "unlock", "nonblock", "nb", "close"]),
        values: ("wE", &["timeout", "wait", "conflict-exit-code"]),
        operands: 1,
        assigns: false,
    },
    Wrapper {
        names: &["setsid"],
        flags: ("cfw", &["ctty", "fork", "wait"]),
        values: ("", NONE),
        operands: 0,
        assigns: false,
    },
];

/// Programs that run what they are given in a way that is not followed.
const OPAQUE: &[&str] = &[
    "parallel",
    "watch",
    "entr",
    "chroot",
    "unshare",
    "nsenter",
    "strace",
    "ltrace",
    "script",
    "su",
    "runuser",
    "pkexec",
    "systemd-run",
    "busybox",
    "toybox",
    "chrt",
    "setpriv",
    "prlimit",
    "perf",
    "valgrind",
    "gdb",
    "lldb",
    "rlwrap",
    "unbuffer",
    "chronic",
    "ifne",
    "xvfb-run",
    "dbus-run-session",
    "dbus-launch",
    "faketime",
    "proxychains",
    "proxychains4",
    "torify",
    "torsocks",
    "bwrap",
    "firejail",
    "fakeroot",
    "setarch",
    "linux32",
    "linux64",
    "numactl",
    "cpulimit",
    "ssh",
    "sshpass",
    "mosh",
    "screen",
    "tmux",
    "expect",
    "daemonize",
    "start-stop-daemon",
    "at",
    "batch",
    "coproc",
    "emulate",
    "noglob",
    "nocorrect",
    "trap",
    "alias",
    "complete",
    "bind",
    "ssh-agent",
    "aa-exec",
    "runcon",
    "sg",
    "newgrp",
    "machinectl",
    "nix-shell",
    "nix",
    "guix",
    "hyperfine",
    "watchexec",
    "inotifywait",
    "direnv",
    "dotenv",
    "op",
    "aws-vault",
    "doppler",
];

/// Wrappers that need no rule of their own: what they run is all that counts.
const QUIET: &[&str] = &[
    "timeout", "nice", "nohup", "command", "builtin", "exec", "stdbuf", "ionice", "taskset", "time", "env",
    "xargs",
];

/// Wrappers that give more rights than the user's.
const RAISING: &[&str] = &["sudo", "doas", "su", "runuser", "pkexec"];

/// Shells whose language is read.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "rbash"];

/// Shells with languages of their own.
pub(super) const OTHER_SHELLS: &[&str] = &[
    "zsh",
    "ksh",
    "mksh",
    "fish",
    "csh",
    "tcsh",
    "nu",
    "elvish",
    "xonsh",
    "pwsh",
    "powershell",
    "cmd",
    "yash",
    "oil",
    "osh",
];

pub(super) fn is_known(name: &str) -> bool {
    WRAPPERS.iter().any(|wrapper| wrapper.names.contains(&name))
        || OPAQUE.contains(&name)
        || SHELLS.contains(&name)
}

pub(super) fn is_opaque(name: &str) -> bool {
    OPAQUE.contains(&name)
}

pub(super) fn is_quiet(name: &str) -> bool {
    QUIET.contains(&name)
}

pub(super) fn raises(name: &str) -> bool {
    RAISING.contains(&name)
}

/// What a wrapper of that name runs; none where the name is no wrapper's.
pub(super) fn inside<'a>(name: &str, arguments: &'a [Word]) -> Option<Inside<'a>> {
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&name))?;
    if name == "command" && arguments.first().is_some_and(|word| matches!(word.text.as_str(), "-v" | "-V")) {
        return Some(Inside::Nothing);
    }
    let mut rest = arguments;
    loop {
        match rest {
            [first, behind @ ..] if first.text == "--" => {
                rest = behind;
                break;
            }
            [first, behind @ ..] if first.text == "-" && name == "env" => rest = behind,
            [first, behind @ ..] if name == "flock" && matches!(first.text.as_str(), "-c" | "--command") => {
                return Some(behind.first().map_or(Inside::Unclear, Inside::Text));
            }
            [first, ..] if first.may_be_option() && first.text.len() > 1 => match taken(wrapper, rest) {
                Some(behind) => rest = behind,
                None => return Some(Inside::Unclear),
            },
            _ => break,
        }
    }
    if rest.len() < wrapper.operands || rest[..wrapper.operands].iter().any(|word| !word.is_known()) {
        return Some(Inside::Unclear);
    }
    rest = &rest[wrapper.operands..];
    if name == "flock"
        && let [first, text, ..] = rest
        && matches!(first.text.as_str(), "-c" | "--command")
    {
        return Some(Inside::Text(text));
    }
    let assigns = match wrapper.assigns {
        true => rest.iter().take_while(|word| word.assigns.is_some() || word.text.contains('=')).count(),
        false => 0,
    };
    let (assigns, words) = rest.split_at(assigns);
    Some(if words.is_empty() { Inside::Nothing } else { Inside::Command { assigns, words } })
}

/// What stands behind an option; none where it is not known.
fn taken<'a>(wrapper: &Wrapper, rest: &'a [Word]) -> Option<&'a [Word]> {
    let [first, behind @ ..] = rest else { return None };
    if !first.is_known() {
        return None;
    }
    if let Some(long) = first.text.strip_prefix("--") {
        return match long.split_once('=') {
            Some((name, _)) => wrapper.values.1.contains(&name).then_some(behind),
            None if wrapper.flags.1.contains(&long) => Some(behind),
            None if wrapper.values.1.contains(&long) => behind.get(1..),
            None => None,
        };
    }
    let letters = first.text.strip_prefix('-')?;
    for (at, letter) in letters.char_indices() {
        if wrapper.values.0.contains(letter) {
            let glued = at + letter.len_utf8() < letters.len();
            return if glued { Some(behind) } else { behind.get(1..) };
        }
        if !wrapper.flags.0.contains(letter) {
            return None;
        }
    }
    Some(behind)
}
