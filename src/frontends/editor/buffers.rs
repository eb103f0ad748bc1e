//! `EditorBuffers`: reads open files as the editor has them, and edits them through the editor.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use quillon_protocol::document::{
    BufferEdit, BufferOutcome, BuffersApplyParams, BuffersApplyResult, Position, Range, TextEdit, TextHash,
    Uri,
};
use quillon_protocol::methods::BuffersApply;
use ropey::Rope;
use serde_json::{Value, json};

use super::document::{Document, Documents, Encoding, position, text_of};
use super::terms::{Applies, Terms};
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::Peer;
use crate::text::{Hash, Splice, Version, ends};
use crate::workspace;
use crate::workspace::{BufferWrite, Buffers};

/// The buffers of the editor at the other end of a connection.
pub struct EditorBuffers {
    documents: Arc<Documents>,
    terms: Arc<OnceLock<Terms>>,
    peer: Peer,
}

/// What the editor says of the text right after an edit that it applied; a plain one says nothing.
#[derive(Debug, Clone, Default)]
struct Told {
    version: Option<i32>,
    hash: Option<TextHash>,
}

/// A write with the document it goes to.
struct Planned<'a> {
    write: &'a BufferWrite,
    document: Document,
}

impl EditorBuffers {
    /// The buffers of this connection.
    pub fn new(documents: Arc<Documents>, terms: Arc<OnceLock<Terms>>, peer: Peer) -> Self {
        Self { documents, terms, peer }
    }

    async fn find(&self, path: &AbsPath) -> Option<Document> {
        let (documents, path) = (self.documents.clone(), path.clone());
        // Links are followed on the disk.
        tokio::task::spawn_blocking(move || documents.find(&path)).await.ok().flatten()
    }

    async fn edit(&self, writes: &[BufferWrite]) -> Vec<Option<io::Result<()>>> {
        let mut planned = Vec::new();
        let mut places = Vec::new();
        for write in writes {
            let document = self.find(&write.path).await;
            places.push(document.is_some());
            planned.extend(document.map(|document| Planned { write, document }));
        }
        let mut outcomes = match planned.iter().find(|one| !one.fits()) {
            Some(other) => {
                let why = format!("`{}` was changed in the editor", other.write.path);
                planned.iter().map(|_| Err(io::Error::other(why.clone()))).collect()
            }
            None if planned.is_empty() => Vec::new(),
            None => self.ask(&planned).await,
        }
        .into_iter();
        places.into_iter().map(|open| if open { outcomes.next() } else { None }).collect()
    }

