//! The room that kept texts of files may take: the oldest go first.
//!
//! A session's `kept/` holds the texts and bytes of files from before they were changed. Without them
//! the conversation is whole; what is lost is the way back, and a review says so.

use std::io;
use std::time::{Duration, SystemTime};

use super::{Attempt, lock};
use crate::os::fs::{self, Durability, Kind};
use crate::path::AbsPath;

/// The folder in a session's folder.
pub(super) const FOLDER: &str = "kept";

/// A file whose time tells when the last look was.
const STAMP: &str = ".cleaned-up";

/// The bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    /// Bytes that one session may keep.
    pub(super) session: u64,
    /// Bytes that all sessions may keep together.
    pub(super) all: u64,
    /// What was kept so recently stays, whatever it takes: it may be needed at this moment.
    pub(super) young: Duration,
}

/// Removes what is over the bounds, unless that was done within `pause`.
pub(super) fn clean_up_if_due(
    sessions: &AbsPath,
    quota: Quota,
    pause: Duration,
    now: SystemTime,
) -> io::Result<u64> {
    let stamp = sessions.join(STAMP).map_err(io::Error::other)?;
    let last = fs::look(&stamp).ok().and_then(|look| look.modified);
    if last.is_some_and(|last| now.duration_since(last).is_ok_and(|since| since < pause)) {
        return Ok(0);
    }
    // Before the work, so that two processes do not do it at once.
    fs::replace_private(&stamp, b"", Durability::Process)?;
    clean_up(sessions, quota, now)
}

struct Kept {
    path: AbsPath,
    len: u64,
    modified: SystemTime,
    session: usize,
    /// The session's.
    folder: AbsPath,
}

/// Removes what is over the bounds, of sessions that nobody holds, and of this process's own where
/// it is not young. Gives how many bytes went.
fn clean_up(sessions: &AbsPath, quota: Quota, now: SystemTime) -> io::Result<u64> {
    let mut kept = all(sessions)?;
    kept.retain(|file| now.duration_since(file.modified).is_ok_and(|age| age > quota.young));
    kept.sort_by_key(|file| file.modified);
    let mut of_session = std::collections::HashMap::new();
    let mut together = 0;
    for file in &kept {
        *of_session.entry(file.session).or_insert(0) += file.len;
        together += file.len;
    }
    let mut removed = 0;
    for file in kept {
        let its = of_session.entry(file.session).or_insert(0);
        if together <= quota.all && *its <= quota.session {
            continue;
        }
        // Held for the moment of this removal only: another process may want the session.
        let held = lock(&file.folder);
        if matches!(&held, Ok(Attempt::Taken(holder)) if !super::is_ours(holder)) {
            continue;
        }
        match fs::remove_file(&file.path) {
            Ok(()) => removed += file.len,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!("failed to remove {}: {error}", file.path);
                continue;
            }
        }
        together -= file.len;
        *its -= file.len;
    }
    Ok(removed)
}

/// All kept files.
fn all(sessions: &AbsPath) -> io::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for (number, folder) in folders(sessions)?.into_iter().enumerate() {
        let Ok(path) = folder.join(FOLDER) else { continue };
        let Ok(listing) = fs::list(&path, usize::MAX) else { continue };
        for entry in listing.entries.iter().filter(|entry| entry.kind == Kind::File) {
            let Ok(path) = path.join(&entry.name) else { continue };
            let Ok(look) = fs::look(&path) else { continue };
            let modified = look.modified.unwrap_or(SystemTime::UNIX_EPOCH);
            kept.push(Kept { path, len: look.len, modified, session: number, folder: folder.clone() });
        }
    }
    Ok(kept)
}

fn folders(sessions: &AbsPath) -> io::Result<Vec<AbsPath>> {
    let listing = match fs::list(sessions, usize::MAX) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let folders = listing.entries.iter().filter(|entry| entry.kind == Kind::Folder);
    Ok(folders.filter_map(|entry| sessions.join(&entry.name).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::clock;

    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    fn keep(sessions: &AbsPath, session: &str, name: &str, len: usize) {
        let folder = sessions.join(format!("{session}/{FOLDER}")).unwrap();
        fs::create_folders(&folder).unwrap();
        fs::replace(&folder.join(name).unwrap(), &vec![b'x'; len], Durability::Process).unwrap();
    }

    fn left(sessions: &AbsPath) -> usize {
        all(sessions).unwrap().len()
    }

    #[test]
    fn what_is_over_the_bounds_goes_and_what_is_young_stays() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = AbsPath::new(folder.path()).unwrap();
        for name in ["1", "2", "3", "4"] {
            keep(&sessions, "a", name, 100);
            keep(&sessions, "b", name, 100);
        }
        keep(&sessions, "c", "1", 10);
        let quota = |session, all| Quota { session, all, young: Duration::from_secs(60) };
        let now = clock::system();
        assert_eq!(clean_up(&sessions, quota(0, 0), now).unwrap(), 0, "all of it is young");
        let later = now + YEAR;
        assert_eq!(clean_up(&sessions, quota(1000, 1000), later).unwrap(), 0, "there is room");
        assert_eq!(clean_up(&sessions, quota(250, 1000), later).unwrap(), 400, "two of each");
        assert_eq!(left(&sessions), 5);
        assert_eq!(clean_up(&sessions, quota(1000, 250), later).unwrap(), 200);
        assert_eq!(left(&sessions), 3);
        assert_eq!(clean_up(&sessions, quota(0, 0), later).unwrap(), 210);
        assert_eq!(left(&sessions), 0);
    }

    #[test]
    fn it_is_done_now_and_then() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = AbsPath::new(folder.path()).unwrap();
        keep(&sessions, "a", "1", 100);
        let quota = Quota { session: 0, all: 0, young: Duration::ZERO };
        let day = Duration::from_secs(24 * 60 * 60);
        let at = |hours: u32| clock::system() + hours * Duration::from_secs(60 * 60);
        assert_eq!(clean_up_if_due(&sessions, quota, day, at(1)).unwrap(), 100);
        keep(&sessions, "a", "2", 50);
        assert_eq!(clean_up_if_due(&sessions, quota, day, at(20)).unwrap(), 0);
        assert_eq!(clean_up_if_due(&sessions, quota, day, at(30)).unwrap(), 50);
    }

    #[test]
    fn a_session_in_use_elsewhere_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = AbsPath::new(folder.path()).unwrap();
        keep(&sessions, "a", "1", 100);
        let path = sessions.join("a/lock").unwrap();
        let Attempt::Held(_lock) = fs::Lock::attempt(&path, "process 1 (another)").unwrap() else { panic!() };
        let quota = Quota { session: 0, all: 0, young: Duration::ZERO };
        assert_eq!(clean_up(&sessions, quota, clock::system() + YEAR).unwrap(), 0);
    }

    #[test]
    fn nothing_is_made_where_nothing_is() {
        let folder = tempfile::tempdir().unwrap();
        let none = AbsPath::new(folder.path()).unwrap().join("none").unwrap();
        let quota = Quota { session: 0, all: 0, young: Duration::ZERO };
        assert_eq!(clean_up(&none, quota, clock::system()).unwrap(), 0);
        assert!(fs::look(&none).is_err());
    }
}
