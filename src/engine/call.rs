//! One tool call: plan, permit, run, outcome; and all calls of a step in their order.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use serde_json::Value;

use super::access::Access;
use super::amend;
use super::event::{AmendedFile, Answer, Event, Outcome, Output, Reply, Seen, ToolCall, Who};
use super::question;
use super::recorder::Halted;
use super::tool::{Effect, Plan, Ran, Tool, ToolError};
use super::turn::Turn;
use super::writing;
use crate::limits;
use crate::policy::{self, Ground, Intent, Situation, Verdict};
use crate::text::clean;

/// Runs the calls of a reply: neighbours that only read together, all others one after another.
pub async fn run_all(turn: &Turn, reply: &Arc<Reply>) -> Result<(), Halted> {
    let calls: Vec<&ToolCall> = reply.calls().collect();
    for group in calls
        .chunk_by(|left, right| effect(turn, left) == Effect::Reads && effect(turn, right) == Effect::Reads)
    {
        let ended = join_all(group.iter().map(|call| run(turn, call))).await;
        ended.into_iter().collect::<Result<(), Halted>>()?;
    }
    Ok(())
}

/// Runs one call and closes it, whatever happens in between.
async fn run(turn: &Turn, call: &ToolCall) -> Result<(), Halted> {
    let outcome = outcome(turn, call).await?;
    turn.record(Event::CallEnded { call: call.id.clone(), outcome })?;
    Ok(())
}

fn effect(turn: &Turn, call: &ToolCall) -> Effect {
    turn.parts.toolbox.find(&call.tool).map_or(Effect::Reads, |tool| tool.effect())
}

/// A call may end, or be granted.
enum Permit {
    Granted(Who),
    /// With the user's own texts.
    Amended(Who, Vec<AmendedFile>),
    Over(Outcome),
}

async fn outcome(turn: &Turn, call: &ToolCall) -> Result<Outcome, Halted> {
    if turn.cancel.is_cancelled() {
        return Ok(Outcome::Cancelled);
    }
    let tool = match turn.parts.toolbox.find(&call.tool) {
        Some(tool) => tool,
        None => {
            let model = turn.parts.recorder.state(|state| state.model().cloned());
            return Ok(Outcome::Failed(turn.parts.toolbox.unknown(&call.tool, model.as_ref())));
        }
    };
    if let Value::String(text) = &call.input {
        return Ok(Outcome::Failed(not_json(text)));
    }
    let planned = tokio::select! {
        biased;
        planned = tool.plan(&call.input, &turn.parts.files) => planned,
        () = turn.cancel.cancelled() => return Ok(Outcome::Cancelled),
    };
    let mut plan = match planned {
        Ok(plan) => plan,
        Err(ToolError(why)) => return Ok(Outcome::Failed(why)),
    };
    let seen = Mutex::default();
    let mut note: Option<String> = None;
    for _ in 0..limits::INTENTS_PER_CALL_MAX {
        plan.title = clean::one_line(&plan.title);
        if let Intent::Write { edits } = &plan.intent
            && let Err(ToolError(why)) = writing::keep_bases(&turn.parts, edits).await
        {
            return Ok(Outcome::Failed(why));
        }
        let by = match permit(turn, call, &plan).await? {
            Permit::Granted(by) => by,
            Permit::Amended(by, files) => {
                match amend::amended(&turn.parts.recorder, &plan.intent, &files) {
                    Ok(Some((intent, told))) => (plan.intent, note) = (intent, Some(told)),
                    Ok(None) => return Ok(Outcome::Denied { reason: LEFT_AS_IT_IS.into() }),
                    Err(ToolError(why)) => return Ok(Outcome::Failed(why)),
                }
                by
            }
            Permit::Over(outcome) => return Ok(outcome),
        };
        turn.record(Event::CallStarted {
            call: call.id.clone(),
            title: plan.title.clone(),
            intent: plan.intent.clone(),
            locations: plan.locations.clone(),
            by,
        })?;
        match act(turn, call, &*tool, &plan.intent, &seen).await {
            Acted::Ran(Ok(Ran::Done(output))) => {
                let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
                let text = match note {
                    Some(note) => format!("{}\n\n{note}", output.text),
                    None => output.text,
                };
                return Ok(Outcome::Done(Output { text, seen, ..output }));
            }
            Acted::Ran(Ok(Ran::Needs(next))) => plan = next,
            Acted::Ran(Err(_)) if turn.parts.recorder.halted().is_some() => {
                return Err(Halted(turn.parts.recorder.halted().unwrap_or_default()));
            }
            Acted::Ran(Err(ToolError(why))) => return Ok(Outcome::Failed(why)),
            Acted::Cancelled => return Ok(Outcome::Cancelled),
        }
    }
    Ok(Outcome::Failed("the call needed more permissions than one call may ask for; split it".into()))
}

