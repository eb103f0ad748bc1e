//! Which files a search looks at: ignore rules, hidden files, globs, kinds of files, links, sizes.

use std::io;

use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::FileError;
use super::search::Case;
use crate::limits;
use crate::path::AbsPath;

/// Which files a search looks at.
///
/// What is named itself, a file or a folder, is looked at whatever the scope says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// In the form of `.gitignore`, where `!` leaves out; of those that match the last counts.
    pub globs: Vec<FileGlob>,
    /// What globs can do against ignore rules.
    pub power: GlobPower,
    /// Where globs with a `/` count from; the folder that is searched where nothing is said.
    pub base: Option<AbsPath>,
    /// Kinds of files such as `rust`, in the order in which they are applied.
    pub kinds: Vec<FileKind>,
    /// What is done with names that begin with a dot.
    pub hidden: Hidden,
    /// The ignore rules that are obeyed.
    pub obeyed: Vec<IgnoreSource>,
    /// More files with ignore rules, which count from `base`.
    pub ignore_files: Vec<AbsPath>,
    /// Whether letters in the other case match in ignore rules.
    pub ignore_case: Case,
    /// Whether links are followed.
    pub links: Links,
    /// Folders deep.
    pub depth_max: Option<usize>,
    /// Longer files are left out.
    pub file_bytes_max: Option<u64>,
    /// Entries that are looked at before the search is given up.
    pub entries_max: usize,
}

/// A glob over the paths of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGlob {
    /// The glob.
    pub text: String,
    /// Whether letters in the other case match.
    pub case: Case,
}

/// What globs can do against ignore rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobPower {
    /// They only leave out more.
    Narrow,
    /// A file that a glob names is looked at though it is ignored or hidden.
    Overrule,
}

/// A word about kinds of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Only files of this kind (and others that are named so).
    Only(String),
    /// No files of this kind.
    Not(String),
    /// A definition such as `web:*.html`.
    Define(String),
    /// Forgets a kind's definition.
    Forget(String),
}

/// What is done with files and folders whose names begin with a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// They are passed over.
    Skipped,
    /// They are looked at.
    Shown,
    /// They are looked at, but `.git` is not.
    ShownExceptGit,
}

/// Where ignore rules come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreSource {
    /// `.ignore` and `.rgignore`.
    Dot,
    /// `.gitignore`.
    Git,
    /// `.gitignore` also where no repository is.
    GitEverywhere,
    /// `.git/info/exclude`.
    GitExclude,
    /// The user's own file for all repositories.
    GitGlobal,
    /// All of these in the folders above the one that is searched.
    Above,
}

/// Whether links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// They are passed over.
    Skipped,
    /// They are.
    Followed,
}

impl Default for Scope {
    /// What people mean by the files of a project: hidden ones too, `.git` and ignored ones not.
    fn default() -> Self {
        use IgnoreSource::{Above, Dot, Git, GitEverywhere, GitExclude, GitGlobal};
        Self {
            globs: Vec::new(),
            power: GlobPower::Narrow,
            base: None,
            kinds: Vec::new(),
            hidden: Hidden::ShownExceptGit,
            obeyed: vec![Dot, Git, GitEverywhere, GitExclude, GitGlobal, Above],
            ignore_files: Vec::new(),
            ignore_case: Case::Sensitive,
            links: Links::Skipped,
            depth_max: Some(limits::WALK_DEPTH_MAX),
            file_bytes_max: None,
            entries_max: limits::WALK_ENTRIES_MAX,
        }
    }
}

impl Scope {
    /// The usual scope, narrowed to files whose path below `root` matches.
    ///
    /// Understands what people and models write: `./` before it, the whole path of the folder, a
    /// folder with `/` behind it.
    pub fn of_glob(pattern: &str, root: &AbsPath) -> Self {
        let mut text = pattern.trim().to_owned();
        let left_out = text.starts_with('!');
        if left_out {
            text.remove(0);
        }
        let below_root = root.as_path().to_str().and_then(|root| text.strip_prefix(root));
        if let Some(rest) = below_root.filter(|rest| rest.starts_with('/')) {
            text = rest.to_owned();
        }
        while let Some(rest) = text.strip_prefix("./") {
            text = rest.to_owned();
        }
        if text.ends_with('/') {
            text.push_str("**");
        }
        // Such a line is a comment in the form of `.gitignore`.
        if text.starts_with('#') {
            text.insert(0, '\\');
        }
        if left_out {
            text.insert(0, '!');
        }
        let globs = vec![FileGlob { text, case: Case::Sensitive }];
        Self { globs, ..Self::default() }
    }

