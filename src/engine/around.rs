//! `Around`: what the editor showed when a prompt was given, as words for the model: the active file, what is
//! selected, problems near it, open files. It comes behind the user's words, within a budget.

use std::collections::{HashMap, HashSet};

use super::event::Block;
use super::parts::Parts;
use super::showing;
use crate::limits;
use crate::path::AbsPath;
use crate::text::clip;
use crate::workspace;

/// What an editor shows. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// The file that the user is in.
    pub active: Option<Active>,
    /// What is selected.
    pub selection: Option<Selection>,
    /// The open files.
    pub open: Vec<AbsPath>,
    /// What language servers and tools complain of.
    pub problems: Vec<Problem>,
}

/// The file that the user is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// The file.
    pub path: AbsPath,
    /// The cursor's line.
    pub line: u32,
    /// The first and the last line that can be seen, where that is known.
    pub visible: Option<(u32, u32)>,
}

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The file.
    pub path: AbsPath,
    /// The first and the last line.
    pub lines: (u32, u32),
    /// The text.
    pub text: String,
}

/// A diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: AbsPath,
    /// Its line.
    pub line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What it says.
    pub message: String,
}

/// How bad a problem is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// For information.
    Information,
    /// A hint.
    Hint,
}

/// The words for the model; none where there is nothing to say. Of files outside of the workspace, and of those
/// that are kept from models or not to be read freely, nothing is told.
pub(super) async fn told(parts: &Parts, around: Around) -> Option<Block> {
    let (files, rules) = (parts.files.clone(), parts.rules.clone());
    let look = move || {
        let around = around.real();
        let roots = files.roots();
        let mut known: HashMap<AbsPath, bool> = HashMap::new();
        let mut may_be_told = |path: &AbsPath| {
            let look = || showing::why_not_given(&files, &rules, path).is_none();
            roots.iter().any(|root| path.starts_with(root)) && *known.entry(path.clone()).or_insert_with(look)
        };
        let around = around.with_files(&mut may_be_told);
        let text = words(&around, files.cwd())?;
        Some(Block::Around { text, file: around.selection.map(|selection| selection.path) })
    };
    parts.tasks.spawn_blocking(look).await.ok().flatten()
}

/// The words for the model; none where there is nothing to say.
fn words(around: &Around, cwd: &AbsPath) -> Option<String> {
    let name = |path: &AbsPath| path.display_in(cwd);
    let mut words = Budget { text: String::new(), room: limits::AROUND_BYTES_MAX };
    if let Some(Active { path, line, visible }) = &around.active {
        let seen =
            visible.map(|(first, last)| format!(", lines {first}-{last} in sight")).unwrap_or_default();
        words.line(&format!("- active file: {}, cursor in line {line}{seen}", name(path)));
    }
    if let Some(Selection { path, lines, text }) = &around.selection {
        words.selection(&name(path), *lines, text);
    }
    let mut problems: Vec<&Problem> = around.problems.iter().collect();
    problems.sort_by_key(|problem| (distance(around, problem), problem.severity, problem.line));
    problems.dedup();
    let hidden = problems.len().saturating_sub(limits::AROUND_PROBLEMS_MAX);
    problems.truncate(limits::AROUND_PROBLEMS_MAX);
    for Problem { path, line, severity, message } in problems {
        let message = clip::line(message, limits::AROUND_PROBLEM_CHARS_MAX);
        words.line(&format!("- {} in {}:{line}: {message}", severity.word(), name(path)));
    }
    if hidden > 0 {
        words.line(&format!("- {hidden} more problems"));
    }
    let mut seen = HashSet::new();
    let open = around.open.iter().filter(|path| seen.insert(*path));
    let names: Vec<String> = open.map(name).collect();
    let more = names.len().saturating_sub(limits::AROUND_OPEN_MAX);
    if !names.is_empty() {
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        words.line(&format!("- open files: {}{rest}", names[..names.len() - more].join(", ")));
    }
    let head =
        "In the editor, when this was asked (to know what the words mean; no part of the task by itself):";
    (!words.text.is_empty()).then(|| format!("{head}\n{}", words.text.trim_end()))
}

impl Around {
    /// Of these files alone.
    fn with_files(self, told: &mut impl FnMut(&AbsPath) -> bool) -> Self {
        let Self { active, selection, mut open, mut problems } = self;
        open.retain(|path| told(path));
        problems.retain(|one| told(&one.path));
        Self {
            active: active.filter(|one| told(&one.path)),
            selection: selection.filter(|one| told(&one.path)),
            open,
            problems,
        }
    }

    /// With the places that paths lead to.
    fn real(self) -> Self {
        let mut known: HashMap<AbsPath, AbsPath> = HashMap::new();
        let mut real = |path: AbsPath| {
            let found = || workspace::real_path(&path).unwrap_or_else(|_| path.clone());
            known.entry(path.clone()).or_insert_with(found).clone()
        };
        Self {
            active: self.active.map(|one| Active { path: real(one.path), ..one }),
            selection: self.selection.map(|one| Selection { path: real(one.path), ..one }),
            open: self.open.into_iter().map(&mut real).collect(),
            problems: self.problems.into_iter().map(|one| Problem { path: real(one.path), ..one }).collect(),
        }
    }
}

