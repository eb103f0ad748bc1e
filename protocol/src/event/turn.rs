//! The facts of a session and its turns: prompts, messages, the plan, words to the user.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CallId, MessageId};
use crate::document::Uri;
use crate::prompt::{ContentBlock, Deliver, PromptId};

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

/// Fact `promptQueued`: a prompt waits. Closed by `turnStarted`, `promptTaken` or `promptRemoved`.
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

/// Fact `promptTaken`: a waiting prompt that steers goes to the model in the running turn.
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

/// Fact `compacted`: room was made in the model's window. The conversation itself stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Compacted {
    /// What the model is told instead of what was said before, for the user to look at. Without it only old
    /// results of calls are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Why.
    pub reason: CompactReason,
    /// The tokens of all that the model was told, about.
    pub tokens_before: u64,
    /// Those of all that it is told from here on, about.
    pub tokens_after: u64,
    /// What the summary cost; counted in its turn, too.
    pub usage: Usage,
}

enumeration! {
    /// Why room was made.
    pub enum CompactReason {
        /// The next request would have been too long.
        NextStep = "nextStep",
        /// The server refused a request as too long.
        Refused = "refused",
        /// The user wished it.
        User = "user",
    }
}

/// Fact `turnEnded`: a turn is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnEnded {
    /// Why.
    pub reason: TurnEndReason,
    /// What failed and what to do, for people, where `reason` is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What kind of failure it was, for programs. Absent: it is not known, or nothing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<FailureKind>,
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

enumeration! {
    /// What kind of failure of a model ended a turn.
    pub enum FailureKind {
        /// The server could not be reached, or the connection broke.
        Network = "network",
        /// Nothing came for too long.
        Timeout = "timeout",
        /// The answer broke off before its end.
        Truncated = "truncated",
        /// Too many requests for now.
        RateLimit = "rateLimit",
        /// The server failed.
        Server = "server",
        /// The server has too much to do.
        Overloaded = "overloaded",
        /// The quota or the money of the account is used up.
        Quota = "quota",
        /// There is no key, or it is wrong.
        Auth = "auth",
        /// The key is right and may not do this.
        Permission = "permission",
        /// There is no such model or address.
        NotFound = "notFound",
        /// The request does not fit the model's context.
        ContextLength = "contextLength",
        /// The request has more bytes than the server takes.
        TooLarge = "tooLarge",
        /// The request was refused as wrong.
        Invalid = "invalid",
        /// The answer cannot be understood.
        Parse = "parse",
        /// The server names a failure that is not known.
        Other = "other",
        /// No model is chosen, or the chosen one does not exist.
        Unconfigured = "unconfigured",
    }
}
