//! What is open, or waits, in a session.

use std::collections::VecDeque;

use super::{OpenQuestion, State, Waiting};
use crate::engine::event::{CallId, PromptId, QuestionId, Who};

impl State {
    /// The open calls.
    pub fn open_calls(&self) -> Vec<CallId> {
        let Some(open) = &self.calls else { return Vec::new() };
        let all = open.reply.calls().zip(&open.outcomes);
        all.filter(|(_, outcome)| outcome.is_none()).map(|(call, _)| call.id.clone()).collect()
    }

    /// Whether a call of the last reply is open.
    pub fn is_open(&self, call: &CallId) -> bool {
        let Some(open) = &self.calls else { return false };
        open.reply.calls().zip(&open.outcomes).any(|(one, outcome)| one.id == *call && outcome.is_none())
    }

    /// The open question of that id.
    pub fn question(&self, question: &QuestionId) -> Option<&OpenQuestion> {
        self.questions.iter().find(|open| open.id == *question)
    }

    /// The open questions, the oldest first.
    pub fn questions(&self) -> &[OpenQuestion] {
        &self.questions
    }

    /// Who answered a question that is over; none where it is open or was never asked.
    pub fn answered_by(&self, question: &QuestionId) -> Option<&Who> {
        self.answered.get(question)
    }

    /// The waiting prompts, in the order in which they will be taken.
    pub fn queue(&self) -> &VecDeque<Waiting> {
        &self.queue
    }

    /// Whether this prompt was accepted before.
    pub fn knows(&self, prompt: &PromptId) -> bool {
        self.prompts.contains(prompt)
    }
}
