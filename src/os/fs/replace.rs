//! Gives a file new content so that whoever reads it finds the old or the new, never half.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::attributes::{AccessList, Attributes};
use super::{names, not_regular, without_waiting};
use crate::limits::LINKS_FOLLOWED_MAX;
use crate::path::AbsPath;

/// What new content outlives once the call has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of this process, however sudden.
    Process,
    /// A power cut too; costs some milliseconds.
    Machine,
}

/// Gives a file this content, or makes it.
///
/// The content goes into a new file of a random name in the same folder, which then takes the old
/// one's name; on failure it is removed. Mode, owner, group and extended attributes
/// stay as far as this user may set them. A new file gets what the user's mask leaves of `rw-rw-rw-`.
/// A link stays and its target is replaced, also one that does not exist yet. A file that the user may
/// not write (`chmod a-w`) is an error, though the folder would allow it.
///
/// Written in place instead, so that a crash can leave half of it, are files with several names
/// (hard links), files which are mount points, and files in a folder that takes no new ones.
pub fn replace(path: &AbsPath, bytes: &[u8], durability: Durability) -> io::Result<()> {
    put(path, bytes, None, durability)
}

/// The rights of a file: its mode, owner, group and attributes.
#[derive(Debug, Clone)]
pub struct Rights {
    #[cfg_attr(not(unix), allow(dead_code, reason = "elsewhere rights are not put on"))]
    meta: Metadata,
    attributes: Attributes,
}

/// The rights of what stands at a path, links followed.
pub fn rights(path: &AbsPath) -> io::Result<Rights> {
    std::fs::metadata(path).map(|meta| Rights { meta, attributes: Attributes::of(path.as_path()) })
}

/// As [`replace`], but with the rights of another file, as far as this user may give them. A file that
/// is written in place keeps its own.
pub fn replace_with_rights(
    path: &AbsPath,
    bytes: &[u8],
    rights: &Rights,
    durability: Durability,
) -> io::Result<()> {
    put(path, bytes, Some(rights), durability)
}

/// Makes a file where nothing stands, with these rights or those of any new file; whatever stands there is
/// an error (`AlreadyExists`) and stays.
pub fn make(path: &AbsPath, bytes: &[u8], rights: Option<&Rights>, durability: Durability) -> io::Result<()> {
    let permit = rights.map_or(Permit::New, Permit::As);
    let folder = path.as_path().parent().ok_or(io::ErrorKind::IsADirectory)?;
    let file = filled(folder, bytes, permit, durability)?;
    match file.persist_noclobber(path.as_path()) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Err(error.error),
        // Some file systems have neither hard links nor such a rename.
        Err(error) => drop(error.file.persist(path.as_path()).map_err(|error| error.error)?),
    }
    kept(folder, durability)
}

fn put(path: &AbsPath, bytes: &[u8], rights: Option<&Rights>, durability: Durability) -> io::Result<()> {
    let target = follow(path.as_path())?;
    let old = match std::fs::metadata(&target) {
        Ok(meta) if meta.is_file() => meta,
        Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(not_regular()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return by_rename(&target, bytes, rights.map_or(Permit::New, Permit::As), durability);
        }
        Err(error) => return Err(error),
    };
    refuse_write_protected(&target, &old)?;
    if names(&old) > 1 {
        return in_place(&target, bytes, durability);
    }
    let own;
    let rights = match rights {
        Some(rights) => rights,
        None => {
            own = Rights { meta: old, attributes: Attributes::of(&target) };
            &own
        }
    };
    match by_rename(&target, bytes, Permit::As(rights), durability) {
        Err(error) if folder_refuses(&error) => in_place(&target, bytes, durability),
        done => done,
    }
}

/// The rights of a file that takes another's place.
#[derive(Clone, Copy)]
pub(super) enum Permit<'a> {
    /// Those of a file which this user makes.
    New,
    /// For this user alone.
    Private,
    /// Those of the file before.
    As(&'a Rights),
}

/// Writes a new file beside `target` and gives it its name.
pub(super) fn by_rename(
    target: &Path,
    bytes: &[u8],
    permit: Permit<'_>,
    durability: Durability,
) -> io::Result<()> {
    let folder = target.parent().ok_or(io::ErrorKind::IsADirectory)?;
    let file = filled(folder, bytes, permit, durability)?;
    file.persist(target).map_err(|error| error.error)?;
    kept(folder, durability)
}

