//! Files below a folder under ignore rules: hidden ones too, `.git` not, links not followed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use globset::{GlobBuilder, GlobMatcher};
use ignore::WalkBuilder;

use super::FileError;
use crate::limits;
use crate::path::AbsPath;

/// Which files are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobQuery {
    /// A glob over the path below the folder; one without `/` counts for names at any depth.
    pub pattern: String,
    /// At most so many files are given.
    pub max: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globbed {
    /// The files, the one changed last first.
    pub files: Vec<AbsPath>,
    /// How many there are in all, up to the bound of the walk.
    pub total: usize,
}

/// Stops a walk from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

/// Stops the walk when it is dropped.
pub(super) struct StopGuard(Stop);

impl Stop {
    pub(super) fn guard(&self) -> StopGuard {
        StopGuard(self.clone())
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Finds files by their path.
pub(super) fn glob(root: &AbsPath, query: &GlobQuery, stop: &Stop) -> Result<Globbed, FileError> {
    let matcher = matcher(&query.pattern)?;
    let mut found: Vec<(SystemTime, AbsPath)> = Vec::new();
    for path in files(root, stop) {
        if matcher.is_match(below(root, &path)) {
            let modified = crate::os::fs::look(&path).ok().and_then(|look| look.modified);
            found.push((modified.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    let total = found.len();
    found.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    let files = found.into_iter().take(query.max).map(|(_, path)| path).collect();
    Ok(Globbed { files, total })
}

/// A glob in which `*` stays within a folder and `**` crosses folders.
pub(super) fn matcher(pattern: &str) -> Result<GlobMatcher, FileError> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let whole = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
    let built = GlobBuilder::new(&whole).literal_separator(true).build();
    built
        .map(|glob| glob.compile_matcher())
        .map_err(|error| FileError::Pattern(format!("the glob is wrong: {error}")))
}

/// All files below a folder; a file gives itself.
pub(super) fn files(root: &AbsPath, stop: &Stop) -> impl Iterator<Item = AbsPath> + use<> {
    let walk = WalkBuilder::new(root.as_path())
        .hidden(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(Some(limits::WALK_DEPTH_MAX))
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let stop = stop.clone();
    walk.take_while(move |_| !stop.is_set())
        .filter_map(Result::ok)
        .take(limits::WALK_ENTRIES_MAX)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| AbsPath::new(entry.path()).ok())
}

/// The path as seen from the folder.
pub(super) fn below<'a>(root: &AbsPath, path: &'a AbsPath) -> &'a Path {
    path.as_path().strip_prefix(root.as_path()).unwrap_or(path.as_path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fs;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, AbsPath) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        for (name, text) in files {
            let path = root.join(name).unwrap();
            fs::create_folders(&path.parent().unwrap()).unwrap();
            fs::replace(&path, text.as_bytes(), fs::Durability::Process).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn ignore_rules_and_globs() {
        let (_folder, root) = tree(&[
            (".gitignore", "target\n*.log\n"),
            (".git/config", ""),
            (".hidden", ""),
            ("src/main.rs", ""),
            ("src/deep/lib.rs", ""),
            ("target/x.rs", ""),
            ("a.log", ""),
        ]);
        let check = |pattern: &str, expected: &[&str]| {
            let query = GlobQuery { pattern: pattern.into(), max: 10 };
            let found = glob(&root, &query, &Stop::default()).unwrap();
            let mut names: Vec<String> = found.files.iter().map(|path| path.display_in(&root)).collect();
            names.sort();
            assert_eq!(names, expected, "{pattern}");
        };
        check("*.rs", &["src/deep/lib.rs", "src/main.rs"]);
        check("src/*.rs", &["src/main.rs"]);
        check("**/*.rs", &["src/deep/lib.rs", "src/main.rs"]);
        check("*", &[".gitignore", ".hidden", "src/deep/lib.rs", "src/main.rs"]);
        assert!(glob(&root, &GlobQuery { pattern: "a{".into(), max: 1 }, &Stop::default()).is_err());
    }

    #[test]
    fn a_stopped_walk_ends() {
        let (_folder, root) = tree(&[("a", ""), ("b", "")]);
        let stop = Stop::default();
        drop(stop.guard());
        assert_eq!(files(&root, &stop).count(), 0);
    }
}
