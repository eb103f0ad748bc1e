//! `Host`: all sessions of this process: create, open, list, close; what front ends hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::commits::Heads;
use super::desk::Desk;
use super::event::{Event, Mode, ModelName, SessionId};
use super::gates::FileGates;
use super::handle::{Activity, Reach, Session};
use super::journal::{Journals, OpenError, Opened, SessionInfo};
use super::model::Models;
use super::outside::{self, Stale};
use super::parts::{Environment, ModeFor, Parts, Toolbox, Variables};
use super::recorder::{Clock, Halted, Recorder};
use super::ruling::RulesFor;
use super::sent::Outgoing;
use super::session::{self};
use super::workplace::Workplace;
use crate::limits;
use crate::path::AbsPath;
use crate::workspace::{Buffers, Files, Outside, Turns};

/// What all sessions share.
#[derive(Clone)]
pub struct Shared {
    /// Where sessions are kept.
    pub journals: Arc<dyn Journals>,
    /// Finds models.
    pub models: Arc<dyn Models>,
    /// The tools.
    pub toolbox: Arc<Toolbox>,
    /// The permission rules of a session.
    pub rules: RulesFor,
    /// The mode in which a session of this folder begins, where this one is wished for.
    pub modes: ModeFor,
    /// Gives the time of a fact.
    pub clock: Clock,
    /// Makes ids of sessions.
    pub ids: Arc<dyn Fn() -> SessionId + Send + Sync>,
    /// Where the model is told it is.
    pub environment: Environment,
    /// Variables of the environment that commands get beside the usual ones, as the user wants it.
    pub variables: Variables,
    /// Tells of changes by others; none: they are seen when a file is used.
    pub outside: Option<Outside>,
    /// The user's own file of instructions, whether it is there or not.
    pub instructions: Option<AbsPath>,
    /// Where programs that write the same files wait for each other.
    pub turns: Turns,
}

/// What a new session is to be.
pub struct NewSession {
    /// Where relative paths count from.
    pub cwd: AbsPath,
    /// The workspace's folders; `cwd` is added in front where it is missing.
    pub roots: Vec<AbsPath>,
    /// The model; none: the configured one.
    pub model: Option<ModelName>,
    /// The mode.
    pub mode: Mode,
    /// What an editor holds.
    pub buffers: Arc<dyn Buffers>,
}

