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
