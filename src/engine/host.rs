//! `Host`: all sessions of this process: create, open, list, close; what front ends hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::{Desk, Taken};
use super::event::{
    Answer, Block, ChoiceKind, ClientId, Command, Deliver, Event, Mode, ModelName, PromptId, QuestionId, Seq,
    SessionId,
};
use super::journal::{Journals, OpenError, Opened, SessionInfo};
use super::model::Models;
use super::parts::{Environment, Parts, RulesFor, Toolbox};
use super::reader::Reader;
use super::recorder::{Clock, Halted, Recorder};
use super::session::{self, Accepted, Message, Refused};
use super::state::State;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Rules;
use crate::workspace::{Buffers, Files};

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
    /// Gives the time of a fact.
    pub clock: Clock,
    /// Makes ids of sessions.
    pub ids: Arc<dyn Fn() -> SessionId + Send + Sync>,
    /// Where the model is told it is.
    pub environment: Environment,
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
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A handle on an open session; cheap to clone.
#[derive(Clone)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    recorder: Arc<Recorder>,
    reach: Reach,
    stop: CancellationToken,
}

/// What this process can do with a session.
#[derive(Clone)]
enum Reach {
    /// It holds the session.
    Held { mailbox: mpsc::Sender<Message>, desk: Desk },
    /// Another process does; it can be read.
    Followed { holder: String },
}

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing.
    Idle,
    /// A turn runs.
    Running,
    /// A question waits for the user.
    Waiting,
}

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It was answered or withdrawn, or never asked.
    #[error("question `{0}` is not open")]
    Closed(QuestionId),
    /// That answer was not among those offered.
    #[error("question `{0}` does not offer that answer")]
    NotOffered(QuestionId),
    /// Another process holds the session.
    #[error("the session is in use by {0}; answer there")]
    Busy(String),
}

impl Host {
    /// A host without sessions.
    pub fn new(shared: Shared) -> Arc<Self> {
        Arc::new(Self {
            shared,
            sessions: Mutex::default(),
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
            let files = Files::new(new.cwd, roots, new.buffers);
            let journal = shared.journals.create(&session)?;
            let recorder = Recorder::open(session, journal, shared.clock.clone())?;
            recorder.record(Event::Opened {
                roots: files.roots().to_vec(),
                cwd: files.cwd().clone(),
                model: model.unwrap_or_else(|| ModelName(String::new())),
                mode: new.mode,
            })?;
            let rules = (shared.rules)(files.cwd());
            Ok(Workplace { recorder, files, rules })
        });
        let workplace = opened.await??;
        self.hold(id, workplace)
    }

    /// Opens a session that exists, or gives the handle of one that is open. One that another process
    /// holds is followed.
    pub async fn open(&self, id: &SessionId, buffers: Arc<dyn Buffers>) -> Result<Session, HostError> {
        if let Some(open) = self.get(id)
            && matches!(open.reach, Reach::Held { .. })
        {
            return Ok(open);
        }
        let (shared, session) = (self.shared.clone(), id.clone());
        let opened = self.blocking(move || -> Result<(Arc<Recorder>, Option<String>), HostError> {
            let clock = shared.clock.clone();
            match shared.journals.open(&session)? {
                Opened::Held(journal) => Ok((Recorder::open(session, journal, clock)?, None)),
                Opened::Followed { journal, holder } => {
                    Ok((Recorder::follow(session, journal, clock)?, Some(holder)))
                }
            }
        });
        let (recorder, holder) = opened.await??;
        if let Some(holder) = holder {
            return Ok(self.follow(id.clone(), recorder, holder));
        }
        let state = recorder.state(|state| (state.cwd().cloned(), state.roots().to_vec()));
        let (Some(cwd), roots) = state else {
            return Err(Halted(format!("session `{id}` has no beginning")).into());
        };
        let rules_for = self.shared.rules.clone();
        let opened = self.blocking(move || {
            let files = Files::new(cwd, roots, buffers);
            let rules = rules_for(files.cwd());
            Workplace { recorder, files, rules }
        });
        let workplace = opened.await?;
        self.hold(id.clone(), workplace)
    }

    /// The facts of a session, to look at: nothing is added to them, whoever holds it.
    pub async fn look(&self, id: &SessionId) -> Result<Arc<Recorder>, HostError> {
        if let Some(open) = self.get(id) {
            return Ok(open.recorder);
        }
        let (shared, session) = (self.shared.clone(), id.clone());
        let looked = self.blocking(move || -> Result<Arc<Recorder>, HostError> {
            let (Opened::Held(journal) | Opened::Followed { journal, .. }) =
                shared.journals.open(&session)?;
            Ok(Recorder::follow(session, journal, shared.clock.clone())?)
        });
        looked.await?
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
        let Some(session) = self.lock().remove(id) else { return };
        session.stop.cancel();
        if let Reach::Held { mailbox, .. } = &session.reach {
            mailbox.closed().await;
        }
    }

