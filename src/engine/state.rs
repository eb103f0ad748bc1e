//! `State`: the fold of a session's facts: its history, its settings and what is open.

mod asked;
mod closing;
mod possible;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::event::{
    Answer, Block, CallId, Deliver, Event, Grant, Mode, ModelName, Outcome, Portion, PromptId, QuestionId,
    Reminder, Reply, RestoreId, RestoreOf, RestoredTo, Seen, Seq, Setting, Summary, TodoItem, TurnId, Usage,
    Who,
};
use super::habits::Habits;
use super::history::History;
use super::instructions;
use super::model::{CallResult, Message};
use super::open::OpenCalls;
pub use super::open::{OpenQuestion, OpenTurn, Waiting};
use super::profile::Profile;
use super::title::Title;
use super::touch::Touches;
use crate::path::AbsPath;
use crate::text::Version;

/// Everything a session knows, computed from its facts and nothing else.
#[derive(Debug, Default)]
pub struct State {
    seq: Seq,
    opened: Option<Opened>,
    pub(super) title: Title,
    created: Arc<str>,
    updated: Arc<str>,
    briefing: Option<(Arc<str>, Profile)>,
    history: History,
    touches: Touches,
    turn: Option<OpenTurn>,
    calls: Option<OpenCalls>,
    /// Those of them whose command may run.
    commands: Vec<CallId>,
    habits: Habits,
    questions: Vec<OpenQuestion>,
    /// Who answered the questions that are over.
    answered: HashMap<QuestionId, Who>,
    queue: VecDeque<Waiting>,
    prompts: HashSet<PromptId>,
    grants: Vec<Grant>,
    todo: Vec<TodoItem>,
    counts: Counts,
    usage: Usage,
    /// What the model has seen of each file, and how much of that.
    seen: HashMap<AbsPath, (Version, Portion)>,
}

#[derive(Debug)]
struct Opened {
    roots: Vec<AbsPath>,
    cwd: AbsPath,
    model: ModelName,
    mode: Mode,
}

/// How many of each there have been; the next id of each kind follows from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    turns: u64,
    calls: u64,
    questions: u64,
    restores: u64,
}

/// A fact that cannot be, and why: a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("impossible fact: {0}")]
pub struct Impossible(pub String);

impl State {
    /// Folds one more fact. After an error the state is as before.
    pub fn apply(&mut self, seq: Seq, at: &Arc<str>, event: &Event) -> Result<(), Impossible> {
        if seq != self.seq.next() {
            return Err(Impossible(format!("number {} after {}", seq.0, self.seq.0)));
        }
        self.check(event)?;
        self.touches.fold(seq, self.turn.as_ref().map(|turn| &turn.id), event);
        self.note_commands(event);
        self.habits.fold(event);
        self.fold(at, event);
        self.seq = seq;
        if seq == Seq(1) {
            self.created = at.clone();
        }
        self.updated = at.clone();
        Ok(())
    }

    /// The number of the last fact.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The folders the session works in; the first is the one it was opened in.
    pub fn roots(&self) -> &[AbsPath] {
        self.opened.as_ref().map_or(&[], |opened| &opened.roots)
    }

    /// The folder that relative paths count from.
    pub fn cwd(&self) -> Option<&AbsPath> {
        self.opened.as_ref().map(|opened| &opened.cwd)
    }

    /// The model of the next request.
    pub fn model(&self) -> Option<&ModelName> {
        self.opened.as_ref().map(|opened| &opened.model)
    }

    /// The mode in force.
    pub fn mode(&self) -> Mode {
        self.opened.as_ref().map_or(Mode::Plan, |opened| opened.mode)
    }

    /// The mode that the model was told of last.
    pub fn told_mode(&self) -> Mode {
        self.history.told_mode()
    }

    /// What the model has seen of each file, and how much of that.
    pub fn seen(&self) -> &HashMap<AbsPath, (Version, Portion)> {
        &self.seen
    }

