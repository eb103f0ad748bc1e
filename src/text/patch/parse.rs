//! The text of a patch becomes sections and chunks, or an error that names the line.

use super::{Chunk, Fate, Line, Reach, Section};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File: ";
const DELETE: &str = "*** Delete File: ";
const UPDATE: &str = "*** Update File: ";
const MOVE: &str = "*** Move to: ";
const END_OF_FILE: &str = "*** End of File";
const HEAD: &str = "@@";

/// Why a text is no patch, in words for the model. Lines count from the one that begins the patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It does not begin or end as a patch does.
    #[error("{0}")]
    InvalidPatch(String),
    /// A line is wrong where it stands.
    #[error("line {line} of the patch: {why}")]
    InvalidHunk {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing stands between beginning and end.
    #[error(
        "the patch is empty: between `{BEGIN}` and `{END}` stand sections that begin with `{ADD}PATH`, \
         `{UPDATE}PATH` or `{DELETE}PATH`"
    )]
    Empty,
}

/// Reads a patch: whole, or not at all. A here-document around it is taken off.
pub fn parse(patch: &str) -> Result<Vec<Section>, ParseError> {
    let lines: Vec<&str> = patch.trim().lines().collect();
    let mut body = Body { lines: inside(&lines)?, at: 0 };
    let mut sections = Vec::new();
    while let Some(line) = body.peek() {
        let number = body.number();
        sections.push(match Header::of(line) {
            Some(header) => {
                body.at += 1;
                body.section(header, number)?
            }
            None => return Err(no_section(line, number, sections.last())),
        });
    }
    if sections.is_empty() { Err(ParseError::Empty) } else { Ok(sections) }
}

/// The lines between the first and the last.
fn inside<'a, 'b>(lines: &'a [&'b str]) -> Result<&'a [&'b str], ParseError> {
    let lines = match lines {
        [first, inner @ .., last] if here_document(first).is_some_and(|word| word == last.trim()) => inner,
        lines => lines,
    };
    match lines {
        [first, inner @ .., last] if first.trim() == BEGIN && last.trim() == END => Ok(inner),
        [first, ..] if first.trim() == BEGIN => Err(ParseError::InvalidPatch(format!(
            "the last line of a patch is `{END}`, and this one has another: it seems to be cut off, so nothing \
             of it was applied; send the whole patch, or several smaller ones"
        ))),
        _ => Err(ParseError::InvalidPatch(format!(
            "the first line of a patch is `{BEGIN}`, and the last one `{END}`; nothing stands around them"
        ))),
    }
}

/// The word that ends the here-document which this line begins.
fn here_document(line: &str) -> Option<&str> {
    let line = line.trim();
    let redirection = line.find("<<")?;
    let command = line[..redirection].trim_end();
    if !["", "apply_patch", "applypatch"].contains(&command) {
        return None;
    }
    let word = line[redirection + 2..].trim_start_matches('-').trim_start();
    let quoted = |quote| word.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let word = quoted('\'').or_else(|| quoted('"')).unwrap_or(word);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    (!word.is_empty() && word.chars().all(plain)).then_some(word)
}

/// The first line of a section.
enum Header<'a> {
    Add(&'a str),
    Delete(&'a str),
    Update(&'a str),
}

impl<'a> Header<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let named = |mark: &str| line.strip_prefix(mark).map(str::trim_start);
        named(ADD)
            .map(Self::Add)
            .or_else(|| named(DELETE).map(Self::Delete))
            .or_else(|| named(UPDATE).map(Self::Update))
    }
}

/// The lines of the sections, read one after another.
struct Body<'a, 'b> {
    lines: &'a [&'b str],
    at: usize,
}

