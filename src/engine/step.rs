//! One request to the model: its stream becomes a reply, failures that may pass are tried again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;

use super::event::{
    CallId, Event, Level, MessageId, ModelName, Reply, ReplyBlock, Setting, Stop, ToolCall, ToolName, Usage,
};
use super::model::{ErrorKind, Finish, Model, ModelError, ModelEvent, Offer, Price, Wanted};
use super::prompt;
use super::recorder::{Halted, Recorder};
use super::textual;
use super::turn::Turn;
use crate::limits;

/// What came of a step.
pub enum Said {
    /// The model wants these calls.
    Calls(Arc<Reply>),
    /// It has said all it wanted.
    Enough,
    /// The provider paused: it is asked again with what it said.
    Paused,
    /// The conversation does not fit.
    TooLong,
    /// The turn ends for another reason.
    Stop(Stop),
}

/// Makes one step.
pub async fn run(turn: &Turn, offer: Offer) -> Result<Said, Halted> {
    let mut model = match turn.model() {
        Ok(model) => model,
        Err(message) => {
            return Ok(Said::Stop(Stop::ModelFailed { kind: Some(ErrorKind::Unconfigured), message }));
        }
    };
    let replies = turn.parts.recorder.state(|state| state.turn().map_or(0, |open| open.replies));
    let message = MessageId(format!("{}.{}", turn.id, replies + 1));
    let (mut attempt, mut tried) = (0, Vec::new());
    loop {
        attempt += 1;
        let mut draft = Draft::new(message.clone(), &turn.parts.recorder, model.price());
        let end = listen(turn, &*model, offer, &mut draft).await;
        let error = match end {
            End::Done(finish) => {
                if model.writes_calls() && offer == Offer::Tools {
                    draft.read_calls(turn);
                }
                return finished(turn, draft, finish);
            }
            End::Cancelled => {
                draft.keep_words(turn)?;
                return Ok(Said::Stop(Stop::Cancelled));
            }
            End::Failed(error) => error.told(),
        };
        if error.kind == ErrorKind::ContextLength {
            draft.keep_words(turn)?;
            return Ok(Said::TooLong);
        }
        if !error.may_pass() || attempt >= limits::STEP_ATTEMPTS_MAX {
            if let Some(next) = instead(turn, &error, &mut tried)? {
                turn.parts.recorder.show_retry(&message, 1, 0, &error.message);
                (model, attempt) = (next, 0);
                continue;
            }
            draft.keep_words(turn)?;
            return Ok(Said::Stop(stop_for(error, attempt)));
        }
        let wait = wait_before(attempt, error.retry_after);
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        turn.parts.recorder.show_retry(&message, attempt + 1, millis, &error.message);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = turn.cancel.cancelled() => return Ok(Said::Stop(Stop::Cancelled)),
        }
    }
}

/// The model that the user wants in the place of one which cannot be reached now; the session goes on with it.
/// Each is tried once in a step.
fn instead(
    turn: &Turn,
    error: &ModelError,
    tried: &mut Vec<ModelName>,
) -> Result<Option<Arc<dyn Model>>, Halted> {
    if !error.kind.may_pass() && error.kind != ErrorKind::Quota {
        return Ok(None);
    }
    let Some(name) = turn.parts.recorder.state(|state| state.model().cloned()) else { return Ok(None) };
    tried.push(name.clone());
    for next in turn.parts.models.fallbacks() {
        if tried.contains(&next) {
            continue;
        }
        let model = match turn.parts.models.find(&next) {
            Ok(model) => model,
            Err(why) => {
                let text = format!("`{next}` of `fallback_models` cannot take the place of `{name}`: {why}");
                turn.record(Event::Noticed { level: Level::Warning, text })?;
                tried.push(next);
                continue;
            }
        };
        let text = format!("{}. Going on with `{next}` in the place of `{name}`.", error.message);
        turn.record(Event::Noticed { level: Level::Warning, text })?;
        turn.record(Event::Configured { setting: Setting::Model(next) })?;
        return Ok(Some(model));
    }
    Ok(None)
}

/// How listening ended.
enum End {
    Done(Finish),
    Cancelled,
    Failed(ModelError),
}

