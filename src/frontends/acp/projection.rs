//! `Projection`: what happened in a session as updates of ACP v1, the same for replay and live.
//!
//! It remembers only what v1 makes a sender remember: what an open call shows, what has to wait
//! until a turn is open, which title was told.

mod calls;
mod meter;
mod output;

use crate::frontends::{room, waiting};
use std::collections::HashMap;
use std::sync::Arc;

use agent_client_protocol_schema::v1 as acp;
use tokio::time::Instant;

use self::calls::{Calls, Screen, Updates, standalone_id};
use self::meter::Meter;
pub use self::meter::{Known, KnownModels};
use super::places::Places;
use super::settings;
use super::terms::Terms;
use super::v1;
use crate::engine::journal::Recorded;
use crate::engine::preview::{self, FileChange};
use crate::engine::{
    Answer, Block, CallId, Delta, Event, Host, Level, MessageId, PromptId, Question, QuestionId, Reply,
    Session, Setting, Stop, Subject, TurnId,
};
use crate::policy::{Intent, Location};

/// Whether the past is told or the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    /// What happened before the client came: its own prompts too, notices not any more.
    Replay,
    /// What happens.
    Live,
}

/// Whose prompt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// This client's, which shows it already.
    Ours,
    /// Another client's.
    Theirs,
}

/// How a session is shown to this client.
#[derive(Clone)]
pub struct View {
    /// Offers the models.
    pub host: Arc<Host>,
    /// What the client can draw.
    pub terms: Terms,
    /// Under which paths it knows the files.
    pub places: Places,
    /// What is known of the models.
    pub models: KnownModels,
}

/// One session as this client has been told it.
pub struct Projection {
    session: Session,
    view: View,
    showing: Showing,
    turn: TurnView,
    calls: Calls,
    /// The content of prompts that wait and that this client does not show yet.
    waiting: HashMap<PromptId, Vec<Block>>,
    /// Notices that wait for a turn, because this client shows words in turns only.
    held: Vec<(Level, String)>,
    notes: u64,
    title: String,
    meter: Meter,
    usage: Option<acp::UsageUpdate>,
    updates: Updates,
}

/// What is shown of the running turn.
#[derive(Default)]
struct TurnView {
    open: bool,
    /// The message of which words were shown last.
    spoken: Option<MessageId>,
    /// The message that is asked for again after words of it were shown, and how often these became void.
    again: Option<(MessageId, u32)>,
}

impl Projection {
    /// A view of `session` on which nothing has been shown.
    pub fn new(session: Session, view: View, showing: Showing) -> Self {
        let open = session.state(|state| state.turn().is_some());
        Self {
            session,
            meter: Meter::new(view.models.clone()),
            view,
            showing,
            turn: TurnView { open: open && showing == Showing::Live, ..TurnView::default() },
            calls: Calls::default(),
            waiting: HashMap::new(),
            held: Vec::new(),
            notes: 0,
            title: String::new(),
            usage: None,
            updates: Updates::new(),
        }
    }

    /// The updates since the last call.
    pub fn take(&mut self) -> Updates {
        std::mem::take(&mut self.updates)
    }

    /// Nothing was shown: the past is told from its first fact on.
    pub fn begin_again(&mut self) {
        let held = std::mem::take(&mut self.held);
        let blank = Self::new(self.session.clone(), self.view.clone(), Showing::Replay);
        *self = Self { held, notes: self.notes, ..blank };
    }

    /// The past has been told: the present state, then live.
    pub fn go_live(&mut self) {
        self.showing = Showing::Live;
        if let Some(usage) = self.usage.take() {
            self.updates.push(acp::SessionUpdate::UsageUpdate(usage));
        }
        let updated = self.session.state(|state| state.updated().to_string());
        self.tell_title(Some(&updated));
    }

