//! Which turn a fact or a piece of progress belongs to.

use crate::engine::journal::Recorded;
use crate::engine::{Delta, Event, Recorder, TurnId};

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
        | Event::Overlooked { .. }
        | Event::Reminded { .. }
        | Event::Compacted { .. } => open.clone(),
        Event::Opened { .. }
        | Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Removed { .. }
        | Event::Titled { .. }
        | Event::Restored { .. }
        | Event::RestoreEnded { .. }
        | Event::Briefed { .. } => None,
    }
}

/// The turn of progress: the one that runs, where it belongs to one.
pub fn of_delta(recorder: &Recorder, delta: &Delta) -> Option<TurnId> {
    match delta {
        Delta::Text { .. }
        | Delta::Thought { .. }
        | Delta::CallInput { .. }
        | Delta::Output { .. }
        | Delta::Retrying { .. } => recorder.state(|state| state.turn().map(|turn| turn.id.clone())),
        Delta::Changed { .. } => None,
    }
}
