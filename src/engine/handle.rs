//! `Session`: what a front end holds of an open session: to send, to answer, to read.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::commits;
use super::desk::{Desk, Taken};
use super::event::{
    Answer, Block, ChoiceKind, ClientId, Command, Deliver, PromptId, Question, QuestionId, RestoreOf,
    RestoredTo, Seq, SessionId, Subject, TurnId, Who,
};
use super::media::{self, Given};
use super::parts::Parts;
use super::reader::Reader;
use super::recorder::Recorder;
use super::restore::{self, Checkpoint, Planned, RestoreError, Restored};
use super::review::{self, Decision, Review, Verdicts};
use super::session::{Accepted, Message, Refused};
use super::showing;
use super::state::State;
use crate::path::AbsPath;
use crate::policy::Intent;

/// A handle on an open session; cheap to clone.
#[derive(Clone)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    pub(super) recorder: Arc<Recorder>,
    /// One for all clones: this process may come to hold the session later.
    reach: Arc<Mutex<Reach>>,
    /// Prompts and cancels go through one after another, in the order in which they came: keeping what
    /// a prompt hands over takes its time.
    arrivals: Arc<tokio::sync::Mutex<()>>,
}

/// What this process can do with a session.
#[derive(Clone)]
pub(super) enum Reach {
    /// It holds the session.
    Held {
        mailbox: mpsc::Sender<Message>,
        desk: Desk,
        parts: Arc<Parts>,
        /// Ends the session's task.
        stop: CancellationToken,
        /// Fired when the session's task has ended.
        ended: CancellationToken,
    },
    /// Another process does; it can be read.
    Followed {
        holder: String,
        /// Ends the look at what the other one writes.
        stop: CancellationToken,
    },
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
    /// A text was given for a file that it is not about.
    #[error("question `{0}` is not about {1}")]
    OtherFile(QuestionId, AbsPath),
    /// Another process holds the session.
    #[error("the session is in use by {0}; answer there")]
    Busy(String),
}

impl Session {
    pub(super) fn new(id: SessionId, recorder: Arc<Recorder>, reach: Reach) -> Self {
        Self { id, recorder, reach: Arc::new(Mutex::new(reach)), arrivals: Arc::default() }
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on this is what the process can do with it.
    pub(super) fn reaches(&self, reach: Reach) {
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner) = reach;
    }

    /// Sends a prompt; sending it twice is harmless.
    pub async fn prompt(
        &self,
        prompt: PromptId,
        content: Vec<Block>,
        deliver: Deliver,
    ) -> Result<Accepted, Refused> {
        self.send(Command::Prompt { prompt, content, deliver }).await
    }

    /// Keeps what is handed over and sends the prompt.
    pub async fn prompt_with(
        &self,
        prompt: PromptId,
        given: Vec<Given>,
        deliver: Deliver,
    ) -> Result<Accepted, Refused> {
        let _in_order = self.arrivals.lock().await;
        let content = self.attach(given).await?;
        self.prompt(prompt, content, deliver).await
    }

    /// Keeps images and documents that are handed over, as pieces of a prompt. What cannot be handed to
    /// a model is described.
    pub async fn attach(&self, given: Vec<Given>) -> Result<Vec<Block>, Refused> {
        let parts = self.parts()?;
        let mut content = Vec::with_capacity(given.len());
        for given in given {
            let given = showing::handed_over(&parts, given);
            content.extend(media::attach(&parts, given).await);
        }
        Ok(content)
    }

