//! `Event`: what happened in a session, kept and numbered.
//!
//! These types are the journal's format. A change here is a new journal version, thought through
//! for an old reader with new data, a new reader with old data, and an old writer beside a new one.

#![allow(missing_docs, reason = "a variant's line names its fields")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::command::{Command, Deliver, Delta};
pub use super::id::*;
use super::media::{BlockForm, Media};
pub use super::outcome::{Exit, Outcome, Output, Portion, Seen};
pub use super::profile::Profile;
pub use super::question::{AmendedFile, Answer, Choice, ChoiceKind, Question, Subject};
pub use super::sent::Sent;
pub use super::stop::Stop;
pub use super::title::Helped;
pub use super::touch::{Beside, RestoreOf, RestoredTo, Stand, What};
pub use super::usage::Usage;
use crate::path::AbsPath;
pub use crate::policy::{Grant, Mode};
use crate::policy::{Intent, Location};
use crate::text::{Edit, Hash, Version};

/// A fact. What is opened here is closed exactly once, also after a crash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The session was made; always the first fact.
    Opened { roots: Vec<AbsPath>, cwd: AbsPath, model: ModelName, mode: Mode },
    /// A setting changed.
    Configured { setting: Setting },
    /// A prompt was accepted and cannot start at once. Closed by `TurnStarted`, `Taken` or `Removed`.
    Queued { prompt: PromptId, content: Vec<Block>, deliver: Deliver },
    /// A waiting prompt has other words.
    Requeued { prompt: PromptId, content: Vec<Block> },
    /// A waiting prompt goes to the model in the open turn, before its next step.
    Taken { prompt: PromptId },
    /// A waiting prompt will not be taken.
    Removed { prompt: PromptId, why: Why },
    /// A turn began, with a prompt that waited or a fresh one. Closed by `TurnEnded`.
    TurnStarted { turn: TurnId, prompt: PromptId, content: Vec<Block> },
    /// The model's message of one step, whole. Opens each call in it. `sent`: what went out since the last fact of it.
    Replied {
        message: MessageId,
        reply: Arc<Reply>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sent: Vec<Sent>,
    },
    /// A question stands before the user. Closed by `Answered`.
    Asked { question: QuestionId, call: Option<CallId>, ask: Question },
    /// A question is over; no answer means that it was withdrawn, which counts as no.
    Answered { question: QuestionId, answer: Option<Answer>, by: Who },
    /// A call was granted and is about to act.
    CallStarted { call: CallId, title: String, intent: Intent, locations: Vec<Location>, by: Who },
    /// A file is about to be written; `kept` is the blob with its bytes before, where the text of
    /// the base alone would not bring them back.
    /// `after` is the text it makes, kept as well, and `bytes` the blob with the bytes that it makes, where
    /// lines end otherwise than all did before; `restore` is the way back that it belongs to; `beside` is
    /// what else is known of the file before; `head` tells which commit its repository stood on.
    Touched {
        call: Option<CallId>,
        edit: Edit,
        kept: Option<Hash>,
        #[serde(default)]
        after: Option<Version>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<Hash>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restore: Option<RestoreId>,
        #[serde(default)]
        beside: Beside,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<Hash>,
    },
    /// A file was changed by a command, or by a way back that no edit can express.
    Found {
        call: Option<CallId>,
        path: AbsPath,
        before: Stand,
        after: Stand,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restore: Option<RestoreId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<Hash>,
    },
    /// What a command did to files that is not told file by file, in words for the user; `loses`: there may
    /// be files among it that it changed or deleted.
    Overlooked { call: CallId, text: String, loses: bool },
    /// The user has looked at changes of a file: `baseline` is what it would be without those that
    /// are left, `current` what stood there then. Both are kept. `seen` is the last fact whose changes
    /// were looked at; what is recorded behind it is still to be looked at.
    Reviewed {
        path: AbsPath,
        baseline: Stand,
        current: Stand,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mixed: Vec<std::ops::Range<u32>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Seq>,
    },
    /// The user went back to before a turn, or took that back.
    Restored { restore: RestoreId, to: RestoredTo, what: RestoreOf },
    /// A way back is over; `whole`: it came to its end, and the program did not end meanwhile.
    RestoreEnded { restore: RestoreId, whole: bool },
    /// When a changed file was saved, a formatter made another text of it. Both are kept.
    Settled { path: AbsPath, before: Hash, after: Hash },
    /// A call is over.
    CallEnded { call: CallId, outcome: Outcome },
    /// The plan, as a whole.
    Todo { items: Vec<TodoItem> },
    /// The session has this title; `asked` where a model has found it.
    Titled {
        title: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Box<Helped>>,
    },
    /// A word to the user which is not the model's.
    Noticed { level: Level, text: String },
    /// What the model is told before everything else; made once and kept, so that a resumed
    /// session asks with the same bytes. `files` are those with instructions that are in it.
    Briefed {
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<AbsPath>,
        #[serde(default, skip_serializing_if = "Profile::is_full")]
        profile: Profile,
    },
    /// A note to the model which the user did not write; the next request holds it.
    Reminded { about: Reminder, text: String },
    /// Room was made in the model's window: from here on it is told less of what was said before message
    /// `upto` of the history. Tokens `before` and `after` are estimates of all that it is told.
    Compacted {
        upto: u64,
        /// What it is told instead; none where only results of calls are left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Summary>,
        why: RoomFor,
        before: u64,
        after: u64,
        #[serde(default)]
        usage: Usage,
    },
    /// A turn is over; `sent` are requests that no message came of.
    TurnEnded {
        turn: TurnId,
        #[serde(flatten)]
        stop: Stop,
        usage: Usage,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sent: Vec<Sent>,
    },
}