    /// Closes and removes a session.
    pub async fn delete(&self, id: &SessionId) -> Result<(), HostError> {
        self.close(id).await;
        let (journals, id) = (self.shared.journals.clone(), id.clone());
        Ok(self.blocking(move || journals.delete(&id)).await??)
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
            environment: self.shared.environment.clone(),
            tasks: self.tasks.clone(),
            settled: false.into(),
        });
        if self.stop.is_cancelled() {
            return Err(HostError::Ending);
        }
        parts.settle_in_the_background();
        self.tasks.spawn(session::run(parts, messages, stop.clone()));
        let session = Session { id: id.clone(), recorder, reach: Reach::Held { mailbox, desk }, stop };
        self.lock().insert(id, session.clone());
        Ok(session)
    }

    fn follow(&self, id: SessionId, recorder: Arc<Recorder>, holder: String) -> Session {
        let stop = self.stop.child_token();
        let session = Session { id: id.clone(), recorder, reach: Reach::Followed { holder }, stop };
        let (followed, stop) = (session.recorder.clone(), session.stop.clone());
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(limits::FOLLOW_EVERY);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                if let Err(halted) = followed.catch_up() {
                    followed.halt(halted.0);
                    return;
                }
            }
        });
        if let Some(before) = self.lock().insert(id, session.clone()) {
            before.stop.cancel();
        }
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

/// What a session that is held here stands on.
struct Workplace {
    recorder: Arc<Recorder>,
    files: Files,
    rules: Arc<Rules>,
}

fn roots_of(new: &NewSession) -> Vec<AbsPath> {
    let mut roots = new.roots.clone();
    if !roots.contains(&new.cwd) {
        roots.insert(0, new.cwd.clone());
    }
    roots
}

impl Session {
    /// Sends a prompt; sending it twice is harmless.
    pub async fn prompt(
        &self,
        prompt: PromptId,
        content: Vec<Block>,
        deliver: Deliver,
    ) -> Result<Accepted, Refused> {
        self.send(Command::Prompt { prompt, content, deliver }).await
    }

    /// Sends a command and waits until it is taken, which does not depend on any turn.
    pub async fn send(&self, command: Command) -> Result<Accepted, Refused> {
        let mailbox = match &self.reach {
            Reach::Held { mailbox, .. } => mailbox,
            Reach::Followed { holder } => return Err(Refused::Busy(holder.clone())),
        };
        let (reply, answer) = oneshot::channel();
        mailbox.send(Message { command, reply }).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())?
    }

    /// Answers an open question with one of the answers it offers. The first answer counts.
    pub fn answer(&self, question: &QuestionId, answer: Answer, by: ClientId) -> Result<(), AnswerError> {
        let desk = match &self.reach {
            Reach::Held { desk, .. } => desk,
            Reach::Followed { holder } => return Err(AnswerError::Busy(holder.clone())),
        };
        let offered = self.recorder.state(|state| {
            let open = state.question(question).ok_or_else(|| AnswerError::Closed(question.clone()))?;
            Ok(open.ask.choices.iter().any(|choice| fits(&choice.kind, &answer)))
        })?;
        if !offered {
            return Err(AnswerError::NotOffered(question.clone()));
        }
        match desk.answer(question, answer, by) {
            Taken::Accepted => Ok(()),
            Taken::Closed => Err(AnswerError::Closed(question.clone())),
        }
    }

    /// Ends the running turn and hands the waiting prompts back; harmless when nothing runs.
    pub async fn cancel(&self) -> Result<Accepted, Refused> {
        self.send(Command::Cancel).await
    }

    /// A reader of all that happens after this fact.
    pub fn reader(&self, after: Seq) -> Reader {
        self.recorder.reader(after)
    }

    /// The session's facts, state and blobs, to look at.
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Looks at the state.
    pub fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.recorder.state(look)
    }

    /// What it is doing.
    pub fn activity(&self) -> Activity {
        self.state(|state| match (state.questions().is_empty(), state.turn()) {
            (false, _) => Activity::Waiting,
            (true, Some(_)) => Activity::Running,
            (true, None) => Activity::Idle,
        })
    }

    /// Who holds the session, where that is another process.
    pub fn holder(&self) -> Option<&str> {
        match &self.reach {
            Reach::Held { .. } => None,
            Reach::Followed { holder } => Some(holder),
        }
    }

    fn gone(&self) -> Refused {
        match self.recorder.halted() {
            Some(why) => Refused::Halted(why),
            None => Refused::Closed,
        }
    }
}

fn fits(offered: &ChoiceKind, answer: &Answer) -> bool {
    match (offered, answer) {
        (ChoiceKind::Once, Answer::Once) | (ChoiceKind::No, Answer::No { .. }) => true,
        (ChoiceKind::Always(offered), Answer::Always(given)) => offered == given,
        (
            ChoiceKind::Once | ChoiceKind::Always(_) | ChoiceKind::No,
            Answer::Once | Answer::Always(_) | Answer::No { .. },
        ) => false,
    }
}
