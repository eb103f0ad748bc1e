//! `Progress`: a turn as LSP's work-done progress, from its begin to its end.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::engine::TurnId;
use crate::limits;
use crate::rpc::Peer;

/// How the token of a turn's progress begins; the turn's id follows.
const TOKEN: &str = "quillon-";

/// The turn whose progress has this token.
pub fn turn_of(token: &str) -> Option<TurnId> {
    token.strip_prefix(TOKEN).map(TurnId::from)
}

/// A turn that is shown as running until this is dropped.
pub struct Progress(mpsc::Sender<String>);

impl Progress {
    /// Begins to show; `turn` is unique on this connection. The task that shows it is for the caller to run.
    pub fn begin(peer: Peer, turn: &TurnId) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, words) = mpsc::channel(limits::PROGRESS_WORDS_MAX);
        (Self(sender), show(peer, format!("{TOKEN}{turn}"), words))
    }

    /// Says what is being done. Words come in vain while the client is behind.
    pub fn report(&self, words: &str) {
        let _others_are_on_their_way = self.0.try_send(words.to_owned());
    }
}

async fn show(peer: Peer, token: String, mut words: mpsc::Receiver<String>) {
    let create = json!({ "token": token });
    let created = peer.request("window/workDoneProgress/create", &create, limits::EDITOR_APPLY_WAIT).await;
    let created: Result<Value, _> = created;
    if let Err(error) = created {
        return tracing::debug!("the client shows no progress: {error}");
    }
    let tell =
        async |value: Value| peer.notify("$/progress", json!({ "token": token, "value": value })).await;
    let mut told = tell(json!({ "kind": "begin", "title": "Quillon", "cancellable": true })).await;
    while let Some(message) = words.recv().await {
        if told.is_ok() {
            told = tell(json!({ "kind": "report", "message": message })).await;
        }
    }
    if told.is_ok() {
        let _client_may_be_gone = tell(json!({ "kind": "end" })).await;
    }
}
