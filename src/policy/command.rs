//! Judging a shell command by the rules: each program that can run, and each file that it names.
//!
//! The strictest verdict of all counts. A deny is looked for in everything that may run; an allowance counts only
//! where all of the command is understood.

pub(crate) mod always;
mod files;
mod names;

use std::collections::BTreeMap;

use super::Mode;
use super::rules::{Action, Names, Rules};
use super::shell::{Part, Reading};
use crate::path::AbsPath;
pub use files::lookups;
use files::{FileRules, Verdict};
use names::{names, suspect_names};

/// A command that was read, and where the names in it lead.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// What is known of it.
    pub reading: Reading,
    /// Where names lead, each as seen from a folder: what `lookups` asks for.
    pub leads: BTreeMap<(String, String), AbsPath>,
    /// Git's configuration of this folder names no programs, as far as it was looked at.
    pub git_is_plain: bool,
}

impl Looked {
    /// Which commands need no rule.
    pub fn free(&self) -> Free {
        if self.git_is_plain { Free::ReadingAndGit } else { Free::Reading }
    }
}

/// What is known of the place where a command runs.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The workspace's folders, as real paths.
    pub roots: &'a [AbsPath],
    /// The user's folder, where it is known.
    pub home: Option<&'a AbsPath>,
    /// The session's mode.
    pub mode: Mode,
    /// Which commands need no rule.
    pub free: Free,
    /// What earlier answers cover: words, and ` *` behind them where anything may follow.
    pub granted: &'a [String],
    /// Where a name leads, seen from a folder: a real path, all links followed, `..` taken where they led. None: it
    /// cannot be told.
    pub leads: &'a dyn Fn(&str, &str) -> Option<AbsPath>,
}

/// Which commands need no rule, where nothing else speaks against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Free {
    /// None.
    Nothing,
    /// Those that only read, list or tell; but for git, whose configuration here names programs.
    Reading,
    /// Those, and those of git too.
    ReadingAndGit,
}

impl Free {
    fn covers(self, part: &Part) -> bool {
        match self {
            Self::Nothing => false,
            Self::Reading => part.is_harmless() && !part.is_git(),
            Self::ReadingAndGit => part.is_harmless(),
        }
    }
}

/// What the rules make of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruled {
    /// All of it is allowed; the rules that allow it.
    Allowed(Vec<String>),
    /// It is to be asked.
    Asked {
        /// Why, in words for the user; empty where only no rule allows it.
        reasons: Vec<String>,
        /// It is asked each time: no "always" can be given.
        each_time: bool,
    },
    /// It is denied; by which rule.
    Denied(String),
}

/// How one program of a command was judged, for whoever wants to know why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The program and its arguments, quotes taken away.
    pub part: String,
    /// What the rules say of it, and which rule; none where none speaks.
    pub said: Option<(Action, String)>,
    /// It needs no rule of its own beside others.
    pub neutral: bool,
    /// It only reads, lists or tells, and needs no rule.
    pub free: bool,
}

/// Judges a command.
pub fn judge(command: &str, reading: &Reading, rules: &Rules, site: &Site<'_>) -> Ruled {
    let judged = parts(reading, rules, site.free);
    if let Some(rule) = denied(reading, &judged, rules) {
        return Ruled::Denied(rule);
    }
    let files = FileRules { rules, site, reading };
    let mut reasons = Vec::new();
    let mut each_time = reading.deceives;
    let mut changed = Vec::new();
    for file in &reading.files {
        match files.judge(file) {
            Verdict::Fine => {}
            Verdict::AskAsEdit(path) => changed.push(path),
            Verdict::Ask(reason) => reasons.push(reason),
            Verdict::AskEachTime(reason) => {
                each_time = true;
                reasons.push(reason);
            }
            Verdict::Deny(rule) => return Ruled::Denied(rule),
        }
    }
    reasons.extend(edits(changed));
    reasons.extend(files.removals());
    reasons.extend(files.places());
    if let Some(rule) = rules.allows_exactly(command.trim()) {
        return match reasons.is_empty() && !reading.deceives {
            true => Ruled::Allowed(vec![rule]),
            false => Ruled::Asked { reasons, each_time },
        };
    }
    let mut said: Vec<String> = reading.doubts.iter().map(|doubt| sentence(doubt)).collect();
    said.append(&mut reasons);
    let programs = if judged.is_empty() {
        let names = Names { shown: command.trim().to_owned(), others: Vec::new() };
        Programs::of_text(rules.said(&names))
    } else {
        let covered: Vec<bool> =
            reading.parts.iter().map(|part| always::covers(site.granted, part)).collect();
        Programs::of(&judged, &covered)
    };
    said.extend(programs.asked);
    said.dedup();
    match said.is_empty() && !programs.missing {
        true => Ruled::Allowed(programs.allowed),
        false => Ruled::Asked { reasons: said, each_time },
    }
}

