//! `Past`: what a person typed, was asked and answered in a session, for who looks at it afterwards.

use std::collections::HashMap;

use super::console::{Console, Tone};
use super::show;
use crate::engine::{Answer, Block, ClientId, Event, PromptId, Recorder, RestoredTo, Setting, Who, Why};
use crate::frontends::{changes, export};
use crate::limits;

/// The prompts that waited where the showing has come to.
#[derive(Default)]
pub(super) struct Past {
    waiting: HashMap<PromptId, Vec<Block>>,
}

impl Past {
    /// Shows what was on the screen of the user of then before the program had anything to say.
    pub(super) fn fact(&mut self, recorder: &Recorder, event: &Event, console: &mut Console) {
        match event {
            Event::TurnStarted { turn, prompt, content } => {
                self.waiting.remove(prompt);
                console.note(Tone::Plain, "");
                console.note(Tone::Dim, &format!("turn {}", changes::number(turn)));
                typed(content, console);
            }
            Event::Queued { prompt, content, .. } | Event::Requeued { prompt, content } => {
                self.waiting.insert(prompt.clone(), content.clone());
            }
            Event::Taken { prompt } => typed(&self.waiting.remove(prompt).unwrap_or_default(), console),
            Event::Removed { prompt, why } => {
                let words = changes::prompt(&self.waiting.remove(prompt).unwrap_or_default());
                let why = match why {
                    Why::Withdrawn => "withdrawn",
                    Why::Cancelled => "cancelled",
                    Why::Interrupted => "interrupted",
                };
                console.note(Tone::Dim, &format!("(not taken, {why}: {words})"));
            }
            Event::Asked { ask, .. } => show::question(recorder, ask, console),
            Event::Answered { answer, by, .. } => console.note(Tone::Strong, &answered(answer, by)),
            Event::Configured { setting } => {
                let words = match setting {
                    Setting::Model(model) => format!("(model {model})"),
                    Setting::Mode(mode) => format!("(mode {})", mode.word()),
                };
                console.note(Tone::Dim, &words);
            }
            Event::Restored { restore, to, .. } => {
                let words = match to {
                    RestoredTo::Before(turn) => {
                        format!("({restore}: back to before turn {})", changes::number(turn))
                    }
                    RestoredTo::Undone(undone) => format!("({restore}: {undone} was taken back)"),
                    RestoredTo::Without(_) => format!("({restore}: the last edit was taken back)"),
                    RestoredTo::Reviewed => format!("({restore}: taken back in a review)"),
                };
                console.note(Tone::Strong, &words);
            }
            Event::Opened { .. }
            | Event::Replied { .. }
            | Event::CallStarted { .. }
            | Event::Touched { .. }
            | Event::Found { .. }
            | Event::Reviewed { .. }
            | Event::Settled { .. }
            | Event::CallEnded { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::RestoreEnded { .. }
            | Event::Noticed { .. }
            | Event::Overlooked { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. }
            | Event::Compacted { .. }
            | Event::TurnEnded { .. } => {}
        }
    }
}

/// A prompt: its words whole, and of what was handed over with it the beginning.
fn typed(content: &[Block], console: &mut Console) {
    for block in content {
        let words = export::words(block);
        let most = match block {
            Block::Text { .. } => usize::MAX,
            Block::Link { .. } | Block::Resource { .. } | Block::Media { .. } => limits::SHOWN_DIFF_LINES_MAX,
            Block::Around { .. } => 0,
        };
        for line in words.lines().take(most) {
            console.note(Tone::Strong, &format!("> {line}"));
        }
        let hidden = words.lines().count().saturating_sub(most);
        if hidden > 0 {
            console.note(Tone::Dim, &format!("> … ({hidden} more lines)"));
        }
    }
}

/// An answer in words, and where it came from.
fn answered(answer: &Option<Answer>, by: &Who) -> String {
    let words = match answer {
        None => return "  (withdrawn)".to_owned(),
        Some(Answer::Once) => "yes, once".to_owned(),
        Some(Answer::Always(grant)) => format!("always: {}", grant.describe()),
        Some(Answer::Amended { .. }) => "yes, with changes".to_owned(),
        Some(Answer::No { note: Some(note) }) => format!("no: {note}"),
        Some(Answer::No { note: None }) => "no".to_owned(),
    };
    let by = match by {
        Who::User(ClientId(client)) => client.clone(),
        Who::Quillon => "nobody could be asked".to_owned(),
        Who::Rule(rule) => format!("rule {rule}"),
        Who::Mode(mode) => format!("mode {}", mode.word()),
    };
    format!("  {words} ({by})")
}
