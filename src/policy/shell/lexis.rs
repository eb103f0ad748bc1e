//! Words as they are written: quotes, backslashes, expansions.

use super::reader::{Read, Reader, Until};
use super::word::Word;

/// How a word is being written.
struct Writing {
    word: Word,
    /// An unquoted `{` stands open, and whether a `,` or `..` came behind it.
    brace: Option<bool>,
    /// Only letters of a variable's name so far, none of them quoted.
    name_only: bool,
}

impl Reader<'_, '_> {
    /// The word that begins here.
    pub(super) fn word(&mut self) -> Read<Word> {
        let start = self.at;
        let mut writing = Writing { word: Word::default(), brace: None, name_only: true };
        self.tilde(&mut writing.word);
        while let Some(letter) = self.peek() {
            match letter {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' => break,
                '(' => break,
                '<' | '>' if self.rest()[1..].starts_with('(') => {
                    self.at += 2;
                    self.subshell()?;
                    writing.word.stream = true;
                    writing.word.unknown_head |= self.at == start;
                    writing.word.text.push_str("/dev/fd/63");
                }
                '<' | '>' => break,
                _ => self.piece(letter, &mut writing)?,
            }
        }
        let mut word = writing.word;
        // The name of a test.
        word.pattern &= !matches!(word.text.as_str(), "[" | "[[");
        if self.at == start {
            return self.stop("a word is missing");
        }
        Ok(word)
    }

    fn piece(&mut self, letter: char, writing: &mut Writing) -> Read<()> {
        let word = &mut writing.word;
        match letter {
            '\\' => {
                self.at += 1;
                match self.take() {
                    Some('\n') => return Ok(()),
                    Some(escaped) => word.text.push(escaped),
                    None => return self.stop("it ends with a backslash"),
                }
                word.quoted = true;
            }
            '\'' => {
                let rest = &self.rest()[1..];
                let Some(end) = rest.find('\'') else { return self.stop("a quote has no end") };
                word.text.push_str(&rest[..end]);
                self.at += end + 2;
                word.quoted = true;
            }
            '"' => {
                self.at += 1;
                word.quoted = true;
                self.in_double_quotes(word)?;
            }
            '`' => self.expansion(word, true)?,
            '$' if self.rest()[1..].starts_with('\'') => {
                self.at += 2;
                word.quoted = true;
                self.ansi_quoted(word)?;
            }
            '$' if self.rest()[1..].starts_with('"') => {
                self.at += 2;
                (word.quoted, word.unknown) = (true, true);
                self.in_double_quotes(word)?;
            }
            '$' => self.expansion(word, true)?,
            _ => {
                self.at += letter.len_utf8();
                plain(letter, writing);
                return Ok(());
            }
        }
        writing.name_only = false;
        Ok(())
    }

    /// `~` at the beginning of a word.
    fn tilde(&mut self, word: &mut Word) {
        if !self.rest().starts_with('~') {
            return;
        }
        let rest = &self.rest()[1..];
        let end = rest.find(|letter: char| " \t\n;&|<>()/".contains(letter)).unwrap_or(rest.len());
        if end == 0 {
            self.at += 1;
            word.text.push_str(self.home);
        } else {
            word.unknown = true;
        }
    }

