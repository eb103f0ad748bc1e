//! A lock which the kernel frees when its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};

use super::private::private_file;
use crate::path::AbsPath;

/// A held lock. Dropping it, or the end of the process, frees it.
///
/// It excludes other openers in this process as well as in others. On network file systems that do
/// not pass locks on it excludes nobody on other machines.
#[derive(Debug)]
pub struct Lock {
    /// Closing it is what frees the lock.
    _file: File,
}

/// What became of an attempt.
#[derive(Debug)]
pub enum Attempt {
    /// The lock is ours.
    Held(Lock),
    /// Another has it; with the words it left in the file, which can be missing or out of date.
    Taken(String),
}

/// Words in the file are for people and short; no more is read of it.
const WORDS_BYTES_MAX: u64 = 1024;

impl Lock {
    /// Takes the lock on this file, without waiting; the file is made where it is missing and never
    /// removed. `words` describe the holder for people.
    pub fn attempt(path: &AbsPath, words: &str) -> io::Result<Attempt> {
        let mut options = OpenOptions::new();
        let mut file =
            private_file(options.read(true).write(true).create(true).truncate(false)).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut words = String::new();
                // Windows does not let others read a locked file; the words are a courtesy.
                let _ = file.take(WORDS_BYTES_MAX).read_to_string(&mut words);
                return Ok(Attempt::Taken(words));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(words.as_bytes())?;
        Ok(Attempt::Held(Self { _file: file }))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_the_next_after_it() {
        let (_held, folder) = folder();
        let path = folder.join("lock").unwrap();
        let Attempt::Held(first) = Lock::attempt(&path, "a rather long first holder").unwrap() else {
            panic!("a fresh lock is free")
        };
        match Lock::attempt(&path, "second").unwrap() {
            Attempt::Taken(words) => assert_eq!(words, "a rather long first holder"),
            Attempt::Held(_) => panic!("two holders"),
        }
        drop(first);
        let Attempt::Held(_second) = Lock::attempt(&path, "second").unwrap() else {
            panic!("it was given back")
        };
        match Lock::attempt(&path, "third").unwrap() {
            Attempt::Taken(words) => assert_eq!(words, "second"),
            Attempt::Held(_) => panic!("two holders"),
        }
    }
}
