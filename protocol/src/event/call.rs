//! The facts of calls: asked, answered, started, the files they write, ended.

use serde::{Deserialize, Serialize};

use super::CallId;
use crate::content::ContentId;
use crate::document::{FileChange, Location, TextHash, Uri};
use crate::permission::{Actor, ChoiceId, Question, QuestionId};

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
    /// How the command of a call that is `done` has ended. Absent: it ran none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<CommandExit>,
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

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommandExit {
    /// In which way.
    pub kind: ExitKind,
    /// Its status, with the kind `code`; 0 means success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The signal, with the kind `signal`: its name, such as `SIGKILL`, or its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
}

enumeration! {
    /// In which way a command ended. All but `code` with 0 means that it failed.
    pub enum ExitKind {
        /// By itself, with a status.
        Code = "code",
        /// By a signal.
        Signal = "signal",
        /// It was ended because its time was over.
        TimedOut = "timedOut",
        /// It was ended because it was cancelled.
        Cancelled = "cancelled",
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
