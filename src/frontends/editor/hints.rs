//! `Hints`: what a plain LSP client shows of changes to look at: diagnostics, code actions, the old text.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tower_lsp::ls_types::{CodeActionOrCommand, Diagnostic, Position, Range};

use super::commands::{Of, Wanted};
use super::document::{Documents, Encoding};
use super::spots;
use crate::engine::{Decided, Decision, Event, Review, ReviewOf, Session};
use crate::frontends::changes;
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::Peer;
use crate::workspace;

/// LSP's number for a message about an error.
const MESSAGE_ERROR: u32 = 1;

/// The changes of one conversation, as a client sees them.
pub struct Hints {
    session: Session,
    documents: Arc<Documents>,
    peer: Peer,
    encoding: Encoding,
    /// Something has happened in the session.
    happened: Notify,
}

/// What the client was last told.
#[derive(Default)]
struct Shown {
    /// The hints, by the address of their file.
    hints: BTreeMap<String, Vec<Diagnostic>>,
    /// The changed files as they stood in the editor.
    stands: Vec<Stand>,
}

/// A changed file and its document, by address and version, where it is open.
type Stand = (AbsPath, Option<(String, i32)>);

/// Why it is looked again.
#[derive(PartialEq, Eq)]
enum Woken {
    /// The session has changed something, or the user has decided.
    Session,
    /// Some document has changed.
    Documents,
}

impl Hints {
    /// Nothing is shown before it runs.
    pub fn new(session: Session, documents: Arc<Documents>, peer: Peer, encoding: Encoding) -> Self {
        Self { session, documents, peer, encoding, happened: Notify::new() }
    }

    /// Shows what a fact may have changed, soon.
    pub fn heard(&self, event: &Event) {
        if changes_files(event) {
            self.look();
        }
    }

    /// Shows what there is, soon.
    pub fn look(&self) {
        self.happened.notify_one();
    }

    /// Shows what is to be looked at and does what is decided, until nobody decides any more.
    pub async fn run(self: Arc<Self>, mut wanted: mpsc::Receiver<Wanted>, over: CancellationToken) {
        let work = async {
            let mut shown = Shown::default();
            let mut typed = self.documents.watch();
            loop {
                let woken = tokio::select! {
                    wanted = wanted.recv() => match wanted {
                        Some(wanted) => {
                            if let Err(why) = self.decide(&wanted).await {
                                self.say(&why).await;
                            }
                            Woken::Session
                        }
                        None => break,
                    },
                    () = self.happened.notified() => self.joined(Woken::Session).await,
                    Ok(()) = typed.changed() => self.joined(Woken::Documents).await,
                };
                self.show(woken, &mut shown).await;
            }
            for address in shown.hints.into_keys() {
                self.publish(&address, &[]).await;
            }
        };
        over.run_until_cancelled(work).await;
    }

    /// Waits for what comes close behind.
    async fn joined(&self, woken: Woken) -> Woken {
        tokio::time::sleep(limits::HINTS_JOINED).await;
        woken
    }

    async fn show(&self, woken: Woken, shown: &mut Shown) {
        let paths = self.session.state(|state| state.touches().paths().to_vec());
        let stands = self.stands(paths).await;
        if woken == Woken::Documents && stands == shown.stands {
            return;
        }
        let Ok(reviews) = self.session.reviews().await else { return };
        let mut hints = BTreeMap::new();
        for review in &reviews {
            let open = stands.iter().find(|(path, _)| *path == review.path);
            let named = open.and_then(|(_, document)| document.as_ref().map(|(uri, _)| uri.clone()));
            let spots = spots::spots(review, self.encoding);
            hints.insert(
                named.unwrap_or_else(|| uri::of(&review.path).0),
                spots.iter().map(spots::Spot::diagnostic).collect(),
            );
        }
        for address in shown.hints.keys().filter(|address| !hints.contains_key(*address)) {
            self.publish(address, &[]).await;
        }
        for (address, now) in hints.iter().filter(|(address, now)| shown.hints.get(*address) != Some(now)) {
            self.publish(address, now).await;
        }
        *shown = Shown { hints, stands };
    }

    /// These files as they stand in the editor.
    async fn stands(&self, paths: Vec<AbsPath>) -> Vec<Stand> {
        let documents = self.documents.clone();
        // Links are followed on the disk.
        let found = tokio::task::spawn_blocking(move || {
            let stand = |path: AbsPath| {
                let document = documents.find(&path).map(|document| (document.uri, document.version));
                (path, document)
            };
            paths.into_iter().map(stand).collect()
        });
        found.await.unwrap_or_default()
    }