/// What stands for a part of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its words, as the model is told them.
    pub text: String,
    /// The message with the prompt of the running turn, which is told whole where it lies before the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<u64>,
}

/// Why room was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoomFor {
    /// The next step would not have fitted.
    NextStep,
    /// The server refused a request as too long.
    Refused,
    /// The user wished it.
    User,
}

/// What a note to the model is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reminder {
    /// This mode is in force.
    Mode(Mode),
    /// It repeats itself.
    Loop,
    /// Files that it has seen have changed.
    Files,
    /// The steps of this turn are used up.
    Steps,
    /// What it changed was not checked.
    Check,
    /// Its plan may be old.
    Plan,
}

/// Why a waiting prompt was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// The user took it back.
    Withdrawn,
    /// The user cancelled; nothing starts by itself after that.
    Cancelled,
    /// The program ended before it could be taken.
    Interrupted,
}

/// A setting of one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Setting {
    /// The model of the next turns.
    Model(ModelName),
    /// The mode, at once when it is stricter, and from the next decision on otherwise.
    Mode(Mode),
}

/// A piece of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BlockForm", into = "BlockForm")]
pub enum Block {
    /// Words.
    Text { text: String },
    /// A pointer to a file or address, which the model may follow with its tools.
    Link { uri: String, name: String },
    /// A file's text, handed over by the client.
    Resource { uri: String, text: String },
    /// An image or a document, handed over by the client.
    Media { media: Media },
    /// What the editor showed when the prompt was given; for the model, and none of the user's words. The file
    /// whose text is in it, where something was selected.
    Around { text: String, file: Option<AbsPath> },
}

impl Block {
    /// The image or document that it is.
    pub fn media(&self) -> Option<&Media> {
        match self {
            Self::Media { media } => Some(media),
            Self::Text { .. } | Self::Link { .. } | Self::Resource { .. } | Self::Around { .. } => None,
        }
    }
}

/// The model's message of one step, as the provider gave it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// Its parts in order.
    pub blocks: Vec<ReplyBlock>,
    /// What it cost.
    #[serde(default)]
    pub usage: Usage,
    /// Whose it is: the wire format and the server. Signatures and opaque parts are understood there
    /// and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Arc<str>>,
}

/// A part of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ReplyBlock {
    /// Words for the user.
    Text { text: String },
    /// Thoughts; the signature goes back to the provider unchanged.
    Thought {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// A call of a tool.
    Call { call: ToolCall },
    /// What only the provider understands; goes back unchanged.
    Opaque { value: Value },
}

/// One use of a tool, asked for by the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// Ours, unique in the session.
    pub id: CallId,
    /// The provider's, given back with the result.
    pub provider_id: String,
    /// The tool's name as the model wrote it.
    pub tool: ToolName,
    /// The arguments; a text where what the model wrote is not JSON, or where the tool takes one.
    pub input: Value,
    /// How the arguments were given.
    #[serde(default, skip_serializing_if = "CallForm::is_object")]
    pub form: CallForm,
    /// The provider's own mark on the call; goes back to it unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl ToolCall {
    /// A call with arguments by name.
    pub fn new(id: CallId, provider_id: String, tool: ToolName, input: Value) -> Self {
        Self { id, provider_id, tool, input, form: CallForm::Object, signature: None }
    }
}

/// How the arguments of a call are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallForm {
    /// By name, as a JSON object.
    #[default]
    Object,
    /// As one free text (OpenAI's custom tools).
    Text,
}

impl CallForm {
    fn is_object(&self) -> bool {
        *self == Self::Object
    }
}

/// Who allowed or answered something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    /// A person, through this client.
    User(ClientId),
    /// A rule; its text.
    Rule(String),
    /// The session's mode.
    Mode(Mode),
    /// The program: withdrawn, interrupted, or nothing to allow.
    Quillon,
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoItem {
    /// What is to be done.
    pub content: String,
    /// How far it is.
    pub status: TodoStatus,
}

/// How far a line of the plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TodoStatus {
    /// Not begun.
    Pending,
    /// Being done.
    InProgress,
    /// Done.
    Completed,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// For your information.
    Info,
    /// Something is not as you may expect.
    Warning,
    /// Something failed.
    Error,
}

impl Reply {
    /// The calls in it, in order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.blocks.iter().filter_map(|block| match block {
            ReplyBlock::Call { call } => Some(call),
            ReplyBlock::Text { .. } | ReplyBlock::Thought { .. } | ReplyBlock::Opaque { .. } => None,
        })
    }

    /// All its words for the user.
    pub fn text(&self) -> String {
        let mut all = String::new();
        for block in &self.blocks {
            if let ReplyBlock::Text { text } = block {
                all.push_str(text);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn an_edit_of_an_older_journal_is_read() {
        let edit = json!({"path": "/w/a", "base": "absent", "change": {"whole": "a"}});
        let older = json!({"type": "touched", "call": null, "edit": edit, "kept": null});
        let event: Event = from_value(older).unwrap();
        let Event::Touched { after, bytes, restore, head, .. } = &event else { panic!("{event:?}") };
        assert_eq!((after, bytes, restore, head), (&None, &None, &None, &None));
        // Nor is anything of it written where there is nothing to say.
        let written = to_value(&event).unwrap();
        assert!(written.get("bytes").is_none(), "{written}");
    }
}
