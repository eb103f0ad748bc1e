//! `quillon lsp`: LSP and the `agent/*` protocol on two byte streams.
//!
//! What is absent: no decision about what may be done, no history, no file. LSP's own methods go
//! through tower-lsp's service (`lsp`), `agent/*` by the protocol's table (this file); sessions are
//! told of in `feed`, open files read and edited in `buffers`; what a client that knows LSP only sees of
//! changes comes from `hints`.

mod auth;
mod buffers;
mod chat;
mod commands;
mod document;
mod earlier;
mod error;
mod feed;
mod hints;
mod lsp;
mod plain;
mod progress;
mod prompt;
mod questions;
mod review;
mod session;
mod spots;
mod talk;
mod terms;
#[cfg(test)]
mod tests;
mod transcript;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::FutureExt;
use quillon_protocol::error::ResponseError;
use quillon_protocol::event::NoticeLevel;
use quillon_protocol::lifecycle::{MINOR, Problem, Program, StatusResult, Timestamp, VERSION};
use quillon_protocol::methods::{self, ClientRequest, Direction, METHODS};
use quillon_protocol::session::SessionId as WireId;
use serde::Serialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower_lsp::LspService;
use tower_lsp::jsonrpc::Request;

pub use self::auth::{KeyOf, KeyRing, NoKeys, Until, Whence};
use self::buffers::EditorBuffers;
use self::chat::WriteChat;
use self::commands::Order;
use self::document::Documents;
use self::feed::Shows;
use self::hints::Hints;
use self::lsp::Lsp;
use self::plain::Plain;
use self::terms::Terms;
use crate::engine::{Activity, Host, Mode, ModelName, Seq, Session, SessionId};
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::{
    Call, Connection, Dialect, Error, Handler, INVALID_REQUEST, Params, Peer, Placement, Reply, Settings,
    reply,
};
use crate::workspace::Buffers;

/// What a connection is given beside the sessions.
#[derive(Clone)]
pub struct Options {
    /// The model of new sessions; none: the configured one.
    pub model: Option<ModelName>,
    /// The mode of new sessions.
    pub mode: Mode,
    /// When the program was started, RFC 3339.
    pub started: String,
    /// Where sessions and logs are, for the client's health page.
    pub state_folder: AbsPath,
    /// Where this process logs.
    pub log_file: AbsPath,
    /// Writes the chats of clients that know LSP only.
    pub write_chat: WriteChat,
    /// Whether the process of this id has ended.
    pub parent_gone: ParentGone,
    /// What the user should hear about the configuration.
    pub notices: Vec<String>,
    /// The keys of model providers.
    pub keys: Arc<dyn KeyRing>,
}

/// Says whether the process of an id has ended.
pub type ParentGone = Arc<dyn Fn(u32) -> bool + Send + Sync>;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client had asked for the shutdown.
    Orderly,
    /// The client has gone without a word.
    Abrupt,
}

impl Ended {
    /// The exit status that LSP wants.
    pub fn status(self) -> u8 {
        match self {
            Self::Orderly => 0,
            Self::Abrupt => 1,
        }
    }
}

/// LSP's number for a warning in `window/showMessage`.
const MESSAGE_WARNING: u32 = 2;

/// LSP's code for a request before `initialize`.
const NOT_INITIALIZED: i64 = -32002;

/// Serves one client until its input or output ends, it says `exit`, or its process has gone. The
/// host ends with it, at once, so that what runs is closed while there is still someone to hear it.
pub async fn serve(
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    host: Arc<Host>,
    options: Options,
) -> Ended {
    let connection = Connection::new(Settings::new(Dialect::LSP));
    let gone = connection.peer().closed();
    let editor = Arc::new(Editor::new(host.clone(), options, connection.peer()));
    let (service, _unused) = LspService::new(|_| Lsp(editor.clone()));
    let wire = Arc::new(Wire { editor: editor.clone(), lsp: Mutex::new(service) });
    let shutdown = async {
        gone.await;
        host.shutdown().await;
    };
    tokio::join!(connection.serve(input, output, wire), shutdown);
    editor.over.cancel();
    editor.tasks.close();
    editor.tasks.wait().await;
    if editor.shut.load(Ordering::Acquire) { Ended::Orderly } else { Ended::Abrupt }
}

