//! Addresses, texts and positions, and the edit of an open buffer.

use serde::{Deserialize, Serialize};

text! {
    /// The address of a file or other resource, percent-encoded, as in LSP.
    pub struct Uri;
}

text! {
    /// The SHA-256 sum of a text as UTF-8 with LF line ends and without byte-order mark, in 64
    /// lower-case hexadecimal digits. So the disk and an editor's buffer of the same text agree.
    pub struct TextHash;
}

/// A place in a text, in the position encoding that LSP's `initialize` agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// The line, counted from 0.
    pub line: u32,
    /// The code unit in the line, counted from 0.
    pub character: u32,
}

/// A range of a text; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Range {
    /// Where it begins.
    pub start: Position,
    /// The place behind its last character.
    pub end: Position,
}

/// One replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TextEdit {
    /// What is replaced, in the text before any edit of the same list.
    pub range: Range,
    /// What stands there afterwards, with LF line ends.
    pub new_text: String,
}

/// A place that a call works on, for editors that follow along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Location {
    /// The file or folder.
    pub uri: Uri,
    /// The line, counted from 0, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

enumeration! {
    /// What becomes of a file.
    pub enum FileChange {
        /// It was not there before.
        Created = "created",
        /// It has another text.
        Modified = "modified",
        /// It goes away.
        Deleted = "deleted",
    }
}

/// Params of `agent/buffers/apply`: the edits of one call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuffersApplyParams {
    /// A few words on what this is, for an undo list.
    pub label: String,
    /// One entry a file. All or none of them are to be applied.
    pub edits: Vec<BufferEdit>,
}

/// The edit of one open buffer, to be one undo step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BufferEdit {
    /// The file.
    pub uri: Uri,
    /// The LSP version of the document that the edit was made from.
    pub version: i32,
    /// The hash of the text that the edit was made from.
    pub base_hash: TextHash,
    /// The replacements, sorted, not overlapping; all ranges are in the text before the first.
    pub edits: Vec<TextEdit>,
    /// Whether to save the file afterwards: set where the buffer was as the disk before, so that
    /// commands see the edit.
    #[serde(default)]
    pub save: bool,
}

/// Result of `agent/buffers/apply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuffersApplyResult {
    /// One entry for each entry of the params, in the same order.
    pub files: Vec<BufferOutcome>,
}

/// What became of the edit of one buffer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BufferOutcome {
    /// The file.
    pub uri: Uri,
    /// Whether the edit stands in the buffer.
    pub applied: bool,
    /// The LSP version of the document behind the edit, before it is saved, where the edit was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The hash of the buffer's text then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<TextHash>,
    /// Whether the buffer was saved.
    #[serde(default)]
    pub saved: bool,
    /// The hash of the text that was saved, where what the editor does on saving (a formatter) made another
    /// one of it. Only where the user cannot have typed between the edit and the end of the save.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<TextHash>,
    /// Why it was not applied or not saved, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Params of `agent/buffers/save`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuffersSaveParams {
    /// The files, all open and with changes that the disk has not.
    pub uris: Vec<Uri>,
}

/// Result of `agent/buffers/save`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuffersSaveResult {
    /// One entry for each file of the params, in the same order.
    pub files: Vec<SaveOutcome>,
}

/// What became of saving one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SaveOutcome {
    /// The file.
    pub uri: Uri,
    /// Whether the disk has the buffer's text now.
    pub saved: bool,
    /// Why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
