//! What earlier facts say: the turn that was open, and what the ids in a fact stand for.

use crate::engine::journal::Recorded;
use crate::engine::{CallId, Event, PromptId, Question, QuestionId, Recorder, ReplyBlock, Seq, TurnId};
use crate::limits;
use crate::text::clip;

use super::block;
use super::summary;

/// The facts before one, to be searched for what opened what it closes.
pub struct Earlier<'a> {
    recorder: &'a Recorder,
    /// Those that are at hand: the last ones before it, without a hole.
    at_hand: &'a [Recorded],
    /// The number of the last fact before it.
    last: Seq,
}

impl<'a> Earlier<'a> {
    /// The facts before number `fact`, of which these are at hand.
    pub fn than(fact: Seq, at_hand: &'a [Recorded], recorder: &'a Recorder) -> Self {
        Self { recorder, at_hand, last: Seq(fact.0.saturating_sub(1)) }
    }

    /// The turn that was open; none where none was, or the facts cannot be read.
    pub fn turn(&self) -> Option<TurnId> {
        // Live, this is known without a search.
        let running = self
            .recorder
            .state(|state| state.turn().filter(|turn| turn.since <= self.last).map(|turn| turn.id.clone()));
        running.or_else(|| {
            self.find(|event| match event {
                Event::TurnStarted { turn, .. } => Some(Some(turn.clone())),
                Event::TurnEnded { .. } => Some(None),
                _ => None,
            })?
        })
    }

    /// What a call means to do: its title, or what the model asked for where it got none.
    pub fn call(&self, id: &CallId) -> Option<String> {
        self.find(|event| match event {
            Event::CallStarted { call, title, .. } if call == id => Some(title.clone()),
            Event::Asked { call: Some(call), ask, .. } if call == id => Some(ask.title.clone()),
            Event::Replied { reply, .. } => reply.blocks.iter().find_map(|block| match block {
                ReplyBlock::Call { call } if call.id == *id => {
                    let words = format!("{} {}", call.tool, call.input);
                    Some(clip::line(&words, limits::SUMMARY_CHARS_MAX / 2))
                }
                ReplyBlock::Call { .. }
                | ReplyBlock::Text { .. }
                | ReplyBlock::Thought { .. }
                | ReplyBlock::Opaque { .. } => None,
            }),
            _ => None,
        })
    }

    /// A question as it was asked.
    pub fn question(&self, id: &QuestionId) -> Option<Question> {
        self.find(|event| match event {
            Event::Asked { question, ask, .. } if question == id => Some(ask.clone()),
            _ => None,
        })
    }

    /// The last words of a prompt that waited.
    pub fn prompt(&self, id: &PromptId) -> Option<String> {
        self.find(|event| match event {
            Event::Queued { prompt, content, .. } | Event::Requeued { prompt, content } if prompt == id => {
                Some(summary::words(&block::content(content)))
            }
            _ => None,
        })
    }

    /// What the nearest fact says of which `look` says something.
    fn find<T>(&self, look: impl Fn(&Event) -> Option<T>) -> Option<T> {
        let found = self.at_hand.iter().rev().find_map(|fact| look(&fact.event));
        if found.is_some() {
            return found;
        }
        let mut end = self.last.0 - (self.at_hand.len() as u64).min(self.last.0);
        while end > 0 {
            let start = end.saturating_sub(limits::RECENT_FACTS_MAX as u64 / 2);
            let most = usize::try_from(end - start).unwrap_or(usize::MAX);
            let page = self.recorder.facts(Seq(start), most).ok()?;
            let found = page.iter().rev().find_map(|fact| look(&fact.event));
            if found.is_some() {
                return found;
            }
            end = start;
        }
        None
    }
}
