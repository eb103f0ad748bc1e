//! `Desk`: where open questions wait for their answer; the first answer wins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::event::{Answer, QuestionId, Who};

type Given = (Answer, Who);

/// The open questions of one session.
#[derive(Default, Clone)]
pub struct Desk(Arc<Mutex<HashMap<QuestionId, oneshot::Sender<Given>>>>);

/// The place of one who waits for an answer.
pub struct Waiting {
    desk: Desk,
    question: QuestionId,
    answer: oneshot::Receiver<Given>,
}

impl Desk {
    /// Opens a question.
    pub fn open(&self, question: &QuestionId) -> Waiting {
        let (sender, answer) = oneshot::channel();
        self.lock().insert(question.clone(), sender);
        Waiting { desk: self.clone(), question: question.clone(), answer }
    }

    /// Answers a question; says whether this answer was the one that counts.
    pub fn answer(&self, question: &QuestionId, answer: Answer, by: Who) -> Taken {
        let Some(sender) = self.lock().remove(question) else { return Taken::Closed };
        match sender.send((answer, by)) {
            Ok(()) => Taken::Accepted,
            Err(_) => Taken::Closed,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<QuestionId, oneshot::Sender<Given>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It does.
    Accepted,
    /// The question was answered or withdrawn before.
    Closed,
}

impl Waiting {
    /// The answer, or none when `withdrawn` comes first. An answer that was accepted always counts.
    pub async fn answer(mut self, withdrawn: impl Future<Output = ()>) -> Option<Given> {
        tokio::select! {
            biased;
            answer = &mut self.answer => answer.ok(),
            () = withdrawn => {
                self.desk.lock().remove(&self.question);
                self.answer.try_recv().ok()
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.desk.lock().remove(&self.question);
    }
}
