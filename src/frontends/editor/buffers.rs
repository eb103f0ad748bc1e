//! `EditorBuffers`: reads open files as the editor has them, and edits them through the editor.

mod formatting;
mod ranges;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock, Weak};

use futures::future::BoxFuture;
use quillon_protocol::document::{
    BufferEdit, BufferOutcome, BuffersApplyParams, BuffersApplyResult, BuffersSaveParams, BuffersSaveResult,
    TextEdit, TextHash, Uri,
};
use quillon_protocol::methods::{BuffersApply, BuffersSave};
use ropey::Rope;
use serde_json::{Value, json};
use tokio::sync::watch;

use self::ranges::{ranges, workspace_edit};
use super::document::{Document, Documents, Encoding};
use super::terms::{Applies, Terms};
use crate::engine::{Host, Marks};
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::{Peer, RequestError};
use crate::text::{Hash, SharedText, Version, ends, merge};
use crate::workspace;
use crate::workspace::{BufferWrite, Buffers, Refusal, Took};

/// The buffers of the editor at the other end of a connection.
pub struct EditorBuffers {
    documents: Arc<Documents>,
    terms: Arc<OnceLock<Terms>>,
    peer: Peer,
    /// Whose sessions hear of what a formatter did.
    host: Weak<Host>,
}

/// A write with the document it goes to.
struct Planned<'a> {
    write: &'a BufferWrite,
    document: Document,
    /// Whether the buffer is as the disk.
    saved: bool,
}

/// A document that counts.
struct Standing {
    document: Document,
    /// Whether the disk has its text.
    saved: bool,
}

/// What an editor said of the text that it has after an edit, as far as it did.
#[derive(Default, Clone)]
struct Said {
    version: Option<i32>,
    hash: Option<String>,
    /// The text that a formatter made of it, in the same breath.
    formatted: Option<String>,
    /// Why it did not save it, where it should have.
    unsaved: Option<String>,
}

impl EditorBuffers {
    /// The buffers of this connection.
    pub fn new(documents: Arc<Documents>, terms: Arc<OnceLock<Terms>>, peer: Peer, host: Weak<Host>) -> Self {
        Self { documents, terms, peer, host }
    }

    async fn find(&self, path: &AbsPath) -> Option<Document> {
        let (documents, path) = (self.documents.clone(), path.clone());
        // Links are followed on the disk.
        tokio::task::spawn_blocking(move || documents.find(&path)).await.ok().flatten()
    }

    /// The document of a file as far as it counts; none where the disk counts: the file is not open, or
    /// the document has nothing of the user's and the disk has changed since.
    async fn standing(&self, path: &AbsPath) -> Option<Standing> {
        let (documents, path) = (self.documents.clone(), path.clone());
        tokio::task::spawn_blocking(move || standing(&documents, &path)).await.ok().flatten()
    }

    async fn edit(&self, writes: &[BufferWrite]) -> Vec<Option<Result<Took, Refusal>>> {
        let mut planned = Vec::new();
        let mut places = Vec::new();
        for write in writes {
            let found = self.standing(&write.path).await;
            places.push(found.is_some());
            planned.extend(found.map(|Standing { document, saved }| Planned { write, document, saved }));
        }
        let mut outcomes = if planned.iter().all(Planned::fits) {
            self.ask(&planned).await
        } else {
            planned.iter().map(|_| Err(Refusal::Stale)).collect()
        }
        .into_iter();
        places.into_iter().map(|open| if open { outcomes.next() } else { None }).collect()
    }

