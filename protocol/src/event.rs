//! What happens in a session: facts, which are numbered and kept, and progress between them.

use serde::{Deserialize, Serialize};

use crate::lifecycle::Timestamp;
use crate::review::{RestoreEnded, Restored, Reviewed};
use crate::session::SessionId;

mod call;
mod progress;
mod turn;

pub use call::{
    Answered, Asked, CallContent, CallEnded, CallKind, CallOutcome, CallStarted, CallText, CommandExit,
    ExitKind, FileSettled, FileTouched,
};
pub use progress::{CallInputPiece, CallOutputPiece, FileChanged, MessagePiece, Retrying, ThoughtPiece};
pub use turn::{
    Briefed, CompactReason, Compacted, Configured, FailureKind, Notice, NoticeLevel, Opened, Plan, PlanEntry,
    PlanStatus, PromptChanged, PromptQueued, PromptRemoved, PromptTaken, Reminded, RemovalReason, Replied,
    ReplyBlock, ReplyCall, ReplyText, ReplyThought, Title, TurnEndReason, TurnEnded, TurnStarted, Usage,
};

text! {
    /// A turn, unique in its session.
    pub struct TurnId;
}

text! {
    /// A message of the model, unique in its session.
    pub struct MessageId;
}

text! {
    /// A call of a tool, unique in its session.
    pub struct CallId;
}

/// Params of `agent/event`: one thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionEvent {
    /// The session.
    pub session_id: SessionId,
    /// The number of a fact in its session: 1, 2, 3 … without holes. Absent for progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When the fact happened. Absent for progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The turn that it belongs to, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The fact in one line of plain text, for logs, screen readers and clients that do not know
    /// its type. Absent for progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What happened.
    pub event: Event,
}

union! {
    /// What happened. A fact of an unknown type is to be shown by its `summary`; progress of an
    /// unknown type is to be passed over.
    pub enum Event {
        /// Fact: the session was made. Always the first.
        Opened(Opened) = "opened",
        /// Fact: an option has another value.
        Configured(Configured) = "configured",
        /// Fact: a prompt was accepted and waits. Closed by `turnStarted`, `promptTaken` or
        /// `promptRemoved`.
        PromptQueued(PromptQueued) = "promptQueued",
        /// Fact: a waiting prompt has other words.
        PromptChanged(PromptChanged) = "promptChanged",
        /// Fact: a waiting prompt that steers goes to the model in the running turn, with its next
        /// request. One that begins a turn is closed by `turnStarted` alone.
        PromptTaken(PromptTaken) = "promptTaken",
        /// Fact: a waiting prompt will not be taken.
        PromptRemoved(PromptRemoved) = "promptRemoved",
        /// Fact: a turn began, with a prompt that waited or a fresh one. Closed by `turnEnded`.
        TurnStarted(TurnStarted) = "turnStarted",
        /// Fact: a message of the model, whole. Opens each call in it, and takes the place of the
        /// `message`, `thought` and `callInput` pieces that came before.
        Replied(Replied) = "replied",
        /// Fact: a question stands before the user. Closed by `answered`.
        Asked(Asked) = "asked",
        /// Fact: a question is over.
        Answered(Answered) = "answered",
        /// Fact: a call was allowed and is about to act.
        CallStarted(CallStarted) = "callStarted",
        /// Fact: a file is about to be written.
        FileTouched(FileTouched) = "fileTouched",
        /// Fact: when a file was saved that the agent had changed, a formatter made another text of it.
        FileSettled(FileSettled) = "fileSettled",
        /// Fact: changes of a file were kept; they need not be looked at any more.
        Reviewed(Reviewed) = "reviewed",
        /// Fact: the user went back to before a turn, or took that back.
        Restored(Restored) = "restored",
        /// Fact: a way back is over.
        RestoreEnded(RestoreEnded) = "restoreEnded",
        /// Fact: a call is over. Takes the place of the `callOutput` pieces that came before.
        CallEnded(CallEnded) = "callEnded",
        /// Fact: the plan, as a whole.
        Plan(Plan) = "plan",
        /// Fact: the session has this title.
        Title(Title) = "title",
        /// Fact: a word to the user which is not the model's.
        Notice(Notice) = "notice",
        /// Fact: what the model is told before everything else; the user may look at it.
        Briefed(Briefed) = "briefed",
        /// Fact: a note to the model that the user did not write; the user may look at it.
        Reminded(Reminded) = "reminded",
        /// Fact: room was made in the model's window: it is told less of what was said before.
        Compacted(Compacted) = "compacted",
        /// Fact: a turn is over.
        TurnEnded(TurnEnded) = "turnEnded",
        /// Progress: words of the model.
        Message(MessagePiece) = "message",
        /// Progress: thoughts of the model.
        Thought(ThoughtPiece) = "thought",
        /// Progress: a call takes shape.
        CallInput(CallInputPiece) = "callInput",
        /// Progress: a running command prints.
        CallOutput(CallOutputPiece) = "callOutput",
        /// Progress: the model is asked again. What was shown of this message is void.
        Retrying(Retrying) = "retrying",
        /// Progress: a file that the agent has changed holds something else by now, which was not the
        /// agent's doing.
        FileChanged(FileChanged) = "fileChanged",
    }
}

impl Event {
    /// Whether it is progress, which has no number and is not kept. What is unknown is not.
    pub fn is_progress(&self) -> bool {
        match self {
            Self::Message(_)
            | Self::Thought(_)
            | Self::CallInput(_)
            | Self::CallOutput(_)
            | Self::Retrying(_)
            | Self::FileChanged(_) => true,
            Self::Opened(_)
            | Self::Configured(_)
            | Self::PromptQueued(_)
            | Self::PromptChanged(_)
            | Self::PromptTaken(_)
            | Self::PromptRemoved(_)
            | Self::TurnStarted(_)
            | Self::Replied(_)
            | Self::Asked(_)
            | Self::Answered(_)
            | Self::CallStarted(_)
            | Self::FileTouched(_)
            | Self::FileSettled(_)
            | Self::Reviewed(_)
            | Self::Restored(_)
            | Self::RestoreEnded(_)
            | Self::CallEnded(_)
            | Self::Plan(_)
            | Self::Title(_)
            | Self::Notice(_)
            | Self::Briefed(_)
            | Self::Reminded(_)
            | Self::Compacted(_)
            | Self::TurnEnded(_)
            | Self::Unknown(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_of_a_later_version_keeps_all_it_has() {
        let wire = json!({
            "sessionId": "s", "seq": 9, "at": "2026-09-01T10:00:00Z", "summary": "went home",
            "event": {"type": "wentHome", "by": "bus"},
        });
        let event: SessionEvent = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(event.event.type_name(), "wentHome");
        assert_eq!(event.summary.as_deref(), Some("went home"));
        assert_eq!(serde_json::to_value(event).unwrap(), wire);
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let wire = json!({"type": "title", "title": "Greeter", "colour": "red"});
        let event: Event = serde_json::from_value(wire).unwrap();
        assert_eq!(event, Event::Title(Title { title: "Greeter".into() }));
    }

    #[test]
    fn progress_comes_last_in_the_table() {
        let first = Event::TYPES.iter().position(|word| *word == "message").unwrap();
        assert_eq!(
            &Event::TYPES[first..],
            ["message", "thought", "callInput", "callOutput", "retrying", "fileChanged"]
        );
    }
}