async fn listen(turn: &Turn, model: &dyn Model, offer: Offer, draft: &mut Draft<'_>) -> End {
    let request = tokio::select! {
        biased;
        () = turn.cancel.cancelled() => return End::Cancelled,
        request = prompt::request(&turn.parts, offer, model.abilities()) => request,
    };
    let mut stream = model.stream(request);
    loop {
        let next = tokio::select! {
            biased;
            () = turn.cancel.cancelled() => return End::Cancelled,
            next = stream.next() => next,
        };
        match next {
            Some(Ok(ModelEvent::Done(finish))) => return End::Done(finish),
            Some(Ok(event)) => draft.add(event),
            Some(Err(error)) => return End::Failed(error),
            None => return End::Failed(ModelError::broken_off()),
        }
    }
}

fn finished(turn: &Turn, draft: Draft<'_>, finish: Finish) -> Result<Said, Halted> {
    match finish {
        Finish::Complete | Finish::Unknown(_) => {
            let reply = draft.record(turn, Calls::Kept)?;
            if reply.calls().next().is_some() {
                return Ok(Said::Calls(reply));
            }
            if reply.blocks.is_empty() {
                let text = "The model gave an empty answer. A further prompt may bring one.".to_owned();
                turn.record(Event::Noticed { level: Level::Warning, text })?;
            }
            Ok(Said::Enough)
        }
        Finish::Length => {
            draft.record(turn, Calls::Dropped)?;
            Ok(Said::Stop(Stop::ContextFull))
        }
        Finish::Refused | Finish::Filtered => {
            draft.record(turn, Calls::Dropped)?;
            let text = "What was refused stays in the conversation, and may be refused again: take this turn back \
                        (undo), or say it in other words.";
            turn.record(Event::Noticed { level: Level::Info, text: text.to_owned() })?;
            Ok(Said::Stop(Stop::Refused))
        }
        Finish::Paused => {
            let reply = draft.record(turn, Calls::Kept)?;
            if reply.calls().next().is_some() { Ok(Said::Calls(reply)) } else { Ok(Said::Paused) }
        }
        Finish::MalformedCall => {
            draft.keep_words(turn)?;
            let message = "the model wrote a call that cannot be read".to_owned();
            Ok(Said::Stop(Stop::ModelFailed { kind: Some(ErrorKind::Parse), message }))
        }
    }
}

fn stop_for(error: ModelError, attempts: u32) -> Stop {
    match error.kind {
        ErrorKind::ContextLength => Stop::ContextFull,
        ErrorKind::Network
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::RateLimit
        | ErrorKind::Server
        | ErrorKind::Overloaded
        | ErrorKind::Quota
        | ErrorKind::Auth
        | ErrorKind::Permission
        | ErrorKind::NotFound
        | ErrorKind::TooLarge
        | ErrorKind::Invalid
        | ErrorKind::Parse
        | ErrorKind::Unknown
        | ErrorKind::Unconfigured => {
            let tried = if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() };
            Stop::ModelFailed { kind: Some(error.kind), message: format!("{}{tried}", error.message) }
        }
    }
}

/// How long to wait before this attempt's successor: it doubles with each attempt up to the cap; a provider's
/// own wish counts, and whoever asks for more is not asked again.
pub(super) fn wait_before(attempt: u32, asked: Option<Duration>) -> Duration {
    let doubled = limits::STEP_RETRY_WAIT * 2u32.saturating_pow(attempt.saturating_sub(1));
    asked.unwrap_or(doubled).min(limits::STEP_RETRY_WAIT_MAX)
}

/// Whether the calls of an answer are to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Kept,
    Dropped,
}

/// An answer as it takes shape.
struct Draft<'a> {
    message: MessageId,
    recorder: &'a Recorder,
    blocks: Vec<Piece>,
    /// The tools of the calls that have begun, by their index.
    tools: Vec<ToolName>,
    usage: Usage,
    /// What the model's tokens cost.
    price: Option<Price>,
    origin: Option<Arc<str>>,
}

/// A block of the answer; a call gets its id when the answer is recorded.
enum Piece {
    Text(String),
    Thought { text: String, signature: Option<String> },
    Call(Wanted),
    Opaque(Value),
}

impl<'a> Draft<'a> {
    fn new(message: MessageId, recorder: &'a Recorder, price: Option<Price>) -> Self {
        let (blocks, tools) = (Vec::new(), Vec::new());
        Self { message, recorder, blocks, tools, usage: Usage::default(), price, origin: None }
    }