    async fn ask(&self, planned: &[Planned<'_>]) -> Vec<io::Result<()>> {
        let terms = self.terms.get().cloned().unwrap_or_default();
        let answers = match terms.applies {
            Applies::Agent => self.by_agent(planned, terms.encoding).await,
            Applies::Documents | Applies::Neovim | Applies::Changes => self.by_lsp(planned, &terms).await,
        };
        let mut outcomes = Vec::new();
        for (one, answer) in planned.iter().zip(answers) {
            outcomes.push(match answer {
                Ok(told) => self.stands(one, &told).await,
                Err(why) => Err(io::Error::other(format!("the editor did not apply the edit: {why}"))),
            });
        }
        outcomes
    }

    async fn by_agent(&self, planned: &[Planned<'_>], encoding: Encoding) -> Vec<Result<Told, String>> {
        let mut edits = Vec::new();
        for one in planned {
            edits.push(one.for_agent(encoding, one.is_saved().await));
        }
        let params = BuffersApplyParams { label: "Quillon".to_owned(), edits };
        let answer: Result<BuffersApplyResult, _> =
            self.peer.request(BuffersApply::NAME, &params, limits::EDITOR_APPLY_WAIT).await;
        let files: Vec<BufferOutcome> = match answer {
            Ok(result) => result.files,
            Err(error) => return planned.iter().map(|_| Err(error.to_string())).collect(),
        };
        let outcome = |at: usize| match files.get(at) {
            Some(file) if file.applied => Ok(Told { version: file.version, hash: file.hash.clone() }),
            Some(file) => Err(file.error.clone().unwrap_or_else(|| "it gave no reason".to_owned())),
            None => Err("its answer does not name the file".to_owned()),
        };
        (0..planned.len()).map(outcome).collect()
    }

    async fn by_lsp(&self, planned: &[Planned<'_>], terms: &Terms) -> Vec<Result<Told, String>> {
        let edit = workspace_edit(planned, terms);
        let params = json!({ "label": "Quillon", "edit": edit });
        let answer: Result<Value, _> =
            self.peer.request("workspace/applyEdit", &params, limits::EDITOR_APPLY_WAIT).await;
        let outcome = match answer {
            Ok(answer) if answer["applied"] == true => Ok(Told::default()),
            Ok(answer) => Err(answer["failureReason"].as_str().unwrap_or("it gave no reason").to_owned()),
            Err(error) => Err(error.to_string()),
        };
        planned.iter().map(|_| outcome.clone()).collect()
    }

    /// Waits until the document has the text that was written: "applied" alone is not believed. Where
    /// the user types on at once both come as one change; then the editor's own hash is the witness.
    async fn stands(&self, one: &Planned<'_>, told: &Told) -> io::Result<()> {
        let wanted = ends::lf(&one.write.new);
        let hash = Hash::of(wanted.as_bytes()).to_string();
        let stood = told.hash.as_ref().is_some_and(|told| told.0 == hash);
        let since = told.version.unwrap_or(one.document.version.saturating_add(1));
        let mut changes = self.documents.watch();
        let found = async {
            loop {
                changes.mark_unchanged();
                match self.find(&one.write.path).await {
                    Some(document) if one.view(&document) == wanted => return true,
                    Some(document) if stood && document.version >= since => return true,
                    Some(_) => {}
                    None => return false,
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        match tokio::time::timeout(limits::EDITOR_CHANGE_WAIT, found).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::other("the file was closed in the editor during the edit")),
            Err(_) => Err(io::Error::other(
                "the editor said that it applied the edit, but its text is another one; read the file again",
            )),
        }
    }
}

impl Buffers for EditorBuffers {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<Arc<str>>>> {
        Box::pin(async { self.find(path).await.map(|document| Ok(text_of(&document.text))) })
    }

    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<io::Result<()>>>> {
        Box::pin(self.edit(writes))
    }

    fn open(&self) -> Vec<AbsPath> {
        self.documents.paths()
    }
}

impl Planned<'_> {
    /// A document's text as edits see it.
    fn view(&self, document: &Document) -> String {
        ends::lf(&document.text.to_string())
    }

    fn fits(&self) -> bool {
        match self.write.base {
            Version::Absent => false,
            Version::Text(hash) => Hash::of(self.view(&self.document).as_bytes()) == hash,
        }
    }

    /// Whether the buffer is as the disk.
    async fn is_saved(&self) -> bool {
        let path = self.write.path.clone();
        let read = tokio::task::spawn_blocking(move || workspace::on_disk(&path)).await;
        let Ok(Ok(bytes)) = read else { return false };
        let view = self.view(&self.document);
        // Neovim tells of an empty file as of an empty line.
        ends::lf(&String::from_utf8_lossy(&bytes)) == view || bytes.is_empty() && view == "\n"
    }

    fn for_agent(&self, encoding: Encoding, save: bool) -> BufferEdit {
        let base = self.view(&self.document);
        let edits = ranges(&self.document, &base, &self.write.splices, encoding).into_iter();
        BufferEdit {
            uri: Uri(self.document.uri.clone()),
            version: self.document.version,
            base_hash: TextHash(Hash::of(base.as_bytes()).to_string()),
            edits: edits.map(|(range, new_text)| TextEdit { range, new_text }).collect(),
            save,
        }
    }
}

/// The splices by positions, with the line ends that they have in the document: not every editor gives
/// them. Line ends other than LF change no position before them in a line.
fn ranges(document: &Document, base: &str, splices: &[Splice], encoding: Encoding) -> Vec<(Range, String)> {
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

fn workspace_edit(planned: &[Planned<'_>], terms: &Terms) -> Value {
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
