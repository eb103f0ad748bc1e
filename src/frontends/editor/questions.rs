//! Open questions as `window/showMessageRequest`, one at a time; only a choice that was offered is an answer.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio::task::{AbortHandle, JoinSet};

use crate::engine::{Answer, Choice, ChoiceKind, ClientId, Question, QuestionId, Session};
use crate::frontends::convert;
use crate::limits;
use crate::rpc::{Peer, RequestError};

/// The name under which answers given here are recorded.
pub const CLIENT: &str = "editor";
/// LSP's number for a message that informs: the words are the program's, not a warning.
const MESSAGE_INFO: u32 = 3;

/// The dialogue that stands before the user, and which were there before.
#[derive(Default)]
pub struct Questions {
    asked: HashSet<QuestionId>,
    stands: Option<(QuestionId, AbortHandle)>,
    tasks: JoinSet<()>,
}

impl Questions {
    /// Puts the next open question before the user, where none stands.
    pub fn next(&mut self, peer: &Peer, session: &Session) {
        if self.stands.is_some() || session.holder().is_some() {
            return;
        }
        let open = session.state(|state| state.questions().to_vec());
        let Some(open) = open.into_iter().find(|open| !self.asked.contains(&open.id)) else { return };
        let (id, ask, peer, session) = (open.id, open.ask, peer.clone(), session.clone());
        self.asked.insert(id.clone());
        let question = id.clone();
        let task = self.tasks.spawn(async move {
            let answered =
                peer.request("window/showMessageRequest", shown(&ask), limits::DIALOGUE_WAIT).await;
            let Some(answer) = answer(&ask, answered) else {
                return tracing::info!("the dialogue of question {id} brought no answer; it stays open");
            };
            if let Err(late) = session.answer(&id, answer, ClientId::from(CLIENT)) {
                tracing::debug!("an answer came too late: {late}");
            }
        });
        self.stands = Some((question, task));
    }

    /// A question is over: its dialogue is withdrawn, unless it brought the answer.
    pub fn over(&mut self, question: &QuestionId) {
        if self.stands.as_ref().is_some_and(|(stands, _)| stands == question)
            && let Some((_, task)) = self.stands.take()
        {
            task.abort();
        }
    }

    /// Waits until a dialogue has gone, so that the next may come; for ever where none stands.
    pub async fn gone(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
        if self.stands.as_ref().is_some_and(|(_, task)| task.is_finished()) {
            self.stands = None;
        }
    }
}

/// The choices with the harmless one first, which editors take for the default.
pub fn harmless_first(ask: &Question) -> Vec<&Choice> {
    let is_no = |choice: &&Choice| matches!(choice.kind, ChoiceKind::No);
    ask.choices.iter().filter(is_no).chain(ask.choices.iter().filter(|choice| !is_no(choice))).collect()
}

fn shown(ask: &Question) -> Value {
    let actions: Vec<Value> =
        harmless_first(ask).iter().map(|choice| json!({ "title": choice.label })).collect();
    json!({ "type": MESSAGE_INFO, "message": format!("{}: {}", ask.title, ask.reason), "actions": actions })
}

fn answer(ask: &Question, answered: Result<Value, RequestError>) -> Option<Answer> {
    let answered = answered.ok()?;
    let title = answered["title"].as_str()?;
    let mut fitting = ask.choices.iter().filter(|choice| choice.label == title);
    let (Some(choice), None) = (fitting.next(), fitting.next()) else { return None };
    convert::answer(ask, &convert::choice_id(&choice.kind), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Subject;

    fn ask() -> Question {
        let choice = |kind, label: &str| Choice { kind, label: label.into() };
        let choices = vec![choice(ChoiceKind::Once, "Go on"), choice(ChoiceKind::No, "Stop")];
        Question { title: "T".into(), subject: Subject::Loop("x".into()), reason: "R".into(), choices }
    }

    #[test]
    fn only_an_offered_choice_is_an_answer() {
        assert_eq!(answer(&ask(), Ok(json!({ "title": "Go on" }))), Some(Answer::Once));
        assert_eq!(answer(&ask(), Ok(json!({ "title": "Stop" }))), Some(Answer::No { note: None }));
        for lost in [json!(null), json!({}), json!({ "title": "go on" }), json!("Go on"), json!(true)] {
            assert_eq!(answer(&ask(), Ok(lost.clone())), None, "{lost}");
        }
        assert_eq!(answer(&ask(), Err(RequestError::Closed)), None);
        assert_eq!(shown(&ask())["actions"][0]["title"], "Stop");
    }
}