/// A new file with this content, which is removed when it is dropped without having got its name.
fn filled(
    folder: &Path,
    bytes: &[u8],
    permit: Permit<'_>,
    durability: Durability,
) -> io::Result<NamedTempFile> {
    let mut file = beside(folder, permit)?;
    file.as_file_mut().write_all(bytes)?;
    if let Permit::As(old) = permit {
        take_over_rights(file.as_file(), old)?;
    }
    if durability == Durability::Machine {
        file.as_file().sync_all()?;
    }
    Ok(file)
}

fn kept(folder: &Path, durability: Durability) -> io::Result<()> {
    match durability {
        Durability::Process => Ok(()),
        Durability::Machine => sync_folder(folder),
    }
}

/// Makes the names in a folder outlive a power cut. Windows has no such call and needs none.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Where the links at the end of a path lead; what stands there may be missing.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=LINKS_FOLLOWED_MAX {
        match std::fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => {
                let text = std::fs::read_link(&path)?;
                // Not made normal: `..` in a link counts from where the folder really is.
                path = path.parent().unwrap_or(Path::new("/")).join(text);
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many links, or a ring of links"))
}

fn beside(folder: &Path, permit: Permit<'_>) -> io::Result<NamedTempFile> {
    // The error says what the system said: the new file's name, which nobody knows, is no part of it.
    let mut why = None;
    let make = |path: &Path| new_file(path, permit).inspect_err(|error| why = error.raw_os_error());
    let made = tempfile::Builder::new().prefix(".quillon-").suffix(".tmp").make_in(folder, make);
    made.map_err(|error| why.map_or(error, io::Error::from_raw_os_error))
}

fn new_file(path: &Path, permit: Permit<'_>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match permit {
            Permit::New => 0o666,
            Permit::Private | Permit::As(_) => 0o600,
        });
    }
    #[cfg(not(unix))]
    let _ = permit;
    options.open(path)
}

/// Overwrites the file's own bytes. What goes past the old end is written first, so that a full
/// disk, the usual failure, leaves the old content.
fn in_place(target: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut file = without_waiting(OpenOptions::new().write(true)).open(target)?;
    let old_len = file.metadata()?.len();
    let overlap = bytes.len().min(usize::try_from(old_len).unwrap_or(usize::MAX));
    file.seek(SeekFrom::Start(overlap as u64))?;
    if bytes.len() > overlap
        && let Err(error) = file.write_all(&bytes[overlap..])
    {
        file.set_len(old_len)?;
        return Err(error);
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes[..overlap])?;
    file.set_len(bytes.len() as u64)?;
    match durability {
        Durability::Process => Ok(()),
        Durability::Machine => file.sync_all(),
    }
}

/// Whether the folder, or the file's being a mount point, is what stands against a rename.
fn folder_refuses(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), ResourceBusy | CrossesDevices | PermissionDenied | ReadOnlyFilesystem)
}

#[cfg(unix)]
fn refuse_write_protected(target: &Path, _old: &Metadata) -> io::Result<()> {
    match rustix::fs::access(target, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Ok(()),
        Err(error) => Err(io::Error::from(error)),
    }
}

