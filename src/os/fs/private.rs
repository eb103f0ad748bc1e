//! Folders and files for this user alone: what sessions and logs are kept in.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;

use super::replace::{Durability, Permit, by_rename};
use super::without_waiting;
use crate::path::AbsPath;

/// Makes a folder and those above it, where they do not exist; the new ones are for this user alone
/// (0700). Folders that exist keep their rights.
pub fn create_private_folders(path: &AbsPath) -> io::Result<()> {
    private_folder().recursive(true).create(path)
}

/// Makes a folder for this user alone; that it exists already is an error.
pub fn create_private_new_folder(path: &AbsPath) -> io::Result<()> {
    private_folder().create(path)
}

/// Gives a file this content at once, as [`super::replace()`] does, for this user alone (0600). A
/// link that stands there goes.
pub fn replace_private(path: &AbsPath, bytes: &[u8], durability: Durability) -> io::Result<()> {
    by_rename(path.as_path(), bytes, Permit::Private, durability)
}

/// Opens a file of this user alone (0600) for writing at its end, and makes it where it is missing.
pub fn open_private_log(path: &AbsPath) -> io::Result<File> {
    private_file(OpenOptions::new().append(true).create(true)).open(path)
}

/// The rights of files made by these options: 0600.
pub(super) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    without_waiting(options)
}

/// The rights of folders made by this builder: 0700.
pub(super) fn restrict_folder(builder: &mut tempfile::Builder<'_, '_>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    #[cfg(not(unix))]
    let _ = builder;
}

fn private_folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "rights are Unix's"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::tests::folder;
    use super::*;

    fn mode(path: &AbsPath) -> u32 {
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn folders_are_ours_alone() {
        let (_held, folder) = folder();
        let deep = folder.join("a/b").unwrap();
        create_private_folders(&deep).unwrap();
        create_private_folders(&deep).unwrap();
        assert_eq!((mode(&deep), mode(&folder.join("a").unwrap())), (0o700, 0o700));
        assert_eq!(create_private_new_folder(&deep).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        create_private_new_folder(&deep.join("c").unwrap()).unwrap();
        assert_eq!(mode(&deep.join("c").unwrap()), 0o700);
    }

    #[test]
    fn files_are_ours_alone() {
        let (_held, folder) = folder();
        let (file, link) = (folder.join("file").unwrap(), folder.join("link").unwrap());
        std::fs::write(&file, "elsewhere").unwrap();
        symlink("file", &link).unwrap();
        replace_private(&link, b"ours", Durability::Process).unwrap();
        assert_eq!((mode(&link), std::fs::read(&link).unwrap()), (0o600, b"ours".to_vec()));
        assert_eq!(std::fs::read(&file).unwrap(), b"elsewhere");
        let log = folder.join("log").unwrap();
        open_private_log(&log).unwrap().write_all(b"one").unwrap();
        open_private_log(&log).unwrap().write_all(b"two").unwrap();
        assert_eq!((mode(&log), std::fs::read(&log).unwrap()), (0o600, b"onetwo".to_vec()));
    }
}
