//! `/undo`: what would go back is put before the user, whole, and done on a yes.

use agent_client_protocol_schema::v1 as acp;

use super::Agent;
use super::command::Said;
use super::session::Attached;
use super::v1;
use crate::engine::{Choice, ChoiceKind, Planned, RestoreId, RestoreOf, Restored, RestoredTo, Session};
use crate::frontends::changes;

/// Takes files back: to before a turn, to before an earlier `/undo`, to before the last edit, or to before
/// the last turn.
pub(super) async fn undo(
    agent: &Agent,
    attached: &Attached,
    wanted: Option<&str>,
    stopped: impl Future<Output = ()>,
) -> Said {
    let session = &attached.session;
    let (to, title) = match target(session, wanted) {
        Ok(target) => target,
        Err(why) => return Said::Words(why),
    };
    let planned = match plan(session, &to).await {
        Ok(planned) => planned,
        Err(why) => return Said::Words(why),
    };
    let question = Question::new(agent, attached, &title, &planned);
    if planned.iter().all(|one| changes::planned("", one).is_empty()) {
        let stays = question.notes.iter().map(|note| format!("\n\n{note}"));
        return Said::Words(format!("There is nothing to take back.{}", stays.collect::<String>()));
    }
    match question.ask(stopped).await {
        Asked::Yes => {}
        Asked::No(why) => {
            question.over(acp::ToolCallStatus::Failed).await;
            return Said::Words(why);
        }
        Asked::Cancelled => {
            question.over(acp::ToolCallStatus::Failed).await;
            return Said::Cancelled;
        }
    }
    let (status, words) = match act(session, to, &planned).await {
        Ok(restored) => (acp::ToolCallStatus::Completed, report(session, &restored)),
        Err(why) => (acp::ToolCallStatus::Failed, why),
    };
    question.over(status).await;
    Said::Words(words)
}

/// Where to, and how to call it.
fn target(session: &Session, wanted: Option<&str>) -> Result<(RestoredTo, String), String> {
    if wanted == Some("edit") {
        let last = session.state(|state| state.touches().last_edit().cloned());
        let last = last.ok_or("There is no edit to take back.")?;
        return Ok((RestoredTo::Without(last), "Take the last edit back".to_owned()));
    }
    if session.state(|state| state.turn().is_some()) {
        return Err("A turn is running; stop it first.".to_owned());
    }
    if let Some(restore) = wanted.filter(|wanted| is_restore(wanted)) {
        let title = format!("Take the way back {restore} back");
        return Ok((RestoredTo::Undone(RestoreId(restore.to_owned())), title));
    }
    let points = session.checkpoints().map_err(|refused| refused.to_string())?;
    match (changes::find_point(&points, wanted, RestoreOf::Files), wanted) {
        (Some(point), _) => {
            let title = format!("Files back to before {}", changes::turn(point));
            Ok((RestoredTo::Before(point.turn.clone()), title))
        }
        (None, Some(turn)) => Err(format!("There is no turn `{turn}`; `/checkpoints` lists them.")),
        (None, None) => Err("There is no turn to go back to.".to_owned()),
    }
}

/// Whether it names something to go back to, and no file.
pub(super) fn is_point(wanted: &str) -> bool {
    wanted == "edit" || is_restore(wanted) || wanted.parse::<u64>().is_ok()
}

/// Whether it is the name that an earlier `/undo` has told.
fn is_restore(wanted: &str) -> bool {
    wanted.strip_prefix('r').is_some_and(|number| number.parse::<u64>().is_ok())
}

async fn plan(session: &Session, to: &RestoredTo) -> Result<Vec<Planned>, String> {
    let planned = session.preview(to).await.map_err(|refused| refused.to_string())?;
    planned.map_err(|error| error.to_string())
}

async fn act(session: &Session, to: RestoredTo, shown: &[Planned]) -> Result<Restored, String> {
    if !changes::same_plan(shown, &plan(session, &to).await?) {
        return Err(
            "The files have changed while they were looked at, so nothing was done. Try again.".into()
        );
    }
    let restored = session.restore(to, RestoreOf::Files).await.map_err(|refused| refused.to_string())?;
    restored.map_err(|error| error.to_string())
}

