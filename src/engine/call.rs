//! One tool call: plan, permit, run, outcome; and all calls of a step in their order.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use serde_json::Value;

use super::access::Access;
use super::amend;
use super::event::{AmendedFile, Answer, Event, Outcome, Output, Reply, ToolCall, Who};
use super::found;
use super::instructions;
use super::looked;
use super::question;
use super::rebase::{Hunks, Rebased};
use super::recorder::Halted;
use super::ruling::{self, When};
use super::showing;
use super::tool::{Effect, Plan, Ran, Tool, ToolError};
use super::traces::Traces;
use super::turn::Turn;
use super::unsaved::Unsaved;
use super::writing::{self, Bases};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{Ground, Intent, Rules, Situation, Verdict};
use crate::text::{Change, Version, clean};

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

async fn outcome(turn: &Turn, call: &ToolCall) -> Result<Outcome, Halted> {
    if turn.cancel.is_cancelled() {
        return Ok(Outcome::Cancelled);
    }
    let tool = match turn.parts.toolbox.find(&call.tool) {
        Some(tool) => tool,
        None => {
            let (recorder, toolbox) = (&turn.parts.recorder, &turn.parts.toolbox);
            let why = recorder.state(|state| toolbox.unknown(&call.tool, state.model(), state.profile()));
            return Ok(Outcome::Failed(why));
        }
    };
    if let Value::String(text) = &call.input {
        return Ok(Outcome::Failed(not_json(text)));
    }
    let running =
        Running { turn, call, tool: &*tool, traces: Mutex::default(), cause: None, intents: 0, rounds: 0 };
    running.outcome().await
}

/// A call on its way.
struct Running<'a> {
    turn: &'a Turn,
    call: &'a ToolCall,
    tool: &'a dyn Tool,
    traces: Mutex<Traces>,
    /// What was granted and asked for the present plan; none where the tool planned it at first.
    cause: Option<(Plan, Who)>,
    /// Permissions that were needed.
    intents: usize,
    /// Times that edits were made anew.
    rounds: u32,
}

/// What is to happen next in a call.
enum Next {
    /// The tool says what it means to do.
    Plan,
    /// This is put before the rules, and before the user where they say so.
    Permit(Plan, Reason),
    /// This is granted.
    Act(Plan, Who),
    /// It is over.
    Over(Outcome),
}

/// Why a permission is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The tool wants to do this.
    Wanted,
    /// The files changed, and what was granted would not be what is done.
    Changed,
}

