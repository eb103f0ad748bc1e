//! Where splices stand in a document, by positions, as editors want them.

use std::collections::HashMap;

use quillon_protocol::document::{Position, Range};
use ropey::Rope;
use serde_json::{Value, json};

use super::Planned;
use crate::frontends::editor::document::{Document, Encoding, position};
use crate::frontends::editor::terms::{Applies, Terms};
use crate::text::{Splice, diff, endings, ends};
use crate::workspace::BufferWrite;

/// What a write changes in a document, by positions; `base` is the LF view of its text.
pub(super) fn ranges(
    document: &Document,
    (text, base): (&str, &str),
    write: &BufferWrite,
    encoding: Encoding,
) -> Vec<(Range, String)> {
    let splices = &write.splices;
    let are_mixed = endings::is_mixed(text) || write.new.has_mixed_ends();
    // Lines that the splices leave alone may get other ends.
    if are_mixed && ends::splice(text, splices) != *write.new {
        let place = |byte| on_the_wire(position(&document.text, byte, encoding));
        let range = |splice: &Splice| Range { start: place(splice.start), end: place(splice.end) };
        return diff::splices(text, &write.new)
            .into_iter()
            .map(|splice| (range(&splice), splice.text))
            .collect();
    }
    // With the line ends that they have in the document: not every editor gives them. Line ends other than
    // LF change no position before them in a line.
    // A byte-order mark that the editor shows is a character of its first line.
    let mark = if document.text.get_char(0) == Some('\u{feff}') { "\u{feff}" } else { "" };
    let rope = Rope::from_str(&format!("{mark}{base}"));
    let place = |byte: usize| on_the_wire(position(&rope, byte + mark.len(), encoding));
    let range = |splice: &Splice| Range { start: place(splice.start), end: place(splice.end) };
    let texts = ends::put_in(text, splices);
    splices.iter().map(range).zip(texts).collect()
}

fn on_the_wire(place: tower_lsp::ls_types::Position) -> Position {
    Position { line: place.line, character: place.character }
}

/// The edits of documents, in the form that the client takes.
pub(super) fn workspace_edit(planned: &[Planned<'_>], terms: &Terms) -> Value {
    let edits = |one: &Planned<'_>| -> Vec<Value> {
        let text = one.document.text.to_string();
        ranges(&one.document, (&text, &ends::lf(&text)), one.write, terms.encoding)
            .into_iter()
            .map(|(range, new)| json!({ "range": range, "newText": new }))
            .collect()
    };
    match terms.applies {
        Applies::Changes => {
            let changes: HashMap<&str, Vec<Value>> =
                planned.iter().map(|one| (one.document.uri.as_str(), edits(one))).collect();
            json!({ "changes": changes })
        }
        Applies::Documents | Applies::Neovim | Applies::Agent => {
            let least = if terms.applies == Applies::Neovim { 1 } else { i32::MIN };
            let changes: Vec<Value> = planned
                .iter()
                .map(|one| {
                    let document =
                        json!({ "uri": one.document.uri, "version": one.document.version.max(least) });
                    json!({ "textDocument": document, "edits": edits(one) })
                })
                .collect();
            json!({ "documentChanges": changes })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::AbsPath;
    use crate::text::Version;

    #[track_caller]
    fn check(text: &str, splices: Vec<Splice>, new: &str, expected: &[(u32, u32, &str)]) {
        let document =
            Document { uri: "file:///w/a".into(), version: 1, text: Rope::from_str(text), clean: false };
        let path = AbsPath::new("/w/a").unwrap();
        let base = Version::of_text(text);
        let write = BufferWrite { path, base, old: text.into(), splices, new: new.into() };
        let changes = ranges(&document, (text, &ends::lf(text)), &write, Encoding::Utf16);
        let lines = |(range, text): &(Range, String)| (range.start.line, range.end.line, text.clone());
        let changes: Vec<_> = changes.iter().map(lines).collect();
        let expected: Vec<_> =
            expected.iter().map(|(start, end, text)| (*start, *end, (*text).to_owned())).collect();
        assert_eq!(changes, expected, "{text:?} to {new:?}");
    }

    #[test]
    fn lines_get_the_ends_that_they_are_to_have() {
        let put = |start, end, text: &str| vec![Splice { start, end, text: text.into() }];
        check("a\r\nb\n", put(2, 3, "x\ny"), "a\r\nx\r\ny\n", &[(1, 1, "x\r\ny")]);
        // The splice alone would give its line the end of the one before.
        check("a\r\nc\r\n", put(2, 2, "b\n"), "a\r\nb\nc\r\n", &[(1, 1, "b\n")]);
        // No splice changes this line, and its end.
        check("\u{feff}a\r\nb\n", vec![], "\u{feff}a\nb\n", &[(0, 1, "\u{feff}a\n")]);
    }
}