    /// Sends a command and waits until it is taken, which does not depend on any turn.
    pub async fn send(&self, command: Command) -> Result<Accepted, Refused> {
        let mailbox = self.mailbox()?;
        let (reply, answer) = oneshot::channel();
        mailbox.send(Message::Command { command, reply }).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())?
    }

    /// Answers an open question with one of the answers it offers. The first answer counts.
    pub fn answer(&self, question: &QuestionId, answer: Answer, by: ClientId) -> Result<(), AnswerError> {
        self.give(question, answer, Who::User(by))
    }

    /// Answers an open question with no because nobody can be asked; why, for the model.
    pub fn nobody_to_ask(&self, question: &QuestionId, why: Option<String>) -> Result<(), AnswerError> {
        self.give(question, Answer::No { note: why }, Who::Quillon)
    }

    fn give(&self, question: &QuestionId, answer: Answer, by: Who) -> Result<(), AnswerError> {
        let desk = match self.reach() {
            Reach::Held { desk, .. } => desk,
            Reach::Followed { holder, .. } => return Err(AnswerError::Busy(holder)),
        };
        let offered = self.recorder.state(|state| {
            let open = state.question(question).ok_or_else(|| AnswerError::Closed(question.clone()))?;
            if let Some(other) = beside(&open.ask, &answer) {
                return Err(AnswerError::OtherFile(question.clone(), other.clone()));
            }
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
        let _in_order = self.arrivals.lock().await;
        self.send(Command::Cancel { turn: None }).await
    }

    /// Does the same if this turn runs, and nothing if another one does.
    pub async fn cancel_turn(&self, turn: TurnId) -> Result<Accepted, Refused> {
        let _in_order = self.arrivals.lock().await;
        self.send(Command::Cancel { turn: Some(turn) }).await
    }

    /// The files with changes that nobody has looked at yet, in the order in which they were first
    /// changed.
    pub async fn reviews(&self) -> Result<Vec<Review>, Refused> {
        let parts = self.parts()?;
        commits::look(&parts, &[]).await;
        Ok(review::list(&parts).await)
    }

    /// What is to be looked at in this file; none where the session has not changed it.
    pub async fn review(&self, path: &AbsPath) -> Result<Option<Review>, Refused> {
        let parts = self.parts()?;
        commits::look(&parts, &[]).await;
        Ok(review::file(&parts, path).await)
    }

    /// A file without the changes that are to be looked at, or as it stood before them where it has gone since.
    pub async fn before(&self, path: &AbsPath) -> Result<Option<super::story::Body>, Refused> {
        let parts = self.parts()?;
        commits::look(&parts, &[]).await;
        Ok(review::before(&parts, path).await)
    }

    /// Keeps changes or takes them back, one after another, also while a turn runs; an answer for each.
    pub async fn decide(&self, decisions: &[Decision]) -> Result<Verdicts, Refused> {
        let parts = self.parts()?;
        commits::look(&parts, &[]).await;
        Ok(review::decide(&parts, decisions).await)
    }

    /// The points that one can go back to, the oldest first.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, Refused> {
        let parts = self.parts()?;
        Ok(restore::checkpoints(&parts))
    }

    /// What going there would do with the files.
    pub async fn preview(&self, to: &RestoredTo) -> Result<Result<Vec<Planned>, RestoreError>, Refused> {
        let parts = self.parts()?;
        Ok(restore::preview(&parts, to).await)
    }

    /// Goes there; between turns only, unless single changes of files are taken back.
    pub async fn restore(
        &self,
        to: RestoredTo,
        what: RestoreOf,
    ) -> Result<Result<Restored, RestoreError>, Refused> {
        let mailbox = self.mailbox()?;
        // The task runs the turn, whose write this may wait for.
        if self.state(|state| restore::is_at_any_time(state, &to, what)) {
            let parts = self.parts()?;
            return Ok(restore::restore(&parts, to, what).await);
        }
        let (reply, answer) = oneshot::channel();
        mailbox.send(Message::Restore { to, what, reply }).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())
    }

    fn mailbox(&self) -> Result<mpsc::Sender<Message>, Refused> {
        match self.reach() {
            Reach::Held { mailbox, .. } => Ok(mailbox),
            Reach::Followed { holder, .. } => Err(Refused::Busy(holder)),
        }
    }

    fn parts(&self) -> Result<Arc<Parts>, Refused> {
        match self.reach() {
            Reach::Held { parts, .. } => Ok(parts),
            Reach::Followed { holder, .. } => Err(Refused::Busy(holder)),
        }
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

    /// Who holds the session, where that is another process, as it was when that was last looked at:
    /// `Host::open` looks again.
    pub fn holder(&self) -> Option<String> {
        match self.reach() {
            Reach::Held { .. } => None,
            Reach::Followed { holder, .. } => Some(holder),
        }
    }

    fn gone(&self) -> Refused {
        match self.recorder.halted() {
            Some(why) => Refused::Halted(why),
            None => Refused::Closed,
        }
    }
}

/// A file that the question is not about and that the user gives an own text for.
fn beside<'a>(ask: &Question, answer: &'a Answer) -> Option<&'a AbsPath> {
    let Answer::Amended { files } = answer else { return None };
    let edits = match &ask.subject {
        Subject::Intent(Intent::Write { edits }) => edits.as_slice(),
        Subject::Intent(_) | Subject::Loop(_) | Subject::Budget(_) => &[],
    };
    files.iter().map(|file| &file.path).find(|path| edits.iter().all(|edit| edit.path != **path))
}

fn fits(offered: &ChoiceKind, answer: &Answer) -> bool {
    match (offered, answer) {
        (ChoiceKind::Once, Answer::Once | Answer::Amended { .. }) | (ChoiceKind::No, Answer::No { .. }) => {
            true
        }
        (ChoiceKind::Always(offered), Answer::Always(given)) => offered == given,
        (
            ChoiceKind::Once | ChoiceKind::Always(_) | ChoiceKind::No,
            Answer::Once | Answer::Amended { .. } | Answer::Always(_) | Answer::No { .. },
        ) => false,
    }
}