/// One client and what it knows of sessions.
pub(in crate::frontends) struct Editor {
    host: Arc<Host>,
    options: Options,
    peer: Peer,
    /// What `initialize` agreed on; nothing before.
    terms: Arc<OnceLock<Terms>>,
    documents: Arc<Documents>,
    buffers: Arc<dyn Buffers>,
    feeds: Mutex<HashMap<SessionId, CancellationToken>>,
    tasks: TaskTracker,
    /// What a client that knows LSP only orders, once it did.
    orders: OnceLock<mpsc::Sender<Order>>,
    /// What such a client is shown of changes to look at, while it has a conversation.
    hints: Mutex<Option<Arc<Hints>>>,
    /// Whether the client has asked for the shutdown.
    shut: AtomicBool,
    /// Fired when the client has gone.
    over: CancellationToken,
}

impl Editor {
    fn new(host: Arc<Host>, options: Options, peer: Peer) -> Self {
        let (documents, terms) = (Arc::<Documents>::default(), Arc::<OnceLock<Terms>>::default());
        let buffers =
            EditorBuffers::new(documents.clone(), terms.clone(), peer.clone(), Arc::downgrade(&host));
        Self {
            host,
            options,
            peer,
            terms,
            documents,
            buffers: Arc::new(buffers),
            feeds: Mutex::default(),
            tasks: TaskTracker::new(),
            orders: OnceLock::new(),
            hints: Mutex::default(),
            shut: AtomicBool::new(false),
            over: CancellationToken::new(),
        }
    }

    /// Ends the connection when the editor's process has gone, whose pipes may stay open.
    fn watch_parent(&self, process: u32) {
        let (gone, peer, over) = (self.options.parent_gone.clone(), self.peer.clone(), self.over.clone());
        self.tasks.spawn(async move {
            let mut looks = tokio::time::interval(limits::PARENT_LOOK_EVERY);
            while over.run_until_cancelled(looks.tick()).await.is_some() {
                if gone(process) {
                    tracing::info!("the editor's process has ended");
                    return peer.stop();
                }
            }
        });
    }

    /// Takes an order, to be carried out behind those before it.
    fn order(self: &Arc<Self>, order: Order) -> Result<(), String> {
        let orders = self.orders.get_or_init(|| {
            let (orders, taken) = mpsc::channel(limits::ORDERS_MAX);
            self.tasks.spawn(Plain::new(self.clone()).run(taken));
            orders
        });
        orders.try_send(order).map_err(|_| "too many commands wait; try again later".to_owned())
    }

    /// Tells the client of a session from a fact on, in place of what it was told before.
    fn feed(&self, session: &Session, after: Seq, shows: Shows) {
        let stop = self.over.child_token();
        if let Some(before) = self.feeds().insert(session.id.clone(), stop.clone()) {
            before.cancel();
        }
        self.tasks.spawn(feed::run(session.clone(), self.peer.clone(), after, shows, stop));
    }

    /// The changes to look at of a client that knows LSP only.
    fn hints(&self) -> Option<Arc<Hints>> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_hints(&self, hints: Option<Arc<Hints>>) {
        *self.hints.lock().unwrap_or_else(PoisonError::into_inner) = hints;
    }

