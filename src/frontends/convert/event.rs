//! Facts and progress as the protocol's events.

use quillon_protocol::content::ContentId;
use quillon_protocol::document::{Location, TextHash};
use quillon_protocol::event as wire;
use quillon_protocol::event::{Event as WireEvent, SessionEvent};
use quillon_protocol::lifecycle::Timestamp;
use quillon_protocol::prompt::PromptId;
use quillon_protocol::review as wire_review;
use quillon_protocol::session::SessionId as WireSession;

use super::block::{content, delivery};
use super::{file, question, summary, turn, uri};
use crate::engine::journal::Recorded;
use crate::engine::{
    CallId, Delta, Event, Level, Outcome, Recorder, Reply, ReplyBlock, Seq, SessionId, Setting, Stop,
    TodoItem, TodoStatus, TurnId, Update, Usage, Why,
};
use crate::limits;
use crate::policy::Intent;

/// What `agent/event` carries of an update; nothing for the end of a session that cannot record.
pub fn update(session: &SessionId, recorder: &Recorder, update: &Update) -> Vec<SessionEvent> {
    match update {
        Update::Fact(fact) => facts(session, recorder, std::slice::from_ref(fact)),
        Update::Delta(delta) => {
            let turn = turn::of_delta(recorder, delta);
            vec![SessionEvent {
                session_id: WireSession(session.0.clone()),
                seq: None,
                at: None,
                turn_id: turn.map(|turn| wire::TurnId(turn.0)),
                summary: None,
                event: progress(delta),
            }]
        }
        Update::Halted(_) => Vec::new(),
    }
}

/// What `agent/event` carries of facts that follow each other without a hole.
pub fn facts(session: &SessionId, recorder: &Recorder, facts: &[Recorded]) -> Vec<SessionEvent> {
    let Some(first) = facts.first() else { return Vec::new() };
    let mut open = turn::open_at(recorder, Seq(first.seq.0.saturating_sub(1)));
    facts.iter().map(|recorded| numbered(session, recorder, recorded, &mut open)).collect()
}

fn numbered(
    session: &SessionId,
    recorder: &Recorder,
    recorded: &Recorded,
    open: &mut Option<TurnId>,
) -> SessionEvent {
    let event = fact(recorder, &recorded.event);
    SessionEvent {
        session_id: WireSession(session.0.clone()),
        seq: Some(recorded.seq.0),
        at: Some(Timestamp(recorded.at.to_string())),
        turn_id: turn::step(open, recorded).map(|turn| wire::TurnId(turn.0)),
        summary: summary::of(&event),
        event,
    }
}