async fn permit(turn: &Turn, call: &ToolCall, plan: &Plan) -> Result<Permit, Halted> {
    let verdict = turn.parts.recorder.state(|state| {
        let roots = turn.parts.files.roots();
        let (mode, grants) = (state.mode(), state.grants());
        policy::decide(&plan.intent, &Situation { mode, roots, rules: &turn.parts.rules, grants })
    });
    match verdict {
        Verdict::Allow(Ground::Harmless) => Ok(Permit::Granted(Who::Quillon)),
        Verdict::Allow(Ground::Mode(mode)) => Ok(Permit::Granted(Who::Mode(mode))),
        Verdict::Allow(Ground::Rule(rule)) => Ok(Permit::Granted(Who::Rule(rule))),
        Verdict::Allow(Ground::Granted(grant)) => {
            Ok(Permit::Granted(Who::Rule(format!("always: {}", grant.describe()))))
        }
        Verdict::Deny { reason } => Ok(Permit::Over(Outcome::Denied { reason })),
        Verdict::Ask { reason, always } => {
            let asked = question::about_an_intent(plan, reason, always);
            match turn.ask(Some(&call.id), asked).await? {
                Some((Answer::Once | Answer::Always(_), by)) => Ok(Permit::Granted(by)),
                Some((Answer::Amended { files }, by)) => Ok(Permit::Amended(by, files)),
                Some((Answer::No { note }, _)) => Ok(Permit::Over(Outcome::Denied { reason: refusal(note) })),
                None => Ok(Permit::Over(Outcome::Cancelled)),
            }
        }
    }
}

/// What the model hears when the user's own text is the one that stands there.
const LEFT_AS_IT_IS: &str = "The user looked at the change and left the files as they are.";

fn refusal(note: Option<String>) -> String {
    match note.filter(|note| !note.trim().is_empty()) {
        Some(note) => format!("The user said no, with this reason: {note}"),
        None => {
            "The user said no. Do not try the same again; go on without it, or ask what they want instead."
                .into()
        }
    }
}

/// How an attempt ended.
enum Acted {
    Ran(Result<Ran, ToolError>),
    Cancelled,
}

/// Runs the tool. A cancelled read is dropped; a command is ended first and a write that has begun
/// is finished, so that nothing acts after its end is recorded.
async fn act(
    turn: &Turn,
    call: &ToolCall,
    tool: &dyn Tool,
    intent: &Intent,
    seen: &Mutex<Vec<Seen>>,
) -> Acted {
    let running = tool.run(&call.input, Access::new(turn, &call.id, intent, seen));
    tokio::pin!(running);
    tokio::select! {
        biased;
        ran = &mut running => return Acted::Ran(ran),
        () = turn.cancel.cancelled() => {}
    }
    match intent {
        Intent::Nothing | Intent::Read { .. } | Intent::List { .. } | Intent::Search { .. } => {
            Acted::Cancelled
        }
        Intent::Run { .. } => {
            let _ended_or_killed = tokio::time::timeout(limits::COMMAND_END_WAIT, running).await;
            Acted::Cancelled
        }
        Intent::Write { .. } => Acted::Ran(running.await),
    }
}

fn not_json(text: &str) -> String {
    let shown = crate::text::clip::line(text, limits::REPEATED_CALL_CHARS_MAX);
    format!("the arguments are not a JSON object; send them again as one. They began: {shown}")
}