/// Why a session cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The journal says no.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk failed.
    #[error("failed to make a session: {0}")]
    Io(#[from] std::io::Error),
    /// It cannot record.
    #[error("{0}")]
    Halted(#[from] Halted),
    /// The process is ending.
    #[error("the program is ending")]
    Ending,
}

/// All sessions of this process.
pub struct Host {
    shared: Shared,
    sessions: Mutex<HashMap<SessionId, Session>>,
    /// Sessions are opened and given up one after another: a journal has one opener at a time, also
    /// in this process.
    opening: tokio::sync::Mutex<()>,
    /// Whose turn it is at a user's file, over all sessions.
    gates: Arc<FileGates>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Host {
    /// A host without sessions.
    pub fn new(shared: Shared) -> Arc<Self> {
        Arc::new(Self {
            shared,
            sessions: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            gates: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Makes a session. Without a model that can be found it is made all the same, and its first turn
    /// ends with what to do.
    pub async fn create(&self, new: NewSession) -> Result<Session, HostError> {
        let id = (self.shared.ids)();
        let (shared, session) = (self.shared.clone(), id.clone());
        let model = new.model.clone().or_else(|| self.shared.models.default().ok());
        let opened = self.blocking(move || -> Result<Workplace, HostError> {
            let roots = roots_of(&new);
            let files = Files::new(new.cwd, roots, new.buffers).taking_turns(shared.turns.clone());
            let journal = shared.journals.create(&session)?;
            let recorder = Recorder::open(session, journal, shared.clock.clone())?;
            recorder.record(Event::Opened {
                roots: files.roots().to_vec(),
                cwd: files.cwd().clone(),
                model: model.unwrap_or_else(|| ModelName(String::new())),
                mode: (shared.modes)(files.cwd(), new.mode),
            })?;
            Ok(Workplace::new(recorder, files, &shared.rules))
        });
        let workplace = opened.await??;
        self.hold(id, workplace)
    }

    /// Opens a session that exists, or gives the handle of one that is open. One that another process
    /// holds is followed; where that process is gone since, the session is held from here on, and so do
    /// all who follow it here.
    pub async fn open(&self, id: &SessionId, buffers: Arc<dyn Buffers>) -> Result<Session, HostError> {
        let _one_opener = self.opening.lock().await;
        let open = self.get(id);
        if let Some(open) = &open
            && open.holder().is_none()
        {
            return Ok(open.clone());
        }
        let followed = open.map(|open| open.recorder).filter(|recorder| recorder.halted().is_none());
        let (shared, session) = (self.shared.clone(), id.clone());
        let opened = self.blocking(move || -> Result<(Arc<Recorder>, Option<String>), HostError> {
            let clock = shared.clock.clone();
            match (shared.journals.open(&session)?, followed) {
                (Opened::Held(journal), Some(followed)) => {
                    followed.take_over(journal)?;
                    Ok((followed, None))
                }
                (Opened::Held(journal), None) => Ok((Recorder::open(session, journal, clock)?, None)),
                (Opened::Followed { holder, .. }, Some(followed)) => {
                    followed.catch_up()?;
                    Ok((followed, Some(holder)))
                }
                (Opened::Followed { journal, holder }, None) => {
                    Ok((Recorder::follow(session, journal, clock)?, Some(holder)))
                }
            }
        });
        let (recorder, holder) = opened.await??;
        if let Some(holder) = holder {
            return Ok(self.follow(id.clone(), recorder, holder));
        }
        let (Some(cwd), roots) = recorder.state(|state| (state.cwd().cloned(), state.roots().to_vec()))
        else {
            return Err(Halted(format!("session `{id}` has no beginning")).into());
        };
        let (rules_for, turns) = (self.shared.rules.clone(), self.shared.turns.clone());
        let opened = self.blocking(move || {
            let files = Files::new(cwd, roots, buffers).taking_turns(turns);
            recorder.state(|state| {
                for (path, (version, portion)) in state.seen() {
                    files.views().saw(path, *version, None, (*portion).into());
                }
            });
            Workplace::new(recorder, files, &rules_for)
        });
        let workplace = opened.await?;
        self.hold(id.clone(), workplace)
    }

    /// The facts of a session, to look at: nothing is changed in its files, whoever holds it. One that
    /// is damaged is halted after the last fact that can be read.
    pub async fn look(&self, id: &SessionId) -> Result<Arc<Recorder>, HostError> {
        if let Some(open) = self.get(id) {
            return Ok(open.recorder);
        }
        let (shared, session) = (self.shared.clone(), id.clone());
        let looked = self.blocking(move || -> Result<Arc<Recorder>, HostError> {
            let journal = shared.journals.look(&session)?;
            Ok(Recorder::salvage(session, journal, shared.clock.clone()))
        });
        looked.await?
    }

    /// The ids of all open sessions.
    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.lock().keys().cloned().collect()
    }

    /// The open session of that id.
    pub fn get(&self, id: &SessionId) -> Option<Session> {
        self.lock().get(id).cloned()
    }

    /// All sessions, the one active last first; of those open here with what they are doing.
    pub async fn list(&self) -> Result<Vec<(SessionInfo, Activity)>, HostError> {
        let journals = self.shared.journals.clone();
        let mut infos = self.blocking(move || journals.list()).await??;
        let open: Vec<Session> = self.lock().values().cloned().collect();
        for session in &open {
            let Some(info) = session.recorder.info() else { continue };
            match infos.iter_mut().find(|known| known.id == session.id) {
                Some(known) => *known = info,
                None => infos.push(info),
            }
        }
        infos.sort_by(|left, right| right.updated.cmp(&left.updated));
        let activity = |info: SessionInfo| {
            let open = open.iter().find(|session| session.id == info.id);
            (info, open.map_or(Activity::Idle, Session::activity))
        };
        Ok(infos.into_iter().map(activity).collect())
    }

    /// Cancels what a session does, closes it and gives it up; harmless when it is not open.
    pub async fn close(&self, id: &SessionId) {
        let _one_opener = self.opening.lock().await;
        self.close_alone(id).await;
    }

    async fn close_alone(&self, id: &SessionId) {
        let Some(session) = self.lock().remove(id) else { return };
        match session.reach() {
            Reach::Held { stop, ended, .. } => {
                stop.cancel();
                ended.cancelled().await;
            }
            Reach::Followed { stop, .. } => stop.cancel(),
        }
        let recorder = session.recorder.clone();
        let given_up = self.blocking(move || {
            if let Err(error) = recorder.settle() {
                tracing::warn!("failed to bring a session's journal to the disk: {error}");
            }
            recorder.give_up();
        });
        if given_up.await.is_err() {
            tracing::warn!("a session was not given up in order");
        }
    }

    /// Closes and removes a session.
    pub async fn delete(&self, id: &SessionId) -> Result<(), HostError> {
        let _one_opener = self.opening.lock().await;
        // One that another process holds is not removed, and is followed on.
        let is_followed = self.get(id).is_some_and(|session| session.holder().is_some());
        if !is_followed {
            self.close_alone(id).await;
        }
        let (journals, gone) = (self.shared.journals.clone(), id.clone());
        self.blocking(move || journals.delete(&gone)).await??;
        self.close_alone(id).await;
        Ok(())
    }

    /// What models there are.
    pub fn models(&self) -> &Arc<dyn Models> {
        &self.shared.models
    }

    /// Ends all sessions: running turns are cancelled and close what they opened, journals reach the
    /// disk. Gives up after `limits::SHUTDOWN_WAIT`; recovery covers what is missing then.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.lock().clear();
        self.tasks.close();
        if tokio::time::timeout(limits::SHUTDOWN_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("some sessions did not close in time");
        }
    }

    fn hold(&self, id: SessionId, workplace: Workplace) -> Result<Session, HostError> {
        let Workplace { recorder, files, rules } = workplace;
        let (mailbox, messages) = mpsc::channel(limits::MAILBOX_MAX);
        let (desk, stop) = (Desk::default(), self.stop.child_token());
        let parts = Arc::new(Parts {
            session: id.clone(),
            recorder: recorder.clone(),
            models: self.shared.models.clone(),
            toolbox: self.shared.toolbox.clone(),
            files,
            desk: desk.clone(),
            rules,
            rules_for: self.shared.rules.clone(),
            environment: self.shared.environment.clone(),
            variables: self.shared.variables.clone(),
            instructions: self.shared.instructions.clone(),
            tasks: self.tasks.clone(),
            journals: self.shared.journals.clone(),
            gates: self.gates.clone(),
            settled: false.into(),
            heads: Heads::default(),
            outside: self.shared.outside.clone(),
            outgoing: Outgoing::new(self.shared.clock.clone()),
            stale: Stale::default(),
        });
        if self.stop.is_cancelled() {
            return Err(HostError::Ending);
        }
        parts.settle_in_the_background();
        let ended = CancellationToken::new();
        let (running, has_ended) =
            (session::run(parts.clone(), messages, stop.clone()), ended.clone().drop_guard());
        let watching = stop.child_token();
        self.tasks.spawn(watching.clone().run_until_cancelled_owned(outside::run(parts.clone())));
        let watches_no_more = watching.drop_guard();
        self.tasks.spawn(async move {
            let _has_ended = has_ended;
            let _watches_no_more = watches_no_more;
            running.await;
        });
        Ok(self.keep(id, recorder, Reach::Held { mailbox, desk, parts, stop, ended }))
    }

    fn follow(&self, id: SessionId, recorder: Arc<Recorder>, holder: String) -> Session {
        let stop = self.stop.child_token();
        let session = self.keep(id, recorder, Reach::Followed { holder, stop: stop.clone() });
        let followed = session.recorder.clone();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(limits::FOLLOW_EVERY);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                if let Err(halted) = followed.catch_up() {
                    followed.halt(halted.0);
                    return;
                }
            }
        });
        session
    }

    /// Puts a session among those that are open, in the place of how it was followed until now.
    fn keep(&self, id: SessionId, recorder: Arc<Recorder>, reach: Reach) -> Session {
        let mut sessions = self.lock();
        let before = sessions.get(&id).cloned();
        if let Some(Reach::Followed { stop, .. }) = before.as_ref().map(Session::reach) {
            stop.cancel();
        }
        if let Some(same) = before.filter(|before| Arc::ptr_eq(&before.recorder, &recorder)) {
            same.reaches(reach);
            return same;
        }
        let session = Session::new(id.clone(), recorder, reach);
        sessions.insert(id, session.clone());
        session
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HostError> {
        self.tasks.spawn_blocking(work).await.map_err(|_| HostError::Ending)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn roots_of(new: &NewSession) -> Vec<AbsPath> {
    let mut roots = new.roots.clone();
    if !roots.contains(&new.cwd) {
        roots.insert(0, new.cwd.clone());
    }
    roots
}
