//! `git`: what its options and commands can do beside their names.

use super::super::protected::protected;
use super::uses::{How, Uses};
use super::word::Word;
use crate::path::AbsPath;

/// Options before the command that take a value.
pub(in crate::policy) const GLOBAL_VALUES: &[&str] = &[
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--config-env",
    "--super-prefix",
    "--exec-path",
    "--attr-source",
];

/// Options before the command that change nothing.
const GLOBAL_PLAIN: &[&str] = &[
    "--no-pager",
    "-P",
    "--no-optional-locks",
    "--literal-pathspecs",
    "--no-replace-objects",
    "--glob-pathspecs",
    "--version",
    "--help",
    "-h",
    "--noglob-pathspecs",
    "--icase-pathspecs",
    "--bare",
    "--no-advice",
    "--no-lazy-fetch",
];

/// Commands that run programs, or take what they do from elsewhere.
const ASKED: &[&str] = &[
    "filter-branch",
    "bisect",
    "difftool",
    "mergetool",
    "daemon",
    "instaweb",
    "web--browse",
    "send-email",
    "credential",
    "submodule",
    "hook",
    "upload-pack",
    "receive-pack",
    "upload-archive",
    "shell",
    "cvsserver",
    "svn",
    "p4",
    "remote-ext",
    "remote-fd",
    "fast-import",
    "update-index",
    "config",
    "var",
    "help",
    "gui",
    "citool",
    "gitk",
    "replace",
    "clone",
    "init",
    "worktree",
    "maintenance",
    "update-ref",
    "symbolic-ref",
    "am",
    "imap-send",
    "http-backend",
    "sparse-checkout",
    "bundle",
    "archive",
    "quiltimport",
    "lfs",
    "annex",
    "subtree",
    "flow",
];

/// Options that run programs or write elsewhere; abbreviated too.
const ASKED_OPTIONS: &[&str] = &[
    "--ext-diff",
    "--textconv",
    "--upload-pack",
    "--receive-pack",
    "--exec",
    "--open-files-in-pager",
    "--show-signature",
    "--extcmd",
    "--tool",
    "--edit",
    "--interactive",
    "--gpg-sign",
    "--template",
    "--config",
    "--separate-git-dir",
    "--reference",
    "--recurse-submodules",
    "--paginate",
    "--web",
    "--pathspec-from-file",
    "--index-pack-args",
    "--strategy-option",
    "--server-option",
    "--local-user",
    "--edit-description",
    "--filters",
    "--contents",
    "--ignore-revs-file",
    "--exclude-from",
    "--exclude-standard-from",
];

/// Options whose value is a text.
const TEXT: &[&str] = &[
    "-m",
    "--message",
    "--author",
    "--grep",
    "-S",
    "-G",
    "--format",
    "--pretty",
    "--date",
    "--since",
    "--until",
    "--after",
    "--before",
    "-n",
    "--trailer",
    "-b",
    "-B",
    "--committer",
    "--abbrev",
    "--color",
    "--max-count",
    "--word-diff-regex",
    "--color-words",
    "--glob",
    "--exclude",
    "-U",
    "--skip",
    "-t",
    "--track",
    "--cleanup",
    "--fixup",
    "--squash",
    "--reason",
];

pub(super) fn look(uses: &mut Uses<'_>) {
    let words = uses.part.words.clone();
    let mut rest = words.get(1..).unwrap_or_default();
    while let [word, behind @ ..] = rest {
        let text = word.text.as_str();
        let name = text.split('=').next().unwrap_or(text);
        if !word.may_be_option() {
            break;
        }
        rest = behind;
        if text == "-C" {
            behind.first().into_iter().for_each(|folder| uses.file(How::Told, folder));
            uses.found.doubt_if(
                behind.first().is_some_and(|folder| !stays(folder)),
                "`git -C` works in another folder",
            );
            rest = behind.get(1..).unwrap_or_default();
        } else if GLOBAL_VALUES.contains(&name) {
            uses.found.doubt(format!("`git` with `{name}` may run what its value names"));
            if let Some(value) = behind.first().filter(|_| name == text) {
                // The value of an alias is a command.
                let value = value.text.split_once('=').map_or(value.text.as_str(), |(_, value)| value);
                uses.found.suspect(value.trim_start_matches('!'));
                uses.found.suspect(format!("git {value}"));
                rest = behind.get(1..).unwrap_or_default();
            }
        } else if !GLOBAL_PLAIN.contains(&text) {
            uses.found.doubt(format!("`git` with `{text}` is not understood"));
        }
    }
    let Some((command, arguments)) = rest.split_first() else { return };
    if !command.is_known() {
        uses.found.doubt("which command of `git` it is, is known only when it runs");
    }
    subcommand(uses, command.text.as_str(), arguments);
}

fn stays(folder: &Word) -> bool {
    folder.is_known() && !folder.text.starts_with(['/', '~']) && !folder.text.contains("..")
}