impl<'b> Body<'_, 'b> {
    fn peek(&self) -> Option<&'b str> {
        self.lines.get(self.at).copied()
    }

    /// The number of the next line; the first one of the patch is its beginning.
    fn number(&self) -> usize {
        self.at + 2
    }

    fn section(&mut self, header: Header<'b>, number: usize) -> Result<Section, ParseError> {
        match header {
            Header::Add(path) => Ok(Section::Add { path: path.to_owned(), text: self.added() }),
            Header::Delete(path) => Ok(Section::Delete { path: path.to_owned() }),
            Header::Update(path) => self.update(path, number),
        }
    }

    fn added(&mut self) -> String {
        let mut text = String::new();
        while let Some(line) = self.peek().and_then(|line| line.strip_prefix('+')) {
            text.push_str(line);
            text.push('\n');
            self.at += 1;
        }
        text
    }

    fn update(&mut self, path: &str, number: usize) -> Result<Section, ParseError> {
        let to = self.peek().and_then(|line| line.trim().strip_prefix(MOVE)).map(|to| to.trim().to_owned());
        self.at += usize::from(to.is_some());
        let mut chunks = Vec::new();
        while let Some(line) = self.peek() {
            if line.trim().is_empty() {
                self.at += 1;
            } else if line.starts_with('*') {
                break;
            } else {
                chunks.push(self.chunk(chunks.is_empty())?);
            }
        }
        if chunks.is_empty() {
            let more = if to.is_some() {
                "; to move a file as it is, quote one of its lines as context"
            } else {
                ""
            };
            return Err(wrong(number, format!("the update of `{path}` has no lines{more}")));
        }
        Ok(Section::Update { path: path.to_owned(), to, chunks })
    }

    /// `is_first`: the first chunk of a file may do without `@@`.
    fn chunk(&mut self, is_first: bool) -> Result<Chunk, ParseError> {
        let number = self.number();
        let heads = self.heads();
        if heads.is_none() && !is_first {
            let line = self.peek().unwrap_or_default();
            return Err(wrong(
                number,
                format!("a further change of the file begins with `@@`, not with `{line}`"),
            ));
        }
        let mut chunk =
            Chunk { number, heads: heads.unwrap_or_default(), lines: Vec::new(), reach: Reach::Anywhere };
        // How many blank lines without a mark stand at the end.
        let mut blank = 0;
        while let Some(line) = self.peek() {
            if line.trim_end() == END_OF_FILE {
                chunk.reach = Reach::EndOfFile;
                self.at += 1;
                break;
            }
            let Some(marked) = marked(line) else { break };
            blank = if line.is_empty() { blank + 1 } else { 0 };
            chunk.lines.push(marked);
            self.at += 1;
        }
        // A blank line without a mark that follows nothing but added lines sets the change off.
        let written = chunk.lines.len() - blank;
        if written > 0 && chunk.lines[..written].iter().all(|line| line.fate == Fate::Added) {
            chunk.lines.truncate(written);
        }
        if chunk.lines.iter().any(|line| line.fate != Fate::Kept || !line.text.is_empty()) {
            return Ok(chunk);
        }
        let found = match self.peek() {
            Some(line) if chunk.lines.is_empty() => format!(", but `{line}`"),
            Some(_) | None => String::new(),
        };
        Err(wrong(
            self.number(),
            format!(
                "behind `@@` come lines that begin with a blank (context), `-` (goes) or `+` (comes){found}"
            ),
        ))
    }

    /// The lines that begin with `@@`; none where there is not even a bare one.
    fn heads(&mut self) -> Option<Vec<String>> {
        let mut heads = None;
        while let Some(line) = self.peek() {
            let Some(head) = line.trim_end().strip_prefix(HEAD) else { break };
            if !head.is_empty() && !head.starts_with(' ') {
                break;
            }
            let heads = heads.get_or_insert_with(Vec::new);
            if !head.is_empty() {
                heads.push(head[1..].to_owned());
            }
            self.at += 1;
        }
        heads
    }
}

/// A line of a chunk. A blank one without a mark is context: editors and models drop the blank.
fn marked(line: &str) -> Option<Line> {
    let (fate, text) = match line.chars().next() {
        None => (Fate::Kept, ""),
        Some(' ') => (Fate::Kept, &line[1..]),
        Some('-') => (Fate::Removed, &line[1..]),
        Some('+') => (Fate::Added, &line[1..]),
        Some(_) => return None,
    };
    Some(Line { fate, text: text.to_owned() })
}

fn no_section(line: &str, number: usize, before: Option<&Section>) -> ParseError {
    let hint = match before {
        Some(Section::Add { .. }) => "; each line of an added file begins with `+`, an empty one too",
        Some(Section::Update { .. }) => {
            "; each line of an update begins with a blank (context), `-` (goes) or `+` (comes)"
        }
        Some(Section::Delete { .. }) => "; nothing follows a deleted file",
        None => "",
    };
    wrong(
        number,
        format!(
            "`{line}` begins no section; a section begins with `{ADD}PATH`, `{UPDATE}PATH` or `{DELETE}PATH`{hint}"
        ),
    )
}

fn wrong(line: usize, why: String) -> ParseError {
    ParseError::InvalidHunk { line, why }
}

#[cfg(test)]
mod tests;
