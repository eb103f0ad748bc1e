//! What the agent has changed and nobody has looked at yet, and the way back to before a turn.

use serde::{Deserialize, Serialize};

use crate::document::{FileChange, TextHash, Uri};
use crate::event::{CallId, TurnId};
use crate::lifecycle::Timestamp;
use crate::prompt::{ContentBlock, PromptId};
use crate::session::SessionId;

text! {
    /// A hunk of a file and no other: the same as long as its lines, old and new, and those around it are
    /// the same. Of hunks that nothing of that tells apart each has an id until the file changes.
    pub struct HunkId;
}

text! {
    /// A way back that was taken, unique in its session.
    pub struct RestoreId;
}

/// Result of `agent/review/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewListResult {
    /// The files with something to look at, in the order in which they were first changed.
    pub files: Vec<ReviewedFile>,
}

/// A file with changes that nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewedFile {
    /// The file.
    pub uri: Uri,
    /// What has become of it.
    pub change: FileChange,
    /// The hash of the text that stands there. Absent: no text, or no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<TextHash>,
    /// How many hunks there are; 0 where it is no text on either side.
    pub hunks: u32,
    /// How many lines were added.
    pub added: u32,
    /// How many lines were removed.
    pub removed: u32,
    /// Whether it can be brought back: not where a command changed it and nobody has kept what
    /// stood there before.
    pub restorable: bool,
    /// Whether the user has changed something inside of what the agent made: of a hunk, or of a whole
    /// file that it created. Undoing all takes that away too.
    pub mixed: bool,
    /// The permission bits before the changes, in octal, where they were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_mode: Option<String>,
    /// The calls that made the changes.
    pub calls: Vec<CallId>,
    /// The turns in which they were made.
    pub turns: Vec<TurnId>,
}

/// Params of `agent/review/file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewFileParams {
    /// The session.
    pub session_id: SessionId,
    /// The file.
    pub uri: Uri,
}

/// Result of `agent/review/file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewFileResult {
    /// The file. Absent: nothing of it is to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<ReviewedFile>,
    /// Its text without the changes, with LF line ends. Absent: no text, or no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The changes, in order.
    pub hunks: Vec<Hunk>,
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Hunk {
    /// Which.
    pub hunk_id: HunkId,
    /// The lines of the baseline; may be empty.
    pub old: LineRange,
    /// The lines of the file; may be empty, then lines were removed before line `new.start`.
    pub new: LineRange,
    /// The old lines, with LF line ends.
    pub old_text: String,
    /// The new lines, with LF line ends.
    pub new_text: String,
    /// Whether the user has typed inside of it since. Undoing it takes that away too.
    pub mixed: bool,
}

/// Whole lines, counted from 0; the end is not part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineRange {
    /// The first line.
    pub start: u32,
    /// The line behind the last.
    pub end: u32,
}

/// Params of `agent/review/decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewDecideParams {
    /// The session.
    pub session_id: SessionId,
    /// What is decided, one after another.
    pub items: Vec<ReviewItem>,
}

/// One verdict on changes of a file: on a hunk, on those of one turn, or on all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewItem {
    /// The file.
    pub uri: Uri,
    /// The hash of the text that the user has seen. Absent: whatever stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<TextHash>,
    /// This hunk alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hunk_id: Option<HunkId>,
    /// What this turn has changed alone. Not together with `hunkId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// What becomes of the changes.
    pub decision: ReviewDecision,
}

enumeration! {
    /// What becomes of changes.
    pub enum ReviewDecision {
        /// They stay, and need not be looked at any more.
        Keep = "keep",
        /// They go; the text before comes back.
        Undo = "undo",
    }
}

/// Result of `agent/review/decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewDecideResult {
    /// One entry for each item of the params, in the same order.
    pub items: Vec<ReviewOutcome>,
    /// Names what was undone, all of it together: `agent/checkpoint/restore` takes it back. Absent:
    /// nothing was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_id: Option<RestoreId>,
}

/// What became of one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewOutcome {
    /// How it went.
    pub state: ReviewState,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

enumeration! {
    /// How a verdict went.
    pub enum ReviewState {
        /// It is done.
        Done = "done",
        /// The file or the hunk is not the one that was seen: look again.
        Stale = "stale",
        /// It could not be done.
        Failed = "failed",
    }
}

/// Fact `reviewed`: changes of a file were kept, and are not to be looked at any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reviewed {
    /// The file.
    pub uri: Uri,
}

/// Result of `agent/checkpoint/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckpointListResult {
    /// The points that one can go back to, the oldest first.
    pub checkpoints: Vec<Checkpoint>,
}

/// The state before a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The turn.
    pub turn_id: TurnId,
    /// The prompt that began it.
    pub prompt_id: PromptId,
    /// Its words.
    pub content: Vec<ContentBlock>,
    /// When it began.
    pub at: Timestamp,
    /// How many files were changed in it.
    pub files: u32,
    /// Whether the conversation can go back to it. If not, it went back already without the files, and
    /// these alone can.
    pub conversation: bool,
}

/// Params of `agent/checkpoint/preview`: exactly one of the three ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckpointPreviewParams {
    /// The session.
    pub session_id: SessionId,
    /// To before this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// To before this restore: takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_id: Option<RestoreId>,
    /// To without what this call has changed: takes this one edit back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
}

/// Result of `agent/checkpoint/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckpointPreviewResult {
    /// What would become of the files.
    pub files: Vec<RestorePreview>,
}

/// What a way back would do with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestorePreview {
    /// The file.
    pub uri: Uri,
    /// What would become of it.
    pub change: FileChange,
    /// The change as a unified diff with LF line ends; empty where it is no text, or stays.
    pub diff: String,
    /// How many lines the diff adds.
    pub added: u32,
    /// How many lines the diff removes.
    pub removed: u32,
    /// What of it would stay as it is, and why, in words. Absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

/// Params of `agent/checkpoint/restore`: exactly one of the three ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckpointRestoreParams {
    /// The session.
    pub session_id: SessionId,
    /// To before this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// To before this restore: takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_id: Option<RestoreId>,
    /// To without what this call has changed: takes this one edit back, in the files alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// Whether the files go back.
    pub files: bool,
    /// Whether what was said goes back.
    pub conversation: bool,
}

/// Result of `agent/checkpoint/restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckpointRestoreResult {
    /// Names this restore, to take it back.
    pub restore_id: RestoreId,
    /// The files that went back.
    pub files: Vec<Uri>,
    /// What stayed as it is.
    pub left: Vec<RestoreLeft>,
    /// The prompt that began the turn, to change it and give it anew, where the conversation went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Vec<ContentBlock>>,
}

/// A file, or parts of it, that did not go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestoreLeft {
    /// The file.
    pub uri: Uri,
    /// Why, in words.
    pub reason: String,
}

/// Fact `restored`: the user went back to before a turn, took one edit back, or took that back. Without
/// any of the three ids beside its own they undid changes in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// Names it.
    pub restore_id: RestoreId,
    /// To before this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The restore that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<RestoreId>,
    /// The call whose changes were taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// Whether the files went back.
    pub files: bool,
    /// Whether what was said went back: a client shows the turns from `turnId` on as taken back.
    pub conversation: bool,
}

/// Fact `restoreEnded`: a way back is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestoreEnded {
    /// Which.
    pub restore_id: RestoreId,
    /// Whether it came to its end: the program may have ended meanwhile, and some files not have gone back.
    pub whole: bool,
}
