//! `Touch`: one change of one file, by this session, as the review and the way back need it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::event::{CallId, RestoreId, Seq, TurnId};
pub use super::touches::{Overlooked, Touches};
use crate::path::AbsPath;
use crate::text::{Hash, Version};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The content.
    #[serde(flatten)]
    pub what: What,
    /// The permission bits, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Of what is absent: how many of the folders above are, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bare: u32,
}

/// What is known of a file that is about to be edited, beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// How many of the folders above do not exist.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bare: u32,
    /// Which text the disk has, where an editor has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Hash>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    /// There is no file.
    Absent,
    /// A text, kept under its version; and the blob with the file's bytes, where they were kept.
    Text {
        /// The version, and the blob with the text.
        text: Hash,
        /// The blob with the bytes.
        bytes: Option<Hash>,
    },
    /// No text; the blob with the bytes.
    Other {
        /// The blob.
        bytes: Hash,
    },
    /// A link.
    Link {
        /// Its text.
        text: String,
    },
    /// Something that nobody has kept.
    Unknown,
}

/// One change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The fact that tells of it.
    pub seq: Seq,
    /// The turn it was made in; none where the user took something back.
    pub turn: Option<TurnId>,
    /// The call that made it.
    pub call: Option<CallId>,
    /// The restore that made it.
    pub restore: Option<RestoreId>,
    /// The file.
    pub path: AbsPath,
    /// What stood there.
    pub before: Stand,
    /// What was made of it.
    pub after: Stand,
    /// Which text the disk had, where an editor had another one.
    pub disk: Option<Hash>,
    /// Whose hand it was.
    pub hand: Hand,
    /// Which commit the file's repository stood on; none where that is not known.
    pub head: Option<Hash>,
}

/// Whose hand a change was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The session's own.
    Own,
    /// A formatter's, which went over what the session had made.
    Formatter,
}

/// What the user settled of a file: from here on the review begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The last fact whose changes were looked at.
    pub seq: Seq,
    /// What the file would be without the changes that are still to be looked at.
    pub baseline: Stand,
    /// What stood there then.
    pub current: Stand,
    /// Lines of it which both the agent and the user have written.
    pub mixed: Vec<Range<u32>>,
}

/// Where a restore led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoredTo {
    /// To before this turn.
    Before(TurnId),
    /// To before this restore.
    Undone(RestoreId),
    /// To without what this call has changed.
    Without(CallId),
    /// To what the user wanted when they undid changes in a review.
    Reviewed,
}

/// What a restore brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoreOf {
    /// The files.
    Files,
    /// What was said.
    Conversation,
    /// Both.
    Both,
}

impl Stand {
    /// No file.
    pub const ABSENT: Self = Self { what: What::Absent, mode: None, bare: 0 };

    /// This, of which nothing else is known.
    pub fn of(what: What) -> Self {
        Self { what, mode: None, bare: 0 }
    }

    /// The text of this version; `bytes` is the blob with the file's bytes.
    pub fn of_version(version: Version, bytes: Option<Hash>) -> Self {
        let what = match version {
            Version::Absent => What::Absent,
            Version::Text(text) => What::Text { text, bytes },
        };
        Self::of(what)
    }

    /// Whether both are known to be the same content.
    pub fn same_content(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Absent, What::Absent) => true,
            (What::Text { text, .. }, What::Text { text: other, .. }) => text == other,
            (What::Other { bytes }, What::Other { bytes: other }) => bytes == other,
            (What::Link { text }, What::Link { text: other }) => text == other,
            (
                What::Absent | What::Text { .. } | What::Other { .. } | What::Link { .. } | What::Unknown,
                _,
            ) => false,
        }
    }
}

impl What {
    /// The sum of the file's own bytes, where it is known.
    pub fn raw(&self) -> Option<Hash> {
        match self {
            Self::Text { bytes, .. } => *bytes,
            Self::Other { bytes } => Some(*bytes),
            Self::Absent | Self::Link { .. } | Self::Unknown => None,
        }
    }
}

impl Touch {
    /// Whether it changed the permission bits.
    pub fn changes_mode(&self) -> bool {
        self.before.mode.zip(self.after.mode).is_some_and(|(before, after)| before != after)
    }

    /// Whether it left the words as they were, and changed how the file holds them: its line ends, its
    /// byte-order mark, its encoding.
    pub fn changes_form(&self) -> bool {
        self.before.same_content(&self.after) && self.before.what.raw() != self.after.what.raw()
    }
}