    fn add(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Began { origin, .. } => self.origin = Some(origin),
            ModelEvent::Text(text) | ModelEvent::Refusal(text) => {
                self.recorder.show_text(&self.message, &text);
                match self.blocks.last_mut() {
                    Some(Piece::Text(all)) => all.push_str(&text),
                    _ => self.blocks.push(Piece::Text(text)),
                }
            }
            ModelEvent::Thought(text) => {
                self.recorder.show_thought(&self.message, &text);
                match self.blocks.last_mut() {
                    Some(Piece::Thought { text: all, signature: None }) => all.push_str(&text),
                    _ => self.blocks.push(Piece::Thought { text, signature: None }),
                }
            }
            ModelEvent::ThoughtSignature(sign) => match self.blocks.last_mut() {
                Some(Piece::Thought { signature: signature @ None, .. }) => *signature = Some(sign),
                _ => self.blocks.push(Piece::Thought { text: String::new(), signature: Some(sign) }),
            },
            ModelEvent::CallBegan { index, tool } => {
                self.recorder.show_input(&self.message, index, &tool, "");
                self.tools.resize(self.tools.len().max(index + 1), ToolName(String::new()));
                self.tools[index] = tool;
            }
            ModelEvent::CallInput { index, text } => {
                let tool = self.tools.get(index).cloned().unwrap_or_else(|| ToolName(String::new()));
                self.recorder.show_input(&self.message, index, &tool, &text);
            }
            ModelEvent::CallReady { index: _, call } => self.blocks.push(Piece::Call(call)),
            ModelEvent::Opaque(value) => self.blocks.push(Piece::Opaque(value)),
            ModelEvent::Usage(usage) => self.usage = usage,
            ModelEvent::Done(_) => {}
        }
    }

    /// Makes calls of those that the model wrote as text at its end, where it made none.
    fn read_calls(&mut self, turn: &Turn) {
        if self.blocks.iter().any(|piece| matches!(piece, Piece::Call(_))) {
            return;
        }
        // What only the server understands may stand behind the words.
        let Some(at) = self.blocks.iter().rposition(|piece| !matches!(piece, Piece::Opaque(_))) else {
            return;
        };
        let Piece::Text(text) = &self.blocks[at] else { return };
        let tools = turn.parts.recorder.state(|state| turn.parts.toolbox.offered(state).clone());
        let Some((words, calls)) = textual::calls(text, &tools) else { return };
        let words = (!words.is_empty()).then(|| Piece::Text(words.to_owned()));
        self.blocks.splice(at..=at, words);
        let made = calls.into_iter().enumerate().map(|(number, (tool, input))| {
            Piece::Call(Wanted::new(format!("{}-{number}", self.message), ToolName(tool), input))
        });
        self.blocks.extend(made);
    }

    /// Keeps what was said so far, as a reply without calls; nothing when nothing was said.
    fn keep_words(self, turn: &Turn) -> Result<(), Halted> {
        let worded = self.blocks.iter().any(|piece| match piece {
            Piece::Text(text) => !text.is_empty(),
            Piece::Thought { .. } | Piece::Call(_) | Piece::Opaque(_) => false,
        });
        if worded { self.record(turn, Calls::Dropped).map(|_| ()) } else { Ok(()) }
    }

    fn record(self, turn: &Turn, calls: Calls) -> Result<Arc<Reply>, Halted> {
        turn.spend(self.usage, self.price);
        let sent = turn.parts.outgoing.take();
        let Self { message, recorder, blocks, usage, origin, .. } = self;
        let (reply, _) = recorder.record_from(|state| {
            let mut number = state.calls();
            let blocks = blocks.into_iter().filter_map(|piece| match piece {
                Piece::Text(text) => Some(ReplyBlock::Text { text }),
                Piece::Thought { text, signature } => Some(ReplyBlock::Thought { text, signature }),
                Piece::Opaque(value) => Some(ReplyBlock::Opaque { value }),
                Piece::Call(_) if calls == Calls::Dropped => None,
                Piece::Call(Wanted { provider_id, tool, input, form, signature }) => {
                    number += 1;
                    let id = CallId(format!("c{number}"));
                    Some(ReplyBlock::Call {
                        call: ToolCall { id, provider_id, tool, input, form, signature },
                    })
                }
            });
            let reply = Arc::new(Reply { blocks: blocks.collect(), usage, origin });
            (reply.clone(), Event::Replied { message, reply, sent })
        })?;
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let waits: Vec<u64> = (1..=8).map(|attempt| wait_before(attempt, None).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(wait_before(1, Some(Duration::from_secs(7))).as_secs(), 7);
        assert_eq!(wait_before(1, Some(limits::STEP_RETRY_WAIT_MAX)), limits::STEP_RETRY_WAIT_MAX);
    }
}
