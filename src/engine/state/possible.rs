//! Which facts can follow on a state.

use super::{Impossible, State};
use crate::engine::event::{Event, RestoreOf};

impl State {
    /// Whether a fact can follow on this state.
    pub(super) fn check(&self, event: &Event) -> Result<(), Impossible> {
        let ensure = |holds: bool, why: &str| match holds {
            true => Ok(()),
            false => Err(Impossible(format!("{why}: {event:?}"))),
        };
        if self.opened.is_none() {
            return ensure(matches!(event, Event::Opened { .. }), "the session is not opened");
        }
        match event {
            Event::Opened { .. } => ensure(false, "opened twice"),
            Event::Queued { prompt, .. } => ensure(!self.knows(prompt), "the prompt was accepted before"),
            Event::Taken { prompt } => {
                ensure(self.turn.is_some() && self.calls.is_none(), "no turn is between two steps")?;
                ensure(self.queue.iter().any(|waiting| waiting.prompt == *prompt), "the prompt does not wait")
            }
            Event::Requeued { prompt, .. } | Event::Removed { prompt, .. } => {
                ensure(self.queue.iter().any(|waiting| waiting.prompt == *prompt), "the prompt does not wait")
            }
            Event::TurnStarted { prompt, .. } => {
                let waits = self.queue.iter().any(|waiting| waiting.prompt == *prompt);
                ensure(self.turn.is_none(), "a turn is open")?;
                ensure(waits || !self.knows(prompt), "the prompt was taken before")
            }
            Event::Replied { .. } => {
                ensure(self.turn.is_some(), "no turn is open")?;
                ensure(self.calls.is_none(), "calls are open")
            }
            Event::Reminded { .. } => ensure(self.calls.is_none(), "calls are open"),
            Event::Compacted { upto, summary, .. } => {
                let fits = self.calls.is_none() && self.history.may_tell_less(*upto, summary.as_ref());
                ensure(fits, "calls are open, or nothing can begin there")
            }
            Event::Asked { question, call, .. } => {
                ensure(!self.questions.iter().any(|open| open.id == *question), "the question is open")?;
                ensure(call.as_ref().is_none_or(|call| self.is_open(call)), "the call is not open")
            }
            Event::Answered { question, .. } => {
                ensure(self.questions.iter().any(|open| open.id == *question), "the question is not open")
            }
            Event::CallStarted { call, .. } | Event::Overlooked { call, .. } => {
                ensure(self.is_open(call), "the call is not open")
            }
            Event::CallEnded { call, .. } => {
                let asked = self.questions.iter().any(|open| open.call.as_ref() == Some(call));
                ensure(self.is_open(call) && !asked, "the call is not open, or a question of it is")
            }
            Event::Touched { call, .. } | Event::Found { call, .. } => {
                ensure(call.as_ref().is_none_or(|call| self.is_open(call)), "the call is not open")
            }
            Event::TurnEnded { turn, .. } => {
                ensure(self.turn.as_ref().is_some_and(|open| open.id == *turn), "the turn is not open")?;
                ensure(self.calls.is_none(), "calls are open")?;
                ensure(self.questions.is_empty(), "questions are open")
            }
            Event::Restored { to, what, .. } => {
                let single = *what == RestoreOf::Files && self.touches.is_of_single_changes(to);
                ensure(single || self.turn.is_none(), "a turn is open")?;
                ensure(self.history.can_go(to, *what), "there is no such way back")
            }
            Event::RestoreEnded { restore, .. } => {
                ensure(self.touches.knows(restore), "there is no such way back")
            }
            Event::Configured { .. }
            | Event::Settled { .. }
            | Event::Reviewed { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Briefed { .. } => Ok(()),
        }
    }
}