#[expect(clippy::too_many_lines, reason = "a list: one arm for each fact")]
fn fact(recorder: &Recorder, event: &Event) -> WireEvent {
    match event {
        Event::Opened { roots, cwd, model, mode } => WireEvent::Opened(wire::Opened {
            roots: roots.iter().map(uri::of).collect(),
            cwd: uri::of(cwd),
            model: model.0.clone(),
            mode: mode.word().to_owned(),
        }),
        Event::Configured { setting } => {
            let (option, value) = match setting {
                Setting::Model(model) => ("model", model.0.as_str()),
                Setting::Mode(mode) => ("mode", mode.word()),
            };
            WireEvent::Configured(wire::Configured { option: option.into(), value: value.into() })
        }
        Event::Queued { prompt, content: blocks, deliver } => WireEvent::PromptQueued(wire::PromptQueued {
            prompt_id: PromptId(prompt.0.clone()),
            content: content(blocks),
            deliver: delivery(*deliver),
        }),
        Event::Requeued { prompt, content: blocks } => WireEvent::PromptChanged(wire::PromptChanged {
            prompt_id: PromptId(prompt.0.clone()),
            content: content(blocks),
        }),
        Event::Taken { prompt } => {
            WireEvent::PromptTaken(wire::PromptTaken { prompt_id: PromptId(prompt.0.clone()) })
        }
        Event::Removed { prompt, why } => WireEvent::PromptRemoved(wire::PromptRemoved {
            prompt_id: PromptId(prompt.0.clone()),
            reason: match why {
                Why::Withdrawn => wire::RemovalReason::Withdrawn,
                Why::Cancelled => wire::RemovalReason::Cancelled,
                Why::Interrupted => wire::RemovalReason::Interrupted,
            },
        }),
        Event::TurnStarted { prompt, content: blocks, .. } => WireEvent::TurnStarted(wire::TurnStarted {
            prompt_id: PromptId(prompt.0.clone()),
            content: content(blocks),
        }),
        Event::Replied { message, reply } => WireEvent::Replied(replied(message.0.as_str(), reply)),
        Event::Asked { question: id, call, ask } => {
            WireEvent::Asked(wire::Asked { question: question::question(recorder, id, call.as_ref(), ask) })
        }
        Event::Answered { question: id, answer, by } => {
            let (choice, note) = answer.as_ref().map(question::answered).unzip();
            WireEvent::Answered(wire::Answered {
                question_id: id.0.as_str().into(),
                choice,
                note: note.flatten(),
                by: question::actor(by),
            })
        }
        Event::CallStarted { call, title, intent, locations, by } => {
            WireEvent::CallStarted(wire::CallStarted {
                call_id: wire_call(call),
                kind: kind(intent),
                title: title.clone(),
                locations: locations
                    .iter()
                    .map(|place| Location { uri: uri::of(&place.path), line: place.line })
                    .collect(),
                by: question::actor(by),
            })
        }
        Event::Touched { call, edit, .. } => file::touched(recorder, call.as_ref(), edit),
        Event::Settled { path, text } => WireEvent::FileSettled(wire::FileSettled {
            uri: uri::of(path),
            hash: text.map(|hash| TextHash(hash.to_string())),
        }),
        Event::Found { call, path, before, after, .. } => {
            file::found(recorder, call.as_ref(), path, before, after)
        }
        Event::Reviewed { path, .. } => WireEvent::Reviewed(wire_review::Reviewed { uri: uri::of(path) }),
        Event::Restored { restore, to, what } => WireEvent::Restored(file::restored(restore, to, *what)),
        Event::CallEnded { call, outcome } => WireEvent::CallEnded(ended(call, outcome)),
        Event::Todo { items } => {
            WireEvent::Plan(wire::Plan { entries: items.iter().map(plan_entry).collect() })
        }
        Event::Titled { title } => WireEvent::Title(wire::Title { title: title.clone() }),
        Event::Noticed { level, text } => {
            WireEvent::Notice(wire::Notice { level: notice_level(*level), text: text.clone() })
        }
        Event::Briefed { text } => WireEvent::Briefed(wire::Briefed { text: text.clone() }),
        Event::Reminded { text, .. } => WireEvent::Reminded(wire::Reminded { text: text.clone() }),
        Event::TurnEnded { stop, usage, .. } => WireEvent::TurnEnded(turn_ended(stop, *usage)),
    }
}

fn progress(delta: &Delta) -> WireEvent {
    let index = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    match delta {
        Delta::Text { message, offset, text } => WireEvent::Message(wire::MessagePiece {
            message_id: message.0.as_str().into(),
            offset: *offset as u64,
            delta: text.clone(),
        }),
        Delta::Thought { message, offset, text } => WireEvent::Thought(wire::ThoughtPiece {
            message_id: message.0.as_str().into(),
            offset: *offset as u64,
            delta: text.clone(),
        }),
        Delta::CallInput { message, index: number, tool, text } => {
            WireEvent::CallInput(wire::CallInputPiece {
                message_id: message.0.as_str().into(),
                index: index(*number),
                tool: tool.0.clone(),
                delta: text.clone(),
            })
        }
        Delta::Output { call, offset, text } => WireEvent::CallOutput(wire::CallOutputPiece {
            call_id: wire_call(call),
            offset: *offset as u64,
            delta: text.clone(),
        }),
        Delta::Retrying { message, attempt, wait_ms, why } => WireEvent::Retrying(wire::Retrying {
            message_id: message.0.as_str().into(),
            attempt: *attempt,
            wait_ms: *wait_ms,
            reason: why.clone(),
        }),
    }
}

