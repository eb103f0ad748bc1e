//! Questions to the user, and their answers.

use serde::{Deserialize, Serialize};

use crate::document::{FileChange, TextHash, Uri};
use crate::event::CallId;
use crate::session::SessionId;

text! {
    /// A question, unique in its session.
    pub struct QuestionId;
}

text! {
    /// A choice, unique in its question.
    pub struct ChoiceId;
}

/// What the user is asked. It stands until the event `answered`; it has no time limit while a
/// client that can answer is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Its id.
    pub question_id: QuestionId,
    /// The call that asks, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// One line: what will happen on yes.
    pub title: String,
    /// Why it is asked at all.
    pub reason: String,
    /// What it is about. What is shown here is what is done on yes, and nothing else.
    pub subject: Subject,
    /// The possible answers.
    pub choices: Vec<Choice>,
    /// The choice that does no harm: what a client preselects.
    pub default: ChoiceId,
}

union! {
    /// What a question is about.
    pub enum Subject {
        /// A command of the shell.
        Command(CommandSubject) = "command",
        /// A change of files, all or none.
        Edit(EditSubject) = "edit",
        /// Looking at files or folders.
        Path(PathSubject) = "path",
        /// Something that only words can say.
        Text(TextSubject) = "text",
    }
}

/// A command that a call wants to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandSubject {
    /// The text given to the shell, complete.
    pub command: String,
    /// The folder it starts in.
    pub cwd: Uri,
    /// After this many milliseconds it is ended.
    pub time_limit_ms: u64,
}

/// The files that a call wants to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditSubject {
    /// The files, each once.
    pub files: Vec<FileDiff>,
}

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileDiff {
    /// The file.
    pub uri: Uri,
    /// What becomes of it.
    pub change: FileChange,
    /// The whole change as a unified diff, with LF line ends.
    pub diff: String,
    /// How many lines the diff adds.
    pub added: u32,
    /// How many lines the diff removes.
    pub removed: u32,
    /// The hash of the text that the change was made from. Absent where no file stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_hash: Option<TextHash>,
}

/// The files or folders that a call wants to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PathSubject {
    /// The files or folders.
    pub uris: Vec<Uri>,
    /// What is done with them.
    pub access: PathAccess,
    /// What is looked for, where they are searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

enumeration! {
    /// How a call looks at a path.
    pub enum PathAccess {
        /// It reads a file.
        Read = "read",
        /// It lists a folder.
        List = "list",
        /// It searches names or texts below a folder.
        Search = "search",
    }
}

/// Something that only words can say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextSubject {
    /// The words.
    pub text: String,
}

/// One possible answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// Its id, for `agent/answer`.
    pub id: ChoiceId,
    /// A few words for a button.
    pub label: String,
    /// What kind of answer it is.
    pub kind: ChoiceKind,
    /// What is stored by it, in words, where it is `allowAlways`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

enumeration! {
    /// The kinds of answer.
    pub enum ChoiceKind {
        /// Yes, this once.
        AllowOnce = "allowOnce",
        /// Yes, and from here on for what `rule` says.
        AllowAlways = "allowAlways",
        /// No, this once. The turn goes on, and the model is told.
        RejectOnce = "rejectOnce",
    }
}

/// Params of `agent/answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AnswerParams {
    /// The session.
    pub session_id: SessionId,
    /// The question.
    pub question_id: QuestionId,
    /// The choice.
    pub choice: ChoiceId,
    /// Words for the model, told to it with a no. With a yes they are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The user's own texts in the place of the proposed ones, with the choice `allowOnce` of an
    /// edit. The model is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<AmendedText>,
}

/// The user's own text for a file that the model wants to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AmendedText {
    /// The file; one of the question's.
    pub uri: Uri,
    /// The whole text that it is to have, with any line ends; it gets those of the file.
    pub text: String,
}

/// Result of `agent/answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AnswerResult {
    /// Whether this answer counts. False: another one was there first, or the question was
    /// withdrawn.
    pub accepted: bool,
    /// Who closed the question, where this answer does not count and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Actor>,
}

/// Who allowed or answered something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The client's name, the rule's text or the mode's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

enumeration! {
    /// Kinds of actor.
    pub enum ActorKind {
        /// A person, through the client of that name.
        User = "user",
        /// A rule.
        Rule = "rule",
        /// The session's mode.
        Mode = "mode",
        /// The program: withdrawn, interrupted, or nothing to allow.
        Quillon = "quillon",
    }
}