    async fn publish(&self, address: &str, hints: &[Diagnostic]) {
        let params = json!({ "uri": address, "diagnostics": hints });
        let _client_may_be_gone = self.peer.notify("textDocument/publishDiagnostics", params).await;
    }

    async fn say(&self, words: &str) {
        let params = json!({ "type": MESSAGE_ERROR, "message": words });
        let _client_may_be_gone = self.peer.notify("window/showMessage", params).await;
    }

    /// What can be done with what is selected in a file.
    pub async fn actions(&self, address: &str, selected: Range) -> Vec<CodeActionOrCommand> {
        let Some(path) = self.changed(address).await else { return Vec::new() };
        let Ok(reviews) = self.session.reviews().await else { return Vec::new() };
        let review = reviews.iter().find(|review| review.path == path);
        review.map(|review| spots::actions(&reviews, review, selected, self.encoding)).unwrap_or_default()
    }

    /// The old text at a place of a file; none where nothing is to be looked at.
    pub async fn before(&self, address: &str, place: Position, markdown: bool) -> Option<String> {
        let path = self.changed(address).await?;
        let review = self.session.review(&path).await.ok()??;
        if !review.is_open() {
            return None;
        }
        let cursor = Range { start: place, end: place };
        let here = spots::spots(&review, self.encoding);
        let texts: Vec<String> =
            here.iter().filter(|spot| spot.holds(cursor)).map(|spot| spot.before(markdown)).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// The real path of a file that the session has changed.
    async fn changed(&self, address: &str) -> Option<AbsPath> {
        let path = real(address).await?;
        self.session.state(|state| state.touches().has(&path)).then_some(path)
    }

    async fn decide(&self, wanted: &Wanted) -> Result<(), String> {
        let reviews = self.session.reviews().await.map_err(|refused| refused.to_string())?;
        let path = match &wanted.of {
            Of::All => None,
            Of::File(address) | Of::Hunk(address, _) => {
                Some(real(address).await.ok_or_else(|| format!("`{address}` is no address of a file"))?)
            }
        };
        let chosen: Vec<&Review> =
            reviews.iter().filter(|review| path.as_ref().is_none_or(|path| *path == review.path)).collect();
        if wanted.seen.as_ref().is_some_and(|seen| *seen != spots::mark(chosen.iter().copied())) {
            return Err("nothing was done: the changes are not those that were shown any more; \
                        look at them again"
                .to_owned());
        }
        if chosen.is_empty() {
            return Err("there is no change of the agent's to look at".to_owned());
        }
        let decision = |review: &&Review| Decision {
            path: review.path.clone(),
            version: review.version(),
            of: match &wanted.of {
                Of::All | Of::File(_) => ReviewOf::File,
                Of::Hunk(_, id) => ReviewOf::Hunk(id.clone()),
            },
            verdict: wanted.verdict,
        };
        let decisions: Vec<Decision> = chosen.iter().map(decision).collect();
        let decided = self.session.decide(&decisions).await.map_err(|refused| refused.to_string())?.each;
        let failed: Vec<String> = decisions
            .iter()
            .zip(decided)
            .filter_map(|(decision, decided)| {
                let name = changes::name(&self.session, &decision.path);
                match decided {
                    Decided::Done => None,
                    Decided::Stale => Some(format!("{name}: it has changed meanwhile; look at it again")),
                    Decided::Failed(why) => Some(format!("{name}: {why}")),
                }
            })
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }
}

/// The real path behind an address; none where it is no file's.
async fn real(address: &str) -> Option<AbsPath> {
    let path = uri::path(address)?;
    let found = tokio::task::spawn_blocking(move || workspace::real_path(&path).unwrap_or(path));
    found.await.ok()
}

/// Whether something else may be to be looked at behind this fact.
fn changes_files(event: &Event) -> bool {
    match event {
        Event::Touched { .. }
        | Event::Found { .. }
        | Event::Reviewed { .. }
        | Event::Restored { .. }
        | Event::RestoreEnded { .. }
        | Event::Settled { .. }
        | Event::CallEnded { .. }
        | Event::TurnEnded { .. } => true,
        Event::Opened { .. }
        | Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Taken { .. }
        | Event::Removed { .. }
        | Event::TurnStarted { .. }
        | Event::Replied { .. }
        | Event::CallStarted { .. }
        | Event::Asked { .. }
        | Event::Answered { .. }
        | Event::Todo { .. }
        | Event::Titled { .. }
        | Event::Noticed { .. }
        | Event::Overlooked { .. }
        | Event::Briefed { .. }
        | Event::Reminded { .. }
        | Event::Compacted { .. } => false,
    }
}
