//! Compound commands: groups, branches, loops, functions. All of each counts, whichever way it goes.

use super::program::Program;
use super::reader::{Read, Reader, Until};
use super::word::Word;
use super::{builtin, wrapper};
use crate::limits;

impl Reader<'_, '_> {
    /// Reads a compound command, if one begins here.
    pub(super) fn compound(&mut self) -> Read<bool> {
        if self.rest().starts_with("((") {
            self.found.doubt("it calculates, and bash may run commands while it does");
            return self.calculation().map(|()| true);
        }
        if self.rest().starts_with('(') {
            self.at += 1;
            self.subshell()?;
            return Ok(true);
        }
        match self.bare() {
            "{" => {
                self.at += 1;
                self.block(&["}"])?;
            }
            "if" => self.branches()?,
            "while" | "until" => {
                self.word_of("while", "until");
                let moved = std::mem::take(&mut self.found.moved);
                self.block(&["do"])?;
                self.block(&["done"])?;
                self.stays(moved);
            }
            "for" | "select" => self.for_each()?,
            "case" => self.case()?,
            "[[" => self.test()?,
            "function" => {
                self.at += "function".len();
                self.blanks();
                let name = self.word()?;
                self.blanks();
                if self.peek() == Some('(') {
                    self.function(&name)?;
                } else {
                    self.body_of(&name)?;
                }
            }
            "coproc" => {
                self.at += "coproc".len();
                self.found.doubt("`coproc` runs a command beside it");
                self.command()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A list in a shell of its own; the `(` is taken.
    pub(super) fn subshell(&mut self) -> Read<()> {
        let (folders, moved) = (self.folders.clone(), self.found.moved);
        let pending = std::mem::take(&mut self.pending);
        self.list(Until::Paren)?;
        self.at += 1;
        if !self.pending.is_empty() {
            return self.stop("a here-document has no end");
        }
        self.pending = pending;
        (self.folders, self.found.moved) = (folders, moved);
        Ok(())
    }

    /// A list up to one of these words, which is taken.
    fn block(&mut self, ends: &[&str]) -> Read<String> {
        let before = self.folders.clone();
        self.list(Until::Words(ends))?;
        let end = self.bare().to_owned();
        self.at += end.len();
        self.may_also_be_in(&before);
        Ok(end)
    }

    fn word_of(&mut self, one: &str, other: &str) {
        let word = self.bare();
        if word == one || word == other {
            self.at += word.len();
        }
    }

    fn branches(&mut self) -> Read<()> {
        self.at += "if".len();
        self.block(&["then"])?;
        loop {
            match self.block(&["elif", "else", "fi"])?.as_str() {
                "elif" => {
                    self.block(&["then"])?;
                }
                "else" => {
                    self.block(&["fi"])?;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }

    fn for_each(&mut self) -> Read<()> {
        if self.bare() == "select" {
            self.found.doubt("`select` waits for an answer");
        }
        self.word_of("for", "select");
        self.blanks();
        if self.rest().starts_with("((") {
            self.found.doubt("it calculates, and bash may run commands while it does");
            self.calculation()?;
            return self.loop_body();
        }
        let name = self.word()?;
        self.lines()?;
        let mut items = vec![Word { unknown: true, unknown_head: true, ..Word::plain("$@") }];
        if self.bare() == "in" {
            self.at += 2;
            items.clear();
            loop {
                self.blanks();
                match self.peek() {
                    None | Some('\n' | ';' | '&' | '|' | ')' | '<' | '>') => break,
                    Some(_) => items.push(self.word()?),
                }
            }
        }
        self.loops.push((name.text, None));
        let done = self.each_time(&items);
        self.loops.pop();
        done
    }

    /// The body of a loop, once for each value of its variable where all of them are known; else once.
    fn each_time(&mut self, items: &[Word]) -> Read<()> {
        let (from, folders, before) = (self.at, self.folders.clone(), self.found.mark());
        self.loop_body()?;
        let Some((name, _)) = self.loops.last().cloned() else { return Ok(()) };
        let known = items.len() <= limits::SHELL_LOOP_VALUES_MAX && items.iter().all(is_plain_value);
        if !known
            || items.is_empty()
            || is_set_in(&name, &self.text[from..self.at])
            || !self.pending.is_empty()
        {
            return Ok(());
        }
        let after = self.folders.clone();
        self.found.back_to(before);
        for (at, item) in items.iter().enumerate() {
            let heads = self.found.heads.len();
            self.found.work = self.found.work.saturating_add(self.at - from);
            if self.found.work > limits::SHELL_WORK_BYTES_MAX {
                return self.stop("it is too long to be understood");
            }
            if let Some((_, value)) = self.loops.last_mut() {
                *value = Some(item.text.clone());
            }
            self.at = from;
            self.folders.clone_from(&folders);
            self.may_also_be_in(&after);
            self.loop_body()?;
            if at > 0 {
                self.found.heads.truncate(heads);
            }
        }
        Ok(())
    }

    /// A loop that changes the folder may be anywhere the next time.
    fn stays(&mut self, moved_before: bool) {
        if self.found.moved {
            self.found.doubt("a loop changes the folder each time");
        }
        self.found.moved |= moved_before;
    }

    fn loop_body(&mut self) -> Read<()> {
        let moved = std::mem::take(&mut self.found.moved);
        self.loop_commands()?;
        self.stays(moved);
        Ok(())
    }

    fn loop_commands(&mut self) -> Read<()> {
        self.blanks();
        if self.peek() == Some(';') {
            self.at += 1;
        }
        self.lines()?;
        match self.bare() {
            "do" => {
                self.at += 2;
                self.block(&["done"])?;
            }
            "{" => {
                self.at += 1;
                self.block(&["}"])?;
            }
            _ => return self.stop("the body of a loop is missing"),
        }
        Ok(())
    }

    fn case(&mut self) -> Read<()> {
        self.at += "case".len();
        self.blanks();
        self.word()?;
        self.lines()?;
        if self.bare() != "in" {
            return self.stop("`in` is missing behind `case`");
        }
        self.at += 2;
        let before = self.folders.clone();
        loop {
            self.lines()?;
            if self.bare() == "esac" {
                self.at += "esac".len();
                return Ok(());
            }
            if self.peek() == Some('(') {
                self.at += 1;
            }
            loop {
                self.blanks();
                if matches!(self.peek(), None | Some('\n' | ';' | '&' | '(' | ')' | '<' | '>')) {
                    return self.stop("a pattern of `case` is missing");
                }
                self.word()?;
                self.blanks();
                match self.take() {
                    Some('|') => {}
                    Some(')') => break,
                    Some(_) | None => return self.stop("a pattern of `case` has no end"),
                }
            }
            self.list(Until::Case)?;
            self.may_also_be_in(&before);
            for end in [";;&", ";;", ";&"] {
                if self.rest().starts_with(end) {
                    self.at += end.len();
                    break;
                }
            }
        }
    }

    /// `[[ … ]]`: a test, whose words may hold substitutions, and which may calculate.
    fn test(&mut self) -> Read<()> {
        self.at += 2;
        loop {
            self.blanks();
            match self.peek() {
                None => return self.stop("`]]` is missing"),
                Some('\n' | '(' | ')' | '<' | '>' | '&' | '|' | ';') => self.at += 1,
                Some(_) => {
                    let word = self.word()?;
                    match word.text.as_str() {
                        "]]" if !word.quoted => return Ok(()),
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-v" | "-R" => {
                            self.found.doubt("it calculates, and bash may run commands while it does");
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// `NAME () COMMAND`, from the `(` on.
    pub(super) fn function(&mut self, name: &Word) -> Read<()> {
        self.at += 1;
        self.blanks();
        if self.take() != Some(')') {
            return self.stop("a `(` stands where none is expected");
        }
        self.body_of(name)
    }

    fn body_of(&mut self, name: &Word) -> Read<()> {
        self.lines()?;
        self.found.functions.insert(name.text.clone());
        if is_known_program(&name.text) {
            self.found.doubt(format!("it makes another command of `{}`", name.text));
        }
        let before = self.folders.clone();
        let outer = self.within.replace(name.text.clone());
        self.command()?;
        self.within = outer;
        self.may_also_be_in(&before);
        Ok(())
    }

    /// The words of `NAME=( … )`, from the `(` on.
    pub(super) fn array(&mut self) -> Read<()> {
        self.at += 1;
        loop {
            self.lines()?;
            match self.peek() {
                None => return self.stop("a `)` is missing"),
                Some(')') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('(' | '<' | '>' | '&' | '|' | ';') => {
                    return self.stop("a list of values cannot be read");
                }
                Some(_) => {
                    self.word()?;
                }
            }
        }
    }
}

/// Whether something is known of a program of that name, which a function would make untrue.
fn is_known_program(name: &str) -> bool {
    Program::of(name).is_some()
        || builtin::is_known(name)
        || wrapper::is_known(name)
        || matches!(name, "find" | "git" | "sed" | "awk" | "tar" | "unzip" | "dd")
}

/// A value that is a name in a folder and nothing else, whatever stands around it.
fn is_plain_value(word: &Word) -> bool {
    let usual = |letter: char| letter.is_ascii_alphanumeric() || "_-./+".contains(letter);
    word.is_known()
        && word
            .text
            .starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.')
        && word.text.chars().all(usual)
}

/// Whether a text names a variable otherwise than to use it, so that it may change.
fn is_set_in(name: &str, text: &str) -> bool {
    let is_of_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let whole = !before.ends_with(is_of_name) && !after.starts_with(is_of_name);
        whole && !(before.ends_with('$') || before.ends_with("${") && after.starts_with('}'))
    })
}
