//! Bytes on the disk in the place of others, where no edit of a text can express it.

use std::io;

use super::root;
use super::write::WriteError;
use crate::os::fs::{self, Durability};
use crate::path::AbsPath;
use crate::text::Hash;

/// Puts bytes in the place of those with the hash `expected`. Blocks.
pub(super) fn put(
    path: &AbsPath,
    expected: Option<Hash>,
    bytes: Option<&[u8]>,
    mode: Option<u32>,
) -> Result<(), WriteError> {
    root::still_there(path)?;
    let found = match fs::read(path) {
        Ok(found) => Some(Hash::of(&found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io_error(path, error)),
    };
    if found != expected {
        return Err(WriteError::Stale(path.clone()));
    }
    let put = || match bytes {
        Some(bytes) => {
            if let (None, Some(parent)) = (found, path.parent()) {
                fs::create_folders(&parent)?;
            }
            fs::replace(path, bytes, Durability::Process)
        }
        None => fs::remove_file(path),
    };
    put().map_err(|error| io_error(path, error))?;
    match (mode, bytes) {
        (Some(mode), Some(_)) => fs::set_mode(path, mode).map_err(|error| io_error(path, error)),
        (Some(_) | None, _) => Ok(()),
    }
}

fn io_error(path: &AbsPath, error: io::Error) -> WriteError {
    WriteError::Io { path: path.clone(), error, state: "the file is as it was".into() }
}
