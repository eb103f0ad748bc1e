//! What happens in a session: facts, which are numbered and kept, and progress between them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::ContentId;
use crate::document::{FileChange, Location, TextHash, Uri};
use crate::lifecycle::Timestamp;
use crate::permission::{Actor, ChoiceId, Question, QuestionId};
use crate::prompt::{ContentBlock, Deliver, PromptId};
use crate::session::SessionId;

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
        /// Fact: a prompt was accepted and waits. Closed by `promptTaken` or `promptRemoved`.
        PromptQueued(PromptQueued) = "promptQueued",
        /// Fact: a waiting prompt has other words.
        PromptChanged(PromptChanged) = "promptChanged",
        /// Fact: a waiting prompt goes to the model: with the next `turnStarted`, or in the running
        /// turn with its next request.
        PromptTaken(PromptTaken) = "promptTaken",
        /// Fact: a waiting prompt will not be taken.
        PromptRemoved(PromptRemoved) = "promptRemoved",
        /// Fact: a turn began. Closed by `turnEnded`.
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
        /// Fact: after a write the file has another text than was written; a formatter ran.
        FileSettled(FileSettled) = "fileSettled",
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
    }
}

/// Fact `opened`: the session was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Opened {
    /// The folders it works in.
    pub roots: Vec<Uri>,
    /// The folder that relative paths and commands start from.
    pub cwd: Uri,
    /// The value of the option `model`.
    pub model: String,
    /// The value of the option `mode`.
    pub mode: String,
}

/// Fact `configured`: an option has another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Configured {
    /// The id of the option.
    pub option: String,
    /// Its value from here on.
    pub value: String,
}

/// Fact `promptQueued`: a prompt waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptQueued {
    /// The prompt.
    pub prompt_id: PromptId,
    /// What it says.
    pub content: Vec<ContentBlock>,
    /// When it is to reach the model.
    pub deliver: Deliver,
}

/// Fact `promptChanged`: a waiting prompt has other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptChanged {
    /// The prompt.
    pub prompt_id: PromptId,
    /// What it says from here on.
    pub content: Vec<ContentBlock>,
}

/// Fact `promptTaken`: a waiting prompt goes to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptTaken {
    /// The prompt.
    pub prompt_id: PromptId,
}

/// Fact `promptRemoved`: a waiting prompt will not be taken. Its words are those of its
/// `promptQueued` or last `promptChanged`; a client can offer them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptRemoved {
    /// The prompt.
    pub prompt_id: PromptId,
    /// Why.
    pub reason: RemovalReason,
}

enumeration! {
    /// Why a waiting prompt was removed.
    pub enum RemovalReason {
        /// The user took it back.
        Withdrawn = "withdrawn",
        /// The user cancelled; nothing starts by itself after that.
        Cancelled = "cancelled",
        /// The program ended before it could be taken.
        Interrupted = "interrupted",
    }
}

/// Fact `turnStarted`: a turn began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnStarted {
    /// The prompt that it answers.
    pub prompt_id: PromptId,
    /// What the prompt says.
    pub content: Vec<ContentBlock>,
}

/// Fact `replied`: a message of the model, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Replied {
    /// The message.
    pub message_id: MessageId,
    /// Its parts, in order. What only the provider understands is left out.
    pub blocks: Vec<ReplyBlock>,
    /// What it cost.
    pub usage: Usage,
}

union! {
    /// A part of the model's message.
    pub enum ReplyBlock {
        /// Words for the user, as Markdown.
        Text(ReplyText) = "text",
        /// Thoughts.
        Thought(ReplyThought) = "thought",
        /// A call of a tool. Closed by `callEnded`.
        Call(ReplyCall) = "call",
    }
}

/// Words for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplyText {
    /// The words, as Markdown.
    pub text: String,
}

/// Thoughts of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplyThought {
    /// The words; empty where the provider does not show them.
    pub text: String,
}

/// A call of a tool, asked for by the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReplyCall {
    /// The call.
    pub call_id: CallId,
    /// The tool's name, as the model wrote it.
    pub tool: String,
    /// The arguments; a text where what the model wrote is not JSON.
    pub input: Value,
}

/// Tokens, as the provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Input tokens that were not in the provider's cache.
    pub input_tokens: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read_tokens: u64,
    /// Output tokens, thoughts included.
    pub output_tokens: u64,
}

/// Fact `asked`: a question stands before the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asked {
    /// The question.
    pub question: Question,
}

/// Fact `answered`: a question is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// The question.
    pub question_id: QuestionId,
    /// The choice. Absent: the question was withdrawn, which counts as no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<ChoiceId>,
    /// The words for the model that came with a no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who answered or withdrew it.
    pub by: Actor,
}

/// Fact `callStarted`: a call was allowed and is about to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStarted {
    /// The call.
    pub call_id: CallId,
    /// What it does.
    pub kind: CallKind,
    /// One line: what it does, for people.
    pub title: String,
    /// The places it works on.
    pub locations: Vec<Location>,
    /// Who allowed it.
    pub by: Actor,
}

enumeration! {
    /// What a call does.
    pub enum CallKind {
        /// It reads a file.
        Read = "read",
        /// It lists a folder.
        List = "list",
        /// It searches names or texts.
        Search = "search",
        /// It changes files.
        Edit = "edit",
        /// It runs a command.
        Command = "command",
        /// It changes nothing outside the session, such as the plan.
        Internal = "internal",
    }
}

/// Fact `fileTouched`: a file is about to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileTouched {
    /// The file.
    pub uri: Uri,
    /// The call that writes it, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// What becomes of it.
    pub change: FileChange,
    /// The whole change as a unified diff, with LF line ends.
    pub diff: String,
    /// How many lines the diff adds.
    pub added: u32,
    /// How many lines the diff removes.
    pub removed: u32,
}

