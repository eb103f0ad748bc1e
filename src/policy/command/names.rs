//! The texts by which rules know a program with its arguments.

use crate::policy::rules::Names;
use crate::policy::shell::{self, Part};

/// The texts by which a program with its arguments is known. What allows counts for the first alone.
pub(super) fn names(part: &Part, joined: &str) -> Names {
    let mut others: Vec<String> = part.source.iter().cloned().collect();
    let words: Vec<&str> = part.words.iter().map(|word| word.text.as_str()).collect();
    if let Some((first, rest)) = words.split_first() {
        let bare = first.rsplit('/').next().unwrap_or(first);
        let with =
            |rest: &[&str]| std::iter::once(bare).chain(rest.iter().copied()).collect::<Vec<_>>().join(" ");
        others.push(with(rest));
        others.extend(after_options(bare, rest).into_iter().map(|at| with(&rest[at..])));
    }
    Names { shown: joined.to_owned(), others }
}

pub(super) fn suspect_names(text: &str) -> Names {
    let (program, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    let bare = program.rsplit('/').next().unwrap_or(program);
    Names { shown: text.to_owned(), others: vec![format!("{bare}{rest}")] }
}

/// Programs with options before their command that take a value.
const GLOBAL: &[(&str, &[&str])] = &[
    ("git", shell::GIT_VALUES),
    (
        "docker",
        &[
            "--context",
            "-c",
            "--host",
            "-H",
            "--config",
            "--log-level",
            "-l",
            "--tlscacert",
            "--tlscert",
            "--tlskey",
        ],
    ),
    (
        "kubectl",
        &[
            "-n",
            "--namespace",
            "--context",
            "--cluster",
            "--user",
            "--kubeconfig",
            "-s",
            "--server",
            "--token",
            "--as",
        ],
    ),
    ("npm", &["--prefix", "-C", "--loglevel", "--workspace", "-w", "--registry"]),
    ("cargo", &["-C", "--config", "-Z", "--color"]),
    ("gh", &["-R", "--repo"]),
    ("aws", &["--profile", "--region", "--output", "--endpoint-url"]),
    ("gcloud", &["--project", "--account", "--configuration"]),
];

/// Where the command of a program may begin that has options before it.
fn after_options(program: &str, words: &[&str]) -> Vec<usize> {
    if !words.first().is_some_and(|word| word.starts_with(['-', '+'])) {
        return Vec::new();
    }
    let behind = |takes: &dyn Fn(&str) -> bool| {
        let mut at = 0;
        while words.get(at).is_some_and(|word| word.starts_with(['-', '+'])) {
            at += if takes(words[at]) { 2 } else { 1 };
        }
        (at < words.len()).then_some(at)
    };
    let known = GLOBAL.iter().find(|(name, _)| *name == program);
    let both: Vec<Option<usize>> = match known {
        Some((_, values)) => vec![behind(&|word| values.contains(&word))],
        None => vec![behind(&|_| false), behind(&|word| !word.contains('='))],
    };
    both.into_iter().flatten().collect()
}