    fn end_feed(&self, id: &SessionId) {
        if let Some(feed) = self.feeds().remove(id) {
            feed.cancel();
        }
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<SessionId, CancellationToken>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of that id, opened if it was not. One that another process held is tried anew: that
    /// process may be gone.
    async fn session(&self, id: &WireId) -> Result<Session, ResponseError> {
        let id = SessionId(id.0.clone());
        match self.host.get(&id) {
            Some(open) if open.holder().is_none() => Ok(open),
            Some(_) | None => self.open(&id).await,
        }
    }

    /// The session of that id to read in, opened if it was not.
    async fn session_to_read(&self, id: &WireId) -> Result<Session, ResponseError> {
        match self.host.get(&SessionId(id.0.clone())) {
            Some(open) => Ok(open),
            None => self.session(id).await,
        }
    }

    /// Opens a session, also once more where another process held it, and follows it for the list.
    async fn open(&self, id: &SessionId) -> Result<Session, ResponseError> {
        let session = self.host.open(id, self.buffers.clone()).await.map_err(error::host_error)?;
        if !self.feeds().contains_key(id) {
            self.feed(&session, session.state(|state| state.seq()), Shows::List);
        }
        Ok(session)
    }

    /// Tells what the user should hear about the configuration.
    async fn tell_notices(&self) {
        for notice in &self.options.notices {
            let words = json!({ "type": MESSAGE_WARNING, "message": format!("quillon: {notice}") });
            let _client_may_be_gone = self.peer.notify("window/showMessage", words).await;
        }
    }

    fn client_name(&self) -> String {
        let named = self.terms.get().and_then(|terms| terms.agent.clone());
        named.unwrap_or_else(|| "editor".to_owned())
    }

    async fn status(&self) -> Result<StatusResult, ResponseError> {
        let sessions = self.host.list().await.map_err(error::host_error)?;
        let open: Vec<Session> = sessions.iter().filter_map(|(info, _)| self.host.get(&info.id)).collect();
        let held: Vec<&Session> = open.iter().filter(|session| session.holder().is_none()).collect();
        let (model, none_chosen) = match self.host.models().default() {
            Ok(model) => (Some(model.0), None),
            Err(why) => (None, Some(why)),
        };
        let problems = self.options.notices.iter().cloned().chain(none_chosen);
        Ok(StatusResult {
            server: Program {
                name: "quillon".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            },
            version: VERSION,
            minor: MINOR,
            process_id: std::process::id(),
            started_at: Timestamp(self.options.started.clone()),
            state_folder: uri::of(&self.options.state_folder),
            log_file: uri::of(&self.options.log_file),
            model: self.options.model.as_ref().map(|model| model.0.clone()).or(model),
            sessions: held.len() as u64,
            running: held.iter().filter(|session| session.activity() != Activity::Idle).count() as u64,
            questions: held.iter().map(|session| session.state(|state| state.questions().len()) as u64).sum(),
            problems: problems.map(|text| Problem { level: NoticeLevel::Warning, text }).collect(),
        })
    }

    async fn agent(&self, method: &str, params: Params) -> Reply {
        let params = params.into_value()?.unwrap_or_default();
        match ClientRequest::parse(method, params).map_err(error::wire)? {
            ClientRequest::SessionNew(params) => done(self.session_new(params).await),
            ClientRequest::SessionList(params) => done(self.session_list(params).await),
            ClientRequest::SessionAttach(params) => done(self.attach(params).await),
            ClientRequest::SessionDetach(params) => done(self.detach(&params.session_id).await),
            ClientRequest::SessionRename(params) => done(self.rename(params).await),
            ClientRequest::SessionDelete(params) => done(self.delete(&params.session_id).await),
            ClientRequest::SessionExport(params) => done(self.export(params).await),
            ClientRequest::Prompt(params) => done(self.prompt(params).await),
            ClientRequest::QueueEdit(params) => done(self.queue_edit(params).await),
            ClientRequest::QueueRemove(params) => done(self.queue_remove(params).await),
            ClientRequest::Cancel(params) => done(self.cancel(params).await),
            ClientRequest::Answer(params) => done(self.answer(params).await),
            ClientRequest::ConfigGet(params) => {
                done(self.session_to_read(&params.session_id).await.map(|session| self.options(&session)))
            }
            ClientRequest::ConfigSet(params) => done(self.config_set(params).await),
            ClientRequest::ReviewList(params) => done(self.review_list(params).await),
            ClientRequest::ReviewFile(params) => done(self.review_file(params).await),
            ClientRequest::ReviewDecide(params) => done(self.review_decide(params).await),
            ClientRequest::CheckpointList(params) => done(self.checkpoint_list(params).await),
            ClientRequest::CheckpointPreview(params) => done(self.checkpoint_preview(params).await),
            ClientRequest::CheckpointRestore(params) => done(self.checkpoint_restore(params).await),
            ClientRequest::Content(params) => done(self.content(params).await),
            ClientRequest::AuthStatus(_) => done(self.auth_status().await),
            ClientRequest::AuthSet(params) => done(self.auth_set(params).await),
            ClientRequest::AuthClear(params) => done(self.auth_clear(params).await),
            ClientRequest::Status(_) => done(self.status().await),
        }
    }
}

fn done<T: Serialize>(result: Result<T, ResponseError>) -> Reply {
    reply(result.map_err(error::wire)?)
}

/// The connection: what goes to tower-lsp's service and what to `agent/*`.
struct Wire {
    editor: Arc<Editor>,
    lsp: Mutex<LspService<Lsp>>,
}

impl Handler for Wire {
    fn placement(&self, method: &str) -> Placement {
        match method {
            "initialize" | "shutdown" => Placement::Inline,
            _ if self.too_early_or_late(method).is_some() => Placement::Inline,
            "workspace/executeCommand" | "textDocument/codeAction" | "textDocument/hover"
                if self.editor.terms.get().is_some_and(|terms| terms.agent.is_none()) =>
            {
                Placement::Task
            }
            methods::Answer::NAME | methods::Cancel::NAME => Placement::Reserved,
            _ if METHODS
                .iter()
                .any(|known| known.name == method && known.direction == Direction::ClientToServer) =>
            {
                Placement::Task
            }
            _ => Placement::Unknown,
        }
    }

