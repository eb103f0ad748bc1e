//! `Formatted`: what a formatter made of a file when it was saved, as a fact of the sessions that had
//! changed the file.
//!
//! Who calls this knows for certain that nobody typed between the two texts.

use std::sync::Arc;

use super::event::{Event, Seq, SessionId};
use super::handle::Reach;
use super::host::Host;
use super::state::State;
use crate::path::AbsPath;

/// What a formatter did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The file, by its real path.
    pub path: AbsPath,
    /// The text that was to be saved, with LF line ends and without byte-order mark.
    pub before: Arc<str>,
    /// The text that was saved.
    pub after: Arc<str>,
}

/// Which change of a file was the last one of each session.
#[derive(Debug, Clone, Default)]
pub struct Marks(Vec<(SessionId, Seq)>);

impl Host {
    /// The sessions that have changed a file and have something in it to be looked at, at this moment.
    pub fn marks(&self, path: &AbsPath) -> Marks {
        let of =
            |id: SessionId| Some((id.clone(), self.get(&id)?.recorder.state(|state| last(state, path))?));
        Marks(self.ids().into_iter().filter_map(of).collect())
    }

    /// Records it in those sessions which have not changed the file again since it was marked.
    pub fn formatted(&self, formatted: &Formatted, marks: &Marks) {
        for (id, marked) in &marks.0 {
            let Some(session) = self.get(id).filter(|session| matches!(session.reach(), Reach::Held { .. }))
            else {
                continue;
            };
            let recorder = &session.recorder;
            let keep = |text: &str| recorder.keep(text.as_bytes());
            let (before, after) = match (keep(&formatted.before), keep(&formatted.after)) {
                (Ok(before), Ok(after)) => (before, after),
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!("failed to keep what a formatter made of {}: {error}", formatted.path);
                    continue;
                }
            };
            let settled = Event::Settled { path: formatted.path.clone(), before, after };
            let recorded = recorder
                .record_if(|state| (last(state, &formatted.path) == Some(*marked)).then_some(settled));
            if let Err(halted) = recorded {
                tracing::debug!("what a formatter did was not recorded: {halted}");
            }
        }
    }
}

/// The last change of a file, if the user has not settled it.
fn last(state: &State, path: &AbsPath) -> Option<Seq> {
    let touches = state.touches();
    let last = touches.last(path)?.seq;
    touches.settled(path).is_none_or(|settled| settled.seq < last).then_some(last)
}