    /// The title; empty before the first prompt.
    pub fn title(&self) -> &str {
        self.title.words()
    }

    /// When the first fact was recorded, RFC 3339.
    pub fn created(&self) -> &Arc<str> {
        &self.created
    }

    /// When the last fact was recorded, RFC 3339.
    pub fn updated(&self) -> &Arc<str> {
        &self.updated
    }

    /// What the model is told before everything else, once that is settled.
    pub fn briefing(&self) -> Option<&Arc<str>> {
        self.briefing.as_ref().map(|(text, _)| text)
    }

    /// How much the model is told with it.
    pub fn profile(&self) -> Profile {
        self.briefing.as_ref().map(|(_, profile)| *profile).unwrap_or_default()
    }

    /// What was said so far.
    pub fn history(&self) -> &[Message] {
        self.history.messages()
    }

    /// What a model is told of it.
    pub fn told(&self) -> &[Message] {
        self.history.telling().messages()
    }

    /// The turn that runs.
    pub fn turn(&self) -> Option<&OpenTurn> {
        self.turn.as_ref()
    }

    /// How many turns there were, the open one included.
    pub fn turns(&self) -> u64 {
        self.counts.turns
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.counts.calls
    }

    /// How many questions there were.
    pub fn questions_asked(&self) -> u64 {
        self.counts.questions
    }

    /// How many ways back were taken.
    pub fn restores(&self) -> u64 {
        self.counts.restores
    }

    /// What was said, with the points that one can go back to.
    pub fn said(&self) -> &History {
        &self.history
    }

    /// The changes of files.
    pub fn touches(&self) -> &Touches {
        &self.touches
    }

    /// What "always" has granted.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The plan.
    pub fn todo(&self) -> &[TodoItem] {
        &self.todo
    }

    /// What the model may have forgotten.
    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    /// The tokens of all turns.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    fn fold(&mut self, at: &Arc<str>, event: &Event) {
        match event {
            Event::Opened { roots, cwd, model, mode } => {
                let (roots, cwd) = (roots.clone(), cwd.clone());
                self.opened = Some(Opened { roots, cwd, model: model.clone(), mode: *mode });
            }
            Event::Configured { setting } => self.configure(setting),
            Event::Queued { prompt, content, deliver } => {
                self.prompts.insert(prompt.clone());
                self.enqueue(Waiting { prompt: prompt.clone(), content: content.clone(), deliver: *deliver });
            }
            Event::Requeued { prompt, content } => {
                let waiting = self.queue.iter_mut().filter(|waiting| waiting.prompt == *prompt);
                waiting.for_each(|waiting| waiting.content.clone_from(content));
            }
            Event::Taken { prompt } => {
                if let Some(taken) = self.unqueue(prompt) {
                    self.history.say(Message::User(taken.content.into()));
                }
            }
            Event::Removed { prompt, .. } => drop(self.unqueue(prompt)),
            Event::TurnStarted { turn, prompt, content } => self.start_turn(turn, prompt, content, at),
            Event::Replied { reply, .. } => self.reply(reply),
            Event::Asked { question, call, ask } => {
                self.counts.questions += 1;
                let (id, call) = (question.clone(), call.clone());
                self.questions.push(OpenQuestion { id, call, ask: ask.clone() });
            }
            Event::Answered { question, answer, by } => {
                self.questions.retain(|open| open.id != *question);
                self.answered.insert(question.clone(), by.clone());
                if let Some(Answer::Always(grant)) = answer {
                    self.grants.push(grant.clone());
                }
            }
            Event::CallEnded { call, outcome } => {
                if let Outcome::Done(output) = outcome {
                    let known = |seen: &Seen| (seen.path.clone(), (seen.version, seen.portion));
                    self.seen.extend(output.seen.iter().map(known));
                }
                self.end_call(call, outcome);
            }
            Event::Todo { items } => self.todo.clone_from(items),
            Event::Titled { title, .. } => self.title = Title::Given(title.clone()),
            Event::Briefed { text, profile, .. } => self.briefing = Some((text.as_str().into(), *profile)),
            Event::Reminded { about, text } => self.remind(*about, text),
            Event::Compacted { upto, summary, .. } => self.compact(*upto, summary.as_ref()),
            Event::TurnEnded { usage, .. } => {
                self.turn = None;
                self.usage += *usage;
            }
            Event::Restored { restore, to, what } => self.restore(restore, to, *what),
            Event::CallStarted { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::Overlooked { .. }
            | Event::Noticed { .. } => {}
        }
    }