    /// Up to the closing quote, which is taken.
    pub(super) fn in_double_quotes(&mut self, word: &mut Word) -> Read<()> {
        loop {
            match self.peek() {
                None => return self.stop("a quote has no end"),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    self.at += 1;
                    match self.take() {
                        Some('\n') => {}
                        Some(escaped @ ('$' | '`' | '"' | '\\')) => word.text.push(escaped),
                        Some(other) => word.text.extend(['\\', other]),
                        None => return self.stop("a quote has no end"),
                    }
                }
                Some('$' | '`') => self.expansion(word, false)?,
                Some(letter) => {
                    self.at += letter.len_utf8();
                    word.text.push(letter);
                }
            }
        }
    }

    /// What an unquoted here-document may run: its text counts as if it stood in double quotes.
    pub(super) fn expansions_in(&mut self, body: &str) -> Read<()> {
        let mut inner = Reader {
            text: body,
            at: 0,
            depth: self.depth,
            found: self.found,
            pending: Vec::new(),
            folders: self.folders.clone(),
            input: self.input.clone(),
            within: self.within.clone(),
            home: self.home,
            loops: self.loops.clone(),
        };
        let mut word = Word::default();
        while let Some(letter) = inner.peek() {
            match letter {
                '\\' => {
                    inner.at += 1;
                    inner.take();
                }
                '$' | '`' => inner.expansion(&mut word, false)?,
                _ => inner.at += letter.len_utf8(),
            }
        }
        Ok(())
    }

    /// `$'…'`, from behind its quote.
    fn ansi_quoted(&mut self, word: &mut Word) -> Read<()> {
        loop {
            match self.take() {
                None => return self.stop("a quote has no end"),
                Some('\'') => return Ok(()),
                Some('\\') => match self.take() {
                    Some(letter @ ('\\' | '\'' | '"' | '?')) => word.text.push(letter),
                    Some('n') => word.text.push('\n'),
                    Some('t') => word.text.push('\t'),
                    // Numbers of letters, control signs: what they come to is not shown to the user as it is.
                    Some(other) => {
                        word.unknown = true;
                        word.unknown_head |= word.text.is_empty();
                        word.text.extend(['\\', other]);
                        self.found.doubt("letters are written as numbers (`$'\\…'`)");
                    }
                    None => return self.stop("a quote has no end"),
                },
                Some(letter) => word.text.push(letter),
            }
        }
    }

    /// A command in backticks, from the first of them on.
    pub(super) fn backticks(&mut self) -> Read<()> {
        self.at += 1;
        let mut inner = String::new();
        loop {
            match self.take() {
                None => return self.stop("a backtick has no end"),
                Some('`') => break,
                Some('\\') => match self.take() {
                    Some(escaped @ ('`' | '\\' | '$')) => inner.push(escaped),
                    Some(other) => inner.extend(['\\', other]),
                    None => return self.stop("a backtick has no end"),
                },
                Some(letter) => inner.push(letter),
            }
        }
        self.text_inside(&inner)
    }

    /// Reads a text as commands of a shell of its own.
    pub(super) fn text_inside(&mut self, text: &str) -> Read<()> {
        self.deeper()?;
        self.found.work = self.found.work.saturating_add(text.len());
        if self.found.work > crate::limits::SHELL_WORK_BYTES_MAX {
            return self.stop("it is too long to be understood");
        }
        let mut inner = Reader {
            text,
            at: 0,
            depth: self.depth,
            found: self.found,
            pending: Vec::new(),
            folders: self.folders.clone(),
            input: self.input.clone(),
            within: self.within.clone(),
            home: self.home,
            loops: self.loops.clone(),
        };
        inner.list(Until::End)?;
        if !inner.pending.is_empty() {
            return self.stop("a here-document has no end");
        }
        self.depth -= 1;
        Ok(())
    }
}

fn plain(letter: char, writing: &mut Writing) {
    let word = &mut writing.word;
    match letter {
        // It is the user's folder there too, or another's.
        '~' if word.assigns.is_some() && word.text.ends_with(['=', ':']) => word.unknown = true,
        '*' | '?' | '[' => word.pattern = true,
        '{' => writing.brace = Some(false),
        ',' => writing.brace = writing.brace.map(|_| true),
        '.' if word.text.ends_with('.') => writing.brace = writing.brace.map(|_| true),
        '}' if writing.brace == Some(true) => word.many = true,
        _ => {}
    }
    match letter {
        '=' if writing.name_only && is_name(&word.text) => {
            word.assigns = Some(word.text.len());
            writing.name_only = false;
        }
        _ => {}
    }
    word.text.push(letter);
    if word.assigns.is_none() && !"_+[]".contains(letter) && !letter.is_ascii_alphanumeric() {
        // The subscript of an array may hold more; it is asked about when it is assigned to.
        writing.name_only &= word.text.contains('[');
    }
}

/// Whether a text names a variable, maybe with a subscript or a `+` behind it.
fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('+').unwrap_or(text);
    let name = match text.split_once('[') {
        Some((name, rest)) if rest.ends_with(']') => name,
        Some(_) => return false,
        None => text,
    };
    !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.chars().all(|letter| letter == '_' || letter.is_ascii_alphanumeric())
}
