//! Checked edits go to the disk one after another; where one fails, those before it are put back.

use std::io;

use super::super::late::{Late, Replaced};
use super::Why;
use super::ready::Ready;
use crate::os::fs::{self, Displaced, Durability, Rights};
use crate::path::AbsPath;
use crate::text::Version;

/// Why an edit did not come to the disk, and what could not be put back.
pub(super) struct Failed {
    pub(super) path: AbsPath,
    pub(super) why: Why,
    pub(super) lost: Vec<String>,
}

/// Writes all or none, as far as the disk can. Blocks.
pub(super) fn write(ready: &[&Ready], late: &Late) -> Result<(), Failed> {
    let mut replaced = Vec::new();
    let written = write_all(ready, &mut replaced);
    late.add(replaced);
    written
}

fn write_all(ready: &[&Ready], replaced: &mut Vec<Replaced>) -> Result<(), Failed> {
    let mut folders = Vec::new();
    for (done, one) in ready.iter().enumerate() {
        if let Err(why) = put(one, &mut folders).map(|one| replaced.extend(one)) {
            let lost = ready[..done].iter().rev().filter(|earlier| put_back(earlier).is_err());
            let mut lost: Vec<String> = lost.map(|earlier| earlier.path.to_string()).collect();
            lost.reverse();
            // Those that somebody put something into meanwhile stay.
            folders.iter().rev().for_each(|made: &Vec<AbsPath>| fs::remove_empty_folders(made));
            return Err(Failed { path: one.path.clone(), why, lost });
        }
    }
    Ok(())
}

/// Writes one file, if it is still as it was when it was checked: the editor was asked since. Notes the
/// folders that were made for it; gives the file whose place it took.
fn put(one: &Ready, folders: &mut Vec<Vec<AbsPath>>) -> Result<Option<Replaced>, Why> {
    let Some(before) = &one.before else { return make(one, folders).map(|()| None) };
    let displaced = match Displaced::open(&one.path, before) {
        Ok(Some(displaced)) => displaced,
        Ok(None) => return Err(Why::Stale),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Why::Stale),
        Err(error) => return Err(Why::Failed(error)),
    };
    let written = match one.bytes() {
        Some(bytes) => with_rights(&one.path, bytes, one.taken.as_ref()),
        None => fs::remove_file(&one.path),
    };
    written.map_err(Why::Failed)?;
    let (path, before, after) = (one.path.clone(), before.clone(), one.bytes().cloned());
    Ok(Some(Replaced { path, displaced, before, after }))
}

/// Makes a file where nothing stands.
fn make(one: &Ready, folders: &mut Vec<Vec<AbsPath>>) -> Result<(), Why> {
    if !stands(&one.path, None).map_err(Why::Failed)? {
        return Err(Why::Stale);
    }
    // A file of which nothing is left is gone already.
    let Some(bytes) = one.bytes() else { return Ok(()) };
    let mut write = || {
        if let (Version::Absent, Some(parent)) = (one.base, one.path.parent()) {
            folders.push(fs::make_folders(&parent)?);
        }
        fs::make(&one.path, bytes, one.taken.as_ref(), Durability::Process)
    };
    write().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Why::Stale,
        _ => Why::Failed(error),
    })
}

/// Whether the disk has these bytes there; none: no file.
fn stands(path: &AbsPath, bytes: Option<&[u8]>) -> io::Result<bool> {
    let found = match bytes {
        Some(bytes) => fs::holds(path, bytes),
        None => fs::look_at_link(path).map(|_| false),
    };
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes.is_none()),
        // Where a folder is to be, a file stands: making it says so.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && bytes.is_none() => Ok(true),
        found => found,
    }
}

/// Puts a file back as it was, if it still has what was written.
fn put_back(one: &Ready) -> io::Result<()> {
    if !stands(&one.path, one.bytes().map(|bytes| &**bytes))? {
        return Err(io::Error::other("it has changed since"));
    }
    match &one.before {
        Some(bytes) => with_rights(&one.path, bytes, one.rights.as_ref()),
        None => fs::remove_file(&one.path),
    }
}

fn with_rights(path: &AbsPath, bytes: &[u8], rights: Option<&Rights>) -> io::Result<()> {
    match rights {
        Some(rights) => fs::replace_with_rights(path, bytes, rights, Durability::Process),
        None => fs::replace(path, bytes, Durability::Process),
    }
}
