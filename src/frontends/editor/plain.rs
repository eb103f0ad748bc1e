//! `Plain`: one conversation of a client that knows LSP only: commands in, a chat file and dialogues out.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use super::chat::USER;
use super::commands::Order;
use super::progress::Progress;
use super::questions::{CLIENT, Questions};
use super::talk::Talk;
use super::{Editor, earlier, transcript};
use crate::engine::{Block, ClientId, Deliver, Delta, Event, QuestionId, SessionId, TurnId, Update};
use crate::frontends::convert;
use crate::limits;

/// LSP's numbers for messages.
const ERROR: u32 = 1;
const INFO: u32 = 3;

/// The task of a plain client.
pub struct Plain {
    editor: Arc<Editor>,
    talk: Option<Talk>,
    questions: Questions,
    progress: Option<Progress>,
}

impl Plain {
    /// Nothing is made before the first prompt.
    pub fn new(editor: Arc<Editor>) -> Self {
        Self { editor, talk: None, questions: Questions::default(), progress: None }
    }

    /// Does what is ordered and tells what happens, until the client has gone.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let over = self.editor.over.clone();
        let work = async {
            loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        Some(order) => {
                            if let Err(why) = self.order(order).await {
                                self.say(ERROR, &why).await;
                            }
                        }
                        None => return,
                    },
                    updates = next(&mut self.talk) => self.updates(updates).await,
                    () = self.questions.gone() => self.ask_next(),
                }
            }
        };
        over.run_until_cancelled(work).await;
    }

    async fn order(&mut self, order: Order) -> Result<(), String> {
        match order {
            Order::Ask(words) => self.ask(words).await,
            Order::Cancel(turn) => {
                let Some(talk) = &self.talk else { return Ok(()) };
                let cancelled = match turn {
                    Some(turn) => talk.session.cancel_turn(turn).await,
                    None => talk.session.cancel().await,
                };
                cancelled.map(drop).map_err(|refused| refused.to_string())
            }
            Order::Review(wanted) => {
                let nothing = || "there is no change of the agent's to look at".to_owned();
                let talk = self.talk.as_ref().ok_or_else(nothing)?;
                talk.wanted
                    .try_send(wanted)
                    .map_err(|_| "too many decisions wait; try again later".to_owned())
            }
            Order::Answer { question, choice, note } => self.answer(&QuestionId(question), choice, note),
            Order::New => self.turn_to(None).await,
            Order::Sessions(Some(id)) => self.turn_to(Some(id)).await,
            Order::Sessions(None) => earlier::choose(&self.editor, self.present()).await,
            Order::List => earlier::show(&self.editor, self.present()).await,
        }
    }

    /// The conversation that goes on.
    fn present(&self) -> Option<&SessionId> {
        self.talk.as_ref().map(|talk| &talk.session.id)
    }

    /// Goes on with the conversation of this id, or with a new one.
    async fn turn_to(&mut self, id: Option<SessionId>) -> Result<(), String> {
        if let Some(talk) = &self.talk {
            if id.as_ref().map_or_else(|| talk.is_fresh(), |id| *id == talk.session.id) {
                talk.show(&self.editor);
                return Ok(());
            }
            if talk.runs() && talk.session.holder().is_none() {
                return Err("a turn is running; wait for its end, or cancel it first".to_owned());
            }
        }
        let talk = match &id {
            Some(id) => Talk::resume(&self.editor, id).await?,
            None => Talk::begin(&self.editor).await?,
        };
        talk.show(&self.editor);
        (self.questions, self.progress) = (Questions::default(), None);
        self.talk = Some(talk);
        self.ask_next();
        Ok(())
    }

    async fn ask(&mut self, words: Option<String>) -> Result<(), String> {
        if self.talk.is_none() {
            self.turn_to(None).await?;
        }
        let Some(talk) = &mut self.talk else { return Ok(()) };
        let text = match words {
            Some(text) => text,
            None => match talk.chat.take_prompt().await {
                Some(text) => text,
                None => {
                    let words = format!("Write below `{USER}` at the end of {}, then ask", talk.chat.path);
                    self.say(INFO, &words).await;
                    return Ok(());
                }
            },
        };
        if text.len() > limits::PROMPT_BYTES_MAX {
            talk.chat.keep_prompt();
            return Err("the prompt is too long; name files instead of handing over their text".to_owned());
        }
        let id = talk.next_prompt();
        let sent = talk.session.prompt(id, vec![Block::Text { text }], Deliver::Next).await;
        sent.map(drop).map_err(|refused| {
            talk.chat.keep_prompt();
            refused.to_string()
        })
    }

    fn answer(&self, question: &QuestionId, choice: String, note: Option<String>) -> Result<(), String> {
        let talk = self.talk.as_ref().ok_or("there is no conversation")?;
        let ask = talk.session.state(|state| state.question(question).map(|open| open.ask.clone()));
        let ask = ask.ok_or_else(|| format!("question `{question}` is not open"))?;
        let answer = convert::answer(&ask, &choice.as_str().into(), note, Vec::new())
            .ok_or_else(|| format!("question `{question}` has no choice `{choice}`"))?;
        talk.session.answer(question, answer, ClientId::from(CLIENT)).map_err(|error| error.to_string())
    }

    async fn updates(&mut self, updates: Option<Vec<Update>>) {
        let Some(updates) = updates else {
            (self.talk, self.progress) = (None, None);
            self.editor.set_hints(None);
            return;
        };
        for update in updates {
            match update {
                Update::Fact(fact) => self.fact(&fact.event),
                Update::Delta(delta) => self.delta(delta),
                Update::Halted(why) => self.say(ERROR, &why).await,
            }
        }
    }

    fn delta(&self, delta: Delta) {
        let Some(Talk { chat, hints, .. }) = &self.talk else { return };
        match delta {
            Delta::Text { text, .. } => chat.push(&text),
            Delta::Retrying { why, .. } => {
                chat.paragraph();
                chat.push(&format!("> What came of this answer is void, it is asked for again: {why}\n\n"));
            }
            Delta::Changed { .. } => hints.look(),
            Delta::Thought { .. } | Delta::CallInput { .. } | Delta::Output { .. } => {}
        }
    }

    fn fact(&mut self, event: &Event) {
        let Some(Talk { session, chat, hints, .. }) = &self.talk else { return };
        hints.heard(event);
        // What the model said was shown as it came.
        let is_shown = matches!(event, Event::Replied { .. });
        let words = if is_shown { String::new() } else { transcript::words(session.recorder(), event) };
        match event {
            Event::TurnStarted { turn, .. } => {
                chat.push(&words);
                chat.paragraph();
                self.begin_progress(turn);
                return;
            }
            Event::Replied { .. } => chat.paragraph(),
            Event::Asked { ask, .. } => self.report(&format!("waits for an answer: {}", ask.title)),
            Event::CallStarted { title, .. } => self.report(title),
            Event::Answered { question, .. } => self.questions.over(question),
            Event::TurnEnded { .. } => self.progress = None,
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
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
        if !words.trim().is_empty() {
            chat.paragraph();
            chat.push(words.trim_start());
            chat.paragraph();
        }
        self.ask_next();
    }

    fn report(&self, words: &str) {
        if let Some(progress) = &self.progress {
            progress.report(words);
        }
    }

    fn ask_next(&mut self) {
        if let Some(talk) = &self.talk {
            self.questions.next(&self.editor.peer, &talk.session);
        }
    }

    fn begin_progress(&mut self, turn: &TurnId) {
        if self.editor.terms.get().is_some_and(|terms| terms.progress) {
            let (progress, shows) = Progress::begin(self.editor.peer.clone(), turn);
            self.progress = Some(progress);
            self.editor.tasks.spawn(self.editor.over.clone().run_until_cancelled_owned(shows));
        }
    }

    async fn say(&self, kind: u32, words: &str) {
        let params = json!({ "type": kind, "message": words });
        let _client_may_be_gone = self.editor.peer.notify("window/showMessage", params).await;
    }
}

async fn next(talk: &mut Option<Talk>) -> Option<Vec<Update>> {
    match talk {
        Some(talk) => talk.reader.next().await,
        None => std::future::pending().await,
    }
}
