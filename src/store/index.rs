//! What sessions there are: a small file beside each journal, which can be rebuilt from it.

use std::io;
use std::sync::Arc;

use super::journal::DiskJournal;
use crate::engine::journal::SessionInfo;
use crate::engine::{Recorder, SessionId};
use crate::os::fs::{self, Durability, Kind};
use crate::path::AbsPath;

const FILE: &str = "meta.json";

/// Writes a session's line.
pub(super) fn write(folder: &AbsPath, info: &SessionInfo) -> io::Result<()> {
    let text = serde_json::to_vec(info).map_err(io::Error::other)?;
    fs::replace_private(&folder.join(FILE).map_err(io::Error::other)?, &text, Durability::Process)
}

/// All sessions, the one active last first. One that cannot be read is left out and logged; one that
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
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

/// From the facts, as far as they can be read; nothing is added to them. What comes of a damaged journal
/// is not kept: once that is repaired, it will be more.
fn rebuild(folder: &AbsPath, name: &str) -> io::Result<Option<SessionInfo>> {
    let journal = Box::new(DiskJournal::follow(folder.clone())?);
    let recorder = Recorder::salvage(SessionId(name.to_owned()), journal, Arc::new(String::new));
    match (recorder.info(), recorder.halted()) {
        (Some(info), None) => write(folder, &info).map(|()| Some(info)),
        (Some(info), Some(_damaged)) => Ok(Some(info)),
        (None, None) => Ok(None),
        (None, Some(damaged)) => Err(io::Error::other(damaged)),
    }
}
