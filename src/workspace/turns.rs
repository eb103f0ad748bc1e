//! `Turns`: programs that write into the same file do so one after another.
//!
//! Whether a file still is what an edit was made from can be asked, and what was made can be put there, but
//! not both in one step. Two editors mean two programs of ours. So each holds a lock while it looks and
//! writes; the lock goes with its holder, however that ends. Other programs know nothing of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tokio::time::{Instant, sleep};

use crate::limits;
use crate::os::fs::{self, Attempt, Lock};
use crate::path::AbsPath;
use crate::text::Hash;

/// Where programs of one user wait for each other.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// None: nobody else writes.
    folder: Option<Arc<AbsPath>>,
}

/// The turn at some files; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _locks: Vec<Lock>,
}

impl Turns {
    /// Turns that are taken by locks in this folder, which is made when it is needed.
    pub fn in_folder(folder: AbsPath) -> Self {
        Self { folder: Some(Arc::new(folder)) }
    }

    /// Waits for the turn at these files, at most `limits::WRITE_TURN_WAIT`. An error names who has it, and
    /// the file.
    pub(super) async fn take<'a>(
        &self,
        paths: impl Iterator<Item = &'a AbsPath>,
    ) -> Result<Turn, (AbsPath, io::Error)> {
        let Some(folder) = &self.folder else { return Ok(Turn { _locks: Vec::new() }) };
        let names: BTreeMap<String, &AbsPath> = paths.map(|path| (name(path), path)).collect();
        let until = Instant::now() + limits::WRITE_TURN_WAIT;
        let mut locks = Vec::new();
        // All take them in the same order, so nobody waits for who waits for them.
        for (name, path) in names {
            let lock = match fs::create_private_folders(folder) {
                Ok(()) => lock(folder, &name, until).await,
                Err(error) => Err(error),
            };
            locks.push(lock.map_err(|error| (path.clone(), error))?);
        }
        Ok(Turn { _locks: locks })
    }
}

/// The lock of a file, however its path is written. Files share some few, which are never removed.
fn name(path: &AbsPath) -> String {
    let real = fs::real_path(path).or_else(|_| {
        let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
        let name = path.as_path().file_name().ok_or(io::ErrorKind::NotFound)?;
        fs::real_path(&folder)?.join(name).map_err(io::Error::other)
    });
    let sum = Hash::of(real.as_ref().unwrap_or(path).as_path().as_os_str().as_encoded_bytes());
    sum.to_string()[..limits::WRITE_TURN_NAME_CHARS].to_owned()
}

async fn lock(folder: &AbsPath, name: &str, until: Instant) -> io::Result<Lock> {
    let path = folder.join(name).map_err(io::Error::other)?;
    let words = format!("process {}", std::process::id());
    loop {
        match Lock::attempt(&path, &words)? {
            Attempt::Held(lock) => return Ok(lock),
            Attempt::Taken(holder) if Instant::now() >= until => {
                let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "another Quillon ({holder}) has been writing here for {:?}",
                        limits::WRITE_TURN_WAIT
                    ),
                ));
            }
            Attempt::Taken(_) => sleep(limits::WRITE_TURN_PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns() -> (tempfile::TempDir, Turns, AbsPath) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        let turns = Turns::in_folder(root.join("state/turns").unwrap());
        (folder, turns, root)
    }

    #[tokio::test(start_paused = true)]
    async fn one_after_another_and_not_for_ever() {
        let (_folder, turns, root) = turns();
        let (a, b) = (root.join("a").unwrap(), root.join("b").unwrap());
        let first = turns.take([&b, &a, &a].into_iter()).await.unwrap();
        let (of, error) = turns.take([&a].into_iter()).await.unwrap_err();
        assert_eq!(of, a);
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        let begin = Instant::now();
        let (second, ()) = tokio::join!(turns.take([&a].into_iter()), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(second.is_ok() && begin.elapsed() < limits::WRITE_TURN_WAIT);
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_file_is_the_same_however_it_is_called() {
        let (_folder, turns, root) = turns();
        let (a, link) = (root.join("a").unwrap(), root.join("link").unwrap());
        fs::replace(&a, b"a", fs::Durability::Process).unwrap();
        fs::replace_with_link(&link, std::path::Path::new("a")).unwrap();
        assert_eq!(name(&a), name(&link));
        let _held = turns.take([&a].into_iter()).await.unwrap();
        assert!(turns.take([&link].into_iter()).await.is_err());
        assert!(Turns::default().take([&a].into_iter()).await.is_ok(), "who is alone waits for nobody");
    }
}