fn replied(message: &str, reply: &Reply) -> wire::Replied {
    let blocks = reply.blocks.iter().filter_map(|block| match block {
        ReplyBlock::Text { text } => Some(wire::ReplyBlock::Text(wire::ReplyText { text: text.clone() })),
        ReplyBlock::Thought { text, .. } => {
            Some(wire::ReplyBlock::Thought(wire::ReplyThought { text: text.clone() }))
        }
        ReplyBlock::Call { call } => Some(wire::ReplyBlock::Call(wire::ReplyCall {
            call_id: wire_call(&call.id),
            tool: call.tool.0.clone(),
            input: call.input.clone(),
        })),
        ReplyBlock::Opaque { .. } => None,
    });
    wire::Replied { message_id: message.into(), blocks: blocks.collect(), usage: usage(reply.usage) }
}

/// What the user is shown of a call's end, whole; the model is told the same.
pub fn call_text(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done(output) => &output.text,
        Outcome::Failed(why) => why,
        Outcome::Denied { reason } => reason,
        Outcome::Cancelled | Outcome::Interrupted => "",
    }
}

fn ended(call: &CallId, outcome: &Outcome) -> wire::CallEnded {
    let whole = call_text(outcome);
    let shown = &whole[..whole.floor_char_boundary(limits::OUTPUT_TAIL_BYTES_MAX)];
    let text = wire::CallText {
        text: shown.to_owned(),
        size: whole.len() as u64,
        content_id: (shown.len() < whole.len()).then(|| ContentId(call.0.clone())),
    };
    wire::CallEnded {
        call_id: wire_call(call),
        outcome: match outcome {
            Outcome::Done(_) => wire::CallOutcome::Done,
            Outcome::Failed(_) => wire::CallOutcome::Failed,
            Outcome::Denied { .. } => wire::CallOutcome::Denied,
            Outcome::Cancelled => wire::CallOutcome::Cancelled,
            Outcome::Interrupted => wire::CallOutcome::Interrupted,
        },
        content: if whole.is_empty() { Vec::new() } else { vec![wire::CallContent::Text(text)] },
    }
}

fn turn_ended(stop: &Stop, cost: Usage) -> wire::TurnEnded {
    let (reason, error) = match stop {
        Stop::Finished => (wire::TurnEndReason::Finished, None),
        Stop::Cancelled => (wire::TurnEndReason::Cancelled, None),
        Stop::StepLimit => (wire::TurnEndReason::StepLimit, None),
        Stop::ContextFull => (wire::TurnEndReason::ContextFull, None),
        Stop::Refused => (wire::TurnEndReason::Refused, None),
        Stop::ModelFailed(why) => (wire::TurnEndReason::Failed, Some(why.clone())),
        Stop::Interrupted => (wire::TurnEndReason::Interrupted, None),
    };
    wire::TurnEnded { reason, error, usage: usage(cost) }
}

fn usage(usage: Usage) -> wire::Usage {
    wire::Usage {
        input_tokens: usage.input,
        cache_read_tokens: usage.cache_read,
        output_tokens: usage.output,
    }
}

fn plan_entry(item: &TodoItem) -> wire::PlanEntry {
    wire::PlanEntry {
        content: item.content.clone(),
        status: match item.status {
            TodoStatus::Pending => wire::PlanStatus::Pending,
            TodoStatus::InProgress => wire::PlanStatus::InProgress,
            TodoStatus::Completed => wire::PlanStatus::Completed,
        },
    }
}

fn notice_level(level: Level) -> wire::NoticeLevel {
    match level {
        Level::Info => wire::NoticeLevel::Info,
        Level::Warning => wire::NoticeLevel::Warning,
        Level::Error => wire::NoticeLevel::Error,
    }
}

fn kind(intent: &Intent) -> wire::CallKind {
    match intent {
        Intent::Nothing => wire::CallKind::Internal,
        Intent::Read { .. } => wire::CallKind::Read,
        Intent::List { .. } => wire::CallKind::List,
        Intent::Search { .. } => wire::CallKind::Search,
        Intent::Write { .. } => wire::CallKind::Edit,
        Intent::Run { .. } => wire::CallKind::Command,
    }
}

