//! Edits become files: every base is checked before the first byte is written, all or none.

mod disk;
mod ready;

use std::collections::HashMap;
use std::io;

use super::buffers::{BufferWrite, Refusal, Took};
use super::late::Late;
use super::recent::Recent;
use super::{FileError, Files, blocking};
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Edit, SharedText, Version, diff, ends};
use ready::Ready;

pub use ready::fits_encoding;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: AbsPath,
    /// Which text stands there.
    pub version: Version,
    /// What an editor did beside taking it.
    pub took: Took,
}

/// Why nothing was written, in words for the model.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file is not the one that the edit was made from.
    #[error("{0} has changed since it was read; nothing was written. Read it again and make the edit anew")]
    Stale(AbsPath),
    /// The file cannot be read.
    #[error("nothing was written: {0}")]
    Read(#[from] FileError),
    /// The editor or the disk refused; what was written before was put back.
    #[error("failed to write {path}: {error}; {state}")]
    Io {
        /// The file.
        path: AbsPath,
        /// Why.
        error: io::Error,
        /// What stands in the files.
        state: String,
    },
}

/// Why a write did not come to its end.
struct Failure {
    path: AbsPath,
    why: Why,
    /// The files that could not be put back.
    lost: Vec<String>,
    /// The files of which it is not known what stands in them.
    unknown: Vec<String>,
}

/// What stood against a write.
enum Why {
    /// Something else stands there by now.
    Stale,
    /// The editor or the disk.
    Failed(io::Error),
}

/// `after` are the texts after the edits as far as they are known, as versions name them.
pub(super) async fn write(
    files: &Files,
    edits: &[Edit],
    after: Vec<Option<SharedText>>,
) -> Result<Vec<Written>, WriteError> {
    let mut ready = Vec::new();
    for (edit, after) in edits.iter().zip(after) {
        ready.push(Ready::of(files, edit, after).await?);
    }
    // A file goes on the disk: an editor that has it open keeps its buffer.
    let stays = |one: &&Ready| one.after.is_some() && one.asks_editor;
    let buffers: Vec<BufferWrite> = ready.iter().filter(stays).map(|one| one.buffer.clone()).collect();
    let mut answers = files.buffers().write(&buffers).await.into_iter();
    let (mut on_disk, mut going, mut in_editor, mut refused) = (vec![], vec![], vec![], vec![]);
    let mut took = HashMap::new();
    for (at, one) in ready.iter().enumerate() {
        if one.after.is_none() {
            going.push(at);
            if !is_saved(files, one).await {
                refused.push((one.path.clone(), Refusal::Stale));
            }
            continue;
        }
        if !one.asks_editor {
            on_disk.push(at);
            continue;
        }
        match answers.next().flatten() {
            Some(Ok(beside)) => {
                in_editor.push(one.buffer.clone());
                took.insert(one.path.clone(), beside);
            }
            Some(Err(refusal)) => refused.push((one.path.clone(), refusal)),
            None => on_disk.push(at),
        }
    }
    on_disk.extend(going);
    let mut failure = match Failure::of_editor(refused) {
        Some(failure) => failure,
        None => {
            let (recent, late) = (files.recent().clone(), files.late.clone());
            match files.turns.take(on_disk.iter().map(|at| &ready[*at].path)).await {
                Ok(turn) => {
                    let written = blocking(move || {
                        let _turn = turn;
                        Ok(to_disk(&ready, &on_disk, &recent, &late))
                    });
                    match written.await? {
                        Ok(written) => return Ok(with(written, took)),
                        Err(failure) => failure,
                    }
                }
                Err((path, error)) => {
                    Failure { path, why: Why::Failed(error), lost: Vec::new(), unknown: Vec::new() }
                }
            }
        }
    };
    failure.lost.extend(back_in_editor(files, &in_editor).await);
    Err(failure.into())
}

/// With what an editor did beside taking them.
fn with(written: Vec<Written>, mut took: HashMap<AbsPath, Took>) -> Vec<Written> {
    let with = |one: Written| Written { took: took.remove(&one.path).unwrap_or_default(), ..one };
    written.into_iter().map(with).collect()
}

