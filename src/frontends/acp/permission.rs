//! Questions to the user as `session/request_permission`; an answer that was not offered is a no.

use std::collections::HashMap;

use agent_client_protocol_schema::v1 as acp;
use tokio::task::{AbortHandle, JoinSet};

use super::client::Client;
use super::v1;
use crate::engine::{Answer, ChoiceKind, ClientId, Question, QuestionId, Session, Subject};
use crate::rpc::RequestError;

/// The open questions of one session, as requests to the client. Dropping it withdraws them all.
#[derive(Default)]
pub struct Questions {
    open: HashMap<QuestionId, AbortHandle>,
    tasks: JoinSet<()>,
}

impl Questions {
    /// Puts a question before the user. `call` shows all that will be done on yes.
    pub fn ask(
        &mut self,
        client: &Client,
        session: &Session,
        (question, ask): (&QuestionId, &Question),
        call: acp::ToolCallUpdate,
    ) {
        while self.tasks.try_join_next().is_some() {}
        let options = v1::permission_options(&ask.choices);
        let request = acp::RequestPermissionRequest::new(session.id.0.clone(), call, options);
        let (client, session, id, ask) = (client.clone(), session.clone(), question.clone(), ask.clone());
        let task = self.tasks.spawn(async move {
            let given = match answer(&ask, client.request_permission(&request).await) {
                Ok(answer) => session.answer(&id, answer, ClientId::from("acp")),
                Err(why) => session.nobody_to_ask(&id, why),
            };
            if let Err(late) = given {
                tracing::debug!("an answer came too late: {late}");
            }
        });
        self.open.insert(question.clone(), task);
    }

    /// A question is over: the client is told to withdraw it, unless it answered.
    pub fn over(&mut self, question: &QuestionId) {
        if let Some(task) = self.open.remove(question) {
            task.abort();
        }
    }

    /// Whether a question stands before the user.
    pub fn is_asked(&self, question: &QuestionId) -> bool {
        self.open.contains_key(question)
    }
}

/// What the client's answer means; why nobody was asked, in words for the model, where it could not.
fn answer(
    ask: &Question,
    answered: Result<acp::RequestPermissionResponse, RequestError>,
) -> Result<Answer, Option<String>> {
    let no = Ok(Answer::No { note: None });
    let outcome = match answered {
        Ok(response) => response.outcome,
        Err(error) => {
            tracing::info!("the client could not ask: {error}");
            return Err(match ask.subject {
                Subject::Intent(_) => Some("the editor could not show the question".to_owned()),
                // A no with words would let a model go on that repeats itself.
                Subject::Loop(_) | Subject::Budget(_) => None,
            });
        }
    };
    let acp::RequestPermissionOutcome::Selected(selected) = outcome else { return no };
    match v1::chosen(&ask.choices, &selected.option_id.0).map(|choice| &choice.kind) {
        Some(ChoiceKind::Once) => Ok(Answer::Once),
        Some(ChoiceKind::Always(grant)) => Ok(Answer::Always(grant.clone())),
        Some(ChoiceKind::No) | None => no,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::engine::Choice;
    use crate::path::AbsPath;
    use crate::policy::{Grant, Intent};

    fn question(subject: Subject) -> Question {
        let grant = Grant::ReadPath { path: AbsPath::new("/w/a").unwrap() };
        let choice = |kind, label: &str| Choice { kind, label: label.into() };
        Question {
            title: "Read a".into(),
            subject,
            reason: "why".into(),
            choices: vec![
                choice(ChoiceKind::Once, "Once"),
                choice(ChoiceKind::Always(grant), "Always"),
                choice(ChoiceKind::No, "No"),
            ],
        }
    }

    fn about_a_read() -> Question {
        question(Subject::Intent(Intent::Read { path: AbsPath::new("/w/a").unwrap() }))
    }

    fn selected(option: &str) -> Result<acp::RequestPermissionResponse, RequestError> {
        let selected = acp::SelectedPermissionOutcome::new(option.to_owned());
        Ok(acp::RequestPermissionResponse::new(acp::RequestPermissionOutcome::Selected(selected)))
    }

    #[test]
    fn row_55_all_but_a_known_yes_is_no() {
        let ask = about_a_read();
        assert_eq!(answer(&ask, selected("allow-once")), Ok(Answer::Once));
        assert!(matches!(answer(&ask, selected("allow-always")), Ok(Answer::Always(_))));
        for option in ["reject-once", "allow_once", "", "0", "allow-once ", "ALLOW-ONCE"] {
            assert_eq!(answer(&ask, selected(option)), Ok(Answer::No { note: None }), "{option}");
        }
        let cancelled = acp::RequestPermissionResponse::new(acp::RequestPermissionOutcome::Cancelled);
        assert_eq!(answer(&ask, Ok(cancelled)), Ok(Answer::No { note: None }));
        assert!(matches!(answer(&ask, Err(RequestError::Closed)), Err(Some(_))), "nobody was asked");
    }

    #[test]
    fn a_client_that_cannot_ask_stops_a_model_that_repeats_itself() {
        let ask = question(Subject::Loop("five times".into()));
        assert_eq!(answer(&ask, Err(RequestError::Closed)), Err(None));
    }

    #[test]
    fn option_ids_are_unique() {
        let mut ask = about_a_read();
        let again = ask.choices[1].clone();
        ask.choices.insert(2, again);
        let options = v1::permission_options(&ask.choices);
        let ids: Vec<&str> = options.iter().map(|option| &*option.option_id.0).collect();
        assert_eq!(ids, ["allow-once", "allow-always", "allow-always-2", "reject-once"]);
        assert_eq!(v1::chosen(&ask.choices, "allow-always-2"), Some(&ask.choices[2]));
    }
}
