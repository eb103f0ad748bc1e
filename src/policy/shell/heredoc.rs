//! Here-documents: texts in the lines below a command.

use super::reader::{Read, Reader};

/// A here-document whose text is yet to come.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    ends_with: String,
    /// Its text is taken as it stands.
    literal: bool,
    /// Tabs before its lines are left out.
    indented: bool,
}

impl Reader<'_, '_> {
    /// Reads the word behind `<<`.
    pub(super) fn heredoc(&mut self, indented: bool) -> Read<()> {
        let from = self.at;
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']).unwrap_or(rest.len());
        let written = &rest[..end];
        let inner = match written.as_bytes() {
            [b'\'', .., b'\''] | [b'"', .., b'"'] if written.len() >= 2 => &written[1..written.len() - 1],
            [b'\\', ..] => &written[1..],
            _ => written,
        };
        let plain = |letter: char| letter.is_alphanumeric() || "_-.+!%@:,/#=^~".contains(letter);
        if inner.is_empty() || !inner.chars().all(plain) {
            return self.stop("the end of a here-document is written in a way that is not understood");
        }
        self.at = from + end;
        self.pending.push(Pending {
            ends_with: inner.to_owned(),
            literal: inner.len() != written.len(),
            indented,
        });
        Ok(())
    }

    /// Takes the texts that are due; a line has just ended.
    pub(super) fn bodies(&mut self) -> Read<()> {
        for pending in std::mem::take(&mut self.pending) {
            let from = self.at;
            let mut to = from;
            loop {
                if self.rest().is_empty() {
                    return self.stop("a here-document has no end");
                }
                let rest = self.rest();
                let line = rest.split('\n').next().unwrap_or(rest);
                self.at += (line.len() + 1).min(rest.len());
                let line = if pending.indented { line.trim_start_matches('\t') } else { line };
                if line == pending.ends_with {
                    break;
                }
                to = self.at;
            }
            let body = &self.text[from..to];
            self.found.suspect(body);
            if !pending.literal {
                // A line that is joined to the next one may hide where the text ends.
                if body.contains("\\\n") {
                    self.found.doubt("a here-document joins its lines");
                }
                self.expansions_in(body)?;
            }
        }
        Ok(())
    }
}
