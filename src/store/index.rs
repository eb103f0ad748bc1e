//! What sessions there are: a small file beside each journal, which can be rebuilt from it.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::journal::{self, DiskJournal};
use crate::engine::journal::SessionInfo;
use crate::engine::{Recorder, SessionId};
use crate::os::fs::{self, Durability, Kind};
use crate::path::AbsPath;

const FILE: &str = "meta.json";

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<Info> {
    #[serde(flatten)]
    info: Info,
    /// How long the journal was of which it tells: where facts follow, it is behind. An older version
    /// wrote no length.
    #[serde(default)]
    journal_bytes: u64,
}

/// Writes a session's line, for a journal of this length.
pub(super) fn write(folder: &AbsPath, info: &SessionInfo, journal_bytes: u64) -> io::Result<()> {
    let text = serde_json::to_vec(&Line { info, journal_bytes }).map_err(io::Error::other)?;
    fs::replace_private(&folder.join(FILE).map_err(io::Error::other)?, &text, Durability::Process)
}

/// All sessions, the one active last first. A line that is behind its journal, which goes on or was cut
/// short by a kill, is made anew. One that cannot be read is left out and logged; one that
/// ended before its first fact is none.
pub(super) fn list(sessions: &AbsPath) -> io::Result<Vec<SessionInfo>> {
    let listing = match fs::list(sessions, usize::MAX) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut infos = Vec::new();
    for entry in listing.entries.iter().filter(|entry| entry.kind == Kind::Folder) {
        let (Some(name), Ok(folder)) = (entry.name.to_str(), sessions.join(&entry.name)) else { continue };
        match read(&folder).map(Some).or_else(|_| rebuild(&folder, name)) {
            Ok(info) => infos.extend(info),
            Err(error) => tracing::warn!("failed to read session {name}: {error}"),
        }
    }
    infos.sort_by(|left, right| right.updated.cmp(&left.updated));
    Ok(infos)
}

fn read(folder: &AbsPath) -> io::Result<SessionInfo> {
    let bytes = fs::read(&folder.join(FILE).map_err(io::Error::other)?)?;
    let line: Line<SessionInfo> = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
    if line.journal_bytes == journal_bytes(folder)? {
        Ok(line.info)
    } else {
        Err(io::Error::other("the line is behind its journal"))
    }
}

fn journal_bytes(folder: &AbsPath) -> io::Result<u64> {
    Ok(fs::look(&folder.join(journal::FILE).map_err(io::Error::other)?)?.len)
}

/// From the facts, as far as they can be read; nothing is added to them. What comes of a damaged journal
/// is not kept: once that is repaired, it will be more.
fn rebuild(folder: &AbsPath, name: &str) -> io::Result<Option<SessionInfo>> {
    // Looked at before it is read: what is appended meanwhile makes the line old, not wrong.
    let bytes = journal_bytes(folder)?;
    let journal = Box::new(DiskJournal::follow(folder.clone())?);
    let recorder = Recorder::salvage(SessionId(name.to_owned()), journal, Arc::new(String::new));
    match (recorder.info(), recorder.halted()) {
        (Some(info), None) => write(folder, &info, bytes).map(|()| Some(info)),
        (Some(info), Some(_damaged)) => Ok(Some(info)),
        (None, None) => Ok(None),
        (None, Some(damaged)) => Err(io::Error::other(damaged)),
    }
}
