//! What is ignored: git's rules, read folder by folder and only where somebody asks.

use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};

use crate::limits;
use crate::os::fs::{self, Kind};
use crate::path::AbsPath;

/// The rules that hold in a folder.
pub(super) struct Rules {
    folder: AbsPath,
    above: Above,
    /// Those of its `.gitignore`.
    own: OnceLock<Gitignore>,
    /// Whether the folder itself is ignored, and so all in it that is not tracked.
    ignored: OnceLock<bool>,
}

/// Where a folder's rules go on.
enum Above {
    /// In the folder above.
    Folder(Arc<Rules>),
    /// In the lists of a repository and of the user: this is the top.
    Lists { exclude: Option<AbsPath>, rules: OnceLock<Gitignore> },
}

impl Rules {
    /// The rules at the top of a repository, which has a list of its own, or of no repository.
    pub(super) fn top(folder: AbsPath, exclude: Option<AbsPath>) -> Self {
        let above = Above::Lists { exclude, rules: OnceLock::new() };
        Self { folder, above, own: OnceLock::new(), ignored: OnceLock::from(false) }
    }

    /// The rules in a folder of this one's.
    pub(super) fn below(self: &Arc<Self>, folder: AbsPath) -> Self {
        let above = Above::Folder(self.clone());
        Self { folder, above, own: OnceLock::new(), ignored: OnceLock::new() }
    }

    /// The rules in the folder that a person chose to work in, which is not ignored by that.
    pub(super) fn below_for_root(self: &Arc<Self>, folder: AbsPath) -> Self {
        Self { ignored: OnceLock::from(false), ..self.below(folder) }
    }

    /// Whether an entry of the folder is ignored.
    pub(super) fn ignores(&self, path: &AbsPath, kind: Kind) -> bool {
        self.is_ignored() || self.verdict(path, kind == Kind::Folder)
    }

    fn is_ignored(&self) -> bool {
        *self.ignored.get_or_init(|| match &self.above {
            Above::Folder(above) => above.ignores(&self.folder, Kind::Folder),
            Above::Lists { .. } => false,
        })
    }

    /// What the nearest rule says that matches.
    fn verdict(&self, path: &AbsPath, is_folder: bool) -> bool {
        let mut rules = self;
        loop {
            match rules.own().matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
            match &rules.above {
                Above::Folder(above) => rules = above,
                Above::Lists { exclude, rules: lists } => {
                    let lists = lists.get_or_init(|| lists_of(&rules.folder, exclude.as_ref()));
                    return lists.matched(path, is_folder).is_ignore();
                }
            }
        }
    }

    fn own(&self) -> &Gitignore {
        self.own.get_or_init(|| {
            let file = self.folder.join(".gitignore").ok();
            // Git does not follow a link here either.
            let file = file.filter(|file| fs::stamp(file).is_ok_and(|stamp| stamp.kind == Kind::File));
            built(&self.folder, file.iter())
        })
    }
}

/// The user's list, and over it the repository's.
fn lists_of(folder: &AbsPath, exclude: Option<&AbsPath>) -> Gitignore {
    let user = gitconfig_excludes_path().and_then(|path| AbsPath::new(path).ok());
    built(folder, user.iter().chain(exclude))
}

/// The rules of these files, the last one's first; what cannot be read or understood is left out.
fn built<'a>(folder: &AbsPath, files: impl Iterator<Item = &'a AbsPath>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for file in files {
        let Ok(read) = fs::read_up_to(file, limits::survey::GIT_TEXT_BYTES_MAX) else { continue };
        let text = String::from_utf8_lossy(&read.bytes);
        for line in text.trim_start_matches('\u{feff}').lines() {
            // A line that is no pattern matches nothing.
            let _ = builder.add_line(None, line);
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
