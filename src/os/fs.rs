//! Files and folders: reading, looking, listing, replacing; all of it blocks.
//!
//! A path is taken as it is: whether it lies inside the workspace, and where its links lead, was
//! decided before (`workspace::root`). Errors say why and leave the path to the caller, who knows
//! how the user wrote it.

mod append;
mod attributes;
mod compare;
mod displaced;
mod folders;
mod link;
mod lock;
mod private;
mod replace;
mod stamp;

use std::ffi::OsString;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::limits::{FILE_READ_BYTES_MAX, FOLDER_ENTRIES_MAX};
use crate::path::AbsPath;

pub use append::Appender;
pub use compare::{Compared, compare, holds};
pub use displaced::Displaced;
pub use folders::{make_folders, remove_empty_folders};
pub use link::{is_pipe, read_link, replace_with_link};
pub use lock::{Attempt, Lock};
pub use private::{create_private_folders, create_private_new_folder, open_private_log, replace_private};
pub use replace::{Durability, Rights, make, replace, replace_with_rights, rights};
pub use stamp::{Moment, Stamp, Standing, stamp, standing};

/// The first bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes {
    /// The bytes that were read.
    pub bytes: Vec<u8>,
    /// How many the file has.
    pub whole_len: u64,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes; of a folder it means nothing.
    pub len: u64,
    /// When its content last changed, where the file system knows.
    pub modified: Option<SystemTime>,
    /// Which file it is, whatever its name; known on Unix.
    pub identity: Option<Identity>,
    /// How many names it has (hard links); known on Unix, else 1.
    pub names: u64,
}

/// What kind of thing stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; seen only where links are not followed.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// A file's identity while it exists: two paths with the same one lead to the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The number on the device.
    pub inode: u64,
}

/// The entries of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by name.
    pub entries: Vec<Entry>,
    /// Whether that is all.
    pub rest: Rest,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which need not be UTF-8.
    pub name: OsString,
    /// What it is; links are not followed.
    pub kind: Kind,
}

/// Whether a listing holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It does.
    Nothing,
    /// The folder has more entries than were asked for.
    More,
}

/// Reads a whole file.
///
/// Only regular files: a pipe, a device or a folder is an error, and opening a pipe which nobody
/// writes does not wait. A file over [`FILE_READ_BYTES_MAX`] is an error too.
pub fn read(path: &AbsPath) -> io::Result<Vec<u8>> {
    let Bytes { bytes, whole_len } = read_up_to(path, FILE_READ_BYTES_MAX)?;
    if whole_len > FILE_READ_BYTES_MAX {
        let text = format!("has {whole_len} bytes, more than the {FILE_READ_BYTES_MAX} that are read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Reads the first `max` bytes of a regular file, under the rules of [`read`].
pub fn read_up_to(path: &AbsPath, max: u64) -> io::Result<Bytes> {
    let (file, meta) = open_regular(path)?;
    first_bytes(file, &meta, max)
}

fn first_bytes(file: File, meta: &Metadata, max: u64) -> io::Result<Bytes> {
    let expected = meta.len().min(max);
    // Room for one byte more: at the end nothing has to be moved to find out that it is the end.
    let mut bytes = Vec::with_capacity(usize::try_from(expected + 1).unwrap_or_default());
    // One byte more than wanted tells whether the file grew past its length of a moment ago.
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    let whole_len = meta.len().max(bytes.len() as u64);
    bytes.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    Ok(Bytes { bytes, whole_len })
}

/// Opens a regular file for reading, under the rules of [`read`].
pub fn open(path: &AbsPath) -> io::Result<File> {
    open_regular(path).map(|(file, _)| file)
}

/// What stands at a path, links followed.
pub fn look(path: &AbsPath) -> io::Result<Look> {
    std::fs::metadata(path).map(|meta| look_of(&meta))
}

/// What stands at a path; a link is seen as a link.
pub fn look_at_link(path: &AbsPath) -> io::Result<Look> {
    std::fs::symlink_metadata(path).map(|meta| look_of(&meta))
}

/// The path without links; everything on it must exist.
pub fn real_path(path: &AbsPath) -> io::Result<AbsPath> {
    absolute(std::fs::canonicalize(path)?)
}

/// The entries of a folder, the first `max` of them by name.
///
/// Of a folder with more than [`FOLDER_ENTRIES_MAX`] entries it is not certain that the listed ones
/// are the first; it does say that there are more.
pub fn list(path: &AbsPath, max: usize) -> io::Result<Listing> {
    let mut entries = Vec::new();
    let mut rest = Rest::Nothing;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entries.len() == FOLDER_ENTRIES_MAX {
            rest = Rest::More;
            break;
        }
        // An entry that went away between the two calls is one that is not there.
        let Ok(kind) = entry.file_type() else { continue };
        entries.push(Entry { name: entry.file_name(), kind: kind_of(kind) });
    }
    entries.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    if entries.len() > max {
        entries.truncate(max);
        rest = Rest::More;
    }
    Ok(Listing { entries, rest })
}

/// Makes a folder and those above it, where they do not exist.
pub fn create_folders(path: &AbsPath) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Gives a file other permission bits; Windows has none.
pub fn set_mode(path: &AbsPath, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path.as_path(), std::fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, mode);
        Ok(())
    }
}

