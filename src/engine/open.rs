//! What is open in a session: the turn, its calls, its questions, the prompts that wait.

use std::sync::Arc;

use super::event::{Block, CallId, Deliver, Outcome, PromptId, Question, QuestionId, Reply, Seq, TurnId};

/// The turn that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTurn {
    /// Which.
    pub id: TurnId,
    /// The prompt that began it.
    pub prompt: PromptId,
    /// The fact that began it.
    pub since: Seq,
    /// How many replies it has had.
    pub replies: u32,
}

/// The calls of the last reply, while one of them is open.
#[derive(Debug)]
pub(super) struct OpenCalls {
    pub(super) reply: Arc<Reply>,
    pub(super) outcomes: Vec<Option<Outcome>>,
}

/// A question that nobody has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    /// Which.
    pub id: QuestionId,
    /// The call that needs the answer.
    pub call: Option<CallId>,
    /// What is asked.
    pub ask: Question,
}

/// A prompt that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub prompt: PromptId,
    /// Its words.
    pub content: Vec<Block>,
    /// When it is to reach the model.
    pub deliver: Deliver,
}
