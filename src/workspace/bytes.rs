//! What stands at a path in the place of something else, where no edit of a text can express it.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::write::{self, WriteError};
use super::{Content, FileError, Files, file, root};
use crate::limits;
use crate::os::fs::{self, Compared, Durability, Kind, Moment, Stamp};
use crate::path::AbsPath;
use crate::text::{Hash, Version};

/// What stands at a path, or is to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing<B> {
    /// Nothing.
    Nothing,
    /// A file with these bytes, or with this sum.
    File(B),
    /// A link with this text.
    Link(Arc<str>),
}

/// What is known of a file beside what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    /// Its permission bits; none where nothing stands there, or on systems without them.
    pub mode: Option<u32>,
    /// How many of the folders above it do not exist.
    pub bare: u32,
}

/// Puts something in the place of what is expected there. Blocks.
pub(super) fn put(
    path: &AbsPath,
    expected: &Thing<Hash>,
    wanted: &Thing<Arc<[u8]>>,
    mode: Option<u32>,
) -> Result<(), WriteError> {
    match path.parent() {
        Some(folder) => root::still_there(&folder)?,
        None => root::still_there(path)?,
    }
    let failed = |error| io_error(path, error);
    let found = found(path).map_err(failed)?;
    if found != *expected {
        return Err(WriteError::Stale(path.clone()));
    }
    let made = match (&found, path.parent()) {
        (Thing::Nothing, Some(parent)) => fs::make_folders(&parent).map_err(failed)?,
        (Thing::Nothing | Thing::File(_) | Thing::Link(_), _) => Vec::new(),
    };
    match (wanted, &found) {
        (Thing::Nothing, Thing::Nothing) => Ok(()),
        (Thing::Nothing, Thing::File(_) | Thing::Link(_)) => fs::remove_file(path),
        (Thing::Link(text), _) => fs::replace_with_link(path, Path::new(&**text)),
        (Thing::File(bytes), Thing::Link(text)) => in_place_of_link(path, bytes, text),
        (Thing::File(bytes), Thing::Nothing | Thing::File(_)) => {
            fs::replace(path, bytes, Durability::Process)
        }
    }
    .map_err(|error| {
        fs::remove_empty_folders(&made);
        failed(error)
    })?;
    match (mode, wanted) {
        (Some(mode), Thing::File(_)) => fs::set_mode(path, mode).map_err(failed),
        (Some(_) | None, _) => Ok(()),
    }
}

/// What is written through a link would land elsewhere.
fn in_place_of_link(path: &AbsPath, bytes: &[u8], text: &str) -> io::Result<()> {
    fs::remove_file(path)?;
    fs::replace(path, bytes, Durability::Process).inspect_err(|_| {
        if let Err(error) = fs::replace_with_link(path, Path::new(text)) {
            tracing::warn!("failed to put the link {path} back: {error}");
        }
    })
}

