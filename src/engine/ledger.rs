//! `Ledger`: the requests that went out in a session, each with what was in it for the first time.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::event::{
    Block, CallId, Event, Helped, ModelName, Outcome, Output, PromptId, Sent, ToolCall, Usage,
};
use super::journal::Recorded;
use super::model::Wish;
use crate::path::AbsPath;
use crate::policy::Intent;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// An answer, or a part of one.
    Answer,
    /// Nothing that counts: it was cancelled, or a summary was of no use.
    Nothing,
    /// A failure; the word of its kind.
    Failure(String),
}

/// A request that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// The model.
    pub model: ModelName,
    /// The server.
    pub host: String,
    /// Bytes of its body.
    pub bytes: u64,
    /// What was asked for.
    pub wanted: Wish,
    /// What became of it.
    pub came: Came,
    /// Tokens as the provider counted them; none where it did not.
    pub usage: Option<Usage>,
    /// The files whose text, or a part of it, was in a request for the first time.
    pub files: Vec<String>,
    /// The commands whose output was, whatever that holds.
    pub commands: Vec<String>,
}

/// Folds facts, in their order, into requests.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    cwd: Option<AbsPath>,
    /// What the next request has that none had before.
    files: Vec<String>,
    commands: Vec<String>,
    known: HashSet<String>,
    waiting: HashMap<PromptId, Vec<Block>>,
    calls: HashMap<CallId, ToolCall>,
    running: HashMap<CallId, String>,
    /// What the last summary cost.
    summary: Option<Usage>,
}

