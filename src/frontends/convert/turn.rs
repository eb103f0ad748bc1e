//! Which turn a fact belongs to, found in the facts before it.

use crate::engine::journal::Recorded;
use crate::engine::{Delta, Event, Recorder, Seq, TurnId};
use crate::limits;

/// The turn that was open behind this fact; none where none was, or the facts cannot be read.
pub fn open_at(recorder: &Recorder, at: Seq) -> Option<TurnId> {
    let mut end = at.0;
    while end > 0 {
        let start = end.saturating_sub(limits::RECENT_FACTS_MAX as u64 / 2);
        let page = recorder.facts(Seq(start), usize::try_from(end - start).unwrap_or(usize::MAX)).ok()?;
        for fact in page.iter().rev() {
            match &*fact.event {
                Event::TurnStarted { turn, .. } => return Some(turn.clone()),
                Event::TurnEnded { .. } => return None,
                _ => {}
            }
        }
        end = start;
    }
    None
}

/// Follows the open turn over one fact, and says to which turn the fact belongs.
pub fn step(open: &mut Option<TurnId>, fact: &Recorded) -> Option<TurnId> {
    match &*fact.event {
        Event::TurnStarted { turn, .. } => {
            *open = Some(turn.clone());
            open.clone()
        }
        Event::TurnEnded { turn, .. } => {
            *open = None;
            Some(turn.clone())
        }
        Event::Taken { .. }
        | Event::Replied { .. }
        | Event::Asked { .. }
        | Event::Answered { .. }
        | Event::CallStarted { .. }
        | Event::Touched { .. }
        | Event::Settled { .. }
        | Event::Found { .. }
        | Event::Reviewed { .. }
        | Event::CallEnded { .. }
        | Event::Todo { .. }
        | Event::Noticed { .. }
        | Event::Reminded { .. } => open.clone(),
        Event::Opened { .. }
        | Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Removed { .. }
        | Event::Titled { .. }
        | Event::Restored { .. }
        | Event::Briefed { .. } => None,
    }
}

/// The turn of progress: the one that runs.
pub fn of_delta(recorder: &Recorder, delta: &Delta) -> Option<TurnId> {
    match delta {
        Delta::Text { .. }
        | Delta::Thought { .. }
        | Delta::CallInput { .. }
        | Delta::Output { .. }
        | Delta::Retrying { .. } => recorder.state(|state| state.turn().map(|turn| turn.id.clone())),
    }
}
