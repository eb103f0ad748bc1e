//! A file that only grows: a whole record is added, or nothing is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::private::private_file;
use crate::path::AbsPath;

/// A file with one writer, which adds to its end.
#[derive(Debug)]
pub struct Appender {
    file: Arc<File>,
    len: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Sound,
    /// Half a record stands at the end and could not be taken away.
    Torn,
}

impl Appender {
    /// Opens the file, or makes it for this user alone (0600).
    pub fn open(path: &AbsPath) -> io::Result<Self> {
        let file = private_file(OpenOptions::new().read(true).append(true).create(true)).open(path)?;
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), len, state: State::Sound })
    }

    /// How many bytes the file has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a record with one call to the system. After an error the file is as before, or, where
    /// even that fails, refuses all further records.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if self.state == State::Torn {
            return Err(io::Error::other("half a record stands at the end of the file; nothing is added"));
        }
        match (&*self.file).write_all(record) {
            Ok(()) => {
                self.len += record.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.state = State::Torn;
                if self.cut(self.len).is_ok() {
                    self.state = State::Sound;
                }
                Err(error)
            }
        }
    }

    /// Shortens the file to `len` bytes.
    pub fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.len = len;
        Ok(())
    }

    /// A reader of the file from `offset` on. There is one place of reading in an open file, so a
    /// reader is used up before the next is asked for.
    pub fn reader(&self, offset: u64) -> io::Result<impl Read + '_> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(offset))?;
        Ok(file.take(self.len.saturating_sub(offset)))
    }

    /// The open file, for a thread that syncs it.
    pub fn file(&self) -> Arc<File> {
        self.file.clone()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn records_are_added_and_read_from_anywhere() {
        let (_held, folder) = folder();
        let path = folder.join("log").unwrap();
        let mut appender = Appender::open(&path).unwrap();
        assert!(appender.is_empty());
        appender.append(b"one\n").unwrap();
        appender.append(b"two\n").unwrap();
        let read = |appender: &Appender, offset| {
            let mut text = String::new();
            appender.reader(offset).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read(&appender, 4), "two\n");
        appender.append(b"three\n").unwrap();
        assert_eq!(read(&appender, 0), "one\ntwo\nthree\n");
        appender.cut(4).unwrap();
        appender.append(b"2\n").unwrap();
        drop(appender);
        let again = Appender::open(&path).unwrap();
        assert_eq!((again.len(), read(&again, 0)), (6, "one\n2\n".into()));
    }

    #[test]
    fn a_full_disk_is_an_error_and_counts_nothing() {
        // The device which answers every write as a full disk does, and cannot be cut either.
        let mut appender = Appender::open(&AbsPath::new("/dev/full").unwrap()).unwrap();
        let before = appender.len();
        let error = appender.append(b"record").unwrap_err();
        assert_eq!((error.kind(), appender.len()), (io::ErrorKind::StorageFull, before));
        assert!(appender.append(b"record").unwrap_err().to_string().contains("half a record"));
    }
}
