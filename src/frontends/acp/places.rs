//! `Places`: a session's folders as the client writes them, and where they really are.
//!
//! The engine works on real paths; a client finds its buffers under the paths that it knows itself,
//! which may lead through links.

use crate::path::AbsPath;

/// The folders, the working folder first.
#[derive(Debug, Clone)]
pub struct Places {
    folders: Vec<Folder>,
}

#[derive(Debug, Clone)]
struct Folder {
    written: AbsPath,
    real: AbsPath,
}

impl Places {
    /// The working folder alone: as written, and where it leads.
    pub fn new((written, real): (AbsPath, AbsPath)) -> Self {
        Self { folders: vec![Folder { written, real }] }
    }

    /// Adds a folder, unless it lies in one of the others.
    pub fn add(&mut self, (written, real): (AbsPath, AbsPath)) {
        if !self.folders.iter().any(|folder| real.starts_with(&folder.real)) {
            self.folders.push(Folder { written, real });
        }
    }

    /// The working folder as the client writes it.
    pub fn cwd(&self) -> &AbsPath {
        &self.folders[0].written
    }

    /// All folders as the client writes them.
    pub fn roots(&self) -> Vec<AbsPath> {
        self.folders.iter().map(|folder| folder.written.clone()).collect()
    }

    /// All folders where they really are.
    pub fn real_roots(&self) -> Vec<AbsPath> {
        self.folders.iter().map(|folder| folder.real.clone()).collect()
    }

    /// A real path as the client writes it; the same where it lies in none of the folders.
    pub fn for_client(&self, real: &AbsPath) -> AbsPath {
        self.inside(real).unwrap_or_else(|| real.clone())
    }

    /// A real path as the client writes it; none where it lies in none of the folders.
    pub fn inside(&self, real: &AbsPath) -> Option<AbsPath> {
        let folder = self.folders.iter().find(|folder| real.starts_with(&folder.real))?;
        if folder.real == folder.written {
            return Some(real.clone());
        }
        let below = real.as_path().strip_prefix(folder.real.as_path()).ok()?;
        folder.written.join(below).ok()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    #[test]
    fn clients_see_the_paths_they_wrote() {
        let mut places = Places::new((path("/link"), path("/real/w")));
        places.add((path("/v"), path("/v")));
        assert_eq!(places.for_client(&path("/real/w/a/b")), path("/link/a/b"));
        assert_eq!(places.for_client(&path("/real/w")), path("/link"));
        assert_eq!(places.for_client(&path("/v/x")), path("/v/x"));
        assert_eq!(places.for_client(&path("/real/other")), path("/real/other"));
        assert_eq!(places.inside(&path("/real/other")), None);
    }
}
