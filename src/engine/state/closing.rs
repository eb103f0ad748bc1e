//! What is still to happen where a session was cut off, so that everything that was opened is closed.

use super::State;
use crate::engine::event::{Event, Level, Outcome, RestoredTo, Stop, TurnId, Usage, Who, Why};
use crate::engine::found;
use crate::policy::Intent;

impl State {
    /// The facts that close what is open, as after a crash, in the order in which they are recorded.
    pub fn closing(&self) -> Vec<Event> {
        let mut facts = Vec::new();
        for open in &self.questions {
            facts.push(Event::Answered { question: open.id.clone(), answer: None, by: Who::Quillon });
        }
        for call in self.open_calls() {
            if self.commands.contains(&call) {
                facts.push(found::unseen(call.clone(), "Quillon ended"));
            }
            facts.push(Event::CallEnded { call, outcome: Outcome::Interrupted });
        }
        for waiting in &self.queue {
            facts.push(Event::Removed { prompt: waiting.prompt.clone(), why: Why::Interrupted });
        }
        if let Some(turn) = &self.turn {
            facts.push(Event::TurnEnded {
                turn: turn.id.clone(),
                stop: Stop::Interrupted,
                usage: Usage::default(),
                sent: Vec::new(),
            });
        }
        if let Some((restore, to)) = self.touches.open_way() {
            facts.push(Event::RestoreEnded { restore: restore.clone(), whole: false });
            let again = match to {
                RestoredTo::Before(turn) => {
                    format!("going back to before turn {} again, the files alone,", number(turn))
                }
                RestoredTo::Undone(_) | RestoredTo::Without(_) | RestoredTo::Reviewed => {
                    "doing it again".into()
                }
            };
            let text = format!(
                "Quillon ended while files went back ({restore}), so some of them may not have: {again} does the rest."
            );
            facts.push(Event::Noticed { level: Level::Warning, text });
        }
        facts
    }

    /// Notes which commands may run.
    pub(super) fn note_commands(&mut self, event: &Event) {
        if let Event::CallStarted { call, intent: Intent::Run { .. }, .. } = event {
            self.commands.push(call.clone());
        }
        if let Event::CallEnded { call, .. } = event {
            self.commands.retain(|running| running != call);
        }
    }
}

/// A turn as people count them.
fn number(turn: &TurnId) -> &str {
    turn.0.trim_start_matches('t')
}