/// Writes those of the edits which no editor took. Blocks.
fn to_disk(
    ready: &[Ready],
    on_disk: &[usize],
    recent: &Recent,
    late: &Late,
) -> Result<Vec<Written>, Failure> {
    let to_write: Vec<&Ready> = on_disk.iter().map(|at| &ready[*at]).collect();
    let failed = |failed: disk::Failed| {
        let disk::Failed { path, why, lost } = failed;
        Failure { path, why, lost, unknown: Vec::new() }
    };
    let written =
        |one: &Ready| Written { path: one.path.clone(), version: one.version(), took: Took::default() };
    let written = || ready.iter().map(written).collect();
    let large = to_write.iter().any(|one| one.len() >= limits::RECENT_TEXT_BYTES_MIN);
    let written = match large {
        // To hash a large text takes as long as to write it.
        true => std::thread::scope(|scope| {
            let written = scope.spawn(written);
            let wrote = disk::write(&to_write, late).map_err(failed);
            let written = written.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            wrote.map(|()| written)
        })?,
        false => {
            disk::write(&to_write, late).map_err(failed)?;
            written()
        }
    };
    to_write.iter().filter_map(|one| one.known()).for_each(|known| recent.note(known));
    Ok(written)
}

impl Failure {
    /// What the editor did not take; none where it took all.
    fn of_editor(refused: Vec<(AbsPath, Refusal)>) -> Option<Self> {
        let unknown = refused.iter().filter(|(_, refusal)| matches!(refusal, Refusal::Unknown(_)));
        let unknown: Vec<String> = unknown.map(|(path, _)| path.to_string()).collect();
        // What is not known weighs most, then what makes it useless to try again.
        let weight = |refusal: &Refusal| match refusal {
            Refusal::Stale => 0,
            Refusal::No(_) => 1,
            Refusal::Unknown(_) => 2,
        };
        let (path, refusal) = refused.into_iter().max_by_key(|(_, refusal)| weight(refusal))?;
        let why = match refusal {
            Refusal::Stale => Why::Stale,
            Refusal::No(why) | Refusal::Unknown(why) => Why::Failed(io::Error::other(why)),
        };
        Some(Self { path, why, lost: Vec::new(), unknown })
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        let Failure { path, why, lost, unknown } = failure;
        let error = match why {
            Why::Stale if lost.is_empty() => return Self::Stale(path),
            Why::Stale => io::Error::other("it has changed since it was read"),
            Why::Failed(error) => error,
        };
        let mut state = Vec::new();
        if !unknown.is_empty() {
            state.push(format!("whether {} was changed is not known: read it again", unknown.join(", ")));
        }
        if !lost.is_empty() {
            state.push(format!("{} could not be put back", lost.join(", ")));
        }
        if state.is_empty() {
            state.push("all files are as they were".into());
        }
        Self::Io { path, error, state: state.join("; ") }
    }
}

/// Whether an editor that has a file open has nothing of it that the disk has not.
async fn is_saved(files: &Files, one: &Ready) -> bool {
    match files.buffers().read(&one.path).await {
        None => true,
        Some(Ok(text)) => same(&one.buffer.old, &text),
        Some(Err(_)) => false,
    }
}

/// Whether the disk's text is the editor's. Line ends and byte-order mark are not every editor's to
/// tell, and some tell of an empty file as of an empty line.
pub(super) fn same(on_disk: &str, in_editor: &str) -> bool {
    let (on_disk, in_editor) = (ends::lf(on_disk), ends::lf(in_editor));
    on_disk == in_editor || on_disk.is_empty() && in_editor == "\n"
}

/// Takes edits of open files back; gives those for which the editor refuses.
async fn back_in_editor(files: &Files, done: &[BufferWrite]) -> Vec<String> {
    if done.is_empty() {
        return Vec::new();
    }
    let reversed = |write: &BufferWrite| BufferWrite {
        path: write.path.clone(),
        base: write.new.version(),
        old: write.new.clone(),
        splices: diff::splices(&write.new.lf(), &write.old.lf()),
        new: write.old.clone(),
    };
    let reversed: Vec<BufferWrite> = done.iter().map(reversed).collect();
    let answered = files.buffers().write(&reversed).await;
    let refused = reversed.iter().zip(answered).filter(|(_, answer)| !matches!(answer, Some(Ok(_))));
    refused.map(|(write, _)| write.path.to_string()).collect()
}

#[cfg(test)]
mod tests;