fn wire_call(call: &CallId) -> wire::CallId {
    wire::CallId(call.0.clone())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::engine::journal::MemoryJournal;
    use crate::engine::{Block, Deliver, Mode, Output, ToolCall};
    use crate::path::AbsPath;

    fn recorder(events: Vec<Event>) -> Arc<Recorder> {
        let clock = Arc::new(|| "2026-01-01T00:00:00.000Z".to_owned());
        let journal = Box::new(MemoryJournal::default());
        let recorder = Recorder::open("s1".into(), journal, clock).unwrap();
        let folder = AbsPath::new("/w").unwrap();
        let opened =
            Event::Opened { roots: vec![folder.clone()], cwd: folder, model: "m".into(), mode: Mode::Ask };
        for event in std::iter::once(opened).chain(events) {
            recorder.record(event).unwrap();
        }
        recorder
    }

    fn turn(number: u32, output: &str) -> Vec<Event> {
        let (turn, call) = (TurnId(format!("t{number}")), CallId(format!("c{number}")));
        let input = json!({});
        let used = ToolCall { id: call.clone(), provider_id: "1".into(), tool: "bash".into(), input };
        let reply = Reply { blocks: vec![ReplyBlock::Call { call: used }], usage: Usage::default() };
        vec![
            Event::TurnStarted {
                turn: turn.clone(),
                prompt: format!("p{number}").as_str().into(),
                content: vec![Block::Text { text: "go\non".into() }],
            },
            Event::Replied { message: format!("t{number}.1").as_str().into(), reply: reply.into() },
            Event::CallEnded { call, outcome: Outcome::Done(Output::said(output)) },
            Event::TurnEnded { turn, stop: Stop::Finished, usage: Usage::default() },
        ]
    }

    fn shown(recorder: &Recorder, after: u64) -> Vec<Value> {
        let page = recorder.facts(Seq(after), 100).unwrap();
        let events = facts(&"s1".into(), recorder, &page);
        events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
    }

    #[test]
    fn facts_name_their_own_turn_wherever_reading_begins() {
        let mut events = turn(1, "x");
        let (prompt, content) = ("p9".into(), Vec::new());
        events.push(Event::Queued { prompt, content, deliver: Deliver::Next });
        events.push(Event::Noticed { level: Level::Info, text: "between".into() });
        events.extend(turn(2, "y"));
        let recorder = recorder(events);
        let all = shown(&recorder, 0);
        let turns: Vec<Option<&str>> = all.iter().map(|event| event["turnId"].as_str()).collect();
        let (one, two) = (Some("t1"), Some("t2"));
        assert_eq!(turns, [None, one, one, one, one, None, None, two, two, two, two]);
        for after in 0..all.len() {
            assert_eq!(shown(&recorder, after as u64), all[after..], "after {after}");
        }
    }

    #[test]
    fn summaries_are_one_line() {
        let all = shown(&recorder(turn(1, "x")), 0);
        let lines: Vec<&str> = all.iter().map(|event| event["summary"].as_str().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "session opened in file:///w, model m, mode ask",
                "turn started: go on",
                "Calls bash.",
                "done: call c1",
                "turn finished"
            ]
        );
    }

    #[test]
    fn a_long_output_is_cut_between_characters_and_can_be_got() {
        let long = "ö".repeat(limits::OUTPUT_TAIL_BYTES_MAX);
        let all = shown(&recorder(turn(1, &long)), 0);
        let text = &all[3]["event"]["content"][0];
        assert_eq!(text["text"].as_str().unwrap().len(), limits::OUTPUT_TAIL_BYTES_MAX);
        assert_eq!((&text["size"], &text["contentId"]), (&json!(long.len()), &json!("c1")));
        let short = &shown(&recorder(turn(1, "x")), 0)[3]["event"]["content"][0];
        assert_eq!(*short, json!({"type": "text", "text": "x", "size": 1}));
    }
}
