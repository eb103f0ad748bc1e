//! Which files a session's calls have changed, counted in lines.

use crate::engine::preview::{self, FileChange};
use crate::engine::{CallId, Event, Outcome, Recorder, Seq};
use crate::limits;
use crate::policy::Intent;
use crate::text::diff;

/// One changed file.
pub(super) struct Changed {
    /// Its name as seen from the session's folder.
    pub name: String,
    /// Lines that came.
    pub added: usize,
    /// Lines that went.
    pub removed: usize,
}

/// The files changed since a fact, each once, from its text before to its text after.
pub(super) fn files(recorder: &Recorder, since: Seq) -> Vec<Changed> {
    let cwd = recorder.state(|state| state.cwd().cloned());
    let mut merged: Vec<FileChange> = Vec::new();
    for change in written(recorder, since).iter().flat_map(|intent| preview::changes(recorder, intent)) {
        match merged.iter_mut().find(|known| known.path == change.path) {
            Some(known) => known.new = change.new,
            None => merged.push(change),
        }
    }
    merged.retain(|change| change.old != change.new);
    let count = |change: FileChange| {
        let (added, removed) = diff::counts(change.old.as_deref(), change.new.as_deref());
        let name = cwd.as_ref().map_or_else(|| change.path.to_string(), |cwd| change.path.display_in(cwd));
        Changed { name, added, removed }
    };
    merged.into_iter().map(count).collect()
}

/// The names of the files in which commands were found to have changed something since a fact, each once.
pub(super) fn by_commands(recorder: &Recorder, since: Seq) -> Vec<String> {
    let cwd = recorder.state(|state| state.cwd().cloned());
    let (mut names, mut after) = (Vec::new(), since);
    while let Ok(facts) = recorder.facts(after, limits::FACTS_PER_PAGE_MAX) {
        let Some(last) = facts.last() else { break };
        after = last.seq;
        for fact in facts {
            let Event::Found { call: Some(_), path, restore: None, .. } = &*fact.event else { continue };
            let name = cwd.as_ref().map_or_else(|| path.to_string(), |cwd| path.display_in(cwd));
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// What the calls since a fact wrote.
fn written(recorder: &Recorder, since: Seq) -> Vec<Intent> {
    let mut started: Vec<(CallId, Intent)> = Vec::new();
    let mut written = Vec::new();
    let mut after = since;
    while let Ok(facts) = recorder.facts(after, limits::FACTS_PER_PAGE_MAX) {
        let Some(last) = facts.last() else { break };
        after = last.seq;
        for fact in facts {
            match &*fact.event {
                Event::CallStarted { call, intent, .. } => {
                    // What a call does anew is done in the place of what it began before.
                    started.retain(|(id, _)| id != call);
                    started.push((call.clone(), intent.clone()));
                }
                Event::CallEnded { call, outcome: Outcome::Done(_) } => {
                    written.extend(started.extract_if(.., |(id, _)| id == call).map(|(_, intent)| intent));
                }
                _ => {}
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::journal::MemoryJournal;
    use crate::engine::{
        Clock, Mode, ModelName, Output, Reply, ReplyBlock, SessionId, Stop, ToolCall, Usage, Who,
    };
    use crate::path::AbsPath;
    use crate::text::{Change, Edit, Version};

    #[test]
    fn every_turn_since_counts() {
        let clock: Clock = Arc::new(|| "now".to_owned());
        let recorder =
            Recorder::open(SessionId("s".into()), Box::new(MemoryJournal::default()), clock).unwrap();
        let cwd = AbsPath::new("/w").unwrap();
        let opened = Event::Opened {
            roots: vec![cwd.clone()],
            cwd: cwd.clone(),
            model: ModelName("m".into()),
            mode: Mode::Ask,
        };
        recorder.record(opened).unwrap();
        let mut begun = Vec::new();
        for (turn, name) in [("t1", "a"), ("t2", "b"), ("t3", "")] {
            begun.push(recorder.state(|state| state.seq()));
            let (id, prompt) = (CallId(format!("c-{turn}")), turn.into());
            recorder.record(Event::TurnStarted { turn: turn.into(), prompt, content: Vec::new() }).unwrap();
            if !name.is_empty() {
                let call = ToolCall::new(id.clone(), "p".into(), "write".into(), serde_json::json!({}));
                let reply = Reply { blocks: vec![ReplyBlock::Call { call }], ..Reply::default() };
                let change = Change::Whole("one\n".into());
                let path = cwd.join(name).unwrap();
                let edits = vec![Edit { path, base: Version::Absent, change }];
                for event in [
                    Event::Replied {
                        message: format!("{turn}.1").as_str().into(),
                        reply: Arc::new(reply),
                        sent: Vec::new(),
                    },
                    Event::CallStarted {
                        call: id.clone(),
                        title: "Write".into(),
                        intent: Intent::Write { edits },
                        locations: Vec::new(),
                        by: Who::Quillon,
                    },
                    Event::CallEnded { call: id, outcome: Outcome::Done(Output::default()) },
                ] {
                    recorder.record(event).unwrap();
                }
            }
            let ended = Event::TurnEnded {
                turn: turn.into(),
                stop: Stop::Finished,
                usage: Usage::default(),
                sent: Vec::new(),
            };
            recorder.record(ended).unwrap();
        }
        let names =
            |since| files(&recorder, since).into_iter().map(|file| file.name).collect::<Vec<String>>();
        assert_eq!(names(begun[0]), ["a", "b"]);
        assert_eq!(names(begun[1]), ["b"]);
        assert!(names(begun[2]).is_empty());
    }
}