/// Fact `fileSettled`: after a write the file has another text than was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileSettled {
    /// The file.
    pub uri: Uri,
    /// The hash of the text that stands there. Absent: no file stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<TextHash>,
}

/// Fact `callEnded`: a call is over. It comes for every call of a `replied`, also for one that
/// never started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallEnded {
    /// The call.
    pub call_id: CallId,
    /// How it ended.
    pub outcome: CallOutcome,
    /// What it brought or why it failed, as the model is told.
    pub content: Vec<CallContent>,
}

enumeration! {
    /// How a call ended.
    pub enum CallOutcome {
        /// It did what it was to do.
        Done = "done",
        /// It could not.
        Failed = "failed",
        /// The user or a rule said no.
        Denied = "denied",
        /// The turn was cancelled.
        Cancelled = "cancelled",
        /// The program ended first.
        Interrupted = "interrupted",
    }
}

union! {
    /// A part of what a call brought.
    pub enum CallContent {
        /// A text.
        Text(CallText) = "text",
    }
}

/// A text that a call brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallText {
    /// The text, or its beginning where it is longer than `limits.outputBytes`.
    pub text: String,
    /// Bytes of the whole text.
    pub size: u64,
    /// Where the whole text is kept, for `agent/content`. Absent: `text` is the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
}

/// Fact `plan`: the plan, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// Its lines, in order.
    pub entries: Vec<PlanEntry>,
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanEntry {
    /// What is to be done.
    pub content: String,
    /// How far it is.
    pub status: PlanStatus,
}

enumeration! {
    /// How far a line of the plan is.
    pub enum PlanStatus {
        /// Not begun.
        Pending = "pending",
        /// Being done.
        InProgress = "inProgress",
        /// Done.
        Completed = "completed",
    }
}

/// Fact `title`: the session has this title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Title {
    /// The title.
    pub title: String,
}

/// Fact `notice`: a word to the user which is not the model's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// How much it matters.
    pub level: NoticeLevel,
    /// The words.
    pub text: String,
}

enumeration! {
    /// How much a notice matters.
    pub enum NoticeLevel {
        /// For your information.
        Info = "info",
        /// Something is not as one may expect.
        Warning = "warning",
        /// Something failed.
        Error = "error",
    }
}

/// Fact `briefed`: what the model is told before everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Briefed {
    /// The text, whole.
    pub text: String,
}

/// Fact `reminded`: a note to the model that the user did not write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reminded {
    /// The text, whole.
    pub text: String,
}

/// Fact `turnEnded`: a turn is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TurnEnded {
    /// Why.
    pub reason: TurnEndReason,
    /// What failed and what to do, for people, where `reason` is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the turn cost, all its messages together.
    pub usage: Usage,
}

enumeration! {
    /// Why a turn ended.
    pub enum TurnEndReason {
        /// The model had nothing more to do.
        Finished = "finished",
        /// The user cancelled it.
        Cancelled = "cancelled",
        /// It made as many requests to the model as one turn may.
        StepLimit = "stepLimit",
        /// The model's answer was cut at its longest, or its context is full.
        ContextFull = "contextFull",
        /// The model's provider refused to answer.
        Refused = "refused",
        /// The model could not be reached or failed.
        Failed = "failed",
        /// The program ended first.
        Interrupted = "interrupted",
    }
}

/// Progress `message`: words of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePiece {
    /// The message.
    pub message_id: MessageId,
    /// Where the piece begins, in bytes of UTF-8 of all words of this message. 0 begins anew.
    pub offset: u64,
    /// The piece.
    pub delta: String,
}

/// Progress `thought`: thoughts of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThoughtPiece {
    /// The message.
    pub message_id: MessageId,
    /// Where the piece begins, in bytes of UTF-8 of all thoughts of this message. 0 begins anew.
    pub offset: u64,
    /// The piece.
    pub delta: String,
}

/// Progress `callInput`: a call takes shape. It has no id before `replied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallInputPiece {
    /// The message.
    pub message_id: MessageId,
    /// Which call of the message, counted from 0.
    pub index: u32,
    /// The tool's name, as the model wrote it.
    pub tool: String,
    /// The next piece of its arguments, as JSON text.
    pub delta: String,
}

/// Progress `callOutput`: a running command prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallOutputPiece {
    /// The call.
    pub call_id: CallId,
    /// Where the piece begins, in bytes of the command's whole output. Output over
    /// `limits.outputBytes` is not sent live, so there may be a gap.
    pub offset: u64,
    /// The piece; what is not UTF-8 is replaced.
    pub delta: String,
}

/// Progress `retrying`: the model is asked again. What was shown of this message is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Retrying {
    /// The message.
    pub message_id: MessageId,
    /// The number of the attempt that follows; the first attempt of a message was 1.
    pub attempt: u32,
    /// Milliseconds until then.
    pub wait_ms: u64,
    /// What failed, for people.
    pub reason: String,
}

impl Event {
    /// Whether it is progress, which has no number and is not kept. What is unknown is not.
    pub fn is_progress(&self) -> bool {
        match self {
            Self::Message(_)
            | Self::Thought(_)
            | Self::CallInput(_)
            | Self::CallOutput(_)
            | Self::Retrying(_) => true,
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
            | Self::CallEnded(_)
            | Self::Plan(_)
            | Self::Title(_)
            | Self::Notice(_)
            | Self::Briefed(_)
            | Self::Reminded(_)
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
        assert_eq!(&Event::TYPES[first..], ["message", "thought", "callInput", "callOutput", "retrying"]);
    }
}
