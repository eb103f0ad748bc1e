//! Which commit a work tree stands on, as far as a few small reads tell.

use super::{Repository, text};
use crate::os::fs::{self, Stamp};
use crate::path::AbsPath;
use crate::text::Hash;

/// The state of a repository's head: equal values mean the same commit.
///
/// Different ones need not mean different commits: when branches are packed, or a repository keeps
/// them in tables, the file of all of them counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// A commit, or the name of a branch.
    head: Option<String>,
    branch: Branch,
}

/// What a branch points to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Branch {
    /// There is none: the head is a commit itself.
    #[default]
    None,
    /// The text of its own file.
    Loose(String),
    /// The files that hold all branches.
    Among([Option<Stamp>; 2]),
}

impl Head {
    /// Blocks.
    pub(super) fn of(repository: &Repository) -> Self {
        let head = repository.git_folder.join("HEAD").ok().and_then(|path| text(&path));
        let branch = head.as_deref().and_then(|head| head.strip_prefix("ref:")).map(str::trim);
        let branch = branch.map_or(Branch::None, |name| Branch::of(&repository.common_folder, name));
        Self { head, branch }
    }

    /// The same for equal heads, also in another process.
    pub fn sum(&self) -> Hash {
        Hash::of(format!("{self:?}").as_bytes())
    }
}

/// The files which tell of the head: another head means that one of them has changed, or was made. Blocks.
pub(super) fn places(repository: &Repository) -> Vec<AbsPath> {
    let (own, common) = (&repository.git_folder, &repository.common_folder);
    let branch = own.join("HEAD").ok().and_then(|path| text(&path));
    let branch = branch.as_deref().and_then(|head| head.strip_prefix("ref:")).map(str::trim);
    let branch = branch.and_then(|name| common.join(name).ok()).filter(|path| path.starts_with(common));
    let files = [own.join("HEAD"), common.join("packed-refs"), common.join("reftable/tables.list")];
    files.into_iter().flatten().chain(branch).collect()
}

impl Branch {
    fn of(folder: &AbsPath, name: &str) -> Self {
        let own = folder.join(name).ok().filter(|path| path.starts_with(folder));
        if let Some(commit) = own.and_then(|path| text(&path)) {
            return Self::Loose(commit);
        }
        let stamp = |name: &str| fs::stamp(&folder.join(name).ok()?).ok();
        Self::Among([stamp("packed-refs"), stamp("reftable/tables.list")])
    }
}
