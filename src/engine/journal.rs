//! The seam to the disk: where a session's facts and blobs are kept; and a journal in memory.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::event::{Event, Seq, SessionId};
use crate::path::AbsPath;
use crate::text::Hash;

/// A fact with its number and the time at which it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its number.
    pub seq: Seq,
    /// When, as RFC 3339 in UTC.
    pub at: Arc<str>,
    /// What happened.
    pub event: Arc<Event>,
}

/// Where one session's facts and blobs are kept.
///
/// `append` returns when the fact outlives the end of this process; `sync` makes it outlive the end
/// of the machine.
pub trait Journal: Send {
    /// Adds a fact. After an error the journal is as before the call, and the session stops.
    fn append(&mut self, fact: &Recorded) -> io::Result<()>;
    /// The facts after `after`, at most `max` of them, and none behind one that cannot be read; an
    /// error when the first cannot.
    fn read(&self, after: Seq, max: usize) -> io::Result<Vec<Recorded>>;
    /// Keeps bytes under their hash, which is this; keeping them again costs nothing.
    fn keep(&mut self, hash: &Hash, bytes: &[u8]) -> io::Result<()>;
    /// Bytes kept before.
    fn fetch(&self, hash: &Hash) -> io::Result<Arc<[u8]>>;
    /// Whether these bytes are still kept: the oldest may have had to make room.
    fn keeps(&self, hash: &Hash) -> bool {
        self.fetch(hash).is_ok()
    }
    /// What syncs to the disk all that was appended and kept so far, and then writes the session's line for
    /// lists, to be called without holding the journal. The loss of that line is harmless, the facts can
    /// give it again; what fails to be synced is tried again the next time.
    fn settler(&self, info: Option<SessionInfo>) -> Settler;
    /// The path under which output too long for the model is kept, for it to read.
    fn log_path(&self, name: &str) -> Option<AbsPath>;
}

/// Syncs a journal. Blocks its thread for some milliseconds.
pub type Settler = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where sessions are kept.
pub trait Journals: Send + Sync {
    /// A new session, held by this process.
    fn create(&self, session: &SessionId) -> io::Result<Box<dyn Journal>>;
    /// An existing session.
    fn open(&self, session: &SessionId) -> Result<Opened, OpenError>;
    /// An existing session to look at, whoever holds it; nothing can be added.
    fn look(&self, session: &SessionId) -> Result<Box<dyn Journal>, OpenError>;
    /// All sessions, the one active last first.
    fn list(&self) -> io::Result<Vec<SessionInfo>>;
    /// Removes kept texts of files which are over their bounds, the oldest first; gives how many bytes
    /// went. Does nothing where it was done lately. Blocks.
    fn clean_up(&self) -> io::Result<u64>;
    /// Removes a session which nobody holds.
    fn delete(&self, session: &SessionId) -> Result<(), OpenError>;
}

/// An opened session.
pub enum Opened {
    /// This process holds it and may write.
    Held(Box<dyn Journal>),
    /// Another process holds it; its facts can be read as they are written, nothing else.
    Followed {
        /// To read from.
        journal: Box<dyn Journal>,
        /// Who holds it, in words for the user.
        holder: String,
    },
}

/// Why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none of that id.
    #[error("there is no session `{0}`")]
    Unknown(SessionId),
    /// Another process holds it.
    #[error("session `{session}` is in use by {holder}")]
    Held {
        /// The session.
        session: SessionId,
        /// Who holds it.
        holder: String,
    },
    /// It was written by a newer version.
    #[error(
        "session `{session}` was written by a newer Quillon (journal version {version}); update to open it"
    )]
    Newer {
        /// The session.
        session: SessionId,
        /// Its version.
        version: u32,
    },
    /// The disk failed.
    #[error("failed to open the session: {0}")]
    Io(#[from] io::Error),
}

/// A session's line in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Which.
    pub id: SessionId,
    /// Its title; the first words of its first prompt until it has a better one.
    pub title: String,
    /// Where it works.
    pub cwd: AbsPath,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When something last happened in it, RFC 3339.
    pub updated: String,
    /// How many turns it had.
    pub turns: u64,
    /// How many facts it has.
    pub facts: u64,
}

/// The journal of a session that was given up here: nothing is in it and nothing can be added.
pub(super) struct GivenUp;