    /// A walk below a folder.
    pub(super) fn walk(&self, root: &AbsPath) -> Result<WalkBuilder, FileError> {
        let obeys = |source: IgnoreSource| self.obeyed.contains(&source);
        let base = self.base.as_ref().unwrap_or(root);
        let mut walk = WalkBuilder::new(root);
        // Files with rules count from a folder, which must never be that of the process.
        walk.current_dir(base.as_path());
        for file in &self.ignore_files {
            // What is wrong in it is passed over, as in any other such file.
            let _ = walk.add_ignore(file.as_path());
        }
        walk.hidden(self.hidden == Hidden::Skipped)
            .parents(obeys(IgnoreSource::Above))
            .ignore(obeys(IgnoreSource::Dot))
            .git_ignore(obeys(IgnoreSource::Git))
            .git_exclude(obeys(IgnoreSource::GitExclude))
            .git_global(obeys(IgnoreSource::GitGlobal))
            .require_git(!obeys(IgnoreSource::GitEverywhere))
            .ignore_case_insensitive(self.ignore_case == Case::Insensitive)
            .follow_links(self.links == Links::Followed)
            .max_depth(self.depth_max)
            .max_filesize(self.file_bytes_max)
            .types(self.types()?);
        if obeys(IgnoreSource::Dot) {
            walk.add_custom_ignore_filename(".rgignore");
        }
        let globs = self.overrides(base)?;
        let narrow = match self.power {
            GlobPower::Overrule => {
                walk.overrides(globs);
                Override::empty()
            }
            GlobPower::Narrow => globs,
        };
        let git = self.hidden != Hidden::ShownExceptGit;
        walk.filter_entry(move |entry| (git || entry.file_name() != ".git") && passes(&narrow, entry));
        Ok(walk)
    }

    /// Those of the files that a walk would have found if they were there.
    pub(super) fn would_find(&self, root: &AbsPath, files: Vec<AbsPath>) -> Result<Vec<AbsPath>, FileError> {
        if files.is_empty() {
            return Ok(files);
        }
        let globs = self.overrides(self.base.as_ref().unwrap_or(root))?;
        let Some(mut rules) = self.walk(root)?.build_matchers().pop() else { return Ok(files) };
        let in_git = |below: &std::path::Path| {
            self.hidden == Hidden::ShownExceptGit && below.iter().any(|name| name == ".git")
        };
        let found = files.into_iter().filter(|file| {
            let Ok(below) = file.as_path().strip_prefix(root.as_path()) else { return false };
            let narrowed = self.power == GlobPower::Narrow && globs.matched(file, false).is_ignore();
            file == root || !(narrowed || in_git(below) || rules.matched(below, false).is_ignore())
        });
        Ok(found.collect())
    }

    fn overrides(&self, base: &AbsPath) -> Result<Override, FileError> {
        let wrong = |error: ignore::Error| FileError::Pattern(format!("the glob is wrong: {error}"));
        let mut builder = OverrideBuilder::new(base);
        for glob in &self.globs {
            builder.case_insensitive(glob.case == Case::Insensitive).map_err(wrong)?;
            builder.add(&glob.text).map_err(wrong)?;
        }
        builder.build().map_err(wrong)
    }

    fn types(&self) -> Result<Types, FileError> {
        let mut builder = TypesBuilder::new();
        if !self.kinds.is_empty() {
            builder.add_defaults();
        }
        for kind in &self.kinds {
            match kind {
                FileKind::Only(name) => {
                    builder.select(name);
                }
                FileKind::Not(name) => {
                    builder.negate(name);
                }
                FileKind::Define(text) => {
                    builder.add_def(text).map_err(|error| {
                        FileError::Pattern(format!("the kind of files `{text}` is wrong: {error}"))
                    })?;
                }
                FileKind::Forget(name) => {
                    builder.clear(name);
                }
            }
        }
        builder.build().map_err(|error| {
            FileError::Pattern(format!("{error}; known are names such as rust, py, ts; a glob does as well"))
        })
    }
}

fn passes(globs: &Override, entry: &DirEntry) -> bool {
    globs.is_empty() || !globs.matched(entry.path(), is_folder(entry)).is_ignore()
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// An error of a walk in words.
pub(super) fn said(error: &ignore::Error) -> String {
    match error.io_error().map(io::Error::kind) {
        Some(io::ErrorKind::NotFound) => "a file went away".to_owned(),
        _ => error.to_string(),
    }
}
