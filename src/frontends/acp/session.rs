//! The life of sessions on one connection: made, loaded, resumed, listed, closed, deleted.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agent_client_protocol_schema::v1 as acp;
use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc, oneshot};

use super::Agent;
use super::error;
use super::feed::{Ask, Feed};
use super::files::ClientFiles;
use super::list;
use super::places::Places;
use super::projection::View;
use super::prompts::Prompts;
use super::settings;
use super::setup::{Params, Setup};
use crate::engine::journal::OpenError;
use crate::engine::{Command, HostError, Level, NewSession, PromptId, Seq, Session, SessionId};
use crate::limits;
use crate::rpc::{self, Error};
use crate::workspace::{Buffers, NoBuffers};

/// A session that is open on this connection.
pub struct Attached {
    /// The session.
    pub session: Session,
    /// Its prompts that are not answered.
    pub prompts: Arc<Prompts>,
    /// Where the client finds the files.
    pub places: Places,
    /// Told of each `session/cancel`.
    pub cancelled: Notify,
    feed: mpsc::Sender<Ask>,
    sent: AtomicU64,
}

/// The request that opens a session, as far as its answer is concerned.
pub type Answered = BoxFuture<'static, ()>;

impl Agent {
    /// `session/new`.
    pub(super) async fn new_session(
        &self,
        params: rpc::Params,
        answered: Answered,
    ) -> Result<acp::NewSessionResponse, Error> {
        let setup = self.check(params.read()?).await?;
        let files = self.files(&setup.places);
        let new = NewSession {
            cwd: setup.places.cwd().clone(),
            roots: setup.places.roots(),
            model: self.options.model.clone(),
            mode: self.options.mode,
            buffers: buffers(&files),
        };
        let created = self.host.create(new).await;
        let session = created.map_err(|error| error::from_host(&SessionId(String::new()), &error))?;
        if let Some(files) = files {
            files.name(&session.id);
        }
        if let Some(text) = setup.about_mcp_servers() {
            let told = session.send(Command::Notice { level: Level::Warning, text }).await;
            told.map_err(|refused| error::from_refused(&session.id, &refused))?;
        }
        let attached = self.attach(&session, &setup, Seq(0));
        let notices = self.options.notices.clone();
        attached.ask(Ask::Welcome { replay: None, answered, notices }).await;
        Ok(acp::NewSessionResponse::new(session.id.0.clone())
            .modes(settings::modes(&session))
            .config_options(settings::options(&self.host, &session)))
    }

    /// `session/load`: answered when everything that happened has been told.
    pub(super) async fn load_session(
        &self,
        params: rpc::Params,
        answered: Answered,
    ) -> Result<acp::LoadSessionResponse, Error> {
        let (attached, notices) = self.open(params.read()?).await?;
        let (replay, told) = oneshot::channel();
        attached.ask(Ask::Welcome { replay: Some(replay), answered, notices }).await;
        let _feed_may_have_ended = told.await;
        Ok(acp::LoadSessionResponse::new()
            .modes(settings::modes(&attached.session))
            .config_options(settings::options(&self.host, &attached.session)))
    }

    /// `session/resume`: as it was, without telling what happened.
    pub(super) async fn resume_session(
        &self,
        params: rpc::Params,
        answered: Answered,
    ) -> Result<acp::ResumeSessionResponse, Error> {
        let (attached, notices) = self.open(params.read()?).await?;
        attached.ask(Ask::Welcome { replay: None, answered, notices }).await;
        Ok(acp::ResumeSessionResponse::new()
            .modes(settings::modes(&attached.session))
            .config_options(settings::options(&self.host, &attached.session)))
    }

    /// `session/list`.
    pub(super) async fn list_sessions(
        &self,
        params: rpc::Params,
    ) -> Result<acp::ListSessionsResponse, Error> {
        let request: acp::ListSessionsRequest = params.read()?;
        let all =
            self.host.list().await.map_err(|error| error::from_host(&SessionId(String::new()), &error))?;
        list::page(all, &request)
    }

    /// `session/close`: what runs is cancelled, and told to its end.
    pub(super) async fn close_session(
        &self,
        params: rpc::Params,
    ) -> Result<acp::CloseSessionResponse, Error> {
        let request: acp::CloseSessionRequest = params.read()?;
        let id = SessionId(request.session_id.0.to_string());
        self.attached(&id)?;
        self.detach(&id).await;
        Ok(acp::CloseSessionResponse::new())
    }

    /// `session/delete`: harmless when there is none.
    pub(super) async fn delete_session(
        &self,
        params: rpc::Params,
    ) -> Result<acp::DeleteSessionResponse, Error> {
        let request: acp::DeleteSessionRequest = params.read()?;
        let id = SessionId(request.session_id.0.to_string());
        if let Some(holder) = self.ours(&id).await.ok().and_then(|open| open.session.holder()) {
            return Err(error::busy(&id, &holder));
        }
        self.detach(&id).await;
        match self.host.delete(&id).await {
            Ok(()) | Err(HostError::Open(OpenError::Unknown(_))) => Ok(acp::DeleteSessionResponse::new()),
            Err(error) => Err(error::from_host(&id, &error)),
        }
    }

