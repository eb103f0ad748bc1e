//! Open questions as `window/showMessageRequest`, one at a time; only a choice that was offered is an answer.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio::task::{AbortHandle, JoinSet};

use crate::engine::preview;
use crate::engine::{Answer, Choice, ChoiceKind, ClientId, Question, QuestionId, Recorder, Session, Subject};
use crate::frontends::convert;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::rpc::{Peer, RequestError};
use crate::text::{clean, diff};

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
        let dialogue = Dialogue::about(&ask, &detail(session.recorder(), &ask.subject));
        let task = self.tasks.spawn(async move {
            let params = dialogue.params();
            let answered = peer.request("window/showMessageRequest", params, limits::DIALOGUE_WAIT).await;
            let Some(answer) = dialogue.answer(&ask, answered) else {
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

/// What would be done, whole: the lines that change, the command with its directory, the path.
fn detail(recorder: &Recorder, subject: &Subject) -> String {
    let intent = match subject {
        Subject::Intent(intent) => intent,
        Subject::Loop(text) | Subject::Budget(text) => return text.clone(),
    };
    let changes = preview::changes(recorder, intent);
    let named: HashSet<&AbsPath> = changes.iter().map(|change| &change.path).collect();
    let others: Vec<String> =
        intent.paths().into_iter().filter(|path| !named.contains(path)).map(ToString::to_string).collect();
    let terse = changes
        .iter()
        .map(|change| diff::terse(&change.path.to_string(), change.old.as_deref(), change.new.as_deref()));
    let mut lines: Vec<String> = terse.map(|lines| lines.trim_end().to_owned()).collect();
    if let Intent::Run { command, cwd, .. } = intent {
        lines.push(format!("{command}\nin {cwd}"));
    }
    lines.extend(others);
    clean::for_terminal(lines.join("\n").trim_end()).into_owned()
}

/// A question as a dialogue shows it.
struct Dialogue {
    message: String,
    /// The choices that are offered: all where the dialogue shows all, else the harmless one.
    offered: Vec<Choice>,
}

impl Dialogue {
    fn about(ask: &Question, detail: &str) -> Self {
        let offered = harmless_first(ask).into_iter().cloned();
        let head = format!("{}: {}", ask.title, ask.reason);
        let fits = detail.lines().count() <= limits::DIALOGUE_LINES_MAX
            && detail.chars().count() <= limits::DIALOGUE_CHARS_MAX;
        if fits {
            return Self { message: format!("{head}\n{detail}"), offered: offered.collect() };
        }
        let message =
            format!("{head}\nIt is too long to be shown here. The chat has all of it; say yes there.");
        Self { message, offered: offered.take(1).collect() }
    }

    fn params(&self) -> Value {
        let actions: Vec<Value> =
            self.offered.iter().map(|choice| json!({ "title": choice.label })).collect();
        json!({ "type": MESSAGE_INFO, "message": self.message, "actions": actions })
    }

    fn answer(&self, ask: &Question, answered: Result<Value, RequestError>) -> Option<Answer> {
        let answered = answered.ok()?;
        let title = answered["title"].as_str()?;
        let mut fitting = self.offered.iter().filter(|choice| choice.label == title);
        let (Some(choice), None) = (fitting.next(), fitting.next()) else { return None };
        convert::answer(ask, &convert::choice_id(&choice.kind), None, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> Question {
        let choice = |kind, label: &str| Choice { kind, label: label.into() };
        let choices = vec![choice(ChoiceKind::Once, "Go on"), choice(ChoiceKind::No, "Stop")];
        Question { title: "T".into(), subject: Subject::Loop("x".into()), reason: "R".into(), choices }
    }

    #[test]
    fn only_an_offered_choice_is_an_answer() {
        let dialogue = Dialogue::about(&ask(), "short");
        let answer = |answered| dialogue.answer(&ask(), answered);
        assert_eq!(answer(Ok(json!({ "title": "Go on" }))), Some(Answer::Once));
        assert_eq!(answer(Ok(json!({ "title": "Stop" }))), Some(Answer::No { note: None }));
        for lost in [json!(null), json!({}), json!({ "title": "go on" }), json!("Go on"), json!(true)] {
            assert_eq!(answer(Ok(lost.clone())), None, "{lost}");
        }
        assert_eq!(answer(Err(RequestError::Closed)), None);
        assert_eq!(dialogue.params()["actions"][0]["title"], "Stop");
        assert_eq!(dialogue.params()["message"], "T: R\nshort");
    }

    #[test]
    fn what_a_dialogue_cannot_show_it_cannot_allow() {
        let dialogue = Dialogue::about(&ask(), &"line\n".repeat(limits::DIALOGUE_LINES_MAX + 1));
        assert_eq!(dialogue.params()["actions"], json!([{ "title": "Stop" }]));
        assert_eq!(dialogue.answer(&ask(), Ok(json!({ "title": "Go on" }))), None);
    }
}