/// Removes a file or a link.
pub fn remove_file(path: &AbsPath) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Removes a folder that is empty.
pub fn remove_empty_folder(path: &AbsPath) -> io::Result<()> {
    std::fs::remove_dir(path)
}

/// Removes a folder with everything in it; links in it are removed, not followed.
pub fn remove_folder_all(path: &AbsPath) -> io::Result<()> {
    std::fs::remove_dir_all(path)
}

/// Brings a file's content to the disk, so that it outlives a power cut.
pub fn sync(path: &AbsPath) -> io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

/// Gives a file or folder another name on the same file system; a file that has that name is
/// replaced.
pub fn rename(from: &AbsPath, to: &AbsPath) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// A folder of a random name among the system's temporary ones, for this user alone. Nobody removes
/// it.
pub fn fresh_folder(prefix: &str) -> io::Result<AbsPath> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    private::restrict_folder(&mut builder);
    absolute(builder.tempdir()?.keep())
}

fn absolute(path: PathBuf) -> io::Result<AbsPath> {
    AbsPath::new(path).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Opens a regular file for reading, without waiting on a pipe that stands in its place.
fn open_regular(path: &AbsPath) -> io::Result<(File, Metadata)> {
    let opened = without_waiting(OpenOptions::new().read(true)).open(path);
    let file = opened.map_err(|error| match look(path) {
        // A socket cannot even be opened.
        Ok(look) if look.kind == Kind::Other => not_regular(),
        _ => error,
    })?;
    let meta = file.metadata()?;
    match kind_of(meta.file_type()) {
        Kind::File => Ok((file, meta)),
        Kind::Folder => Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder, not a file")),
        Kind::Link | Kind::Other => Err(not_regular()),
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file but a pipe, socket or device")
}

/// Opening a pipe waits for its other end unless it is told not to.
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

fn look_of(meta: &Metadata) -> Look {
    Look {
        kind: kind_of(meta.file_type()),
        len: meta.len(),
        modified: meta.modified().ok(),
        identity: identity(meta),
        names: names(meta),
    }
}

#[cfg(unix)]
fn names(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.nlink()
}

#[cfg(not(unix))]
fn names(_meta: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn identity(meta: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity { device: meta.dev(), inode: meta.ino() })
}

#[cfg(not(unix))]
fn identity(_meta: &Metadata) -> Option<Identity> {
    None
}

fn kind_of(kind: FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Link
    } else if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

#[cfg(unix)]
#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    /// A temporary folder as an absolute path; it goes with the first value.
    pub(in crate::os) fn folder() -> (tempfile::TempDir, AbsPath) {
        let held = tempfile::tempdir().unwrap();
        let path = AbsPath::new(held.path()).unwrap();
        (held, path)
    }

    /// Runs `work` on a thread and fails when it takes longer than 10 s.
    pub(in crate::os) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(work()));
        receiver.recv_timeout(Duration::from_secs(10)).expect("it hangs or panicked")
    }

    #[test]
    fn reads_whole_files_and_beginnings() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(read(&path).unwrap(), b"0123456789");
        assert_eq!(read_up_to(&path, 4).unwrap(), Bytes { bytes: b"0123".to_vec(), whole_len: 10 });
        assert_eq!(read_up_to(&path, 10).unwrap().whole_len, 10);
        assert_eq!(read_up_to(&path, 99).unwrap().bytes.len(), 10);
    }

    #[test]
    fn only_regular_files_are_read_and_a_pipe_does_not_hang() {
        let (_held, folder) = folder();
        let pipe = folder.join("pipe").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_path(), 0o600.into()).unwrap();
        let read_of = |path: &AbsPath| {
            let path = path.clone();
            in_time(move || read(&path)).map_err(|error| error.kind())
        };
        assert_eq!(read_of(&pipe), Err(io::ErrorKind::InvalidInput));
        assert_eq!(read_of(&folder), Err(io::ErrorKind::IsADirectory));
        assert_eq!(read_of(&AbsPath::new("/dev/zero").unwrap()), Err(io::ErrorKind::InvalidInput));
        assert_eq!(read_of(&folder.join("none").unwrap()), Err(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_file_too_large_is_not_read() {
        let (_held, folder) = folder();
        let path = folder.join("sparse").unwrap();
        File::create(&path).unwrap().set_len(FILE_READ_BYTES_MAX + 1).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn looks_through_links_and_at_them() {
        let (_held, folder) = folder();
        let (file, link) = (folder.join("file").unwrap(), folder.join("link").unwrap());
        std::fs::write(&file, b"xyz").unwrap();
        symlink("file", &link).unwrap();
        assert_eq!((look(&link).unwrap().kind, look(&link).unwrap().len), (Kind::File, 3));
        assert_eq!(look(&link).unwrap().identity, look(&file).unwrap().identity);
        assert_eq!(look_at_link(&link).unwrap().kind, Kind::Link);
        assert_eq!(read_link(&link).unwrap(), PathBuf::from("file"));
        assert_eq!(real_path(&link).unwrap(), real_path(&file).unwrap());
        assert_eq!(look(&folder).unwrap().kind, Kind::Folder);
        assert_eq!(look(&AbsPath::new("/dev/null").unwrap()).unwrap().kind, Kind::Other);
    }

    #[test]
    fn lists_in_order_and_says_that_there_is_more() {
        let (_held, folder) = folder();
        for name in ["c", "a", "b"] {
            std::fs::write(folder.join(name).unwrap(), b"").unwrap();
        }
        std::fs::create_dir(folder.join("d").unwrap()).unwrap();
        symlink("nowhere", folder.join("e").unwrap()).unwrap();
        let names = |max| {
            let listing = list(&folder, max).unwrap();
            let names: Vec<String> =
                listing.entries.iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect();
            (names.join(" "), listing.rest)
        };
        assert_eq!(names(9), ("a b c d e".into(), Rest::Nothing));
        assert_eq!(names(5), ("a b c d e".into(), Rest::Nothing));
        assert_eq!(names(2), ("a b".into(), Rest::More));
        let kinds: Vec<Kind> = list(&folder, 9).unwrap().entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::File, Kind::File, Kind::File, Kind::Folder, Kind::Link]);
    }

    #[test]
    fn folders_are_made_moved_and_removed() {
        let (_held, folder) = folder();
        let deep = folder.join("a/b/c").unwrap();
        create_folders(&deep).unwrap();
        create_folders(&deep).unwrap();
        rename(&folder.join("a").unwrap(), &folder.join("z").unwrap()).unwrap();
        assert_eq!(look(&folder.join("z/b/c").unwrap()).unwrap().kind, Kind::Folder);
        let kept = folder.join("kept").unwrap();
        std::fs::create_dir(&kept).unwrap();
        symlink(&kept, folder.join("z/link").unwrap()).unwrap();
        std::fs::write(kept.join("file").unwrap(), b"").unwrap();
        remove_folder_all(&folder.join("z").unwrap()).unwrap();
        assert_eq!(look(&kept.join("file").unwrap()).unwrap().kind, Kind::File);
        remove_file(&kept.join("file").unwrap()).unwrap();
        assert_eq!(list(&kept, 1).unwrap().entries, []);
    }

    #[test]
    fn a_fresh_folder_is_private_and_stays() {
        let (first, second) =
            (fresh_folder("quillon-test-").unwrap(), fresh_folder("quillon-test-").unwrap());
        assert_ne!(first, second);
        for path in [first, second] {
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
            remove_folder_all(&path).unwrap();
        }
    }
}