    /// The session of that id, if it is open on this connection.
    pub(super) fn attached(&self, id: &SessionId) -> Result<Arc<Attached>, Error> {
        self.sessions().get(id).cloned().ok_or_else(|| error::not_open(id))
    }

    /// The session of that id, for who wants to change it. One that another process held is tried anew:
    /// that process may be gone. Nothing is waited for where it is held here.
    pub(super) async fn ours(&self, id: &SessionId) -> Result<Arc<Attached>, Error> {
        let attached = self.attached(id)?;
        if attached.session.holder().is_some() {
            let files = self.files(&attached.places);
            let opened = self.host.open(id, buffers(&files)).await;
            opened.map_err(|error| error::from_host(id, &error))?;
            if let Some(files) = files {
                files.name(id);
            }
        }
        Ok(attached)
    }

    /// Opens the session that is meant, and says what the user should know about how.
    async fn open(&self, params: Params) -> Result<(Arc<Attached>, Vec<String>), Error> {
        let id = params.session()?;
        let setup = self.check(params).await?;
        let attached = match self.attached(&id) {
            Ok(attached) if attached.session.holder().is_none() => attached,
            // One that another process held is tried anew: that process may be gone.
            Ok(_) | Err(_) => {
                self.sessions().remove(&id);
                let files = self.files(&setup.places);
                let opened = self.host.open(&id, buffers(&files)).await;
                let session = opened.map_err(|error| error::from_host(&id, &error))?;
                if let Some(files) = files {
                    files.name(&id);
                }
                let after = session.state(|state| state.seq());
                self.attach(&session, &setup, after)
            }
        };
        let mut notices = notices(&attached.session, &setup);
        notices.extend(self.options.notices.iter().cloned());
        Ok((attached, notices))
    }

    async fn check(&self, params: Params) -> Result<Setup, Error> {
        let look = self.options.look_at_folder.clone();
        let checked = tokio::task::spawn_blocking(move || params.check(&look)).await;
        checked.map_err(|_| error::failed("ending", "the program is ending"))?
    }

    fn files(&self, places: &Places) -> Option<Arc<ClientFiles>> {
        let files = || Arc::new(ClientFiles::new(self.client.clone(), places.clone()));
        self.terms().files.then(files)
    }

    /// Starts to tell the client what happens in a session after this fact.
    fn attach(&self, session: &Session, setup: &Setup, after: Seq) -> Arc<Attached> {
        let view = View {
            host: self.host.clone(),
            terms: self.terms(),
            places: setup.places.clone(),
            models: self.options.models.clone(),
        };
        let (feed, asks) = mpsc::channel(limits::ACP_ASKS_MAX);
        let prompts = Arc::new(Prompts::default());
        let attached = Attached {
            session: session.clone(),
            prompts: prompts.clone(),
            places: setup.places.clone(),
            cancelled: Notify::new(),
            feed,
            sent: AtomicU64::new(0),
        };
        let attached = match self.sessions().entry(session.id.clone()) {
            // Another request has opened it meanwhile.
            Entry::Occupied(open) => return open.get().clone(),
            Entry::Vacant(free) => free.insert(Arc::new(attached)).clone(),
        };
        let told = Feed::new(self.client.clone(), session.clone(), view, prompts, after);
        let over = self.over.clone();
        self.tasks.spawn(async move { over.run_until_cancelled(told.run(asks)).await });
        attached
    }

    /// Closes a session and waits until the client has been told all.
    async fn detach(&self, id: &SessionId) {
        let attached = self.sessions().remove(id);
        self.host.close(id).await;
        if let Some(attached) = attached {
            let (done, told) = oneshot::channel();
            attached.ask(Ask::Close(done)).await;
            let _feed_may_have_ended = told.await;
        }
    }
}

impl Attached {
    /// A name for the next prompt: no other prompt of the session has it, also not one of an earlier
    /// process, because every prompt adds a fact.
    pub fn next_prompt(&self) -> PromptId {
        let seq = self.session.state(|state| state.seq());
        PromptId(format!("acp-{}-{}", seq.0, self.sent.fetch_add(1, Ordering::Relaxed)))
    }

    async fn ask(&self, ask: Ask) {
        if self.feed.send(ask).await.is_err() {
            tracing::debug!(session = %self.session.id, "nobody tells of this session any more");
        }
    }
}

fn buffers(files: &Option<Arc<ClientFiles>>) -> Arc<dyn Buffers> {
    match files {
        Some(files) => files.clone(),
        None => Arc::new(NoBuffers),
    }
}

/// What the user should know about a session that was opened again.
fn notices(session: &Session, setup: &Setup) -> Vec<String> {
    let mut notices: Vec<String> = setup.about_mcp_servers().into_iter().collect();
    if let Some(holder) = session.holder() {
        notices.push(format!("This session is in use by {holder}. It is shown here as it goes on; prompts and answers belong there."));
    }
    let roots = session.state(|state| state.roots().to_vec());
    let given = setup.places.real_roots();
    if roots.iter().any(|root| !given.contains(root)) || given.iter().any(|root| !roots.contains(root)) {
        let named: Vec<String> = roots.iter().map(|root| format!("`{root}`")).collect();
        notices.push(format!("This session works in {}, as it was made.", named.join(", ")));
    }
    notices
}
