//! Facts and progress as the protocol's events.

use crate::engine::event::RoomFor;
use quillon_protocol::content::ContentId;
use quillon_protocol::document::{Location, TextHash};
use quillon_protocol::event as wire;
use quillon_protocol::event::{Event as WireEvent, SessionEvent};
use quillon_protocol::lifecycle::Timestamp;
use quillon_protocol::prompt::PromptId;
use quillon_protocol::review as wire_review;
use quillon_protocol::session::SessionId as WireSession;

use super::block::{content, delivery};
use super::earlier::Earlier;
use super::{file, question, summary, turn, uri};
use crate::engine::access::signal_name;
use crate::engine::journal::Recorded;
use crate::engine::model::ErrorKind;
use crate::engine::{
    CallId, Delta, Event, Exit, Level, Outcome, Recorder, Reply, ReplyBlock, SessionId, Setting, Stop,
    TodoItem, TodoStatus, TurnId, Update, Usage, Why,
};
use crate::limits;
use crate::policy::Intent;

/// What `agent/event` carries of updates that follow each other; nothing for the end of a session that
/// cannot record.
pub fn updates(session: &SessionId, recorder: &Recorder, updates: &[Update]) -> Vec<SessionEvent> {
    let is_fact = |update: &Update| matches!(update, Update::Fact(_));
    let runs = updates.chunk_by(|left, right| is_fact(left) && is_fact(right));
    runs.flat_map(|run| {
        let run_of_facts: Vec<Recorded> = run
            .iter()
            .filter_map(|update| match update {
                Update::Fact(fact) => Some(fact.clone()),
                Update::Delta(_) | Update::Halted(_) => None,
            })
            .collect();
        match run {
            [Update::Delta(delta)] => vec![unnumbered(session, recorder, delta)],
            _ => facts(session, recorder, &run_of_facts),
        }
    })
    .collect()
}

/// What `agent/event` carries of facts that follow each other without a hole.
pub fn facts(session: &SessionId, recorder: &Recorder, facts: &[Recorded]) -> Vec<SessionEvent> {
    let Some(first) = facts.first() else { return Vec::new() };
    let mut open = match &*first.event {
        // They say themselves which turn is theirs.
        Event::TurnStarted { .. } | Event::TurnEnded { .. } => None,
        _ => Earlier::than(first.seq, &[], recorder).turn(),
    };
    let with_earlier = facts.iter().enumerate().map(|(at, fact)| (&facts[..at], fact));
    with_earlier.map(|(at_hand, fact)| numbered(session, recorder, at_hand, fact, &mut open)).collect()
}

fn unnumbered(session: &SessionId, recorder: &Recorder, delta: &Delta) -> SessionEvent {
    SessionEvent {
        session_id: WireSession(session.0.clone()),
        seq: None,
        at: None,
        turn_id: turn::of_delta(recorder, delta).map(|turn| wire::TurnId(turn.0)),
        summary: None,
        event: progress(delta),
    }
}

