//! `Show`: what happens, in words, colours and diffs for a terminal, or as lines of JSON.

use crate::frontends::{room, waiting};
use std::collections::HashMap;
use std::sync::Arc;

use super::Format;
use super::console::{Console, Tone};
use super::past::Past;
use crate::engine::preview::{self, FileChange};
use crate::engine::{
    CallId, Delta, Event, Level, Mode, Outcome, Output, Question, Recorder, ReplyBlock, SessionId, Stop,
    Subject, TodoStatus, ToolCall, Update, Who,
};
use crate::frontends::convert;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{clip, diff};

/// Shows the updates of one session.
pub(super) struct Show<'a> {
    session: &'a SessionId,
    recorder: &'a Arc<Recorder>,
    format: Format,
    /// The calls of the open step, to name them when they end.
    calls: HashMap<CallId, String>,
    thinking: Thinking,
    /// What the user was shown of each call that was asked, to be shown once.
    asked: HashMap<CallId, Intent>,
    /// What of the open message is on the screen.
    answer: Answer,
    /// What the user typed, where the session is looked at afterwards.
    past: Option<Past>,
}

/// Whether something of the model's open message is on the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Unseen,
    Begun,
}

/// Whether thoughts are on the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thinking {
    No,
    Shown,
}

impl<'a> Show<'a> {
    pub(super) fn new(session: &'a SessionId, recorder: &'a Arc<Recorder>, format: Format) -> Self {
        Self {
            session,
            recorder,
            format,
            calls: HashMap::new(),
            thinking: Thinking::No,
            asked: HashMap::new(),
            answer: Answer::Unseen,
            past: None,
        }
    }

    /// Shows a session afterwards: with what the user typed and was asked, which was on the screen then.
    pub(super) fn of_the_past(session: &'a SessionId, recorder: &'a Arc<Recorder>, format: Format) -> Self {
        Self { past: Some(Past::default()), ..Self::new(session, recorder, format) }
    }

    pub(super) fn updates(&mut self, updates: &[Update], console: &mut Console) {
        match self.format {
            Format::Json => {
                for event in convert::updates(self.session, self.recorder, updates) {
                    console.json(&serde_json::to_string(&event).unwrap_or_default());
                }
            }
            Format::Text => updates.iter().for_each(|update| match update {
                Update::Fact(fact) => self.fact(&fact.event, console),
                Update::Delta(delta) => self.delta(delta, console),
                Update::Halted(_) => {}
            }),
        }
    }

    /// Ends a line that was begun.
    pub(super) fn finish(&mut self, console: &mut Console) {
        if self.format == Format::Text {
            console.fresh_line();
        }
    }

    fn delta(&mut self, delta: &Delta, console: &mut Console) {
        match delta {
            Delta::Text { text, .. } => {
                self.answer = Answer::Begun;
                if self.thinking == Thinking::Shown {
                    console.fresh_line();
                    self.thinking = Thinking::No;
                }
                console.say(text);
            }
            Delta::Thought { text, .. } => {
                self.answer = Answer::Begun;
                self.thinking = Thinking::Shown;
                console.piece(Tone::Dim, text);
            }
            Delta::Output { offset, text, .. } => {
                let room = limits::SHOWN_OUTPUT_BYTES_MAX.saturating_sub(*offset);
                console.piece(Tone::Dim, &text[..text.floor_char_boundary(room)]);
                if (1..=text.len()).contains(&room) {
                    console.note(Tone::Dim, "  … (it goes on; what follows is not shown)");
                }
            }
            Delta::Retrying { attempt, wait_ms, why, .. } => {
                let void = match std::mem::replace(&mut self.answer, Answer::Unseen) {
                    Answer::Begun => Some("what was shown of this answer is void"),
                    Answer::Unseen => None,
                };
                let told = match (waiting::words(*attempt, *wait_ms), void) {
                    (Some(waiting), Some(void)) => format!("{why}; {void}; {waiting}"),
                    (Some(waiting), None) => format!("{why}; {waiting}"),
                    (None, Some(void)) => void.to_owned(),
                    (None, None) => return,
                };
                console.note(Tone::Warning, &told);
            }
            Delta::CallInput { .. } | Delta::Changed { .. } => {}
        }
    }

