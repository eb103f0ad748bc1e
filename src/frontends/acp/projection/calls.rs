//! `Calls`: the open calls and what the client is shown of each, from first sight to result.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agent_client_protocol_schema::v1 as acp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::output::LiveTail;
use crate::engine::{CallId, Exit, Outcome, Question, QuestionId, Reply};
use crate::frontends::acp::v1;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;

/// Updates on their way to the client.
pub type Updates = Vec<acp::SessionUpdate>;

/// The open calls.
#[derive(Default)]
pub struct Calls {
    open: HashMap<CallId, Call>,
    /// Open questions that are shown as calls of their own.
    standalone: HashSet<QuestionId>,
}

/// What is shown of an open call.
struct Call {
    reply: Arc<Reply>,
    /// What stands above its result.
    head: Vec<acp::ToolCallContent>,
    shows: Shows,
    output: LiveTail,
    /// Bytes of output that went to the client's terminal.
    streamed: usize,
}

/// How a call's result is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// In words: it has not begun, or it reads.
    Words,
    /// The diff is the result.
    Diff,
    /// Nothing: what it did is shown elsewhere.
    Nothing,
    /// Output under the command.
    Output,
    /// Output in a terminal of the client.
    Terminal,
}

/// Where a client can show what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// In terminals, of which it is told the output piece by piece.
    Terminals,
    /// In the content of calls, which is replaced as a whole.
    Content,
}

impl Calls {
    /// The model has asked for these calls.
    pub fn asked_for(&mut self, reply: &Arc<Reply>, updates: &mut Updates) {
        for call in reply.calls() {
            updates.push(acp::SessionUpdate::ToolCall(v1::pending(call)));
            let view = Call {
                reply: reply.clone(),
                head: Vec::new(),
                shows: Shows::Words,
                output: LiveTail::default(),
                streamed: 0,
            };
            self.open.insert(call.id.clone(), view);
        }
    }

    /// A call begins; `fields` show what it will do.
    pub fn started(
        &mut self,
        id: &CallId,
        intent: &Intent,
        screen: Screen,
        mut fields: acp::ToolCallUpdateFields,
        updates: &mut Updates,
    ) {
        let Some(call) = self.open.get_mut(id) else { return };
        let mut meta = None;
        call.head = fields.content.clone().unwrap_or_default();
        call.shows = match (intent, screen) {
            (Intent::Nothing, _) => Shows::Nothing,
            (Intent::Read { .. } | Intent::List { .. } | Intent::Search { .. }, _) => Shows::Words,
            (Intent::Write { .. }, _) => Shows::Diff,
            (Intent::Run { .. }, Screen::Content) => Shows::Output,
            (Intent::Run { cwd, .. }, Screen::Terminals) => {
                call.head = vec![acp::ToolCallContent::Terminal(acp::Terminal::new(id.0.clone()))];
                fields = fields.content(call.head.clone());
                meta = Some(terminal_info(id, cwd));
                Shows::Terminal
            }
        };
        updates.push(update(id, fields, meta));
    }

    /// A call is over.
    pub fn ended(&mut self, id: &CallId, outcome: &Outcome, updates: &mut Updates) {
        let Some(call) = self.open.remove(id) else { return };
        let (status, words) = v1::ended(outcome);
        let words = words.unwrap_or_default();
        let exit = v1::exit(outcome);
        let mut fields = acp::ToolCallUpdateFields::new().status(status).raw_output(exit.map(v1::raw_exit));
        let mut meta = None;
        let done = status == acp::ToolCallStatus::Completed;
        match call.shows {
            Shows::Words if done => fields = fields.content(vec![v1::text_block(&words, "")]),
            Shows::Diff | Shows::Nothing if done => {}
            Shows::Words | Shows::Diff | Shows::Nothing => {
                fields = fields.content(below(&call.head, v1::text(&words)));
            }
            Shows::Output => fields = fields.content(below(&call.head, v1::text_block(&words, ""))),
            Shows::Terminal => meta = Some(terminal_exit(id, exit, &words, call.streamed)),
        }
        updates.push(update(id, fields, meta));
    }