fn numbered(
    session: &SessionId,
    recorder: &Recorder,
    at_hand: &[Recorded],
    recorded: &Recorded,
    open: &mut Option<TurnId>,
) -> SessionEvent {
    let event = fact(recorder, &recorded.event);
    SessionEvent {
        session_id: WireSession(session.0.clone()),
        seq: Some(recorded.seq.0),
        at: Some(Timestamp(recorded.at.to_string())),
        turn_id: turn::step(open, recorded).map(|turn| wire::TurnId(turn.0)),
        summary: summary::of(&event, recorder, &Earlier::than(recorded.seq, at_hand, recorder)),
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
        Event::Replied { message, reply, .. } => WireEvent::Replied(replied(message.0.as_str(), reply)),
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
        Event::Settled { path, after, .. } => WireEvent::FileSettled(wire::FileSettled {
            uri: uri::of(path),
            hash: Some(TextHash(after.to_string())),
        }),
        Event::Found { call, path, before, after, .. } => {
            file::found(recorder, call.as_ref(), path, before, after)
        }
        Event::Reviewed { path, .. } => WireEvent::Reviewed(wire_review::Reviewed { uri: uri::of(path) }),
        Event::RestoreEnded { restore, whole } => {
            WireEvent::RestoreEnded(file::restore_ended(restore, *whole))
        }
        Event::Restored { restore, to, what } => WireEvent::Restored(file::restored(restore, to, *what)),
        Event::CallEnded { call, outcome } => WireEvent::CallEnded(ended(call, outcome)),
        Event::Todo { items } => {
            WireEvent::Plan(wire::Plan { entries: items.iter().map(plan_entry).collect() })
        }
        Event::Titled { title, .. } => WireEvent::Title(wire::Title { title: title.clone() }),
        Event::Noticed { level, text } => {
            WireEvent::Notice(wire::Notice { level: notice_level(*level), text: text.clone() })
        }
        Event::Overlooked { text, .. } => {
            WireEvent::Notice(wire::Notice { level: notice_level(Level::Warning), text: text.clone() })
        }
        Event::Briefed { text, .. } => WireEvent::Briefed(wire::Briefed { text: text.clone() }),
        Event::Reminded { text, .. } => WireEvent::Reminded(wire::Reminded { text: text.clone() }),
        Event::Compacted { summary, why, before, after, usage, .. } => {
            WireEvent::Compacted(wire::Compacted {
                summary: summary.as_ref().map(|summary| summary.text.clone()),
                reason: match why {
                    RoomFor::NextStep => wire::CompactReason::NextStep,
                    RoomFor::Refused => wire::CompactReason::Refused,
                    RoomFor::User => wire::CompactReason::User,
                },
                tokens_before: *before,
                tokens_after: *after,
                usage: self::usage(*usage),
            })
        }
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
        Delta::Changed { path } => WireEvent::FileChanged(wire::FileChanged { uri: uri::of(path) }),
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
        exit: match outcome {
            Outcome::Done(output) => output.exit.map(command_exit),
            Outcome::Failed(_) | Outcome::Denied { .. } | Outcome::Cancelled | Outcome::Interrupted => None,
        },
        content: if whole.is_empty() { Vec::new() } else { vec![wire::CallContent::Text(text)] },
    }
}

fn command_exit(exit: Exit) -> wire::CommandExit {
    let of = |kind| wire::CommandExit { kind, code: None, signal: None };
    match exit {
        Exit::Code(code) => wire::CommandExit { code: Some(code), ..of(wire::ExitKind::Code) },
        Exit::Signal(signal) => {
            let name = signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned);
            wire::CommandExit { signal: Some(name), ..of(wire::ExitKind::Signal) }
        }
        Exit::TimedOut => of(wire::ExitKind::TimedOut),
        Exit::Cancelled => of(wire::ExitKind::Cancelled),
    }
}

fn turn_ended(stop: &Stop, cost: Usage) -> wire::TurnEnded {
    let (mut error, mut error_kind) = (None, None);
    let reason = match stop {
        Stop::Finished => wire::TurnEndReason::Finished,
        Stop::Cancelled => wire::TurnEndReason::Cancelled,
        Stop::StepLimit => wire::TurnEndReason::StepLimit,
        Stop::ContextFull => wire::TurnEndReason::ContextFull,
        Stop::Refused => wire::TurnEndReason::Refused,
        Stop::ModelFailed { kind, message } => {
            (error, error_kind) = (Some(message.clone()), kind.map(failure_kind));
            wire::TurnEndReason::Failed
        }
        Stop::Interrupted => wire::TurnEndReason::Interrupted,
    };
    wire::TurnEnded { reason, error, error_kind, usage: usage(cost) }
}