    fn remind(&mut self, about: Reminder, text: &str) {
        if let Reminder::Mode(mode) = about {
            self.history.tell_mode(mode);
        }
        self.history.say(Message::User([Block::Text { text: text.to_owned() }].into()));
    }

    fn restore(&mut self, restore: &RestoreId, to: &RestoredTo, what: RestoreOf) {
        self.counts.restores += 1;
        match (what, to) {
            (RestoreOf::Files, _) | (_, RestoredTo::Without(_) | RestoredTo::Reviewed) => return,
            (_, RestoredTo::Before(turn)) => self.history.go_back(turn, restore),
            (_, RestoredTo::Undone(undone)) => self.history.undo(undone),
        }
        // What was read in turns that are gone the model does not know any more.
        self.seen.clear();
    }

    fn compact(&mut self, upto: u64, summary: Option<&Summary>) {
        self.history.tell(upto, summary);
        // What the model has read is not before it any more: it reads that again.
        match summary {
            Some(_) => self.seen.clear(),
            None => instructions::forget(&mut self.seen),
        }
    }

    fn configure(&mut self, setting: &Setting) {
        let Some(opened) = &mut self.opened else { return };
        match setting {
            Setting::Model(model) => opened.model.clone_from(model),
            Setting::Mode(mode) => opened.mode = *mode,
        }
    }

    /// An interrupting prompt stands before all others that wait.
    fn enqueue(&mut self, waiting: Waiting) {
        match waiting.deliver {
            Deliver::Next | Deliver::Now => self.queue.push_back(waiting),
            Deliver::Interrupt => self.queue.push_front(waiting),
        }
    }

    fn unqueue(&mut self, prompt: &PromptId) -> Option<Waiting> {
        let at = self.queue.iter().position(|waiting| waiting.prompt == *prompt)?;
        self.queue.remove(at)
    }

    fn start_turn(&mut self, turn: &TurnId, prompt: &PromptId, content: &[Block], at: &Arc<str>) {
        self.counts.turns += 1;
        self.unqueue(prompt);
        self.prompts.insert(prompt.clone());
        let since = self.seq.next();
        self.turn = Some(OpenTurn { id: turn.clone(), prompt: prompt.clone(), since, replies: 0 });
        self.title.prompted(content);
        self.history.begin(turn, prompt, content, at, since);
    }

    fn reply(&mut self, reply: &Arc<Reply>) {
        let calls = reply.calls().count();
        self.counts.calls += calls as u64;
        if let Some(turn) = &mut self.turn {
            turn.replies += 1;
        }
        if calls > 0 {
            self.calls = Some(OpenCalls { reply: reply.clone(), outcomes: vec![None; calls] });
        }
        self.history.say(Message::Assistant(reply.clone()));
        self.history.count(&reply.usage);
    }

    fn end_call(&mut self, call: &CallId, outcome: &Outcome) {
        let Some(open) = &mut self.calls else { return };
        if let Some(at) = open.reply.calls().position(|one| one.id == *call) {
            open.outcomes[at] = Some(outcome.clone());
        }
        if open.outcomes.iter().all(Option::is_some) {
            let ended = open.outcomes.iter().flatten();
            let results = open.reply.calls().zip(ended).map(|(call, outcome)| CallResult::of(call, outcome));
            self.history.say(Message::Results(results.collect()));
            self.calls = None;
        }
    }
}