    async fn notification(&self, peer: &Peer, method: &str, params: Params) {
        match method {
            "exit" => return peer.stop(),
            // tower-lsp does not know it.
            "window/workDoneProgress/cancel" => return self.cancel_progress(params),
            _ => {}
        }
        let request = Request::build(method.to_owned());
        match params.into_value() {
            Ok(params) => drop(
                self.call(
                    params.into_iter().fold(request, tower_lsp::jsonrpc::RequestBuilder::params).finish(),
                )
                .await,
            ),
            Err(error) => tracing::warn!(method, %error, "a notification cannot be read"),
        }
    }

    fn request(self: Arc<Self>, _peer: Peer, call: Call) -> impl Future<Output = Reply> + Send + 'static {
        let refused = self.too_early_or_late(&call.method);
        let served = async move {
            if let Some(error) = refused {
                return Err(error);
            }
            if call.method.starts_with("agent/") {
                return self.editor.agent(&call.method, call.params).await;
            }
            let params = call.params.into_value()?;
            let request = Request::build(call.method).id(0);
            self.call(params.into_iter().fold(request, tower_lsp::jsonrpc::RequestBuilder::params).finish())
                .await
        };
        // Begun in the order of the messages: a cancel finds the prompt before it.
        let mut served = Box::pin(tokio::task::coop::unconstrained(served));
        let begun = served.as_mut().now_or_never();
        async move {
            match begun {
                Some(reply) => reply,
                None => served.await,
            }
        }
    }
}

impl Wire {
    /// Why a request is not served at this point of the connection's life, whether there is such a method
    /// or not.
    fn too_early_or_late(&self, method: &str) -> Option<Error> {
        if self.editor.shut.load(Ordering::Acquire) {
            return Some(Error::new(INVALID_REQUEST, "the client has asked for the shutdown"));
        }
        let early = method != "initialize" && self.editor.terms.get().is_none();
        early.then(|| Error::new(NOT_INITIALIZED, "`initialize` must come first"))
    }

    /// Cancels the turn whose progress it is, where there is one.
    fn cancel_progress(&self, params: Params) {
        let is_plain = self.editor.terms.get().is_some_and(|terms| terms.agent.is_none());
        let params = params.into_value().ok().flatten().unwrap_or_default();
        if let Some(order) = Order::of_progress(&params).filter(|_| is_plain)
            && let Err(why) = self.editor.order(order)
        {
            tracing::warn!("a turn is not cancelled: {why}");
        }
    }

    /// One message through tower-lsp's service, which keeps LSP's order of life.
    async fn call(&self, request: Request) -> Reply {
        let called = self.lsp.lock().unwrap_or_else(PoisonError::into_inner).call(request);
        let ended = || Error::new(INVALID_REQUEST, "the client has asked for the exit");
        let Some(response) = called.await.map_err(|_| ended())? else { return reply(()) };
        match response.into_parts().1 {
            Ok(result) => reply(result),
            Err(error) => {
                let plain = Error::new(error.code.code(), error.message.into_owned());
                Err(match error.data {
                    Some(data) => plain.with_data(data),
                    None => plain,
                })
            }
        }
    }
}