fn failure_kind(kind: ErrorKind) -> wire::FailureKind {
    match kind {
        ErrorKind::Network => wire::FailureKind::Network,
        ErrorKind::Timeout => wire::FailureKind::Timeout,
        ErrorKind::Truncated => wire::FailureKind::Truncated,
        ErrorKind::RateLimit => wire::FailureKind::RateLimit,
        ErrorKind::Server => wire::FailureKind::Server,
        ErrorKind::Overloaded => wire::FailureKind::Overloaded,
        ErrorKind::Quota => wire::FailureKind::Quota,
        ErrorKind::Auth => wire::FailureKind::Auth,
        ErrorKind::Permission => wire::FailureKind::Permission,
        ErrorKind::NotFound => wire::FailureKind::NotFound,
        ErrorKind::ContextLength => wire::FailureKind::ContextLength,
        ErrorKind::TooLarge => wire::FailureKind::TooLarge,
        ErrorKind::Invalid => wire::FailureKind::Invalid,
        ErrorKind::Parse => wire::FailureKind::Parse,
        ErrorKind::Unknown => wire::FailureKind::Other,
        ErrorKind::Unconfigured => wire::FailureKind::Unconfigured,
    }
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
    use crate::engine::{
        Answer, Beside, Block, Choice, ChoiceKind, Deliver, Mode, Output, Question, Reminder, Seq, Subject,
        ToolCall, Who,
    };
    use crate::path::AbsPath;
    use crate::policy::Grant;
    use crate::text::Hash;
    use crate::text::{Change, Edit, Version};

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
        let used = ToolCall::new(call.clone(), "1".into(), "bash".into(), input);
        let reply = Reply { blocks: vec![ReplyBlock::Call { call: used }], ..Reply::default() };
        vec![
            Event::TurnStarted {
                turn: turn.clone(),
                prompt: format!("p{number}").as_str().into(),
                content: vec![Block::Text { text: "go\non".into() }],
            },
            Event::Replied {
                message: format!("t{number}.1").as_str().into(),
                reply: reply.into(),
                sent: Vec::new(),
            },
            Event::CallEnded { call, outcome: Outcome::Done(Output::said(output)) },
            Event::TurnEnded { turn, stop: Stop::Finished, usage: Usage::default(), sent: Vec::new() },
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

    fn text(words: &str) -> Vec<Block> {
        vec![Block::Text { text: words.into() }]
    }

    fn asked(id: &str, call: Option<&str>, title: &str) -> Event {
        let grant = Grant::ReadPath { path: AbsPath::new("/a").unwrap() };
        let offered = [
            (ChoiceKind::Once, "Allow once"),
            (ChoiceKind::Always(grant), "Always allow it"),
            (ChoiceKind::No, "No"),
        ];
        let choices = offered.map(|(kind, label)| Choice { kind, label: label.into() }).to_vec();
        let (subject, reason) = (Subject::Loop("…".into()), "edits ask".to_owned());
        let ask = Question { title: title.into(), subject, reason, choices };
        Event::Asked { question: id.into(), call: call.map(CallId::from), ask }
    }

    fn answered(id: &str, answer: Option<Answer>) -> Event {
        Event::Answered { question: id.into(), answer, by: Who::Quillon }
    }

    fn replied(message: &str, calls: &[&str]) -> Event {
        let call = |id: &&str| {
            let input = json!({"file_path": "a"});
            let tool = "read".into();
            ReplyBlock::Call { call: ToolCall::new(CallId((*id).into()), "1".into(), tool, input) }
        };
        let reply = Reply { blocks: calls.iter().map(call).collect(), ..Reply::default() };
        Event::Replied { message: message.into(), reply: reply.into(), sent: Vec::new() }
    }

    fn call_ended(call: &str, outcome: Outcome) -> Event {
        Event::CallEnded { call: call.into(), outcome }
    }

    /// All kinds of facts, and the sentence for each.
    #[expect(clippy::too_many_lines, reason = "a list: one entry for each fact")]
    fn everything() -> (Vec<Event>, Vec<&'static str>) {
        let started = |call: &str, title: &str| Event::CallStarted {
            call: call.into(),
            title: title.into(),
            intent: Intent::Nothing,
            locations: Vec::new(),
            by: Who::Quillon,
        };
        let told = vec![
            (Event::Configured { setting: Setting::Mode(Mode::Edit) }, "The mode is edit."),
            (Event::Titled { title: "Mine".into(), asked: None }, "Title: Mine"),
            (
                Event::TurnStarted { turn: "t1".into(), prompt: "p1".into(), content: text("go\non") },
                "Turn started: go on",
            ),
            (
                Event::Briefed { text: "be brief".into(), files: Vec::new(), profile: Default::default() },
                "The model was briefed (8 characters).",
            ),
            (
                Event::Queued { prompt: "p2".into(), content: text("then this"), deliver: Deliver::Now },
                "Prompt waits: then this",
            ),
            (
                Event::Queued { prompt: "p3".into(), content: text("and that"), deliver: Deliver::Next },
                "Prompt waits: and that",
            ),
            (
                Event::Requeued { prompt: "p3".into(), content: text("or that") },
                "Waiting prompt changed: or that",
            ),
            (replied("t1.1", &["c1", "c2", "c3", "c4", "c5"]), "Calls read, read, read, read, read."),
            (asked("q1", Some("c1"), "Edit src/main.rs"), "Question: Edit src/main.rs?"),
            (answered("q1", Some(Answer::Once)), "Answered: Allow once (Edit src/main.rs)"),
            (started("c1", "Edit src/main.rs"), "Edit src/main.rs"),
            (
                Event::Touched {
                    call: Some("c1".into()),
                    edit: Edit {
                        path: AbsPath::new("/w/src/main.rs").unwrap(),
                        base: Version::Absent,
                        change: Change::Whole("a\nb\n".into()),
                    },
                    kept: None,
                    after: None,
                    bytes: None,
                    restore: None,
                    beside: Beside::default(),
                    head: None,
                },
                "src/main.rs created (+2 −0).",
            ),
            (
                Event::Settled {
                    path: AbsPath::new("/w/src/main.rs").unwrap(),
                    before: Hash::of(b"x"),
                    after: Hash::of(b"y"),
                },
                "src/main.rs was formatted when it was saved.",
            ),
            (call_ended("c1", Outcome::Done(Output::said("x"))), "Done: Edit src/main.rs"),
            (asked("q2", Some("c2"), "Run ls"), "Question: Run ls?"),
            (
                answered("q2", Some(Answer::No { note: Some("not here".into()) })),
                "Answered: No, not here (Run ls)",
            ),
            (
                call_ended("c2", Outcome::Denied { reason: "The user said no.".into() }),
                "Not allowed: Run ls: The user said no.",
            ),
            (asked("q3", Some("c3"), "Run top"), "Question: Run top?"),
            (answered("q3", None), "Question withdrawn: Run top"),
            (call_ended("c3", Outcome::Cancelled), "Cancelled: Run top"),
            (
                call_ended("c4", Outcome::Failed("\nno such file\nmore".into())),
                r#"Failed: read {"file_path":"a"}: no such file"#,
            ),
            (call_ended("c5", Outcome::Interrupted), r#"Interrupted: read {"file_path":"a"}"#),
            (Event::Taken { prompt: "p2".into() }, "Prompt taken into the turn: then this"),
            (
                Event::Reminded { about: Reminder::Loop, text: "Stop that.".into() },
                "The model was told: Stop that.",
            ),
            (Event::Todo { items: Vec::new() }, "Plan: 0 of 0 done."),
            (Event::Noticed { level: Level::Warning, text: "careful".into() }, "Warning: careful"),
            (
                asked("q4", None, "The model repeats itself. Go on?"),
                "Question: The model repeats itself. Go on?",
            ),
            (answered("q4", Some(Answer::Once)), "Answered: Allow once (The model repeats itself. Go on?)"),
            (
                Event::TurnEnded {
                    turn: "t1".into(),
                    stop: Stop::StepLimit,
                    usage: Usage::default(),
                    sent: Vec::new(),
                },
                "Turn stopped: it has taken as much as a turn may.",
            ),
            (Event::Removed { prompt: "p3".into(), why: Why::Withdrawn }, "Prompt withdrawn: or that"),
        ];
        told.into_iter().unzip()
    }

    #[test]
    fn summaries_are_sentences_without_ids() {
        let (events, mut lines) = everything();
        lines.insert(0, "The session was opened in /w, with model m, in mode ask.");
        let recorder = recorder(events);
        let all = shown(&recorder, 0);
        let summaries = |events: &[Value]| -> Vec<String> {
            events.iter().map(|event| event["summary"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(summaries(&all), lines);
        // Wherever reading begins, also live, each by itself.
        for (after, line) in lines.iter().enumerate() {
            assert_eq!(summaries(&shown(&recorder, after as u64)), lines[after..]);
            let fact = recorder.facts(Seq(after as u64), 1).unwrap().remove(0);
            let one = updates(&"s1".into(), &recorder, &[Update::Fact(fact)]);
            assert_eq!(one[0].summary.as_deref(), Some(*line));
        }
    }

    #[test]
    fn a_commands_exit_is_data_and_said() {
        for (exit, data, said) in [
            (Exit::Code(0), json!({"kind": "code", "code": 0}), "Done: bash {}"),
            (Exit::Code(3), json!({"kind": "code", "code": 3}), "Failed: bash {}: exit code 3"),
            (
                Exit::Signal(9),
                json!({"kind": "signal", "signal": "SIGKILL"}),
                "Failed: bash {}: ended by signal SIGKILL",
            ),
            (
                Exit::Signal(99),
                json!({"kind": "signal", "signal": "99"}),
                "Failed: bash {}: ended by signal 99",
            ),
            (Exit::TimedOut, json!({"kind": "timedOut"}), "Failed: bash {}: its time was over"),
            (Exit::Cancelled, json!({"kind": "cancelled"}), "Failed: bash {}: cancelled"),
        ] {
            let mut events = turn(1, "x");
            events[2] = call_ended(
                "c1",
                Outcome::Done(Output { exit: Some(exit), ..Output::said("(exit code 7, 0.1 s)") }),
            );
            let ended = &shown(&recorder(events), 0)[3];
            assert_eq!((&ended["event"]["exit"], &ended["summary"]), (&data, &json!(said)));
            assert_eq!(ended["event"]["outcome"], "done");
        }
        assert_eq!(shown(&recorder(turn(1, "x")), 0)[3]["event"].get("exit"), None);
    }

    #[test]
    fn the_kind_of_a_models_failure_is_data() {
        let failed = |kind| turn_ended(&Stop::ModelFailed { kind, message: "why".into() }, Usage::default());
        for kind in ErrorKind::ALL {
            assert_eq!(
                failed(Some(kind)).error_kind.as_ref().map(wire::FailureKind::as_str),
                Some(kind.word())
            );
        }
        assert_eq!((failed(None).error_kind, failed(None).error.as_deref()), (None, Some("why")));
        assert_eq!(turn_ended(&Stop::Finished, Usage::default()).error_kind, None);
    }

    #[test]
    fn what_a_fact_closes_is_found_however_long_ago_it_began() {
        let mut events =
            vec![Event::Queued { prompt: "p".into(), content: text("long ago"), deliver: Deliver::Next }];
        let noise = Event::Noticed { level: Level::Info, text: "x".into() };
        events.extend(std::iter::repeat_n(noise, limits::RECENT_FACTS_MAX * 3));
        events.push(Event::Removed { prompt: "p".into(), why: Why::Cancelled });
        let recorder = recorder(events);
        let last = recorder.state(|state| state.seq()).0 - 1;
        assert_eq!(shown(&recorder, last)[0]["summary"], "Prompt cancelled: long ago");
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
