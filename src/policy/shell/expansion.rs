//! Expansions: `$name`, `${…}`, `$(…)`, `$((…))` and backticks. What they come to is not known, but the commands
//! in them count.

use super::reader::{Read, Reader};
use super::word::Word;
use crate::limits;

impl Reader<'_, '_> {
    /// The expansion that begins here with `$` or a backtick.
    pub(super) fn expansion(&mut self, word: &mut Word, splits: bool) -> Read<()> {
        let from = self.at;
        if self.rest().starts_with('`') {
            self.backticks()?;
            self.note(word, from, splits);
            return Ok(());
        }
        let rest = &self.rest()[1..];
        let first = rest.chars().next();
        match first {
            Some('(') if rest.starts_with("((") => {
                self.at += 1;
                self.arithmetic_or_subshell()?;
            }
            Some('(') => {
                self.at += 2;
                self.subshell()?;
            }
            Some('{') => {
                self.at += 2;
                if let Some(known) = self.braced()? {
                    word.text.push_str(&known);
                    return Ok(());
                }
            }
            Some('[') => {
                self.found.doubt("it calculates in an old way (`$[…]`)");
                self.at += 1;
            }
            Some(letter) if letter == '_' || letter.is_ascii_alphabetic() => {
                let is_of_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
                let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
                self.at += 1 + end;
                if let Some(known) = self.known(&rest[..end]) {
                    word.text.push_str(&known);
                    return Ok(());
                }
            }
            // Numbers, whichever they are.
            Some('#' | '?' | '$' | '!') => {
                self.at += 2;
                word.text.push('0');
                return Ok(());
            }
            Some('0'..='9' | '@' | '*' | '-') => self.at += 2,
            Some(_) | None => {
                self.at += 1;
                word.text.push('$');
                return Ok(());
            }
        }
        self.note(word, from, splits);
        Ok(())
    }

    /// What a variable holds, where that is known.
    fn known(&self, name: &str) -> Option<String> {
        match self.loops.iter().rev().find(|(variable, _)| variable == name) {
            Some((_, value)) => value.clone(),
            None => (name == "HOME").then(|| self.home.to_owned()),
        }
    }

    fn note(&self, word: &mut Word, from: usize, splits: bool) {
        word.unknown = true;
        word.unknown_head |= word.text.is_empty();
        word.many |= splits;
        word.text.push_str(&self.text[from..self.at]);
    }

    /// `${…}` from behind the brace: what it comes to, where that is known.
    fn braced(&mut self) -> Read<Option<String>> {
        let end = self.rest().find('}').unwrap_or(0);
        if let Some(known) = self.known(&self.rest()[..end]) {
            self.at += end + 1;
            return Ok(Some(known));
        }
        let from = self.at;
        if self.rest().starts_with('!') {
            self.found.doubt("a variable names another one (`${!…}`)");
        }
        let rest = self.rest().trim_start_matches(['!', '#']);
        let is_of_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
        let name = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
        let operator = &rest[name..];
        let numbers = |text: &str| {
            let end = text.find('}').unwrap_or(text.len());
            text[..end].chars().all(|letter| letter.is_ascii_digit() || " -:".contains(letter))
        };
        let calculates = match operator.chars().next() {
            Some('[') => !(operator.starts_with("[@]") || operator.starts_with("[*]")),
            Some(':') => !operator[1..].starts_with(['-', '=', '?', '+']) && !numbers(&operator[1..]),
            _ => false,
        };
        if calculates {
            self.found.doubt("it calculates, and bash may run commands while it does");
        }
        if operator.starts_with('@') || operator.contains("@P}") {
            self.found.doubt("a variable is changed in a way that may run commands (`${…@…}`)");
        }
        self.up_to_brace()?;
        debug_assert!(self.at > from);
        Ok(None)
    }

    /// Up to the closing brace, which is taken; commands inside are read.
    fn up_to_brace(&mut self) -> Read<()> {
        let mut word = Word::default();
        loop {
            match self.peek() {
                None => return self.stop("a `}` is missing"),
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    self.at += 1;
                    self.take();
                }
                Some('"') => {
                    self.at += 1;
                    self.in_double_quotes(&mut word)?;
                }
                Some('\'') => {
                    // In double quotes it is a letter, elsewhere a quote: only where both come to the same
                    // is it understood.
                    let rest = &self.rest()[1..];
                    let Some(end) = rest.find('\'') else { return self.stop("a quote has no end") };
                    if rest[..end].contains(['$', '`', '"', '\\', '}']) {
                        return self.stop("quotes inside `${…}` can be read in two ways");
                    }
                    self.at += end + 2;
                }
                Some('$' | '`') => {
                    self.deeper()?;
                    self.expansion(&mut word, false)?;
                    self.depth -= 1;
                }
                Some('<' | '>') if self.rest()[1..].starts_with('(') => {
                    self.at += 2;
                    self.subshell()?;
                }
                Some(letter) => self.at += letter.len_utf8(),
            }
        }
    }

    /// `((…))` behind a `$`; or a group inside a substitution, which is written alike.
    fn arithmetic_or_subshell(&mut self) -> Read<()> {
        let (from, depth) = (self.at, self.depth);
        let before = self.found.mark();
        if self.calculation().is_ok() {
            let inner = &self.text[from + 2..self.at.saturating_sub(2)];
            let numbers = |letter: char| letter.is_ascii_digit() || " \t+-*/%()<>=!&|^~".contains(letter);
            if !inner.chars().all(numbers) {
                self.found.doubt("it calculates, and bash may run commands while it does");
                self.found.suspect(inner);
            }
            return Ok(());
        }
        // It is read a second time.
        self.found.work = self.found.work.saturating_add(self.at - from);
        if self.found.work > limits::SHELL_WORK_BYTES_MAX {
            return self.stop("it is too long to be understood");
        }
        self.found.back_to(before);
        (self.at, self.depth) = (from + 1, depth);
        self.subshell()
    }

    /// `((…))`, both ends taken; commands inside are read.
    pub(super) fn calculation(&mut self) -> Read<()> {
        self.deeper()?;
        let mut word = Word::default();
        self.at += 2;
        let mut open = 2usize;
        loop {
            match self.peek() {
                None => return self.stop("a `)` is missing"),
                Some('(') => {
                    open += 1;
                    self.at += 1;
                }
                Some(')') => {
                    if open == 2 && !self.rest().starts_with("))") {
                        return self.stop("a calculation has no end");
                    }
                    open -= 1;
                    self.at += 1;
                    if open == 1 {
                        self.at += 1;
                        self.depth -= 1;
                        return Ok(());
                    }
                }
                Some('\\') => {
                    self.at += 1;
                    self.take();
                }
                Some('"') => {
                    self.at += 1;
                    self.in_double_quotes(&mut word)?;
                }
                Some('\'') => {
                    let rest = &self.rest()[1..];
                    let Some(end) = rest.find('\'') else { return self.stop("a quote has no end") };
                    self.at += end + 2;
                }
                Some('$' | '`') => self.expansion(&mut word, false)?,
                Some(letter) => self.at += letter.len_utf8(),
            }
        }
    }
}