    fn fact(&mut self, event: &Event, console: &mut Console) {
        if let Some(past) = &mut self.past {
            past.fact(self.recorder, event, console);
        }
        match event {
            Event::Replied { reply, .. } => {
                self.answer = Answer::Unseen;
                console.fresh_line();
                for block in &reply.blocks {
                    if let ReplyBlock::Call { call } = block {
                        self.calls.insert(call.id.clone(), describe(call));
                    }
                }
            }
            Event::CallStarted { call, title, intent, by, .. } => {
                self.calls.insert(call.clone(), title.clone());
                console.note(Tone::Place, &format!("• {title}{}", allowed(by)));
                // What was asked was shown with the question, unless the user has changed it.
                if self.asked.get(call) != Some(intent) {
                    changes(self.recorder, intent, console, limits::SHOWN_DIFF_LINES_MAX);
                }
            }
            Event::Asked { call: Some(call), ask, .. } => {
                self.calls.insert(call.clone(), ask.title.clone());
                if let Subject::Intent(intent) = &ask.subject {
                    self.asked.insert(call.clone(), intent.clone());
                }
            }
            Event::CallEnded { call, outcome } => self.call_ended(call, outcome, console),
            Event::Todo { items } => {
                for item in items {
                    let mark = match item.status {
                        TodoStatus::Pending => "[ ]",
                        TodoStatus::InProgress => "[~]",
                        TodoStatus::Completed => "[x]",
                    };
                    console.note(Tone::Plain, &format!("  {mark} {}", item.content));
                }
            }
            Event::Noticed { level, text } => {
                let tone = match level {
                    Level::Info => Tone::Dim,
                    Level::Warning => Tone::Warning,
                    Level::Error => Tone::Error,
                };
                console.note(tone, text);
            }
            Event::Overlooked { text, .. } => console.note(Tone::Warning, text),
            Event::Compacted { summary, before, after, .. } => {
                console.note(Tone::Dim, &room::whole(summary.as_ref(), *before, *after));
            }
            Event::TurnEnded { stop, .. } => ended(stop, console),
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
            | Event::TurnStarted { .. }
            | Event::Asked { call: None, .. }
            | Event::Answered { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::Titled { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. } => {}
        }
    }

    fn call_ended(&mut self, call: &CallId, outcome: &Outcome, console: &mut Console) {
        let name = self.calls.remove(call).unwrap_or_default();
        self.asked.remove(call);
        match outcome {
            Outcome::Done(output) => {
                if let Some(exit) = output.exit.filter(|exit| !exit.is_success()) {
                    console.note(Tone::Warning, &format!("  {name} failed: {exit}"));
                }
                if let Some(left) = left_behind(output) {
                    console.note(Tone::Warning, &format!("  {left}"));
                }
            }
            Outcome::Failed(why) => {
                console.note(Tone::Warning, &format!("  {name} failed: {}", first_line(why)))
            }
            Outcome::Denied { reason } => {
                console.note(Tone::Warning, &format!("  {name}: not allowed. {}", first_sentence(reason)));
            }
            Outcome::Cancelled => console.note(Tone::Warning, &format!("  {name}: cancelled")),
            Outcome::Interrupted => console.note(Tone::Warning, &format!("  {name}: interrupted")),
        }
    }
}

/// The first sentence of a reason: what comes behind it is advice for the model.
fn first_sentence(reason: &str) -> String {
    let mut line = first_line(reason);
    line.truncate(line.find(". ").map_or(line.len(), |end| end + 1));
    line
}

/// Shows all of a question: what, the very diff, command or path, and why it is asked.
pub(super) fn question(recorder: &Recorder, ask: &Question, console: &mut Console) {
    console.note(Tone::Strong, &format!("? {}", ask.title));
    match &ask.subject {
        Subject::Intent(intent) => {
            changes(recorder, intent, console, usize::MAX);
            if let Intent::Run { command, cwd, time_limit_ms } = intent {
                for line in command.lines() {
                    console.note(Tone::Plain, &format!("  $ {line}"));
                }
                console.note(Tone::Dim, &format!("  in {cwd}, for at most {} s", time_limit_ms / 1_000));
            }
            for path in intent.paths() {
                console.note(Tone::Dim, &format!("  {path}"));
            }
        }
        Subject::Loop(text) | Subject::Budget(text) => console.note(Tone::Plain, &format!("  {text}")),
    }
    console.note(Tone::Dim, &format!("  {}", ask.reason));
}

/// What the model is told of processes that a command left behind: the last line of its result.
fn left_behind(output: &Output) -> Option<&str> {
    output.exit?;
    output.text.lines().last().filter(|line| line.starts_with("(these were still running"))
}

/// Shows the diffs of an intent, at most so many lines of each.
fn changes(recorder: &Recorder, intent: &Intent, console: &mut Console, most: usize) {
    let cwd = recorder.state(|state| state.cwd().cloned());
    for change in preview::changes(recorder, intent) {
        let diff = unified(&change, cwd.as_ref());
        for line in diff.lines().take(most) {
            console.note(tone(line), &format!("  {line}"));
        }
        let hidden = diff.lines().count().saturating_sub(most);
        if hidden > 0 {
            console.note(Tone::Dim, &format!("  … ({hidden} more lines)"));
        }
    }
}

/// How a line of a diff is emphasized.
pub(super) fn tone(line: &str) -> Tone {
    match line.as_bytes().first() {
        Some(b'+') => Tone::Added,
        Some(b'-') => Tone::Removed,
        Some(b'@') => Tone::Place,
        _ => Tone::Plain,
    }
}

fn unified(change: &FileChange, cwd: Option<&AbsPath>) -> String {
    let name = cwd.map_or_else(|| change.path.to_string(), |cwd| change.path.display_in(cwd));
    diff::unified(&name, change.old.as_deref(), change.new.as_deref())
}

fn allowed(by: &Who) -> String {
    match by {
        Who::User(_) | Who::Quillon => String::new(),
        Who::Rule(rule) => format!(" (allowed: {rule})"),
        Who::Mode(mode) => format!(" (mode {})", Mode::word(*mode)),
    }
}

fn ended(stop: &Stop, console: &mut Console) {
    console.fresh_line();
    match stop {
        Stop::Finished => {}
        Stop::Cancelled => console.note(Tone::Warning, "cancelled"),
        Stop::StepLimit => console.note(
            Tone::Warning,
            &format!(
                "stopped at the turn's limit, {} steps or its budget; say `go on` to continue",
                limits::STEPS_PER_TURN_MAX
            ),
        ),
        Stop::ContextFull => {
            console.note(
                Tone::Warning,
                "stopped: the model's context or its longest answer is reached; start a new session",
            );
        }
        Stop::Refused => console.note(Tone::Warning, "the model or its provider refused to answer"),
        Stop::ModelFailed { message, .. } => console.complain(message),
        Stop::Interrupted => console.note(Tone::Warning, "interrupted"),
    }
}

fn describe(call: &ToolCall) -> String {
    clip::line(&format!("{} {}", call.tool, call.input), limits::REPEATED_CALL_CHARS_MAX)
}

fn first_line(text: &str) -> String {
    clip::line(text.lines().next().unwrap_or_default(), limits::REPEATED_CALL_CHARS_MAX)
}
