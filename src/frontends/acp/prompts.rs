//! `Prompts`: the requests `session/prompt` of one session that are not answered yet.
//!
//! Each is answered once: with the end of the turn that its prompt began or went into, when the
//! prompt is removed, or when the session refuses it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use agent_client_protocol_schema::v1 as acp;
use tokio::sync::oneshot;

use crate::engine::PromptId;
use crate::rpc::Error;

/// What a prompt is answered with.
pub type Answer = Result<acp::StopReason, Error>;

/// The open prompts.
#[derive(Default)]
pub struct Prompts(Mutex<Vec<Open>>);

struct Open {
    prompt: PromptId,
    stage: Stage,
    answer: oneshot::Sender<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    InTurn,
}

impl Prompts {
    /// Opens a prompt, before it is sent to the session.
    pub fn expect(&self, prompt: PromptId) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        self.lock().push(Open { prompt, stage: Stage::Waiting, answer });
        answered
    }

    /// Whether a prompt is one of these.
    pub fn holds(&self, prompt: &PromptId) -> bool {
        self.lock().iter().any(|open| open.prompt == *prompt)
    }

    /// A prompt is in the running turn.
    pub fn in_turn(&self, prompt: &PromptId) {
        if let Some(open) = self.lock().iter_mut().find(|open| open.prompt == *prompt) {
            open.stage = Stage::InTurn;
        }
    }

    /// Answers one prompt.
    pub fn answer(&self, prompt: &PromptId, answer: Answer) {
        let mut all = self.lock();
        let Some(at) = all.iter().position(|open| open.prompt == *prompt) else { return };
        let _request_may_be_gone = all.remove(at).answer.send(answer);
    }

    /// Answers all prompts of the turn that has ended.
    pub fn turn_ended(&self, answer: &Answer) {
        self.answer_those(|open| open.stage == Stage::InTurn, answer);
    }

    /// Answers all prompts.
    pub fn over(&self, answer: &Answer) {
        self.answer_those(|_| true, answer);
    }

    /// Forgets a prompt that the session has refused.
    pub fn forget(&self, prompt: &PromptId) {
        self.lock().retain(|open| open.prompt != *prompt);
    }

    fn answer_those(&self, which: impl Fn(&Open) -> bool, answer: &Answer) {
        for open in self.lock().extract_if(.., |open| which(open)) {
            let _request_may_be_gone = open.answer.send(answer.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_answered_once() {
        let (prompts, end) = (Prompts::default(), Ok(acp::StopReason::EndTurn));
        let [one, two] = ["one", "two"].map(PromptId::from);
        let (mut first, mut second) = (prompts.expect(one.clone()), prompts.expect(two.clone()));
        prompts.in_turn(&one);
        prompts.turn_ended(&end);
        assert_eq!(first.try_recv().unwrap(), end);
        assert!(second.try_recv().is_err());
        assert!(!prompts.holds(&one) && prompts.holds(&two));
        prompts.over(&Ok(acp::StopReason::Cancelled));
        assert_eq!(second.try_recv().unwrap(), Ok(acp::StopReason::Cancelled));
        assert!(!prompts.holds(&two));
    }

    #[test]
    fn a_refused_prompt_is_forgotten() {
        let (prompts, one) = (Prompts::default(), PromptId::from("one"));
        let mut request = prompts.expect(one.clone());
        prompts.forget(&one);
        prompts.over(&Ok(acp::StopReason::Cancelled));
        assert!(request.try_recv().is_err());
    }
}
