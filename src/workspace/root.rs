//! Where a written path leads: absolute, links followed, inside the workspace or not.

use std::io;

use super::FileError;
use crate::limits;
use crate::os::fs::{self, Kind};
use crate::path::AbsPath;

/// Where a written path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The real path: no component is a link, as far as things exist.
    pub path: AbsPath,
    /// Whether the workspace holds it.
    pub side: Side,
}

/// On which side of the workspace's border a place lies, and whether it may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In one of the roots.
    Inside,
    /// In one of them, and what stands there may not be read before that was asked for.
    Withheld,
    /// In one of them, and what stands there is for no model.
    Never,
    /// In none.
    Outside,
}

/// Relative paths count from `cwd`; `file://` URIs are understood.
pub(super) fn locate(written: &str, cwd: &AbsPath, roots: &[AbsPath]) -> Result<Place, FileError> {
    let path = match written.strip_prefix("file://") {
        Some(rest) => AbsPath::new(decoded(rest))?,
        None if written.is_empty() => return Err(crate::path::PathError::Empty.into()),
        None => cwd.join(written)?,
    };
    let path = resolve(&path).map_err(|error| FileError::Io { path: path.clone(), error })?;
    if path.as_path().to_str().is_none() {
        return Err(FileError::NoUtf8 { written: written.to_owned(), path });
    }
    let inside = roots.iter().any(|root| path.starts_with(root));
    Ok(Place { path, side: if inside { Side::Inside } else { Side::Outside } })
}

/// An error when the path leads elsewhere than it says, because a link was put on it.
pub(super) fn still_there(path: &AbsPath) -> Result<(), FileError> {
    match resolve(path) {
        Ok(real) if real == *path => Ok(()),
        Ok(_) => Err(FileError::Moved(path.clone())),
        Err(error) => Err(FileError::Io { path: path.clone(), error }),
    }
}

/// The real path of what exists, and the rest as written.
pub(super) fn resolve(path: &AbsPath) -> io::Result<AbsPath> {
    match fs::real_path(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::look_at_link(path).is_ok_and(|look| look.kind == Kind::Link) {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the link leads to nothing"));
            }
            let Some(parent) = path.parent() else { return Err(error) };
            resolve(&parent)?.join(path.file_name()).map_err(io::Error::other)
        }
        done => done,
    }
}

/// Where a name leads as the system takes it, seen from a folder: a `..` goes up from where the links before it led.
pub(super) fn leads(folder: &str, name: &str) -> io::Result<AbsPath> {
    let wrong = |error: crate::path::PathError| io::Error::new(io::ErrorKind::InvalidInput, error);
    let mut at = AbsPath::new("/").map_err(wrong)?;
    let from = if name.starts_with('/') { "" } else { folder };
    for part in from.split('/').chain(name.split('/')) {
        at = match part {
            "" | "." => continue,
            ".." => {
                let real = resolve(&at)?;
                real.parent().unwrap_or(real)
            }
            part => at.join(part).map_err(wrong)?,
        };
    }
    // Below a file there is nothing, and so no link.
    match resolve(&at) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => match at.parent() {
            Some(above) => leads("/", &above.to_string())?.join(at.file_name()).map_err(wrong),
            None => Err(error),
        },
        done => done,
    }
}

/// A sentence with up to three names in the same folder that look like the missing one.
pub(super) fn similar(path: &AbsPath) -> String {
    let Some(Ok(listing)) = path.parent().map(|parent| fs::list(&parent, limits::LISTED_ENTRIES_MAX)) else {
        return String::new();
    };
    let is_it = |entry: &fs::Entry| entry.name.to_string_lossy() == path.file_name();
    if listing.entries.iter().any(is_it) {
        // What cannot be written as text cannot be named in a journal either.
        return " under a name in UTF-8; use a command, with `?` in the place of what cannot be written"
            .into();
    }
    let wanted = path.file_name().to_lowercase();
    let mut names: Vec<(usize, String)> = listing
        .entries
        .iter()
        .map(|entry| entry.name.to_string_lossy().into_owned())
        .filter_map(|name| Some((likeness(&wanted, &name.to_lowercase())?, name)))
        .collect();
    names.sort();
    let names: Vec<String> = names.into_iter().take(3).map(|(_, name)| name).collect();
    if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) }
}

/// How far apart two names are; none when they have little in common.
fn likeness(wanted: &str, name: &str) -> Option<usize> {
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    if stem(wanted) == stem(name) || name.contains(wanted) || wanted.contains(name) {
        return Some(0);
    }
    let (wanted, name): (Vec<char>, Vec<char>) = (wanted.chars().collect(), name.chars().collect());
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, left) in wanted.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, right) in name.iter().enumerate() {
            let kept = corner + usize::from(left != right);
            corner = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(corner + 1);
        }
    }
    let distance = row[name.len()];
    (distance * 3 <= wanted.len().max(name.len())).then_some(distance)
}

/// Percent signs of a URI's path decoded.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_and_borders() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        let (root, out) = (base.join("w").unwrap(), base.join("out").unwrap());
        for folder in [&root, &out, &root.join("sub").unwrap()] {
            fs::create_folders(folder).unwrap();
        }
        fs::replace(&root.join("a.txt").unwrap(), b"a", fs::Durability::Process).unwrap();
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, root.join(at).unwrap()).unwrap();
        link("../out", "away");
        link("sub", "near");
        link("nowhere", "dangling");
        let lead = |name: &str| leads(&root.to_string(), name).map(|path| path.display_in(&base));
        assert_eq!(lead("sub/../a.txt").unwrap(), "w/a.txt");
        assert_eq!(lead("away/x").unwrap(), "out/x");
        assert_eq!(lead("away/../w/a.txt").unwrap(), "w/a.txt", "up from where the link leads");
        assert_eq!(lead("near/../away/../x").unwrap(), "x");
        assert_eq!(lead("none/new").unwrap(), "w/none/new");
        assert_eq!(lead("a.txt/x/y").unwrap(), "w/a.txt/x/y");
        assert!(lead("dangling").is_err() && lead("dangling/x").is_err());
        let roots = [root.clone()];
        let check = |written: &str, expected: &str, side: Side| {
            let place = locate(written, &root, &roots).unwrap();
            assert_eq!((place.path.display_in(&base), place.side), (expected.to_owned(), side), "{written}");
        };
        check("a.txt", "w/a.txt", Side::Inside);
        check("./sub/../a.txt", "w/a.txt", Side::Inside);
        check("new/deep.txt", "w/new/deep.txt", Side::Inside);
        check("near/new.txt", "w/sub/new.txt", Side::Inside);
        check("away/x", "out/x", Side::Outside);
        check("../out/x", "out/x", Side::Outside);
        check(&format!("file://{root}/a%2etxt"), "w/a.txt", Side::Inside);
        let odd = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"b\xff");
        fs::replace(&root.join(odd).unwrap(), b"b", fs::Durability::Process).unwrap();
        std::os::unix::fs::symlink(odd, root.join("to-odd").unwrap()).unwrap();
        let error = locate("to-odd", &root, &roots).unwrap_err().to_string();
        assert!(error.contains("to-odd leads to") && error.contains("use a command"), "{error}");
        assert!(locate("dangling", &root, &roots).is_err());
        assert!(locate("", &root, &roots).is_err());
        assert!(matches!(still_there(&root.join("near/x").unwrap()), Err(FileError::Moved(_))));
        assert_eq!(similar(&root.join("a.tx").unwrap()), "; there is a.txt");
        assert!(similar(&root.join("b\u{fffd}").unwrap()).contains("use a command"));
    }
}
