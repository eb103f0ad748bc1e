//! One task per session: its mailbox, and one turn at a time.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::event::{Block, Command, Deliver, Event, PromptId, RestoreOf, RestoredTo, TurnId, Why};
use super::parts::Parts;
use super::recorder::Halted;
use super::restore::{self, RestoreError, Restored};
use super::state::State;
use super::title;
use super::turn;
use crate::limits;
use crate::text::{clean, clip};

/// What comes in the mailbox, and where its answer goes.
pub enum Message {
    /// A command.
    Command { command: Command, reply: oneshot::Sender<Result<Accepted, Refused>> },
    /// A way back; between turns only.
    Restore { to: RestoredTo, what: RestoreOf, reply: oneshot::Sender<Result<Restored, RestoreError>> },
}

/// A command was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// The prompt began a turn.
    Started,
    /// The prompt waits; this many are before it.
    Queued(usize),
    /// The prompt goes to the model before its next step.
    Steering,
    /// The prompt was accepted before, or there was nothing to do.
    Already,
    /// It is done.
    Done,
}

/// A command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such prompt waiting.
    #[error("prompt `{0}` does not wait; it was taken or removed")]
    NotWaiting(PromptId),
    /// The queue is full.
    #[error("{} prompts wait already; let some be taken or remove them", limits::WAITING_PROMPTS_MAX)]
    QueueFull,
    /// The session cannot record any more.
    #[error("{0}")]
    Halted(String),
    /// The session was closed.
    #[error("the session is closed")]
    Closed,
    /// Another process holds the session.
    #[error("the session is in use by {0}; it can be read here, not changed")]
    Busy(String),
}

impl From<Halted> for Refused {
    fn from(halted: Halted) -> Self {
        Self::Halted(halted.0)
    }
}

type RunningTurn = Pin<Box<dyn Future<Output = Result<(), Halted>> + Send>>;

/// The task's own things.
struct Session {
    parts: Arc<Parts>,
    mailbox: mpsc::Receiver<Message>,
    stop: CancellationToken,
    /// The running turn and its cancel token.
    turn: Option<(RunningTurn, CancellationToken)>,
}

/// Runs a session until it is stopped. A panic ends this session only: what is open is closed.
pub async fn run(parts: Arc<Parts>, mailbox: mpsc::Receiver<Message>, stop: CancellationToken) {
    let session = Session { parts: parts.clone(), mailbox, stop, turn: None };
    let ended = AssertUnwindSafe(session.serve()).catch_unwind().await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(halted)) => tracing::error!(session = %parts.session, "session stopped: {halted}"),
        Err(_) => {
            tracing::error!(session = %parts.session, "session ended by a fault in Quillon");
            close_brackets(&parts);
            parts.recorder.halt("a fault in Quillon ended this session; the log has the details".into());
        }
    }
    parts.settle_in_the_background();
}

fn close_brackets(parts: &Parts) {
    for event in parts.recorder.state(State::closing) {
        if parts.recorder.record(event).is_err() {
            return;
        }
    }
}

