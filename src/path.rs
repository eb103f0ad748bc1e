//! `AbsPath`: a path that is absolute and lexically normal, without any I/O.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// An absolute path without `.` and `..` components.
///
/// Lexical only: links are not followed, and whether anything exists there is not known. Whoever
/// opens a file asks `workspace::root` where the path leads.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
pub struct AbsPath(PathBuf);

/// Why a text is not an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is relative, and nothing says to what.
    #[error("`{0}` is not an absolute path")]
    Relative(String),
    /// The path holds a NUL byte, which no file system allows.
    #[error("the path holds a NUL byte")]
    Nul,
    /// The path is empty.
    #[error("the path is empty")]
    Empty,
}

impl AbsPath {
    /// Makes an absolute path normal: `.` vanishes, `..` takes the component before it along
    /// (at the root it vanishes).
    pub fn new(path: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() {
            return Err(PathError::Empty);
        }
        if path.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(PathError::Nul);
        }
        if !path.is_absolute() {
            return Err(PathError::Relative(path.display().to_string()));
        }
        Ok(Self(normalise(path)))
    }

    /// `path` as seen from here: joined when relative, taken alone when absolute.
    pub fn join(&self, path: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = path.as_ref();
        if path.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(PathError::Nul);
        }
        Ok(Self(normalise(&self.0.join(path))))
    }

    /// The path for the standard library.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// The folder that holds this path; none for a root.
    pub fn parent(&self) -> Option<Self> {
        self.0.parent().map(|parent| Self(parent.to_owned()))
    }

    /// The last component as text; empty for a root.
    pub fn file_name(&self) -> String {
        self.0.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Whether this path is `folder` or lies below it, by its text.
    pub fn starts_with(&self, folder: &Self) -> bool {
        self.0.starts_with(&folder.0)
    }

    /// The path as a person reads it: relative to `folder` when it lies below it, with `/`.
    pub fn display_in(&self, folder: &Self) -> String {
        match self.0.strip_prefix(&folder.0) {
            Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
            Ok(rest) => rest.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"),
            Err(_) => self.to_string(),
        }
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl fmt::Debug for AbsPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl AsRef<Path> for AbsPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl TryFrom<PathBuf> for AbsPath {
    type Error = PathError;
    fn try_from(path: PathBuf) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl From<AbsPath> for PathBuf {
    fn from(path: AbsPath) -> Self {
        path.0
    }
}

fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(component),
        }
    }
    normal
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<&str, PathError>) {
        assert_eq!(AbsPath::new(path).map(|path| path.to_string()), expected.map(str::to_owned));
    }

    #[test]
    fn normal_form() {
        check("/a/./b/../c", Ok("/a/c"));
        check("/..", Ok("/"));
        check("/a//b/", Ok("/a/b"));
    }

    #[test]
    fn refused() {
        check("a/b", Err(PathError::Relative("a/b".into())));
        check("", Err(PathError::Empty));
        check("/a\0b", Err(PathError::Nul));
    }

    #[test]
    fn joined_and_shown() {
        let root = AbsPath::new("/w").unwrap();
        assert_eq!(root.join("../x").unwrap().to_string(), "/x");
        assert_eq!(root.join("a/b").unwrap().display_in(&root), "a/b");
        assert_eq!(root.join("/etc").unwrap().display_in(&root), "/etc");
    }
}
