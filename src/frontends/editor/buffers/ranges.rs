//! Where splices stand in a document, by positions, as editors want them.

use std::collections::HashMap;

use quillon_protocol::document::{Position, Range};
use ropey::Rope;
use serde_json::{Value, json};

use super::Planned;
use crate::frontends::editor::document::{Document, Encoding, position};
use crate::frontends::editor::terms::{Applies, Terms};
use crate::text::{Splice, ends};

/// The splices by positions, with the line ends that they have in the document: not every editor gives
/// them. Line ends other than LF change no position before them in a line.
pub(super) fn ranges(
    document: &Document,
    base: &str,
    splices: &[Splice],
    encoding: Encoding,
) -> Vec<(Range, String)> {
    // A byte-order mark that the editor shows is a character of its first line.
    let mark = if document.text.get_char(0) == Some('\u{feff}') { "\u{feff}" } else { "" };
    let rope = Rope::from_str(&format!("{mark}{base}"));
    let place = |byte: usize| {
        let at = position(&rope, byte + mark.len(), encoding);
        Position { line: at.line, character: at.character }
    };
    let range = |splice: &Splice| Range { start: place(splice.start), end: place(splice.end) };
    let texts = ends::put_in(&document.text.to_string(), splices);
    splices.iter().map(range).zip(texts).collect()
}

/// The edits of documents, in the form that the client takes.
pub(super) fn workspace_edit(planned: &[Planned<'_>], terms: &Terms) -> Value {
    let edits = |one: &Planned<'_>| -> Vec<Value> {
        let base = one.view(&one.document);
        ranges(&one.document, &base, &one.write.splices, terms.encoding)
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