impl Running<'_> {
    async fn outcome(mut self) -> Result<Outcome, Halted> {
        let mut next = Next::Plan;
        loop {
            next = match next {
                Next::Over(Outcome::Done(output)) => {
                    let traces = self.traces.into_inner().unwrap_or_else(PoisonError::into_inner);
                    return Ok(Outcome::Done(traces.into_output(output)));
                }
                Next::Over(outcome) => return Ok(outcome),
                _ if self.turn.cancel.is_cancelled() => return Ok(Outcome::Cancelled),
                Next::Plan => self.plan().await,
                Next::Permit(plan, reason) => self.permit(plan, reason).await?,
                Next::Act(plan, by) => self.act(plan, by).await?,
            }
        }
    }

    async fn plan(&mut self) -> Next {
        let planned = tokio::select! {
            biased;
            planned = self.tool.plan(&self.call.input, &self.turn.parts.files) => planned,
            () = self.turn.cancel.cancelled() => return Next::Over(Outcome::Cancelled),
        };
        match planned {
            Ok(plan) => Next::Permit(plan, Reason::Wanted),
            Err(ToolError(why)) => failed(why),
        }
    }

    async fn permit(&mut self, plan: Plan, reason: Reason) -> Result<Next, Halted> {
        self.intents += 1;
        if self.intents > limits::INTENTS_PER_CALL_MAX {
            return Ok(failed("the call needed more permissions than one call may ask for; split it"));
        }
        let plan = Plan { title: clean::one_line(&plan.title), ..plan };
        match writing::keep_bases(&self.turn.parts, &plan.intent).await {
            Ok(Bases::Kept) => {}
            // It was planned on a text that is gone before anybody was shown it: it is planned anew.
            Ok(Bases::Gone) => {
                self.intents -= 1;
                let anew = self.cause.clone().map_or(Next::Plan, |(plan, by)| Next::Act(plan, by));
                return Ok(self.once_more(&plan.intent, anew));
            }
            Err(ToolError(why)) => return Ok(failed(why)),
        }
        Ok(match permit(self.turn, self.call, &plan, reason).await? {
            Permit::Granted(by) => Next::Act(plan, by),
            Permit::Amended(by, files) => self.amend(plan, by, &files),
            Permit::Over(outcome) => Next::Over(outcome),
        })
    }

    /// Goes on with the user's own texts in the place of the proposed ones.
    fn amend(&mut self, plan: Plan, by: Who, files: &[AmendedFile]) -> Next {
        match amend::amended(&self.turn.parts.recorder, &plan.intent, files) {
            Ok(Some((intent, told))) => {
                let traces = self.traces.get_mut().unwrap_or_else(PoisonError::into_inner);
                traces.notes.push(told);
                Next::Act(Plan { intent, ..plan }, by)
            }
            Ok(None) => Next::Over(Outcome::Denied { reason: LEFT_AS_IT_IS.into() }),
            Err(ToolError(why)) => failed(why),
        }
    }

    async fn act(&mut self, plan: Plan, by: Who) -> Result<Next, Halted> {
        self.turn.record(Event::CallStarted {
            call: self.call.id.clone(),
            title: plan.title.clone(),
            intent: plan.intent.clone(),
            locations: plan.locations.clone(),
            by: by.clone(),
        })?;
        let acted = act(self.turn, self.call, self.tool, &plan.intent, &self.traces).await;
        let rebased = self.traces.get_mut().unwrap_or_else(PoisonError::into_inner).rebased.take();
        if let Some(rebased) = rebased {
            return Ok(self.go_on_with(rebased, plan, by));
        }
        Ok(match acted {
            Acted::Ran(Ok(Ran::Done(output))) => {
                if let Intent::Read { path } = &plan.intent {
                    let traces = self.traces.get_mut().unwrap_or_else(PoisonError::into_inner);
                    let told = instructions::below(&self.turn.parts, path, traces);
                    if self.turn.cancel.run_until_cancelled(told).await.is_none() {
                        return Ok(Next::Over(Outcome::Cancelled));
                    }
                }
                Next::Over(Outcome::Done(output))
            }
            Acted::Ran(Ok(Ran::Needs(next))) => {
                self.cause = Some((plan, by));
                Next::Permit(next, Reason::Wanted)
            }
            Acted::Ran(Err(ToolError(why))) => match self.turn.parts.recorder.halted() {
                Some(halted) => return Err(Halted(halted)),
                None => failed(why),
            },
            Acted::Cancelled => Next::Over(Outcome::Cancelled),
        })
    }

    /// Goes on with edits that were made anew. A yes holds for what it was given for: for the same lines
    /// becoming the same lines.
    fn go_on_with(&mut self, rebased: Rebased, plan: Plan, by: Who) -> Next {
        let Rebased { edits, already, hunks } = rebased;
        let traces = self.traces.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Intent::Write { edits: before } = &plan.intent {
            for edit in before {
                traces.first_bases.entry(edit.path.clone()).or_insert(edit.base);
            }
        }
        traces.notes.extend(already.iter().map(|path| {
            let name = path.display_in(self.turn.parts.files.cwd());
            format!(
                "Note: somebody else had made this very change of {name} meanwhile; nothing was written there"
            )
        }));
        if edits.is_empty() {
            return Next::Over(Outcome::Done(Output::default()));
        }
        let before = plan.intent.clone();
        let anew = Plan { intent: Intent::Write { edits }, ..plan };
        let next = match hunks {
            Hunks::AsBefore => Next::Act(anew, by),
            Hunks::Others => Next::Permit(anew, Reason::Changed),
        };
        self.once_more(&before, next)
    }

    /// The next round of edits whose files changed, if there is to be one.
    fn once_more(&mut self, intent: &Intent, next: Next) -> Next {
        self.rounds += 1;
        if self.rounds <= limits::CHANGED_ROUNDS_MAX {
            return next;
        }
        let cwd = self.turn.parts.files.cwd();
        let names: Vec<String> = intent.paths().iter().map(|path| path.display_in(cwd)).collect();
        failed(format!(
            "{} went on changing while this edit was to be written, {} times; nothing was written. Read it \
             again and try once more",
            names.join(", "),
            self.rounds
        ))
    }
}

fn failed(why: impl Into<String>) -> Next {
    Next::Over(Outcome::Failed(why.into()))
}

