//! Symbolic links: what they say, and one in the place of a file; and pipes.

use std::io;
use std::path::{Path, PathBuf};

use crate::path::AbsPath;

/// The text of a link.
pub fn read_link(path: &AbsPath) -> io::Result<PathBuf> {
    std::fs::read_link(path)
}

/// Whether a named pipe stands at a path. On systems without them nothing is one.
pub fn is_pipe(path: &AbsPath) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Puts a link with this text where a file, another link or nothing stands; it stands there at once.
pub fn replace_with_link(path: &AbsPath, text: &Path) -> io::Result<()> {
    let folder = path.as_path().parent().ok_or(io::ErrorKind::IsADirectory)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quillon-").suffix(".tmp");
    let made = builder.make_in(folder, |beside| make(text, beside))?;
    made.into_temp_path().persist(path).map_err(|error| error.error)
}

#[cfg(unix)]
fn make(text: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(text, at)
}

#[cfg(not(unix))]
fn make(_text: &Path, _at: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "links are made on Unix alone"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::super::{list, read};
    use super::*;

    #[test]
    fn a_link_takes_the_place_of_whatever_file_stands_there() {
        let (_held, folder) = folder();
        let (target, path) = (folder.join("target").unwrap(), folder.join("link").unwrap());
        std::fs::write(&target, b"kept").unwrap();
        for text in ["target", "nowhere", "target"] {
            replace_with_link(&path, Path::new(text)).unwrap();
            assert_eq!(read_link(&path).unwrap(), Path::new(text));
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"gone").unwrap();
        replace_with_link(&path, Path::new("target")).unwrap();
        assert_eq!((read(&target).unwrap(), list(&folder, 9).unwrap().entries.len()), (b"kept".to_vec(), 2));
    }
}