fn subcommand(uses: &mut Uses<'_>, command: &str, arguments: &[Word]) {
    let shows = arguments.iter().any(|word| {
        matches!(word.text.as_str(), "--get" | "--list" | "-l" | "list" | "--get-all" | "status")
    });
    if ASKED.contains(&command)
        && !(shows && matches!(command, "config" | "worktree" | "submodule" | "sparse-checkout"))
    {
        uses.found.doubt(format!("`git {command}` can run programs, or change how git works"));
        arguments.iter().for_each(|word| uses.found.suspect(word.text.clone()));
        let text: Vec<&str> = arguments.iter().skip(1).map(|word| word.text.as_str()).collect();
        uses.found.suspect(text.join(" "));
    }
    destructive(uses, command, arguments);
    let compares_files = arguments.iter().any(|word| word.text == "--no-index");
    let mut files = false;
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        at += 1;
        let text = word.text.as_str();
        if text == "--" && !files {
            files = true;
        } else if !files && word.may_be_option() && text != "-" {
            at += option(uses, command, word, arguments.get(at));
        } else if compares_files {
            uses.file(How::Read, word);
        } else {
            if word.unknown && !word.listed {
                uses.found.doubt(format!("`{text}` is known only when it runs"));
            }
            if text.contains("::") {
                uses.found.doubt("an address with `::` names a program that git runs");
            }
            if matches!(command, "checkout" | "restore" | "mv" | "rm") && names_protected(text) {
                uses.file(How::Changed, word);
            }
            if !(text.starts_with("http") || text.starts_with("git@") || text.starts_with("ssh:")) {
                uses.hidden(word, text);
            }
        }
    }
}

fn names_protected(text: &str) -> bool {
    AbsPath::new(format!("/{text}")).is_ok_and(|path| protected(&path).is_some())
}

/// One option; how many further words it takes.
fn option(uses: &mut Uses<'_>, command: &str, word: &Word, next: Option<&Word>) -> usize {
    let text = word.text.as_str();
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    if word.unknown_head || word.many && word.unknown {
        uses.found.doubt(format!("`{text}` may turn out to be an option"));
        return 0;
    }
    if name.len() > 3 && "--output".starts_with(name)
        || name == "-o" && matches!(command, "format-patch" | "archive")
    {
        match value {
            Some(value) => uses.file(How::Changed, &word.with_text(value)),
            None => next.into_iter().for_each(|next| uses.file(How::Changed, next)),
        }
        return usize::from(value.is_none());
    }
    if text.starts_with("-o") && command == "format-patch" || name.starts_with("--output-d") {
        uses.found.doubt("`git` writes to a folder that is not understood");
    }
    let long = name.len() > 4 && name.starts_with("--");
    let exact = |option: &&&str| **option == name || long && option.starts_with(name);
    // Abbreviations of options that are harmless in full.
    let harmless = ["--exclude", "--exclude-standard", "--ext", "--color", "--textc"].contains(&name);
    let short_runs = match command {
        "ls-remote" | "fetch" | "clone" | "pull" => name == "-u" && command != "fetch",
        "rebase" => text.starts_with("-x") || text.starts_with("-i"),
        "grep" => text.starts_with("-O") || name == "-f",
        "commit" | "tag" => {
            text.starts_with("-F")
                || text.starts_with("-S")
                || text.starts_with("-t")
                || text.starts_with("-e")
        }
        "add" | "checkout" | "stash" | "reset" | "restore" => text == "-i" || text == "-e",
        _ => false,
    };
    if short_runs || (!harmless || name == "--ext") && ASKED_OPTIONS.iter().any(|known| exact(&known)) {
        uses.found
            .doubt(format!("`git {command}` with `{name}` can run programs, or read and write elsewhere"));
        value.or(next.map(|next| next.text.as_str())).into_iter().for_each(|value| uses.found.suspect(value));
        return 0;
    }
    if matches!(name, "--format" | "--pretty")
        && (text.contains("%G") || next.is_some_and(|next| value.is_none() && next.text.contains("%G")))
    {
        uses.found.doubt("`git` runs another program to check signatures (`%G`)");
    }
    if TEXT.contains(&name) {
        return usize::from(value.is_none() && next.is_some());
    }
    // A message glued to its option, as `-m` and the like have it.
    if !text.starts_with("--") && TEXT.iter().any(|option| option.len() == 2 && text.starts_with(option)) {
        return 0;
    }
    // `-am MESSAGE`.
    if command == "commit" && !text.starts_with("--") && text.ends_with('m') {
        return 1;
    }
    if let Some(at) = text.find(['/', '~']).or_else(|| text.find("..")) {
        uses.hidden(word, &text[at..]);
    }
    uses.hidden(word, value.unwrap_or_default());
    0
}

/// What cannot be taken back, or changes what others have.
fn destructive(uses: &mut Uses<'_>, command: &str, arguments: &[Word]) {
    let has = |options: &[&str]| arguments.iter().any(|word| options.contains(&word.text.as_str()));
    let short = |letter: char| {
        arguments.iter().any(|word| {
            word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(letter)
        })
    };
    let forced = short('f') || arguments.iter().any(|word| word.text.starts_with("--force"));
    let why = match command {
        "push"
            if forced
                || has(&["--mirror", "--delete", "-d", "--prune"])
                || arguments.iter().any(|word| word.text.starts_with(['+', ':'])) =>
        {
            "`git push` overwrites or removes what others have"
        }
        "clean" if !(short('n') || has(&["--dry-run"])) => {
            "`git clean` removes files that are kept nowhere else"
        }
        "reset" if has(&["--hard", "--merge"]) => "`git reset --hard` throws away changes",
        "stash" if has(&["drop", "clear"]) => "`git stash` throws away what it kept",
        "reflog" if has(&["expire", "delete"]) => "`git reflog` throws away the way back",
        "gc" | "prune" => "git throws away what nothing leads to",
        "branch" if short('D') => "`git branch -D` removes what is merged nowhere",
        "remote" if has(&["add", "set-url", "rename"]) => "`git remote` changes where git sends to",
        _ => return,
    };
    uses.found.doubt(why);
}
