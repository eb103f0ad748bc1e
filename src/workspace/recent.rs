//! The large texts that were read or written last: while a file has the same bytes, they need not be
//! decoded and hashed again.
//!
//! What the disk has is compared byte by byte each time: no time or length of a file is believed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file::{FileBytes, TextFile};
use crate::limits;
use crate::path::AbsPath;

/// Texts with the bytes they stand for, the one used last at the end; none while nothing is edited.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Option<Vec<Known>>>);

/// The text that a file had.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) path: AbsPath,
    pub(super) file: TextFile,
    pub(super) bytes: FileBytes,
}

impl Recent {
    /// From here on texts are remembered.
    pub(super) fn begin(&self) {
        self.lock().get_or_insert_default();
    }

    /// Nothing is going to be edited for a while.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// What is known of a file.
    pub(super) fn of(&self, path: &AbsPath) -> Option<Known> {
        self.lock().iter().flatten().find(|one| one.path == *path).cloned()
    }

    /// Takes the place of what was known of the file. A small text is not worth its room.
    pub(super) fn note(&self, now: Known) {
        let mut known = self.lock();
        let Some(known) = &mut *known else { return };
        known.retain(|one| one.path != now.path);
        if now.bytes.len() >= limits::RECENT_TEXT_BYTES_MIN {
            known.push(now);
        }
        let mut bytes: usize = known.iter().map(Known::held_bytes).sum();
        while bytes > limits::RECENT_TEXTS_BYTES_MAX && !known.is_empty() {
            bytes -= known.remove(0).held_bytes();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Known>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn held_bytes(&self) -> usize {
        match &self.bytes {
            FileBytes::OfText(text) => text.len(),
            FileBytes::Own(bytes) => bytes.len() + self.file.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use super::super::file::{Bom, Source};
    use super::*;
    use crate::text::{SharedText, Version};

    fn known(name: &str, len: usize) -> Known {
        let text = SharedText::from("x".repeat(len));
        let bytes = FileBytes::OfText(text.clone());
        // Its version does not matter here, and takes long to compute.
        let version = Version::Absent;
        let file = TextFile { text, version, source: Source::Disk, bom: Bom::None, encoding: Encoding::Utf8 };
        Known { path: AbsPath::new(format!("/w/{name}")).unwrap(), file, bytes }
    }

    #[test]
    fn those_used_last_stay_within_the_bound() {
        let recent = Recent::default();
        let half = limits::RECENT_TEXTS_BYTES_MAX / 2;
        recent.note(known("a", half));
        let has = |name: &str| recent.of(&AbsPath::new(format!("/w/{name}")).unwrap()).is_some();
        assert!(!has("a"), "nothing is edited");
        recent.begin();
        for (name, len) in [("a", half), ("b", half), ("a", half), ("c", 5_000_000), ("small", 10)] {
            recent.note(known(name, len));
        }
        assert_eq!(["a", "b", "c", "small"].map(has), [true, false, true, false]);
        recent.note(known("a", 10));
        assert!(!has("a"), "what is known is not true any more");
        recent.end();
        assert!(!has("c"));
    }
}
