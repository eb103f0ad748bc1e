//! `Raw`: how a session's changes have moved a file's own bytes, so that these come back exactly: with their
//! line ends, byte-order mark and encoding.

use super::touch::Touch;
use crate::text::Hash;

/// The bytes before the first of our changes and after the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    /// Nothing is ours.
    Untouched,
    /// All that changed the bytes in between is ours.
    Moved { first: Hash, last: Hash },
    /// Others have changed them in between, or nobody knows.
    Mixed,
}

impl Raw {
    /// We have made this change.
    pub(super) fn ours(self, touch: &Touch) -> Self {
        let (Some(before), Some(after)) = (touch.before.what.raw(), touch.after.what.raw()) else {
            return Self::Mixed;
        };
        match self {
            Self::Untouched => Self::Moved { first: before, last: after },
            Self::Moved { first, last } if last == before => Self::Moved { first, last: after },
            Self::Moved { .. } | Self::Mixed => Self::Mixed,
        }
    }

    /// They have changed the file.
    pub(super) fn theirs(self) -> Self {
        match self {
            Self::Untouched => Self::Untouched,
            Self::Moved { .. } | Self::Mixed => Self::Mixed,
        }
    }

    /// The blob with the bytes before our changes, where what stands there is what these have made of it.
    pub(super) fn first(self, now: Option<Hash>) -> Option<Hash> {
        match self {
            Self::Moved { first, last } => (first != last && now == Some(last)).then_some(first),
            Self::Untouched | Self::Mixed => None,
        }
    }
}
