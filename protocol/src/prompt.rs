//! Prompts: given, changed and taken back while they wait, and the end of a turn asked for.

use serde::{Deserialize, Serialize};

use crate::content::ContentId;
use crate::document::{Position, Range, Uri};
use crate::event::TurnId;
use crate::session::SessionId;

text! {
    /// A prompt. Made by the client, unique in its session, so that sending it twice is harmless.
    pub struct PromptId;
}

union! {
    /// A piece of a prompt.
    pub enum ContentBlock {
        /// Words.
        Text(TextBlock) = "text",
        /// A pointer that the model may follow with its tools.
        Link(LinkBlock) = "link",
        /// A text that the client hands over.
        Resource(ResourceBlock) = "resource",
        /// An image or a document.
        Media(MediaBlock) = "media",
        /// What the daemon made of the `context` that came with the prompt: for the model, none of the user's words.
        Editor(EditorBlock) = "editor",
    }
}

/// Words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextBlock {
    /// The words.
    pub text: String,
}

/// A pointer to a file, a folder or another resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkBlock {
    /// Where it is.
    pub uri: Uri,
    /// What people call it.
    pub name: String,
}

/// A text with its place, such as a selection or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceBlock {
    /// Where it is from.
    pub uri: Uri,
    /// The text.
    pub text: String,
}

/// An image or a PDF document that the client hands over, for models that accept such. A client gives `data`
/// or, of what the session has kept, `contentId`; the daemon tells the latter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaBlock {
    /// What people call it, such as the name of a file.
    pub name: String,
    /// Its bytes in base64. What it is, they say themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Under this its bytes are got by `agent/content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
    /// What it is, in words of the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What the model is told of the editor's state with a prompt. The daemon makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditorBlock {
    /// The words.
    pub text: String,
}

/// What an editor shows when a prompt is given. The daemon tells the model of it, within a budget: what is selected
/// or near the cursor first. Files outside of the session's folders and those that are kept from models are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditorContext {
    /// The document that the user is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveDocument>,
    /// What is selected; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectedText>,
    /// The documents that are open, the ones used last first.
    #[serde(default)]
    pub open: Vec<Uri>,
    /// What language servers and tools complain of.
    #[serde(default)]
    pub diagnostics: Vec<ContextDiagnostic>,
}

/// The document that the user is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActiveDocument {
    /// Which.
    pub uri: Uri,
    /// Where the cursor is.
    pub position: Position,
    /// What can be seen of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<Range>,
}

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SelectedText {
    /// In which document.
    pub uri: Uri,
    /// Where.
    pub range: Range,
    /// The text, as it is in the editor.
    pub text: String,
}

/// A diagnostic, with what a model needs of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextDiagnostic {
    /// In which document.
    pub uri: Uri,
    /// Where.
    pub range: Range,
    /// As in LSP: 1 error, 2 warning, 3 information, 4 hint. Absent: an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
    /// What it says.
    pub message: String,
}

enumeration! {
    /// When a prompt is to reach the model, should a turn be running.
    pub enum Deliver {
        /// After the turn.
        Next = "next",
        /// Before the next request of this turn to the model.
        Now = "now",
        /// The turn ends, then this prompt comes first; the other waiting prompts stay.
        Interrupt = "interrupt",
    }
}

// Named here because an enumeration that stays open cannot derive it.
#[allow(clippy::derivable_impls, reason = "the macro writes the enum")]
impl Default for Deliver {
    fn default() -> Self {
        Self::Next
    }
}

/// Params of `agent/prompt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptParams {
    /// The session.
    pub session_id: SessionId,
    /// The client's id for this prompt.
    pub prompt_id: PromptId,
    /// What is said; not empty.
    pub content: Vec<ContentBlock>,
    /// When it is to reach the model, should a turn be running. Absent: `next`.
    #[serde(default)]
    pub deliver: Deliver,
    /// What the editor shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<EditorContext>,
}

enumeration! {
    /// What became of a prompt that was given.
    pub enum PromptState {
        /// Its turn begins.
        Started = "started",
        /// It waits for its turn.
        Queued = "queued",
        /// It waits for the next request of the running turn.
        Steering = "steering",
        /// A prompt of this id was accepted before; nothing was done.
        Known = "known",
    }
}

/// Result of `agent/prompt`: it was accepted. The turn's end is an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PromptResult {
    /// What became of it.
    pub state: PromptState,
    /// How many prompts are taken before it, where it is `queued`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

/// Params of `agent/queue/edit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueEditParams {
    /// The session.
    pub session_id: SessionId,
    /// A prompt that waits.
    pub prompt_id: PromptId,
    /// What it says from here on; not empty.
    pub content: Vec<ContentBlock>,
}

/// Params of `agent/queue/remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueRemoveParams {
    /// The session.
    pub session_id: SessionId,
    /// A prompt that waits.
    pub prompt_id: PromptId,
}

/// Params of `agent/cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelParams {
    /// The session.
    pub session_id: SessionId,
    /// Only if this turn is the running one. Absent: whichever runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}
