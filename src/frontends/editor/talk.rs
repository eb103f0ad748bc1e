//! `Talk`: a conversation of a client that knows LSP only, from its beginning or from where it was left.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use super::Editor;
use super::chat::{Chat, USER};
use super::commands::Wanted;
use super::hints::Hints;
use super::transcript;
use crate::engine::{NewSession, PromptId, Reader, Seq, Session, SessionId};
use crate::frontends::convert;
use crate::limits;
use crate::path::AbsPath;
use crate::workspace;

/// LSP's number for a message that informs.
const INFO: u32 = 3;

/// A conversation. Its chat is written, and its hints go, when it is dropped.
pub struct Talk {
    /// What is talked in.
    pub session: Session,
    /// Tells what happens.
    pub reader: Reader,
    /// Where it is read.
    pub chat: Arc<Chat>,
    /// What is to be looked at.
    pub hints: Arc<Hints>,
    /// What the user decides of that.
    pub wanted: mpsc::Sender<Wanted>,
    /// The fact after which this client came to it.
    joined: Seq,
    prompts: u64,
    _ends: DropGuard,
}

impl Talk {
    /// A new conversation.
    pub async fn begin(editor: &Editor) -> Result<Self, String> {
        let cwd = folder(editor).await?;
        let (model, mode) = (editor.options.model.clone(), editor.options.mode);
        let new = NewSession { cwd, roots: Vec::new(), model, mode, buffers: editor.buffers.clone() };
        let session = editor.host.create(new).await.map_err(|error| error.to_string())?;
        let seq = session.state(|state| state.seq());
        Self::join(editor, session, format!("{USER}\n\n"), seq).await
    }

    /// The conversation of this id, with all that was said in it.
    pub async fn resume(editor: &Editor, id: &SessionId) -> Result<Self, String> {
        let opened = editor.host.open(id, editor.buffers.clone()).await;
        let session = opened.map_err(|error| error.to_string())?;
        let recorder = session.recorder().clone();
        let read = tokio::task::spawn_blocking(move || transcript::whole(&recorder)).await;
        let read = read.map_err(|_| "the program is ending".to_owned())?;
        let (said, last) = read.map_err(|error| format!("failed to read session `{id}`: {error}"))?;
        Self::join(editor, session, said, last).await
    }

    async fn join(editor: &Editor, session: Session, said: String, last: Seq) -> Result<Self, String> {
        let folder = editor.options.state_folder.join("chats").map_err(|error| error.to_string())?;
        let path = folder.join(format!("{}.md", session.id)).map_err(|error| error.to_string())?;
        let encoding = editor.terms.get().map(|terms| terms.encoding).unwrap_or_default();
        let (write, documents, peer) =
            (editor.options.write_chat.clone(), editor.documents.clone(), editor.peer.clone());
        let chat = Arc::new(Chat::new(path, write, documents.clone(), peer.clone(), (encoding, said)));
        chat.flush().await;
        let over = editor.over.child_token();
        editor.tasks.spawn(chat.clone().run(over.clone()));
        let hints = Arc::new(Hints::new(session.clone(), documents, peer, encoding));
        let (wanted, decisions) = mpsc::channel(limits::ORDERS_MAX);
        editor.tasks.spawn(hints.clone().run(decisions, editor.over.clone()));
        editor.set_hints(Some(hints.clone()));
        hints.look();
        let reader = session.reader(last);
        let ends = over.drop_guard();
        Ok(Self { session, reader, chat, hints, wanted, joined: last, prompts: 0, _ends: ends })
    }

    /// A name for the next prompt, which no other has in this conversation.
    pub fn next_prompt(&mut self) -> PromptId {
        self.prompts += 1;
        PromptId(format!("chat-{}-{}", self.joined.0, self.prompts))
    }

    /// Whether a turn runs.
    pub fn runs(&self) -> bool {
        self.session.state(|state| state.turn().is_some())
    }

    /// Whether nothing was asked yet.
    pub fn is_fresh(&self) -> bool {
        !self.runs() && self.session.state(|state| state.said().marks().is_empty())
    }

    /// Opens the chat in the editor, or says where it is.
    pub fn show(&self, editor: &Editor) {
        show_document(editor, self.chat.uri(), format!("Quillon's chat: {}", self.chat.path));
    }
}

/// Where the client works: its folder, else that of a file it has open.
pub async fn folder(editor: &Editor) -> Result<AbsPath, String> {
    let named = editor.terms.get().and_then(|terms| terms.folder.as_deref());
    let named = named.and_then(convert::uri::path);
    let documents = editor.documents.clone();
    let found = tokio::task::spawn_blocking(move || {
        let opened = || documents.paths().first().and_then(AbsPath::parent);
        let path = named.or_else(opened).ok_or("open a folder or a file of the project first")?;
        workspace::real_folder(&path).map_err(|error| format!("cannot work in `{path}`: {error}"))
    });
    found.await.map_err(|_| "the program is ending".to_owned())?
}

/// Opens a document in the editor; where it cannot, the user is told these words.
pub fn show_document(editor: &Editor, uri: String, otherwise: String) {
    let peer = editor.peer.clone();
    let can_show = editor.terms.get().is_some_and(|terms| terms.shows_documents);
    editor.tasks.spawn(editor.over.clone().run_until_cancelled_owned(async move {
        let params = json!({ "uri": uri, "external": false, "takeFocus": true });
        if can_show {
            let shown = peer.request("window/showDocument", &params, limits::EDITOR_APPLY_WAIT).await;
            let shown: Value = shown.unwrap_or_default();
            if shown["success"] == true {
                return;
            }
        }
        let words = json!({ "type": INFO, "message": otherwise });
        let _client_may_be_gone = peer.notify("window/showMessage", words).await;
    }));
}
