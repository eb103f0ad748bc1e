//! What another program wrote into a file while this one replaced it: brought back, merged with what stands
//! there.
//!
//! A file gets new content by another file's taking its name. A program that had the old one open writes into
//! what has no name any more, and nobody would read it again. So the old ones stay open for a while.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::file::FileBytes;
use crate::limits;
use crate::os::fs::{self, Displaced, Durability};
use crate::path::AbsPath;
use crate::text::{merge, spliced};

/// The files that were replaced last, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Late(Mutex<Vec<Replaced>>);

/// A file that has no name any more.
#[derive(Debug)]
pub(super) struct Replaced {
    pub(super) path: AbsPath,
    pub(super) displaced: Displaced,
    /// What it had.
    pub(super) before: FileBytes,
    /// What stands there instead; none where the file went.
    pub(super) after: Option<FileBytes>,
}

/// What is left of a file that was replaced.
enum Left {
    /// To be looked at again.
    Open(Replaced),
    /// It was written into, and that is where it belongs.
    BroughtBack,
}

impl Late {
    /// Remembers files that were replaced, and brings back what was written into them meanwhile. Blocks.
    pub(super) fn add(&self, replaced: Vec<Replaced>) {
        let left = brought_back(replaced);
        let mut open = self.lock();
        open.extend(left);
        let too_many = open.len().saturating_sub(limits::REPLACED_FILES_MAX);
        open.drain(..too_many);
        let mut bytes: usize = open.iter().map(Replaced::held_bytes).sum();
        while bytes > limits::REPLACED_FILES_BYTES_MAX && !open.is_empty() {
            bytes -= open.remove(0).held_bytes();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Brings back what was written into the files that were replaced, and forgets them. Blocks.
    pub(super) fn settle(&self) {
        let open = std::mem::take(&mut *self.lock());
        brought_back(open);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Replaced>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings back what was written into these files; gives those that may be written into later.
fn brought_back(mut replaced: Vec<Replaced>) -> Vec<Replaced> {
    let mut open = Vec::new();
    for _ in 0..limits::REPLACED_AGAIN_MAX {
        let mut more = Vec::new();
        for one in replaced {
            let path = one.path.clone();
            match one.bring_back(&mut more) {
                Ok(Left::Open(one)) => open.push(one),
                Ok(Left::BroughtBack) => tracing::info!(%path, "another program wrote while it was replaced"),
                Err(error) => {
                    tracing::warn!(%path, %error, "what another program wrote while it was replaced is lost");
                }
            }
        }
        replaced = more;
        if replaced.is_empty() {
            return open;
        }
    }
    for Replaced { path, .. } in replaced {
        tracing::warn!(%path, "other programs went on writing while it was replaced; what came last may be lost");
    }
    open
}

impl Replaced {
    /// `more` gets what is replaced by that.
    fn bring_back(mut self, more: &mut Vec<Self>) -> io::Result<Left> {
        let Some(theirs) = self.displaced.written(&self.before, limits::TEXT_BYTES_MAX)? else {
            return Ok(Left::Open(self));
        };
        // It was written in place, and is the same file.
        if self.after.as_deref() == Some(theirs.as_slice()) {
            return Ok(Left::BroughtBack);
        }
        let present = match fs::read(&self.path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(present) = present else {
            fs::make(&self.path, &theirs, None, Durability::Process)?;
            return Ok(Left::BroughtBack);
        };
        let wanted = match joined(&self.before, &present, &theirs) {
            Some(joined) => joined,
            // They come after ours, as if they had written a moment later.
            None if self.after.as_deref() == Some(present.as_slice()) => theirs,
            None => return Err(io::Error::other("it cannot be merged with what stands there by now")),
        };
        let Some(displaced) = Displaced::open(&self.path, &present)? else {
            // Once more, with what stands there now.
            more.push(self);
            return Ok(Left::BroughtBack);
        };
        fs::replace(&self.path, &wanted, Durability::Process)?;
        let (before, after) = (FileBytes::Own(present.into()), Some(FileBytes::Own(wanted.into())));
        more.push(Self { path: self.path, displaced, before, after });
        Ok(Left::BroughtBack)
    }

    fn held_bytes(&self) -> usize {
        self.before.len() + self.after.as_ref().map_or(0, |after| after.len())
    }
}

/// What stands there, with what they have written.
fn joined(before: &[u8], present: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let (before, present, theirs) = (text(before)?, text(present)?, text(theirs)?);
    let splices = merge::merge(before, present, theirs).ok()?;
    Some(spliced(present, &splices).into_bytes())
}

#[cfg(unix)]
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests write as another program does")]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::io::Write;

    use super::*;

    struct Scene {
        _folder: tempfile::TempDir,
        path: AbsPath,
        /// By which another program writes.
        open: File,
        late: Late,
    }

    fn bytes(text: &str) -> FileBytes {
        FileBytes::Own(text.as_bytes().to_vec().into())
    }

    /// A file that another program has open; `after` takes its place.
    fn replaced(before: &str, after: Option<&str>) -> (Scene, Replaced) {
        let folder = tempfile::tempdir().unwrap();
        let path = AbsPath::new(folder.path().to_str().unwrap()).unwrap().join("a").unwrap();
        std::fs::write(&path, before).unwrap();
        let open = OpenOptions::new().append(true).open(path.as_path()).unwrap();
        let displaced = Displaced::open(&path, before.as_bytes()).unwrap().unwrap();
        match after {
            Some(after) => fs::replace(&path, after.as_bytes(), Durability::Process).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let replaced =
            Replaced { path: path.clone(), displaced, before: bytes(before), after: after.map(bytes) };
        (Scene { _folder: folder, path, open, late: Late::default() }, replaced)
    }

    impl Scene {
        fn text(&self) -> String {
            std::fs::read_to_string(&self.path).unwrap_or_default()
        }

        fn count(&self) -> usize {
            self.late.lock().len()
        }
    }

    #[test]
    fn what_was_written_before_it_was_looked_at_is_merged() {
        let (mut scene, replaced) = replaced("one\ntwo\nthree\n", Some("1\ntwo\nthree\n"));
        scene.open.write_all(b"four\n").unwrap();
        scene.late.add(vec![replaced]);
        assert_eq!((scene.text(), scene.count()), ("1\ntwo\nthree\nfour\n".into(), 1));
        scene.late.settle();
        assert_eq!((scene.text(), scene.count()), ("1\ntwo\nthree\nfour\n".into(), 0));
    }

    #[test]
    fn what_was_written_later_is_merged_with_what_stands_there_by_then() {
        let (mut scene, replaced) = replaced("one\ntwo\nthree\n", Some("1\ntwo\nthree\n"));
        scene.late.add(vec![replaced]);
        std::fs::write(&scene.path, "0\n1\ntwo\nthree\n").unwrap();
        scene.open.write_all(b"four\n").unwrap();
        scene.late.settle();
        assert_eq!(scene.text(), "0\n1\ntwo\nthree\nfour\n");
    }

    #[test]
    fn where_both_changed_the_same_lines_theirs_stand_as_if_they_had_come_later() {
        let (mut scene, replaced) = replaced("one\n", Some("1\n"));
        scene.open.write_all(b"two\n").unwrap();
        scene.late.add(vec![replaced]);
        assert_eq!(scene.text(), "one\ntwo\n");
    }

    #[test]
    fn a_file_that_went_comes_back_with_what_was_written() {
        let (mut scene, replaced) = replaced("one\n", None);
        scene.open.write_all(b"two\n").unwrap();
        scene.late.add(vec![replaced]);
        assert_eq!(scene.text(), "one\ntwo\n");
    }

    #[test]
    fn what_is_written_in_place_is_no_news() {
        let (scene, mut replaced) = replaced("one\n", Some("two\n"));
        std::fs::write(&scene.path, "one\n").unwrap();
        replaced.displaced = Displaced::open(&scene.path, b"one\n").unwrap().unwrap();
        std::fs::write(&scene.path, "two\n").unwrap();
        scene.late.add(vec![replaced]);
        assert_eq!((scene.text(), scene.count()), ("two\n".into(), 0));
    }

    #[test]
    fn no_more_are_held_than_may_be() {
        let (scene, first) = replaced("one\n", Some("two\n"));
        let more = (0..limits::REPLACED_FILES_MAX).map(|_| replaced("one\n", Some("two\n")).1);
        let all: Vec<Replaced> = std::iter::once(first).chain(more).collect();
        scene.late.add(all);
        assert_eq!(scene.count(), limits::REPLACED_FILES_MAX);
        assert!(scene.late.lock().iter().all(|one| one.path != scene.path), "the oldest goes first");
    }
}
