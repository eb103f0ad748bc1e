//! `Habits`: what a model is likely to forget in a turn: to check what it changed, and to keep its plan.

use super::event::{CallId, Event, Mode, Outcome, Reminder, TodoItem, TodoStatus};
use crate::limits;
use crate::policy::Intent;

/// The model hears this when it is about to end a turn in which it has changed files and run nothing since.
pub const CHECK_NOTE: &str = "Before you finish: in this turn you changed files, and nothing was run since. Check what you \
                              changed against what was asked: build it, run the tests that cover it, or read it again \
                              where nothing can be run; repair what is wrong. Where that was done, or cannot be done, \
                              say so in a line and end.";

/// The model hears this when it has not looked after its plan for a while.
pub const PLAN_NOTE: &str = "The plan was not brought up to date for a while. If something in it is done or has become \
                             different, say so by `todo`; if not, just go on.";

/// What was done in the running turn, as far as it matters here.
#[derive(Debug, Default)]
pub struct Habits {
    started: Vec<(CallId, Did)>,
    /// Files were changed, and no command has run since.
    unchecked: bool,
    /// It was told to check in this turn.
    told: bool,
    /// Calls since the plan was set, or it was told of it.
    calls: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Change,
    Run,
    Look,
}

impl Habits {
    pub(super) fn fold(&mut self, event: &Event) {
        match event {
            Event::TurnStarted { .. } => {
                *self = Self { calls: self.calls, ..Self::default() };
            }
            Event::CallStarted { call, intent, .. } => {
                let did = match intent {
                    Intent::Write { .. } => Did::Change,
                    Intent::Run { .. } => Did::Run,
                    Intent::Nothing | Intent::Read { .. } | Intent::List { .. } | Intent::Search { .. } => {
                        Did::Look
                    }
                };
                self.started.push((call.clone(), did));
            }
            Event::CallEnded { call, outcome } => {
                self.calls += 1;
                let at = self.started.iter().position(|(started, _)| started == call);
                let did = at.map(|at| self.started.swap_remove(at).1);
                if let (Some(did), Outcome::Done(_)) = (did, outcome) {
                    match did {
                        Did::Change => self.unchecked = true,
                        Did::Run => self.unchecked = false,
                        Did::Look => {}
                    }
                }
            }
            Event::Todo { .. } => self.calls = 0,
            Event::Reminded { about, .. } => match about {
                Reminder::Plan => self.calls = 0,
                Reminder::Check => self.told = true,
                Reminder::Mode(_) | Reminder::Loop | Reminder::Files | Reminder::Steps => {}
            },
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
            | Event::Replied { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Overlooked { .. }
            | Event::Reviewed { .. }
            | Event::Restored { .. }
            | Event::RestoreEnded { .. }
            | Event::Settled { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Briefed { .. }
            | Event::Compacted { .. }
            | Event::TurnEnded { .. } => {}
        }
    }

    /// Whether the model should check what it changed before it ends its turn. Once a turn.
    pub fn should_check(&self, mode: Mode) -> bool {
        self.unchecked && !self.told && mode != Mode::Plan
    }

    /// Whether it should look after its plan.
    pub fn should_plan(&self, plan: &[TodoItem]) -> bool {
        self.calls >= limits::CALLS_WITHOUT_PLAN_MAX
            && plan.iter().any(|item| item.status != TodoStatus::Completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_old_after_many_calls_while_something_is_open() {
        let mut habits = Habits::default();
        let item = |status| TodoItem { content: "x".into(), status };
        let (open, done) = ([item(TodoStatus::Pending)], [item(TodoStatus::Completed)]);
        for _ in 0..limits::CALLS_WITHOUT_PLAN_MAX {
            assert!(!habits.should_plan(&open));
            habits.fold(&Event::CallEnded { call: "c".into(), outcome: Outcome::Cancelled });
        }
        assert!(habits.should_plan(&open) && !habits.should_plan(&done) && !habits.should_plan(&[]));
        habits.fold(&Event::Reminded { about: Reminder::Plan, text: String::new() });
        assert!(!habits.should_plan(&open));
    }
}