    /// Shows a fact.
    pub fn fact(&mut self, fact: &Recorded, whose: Whose) {
        let usage = self.meter.fact(fact, self.session.recorder());
        match &*fact.event {
            Event::Configured { setting } => self.configured(setting),
            Event::Queued { prompt, content, .. } | Event::Requeued { prompt, content } => {
                self.waiting.insert(prompt.clone(), content.clone());
            }
            Event::Taken { prompt } => {
                if let Some(content) = self.waiting.remove(prompt) {
                    self.user_said(prompt, &content, whose);
                }
            }
            Event::Removed { prompt, .. } => drop(self.waiting.remove(prompt)),
            Event::TurnStarted { prompt, content, .. } => self.turn_started(prompt, content, whose),
            Event::Replied { reply, .. } => self.replied(reply, usage),
            Event::Asked { question, call, ask } => {
                if call.is_none() {
                    self.calls.question_asked(question, ask, &mut self.updates);
                }
            }
            Event::Answered { question, answer, .. } => self.answered(question, answer.as_ref()),
            Event::CallStarted { call, title, intent, locations, .. } => {
                self.call_started(call, title, intent, locations);
            }
            Event::CallEnded { call, outcome } => self.calls.ended(call, outcome, &mut self.updates),
            Event::Todo { items } => self.updates.push(acp::SessionUpdate::Plan(v1::plan(items))),
            Event::Titled { .. } => self.tell_title(None),
            Event::Noticed { level, text } => self.notice(*level, text),
            Event::Overlooked { text, .. } => self.notice(Level::Warning, text),
            Event::Compacted { summary, before, after, .. } => {
                self.notice(Level::Info, &room::whole(summary.as_ref(), *before, *after));
            }
            Event::TurnEnded { turn, stop, .. } => self.turn_ended(turn, stop, &fact.at),
            Event::Opened { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. } => {}
        }
    }

    /// Shows progress.
    pub fn delta(&mut self, delta: Delta, now: Instant) {
        match delta {
            Delta::Text { message, text, .. } => {
                let id = self.message_id(&message);
                self.say(&text, &id, acp::SessionUpdate::AgentMessageChunk);
                self.turn.spoken = Some(message);
            }
            Delta::Thought { message, text, .. } => {
                let id = format!("{}.thought", self.message_id(&message));
                self.say(&text, &id, acp::SessionUpdate::AgentThoughtChunk);
                self.turn.spoken = Some(message);
            }
            Delta::CallInput { .. } | Delta::Changed { .. } => {}
            Delta::Output { call, text, .. } => self.calls.printed(&call, &text, now, &mut self.updates),
            Delta::Retrying { message, attempt, wait_ms, why } => {
                if let Some(told) = waiting::sentence(attempt, wait_ms) {
                    self.notice(Level::Warning, &format!("{why}. {told}"));
                }
                if self.turn.spoken.as_ref() == Some(&message) {
                    let before = self.turn.again.take().filter(|(again, _)| *again == message);
                    self.turn.again = Some((message, before.map_or(1, |(_, times)| times) + 1));
                }
            }
        }
    }

    /// Shows a word to the user: as a notice where the client knows them, else in a turn.
    pub fn notice(&mut self, level: Level, text: &str) {
        if self.showing == Showing::Replay {
            return;
        }
        if self.view.terms.notices {
            self.updates.push(acp::SessionUpdate::Notice(v1::notice(level, text)));
        } else if self.turn.open {
            self.notes += 1;
            let id = format!("note-{}", self.notes);
            self.say(&v1::notice_text(level, text), &id, acp::SessionUpdate::AgentMessageChunk);
        } else {
            self.held.push((level, text.to_owned()));
        }
    }