    async fn ask(&self, planned: &[Planned<'_>]) -> Vec<Result<Took, Refusal>> {
        if planned.is_empty() {
            return Vec::new();
        }
        let terms = self.terms.get().cloned().unwrap_or_default();
        let mut changes = self.documents.watch();
        changes.mark_unchanged();
        let host = self.host.upgrade();
        let mark = |one: &Planned<'_>| host.as_ref().map(|host| host.marks(&one.write.path));
        let marks: Vec<Marks> = planned.iter().map(|one| mark(one).unwrap_or_default()).collect();
        let answers = match terms.applies {
            Applies::Agent => self.by_agent(planned, terms.encoding).await,
            Applies::Documents | Applies::Neovim | Applies::Changes => self.by_lsp(planned, &terms).await,
        };
        let refused = answers.iter().any(|answer| matches!(answer, Err(Refusal::No(_))));
        let moved = refused && self.moves(planned, &answers, &mut changes).await;
        let mut outcomes = Vec::new();
        for ((one, answer), marks) in planned.iter().zip(answers).zip(&marks) {
            outcomes.push(match answer {
                Ok(said) => match self.stands(one, &said).await {
                    Ok(()) => {
                        let formatted = self.tell_formatted(one, &said, marks).await;
                        Ok(Took { formatted, unsaved: said.unsaved })
                    }
                    Err(refusal) => Err(refusal),
                },
                Err(Refusal::No(_)) if moved => Err(Refusal::Stale),
                Err(Refusal::No(why)) => {
                    Err(Refusal::No(format!("the editor did not apply the edit: {why}")))
                }
                Err(other) => Err(other),
            });
        }
        outcomes
    }

    /// Whether a file that the editor did not change is another one than it was asked to change. What
    /// was typed just before is known to the editor and on its way here: a while is waited for it.
    async fn moves(
        &self,
        planned: &[Planned<'_>],
        answers: &[Result<Said, Refusal>],
        changes: &mut watch::Receiver<u64>,
    ) -> bool {
        let refused = planned.iter().zip(answers).filter(|(_, answer)| answer.is_err());
        let refused: Vec<&Planned<'_>> = refused.map(|(one, _)| one).collect();
        let moved = async {
            loop {
                for one in &refused {
                    match self.find(&one.write.path).await {
                        Some(document) if document.text == one.document.text => {}
                        Some(_) | None => return true,
                    }
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        tokio::time::timeout(limits::EDITOR_TYPED_WAIT, moved).await.unwrap_or(false)
    }

    async fn by_agent(&self, planned: &[Planned<'_>], encoding: Encoding) -> Vec<Result<Said, Refusal>> {
        let edits = planned.iter().map(|one| one.for_agent(encoding)).collect();
        let params = BuffersApplyParams { label: "Quillon".to_owned(), edits };
        let answer: Result<BuffersApplyResult, _> =
            self.peer.request(BuffersApply::NAME, &params, limits::EDITOR_APPLY_WAIT).await;
        let files: Vec<BufferOutcome> = match answer {
            Ok(result) => result.files,
            Err(error) => return planned.iter().map(|_| Err(refusal(&error))).collect(),
        };
        let why = |file: &BufferOutcome| file.error.clone().unwrap_or_else(|| "it gave no reason".to_owned());
        let outcome = |at: usize| match files.get(at) {
            Some(file) if file.applied => Ok(Said {
                version: file.version,
                hash: file.hash.as_ref().map(|hash| hash.0.clone()),
                formatted: file.formatted.as_ref().map(|hash| hash.0.clone()),
                unsaved: (planned[at].saved && !file.saved).then(|| why(file)),
            }),
            Some(file) => Err(Refusal::No(why(file))),
            None => Err(Refusal::Unknown("the editor's answer does not name the file".to_owned())),
        };
        (0..planned.len()).map(outcome).collect()
    }

    async fn by_lsp(&self, planned: &[Planned<'_>], terms: &Terms) -> Vec<Result<Said, Refusal>> {
        let edit = workspace_edit(planned, terms);
        let params = json!({ "label": "Quillon", "edit": edit });
        let answer: Result<Value, _> =
            self.peer.request("workspace/applyEdit", &params, limits::EDITOR_APPLY_WAIT).await;
        let outcome = match answer {
            Ok(answer) if answer["applied"] == true => Ok(Said::default()),
            Ok(answer) => {
                let why = answer["failureReason"].as_str().unwrap_or("it gave no reason");
                Err(Refusal::No(why.to_owned()))
            }
            Err(error) => Err(refusal(&error)),
        };
        planned.iter().map(|_| outcome.clone()).collect()
    }

    /// Has the editor save those of these files that have unsaved changes.
    async fn save_some(&self, paths: &[AbsPath]) -> Vec<Option<Result<(), String>>> {
        let mut unsaved = Vec::new();
        for path in paths {
            let found = self.standing(path).await.filter(|found| !found.saved);
            unsaved.push(found.map(|found| Uri(found.document.uri)));
        }
        let uris: Vec<Uri> = unsaved.iter().flatten().cloned().collect();
        if uris.is_empty() {
            return unsaved.iter().map(|_| None).collect();
        }
        let answer = match self.terms.get() {
            Some(terms) if terms.saves => {
                let params = BuffersSaveParams { uris };
                let answer: Result<BuffersSaveResult, _> =
                    self.peer.request(BuffersSave::NAME, &params, limits::EDITOR_APPLY_WAIT).await;
                answer.map_err(|error| format!("the editor: {error}"))
            }
            Some(_) | None => Err("the editor cannot be asked to save".to_owned()),
        };
        let outcome = |uri: &Uri| match &answer {
            Err(why) => Err(why.clone()),
            Ok(result) => match result.files.iter().find(|file| file.uri == *uri) {
                Some(file) if file.saved => Ok(()),
                Some(file) => Err(file.error.clone().unwrap_or_else(|| "it gave no reason".to_owned())),
                None => Err("the editor's answer does not name the file".to_owned()),
            },
        };
        unsaved.iter().map(|uri| uri.as_ref().map(outcome)).collect()
    }

    /// Waits until the document has what was written: "applied" alone is not believed.
    async fn stands(&self, one: &Planned<'_>, said: &Said) -> Result<(), Refusal> {
        let mut changes = self.documents.watch();
        // What the editor says of its text is the only proof that the text here is no other one.
        let mut same = said.hash.is_none();
        let found = async {
            loop {
                changes.mark_unchanged();
                match self.find(&one.write.path).await {
                    Some(document) => {
                        same |= one.agrees(&document, said);
                        if same && one.is_in(&document, said) {
                            return true;
                        }
                    }
                    None => return false,
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        match tokio::time::timeout(limits::EDITOR_CHANGE_WAIT, found).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(Refusal::Unknown("the file was closed in the editor during the edit".to_owned()))
            }
            Err(_) => Err(Refusal::Unknown(
                "the editor said that it applied the edit, but its text is another one".to_owned(),
            )),
        }
    }
}

/// Compares a document with the disk, so it blocks.
fn standing(documents: &Documents, path: &AbsPath) -> Option<Standing> {
    let document = documents.find(path)?;
    match workspace::is_on_disk(path, &document.text.to_string()) {
        Ok(true) => {
            documents.is_clean(&document);
            Some(Standing { document, saved: true })
        }
        Ok(false) if document.clean => None,
        Err(error) if document.clean && error.kind() == io::ErrorKind::NotFound => None,
        Ok(false) | Err(_) => Some(Standing { document, saved: false }),
    }
}

/// Notes of a document whether the disk has the same. Blocks.
pub fn compare(documents: &Documents, address: &str) {
    let real = uri::path(address).and_then(|path| workspace::real_path(&path).ok());
    let _noted = real.and_then(|path| standing(documents, &path));
}

/// A document's text as versions name it.
pub fn view(text: &Rope) -> String {
    let text = text.to_string();
    ends::lf(text.strip_prefix('\u{feff}').unwrap_or(&text)).into_owned()
}

/// An editor that answers with an error has changed nothing; of one that does not answer nobody knows.
fn refusal(error: &RequestError) -> Refusal {
    let why = format!("the editor: {error}");
    match error {
        RequestError::Failed(_) => Refusal::No(error.to_string()),
        RequestError::Closed | RequestError::TimedOut(_) | RequestError::Unreadable(_) => {
            Refusal::Unknown(why)
        }
    }
}

impl Buffers for EditorBuffers {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        Box::pin(async { self.standing(path).await.map(|found| Ok(found.document.text.to_string().into())) })
    }

    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        Box::pin(self.edit(writes))
    }

    fn save<'a>(&'a self, paths: &'a [AbsPath]) -> BoxFuture<'a, Vec<Option<Result<(), String>>>> {
        Box::pin(self.save_some(paths))
    }

    fn can_save(&self) -> bool {
        self.terms.get().is_some_and(|terms| terms.saves)
    }

    fn saves(&self) -> HashMap<AbsPath, u64> {
        self.documents.saves()
    }

    fn saved(&self, path: &AbsPath) -> Option<SharedText> {
        self.documents.saved_text(path).map(|text| view(&text).into())
    }

    fn open(&self) -> Vec<AbsPath> {
        let clean = |path: &AbsPath| self.documents.find(path).is_some_and(|document| document.clean);
        let paths = self.documents.paths().into_iter();
        // A buffer of a removed file which has nothing of the user's does not bring that file back.
        paths.filter(|path| !(clean(path) && workspace::is_gone(path))).collect()
    }
}

impl Said {
    /// Whether the editor said that it has this text.
    fn is(&self, view: &str) -> bool {
        self.hash.as_ref().is_some_and(|hash| *hash == Hash::of(view.as_bytes()).to_string())
    }
}

impl Planned<'_> {
    /// A document's text as edits see it.
    fn view(&self, document: &Document) -> String {
        ends::lf(&document.text.to_string()).into_owned()
    }

    /// Whether the editor's text is the one that was written, or the one that is known here: another
    /// one than was written where the editor formats what it saves.
    fn agrees(&self, document: &Document, said: &Said) -> bool {
        said.is(&self.write.new.lf()) || said.is(&self.view(document))
    }

    /// Whether a document has what was written, maybe with what was typed since.
    fn is_in(&self, document: &Document, said: &Said) -> bool {
        let (present, wanted) = (self.view(document), self.write.new.lf());
        let behind = said.version.unwrap_or(self.document.version.saturating_add(1));
        present == wanted
            || (said.is(&wanted) && document.version >= behind)
            || merge::merge(&self.write.old.lf(), &present, &wanted).is_ok_and(|rest| rest.is_empty())
    }

    fn fits(&self) -> bool {
        match self.write.base {
            Version::Absent => false,
            Version::Text(hash) => Hash::of(self.view(&self.document).as_bytes()) == hash,
        }
    }

    fn for_agent(&self, encoding: Encoding) -> BufferEdit {
        let text = self.document.text.to_string();
        let base = ends::lf(&text);
        let edits = ranges(&self.document, (&text, &base), self.write, encoding).into_iter();
        BufferEdit {
            uri: Uri(self.document.uri.clone()),
            version: self.document.version,
            base_hash: TextHash(Hash::of(base.as_bytes()).to_string()),
            edits: edits.map(|(range, new_text)| TextEdit { range, new_text }).collect(),
            save: self.saved,
        }
    }
}
