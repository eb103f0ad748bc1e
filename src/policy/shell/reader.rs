//! `Reader`: reads the text of a shell command the way bash does, without running anything.
//!
//! What it does not understand ends the reading, and is a reason to ask; what was found before that is kept,
//! so that it still counts against what is denied.

use super::found::{Command, Folder, Found, Input};
use super::heredoc::Pending;
use super::word::Word;
use crate::limits;

/// The reading ended: why is noted.
#[derive(Debug)]
pub(super) struct Stop;

pub(super) type Read<T> = Result<T, Stop>;

/// Where a list of commands ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until<'a> {
    /// With the text.
    End,
    /// Before a `)`.
    Paren,
    /// Before one of these words.
    Words(&'a [&'a str]),
    /// Before `;;` and the like, or `esac`.
    Case,
}

/// A text being read.
pub(super) struct Reader<'t, 'f> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) found: &'f mut Found,
    pub(super) pending: Vec<Pending>,
    /// Where the next command may run.
    pub(super) folders: Vec<Folder>,
    /// What the next command reads.
    pub(super) input: Input,
    /// The function whose body is read.
    pub(super) within: Option<String>,
    /// The user's folder, for `~`.
    pub(super) home: &'t str,
    /// The variable of each loop around, with its value where that is followed.
    pub(super) loops: Vec<(String, Option<String>)>,
}

/// Words that have a meaning where a command begins.
const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "{",
    "}", "!", "time", "function", "select", "coproc", "[[", "]]",
];

impl<'t, 'f> Reader<'t, 'f> {
    /// Reads a whole text. Errors are noted among the doubts.
    pub(super) fn whole(mut self) -> Vec<Folder> {
        self.found.work = self.found.work.saturating_add(self.text.len());
        if self.found.work > limits::SHELL_WORK_BYTES_MAX || self.text.len() > limits::SHELL_TEXT_BYTES_MAX {
            self.found.doubt("it is too long to be understood");
            return vec![Folder::Unknown];
        }
        let done = self.list(Until::End);
        if done.is_ok() && !self.pending.is_empty() {
            self.found.doubt("a here-document has no end");
        }
        self.folders
    }