    /// When the next picture of a running command is due.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.calls.due(now)
    }

    /// Draws the pictures that are due.
    pub fn draw(&mut self, now: Instant) {
        self.calls.draw(now, &mut self.updates);
    }

    /// A question's call as it is put before the user: all that will be done on yes.
    pub fn question(
        &self,
        question: &QuestionId,
        call: Option<&CallId>,
        ask: &Question,
    ) -> acp::ToolCallUpdate {
        let id = call.map_or_else(|| standalone_id(question), |call| call.0.clone());
        let fields = match &ask.subject {
            Subject::Intent(intent) => {
                let changes = self.changes(intent);
                let fields = v1::shown_intent(&ask.title, intent, &changes);
                let places = intent.paths().into_iter();
                let places: Vec<Location> =
                    places.map(|path| Location { path: path.clone(), line: None }).collect();
                fields.locations(self.locations(&places))
            }
            Subject::Loop(_) | Subject::Budget(_) => {
                acp::ToolCallUpdateFields::new().title(ask.title.clone()).kind(acp::ToolKind::Think)
            }
        };
        let mut content = fields.content.clone().unwrap_or_default();
        if let Subject::Loop(how) | Subject::Budget(how) = &ask.subject {
            content.push(v1::text(how));
        }
        content.push(v1::text(&ask.reason));
        let input = call.and_then(|call| self.calls.raw_input(call));
        let fields = fields.content(content).status(acp::ToolCallStatus::Pending).raw_input(input);
        acp::ToolCallUpdate::new(id, fields)
    }

    fn configured(&mut self, setting: &Setting) {
        if self.showing == Showing::Replay {
            return;
        }
        if let Setting::Mode(mode) = setting {
            self.updates
                .push(acp::SessionUpdate::CurrentModeUpdate(acp::CurrentModeUpdate::new(mode.word())));
        }
        let options = settings::options(&self.view.host, &self.session);
        self.updates.push(acp::SessionUpdate::ConfigOptionUpdate(acp::ConfigOptionUpdate::new(options)));
    }

    fn turn_started(&mut self, prompt: &PromptId, content: &[Block], whose: Whose) {
        self.turn = TurnView { open: true, ..TurnView::default() };
        self.waiting.remove(prompt);
        self.user_said(prompt, content, whose);
        self.tell_title(None);
        for (level, text) in std::mem::take(&mut self.held) {
            self.notice(level, &text);
        }
    }

    fn turn_ended(&mut self, turn: &TurnId, stop: &Stop, at: &str) {
        if let Stop::ModelFailed { message: why, .. } = stop {
            let id = format!("{turn}.error");
            self.say(&v1::notice_text(Level::Error, why), &id, acp::SessionUpdate::AgentMessageChunk);
        }
        self.tell_title(Some(at));
        self.turn = TurnView::default();
        self.calls = Calls::default();
    }

    fn user_said(&mut self, prompt: &PromptId, content: &[Block], whose: Whose) {
        if self.showing == Showing::Live && whose == Whose::Ours {
            return;
        }
        for block in content.iter().flat_map(v1::prompt_block) {
            let chunk = acp::ContentChunk::new(block).message_id(prompt.0.as_str());
            self.updates.push(acp::SessionUpdate::UserMessageChunk(chunk));
        }
    }

    fn replied(&mut self, reply: &Arc<Reply>, usage: Option<acp::UsageUpdate>) {
        self.calls.asked_for(reply, &mut self.updates);
        match (usage, self.showing) {
            (Some(usage), Showing::Live) => self.updates.push(acp::SessionUpdate::UsageUpdate(usage)),
            (Some(usage), Showing::Replay) => self.usage = Some(usage),
            (None, _) => {}
        }
    }

    fn answered(&mut self, question: &QuestionId, answer: Option<&Answer>) {
        let status = match answer {
            Some(Answer::Once | Answer::Amended { .. } | Answer::Always(_)) => acp::ToolCallStatus::Completed,
            Some(Answer::No { .. }) | None => acp::ToolCallStatus::Failed,
        };
        self.calls.question_over(question, status, &mut self.updates);
    }

    fn call_started(&mut self, id: &CallId, title: &str, intent: &Intent, places: &[Location]) {
        let fields = v1::started(title, intent, &self.changes(intent)).locations(self.locations(places));
        let screen = if self.view.terms.terminal_output { Screen::Terminals } else { Screen::Content };
        self.calls.started(id, intent, screen, fields, &mut self.updates);
    }

    /// The changes of an intent to write, under the client's paths.
    fn changes(&self, intent: &Intent) -> Vec<FileChange> {
        let mut changes = preview::changes(self.session.recorder(), intent);
        for change in &mut changes {
            change.path = self.view.places.for_client(&change.path);
        }
        changes
    }

    fn locations(&self, places: &[Location]) -> Vec<acp::ToolCallLocation> {
        let place =
            |place: &Location| Location { path: self.view.places.for_client(&place.path), line: place.line };
        v1::locations(&places.iter().map(place).collect::<Vec<_>>())
    }

    fn say(&mut self, text: &str, id: &str, kind: fn(acp::ContentChunk) -> acp::SessionUpdate) {
        for piece in v1::pieces(text) {
            self.updates.push(kind(acp::ContentChunk::new(piece.into()).message_id(id)));
        }
    }

    /// The id under which words of a message are shown; another one when the first are void.
    fn message_id(&self, message: &MessageId) -> String {
        match &self.turn.again {
            Some((again, times)) if again == message => format!("{message}.{times}"),
            Some(_) | None => message.0.clone(),
        }
    }

    /// Tells the title when it is another one, and when something last happened.
    fn tell_title(&mut self, at: Option<&str>) {
        if self.showing == Showing::Replay {
            return;
        }
        let title = self.session.state(|state| state.title().to_owned());
        let mut info = acp::SessionInfoUpdate::new();
        if title == self.title && at.is_none() {
            return;
        }
        if !title.is_empty() {
            info = info.title(title.clone());
        }
        if let Some(at) = at {
            info = info.updated_at(at.to_owned());
        }
        self.title = title;
        self.updates.push(acp::SessionUpdate::SessionInfoUpdate(info));
    }
}