/// How far a problem is from where the user is: in the selection or near the cursor, in the same file, elsewhere.
fn distance(around: &Around, problem: &Problem) -> u32 {
    let selected = around.selection.as_ref().filter(|one| one.path == problem.path).map(|one| one.lines);
    let active =
        around.active.as_ref().filter(|one| one.path == problem.path).map(|one| (one.line, one.line));
    match selected.or(active) {
        Some((first, last)) => {
            let lines = first.saturating_sub(problem.line).max(problem.line.saturating_sub(last));
            if lines <= limits::AROUND_NEAR_LINES { 0 } else { 1 }
        }
        None => 2,
    }
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
            Self::Hint => "hint",
        }
    }
}

/// Words, as long as there is room.
struct Budget {
    text: String,
    room: usize,
}

impl Budget {
    fn line(&mut self, line: &str) {
        if let Some(room) = self.room.checked_sub(line.len() + 1) {
            self.text.push_str(line);
            self.text.push('\n');
            self.room = room;
        }
    }

    fn selection(&mut self, name: &str, (first, last): (u32, u32), text: &str) {
        let most = limits::AROUND_SELECTION_BYTES_MAX.min(self.room);
        let cut = if text.len() > most { text.floor_char_boundary(most) } else { text.len() };
        let shown = match (cut < text.len(), text[..cut].rfind('\n')) {
            (true, Some(end)) => &text[..end],
            _ => &text[..cut],
        };
        let count = shown.lines().count();
        let rest = if cut < text.len() { format!("; its first {count} lines") } else { String::new() };
        let fence = "`".repeat(longest_ticks(shown).max(2) + 1);
        let shown = shown.trim_end_matches('\n');
        self.line(&format!("- selected in {name}, lines {first}-{last}{rest}:\n{fence}\n{shown}\n{fence}"));
    }
}

fn longest_ticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::AbsPath;

    fn path(name: &str) -> AbsPath {
        AbsPath::new(format!("/w/{name}")).unwrap()
    }

    fn problem(name: &str, line: u32, severity: Severity, message: &str) -> Problem {
        Problem { path: path(name), line, severity, message: message.into() }
    }

    fn said(around: &Around) -> Option<String> {
        let root = AbsPath::new("/w").unwrap();
        let mut told = |path: &AbsPath| path.starts_with(&root) && path.file_name() != ".env";
        words(&around.clone().with_files(&mut told), &root)
    }

    #[test]
    fn what_is_near_comes_first() {
        let around = Around {
            active: Some(Active { path: path("src/a.rs"), line: 12, visible: Some((1, 40)) }),
            selection: Some(Selection {
                path: path("src/a.rs"),
                lines: (10, 12),
                text: "one\n```\nthree\n".into(),
            }),
            open: vec![path("src/a.rs"), path("b.rs"), path("b.rs"), path(".env")],
            problems: vec![
                problem("b.rs", 1, Severity::Error, "elsewhere"),
                problem("src/a.rs", 90, Severity::Error, "far"),
                problem("src/a.rs", 14, Severity::Warning, "near\nmore"),
                problem("src/a.rs", 30, Severity::Error, "near, too"),
                problem("src/a.rs", 14, Severity::Warning, "near\nmore"),
                problem(".env", 1, Severity::Error, "secret"),
            ],
        };
        assert_eq!(
            said(&around).unwrap(),
            "In the editor, when this was asked (to know what the words mean; no part of the task by itself):\n\
             - active file: src/a.rs, cursor in line 12, lines 1-40 in sight\n\
             - selected in src/a.rs, lines 10-12:\n````\none\n```\nthree\n````\n\
             - error in src/a.rs:30: near, too\n- warning in src/a.rs:14: near more\n- error in src/a.rs:90: far\n\
             - error in b.rs:1: elsewhere\n- open files: src/a.rs, b.rs"
        );
    }

    #[test]
    fn nothing_is_told_of_what_is_kept_back_or_elsewhere() {
        let mut around = Around {
            active: Some(Active { path: path(".env"), line: 1, visible: None }),
            selection: Some(Selection { path: path(".env"), lines: (1, 1), text: "KEY=1".into() }),
            open: vec![AbsPath::new("/elsewhere/a").unwrap()],
            problems: Vec::new(),
        };
        assert_eq!(said(&around), None);
        around.open.push(path("a"));
        assert!(said(&around).unwrap().ends_with(":\n- open files: a"));
    }

    #[test]
    fn it_stays_in_its_budget() {
        let problems = (0..400).map(|line| problem("a", line, Severity::Error, &"x".repeat(900))).collect();
        let around = Around {
            active: Some(Active { path: path("a"), line: 1, visible: None }),
            selection: Some(Selection {
                path: path("a"),
                lines: (1, 9999),
                text: "word wörd\n".repeat(9999),
            }),
            open: (0..400).map(|at| path(&format!("{at}-{}", "y".repeat(200)))).collect(),
            problems,
        };
        let told = said(&around).unwrap();
        assert!(told.len() <= limits::AROUND_BYTES_MAX + 200, "{}", told.len());
        assert!(told.contains("; its first ") && told.contains("388 more problems"), "{told}");
        // The longest line alone.
        let around = Around { selection: around.selection, ..Around::default() };
        let mut long = around.clone();
        long.selection.as_mut().unwrap().text = "ö".repeat(9999);
        for around in [around, long] {
            let told = said(&around).unwrap();
            assert!(told.len() > limits::AROUND_SELECTION_BYTES_MAX && told.ends_with("```"), "{told}");
        }
    }
}
