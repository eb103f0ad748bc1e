//! `Part`: one program that can run, with its arguments, after all wrappers around it were taken off.

use std::collections::VecDeque;

use super::found::{Command, Folder, Found, Input};
use super::program::Program;
use super::word::Word;
use super::wrapper::{self, Inside};
use super::{Place, read_into};
use crate::limits;

/// One program that can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As it is written, where that is known.
    pub source: Option<String>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// The folders in which it may run.
    pub folders: Vec<Folder>,
    /// What it reads.
    pub input: Input,
    /// The function in whose body it stands.
    pub within: Option<String>,
    /// It only runs another part, and needs no rule of its own.
    pub quiet: bool,
}

impl Part {
    /// The program's name without its folder.
    pub fn name(&self) -> &str {
        let text = self.words.first().map_or("", |word| word.text.as_str());
        text.rsplit('/').next().unwrap_or(text)
    }

    /// Whether it changes nothing, so that it needs no rule where other programs run as well.
    pub fn is_neutral(&self) -> bool {
        self.quiet || super::builtin::is_neutral(self.name())
    }

    /// The words, joined by single blanks.
    pub fn joined(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Texts and commands that are yet to be looked at.
struct Work {
    part: Part,
    wrappers: usize,
    depth: usize,
}

/// All programs that can run. What cannot be followed is noted among the doubts.
pub(super) fn parts(found: &mut Found, place: &Place<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut work: VecDeque<Work> = VecDeque::new();
    let mut taken = 0;
    take_commands(found, &mut taken, 0, &mut work);
    while let Some(Work { mut part, wrappers, depth }) = work.pop_front() {
        if parts.len() >= limits::SHELL_COMMANDS_MAX {
            found.doubt("it holds more commands than can be judged");
            break;
        }
        let copied = wrappers * part.words.len();
        if wrappers > limits::SHELL_WRAPPERS_MAX || copied > limits::SHELL_WRAPPED_WORDS_MAX {
            found.doubt("it wraps commands too often");
            suspect_each(found, &part.words);
            continue;
        }
        look_at_name(found, &part.words);
        let name = part.name().to_owned();
        if wrapper::raises(&name) {
            found.doubt(format!("`{name}` gives it more rights than yours"));
        }
        if wrapper::is_opaque(&name) {
            found.doubt(format!("`{name}` runs commands in a way that is not followed"));
            suspect_each(found, part.words.get(1..).unwrap_or_default());
        }
        for inner in searched(&part) {
            work.push_back(Work { part: inner, wrappers: wrappers + 1, depth });
        }
        let text = match wrapper::inside(&name, part.words.get(1..).unwrap_or_default()) {
            None => shell_text(found, &part),
            Some(Inside::Nothing) => None,
            Some(Inside::Unclear) => {
                found.doubt(format!(
                    "`{name}` has options that are not known, so that it cannot be told what it runs"
                ));
                suspect_each(found, part.words.get(1..).unwrap_or_default());
                None
            }
            Some(Inside::Text(text)) => known_text(found, text),
            Some(Inside::Command { assigns, words }) => {
                super::assignment::judge(found, assigns);
                let mut inner = Part { source: None, words: words.to_vec(), quiet: false, ..part.clone() };
                if name == "xargs" {
                    let only_words = Program::of(inner.name()).is_some_and(Program::takes_words_only);
                    inner.words.push(Word { listed: true, unknown: true, ..Word::plain("…") });
                    if !only_words {
                        look_at_feeders(found, &part);
                    }
                }
                work.push_front(Work { part: inner, wrappers: wrappers + 1, depth });
                part.quiet = wrapper::is_quiet(&name);
                None
            }
        };
        if let Some(text) = text {
            part.quiet = wrapper::SHELLS.contains(&name.as_str()) || name == "eval";
            if depth >= limits::SHELL_DEPTH_MAX {
                found.doubt("commands stand too deep in one another");
            } else {
                read_into(&text, &part.folders, &part.input, found, place);
                take_commands(found, &mut taken, depth + 1, &mut work);
            }
        }
        parts.push(part);
    }
    parts
}

/// The commands that were found since, as work; assignments alone are judged at once.
fn take_commands(found: &mut Found, taken: &mut usize, depth: usize, work: &mut VecDeque<Work>) {
    let new: Vec<Command> = found.commands.get(*taken..).unwrap_or_default().to_vec();
    *taken = found.commands.len();
    for command in new {
        let alone = command.words.is_empty();
        if alone {
            super::assignment::judge_alone(found, &command.assigns)
        } else {
            super::assignment::judge(found, &command.assigns)
        }
        if alone {
            continue;
        }
        let Command { source, words, folders, input, within, assigns: _ } = command;
        let part = Part { source: Some(source), words, folders, input, within, quiet: false };
        work.push_back(Work { part, wrappers: 0, depth });
    }
}

/// Notes a program whose name is not known before it runs.
fn look_at_name(found: &mut Found, words: &[Word]) {
    let Some(first) = words.first() else { return };
    if !first.is_known() {
        found.doubt(format!("which program `{}` is, is known only when it runs", first.text));
        suspect_each(found, words.get(1..).unwrap_or_default());
    } else if first.text.is_empty() {
        found.doubt("the name of a program is empty");
    } else if first.text.starts_with('=') {
        found.doubt("some shells take a name with `=` before it for a program");
    }
}

/// The commands that a search runs with what it finds.
fn searched(part: &Part) -> Vec<Part> {
    if part.name() != "find" {
        return Vec::new();
    }
    let mut inner = Vec::new();
    let mut at = 1;
    while let Some(word) = part.words.get(at) {
        at += 1;
        if !matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") {
            continue;
        }
        let rest = &part.words[at..];
        let end = rest.iter().position(|word| word.text == ";" || word.text == "+").unwrap_or(rest.len());
        at += end;
        let found = |word: &Word| match word.text.contains("{}") {
            true => Word { listed: true, unknown: true, ..word.clone() },
            false => word.clone(),
        };
        let words: Vec<Word> = rest[..end].iter().map(found).collect();
        if !words.is_empty() {
            inner.push(Part { source: None, words, quiet: false, ..part.clone() });
        }
    }
    inner
}

/// What `xargs` reads should be names that a search has found, and nothing else.
fn look_at_feeders(found: &mut Found, part: &Part) {
    let names_only = match &part.input {
        Input::Closed | Input::Given => false,
        Input::Pipe(range) => {
            let feeders = found.commands.get(range.clone()).unwrap_or_default();
            !feeders.is_empty() && feeders.iter().all(|feeder| lists_names(&feeder.words))
        }
    };
    if !names_only {
        found.doubt("what `xargs` adds to the command is known only when it runs");
    }
}

fn lists_names(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let has = |wanted: &[&str]| texts.iter().any(|text| wanted.contains(text));
    match texts.as_slice() {
        ["find", ..] => !has(&["-printf", "-exec", "-execdir", "-ok", "-ls", "-fprintf"]),
        ["git", "ls-files", ..] => true,
        ["git", "diff", ..] => has(&["--name-only"]),
        ["rg", ..] => has(&["--files", "-l", "--files-with-matches"]),
        ["grep", ..] => has(&["-l", "-rl", "-lr", "-rln", "--files-with-matches"]),
        _ => false,
    }
}

/// The text that a shell is given to run.
fn shell_text(found: &mut Found, part: &Part) -> Option<String> {
    let name = part.name().to_owned();
    let arguments = part.words.get(1..).unwrap_or_default();
    if name == "eval" {
        let text = arguments.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        if arguments.iter().any(|word| !word.is_known()) {
            found.doubt("`eval` runs a text that is known only when it runs");
            found.suspect(text);
            return None;
        }
        found.doubt("`eval` may change what later commands do");
        return Some(text);
    }
    let other = wrapper::OTHER_SHELLS.contains(&name.as_str());
    if !other && !wrapper::SHELLS.contains(&name.as_str()) {
        return None;
    }
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-c" | "-ec" | "-ce" | "-xc" | "-cx" | "-euc" | "-uc" | "-exc" | "-euxc" | "-eux" | "-eu"
            | "-e" | "-u" | "-x"
                if word.is_known() =>
            {
                if word.text.contains('c') {
                    let text = words.next()?;
                    if other {
                        found.doubt(format!("`{name}` has a language of its own"));
                        found.suspect(text.text.clone());
                        return None;
                    }
                    return known_text(found, text);
                }
            }
            "-o" => {
                words.next();
            }
            text if word.may_be_option() => {
                found.doubt(format!("`{name}` is started in a way that is not followed (`{text}`)"));
                arguments.iter().for_each(|word| found.suspect(word.text.clone()));
                return None;
            }
            _ => {
                if other {
                    found.doubt(format!("`{name}` has a language of its own"));
                }
                return None;
            }
        }
    }
    found.doubt(format!("`{name}` runs what it reads"));
    None
}

fn known_text(found: &mut Found, text: &Word) -> Option<String> {
    if text.is_known() {
        return Some(text.text.clone());
    }
    found.doubt("a shell runs a text that is known only when it runs");
    found.suspect(text.text.clone());
    None
}

/// Any of the words may begin a command.
pub(super) fn suspect_each(found: &mut Found, words: &[Word]) {
    for at in 0..words.len().min(limits::SHELL_SUSPECTS_MAX / 4) {
        if words[at].text.starts_with('-') {
            continue;
        }
        let text: Vec<&str> = words[at..].iter().take(64).map(|word| word.text.as_str()).collect();
        found.suspect(text.join(" "));
    }
}