    /// A running command has printed this.
    pub fn printed(&mut self, id: &CallId, text: &str, now: Instant, updates: &mut Updates) {
        let Some(call) = self.open.get_mut(id) else { return };
        if call.shows != Shows::Terminal {
            call.output.add(text);
            return self.draw(now, updates);
        }
        let room = limits::ACP_TERMINAL_BYTES_MAX.saturating_sub(call.streamed);
        let piece = &text[..text.floor_char_boundary(room)];
        call.streamed += text.len();
        if !piece.is_empty() {
            updates.push(update(id, acp::ToolCallUpdateFields::new(), Some(terminal_output(id, piece))));
        }
    }

    /// When the next picture of a running command is due.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.open.values().filter_map(|call| call.output.due(now)).min()
    }

    /// Draws the pictures that are due.
    pub fn draw(&mut self, now: Instant, updates: &mut Updates) {
        for (id, call) in &mut self.open {
            let Some(picture) = call.output.picture(now) else { continue };
            let content = below(&call.head, v1::text_block(picture, ""));
            updates.push(update(id, acp::ToolCallUpdateFields::new().content(content), None));
        }
    }

    /// A question that no call asks begins: it is shown as a call of its own.
    pub fn question_asked(&mut self, question: &QuestionId, ask: &Question, updates: &mut Updates) {
        self.standalone.insert(question.clone());
        let call = acp::ToolCall::new(standalone_id(question), ask.title.clone()).kind(acp::ToolKind::Think);
        updates.push(acp::SessionUpdate::ToolCall(call));
    }

    /// A question is over; those that a call asked end with the call.
    pub fn question_over(
        &mut self,
        question: &QuestionId,
        status: acp::ToolCallStatus,
        updates: &mut Updates,
    ) {
        if self.standalone.remove(question) {
            let fields = acp::ToolCallUpdateFields::new().status(status);
            updates.push(update(&CallId(standalone_id(question)), fields, None));
        }
    }

    /// A call's arguments, as they are shown.
    pub fn raw_input(&self, id: &CallId) -> Option<Value> {
        let call = self.open.get(id)?.reply.calls().find(|call| call.id == *id)?;
        v1::pending(call).raw_input
    }
}

/// The id of a question that no call asks.
pub fn standalone_id(question: &QuestionId) -> String {
    format!("question-{question}")
}

fn update(id: &CallId, fields: acp::ToolCallUpdateFields, meta: Option<acp::Meta>) -> acp::SessionUpdate {
    acp::SessionUpdate::ToolCallUpdate(acp::ToolCallUpdate::new(id.0.clone(), fields).meta(meta))
}

fn below(head: &[acp::ToolCallContent], result: acp::ToolCallContent) -> Vec<acp::ToolCallContent> {
    head.iter().cloned().chain([result]).collect()
}

fn terminal_info(id: &CallId, cwd: &AbsPath) -> acp::Meta {
    meta([("terminal_info", json!({ "terminal_id": id.0, "cwd": cwd.to_string() }))])
}

fn terminal_output(id: &CallId, data: &str) -> acp::Meta {
    meta([("terminal_output", json!({ "terminal_id": id.0, "data": data }))])
}

/// The end of a terminal. What it printed is in `words` too: shown where it was not streamed whole.
/// A command that was ended because of its time or its turn has neither a code nor a signal of its own.
fn terminal_exit(id: &CallId, exit: Option<Exit>, words: &str, streamed: usize) -> acp::Meta {
    let (code, signal) = match exit {
        Some(Exit::Code(code)) => (Some(code), None),
        Some(Exit::Signal(signal)) => (None, Some(v1::signal_word(signal))),
        Some(Exit::TimedOut | Exit::Cancelled) | None => (None, None),
    };
    let exit = json!({ "terminal_id": id.0, "exit_code": code, "signal": signal });
    let whole = streamed > 0 && streamed <= limits::ACP_TERMINAL_BYTES_MAX;
    if whole || words.is_empty() {
        return meta([("terminal_exit", exit)]);
    }
    let data = v1::clip_bytes(words, limits::ACP_RESULT_BYTES_MAX);
    let output = json!({ "terminal_id": id.0, "data": data });
    meta([("terminal_output", output), ("terminal_exit", exit)])
}

fn meta<const N: usize>(entries: [(&str, Value); N]) -> acp::Meta {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
