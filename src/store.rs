//! Sessions on disk: a folder each, with a journal, blobs, a line for lists and a lock.
//!
//! `<state>/sessions/<id>/` (0700) holds `journal.jsonl` (the truth), `blobs/<sha256>` (long texts of
//! facts), `kept/<sha256>` (texts and bytes of files before they were changed), `logs/` (output too long for the model), `meta.json`
//! (can be rebuilt) and `lock`, which the kernel frees when its holder ends.

mod blobs;
mod index;
mod journal;
mod quota;
mod room;
mod version;

use std::io;

use crate::engine::SessionId;
use crate::engine::journal::{Journal, Journals, OpenError, Opened, SessionInfo};
use crate::limits;
use crate::os::clock;
use crate::os::fs::{self, Attempt, Lock};
use crate::path::AbsPath;
use journal::DiskJournal;

/// All sessions below one state folder.
pub struct DiskJournals {
    folder: AbsPath,
}

impl DiskJournals {
    /// The sessions of this state folder; nothing is touched before one is made or looked for.
    pub fn new(state: &AbsPath) -> io::Result<Self> {
        Ok(Self { folder: state.join("sessions").map_err(io::Error::other)? })
    }

    fn folder_of(&self, session: &SessionId) -> Result<AbsPath, OpenError> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let id = &session.0;
        if id.is_empty() || id.len() > limits::SESSION_ID_CHARS_MAX || !id.chars().all(plain) {
            return Err(OpenError::Unknown(session.clone()));
        }
        self.folder.join(id).map_err(|_| OpenError::Unknown(session.clone()))
    }

    /// The folder of a session that exists.
    fn existing(&self, session: &SessionId) -> Result<AbsPath, OpenError> {
        let folder = self.folder_of(session)?;
        let journal = folder.join(journal::FILE).map_err(io::Error::other)?;
        match fs::look(&journal) {
            Ok(_) => Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenError::Unknown(session.clone())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Journals for DiskJournals {
    fn create(&self, session: &SessionId) -> io::Result<Box<dyn Journal>> {
        let folder = self.folder_of(session).map_err(io::Error::other)?;
        fs::create_private_folders(&self.folder)?;
        fs::create_private_new_folder(&folder)?;
        match lock(&folder)? {
            Attempt::Held(lock) => Ok(Box::new(DiskJournal::create(folder, lock)?)),
            Attempt::Taken(holder) => Err(io::Error::other(format!("the new session is in use by {holder}"))),
        }
    }

    fn open(&self, session: &SessionId) -> Result<Opened, OpenError> {
        let folder = self.existing(session)?;
        version::check(session, &folder)?;
        match lock(&folder)? {
            Attempt::Held(lock) => Ok(Opened::Held(Box::new(DiskJournal::open(folder, lock)?))),
            Attempt::Taken(holder) => {
                let journal = Box::new(DiskJournal::follow(folder)?);
                Ok(Opened::Followed { journal, holder })
            }
        }
    }

    fn look(&self, session: &SessionId) -> Result<Box<dyn Journal>, OpenError> {
        let folder = self.existing(session)?;
        version::check(session, &folder)?;
        Ok(Box::new(DiskJournal::follow(folder)?))
    }

    fn list(&self) -> io::Result<Vec<SessionInfo>> {
        index::list(&self.folder)
    }

    fn clean_up(&self) -> io::Result<u64> {
        let quota = quota::Quota {
            session: limits::KEPT_BYTES_PER_SESSION_MAX,
            all: limits::KEPT_BYTES_MAX,
            young: limits::KEPT_AT_LEAST,
        };
        quota::clean_up_if_due(&self.folder, quota, limits::CLEAN_UP_PAUSE, clock::system())
    }

    fn delete(&self, session: &SessionId) -> Result<(), OpenError> {
        let folder = self.existing(session)?;
        match lock(&folder)? {
            Attempt::Held(_lock) => Ok(fs::remove_folder_all(&folder)?),
            Attempt::Taken(holder) => Err(OpenError::Held { session: session.clone(), holder }),
        }
    }
}

fn lock(folder: &AbsPath) -> io::Result<Attempt> {
    let path = folder.join("lock").map_err(io::Error::other)?;
    Lock::attempt(&path, &format!("{} (since {})", us(), clock::now()))
}

fn us() -> String {
    format!("process {}", std::process::id())
}

/// Whether the words of a lock name this process.
fn is_ours(holder: &str) -> bool {
    holder.split(" (").next() == Some(us().as_str())
}

#[cfg(test)]
mod tests;
