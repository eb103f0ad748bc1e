//! `Displaced`: a file that was read to be replaced, and is kept open: whoever had it open may write into it
//! after another one has its name.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use super::compare::has;
use super::stamp::{Moment, Stamp};
use super::{first_bytes, open_regular};
use crate::limits;
use crate::path::AbsPath;

/// A file, held open whatever becomes of its name.
#[derive(Debug)]
pub struct Displaced {
    file: File,
    /// Before it was read.
    stamp: Stamp,
    /// Whether a change may leave that as it is.
    fresh: bool,
}

impl Displaced {
    /// What stands at a path, where it has these bytes and no others.
    pub fn open(path: &AbsPath, bytes: &[u8]) -> io::Result<Option<Self>> {
        let (mut file, meta) = open_regular(path)?;
        let fresh = Stamp::of(&meta).is_fresh(Moment::now());
        let stamp = Stamp::of(&meta);
        Ok(has(&mut file, &meta, bytes)?.then(|| Self { file, stamp, fresh }))
    }

    /// What it has by now, where that is other than these bytes, which it had. More than `max`
    /// bytes are an error.
    pub fn written(&mut self, bytes: &[u8], max: u64) -> io::Result<Option<Vec<u8>>> {
        let meta = self.file.metadata()?;
        let now = Stamp::of(&meta);
        let same = (now.len, now.modified) == (self.stamp.len, self.stamp.modified);
        // That its name goes changes a file, too, but not its content.
        if same && (!self.fresh || now.len > limits::REPLACED_COMPARED_BYTES_MAX) {
            return Ok(None);
        }
        self.file.seek(SeekFrom::Start(0))?;
        if has(&mut self.file, &meta, bytes)? {
            return Ok(None);
        }
        self.file.seek(SeekFrom::Start(0))?;
        let read = first_bytes(self.file.try_clone()?, &meta, max)?;
        if read.whole_len > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(read.bytes))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::tests::folder;
    use super::super::{Durability, replace};
    use super::*;

    #[test]
    fn what_is_written_into_a_file_without_a_name_is_seen() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, "one\n").unwrap();
        assert!(Displaced::open(&path, b"two\n").unwrap().is_none());
        let mut open = std::fs::OpenOptions::new().append(true).open(path.as_path()).unwrap();
        let mut displaced = Displaced::open(&path, b"one\n").unwrap().unwrap();
        replace(&path, b"new\n", Durability::Process).unwrap();
        assert_eq!(displaced.written(b"one\n", 99).unwrap(), None);
        open.write_all(b"late\n").unwrap();
        assert_eq!(displaced.written(b"one\n", 99).unwrap().unwrap(), b"one\nlate\n");
        assert_eq!(displaced.written(b"one\n", 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(std::fs::read(&path).unwrap(), b"new\n");
    }

    #[test]
    fn as_many_other_bytes_within_one_tick_are_seen() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, "one\n").unwrap();
        let mut displaced = Displaced::open(&path, b"one\n").unwrap().unwrap();
        std::fs::write(&path, "two\n").unwrap();
        assert_eq!(displaced.written(b"one\n", 99).unwrap().unwrap(), b"two\n");
    }
}