impl Journal for GivenUp {
    fn append(&mut self, _fact: &Recorded) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn read(&self, _after: Seq, _max: usize) -> io::Result<Vec<Recorded>> {
        Ok(Vec::new())
    }

    fn keep(&mut self, _hash: &Hash, _bytes: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn fetch(&self, _hash: &Hash) -> io::Result<Arc<[u8]>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn settler(&self, _info: Option<SessionInfo>) -> Settler {
        Box::new(|| Ok(()))
    }

    fn log_path(&self, _name: &str) -> Option<AbsPath> {
        None
    }
}

/// Sessions in memory, for tests; several openers of one session see one journal.
#[derive(Default)]
pub struct MemoryJournals {
    sessions: Mutex<HashMap<SessionId, Arc<Mutex<Memory>>>>,
}

#[derive(Default)]
struct Memory {
    facts: Vec<Recorded>,
    blobs: HashMap<Hash, Arc<[u8]>>,
    info: Option<SessionInfo>,
    room: Option<usize>,
    unreadable: bool,
}

/// A journal in memory. `full_after` makes it fail like a full disk, `break_reading` like a broken one.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<Memory>>);

impl MemoryJournal {
    /// A journal which holds these facts already.
    pub fn with(facts: Vec<Recorded>) -> Self {
        Self(Arc::new(Mutex::new(Memory { facts, ..Memory::default() })))
    }

    /// After this many facts more, `append` fails as on a full disk.
    pub fn full_after(&self, facts: usize) {
        let mut memory = self.lock();
        memory.room = Some(memory.facts.len() + facts);
    }

    /// From here on `read` fails.
    pub fn break_reading(&self) {
        self.lock().unreadable = true;
    }

    /// All facts so far.
    pub fn facts(&self) -> Vec<Recorded> {
        self.lock().facts.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, fact: &Recorded) -> io::Result<()> {
        let mut memory = self.lock();
        if memory.room.is_some_and(|room| memory.facts.len() >= room) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        memory.facts.push(fact.clone());
        Ok(())
    }

    fn read(&self, after: Seq, max: usize) -> io::Result<Vec<Recorded>> {
        let memory = self.lock();
        if memory.unreadable {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(memory.facts.iter().filter(|fact| fact.seq > after).take(max).cloned().collect())
    }

    fn keep(&mut self, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        self.lock().blobs.entry(*hash).or_insert_with(|| bytes.into());
        Ok(())
    }

    fn fetch(&self, hash: &Hash) -> io::Result<Arc<[u8]>> {
        self.lock().blobs.get(hash).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn settler(&self, info: Option<SessionInfo>) -> Settler {
        if info.is_some() {
            self.lock().info = info;
        }
        Box::new(|| Ok(()))
    }

    fn log_path(&self, _name: &str) -> Option<AbsPath> {
        None
    }
}

impl MemoryJournals {
    /// The journal of a session, whether it exists already or not.
    pub fn journal(&self, session: &SessionId) -> MemoryJournal {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        MemoryJournal(sessions.entry(session.clone()).or_default().clone())
    }

    /// Puts a journal in the place of a session's.
    pub fn insert(&self, session: &SessionId, journal: &MemoryJournal) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session.clone(), journal.0.clone());
    }
}

impl Journals for MemoryJournals {
    fn create(&self, session: &SessionId) -> io::Result<Box<dyn Journal>> {
        Ok(Box::new(self.journal(session)))
    }

    fn open(&self, session: &SessionId) -> Result<Opened, OpenError> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        match sessions.get(session) {
            Some(memory) => Ok(Opened::Held(Box::new(MemoryJournal(memory.clone())))),
            None => Err(OpenError::Unknown(session.clone())),
        }
    }

    fn look(&self, session: &SessionId) -> Result<Box<dyn Journal>, OpenError> {
        match self.open(session)? {
            Opened::Held(journal) | Opened::Followed { journal, .. } => Ok(journal),
        }
    }

    fn list(&self) -> io::Result<Vec<SessionInfo>> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut infos: Vec<SessionInfo> = sessions
            .values()
            .filter_map(|memory| memory.lock().unwrap_or_else(PoisonError::into_inner).info.clone())
            .collect();
        infos.sort_by(|left, right| right.updated.cmp(&left.updated));
        Ok(infos)
    }

    fn clean_up(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn delete(&self, session: &SessionId) -> Result<(), OpenError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.remove(session).map(|_| ()).ok_or_else(|| OpenError::Unknown(session.clone()))
    }
}