fn report(session: &Session, restored: &Restored) -> String {
    let name = |path| changes::name(session, path);
    let mut lines: Vec<String> =
        restored.files.iter().map(|path| format!("Went back: `{}`", name(path))).collect();
    lines.extend(restored.left.iter().map(|(path, why)| stays(&name(path), why)));
    lines.push(format!("`/undo {}` takes this back.", restored.restore));
    lines.join("\n\n")
}

fn stays(name: &str, why: &str) -> String {
    format!("`{name}`: {why}")
}

/// What the user said to it.
enum Asked {
    Yes,
    No(String),
    Cancelled,
}

/// The question before the user, shown as a call.
struct Question<'a> {
    agent: &'a Agent,
    attached: &'a Attached,
    id: String,
    fields: acp::ToolCallUpdateFields,
    /// What stays, and what cannot be shown as text.
    notes: Vec<String>,
}

impl<'a> Question<'a> {
    fn new(agent: &'a Agent, attached: &'a Attached, title: &str, planned: &[Planned]) -> Self {
        let (mut texts, mut notes) = (Vec::new(), Vec::new());
        for one in planned {
            let name = changes::name(&attached.session, &one.path);
            match changes::planned_text(one) {
                Some(mut change) => {
                    change.path = attached.places.for_client(&change.path);
                    texts.push(change);
                }
                None => notes.push(changes::planned(&name, one).trim_end().to_owned()),
            }
            notes.extend(one.left.as_ref().map(|why| stays(&name, why)));
        }
        notes.retain(|note| !note.is_empty());
        let id = format!("undo-{}", attached.next_prompt());
        let fields = v1::taken_back(title, &texts, &notes);
        Self { agent, attached, id, fields, notes }
    }

    async fn ask(&self, stopped: impl Future<Output = ()>) -> Asked {
        let call = acp::ToolCallUpdate::new(self.id.clone(), self.fields.clone());
        let title = self.fields.title.clone().unwrap_or_default();
        let begun = acp::ToolCall::new(self.id.clone(), title).kind(acp::ToolKind::Edit);
        self.tell(acp::SessionUpdate::ToolCall(begun)).await;
        let choice = |kind, label: &str| Choice { kind, label: label.to_owned() };
        let choices = [choice(ChoiceKind::Once, "Take back"), choice(ChoiceKind::No, "Leave as it is")];
        let (session, options) = (&self.attached.session.id, v1::permission_options(&choices));
        let request = acp::RequestPermissionRequest::new(session.0.clone(), call, options);
        let answered = tokio::select! {
            biased;
            answered = self.agent.client.request_permission(&request) => answered,
            () = stopped => return Asked::Cancelled,
        };
        match answered.map(|response| response.outcome) {
            Ok(acp::RequestPermissionOutcome::Selected(selected)) => {
                match v1::chosen(&choices, &selected.option_id.0).map(|choice| &choice.kind) {
                    Some(ChoiceKind::Once) => Asked::Yes,
                    Some(ChoiceKind::Always(_) | ChoiceKind::No) | None => {
                        Asked::No("Nothing was changed.".to_owned())
                    }
                }
            }
            Ok(_) => Asked::Cancelled,
            Err(error) => Asked::No(format!("Nothing was changed: the editor could not ask ({error}).")),
        }
    }

    /// How it ended.
    async fn over(&self, status: acp::ToolCallStatus) {
        let fields = acp::ToolCallUpdateFields::new().status(status);
        let update = acp::ToolCallUpdate::new(self.id.clone(), fields);
        self.tell(acp::SessionUpdate::ToolCallUpdate(update)).await;
    }

    async fn tell(&self, update: acp::SessionUpdate) {
        if self.agent.client.update(&self.attached.session.id, update).await.is_err() {
            tracing::debug!("the client has gone");
        }
    }
}