    /// A list of commands; what ends it is not taken.
    pub(super) fn list(&mut self, until: Until<'_>) -> Read<()> {
        self.deeper()?;
        loop {
            self.lines()?;
            if self.ends(until)? {
                break;
            }
            self.and_or()?;
            self.blanks();
            match self.peek() {
                Some(';') if self.rest().starts_with(";;") || self.rest().starts_with(";&") => {}
                Some(';' | '&') => self.at += 1,
                Some('\n') | None => {}
                Some(')') => {}
                Some(_) => return self.stop("it cannot be read as a command"),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn ends(&mut self, until: Until<'_>) -> Read<bool> {
        let rest = self.rest();
        match until {
            Until::End => Ok(rest.is_empty()),
            _ if rest.is_empty() => self.stop("its end is missing"),
            Until::Paren => Ok(rest.starts_with(')')),
            Until::Words(words) => Ok(words.contains(&self.bare())),
            Until::Case => Ok(rest.starts_with(";;") || rest.starts_with(";&") || self.bare() == "esac"),
        }
    }

    /// Pipelines joined by `&&` and `||`. Where they may leave the shell is what comes after them.
    fn and_or(&mut self) -> Read<()> {
        // Any of them may be the last one that was done.
        let mut seen = self.folders.clone();
        loop {
            self.pipeline()?;
            seen.extend(
                self.folders.iter().filter(|folder| !seen.contains(folder)).cloned().collect::<Vec<_>>(),
            );
            self.blanks();
            if self.rest().starts_with("&&") {
                self.at += 2;
            } else if self.rest().starts_with("||") {
                self.at += 2;
                self.may_also_be_in(&seen);
            } else {
                break;
            }
            self.lines()?;
        }
        self.may_also_be_in(&seen);
        Ok(())
    }

    fn pipeline(&mut self) -> Read<()> {
        let negated = self.prefixes();
        let (before, input) = (self.folders.clone(), self.input.clone());
        let mut stage = self.found.commands.len();
        self.command()?;
        self.blanks();
        let mut alone = true;
        while self.rest().starts_with('|') && !self.rest().starts_with("||") {
            alone = false;
            self.at += if self.rest().starts_with("|&") { 2 } else { 1 };
            self.lines()?;
            self.input = Input::Pipe(stage..self.found.commands.len());
            stage = self.found.commands.len();
            self.folders = before.clone();
            self.prefixes();
            self.command()?;
            self.blanks();
        }
        self.input = input;
        if !alone {
            self.folders = before;
        } else if negated {
            // What comes behind it runs where it failed.
            self.may_also_be_in(&before);
        }
        Ok(())
    }

    /// `!` and `time`; whether there was a `!`.
    fn prefixes(&mut self) -> bool {
        let mut negated = false;
        loop {
            self.blanks();
            match self.bare() {
                "!" => {
                    negated = true;
                    self.at += 1;
                }
                // Before a plain command it is judged like any program that runs another one.
                "time" if self.times_a_group() => self.at += "time".len(),
                _ => return negated,
            }
        }
    }

    fn times_a_group(&self) -> bool {
        let behind = self.rest()["time".len()..].trim_start_matches([' ', '\t']);
        let end = behind.find([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']).unwrap_or(behind.len());
        behind.starts_with('(') || RESERVED.contains(&&behind[..end])
    }

    pub(super) fn command(&mut self) -> Read<()> {
        self.deeper()?;
        self.blanks();
        let first = self.found.commands.len();
        let compound = self.compound()?;
        if compound {
            self.redirects_of_compound(first)?;
        } else {
            self.simple()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// The redirections behind a group hold for all in it.
    fn redirects_of_compound(&mut self, first: usize) -> Read<()> {
        loop {
            self.blanks();
            let Some(given) = self.redirect()? else { return Ok(()) };
            if given {
                for command in &mut self.found.commands[first..] {
                    if command.input == Input::Closed {
                        command.input = Input::Given;
                    }
                }
            }
        }
    }

    fn simple(&mut self) -> Read<()> {
        let start = self.at;
        let (mut assigns, mut words) = (Vec::<Word>::new(), Vec::<Word>::new());
        let mut input = self.input.clone();
        let folders = self.folders.clone();
        let mut redirected = false;
        loop {
            self.blanks();
            if let Some(given) = self.redirect()? {
                redirected = true;
                if given {
                    input = Input::Given;
                }
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('(') if words.len() == 1 && assigns.is_empty() && !redirected => {
                    let name = words.remove(0);
                    // It was taken for the name of a command.
                    self.found.heads.pop();
                    return self.function(&name);
                }
                Some('(') => return self.stop("a `(` stands where none is expected"),
                Some(_) => {}
            }
            let from = self.at;
            let word = self.word()?;
            if words.is_empty() && word.assigns.is_some() {
                if self.peek() == Some('(') {
                    self.array()?;
                }
                assigns.push(word);
                continue;
            }
            if words.is_empty() {
                let written = &self.text[from..self.at];
                if RESERVED.contains(&written) && written != "time" {
                    return self.stop(format!("`{written}` stands where a command is expected"));
                }
                self.found.heads.push(written.to_owned());
            } else if word.assigns.is_some() && self.peek() == Some('(') {
                self.array()?;
            }
            words.push(word);
        }
        if words.is_empty() && assigns.is_empty() && !redirected {
            return self.stop("a command is missing");
        }
        let source = self.text[start..self.at].trim_end().to_owned();
        self.moves(&words);
        if self.found.commands.len() >= limits::SHELL_COMMANDS_MAX {
            return self.stop("it holds more commands than can be judged");
        }
        let within = self.within.clone();
        self.found.commands.push(Command { source, assigns, words, folders, input, within });
        Ok(())
    }

    /// Goes on to where a command may begin: over blanks, comments and line ends.
    pub(super) fn lines(&mut self) -> Read<()> {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.at += 1;
            self.bodies()?;
        }
    }

    /// Blanks, line ends that are escaped, and a comment.
    pub(super) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) {
                self.at += 1;
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// The word that stands here, if nothing in it is special; else the part before that.
    pub(super) fn bare(&self) -> &'t str {
        let rest = &self.text[self.at..];
        let end = rest.find([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']).unwrap_or(rest.len());
        &rest[..end]
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    pub(super) fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > 2 * limits::SHELL_DEPTH_MAX {
            return self.stop("commands stand too deep in one another");
        }
        Ok(())
    }

    pub(super) fn stop<T>(&mut self, why: impl Into<String>) -> Read<T> {
        self.found.doubt(why);
        Err(Stop)
    }
}