/// The rule that denies something which can run, or may.
fn denied(reading: &Reading, judged: &[Judged], rules: &Rules) -> Option<String> {
    let denies = |said: Option<(Action, String)>| match said {
        Some((Action::Deny, rule)) => Some(rule),
        Some((Action::Allow | Action::Ask, _)) | None => None,
    };
    let surely = judged.iter().find_map(|part| denies(part.said.clone()));
    let suspected = || reading.suspects.iter().find_map(|text| denies(rules.said(&suspect_names(text))));
    surely.or_else(suspected)
}

/// What the rules and earlier answers make of all programs together.
#[derive(Default)]
struct Programs {
    /// What allows them.
    allowed: Vec<String>,
    /// Why one is asked about.
    asked: Vec<String>,
    /// Nothing speaks for one of them.
    missing: bool,
}

impl Programs {
    fn of(judged: &[Judged], covered: &[bool]) -> Self {
        let mut all = Self::default();
        let is_allowed = |part: &Judged| match part.said {
            Some((Action::Allow, _)) => true,
            Some((Action::Ask | Action::Deny, _)) => false,
            None => part.free,
        };
        // What changes nothing needs no rule beside something that has one.
        let others = judged.iter().any(|part| is_allowed(part) || !part.neutral) || covered.contains(&true);
        for (part, covered) in judged.iter().zip(covered) {
            match &part.said {
                Some((Action::Allow, rule)) => all.allowed.push(rule.clone()),
                // An answer turns a question into a yes, and nothing else.
                Some((Action::Ask, _)) | None if *covered => {
                    all.allowed.push(format!("always: `{}`", part.part));
                }
                Some((Action::Ask, rule)) if !(part.neutral && others && is_general(rule)) => {
                    all.asked
                        .push(format!("The permission rule `{rule}` wants `{}` to be asked.", part.part));
                }
                None if part.free => {}
                None if !part.neutral || !others => all.missing = true,
                Some((Action::Ask | Action::Deny, _)) | None => {}
            }
        }
        all.allowed.dedup();
        all
    }

    /// Of a text in which no program is seen.
    fn of_text(said: Option<(Action, String)>) -> Self {
        match said {
            Some((Action::Allow, rule)) => Self { allowed: vec![rule], ..Self::default() },
            Some((Action::Ask | Action::Deny, _)) | None => Self { missing: true, ..Self::default() },
        }
    }
}

/// What the rules say of each program that can run.
pub fn parts(reading: &Reading, rules: &Rules, free: Free) -> Vec<Judged> {
    reading.parts.iter().map(|part| said_of(part, rules, free)).collect()
}

fn said_of(part: &Part, rules: &Rules, free: Free) -> Judged {
    let joined = part.joined();
    let said = rules.said(&names(part, &joined));
    Judged { part: joined, said, neutral: part.is_neutral(), free: free.covers(part) }
}

/// A rule that speaks of every command.
fn is_general(rule: &str) -> bool {
    rule.contains(": * →")
}

/// That files are changed, where edits are asked.
fn edits(mut paths: Vec<AbsPath>) -> Option<String> {
    paths.sort_unstable();
    paths.dedup();
    let named: Vec<String> = paths.iter().take(FILES_NAMED).map(|path| format!("`{path}`")).collect();
    match (named.len(), paths.len().saturating_sub(named.len())) {
        (0, _) => None,
        (_, 0) => Some(format!("It changes {}.", named.join(", "))),
        (_, more) => Some(format!("It changes {} and {more} more files.", named.join(", "))),
    }
}

/// Changed files that a question names; more are counted.
const FILES_NAMED: usize = 3;

fn sentence(doubt: &str) -> String {
    let mut letters = doubt.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests;
