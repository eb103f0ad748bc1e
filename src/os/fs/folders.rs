//! Folders that are made for a file, and go again where nothing comes into them.

use std::io;

use super::{Kind, look};
use crate::path::AbsPath;

/// Makes a folder and those above it, where they do not exist. Gives those that were made, each before
/// those in it; on failure none of them is left.
pub fn make_folders(path: &AbsPath) -> io::Result<Vec<AbsPath>> {
    let mut missing = Vec::new();
    let mut above = Some(path.clone());
    while let Some(folder) = above.filter(|folder| look(folder).is_err()) {
        above = folder.parent();
        missing.push(folder);
    }
    missing.reverse();
    let mut made = Vec::new();
    match make_each(&missing, &mut made).and_then(|()| must_be_folder(path)) {
        Ok(()) => Ok(made),
        Err(error) => {
            remove_empty_folders(&made);
            Err(error)
        }
    }
}

fn make_each(missing: &[AbsPath], made: &mut Vec<AbsPath>) -> io::Result<()> {
    for folder in missing {
        match std::fs::create_dir(folder) {
            Ok(()) => made.push(folder.clone()),
            // Somebody else made it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn must_be_folder(path: &AbsPath) -> io::Result<()> {
    match look(path)?.kind {
        Kind::Folder => Ok(()),
        Kind::File | Kind::Link | Kind::Other => {
            Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{path} is no folder")))
        }
    }
}

/// Removes folders as [`make_folders`] gives them, as far as nothing is in them.
pub fn remove_empty_folders(folders: &[AbsPath]) {
    for folder in folders.iter().rev() {
        if std::fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::super::{list, look};
    use super::*;

    #[test]
    fn what_was_made_goes_where_it_is_empty() {
        let (_held, folder) = folder();
        let at = |name: &str| folder.join(name).unwrap();
        std::fs::create_dir(at("a")).unwrap();
        let made = make_folders(&at("a/b/c/d")).unwrap();
        assert_eq!(made, [at("a/b"), at("a/b/c"), at("a/b/c/d")]);
        assert_eq!(make_folders(&at("a/b/c/d")).unwrap(), []);
        std::fs::write(at("a/b/file"), "somebody's").unwrap();
        remove_empty_folders(&made);
        assert_eq!((look(&at("a/b/c")).is_err(), look(&at("a/b/file")).is_ok()), (true, true));
    }

    #[test]
    fn nothing_is_left_where_one_cannot_be_made() {
        let (_held, folder) = folder();
        let at = |name: &str| folder.join(name).unwrap();
        std::fs::write(at("file"), "").unwrap();
        for name in ["file", "file/a", "file/a/b"] {
            assert_eq!(make_folders(&at(name)).unwrap_err().kind(), io::ErrorKind::NotADirectory, "{name}");
        }
        // The name of the last one is too long for any file system.
        let long = format!("a/b/{}", "x".repeat(300));
        assert!(make_folders(&at(&long)).is_err());
        assert_eq!(list(&folder, 9).unwrap().entries.len(), 1);
    }
}