fn found(path: &AbsPath) -> io::Result<Thing<Hash>> {
    match fs::look_at_link(path) {
        Ok(look) if look.kind == Kind::Link => Ok(Thing::Link(fs::read_link(path)?.to_string_lossy().into())),
        Ok(_) => Ok(Thing::File(Hash::of_reader(&mut fs::open(path)?)?)),
        Err(error) if is_absent(&error) => Ok(Thing::Nothing),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Files {
    /// Puts something in the place of what is expected at a path, on the disk. `mode` are the permission
    /// bits of a file.
    pub async fn put(
        &self,
        path: &AbsPath,
        expected: Thing<Hash>,
        wanted: Thing<Arc<[u8]>>,
        mode: Option<u32>,
    ) -> Result<(), WriteError> {
        let path = path.clone();
        let turn = self.turns.take([&path].into_iter()).await;
        let turn = turn.map_err(|(path, error)| super::failed(&path, error))?;
        super::blocking(move || {
            let _turn = turn;
            Ok(put(&path, &expected, &wanted, mode))
        })
        .await?
    }

    /// Whether a folder without anything in it, or a pipe, stands at a path: nothing is lost with it.
    pub async fn is_empty_place(&self, path: &AbsPath) -> bool {
        let path = path.clone();
        let look = move || match fs::look_at_link(&path).map(|look| look.kind) {
            Ok(Kind::Folder) => fs::list(&path, 1).is_ok_and(|listing| listing.entries.is_empty()),
            Ok(Kind::Other) => fs::is_pipe(&path),
            Ok(Kind::File | Kind::Link) | Err(_) => false,
        };
        super::on_blocking_thread(look).await.unwrap_or_default()
    }

    /// Whether a folder stands at a path.
    pub async fn is_folder(&self, path: &AbsPath) -> bool {
        let path = path.clone();
        let look = move || fs::look_at_link(&path).is_ok_and(|look| look.kind == Kind::Folder);
        super::on_blocking_thread(look).await.unwrap_or_default()
    }

    /// Removes what [`Files::is_empty_place`] has found; a folder that has got something meanwhile stays.
    pub async fn clear_place(&self, path: &AbsPath) -> Result<(), WriteError> {
        let path = path.clone();
        let clear = move || {
            let cleared = match fs::look_at_link(&path).map(|look| look.kind) {
                Ok(Kind::Folder) => fs::remove_empty_folder(&path),
                Ok(Kind::Other) if fs::is_pipe(&path) => fs::remove_file(&path),
                Ok(Kind::File | Kind::Link | Kind::Other) => return Err(WriteError::Stale(path)),
                Err(error) => Err(error),
            };
            cleared.map_err(|error| io_error(&path, error))
        };
        super::blocking(move || Ok(clear())).await?
    }

    /// The text of the link that stands at a path; none where something else does.
    pub async fn link(&self, path: &AbsPath) -> Option<Arc<str>> {
        let path = path.clone();
        let read = move || {
            root::still_there(&path.parent()?).ok()?;
            Some(Arc::from(fs::read_link(&path).ok()?.to_str()?))
        };
        super::on_blocking_thread(read).await.flatten()
    }

    /// What is known of a file beside what it holds.
    pub async fn around(&self, path: &AbsPath) -> Around {
        let (path, roots) = (path.clone(), self.roots.clone());
        let look = move || {
            let is_missing = |folder: &AbsPath| {
                !roots.contains(folder) && fs::look_at_link(folder).is_err_and(|error| is_absent(&error))
            };
            let above = std::iter::successors(path.parent(), AbsPath::parent);
            let bare = above.take_while(is_missing).count();
            let mode = fs::stamp(&path).ok().filter(|stamp| stamp.kind == Kind::File).map(|stamp| stamp.mode);
            Around { mode: mode.filter(|_| cfg!(unix)), bare: u32::try_from(bare).unwrap_or(u32::MAX) }
        };
        super::on_blocking_thread(look).await.unwrap_or_default()
    }

    /// Removes the folders above a path, this many, as far as they are empty.
    pub async fn remove_bare(&self, path: &AbsPath, count: u32) {
        let (path, roots) = (path.clone(), self.roots.clone());
        let remove = move || {
            let above = std::iter::successors(path.parent(), AbsPath::parent);
            for folder in above.take(usize::try_from(count).unwrap_or(usize::MAX)) {
                if roots.contains(&folder) || fs::remove_empty_folder(&folder).is_err() {
                    return;
                }
            }
        };
        super::on_blocking_thread(remove).await;
    }

    /// The sum of a file that is too large to be held, on the disk.
    pub async fn sum(&self, path: &AbsPath) -> Result<Hash, FileError> {
        let (path, sums) = (path.clone(), self.sums.clone());
        super::blocking(move || {
            root::still_there(&path)?;
            sums.of(&path).map_err(|error| super::failed(&path, error))
        })
        .await
    }

    /// Whether an editor has a text of this file that the disk has not.
    pub async fn is_unsaved(&self, path: &AbsPath) -> bool {
        if self.version_below(path).await.is_some() {
            return true;
        }
        let is_open = matches!(self.buffers.read(path).await, Some(Ok(_)));
        let path = path.clone();
        is_open && super::on_blocking_thread(move || fs::look(&path).is_err()).await.unwrap_or(false)
    }

    /// Which text the disk has, where an editor has another one.
    pub async fn version_below(&self, path: &AbsPath) -> Option<Hash> {
        let text = self.buffers.read(path).await?.ok()?;
        let path = path.clone();
        let look = move || {
            root::still_there(&path).ok()?;
            // Mostly they are the same, and need not be summed.
            let Compared::Other(read) = super::held(&path, text.as_bytes()).ok()? else { return None };
            match file::decode(read.bytes) {
                Content::Text(file) if !write::same(&file.text, &text) => match file.version {
                    Version::Text(hash) => Some(hash),
                    Version::Absent => None,
                },
                Content::Text(_) | Content::Binary { .. } => None,
            }
        };
        super::on_blocking_thread(look).await.flatten()
    }
}

/// The sums of large files, as long as their stamps stay.
#[derive(Debug, Default)]
pub(super) struct Sums(Mutex<HashMap<AbsPath, (Stamp, Hash)>>);

impl Sums {
    fn of(&self, path: &AbsPath) -> io::Result<Hash> {
        let stamp = fs::stamp(path)?;
        if stamp.len > limits::survey::SUMMED_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, sum)) = known.get(path)
            && *then == stamp
        {
            return Ok(*sum);
        }
        let sum = Hash::of_reader(&mut fs::open(path)?)?;
        if !stamp.is_fresh(Moment::now()) {
            if known.len() >= limits::survey::SUMS_KEPT_MAX {
                known.clear();
            }
            known.insert(path.clone(), (stamp, sum));
        }
        Ok(sum)
    }
}

fn io_error(path: &AbsPath, error: io::Error) -> WriteError {
    WriteError::Io { path: path.clone(), error, state: "the file is as it was".into() }
}
