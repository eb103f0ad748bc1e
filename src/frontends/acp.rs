//! `quillon acp`: the Agent Client Protocol on two byte streams. Types of its schema stay in here.
//!
//! What is absent: no decision about what may be done, no history, no file. The connection routes
//! (this file), sessions are opened and closed in `session`, prompted in `turn`, told of in `feed`.

mod begun;
mod client;
mod command;
mod error;
mod feed;
mod files;
mod list;
mod permission;
mod places;
mod projection;
mod prompts;
mod session;
mod settings;
mod setup;
mod terms;
#[cfg(test)]
mod tests;
mod turn;
mod undo;
mod v1;
mod verdicts;

pub use projection::{Known, KnownModels};
pub use setup::{FolderCheck, LookAtFolder};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_client_protocol_schema::v1::{self as acp, AGENT_METHOD_NAMES as METHODS};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::begun::Begun;
use self::client::Client;
use self::session::Attached;
use self::terms::Terms;
use crate::engine::{Host, Mode, ModelName, SessionId};
use crate::rpc::{
    Call, Connection, Dialect, Ended, Error, Handler, OnCancel, Params, Peer, Placement, Reply, Settings,
    reply,
};

/// What a connection is given beside the sessions.
#[derive(Clone)]
pub struct Options {
    /// Looks at the folders that a client names.
    pub look_at_folder: LookAtFolder,
    /// Says what is known of models.
    pub models: KnownModels,
    /// The model of new sessions; none: the configured one.
    pub model: Option<ModelName>,
    /// The mode of new sessions.
    pub mode: Mode,
    /// Words to the user about how the program was started; told in each session that is opened.
    pub notices: Vec<String>,
}

/// Serves one client until its input or output ends. With it the host ends too, at once, so that what
/// runs is closed and answered while there is still someone to hear it.
pub async fn serve(
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    host: Arc<Host>,
    options: Options,
) -> Ended {
    let connection = Connection::new(Settings::new(Dialect::ACP));
    let gone = connection.peer().closed();
    let agent = Arc::new(Agent {
        host: host.clone(),
        options,
        client: Client::new(connection.peer()),
        terms: Mutex::default(),
        sessions: Mutex::default(),
        tasks: TaskTracker::new(),
        over: CancellationToken::new(),
    });
    let shutdown = async {
        gone.await;
        host.shutdown().await;
    };
    let (ended, ()) = tokio::join!(connection.serve(input, output, agent.clone()), shutdown);
    agent.over.cancel();
    agent.tasks.close();
    agent.tasks.wait().await;
    ended
}

/// One connection.
struct Agent {
    host: Arc<Host>,
    options: Options,
    client: Client,
    /// What `initialize` agreed on; nothing before.
    terms: Mutex<Option<Terms>>,
    sessions: Mutex<HashMap<SessionId, Arc<Attached>>>,
    tasks: TaskTracker,
    /// Fired when the client has gone.
    over: CancellationToken,
}

impl Handler for Agent {
    fn placement(&self, method: &str) -> Placement {
        match Method::of(method) {
            Some(Method::Initialize | Method::Authenticate) => Placement::Inline,
            Some(Method::CloseSession | Method::DeleteSession | Method::SetMode | Method::SetOption) => {
                Placement::Reserved
            }
            Some(
                Method::NewSession
                | Method::LoadSession
                | Method::ResumeSession
                | Method::ListSessions
                | Method::Prompt,
            ) => Placement::Task,
            None => Placement::Unknown,
        }
    }

    fn on_cancel(&self, method: &str) -> OnCancel {
        // A turn that is cancelled closes what it opened, then its prompt is answered.
        if method == METHODS.session_prompt { OnCancel::Tell } else { OnCancel::Drop }
    }

    async fn notification(&self, _peer: &Peer, method: &str, params: Params) {
        if method == METHODS.session_cancel {
            self.cancel(&params).await;
        }
    }

    fn request(self: Arc<Self>, _peer: Peer, call: Call) -> impl Future<Output = Reply> + Send + 'static {
        // Begun in the order of the messages: a cancel finds the prompt before it, a prompt the mode.
        Begun::new(self.serve(call)).done()
    }
}

impl Agent {
    async fn serve(self: Arc<Self>, call: Call) -> Reply {
        let (answered, cancelled) = (Box::pin(call.answered()), call.cancelled());
        let Call { method, params, .. } = call;
        let Some(method) = Method::of(&method) else { return Err(Error::method_not_found(&method)) };
        if method != Method::Initialize {
            self.ready()?;
        }
        match method {
            Method::Initialize => self.initialize(&params),
            Method::Authenticate => reply(terms::authenticate(&params.read()?)?),
            Method::NewSession => reply(self.new_session(params, answered).await?),
            Method::LoadSession => reply(self.load_session(params, answered).await?),
            Method::ResumeSession => reply(self.resume_session(params, answered).await?),
            Method::ListSessions => reply(self.list_sessions(params).await?),
            Method::CloseSession => reply(self.close_session(params).await?),
            Method::DeleteSession => reply(self.delete_session(params).await?),
            Method::SetMode => reply(self.set_mode(&params).await?),
            Method::SetOption => reply(self.set_option(&params).await?),
            Method::Prompt => reply(self.prompt(&params, cancelled).await?),
        }
    }

    fn initialize(&self, params: &Params) -> Reply {
        let request: acp::InitializeRequest = params.read()?;
        *self.terms.lock().unwrap_or_else(PoisonError::into_inner) = Some(Terms::of(&request));
        reply(terms::answer())
    }

    /// Whether `initialize` has been answered.
    fn ready(&self) -> Result<(), Error> {
        match *self.terms.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(_) => Ok(()),
            None => Err(Error::new(crate::rpc::INVALID_REQUEST, "`initialize` must come first")),
        }
    }

    fn terms(&self) -> Terms {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_default()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Attached>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The methods that a client can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Initialize,
    Authenticate,
    NewSession,
    LoadSession,
    ResumeSession,
    ListSessions,
    CloseSession,
    DeleteSession,
    Prompt,
    SetMode,
    SetOption,
}

impl Method {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Initialize, METHODS.initialize),
        (Self::Authenticate, METHODS.authenticate),
        (Self::NewSession, METHODS.session_new),
        (Self::LoadSession, METHODS.session_load),
        (Self::ResumeSession, METHODS.session_resume),
        (Self::ListSessions, METHODS.session_list),
        (Self::CloseSession, METHODS.session_close),
        (Self::DeleteSession, METHODS.session_delete),
        (Self::Prompt, METHODS.session_prompt),
        (Self::SetMode, METHODS.session_set_mode),
        (Self::SetOption, METHODS.session_set_config_option),
    ];

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(method, _)| method)
    }
}
