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

/// The files changed in the last turn, each once, from its text before to its text after.
pub(super) fn files(recorder: &Recorder) -> Vec<Changed> {
    let cwd = recorder.state(|state| state.cwd().cloned());
    let mut merged: Vec<FileChange> = Vec::new();
    for change in written(recorder).iter().flat_map(|intent| preview::changes(recorder, intent)) {
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

/// What the calls of the last turn wrote.
fn written(recorder: &Recorder) -> Vec<Intent> {
    let mut started: Vec<(CallId, Intent)> = Vec::new();
    let mut written = Vec::new();
    let mut after = Seq(0);
    while let Ok(facts) = recorder.facts(after, limits::FACTS_PER_PAGE_MAX) {
        let Some(last) = facts.last() else { break };
        after = last.seq;
        for fact in facts {
            match &*fact.event {
                Event::TurnStarted { .. } => {
                    started.clear();
                    written.clear();
                }
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
