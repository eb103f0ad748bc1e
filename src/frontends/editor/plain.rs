//! `Plain`: one conversation of a client that knows LSP only: commands in, a chat file and dialogues out.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Editor;
use super::chat::{ANSWER, Chat, USER};
use super::commands::{Order, Wanted};
use super::document::Encoding;
use super::hints::Hints;
use super::progress::Progress;
use super::questions::{CLIENT, Questions, harmless_first};
use crate::engine::{
    Block, ClientId, Deliver, Delta, Event, NewSession, PromptId, Question, QuestionId, Reader, Session,
    Subject, TurnId, Update,
};
use crate::frontends::{convert, export};
use crate::limits;
use crate::path::AbsPath;
use crate::workspace;

/// LSP's numbers for messages.
const ERROR: u32 = 1;
const INFO: u32 = 3;

/// The task of a plain client.
pub struct Plain {
    editor: Arc<Editor>,
    talk: Option<Talk>,
    questions: Questions,
    progress: Option<Progress>,
    prompts: u64,
}

/// The conversation, once it has begun.
struct Talk {
    session: Session,
    reader: Reader,
    chat: Arc<Chat>,
    hints: Arc<Hints>,
    wanted: mpsc::Sender<Wanted>,
}

impl Plain {
    /// Nothing is made before the first prompt.
    pub fn new(editor: Arc<Editor>) -> Self {
        Self { editor, talk: None, questions: Questions::default(), progress: None, prompts: 0 }
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
        }
    }

    async fn ask(&mut self, words: Option<String>) -> Result<(), String> {
        if self.talk.is_none() {
            self.talk = Some(self.begin().await?);
            self.show_chat();
        }
        let Some(talk) = &self.talk else { return Ok(()) };
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
        self.prompts += 1;
        let id = PromptId(format!("chat-{}", self.prompts));
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

    async fn begin(&self) -> Result<Talk, String> {
        let editor = &self.editor;
        let cwd = self.folder().await?;
        let (model, mode) = (editor.options.model.clone(), editor.options.mode);
        let new = NewSession { cwd, roots: Vec::new(), model, mode, buffers: editor.buffers.clone() };
        let session = editor.host.create(new).await.map_err(|error| error.to_string())?;
        let folder = editor.options.state_folder.join("chats").map_err(|error| error.to_string())?;
        let path = folder.join(format!("{}.md", session.id)).map_err(|error| error.to_string())?;
        let encoding = editor.terms.get().map(|terms| terms.encoding).unwrap_or_default();
        let (write, documents) = (editor.options.write_chat.clone(), editor.documents.clone());
        let chat = Arc::new(Chat::new(path, write, documents, editor.peer.clone(), encoding));
        chat.push(&format!("{USER}\n\n"));
        chat.flush().await;
        editor.tasks.spawn(chat.clone().run(editor.over.clone()));
        let reader = session.reader(session.state(|state| state.seq()));
        let (hints, wanted) = self.begin_hints(&session, encoding);
        Ok(Talk { session, reader, chat, hints, wanted })
    }

    /// From here on the client sees what is to be looked at.
    fn begin_hints(&self, session: &Session, encoding: Encoding) -> (Arc<Hints>, mpsc::Sender<Wanted>) {
        let editor = &self.editor;
        let (documents, peer) = (editor.documents.clone(), editor.peer.clone());
        let hints = Arc::new(Hints::new(session.clone(), documents, peer, encoding));
        let (wanted, decisions) = mpsc::channel(limits::ORDERS_MAX);
        editor.tasks.spawn(hints.clone().run(decisions, editor.over.clone()));
        editor.set_hints(Some(hints.clone()));
        (hints, wanted)
    }

    /// Where the client works: its folder, else that of a file it has open.
    async fn folder(&self) -> Result<AbsPath, String> {
        let named = self.editor.terms.get().and_then(|terms| terms.folder.as_deref());
        let named = named.and_then(convert::uri::path);
        let documents = self.editor.documents.clone();
        let found = tokio::task::spawn_blocking(move || {
            let opened = || documents.paths().first().and_then(AbsPath::parent);
            let path = named.or_else(opened).ok_or("open a folder or a file of the project first")?;
            workspace::real_folder(&path).map_err(|error| format!("cannot work in `{path}`: {error}"))
        });
        found.await.map_err(|_| "the program is ending".to_owned())?
    }

    /// Opens the chat in the editor, or says where it is.
    fn show_chat(&self) {
        let Some(talk) = &self.talk else { return };
        let (peer, chat) = (self.editor.peer.clone(), talk.chat.clone());
        let can_show = self.editor.terms.get().is_some_and(|terms| terms.shows_documents);
        self.editor.tasks.spawn(self.editor.over.clone().run_until_cancelled_owned(async move {
            let params = json!({ "uri": chat.uri(), "external": false, "takeFocus": true });
            if can_show {
                let shown = peer.request("window/showDocument", &params, limits::EDITOR_APPLY_WAIT).await;
                let shown: Value = shown.unwrap_or_default();
                if shown["success"] == true {
                    return;
                }
            }
            let words = json!({ "type": INFO, "message": format!("Quillon's chat: {}", chat.path) });
            let _client_may_be_gone = peer.notify("window/showMessage", words).await;
        }));
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
            Delta::Changed { .. } => hints.happened(),
            Delta::Thought { .. } | Delta::CallInput { .. } | Delta::Output { .. } => {}
        }
    }

    fn fact(&mut self, event: &Event) {
        let Some(Talk { session, chat, hints, .. }) = &self.talk else { return };
        hints.heard(event);
        let mut words = String::new();
        match event {
            Event::TurnStarted { turn, content, .. } => {
                // The heading of the user stands there since the last turn.
                content.iter().for_each(|block| chat.push(&export::words(block)));
                chat.paragraph();
                chat.push(&format!("{ANSWER}\n\n"));
                self.begin_progress(turn);
                return;
            }
            Event::Asked { question, ask, .. } => {
                words = section(session, question, ask);
                if let Some(progress) = &self.progress {
                    progress.report(&format!("waits for an answer: {}", ask.title));
                }
            }
            Event::CallStarted { title, .. } => {
                if let Some(progress) = &self.progress {
                    progress.report(title);
                }
                export::fact(session.recorder(), event, &mut words);
            }
            Event::TurnEnded { .. } => {
                export::fact(session.recorder(), event, &mut words);
                words.push_str(&format!("\n{USER}\n\n"));
                self.progress = None;
            }
            // Its words were shown as they came.
            Event::Replied { .. } => chat.paragraph(),
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
            | Event::Answered { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::Settled { .. }
            | Event::CallEnded { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. } => export::fact(session.recorder(), event, &mut words),
        }
        if !words.trim().is_empty() {
            chat.paragraph();
            chat.push(words.trim_start());
            chat.paragraph();
        }
        if let Event::Answered { question, .. } = event {
            self.questions.over(question);
        }
        self.ask_next();
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

/// A question with all that will be done on yes, and how to answer it.
fn section(session: &Session, id: &QuestionId, ask: &Question) -> String {
    let mut text = format!("### Question {id}: {}\n\n{}\n", ask.title, ask.reason);
    match &ask.subject {
        Subject::Intent(intent) => export::intent(session.recorder(), intent, &mut text),
        Subject::Loop(words) => text.push_str(&format!("\n{words}\n")),
    }
    text.push('\n');
    for choice in harmless_first(ask) {
        text.push_str(&format!("- `{}`: {}\n", convert::choice_id(&choice.kind).0, choice.label));
    }
    text.push_str(&format!("\nAnswer with the command `quillon.answer`, for example [\"{id}\", \"no\"].\n"));
    text
}