#[cfg(not(unix))]
fn refuse_write_protected(_target: &Path, old: &Metadata) -> io::Result<()> {
    match old.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn take_over_rights(file: &File, rights: &Rights) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let list = rights.attributes.give(file);
    let (old, present) = (&rights.meta, file.metadata()?);
    let group = rustix::fs::Gid::from_raw(old.gid());
    let owner = rustix::fs::Uid::from_raw(old.uid());
    let mut mode = old.mode() & 0o7777;
    let differs = (present.uid(), present.gid()) != (old.uid(), old.gid());
    if differs && rustix::fs::fchown(file, Some(owner), Some(group)).is_err() {
        // The group alone may be allowed; rights of another owner or group must not be lent.
        if present.uid() != old.uid() || rustix::fs::fchown(file, None, Some(group)).is_err() {
            mode &= 0o777;
        }
    }
    // Beside a list these bits say what it allows at most, and not what the group may.
    if list == AccessList::Lost {
        mode &= !0o070;
    }
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn take_over_rights(file: &File, rights: &Rights) -> io::Result<()> {
    match rights.attributes.give(file) {
        AccessList::AsBefore | AccessList::Lost => Ok(()),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::tests::{folder, in_time};
    use super::super::{Look, list, look, look_at_link, read};
    use super::*;

    fn put(path: &AbsPath, text: &str) -> io::Result<()> {
        replace(path, text.as_bytes(), Durability::Process)
    }

    fn text(path: &AbsPath) -> String {
        String::from_utf8(read(path).unwrap()).unwrap()
    }

    fn mode(path: &AbsPath) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &AbsPath, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn names(folder: &AbsPath) -> Vec<String> {
        let entries = list(folder, 99).unwrap().entries;
        entries.iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn makes_and_replaces_and_leaves_nothing_behind() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        put(&path, "one").unwrap();
        replace(&path, b"two", Durability::Machine).unwrap();
        assert_eq!((text(&path), names(&folder)), ("two".into(), vec!["a".into()]));
    }

    #[test]
    fn a_file_is_made_where_nothing_stands() {
        let (_held, folder) = folder();
        let (path, link) = (folder.join("a").unwrap(), folder.join("link").unwrap());
        make(&path, b"one", None, Durability::Process).unwrap();
        symlink("nowhere", &link).unwrap();
        for taken in [&path, &link] {
            let error = make(taken, b"two", None, Durability::Machine).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!((text(&path), names(&folder).len()), ("one".into(), 2));
        let plain = folder.join("plain").unwrap();
        std::fs::write(&plain, "x").unwrap();
        assert_eq!(mode(&path), mode(&plain));
    }

    #[test]
    fn a_new_file_has_the_rights_of_any_new_file() {
        let (_held, folder) = folder();
        let (ours, plain) = (folder.join("ours").unwrap(), folder.join("plain").unwrap());
        put(&ours, "x").unwrap();
        std::fs::write(&plain, "x").unwrap();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn the_mode_stays() {
        let (_held, folder) = folder();
        let path = folder.join("run.sh").unwrap();
        put(&path, "one").unwrap();
        for kept in [0o755, 0o600, 0o640, 0o4711] {
            set_mode(&path, kept);
            put(&path, "two").unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn the_rights_of_another_file() {
        let (_held, folder) = folder();
        let (secret, moved) = (folder.join("secret").unwrap(), folder.join("moved").unwrap());
        put(&secret, "one").unwrap();
        for mode_of_it in [0o600, 0o755] {
            set_mode(&secret, mode_of_it);
            let rights = rights(&secret).unwrap();
            replace_with_rights(&moved, b"two", &rights, Durability::Process).unwrap();
            assert_eq!((text(&moved).as_str(), mode(&moved)), ("two", mode_of_it));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn attributes_and_the_access_list_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let (_held, folder) = folder();
        let (path, other) = (folder.join("a").unwrap(), folder.join("b").unwrap());
        put(&path, "one").unwrap();
        put(&other, "one").unwrap();
        set_mode(&other, 0o640);
        // The owner and one more may write, the group may nothing.
        let mut list = vec![2, 0, 0, 0];
        for (tag, may, id) in [(1u16, 6u16, !0u32), (2, 6, 12345), (4, 0, !0), (16, 6, !0), (32, 0, !0)] {
            list.extend([&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat());
        }
        let given = [("user.note", b"mine".to_vec()), ("system.posix_acl_access", list)];
        for (name, value) in &given {
            if setxattr(path.as_path(), *name, value, XattrFlags::empty()).is_err() {
                eprintln!("not tested: the file system of the temporary folder has no attributes");
                return;
            }
        }
        let had = |path: &AbsPath, name: &str| {
            let mut value = vec![0; 256];
            getxattr(path.as_path(), name, &mut value[..]).ok().map(|length| value[..length].to_vec())
        };
        put(&path, "two").unwrap();
        for (name, value) in &given {
            assert_eq!(had(&path, name).as_ref(), Some(value), "{name}");
        }
        assert_eq!(mode(&path), 0o660);
        replace_with_rights(&path, b"three", &rights(&other).unwrap(), Durability::Process).unwrap();
        assert_eq!((had(&path, given[1].0), mode(&path)), (None, 0o640));

        // A list that new files of a folder get is none of the old file's.
        setxattr(folder.as_path(), "system.posix_acl_default", &given[1].1, XattrFlags::empty()).unwrap();
        put(&other, "two").unwrap();
        assert_eq!((had(&other, given[1].0), mode(&other)), (None, 0o640));
    }

    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let (_held, folder) = folder();
        std::fs::create_dir_all(folder.join("real/deep").unwrap()).unwrap();
        let target = folder.join("real/file").unwrap();
        std::fs::write(&target, "one").unwrap();
        // Seen from `short`, the link's `..` is `real`, not `folder`.
        symlink("../file", folder.join("real/deep/link").unwrap()).unwrap();
        symlink("real/deep", folder.join("short").unwrap()).unwrap();
        let link = folder.join("short/link").unwrap();
        put(&link, "two").unwrap();
        assert_eq!(text(&target), "two");
        assert_eq!(look_at_link(&link).unwrap().kind, super::super::Kind::Link);
        assert_eq!(names(&folder), ["real", "short"]);
    }

    #[test]
    fn a_link_to_nothing_gets_its_target_and_a_ring_is_refused() {
        let (_held, folder) = folder();
        let link = folder.join("link").unwrap();
        symlink("target", &link).unwrap();
        put(&link, "new").unwrap();
        assert_eq!(text(&folder.join("target").unwrap()), "new");
        let ring = folder.join("ring").unwrap();
        symlink("ring", &ring).unwrap();
        assert_eq!(put(&ring, "x").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn all_names_of_a_file_show_the_new_content() {
        let (_held, folder) = folder();
        let (one, two) = (folder.join("one").unwrap(), folder.join("two").unwrap());
        std::fs::write(&one, "old").unwrap();
        std::fs::hard_link(&one, &two).unwrap();
        for new in ["longer than before", "short", ""] {
            put(&one, new).unwrap();
            assert_eq!((text(&one), text(&two)), (new.into(), new.into()));
            assert_eq!(std::fs::metadata(&one).unwrap().nlink(), 2);
        }
    }

    #[test]
    fn what_is_no_file_is_refused_and_nothing_is_left() {
        let (_held, folder) = folder();
        let pipe = folder.join("pipe").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_path(), 0o600.into()).unwrap();
        std::fs::create_dir(folder.join("sub").unwrap()).unwrap();
        let refused = |path: AbsPath| in_time(move || put(&path, "x")).unwrap_err().kind();
        assert_eq!(refused(pipe), io::ErrorKind::InvalidInput);
        assert_eq!(refused(folder.join("sub").unwrap()), io::ErrorKind::IsADirectory);
        assert_eq!(refused(folder.join("none/file").unwrap()), io::ErrorKind::NotFound);
        assert_eq!(names(&folder), ["pipe", "sub"]);
    }

    #[test]
    fn a_rename_that_fails_takes_the_new_file_along() {
        let (_held, folder) = folder();
        let sub = folder.join("sub").unwrap();
        std::fs::create_dir(&sub).unwrap();
        assert!(by_rename(sub.as_path(), b"x", Permit::New, Durability::Process).is_err());
        assert_eq!(names(&folder), ["sub"]);
    }

    #[test]
    fn a_folder_that_takes_no_files_does_not_stand_in_the_way() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, "one").unwrap();
        in_place(path.as_path(), b"three", Durability::Machine).unwrap();
        assert_eq!(text(&path), "three");
        set_mode(&folder, 0o555);
        // (The superuser may write anyway; then this is an ordinary replacement.)
        put(&path, "two").unwrap();
        assert_eq!(text(&path), "two");
        set_mode(&folder, 0o755);
    }

    #[test]
    fn a_write_protected_file_stays() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, "one").unwrap();
        set_mode(&path, 0o444);
        let expected = match rustix::process::geteuid().is_root() {
            true => (Ok(()), "two"),
            false => (Err(io::ErrorKind::PermissionDenied), "one"),
        };
        assert_eq!(put(&path, "two").map_err(|error| error.kind()), expected.0);
        assert_eq!((text(&path).as_str(), mode(&path)), (expected.1, 0o444));
    }

    #[test]
    fn a_reader_sees_the_old_or_the_new() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        let content = |letter: &str| letter.repeat(200_000);
        put(&path, &content("a")).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::Relaxed) {
                    let bytes = read(&path).unwrap();
                    assert_eq!(bytes.len(), 200_000);
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "half of each");
                    seen += 1;
                }
                seen
            });
            for letter in ["b", "c", "d", "e"].iter().cycle().take(60) {
                put(&path, &content(letter)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
            assert!(reader.join().unwrap() > 0);
        });
        let Look { len, .. } = look(&path).unwrap();
        assert_eq!((len, names(&folder)), (200_000, vec!["a".to_owned()]));
    }
}
