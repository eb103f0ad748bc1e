//! `Feed`: tells the client what happens in one session, and answers its prompts, in one order.
//!
//! One task, one reader: an answer leaves after all updates of its turn because it is given where
//! the turn's end is read, with no timing involved.

use std::ops::ControlFlow;
use std::sync::Arc;

use agent_client_protocol_schema::v1 as acp;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::client::Client;
use super::command;
use super::error;
use super::permission::Questions;
use super::projection::{Projection, Showing, View, Whose};
use super::prompts::Prompts;
use super::v1;
use crate::engine::journal::Recorded;
use crate::engine::{Event, Level, Question, QuestionId, Reader, Seq, Session, Update};
use crate::rpc::Closed;

/// What is asked of a feed.
pub enum Ask {
    /// The client has opened the session.
    Welcome {
        /// Whether it is told the whole past first; where it learns that this is done.
        replay: Option<oneshot::Sender<()>>,
        /// Resolves when the answer is on its way, for what must come after it.
        answered: BoxFuture<'static, ()>,
        /// Words to the user about how the session was opened.
        notices: Vec<String>,
    },
    /// The session was closed: tell what is left, answer what is open, and end.
    Close(oneshot::Sender<()>),
}

/// The task of one session on one connection.
pub struct Feed {
    client: Client,
    session: Session,
    projection: Projection,
    prompts: Arc<Prompts>,
    questions: Questions,
    reader: Reader,
    /// The last fact that was acted on, by an answer or a question.
    acted: Seq,
    over: bool,
}

impl Feed {
    /// A feed that tells what happens after this fact.
    pub fn new(client: Client, session: Session, view: View, prompts: Arc<Prompts>, after: Seq) -> Self {
        Self {
            projection: Projection::new(session.clone(), view, Showing::Live),
            reader: session.reader(after),
            questions: Questions::default(),
            acted: after,
            over: false,
            client,
            session,
            prompts,
        }
    }

    /// Runs until the session is closed or the client has gone.
    pub async fn run(mut self, mut asks: mpsc::Receiver<Ask>) {
        let ended = self.serve(&mut asks).await;
        if ended.is_err() {
            tracing::debug!(session = %self.session.id, "the client has gone");
        }
        self.prompts.over(&Ok(acp::StopReason::Cancelled));
    }

    async fn serve(&mut self, asks: &mut mpsc::Receiver<Ask>) -> Result<(), Closed> {
        loop {
            let due = self.projection.due(Instant::now());
            tokio::select! {
                biased;
                ask = asks.recv() => {
                    let Some(ask) = ask else { return Ok(()) };
                    if self.ask(ask).await?.is_break() {
                        return Ok(());
                    }
                }
                updates = self.reader.next(), if !self.over => match updates {
                    Some(updates) => self.tell(updates).await?,
                    None => self.over = true,
                },
                () = at(due) => {
                    self.projection.draw(Instant::now());
                    self.flush().await?;
                }
            }
        }
    }

    async fn ask(&mut self, ask: Ask) -> Result<ControlFlow<()>, Closed> {
        match ask {
            Ask::Welcome { replay, answered, notices } => {
                if let Some(done) = replay {
                    self.replay().await?;
                    let _request_may_be_gone = done.send(());
                }
                answered.await;
                let commands = acp::SessionUpdate::AvailableCommandsUpdate(command::announced());
                self.client.update(&self.session.id, commands).await?;
                for text in notices {
                    self.projection.notice(Level::Warning, &text);
                }
                self.flush().await?;
                Ok(ControlFlow::Continue(()))
            }
            Ask::Close(done) => {
                loop {
                    let updates = self.reader.read();
                    if updates.is_empty() || self.over {
                        break;
                    }
                    self.tell(updates).await?;
                }
                self.prompts.over(&Ok(acp::StopReason::Cancelled));
                let _request_may_be_gone = done.send(());
                Ok(ControlFlow::Break(()))
            }
        }
    }

    /// Tells everything from the first fact on; what follows goes on from there.
    async fn replay(&mut self) -> Result<(), Closed> {
        self.projection.begin_again();
        self.reader = self.session.reader(Seq(0));
        let until = self.session.state(|state| state.seq());
        while self.reader.after() < until && !self.over {
            let updates = self.reader.read();
            self.tell(updates).await?;
        }
        self.projection.go_live();
        self.flush().await?;
        for open in self.session.state(|state| state.questions().to_vec()) {
            if !self.questions.is_asked(&open.id) {
                let call = self.projection.question(&open.id, open.call.as_ref(), &open.ask);
                self.put_question(&open.id, &open.ask, call);
            }
        }
        Ok(())
    }

    async fn tell(&mut self, updates: Vec<Update>) -> Result<(), Closed> {
        for update in updates {
            match update {
                Update::Fact(fact) => self.fact(&fact).await?,
                Update::Delta(delta) => self.projection.delta(delta, Instant::now()),
                Update::Halted(why) => {
                    self.over = true;
                    self.projection.notice(Level::Error, &why);
                    self.flush().await?;
                    self.prompts.over(&Err(error::failed("halted", &why)));
                }
            }
        }
        self.flush().await
    }

    async fn fact(&mut self, fact: &Recorded) -> Result<(), Closed> {
        let ours = if let Event::TurnStarted { prompt, .. } | Event::Taken { prompt } = &*fact.event {
            self.prompts.holds(prompt)
        } else {
            false
        };
        let whose = if ours { Whose::Ours } else { Whose::Theirs };
        self.projection.fact(fact, whose);
        if fact.seq > self.acted {
            self.acted = fact.seq;
            self.act(&fact.event).await?;
        }
        Ok(())
    }

    /// What a fact means for the client's open requests and for ours.
    async fn act(&mut self, event: &Event) -> Result<(), Closed> {
        match event {
            Event::TurnStarted { prompt, .. } | Event::Taken { prompt } => self.prompts.in_turn(prompt),
            Event::Removed { prompt, .. } => self.prompts.answer(prompt, Ok(acp::StopReason::Cancelled)),
            Event::Asked { question, call, ask } => {
                let shown = self.projection.question(question, call.as_ref(), ask);
                self.flush().await?;
                self.put_question(question, ask, shown);
            }
            Event::Answered { question, .. } => self.questions.over(question),
            Event::TurnEnded { stop, .. } => {
                self.flush().await?;
                self.prompts.turn_ended(&v1::stop_reason(stop));
            }
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Replied { .. }
            | Event::CallStarted { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::CallEnded { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Overlooked { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. }
            | Event::Compacted { .. } => {}
        }
        Ok(())
    }

    /// Questions of a session that another process holds are answered there.
    fn put_question(&mut self, question: &QuestionId, ask: &Question, call: acp::ToolCallUpdate) {
        if self.session.holder().is_none() {
            self.questions.ask(&self.client, &self.session, (question, ask), call);
        }
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        for update in self.projection.take() {
            self.client.update(&self.session.id, update).await?;
        }
        Ok(())
    }
}

/// Resolves at that time; never without one.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