/// A call may end, or be granted.
enum Permit {
    Granted(Who),
    /// With the user's own texts.
    Amended(Who, Vec<AmendedFile>),
    Over(Outcome),
}

async fn permit(turn: &Turn, call: &ToolCall, plan: &Plan, why: Reason) -> Result<Permit, Halted> {
    ruling::refresh(&turn.parts, When::Between).await?;
    let (linked, rules) = (linked(turn, &plan.intent).await, Rules::default());
    let kept = if plan.intent.tells_of_text() { plan.intent.paths() } else { Vec::new() };
    let kept_back = |path: &AbsPath| turn.parts.files.kept_back(path).map(|why| (path.clone(), why));
    let unreadable: Vec<(AbsPath, String)> = kept.into_iter().filter_map(kept_back).collect();
    let (named, looked) = match &plan.intent {
        Intent::Run { command, cwd, .. } => {
            (showing::named(&turn.parts, command, cwd).await, looked::looked(&turn.parts, command, cwd).await)
        }
        _ => (None, None),
    };
    let verdict = turn.parts.recorder.state(|state| {
        let roots = turn.parts.files.roots();
        let (mode, grants, rules) = (state.mode(), state.grants(), &rules);
        let (linked, unreadable, named, command) =
            (&*linked, &*unreadable, named.as_deref(), looked.as_ref());
        let situation = Situation { mode, roots, rules, grants, linked, unreadable, named, command };
        turn.parts.rules.decide(&plan.intent, &situation)
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
            let reason = match why {
                Reason::Wanted => reason,
                Reason::Changed => format!(
                    "{reason} The file has changed since, so this is asked again, as it would be done now."
                ),
            };
            let reason = match Unsaved::before(&turn.parts, &plan.intent).await {
                Some(unsaved) => format!("{reason} {unsaved}"),
                None => reason,
            };
            let asked = question::about_an_intent(plan, reason, always);
            match turn.ask(Some(&call.id), asked).await? {
                Some((Answer::Once | Answer::Always(_), by)) => Ok(Permit::Granted(by)),
                Some((Answer::Amended { files }, by)) => Ok(Permit::Amended(by, files)),
                Some((Answer::No { note }, by)) => {
                    Ok(Permit::Over(Outcome::Denied { reason: refusal(note, &by) }))
                }
                None => Ok(Permit::Over(Outcome::Cancelled)),
            }
        }
    }
}

/// The files of an intent whose change would be one under a further name too. One that goes stays there.
async fn linked(turn: &Turn, intent: &Intent) -> Vec<AbsPath> {
    let Intent::Write { edits } = intent else { return Vec::new() };
    let changed = edits.iter().filter(|edit| edit.base != Version::Absent && edit.change != Change::Delete);
    turn.parts.files.with_further_names(changed.map(|edit| edit.path.clone()).collect()).await
}

/// What the model hears when the user's own text is the one that stands there.
const LEFT_AS_IT_IS: &str = "The user looked at the change and left the files as they are.";

fn refusal(note: Option<String>, by: &Who) -> String {
    let note = note.filter(|note| !note.trim().is_empty());
    match (by, note) {
        (Who::User(_), Some(note)) => format!("The user said no, with this reason: {note}"),
        (Who::User(_), None) => {
            "The user said no. Do not try the same again; go on without it, or ask what they want instead."
                .into()
        }
        (Who::Quillon | Who::Rule(_) | Who::Mode(_), note) => {
            let why = note.map(|note| format!(" ({note})")).unwrap_or_default();
            format!(
                "This has to be asked, and nobody can be asked here{why}. Go on without it, and tell the user what \
                 was left out."
            )
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
    traces: &Mutex<Traces>,
) -> Acted {
    let running = tool.run(&call.input, Access::new(turn, &call.id, intent, traces));
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
            let ended = tokio::time::timeout(limits::COMMAND_END_WAIT, running).await;
            if ended.is_err() {
                let unseen = found::unseen(call.id.clone(), "the turn was cancelled");
                if let Err(halted) = turn.record(unseen) {
                    tracing::warn!("failed to record that a command was cut off: {halted}");
                }
            }
            Acted::Cancelled
        }
        Intent::Write { .. } => Acted::Ran(running.await),
    }
}

fn not_json(text: &str) -> String {
    let shown = crate::text::clip::line(text, limits::REPEATED_CALL_CHARS_MAX);
    format!("the arguments are not a JSON object; send them again as one. They began: {shown}")
}