impl Ledger {
    /// The requests so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes in the next fact.
    pub fn push(&mut self, fact: &Recorded) {
        match &*fact.event {
            Event::Opened { cwd, .. } => self.cwd = Some(cwd.clone()),
            Event::Queued { prompt, content, .. } | Event::Requeued { prompt, content } => {
                self.waiting.insert(prompt.clone(), content.clone());
            }
            Event::Taken { prompt } => {
                let content = self.waiting.remove(prompt).unwrap_or_default();
                self.handed(&content);
            }
            Event::TurnStarted { content, .. } => self.handed(content),
            Event::Briefed { files, .. } => files.iter().for_each(|file| self.shown(file)),
            Event::Replied { reply, sent, .. } => {
                self.calls.extend(reply.calls().map(|call| (call.id.clone(), call.clone())));
                self.sent(sent, Some(reply.usage));
            }
            Event::Compacted { summary: Some(_), usage, .. } => self.summary = Some(*usage),
            Event::TurnEnded { sent, .. } => self.sent(sent, None),
            Event::Titled { asked: Some(helped), .. } => self.title(helped),
            Event::CallStarted { call, intent: Intent::Run { command, .. }, .. } => {
                self.running.insert(call.clone(), command.clone());
            }
            Event::CallEnded { call, outcome } => self.ended(call, outcome),
            Event::Configured { .. }
            | Event::Removed { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::CallStarted { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Overlooked { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::Todo { .. }
            | Event::Titled { asked: None, .. }
            | Event::Noticed { .. }
            | Event::Reminded { .. }
            | Event::Compacted { .. } => {}
        }
    }

    fn shown(&mut self, file: &AbsPath) {
        let name = self.cwd.as_ref().map_or_else(|| file.to_string(), |cwd| file.display_in(cwd));
        self.named(name);
    }

    fn named(&mut self, name: String) {
        if self.known.insert(name.clone()) {
            self.files.push(name);
        }
    }

    /// Pieces of a prompt.
    fn handed(&mut self, content: &[Block]) {
        for block in content {
            let name = match block {
                Block::Resource { uri, .. } => uri,
                Block::Media { media } => &media.name,
                Block::Around { file: Some(file), .. } => {
                    self.shown(file);
                    continue;
                }
                Block::Text { .. } | Block::Link { .. } | Block::Around { file: None, .. } => continue,
            };
            let path = name.strip_prefix("file://").unwrap_or(name);
            match AbsPath::new(path) {
                Ok(file) => self.shown(&file),
                Err(_) => self.named(name.clone()),
            }
        }
    }

    fn ended(&mut self, call: &CallId, outcome: &Outcome) {
        let (call_of, command) = (self.calls.remove(call), self.running.remove(call));
        match outcome {
            Outcome::Done(Output { seen, found, media, .. }) => {
                seen.iter().for_each(|seen| self.shown(&seen.path));
                found.iter().for_each(|file| self.shown(file));
                media.iter().for_each(|media| self.named(media.name.clone()));
                self.commands.extend(command);
            }
            // Such words may quote what stands there.
            Outcome::Failed(_) => {
                for file in call_of.iter().flat_map(files_to_change) {
                    match self.cwd.as_ref().and_then(|cwd| cwd.join(&file).ok()) {
                        Some(file) => self.shown(&file),
                        None => self.named(file),
                    }
                }
            }
            Outcome::Denied { .. } | Outcome::Cancelled | Outcome::Interrupted => {}
        }
    }

    /// Requests, the last of which for a message brought one that cost this.
    fn sent(&mut self, sent: &[Sent], usage: Option<Usage>) {
        let last = sent.iter().rposition(|sent| sent.wanted == Wish::Message);
        for (at, sent) in sent.iter().enumerate() {
            let cost = match sent.wanted {
                Wish::Message if Some(at) == last => usage,
                Wish::Summary if sent.failed.is_none() => self.summary.take(),
                Wish::Message | Wish::Summary | Wish::Title => None,
            };
            self.enter(sent, cost);
        }
    }

    fn enter(&mut self, sent: &Sent, cost: Option<Usage>) {
        let came = match (&sent.failed, cost) {
            (Some(kind), _) => Came::Failure(kind.clone()),
            (None, Some(_)) => Came::Answer,
            (None, None) => Came::Nothing,
        };
        let (files, commands) = match sent.wanted {
            Wish::Message | Wish::Summary => self.first_time(),
            // The words of the prompt are all that is in it.
            Wish::Title => Default::default(),
        };
        let Sent { at, model, host, bytes, wanted, .. } = sent.clone();
        let usage = cost.filter(|usage| *usage != Usage::default());
        self.entries.push(Entry { at, model, host, bytes, wanted, came, usage, files, commands });
    }

    fn title(&mut self, helped: &Helped) {
        for sent in &helped.sent {
            self.enter(sent, sent.failed.is_none().then_some(helped.usage));
        }
    }

    fn first_time(&mut self) -> (Vec<String>, Vec<String>) {
        (std::mem::take(&mut self.files), std::mem::take(&mut self.commands))
    }
}

/// The files that a call was to change, by its arguments.
fn files_to_change(call: &ToolCall) -> Vec<String> {
    let text = |name: &str| call.input.get(name).and_then(Value::as_str);
    match call.tool.0.as_str() {
        "edit" | "write" => text("file_path").map(str::to_owned).into_iter().collect(),
        "apply_patch" => {
            let patch = text("input").or(call.input.as_str()).unwrap_or_default();
            let updates = patch.lines().filter_map(|line| line.strip_prefix("*** Update File: "));
            updates.map(|name| name.trim().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Profile, Seq, Stop, TurnId};

    fn ledger(events: Vec<Event>) -> Ledger {
        let mut ledger = Ledger::default();
        for (seq, event) in (1..).zip(events) {
            ledger.push(&Recorded { seq: Seq(seq), at: "now".into(), event: event.into() });
        }
        ledger
    }

    fn sent(wanted: Wish, failed: Option<&str>) -> Sent {
        let (at, model, host) = ("then".to_owned(), ModelName("m".into()), "http://h".to_owned());
        Sent { at, model, host, bytes: 7, wanted, failed: failed.map(str::to_owned) }
    }

    #[test]
    fn requests_without_an_answer_are_told_with_the_turn() {
        let briefed = Event::Briefed {
            text: String::new(),
            files: vec![AbsPath::new("/w/AGENTS.md").unwrap()],
            profile: Profile::Full,
        };
        let ended = |sent| Event::TurnEnded {
            turn: TurnId("t1".into()),
            stop: Stop::Cancelled,
            usage: Usage::default(),
            sent,
        };
        let message = |failed| sent(Wish::Message, failed);
        let ledger = ledger(vec![briefed, ended(vec![message(Some("network")), message(None)])]);
        let told: Vec<_> = ledger
            .entries()
            .iter()
            .map(|entry| (entry.came.clone(), entry.files.len(), entry.usage))
            .collect();
        assert_eq!(told, [(Came::Failure("network".into()), 1, None), (Came::Nothing, 0, None)]);
    }

    #[test]
    fn files_that_a_refused_change_may_quote() {
        let call = |tool: &str, input| ToolCall::new(CallId("c1".into()), "x".into(), tool.into(), input);
        let patch = "*** Begin Patch\n*** Update File: a/b \n*** Delete File: c\n*** End Patch";
        let check = |call: ToolCall, expected: &[&str]| assert_eq!(files_to_change(&call), expected);
        check(call("edit", serde_json::json!({"file_path": "a"})), &["a"]);
        check(call("apply_patch", serde_json::json!({"input": patch})), &["a/b"]);
        check(call("apply_patch", patch.into()), &["a/b"]);
        check(call("bash", serde_json::json!({"command": "a"})), &[]);
    }
}