impl Session {
    async fn serve(mut self) -> Result<(), Halted> {
        loop {
            if self.turn.is_none() {
                self.start_waiting()?;
            }
            let Some((turn, cancel)) = &mut self.turn else {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return self.remove_waiting(Why::Interrupted),
                    message = self.mailbox.recv() => match message {
                        Some(Message::Restore { to, what, reply }) => {
                            let _sender_may_be_gone = reply.send(restore::restore(&self.parts, to, what).await);
                        }
                        Some(Message::Command { command, reply }) => self.take(command, reply)?,
                        None => return self.remove_waiting(Why::Interrupted),
                    },
                }
                continue;
            };
            let stopping = cancel.is_cancelled() && self.stop.is_cancelled();
            let deaf = self.mailbox.is_closed() && self.mailbox.is_empty();
            tokio::select! {
                biased;
                ended = turn => {
                    self.turn = None;
                    self.parts.settle_in_the_background();
                    self.parts.clean_up_in_the_background();
                    ended?;
                }
                message = self.mailbox.recv(), if !deaf => {
                    match message {
                        Some(Message::Restore { reply, .. }) => {
                            let _sender_may_be_gone = reply.send(Err(RestoreError::Running));
                        }
                        Some(Message::Command { command, reply }) => self.take(command, reply)?,
                        None => self.cancel_turn(),
                    }
                }
                () = self.stop.cancelled(), if !stopping => {
                    self.remove_waiting(Why::Interrupted)?;
                    self.cancel_turn();
                }
            }
        }
    }

    /// Takes a command; answers it; a halted session answers everything with the reason.
    fn take(
        &mut self,
        command: Command,
        reply: oneshot::Sender<Result<Accepted, Refused>>,
    ) -> Result<(), Halted> {
        let done = self.apply(command);
        let halted = match &done {
            Err(Refused::Halted(why)) => Some(Halted(why.clone())),
            Ok(_) | Err(Refused::NotWaiting(_) | Refused::QueueFull | Refused::Closed | Refused::Busy(_)) => {
                None
            }
        };
        let _sender_may_be_gone = reply.send(done);
        halted.map_or(Ok(()), Err)
    }

    fn apply(&mut self, command: Command) -> Result<Accepted, Refused> {
        let record = |event| self.parts.recorder.record(event).map(|_| Accepted::Done).map_err(Refused::from);
        match command {
            Command::Prompt { prompt, content, deliver } => self.prompt(prompt, content, deliver),
            Command::Requeue { prompt, content } => {
                self.must_wait(&prompt)?;
                record(Event::Requeued { prompt, content })
            }
            Command::Unqueue { prompt } => {
                self.must_wait(&prompt)?;
                record(Event::Removed { prompt, why: Why::Withdrawn })
            }
            Command::Configure { setting } => record(Event::Configured { setting }),
            Command::Rename { title } => {
                let title = clip::line(&clean::one_line(title.trim()), limits::TITLE_CHARS_MAX);
                record(Event::Titled { title, asked: None })
            }
            Command::Notice { level, text } => record(Event::Noticed { level, text }),
            Command::Cancel { turn: Some(wanted) } if !self.runs(&wanted) => Ok(Accepted::Already),
            Command::Cancel { .. } => {
                self.remove_waiting(Why::Cancelled)?;
                if self.turn.is_none() {
                    return Ok(Accepted::Already);
                }
                self.cancel_turn();
                Ok(Accepted::Done)
            }
        }
    }

    fn prompt(
        &mut self,
        prompt: PromptId,
        content: Vec<Block>,
        deliver: Deliver,
    ) -> Result<Accepted, Refused> {
        let (known, waiting) = self.parts.recorder.state(|state| (state.knows(&prompt), state.queue().len()));
        if known {
            return Ok(Accepted::Already);
        }
        if self.turn.is_none() {
            self.start(prompt, content)?;
            return Ok(Accepted::Started);
        }
        if waiting >= limits::WAITING_PROMPTS_MAX {
            return Err(Refused::QueueFull);
        }
        self.parts.recorder.record(Event::Queued { prompt, content, deliver })?;
        match deliver {
            Deliver::Next => Ok(Accepted::Queued(waiting)),
            Deliver::Now => Ok(Accepted::Steering),
            Deliver::Interrupt => {
                self.cancel_turn();
                Ok(Accepted::Queued(0))
            }
        }
    }

    /// Starts the turn of the first prompt that waits.
    fn start_waiting(&mut self) -> Result<(), Halted> {
        let first = self.parts.recorder.state(|state| state.queue().front().cloned());
        match first {
            Some(waiting) => self.start(waiting.prompt, waiting.content),
            None => Ok(()),
        }
    }

    fn start(&mut self, prompt: PromptId, content: Vec<Block>) -> Result<(), Halted> {
        let (turn, _) = self.parts.recorder.record_from(|state| {
            let turn = TurnId(format!("t{}", state.turns() + 1));
            (turn.clone(), Event::TurnStarted { turn, prompt, content: content.clone() })
        })?;
        title::find_in_the_background(&self.parts, &content, self.stop.clone());
        self.parts.settled.store(false, Ordering::Release);
        // So that lists know of the session from here on, whatever becomes of this process; once the model
        // has been asked, which the user waits for.
        let (parts, stop) = (self.parts.clone(), self.stop.clone());
        self.parts.tasks.spawn(async move {
            let _sooner_at_the_end = tokio::time::timeout(limits::SETTLE_AFTER, stop.cancelled()).await;
            parts.settle_in_the_background();
        });
        let cancel = CancellationToken::new();
        let running = turn::run(self.parts.clone(), turn, cancel.clone());
        self.turn = Some((Box::pin(running), cancel));
        Ok(())
    }

    fn must_wait(&self, prompt: &PromptId) -> Result<(), Refused> {
        let waits =
            self.parts.recorder.state(|state| state.queue().iter().any(|waiting| waiting.prompt == *prompt));
        if waits { Ok(()) } else { Err(Refused::NotWaiting(prompt.clone())) }
    }

    fn remove_waiting(&self, why: Why) -> Result<(), Halted> {
        let waiting: Vec<PromptId> = self
            .parts
            .recorder
            .state(|state| state.queue().iter().map(|waiting| waiting.prompt.clone()).collect());
        for prompt in waiting {
            self.parts.recorder.record(Event::Removed { prompt, why })?;
        }
        Ok(())
    }

    fn runs(&self, wanted: &TurnId) -> bool {
        self.parts.recorder.state(|state| state.turn().is_some_and(|turn| turn.id == *wanted))
    }

    fn cancel_turn(&self) {
        if let Some((_, cancel)) = &self.turn {
            cancel.cancel();
        }
    }
}
