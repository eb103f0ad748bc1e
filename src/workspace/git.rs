//! What git knows of the workspace's files, read and never written: tracked files, their contents,
//! and whether a commit was made.
//!
//! The index and the heads are read here; contents come from one `git cat-file` for all that is
//! wanted, and only when it is wanted. No hook, filter, monitor or transport that a repository
//! names is run, no lock is taken, and nothing is fetched. A repository that git itself does not
//! trust (`safe.directory`) gives no contents.

mod head;
mod index;
mod objects;
pub(super) mod plain;

use std::collections::HashMap;
use std::sync::Arc;

pub use head::Head;
pub(super) use index::{Index, Object, Tracked};
pub(super) use objects::{Git, Wish};

use super::file::{self, Content};
use super::{Files, on_blocking_thread};
use crate::limits;
use crate::os::fs::{self, Kind, Stamp};
use crate::path::AbsPath;

/// A repository with a work tree: a clone, a linked work tree or a submodule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    worktree: AbsPath,
    /// Where the index and the head of this work tree are.
    git_folder: AbsPath,
    /// Where branches and objects are.
    common_folder: AbsPath,
    object_len: usize,
}

/// What a commit holds of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// These bytes. They may have other line ends than the file.
    Bytes(Arc<[u8]>),
    /// Nothing.
    Absent,
    /// Git did not say, or the file is too long.
    Unknown,
}

impl Committed {
    /// Its text with LF line ends and without byte-order mark; none where it is no text.
    pub fn lf_text(&self) -> Option<String> {
        let Self::Bytes(bytes) = self else { return None };
        match file::decode(bytes.to_vec()) {
            Content::Text(file) => Some(file.text.lf().into_owned()),
            Content::Binary { .. } => None,
        }
    }
}

impl Repository {
    /// The repository that a folder lies in; none where it lies in none, or in one whose form is not
    /// known. Blocks.
    pub fn find(folder: &AbsPath) -> Option<Self> {
        let mut folder = Some(folder.clone());
        while let Some(present) = folder {
            if let Some(found) = Self::at(&present) {
                return Some(found);
            }
            folder = present.parent();
        }
        None
    }

    /// The repositories which these files lie in, each with those of them which it holds.
    pub async fn of_files(paths: Vec<AbsPath>) -> Vec<(Self, Vec<AbsPath>)> {
        on_blocking_thread(move || {
            let mut of_folders: HashMap<AbsPath, Option<Self>> = HashMap::new();
            let mut found: Vec<(Self, Vec<AbsPath>)> = Vec::new();
            for path in paths {
                let Some(folder) = path.parent() else { continue };
                let of_folder = of_folders.entry(folder).or_insert_with_key(Self::find);
                let Some(repository) = of_folder else { continue };
                match found.iter_mut().find(|(known, _)| known == repository) {
                    Some((_, held)) => held.push(path),
                    None => found.push((repository.clone(), vec![path])),
                }
            }
            found
        })
        .await
        .unwrap_or_default()
    }

    /// The top folder of the work tree.
    pub fn worktree(&self) -> &AbsPath {
        &self.worktree
    }

    /// What the head is; another value later means that it may be another commit.
    pub async fn head(&self) -> Head {
        let repository = self.clone();
        on_blocking_thread(move || Head::of(&repository)).await.unwrap_or_default()
    }

    /// The files which tell of the head, whether they are there or not.
    pub async fn head_places(&self) -> Vec<AbsPath> {
        let repository = self.clone();
        on_blocking_thread(move || head::places(&repository)).await.unwrap_or_default()
    }

    /// Whether the head may be another commit than it was then; costs a few small reads.
    pub async fn head_moved(&self, since: &Head) -> bool {
        self.head().await != *since
    }

    /// What the head's commit holds of these files of a session; one process for all of them.
    pub async fn committed(&self, files: &Files, paths: &[AbsPath]) -> Vec<(AbsPath, Committed)> {
        let named = |path: &AbsPath| self.relative(path).map(|relative| format!("HEAD:{relative}"));
        let wishes: Vec<Option<String>> = paths.iter().map(named).collect();
        let asked = wishes.iter().flatten().cloned().collect();
        let git = Git { repository: self, roots: files.roots() };
        let mut told = git.batch(asked, limits::survey::COMMITTED_BYTES_MAX).await.into_iter();
        let answers = paths.iter().zip(wishes).map(|(path, wish)| {
            let committed = match wish.and_then(|_| told.next()) {
                Some(objects::Answer::Blob(bytes)) => Committed::Bytes(bytes),
                Some(objects::Answer::Missing) => Committed::Absent,
                Some(objects::Answer::Other) | None => Committed::Unknown,
            };
            (path.clone(), committed)
        });
        answers.collect()
    }

    /// The repository whose work tree begins at this folder. Blocks.
    pub(super) fn at(folder: &AbsPath) -> Option<Self> {
        let entry = folder.join(".git").ok()?;
        let git_folder = match fs::look(&entry).ok()?.kind {
            Kind::Folder => entry,
            Kind::File => folder.join(text(&entry)?.strip_prefix("gitdir:")?.trim()).ok()?,
            Kind::Link | Kind::Other => return None,
        };
        let common_folder = match text(&git_folder.join("commondir").ok()?) {
            Some(common) => git_folder.join(common.trim()).ok()?,
            None => git_folder.clone(),
        };
        let has = |folder: &AbsPath, name: &str| fs::look_at_link(&folder.join(name).ok()?).ok();
        has(&git_folder, "HEAD")?;
        has(&common_folder, "objects")?;
        let config = text(&common_folder.join("config").ok()?).unwrap_or_default();
        let object_len = object_len(&config)?;
        Some(Self { worktree: folder.clone(), git_folder, common_folder, object_len })
    }

    /// The stamp of the index: while it is the same, so is what [`Repository::index`] gives. Blocks.
    pub(super) fn index_stamp(&self) -> Option<Stamp> {
        fs::stamp(&self.git_folder.join("index").ok()?).ok()
    }

    /// The tracked files; none where the index has a form that is not known, or is too large. Blocks.
    pub(super) fn index(&self) -> Option<Index> {
        // Stamped first: an index that is replaced meanwhile then counts as older than it is.
        let Some(stamp) = self.index_stamp() else { return Some(Index::default()) };
        let path = self.git_folder.join("index").ok()?;
        let read = fs::read_up_to(&path, limits::survey::GIT_INDEX_BYTES_MAX).ok()?;
        if read.whole_len > limits::survey::GIT_INDEX_BYTES_MAX {
            return None;
        }
        Index::parse(&read.bytes, self.object_len, stamp.modified)
            .inspect_err(|error| tracing::debug!("the index of {}: {error:?}", self.worktree))
            .ok()
    }

    /// The path as git writes it; none where it is not in the work tree, or not UTF-8.
    pub(super) fn relative(&self, path: &AbsPath) -> Option<String> {
        let below = path.as_path().strip_prefix(self.worktree.as_path()).ok()?;
        let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The repository's own list of what is ignored.
    pub(super) fn exclude_file(&self) -> Option<AbsPath> {
        self.common_folder.join("info/exclude").ok()
    }
}

/// How many bytes the names of objects have; none for a kind that is not known.
fn object_len(config: &str) -> Option<usize> {
    let mut section = String::new();
    let mut len = Some(20);
    for line in config.lines() {
        let mut line = line.trim();
        if let Some((name, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.trim().to_ascii_lowercase();
            line = rest.trim();
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        if section == "extensions" && name.trim().eq_ignore_ascii_case("objectformat") {
            len = match value.trim().trim_matches('"').to_ascii_lowercase().as_str() {
                "sha1" => Some(20),
                "sha256" => Some(32),
                _ => None,
            };
        }
    }
    len
}

/// A small file of git's.
fn text(path: &AbsPath) -> Option<String> {
    let read = fs::read_up_to(path, limits::survey::GIT_TEXT_BYTES_MAX).ok()?;
    Some(String::from_utf8_lossy(&read.bytes).into_owned())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing::Ground;

    const COMMIT: &str = "git add -A; git commit -q --allow-empty -m x;";

    #[tokio::test]
    async fn clones_work_trees_and_submodules_are_found() {
        let ground = Ground::new(&format!(
            "git init -q one; cd one; mkdir -p deep/er; echo 1 > deep/a; {COMMIT} git worktree add -q ../tree; cd ..; \
            git init -q two; cd two; git submodule --quiet add ../one sub; {COMMIT} cd ..; \
            git init -q --separate-git-dir=elsewhere three; git init -q --object-format=sha256 four; \
            mkdir -p bare/.git five; cd five; git init -q; git config extensions.objectFormat sha3; cd ..; \
            mkdir pointer; echo 'gitdir: ../gone' > pointer/.git"
        ))
        .await;
        for (folder, expected) in [
            ("one", Some("one")),
            ("one/deep/er", Some("one")),
            ("tree/deep", Some("tree")),
            ("two", Some("two")),
            ("two/sub/deep", Some("two/sub")),
            ("three", Some("three")),
            ("four", Some("four")),
            ("bare", None),
            ("five", None),
            ("pointer", None),
        ] {
            let found = Repository::find(&ground.path(folder));
            let expected = expected.map(|folder| ground.path(folder));
            assert_eq!(found.as_ref().map(Repository::worktree), expected.as_ref(), "{folder}");
        }
        let index_of =
            |folder: &str| Repository::find(&ground.path(folder)).unwrap().index().unwrap().whole();
        assert_eq!((index_of("tree").len(), index_of("two/sub").len(), index_of("two").len()), (1, 1, 2));
        let paths = ["one/x", "two/y", "two/sub/z", "one/deep/w", "outside"];
        let paths = paths.map(|name| ground.path(name)).to_vec();
        let grouped = Repository::of_files(paths).await;
        let shown: Vec<_> =
            grouped.iter().map(|(one, files)| (one.worktree().file_name(), files.len())).collect();
        assert_eq!(shown, [("one".into(), 2), ("two".into(), 1), ("sub".into(), 1)]);
    }

    #[tokio::test]
    async fn a_commit_moves_the_head_and_nothing_else_does() {
        let ground = Ground::new(&format!("git init -q -b main; echo 1 > a; {COMMIT}")).await;
        let repository = Repository::find(&ground.root).unwrap();
        for (script, moved) in [
            ("git status; echo 2 > a; git add a", false),
            ("git commit -qm y", true),
            ("git checkout -q -b other", true),
            ("git checkout -q --detach", true),
            ("git tag t; git branch unrelated", false),
            (COMMIT, true),
            ("git checkout -q main; git pack-refs --all", true),
            ("git tag u", false),
            (COMMIT, true),
            ("git reset -q --soft HEAD~", true),
        ] {
            let before = repository.head().await;
            let places = repository.head_places().await;
            let stamps = || places.iter().map(|path| fs::stamp(path).ok()).collect::<Vec<_>>();
            let stamps_before = stamps();
            ground.sh(&format!("{{ {script}\n}} >/dev/null")).await;
            assert_eq!(repository.head_moved(&before).await, moved, "{script}");
            assert_eq!(repository.head().await.sum() != before.sum(), moved, "{script}");
            assert!(!moved || stamps() != stamps_before, "{script}: a place shows that the head has moved");
        }
        ground.sh("git init -q --ref-format=reftable tables").await;
        let repository = Repository::find(&ground.path("tables")).unwrap();
        let before = repository.head().await;
        ground.sh(&format!("cd tables; {COMMIT}")).await;
        assert!(repository.head_moved(&before).await);
    }

    #[tokio::test]
    async fn what_the_head_holds() {
        let ground = Ground::new(&format!(
            "git init -q; mkdir d; echo one > d/a; printf 'x\\r\\n' > b; : > c; echo s > 'with space'; {COMMIT} \
            echo two > d/a; rm b; echo new > new; git add ."
        ))
        .await;
        let repository = Repository::find(&ground.root).unwrap();
        let names = ["d/a", "b", "new", "d", "c", "line\nend", "d/a\n", "with space", "../out"];
        let told = repository.committed(&ground.files(), &names.map(|name| ground.path(name))).await;
        let bytes = |text: &str| Committed::Bytes(text.as_bytes().into());
        let expected = [
            bytes("one\n"),
            bytes("x\r\n"),
            Committed::Absent,
            Committed::Unknown,
            bytes(""),
            Committed::Unknown,
            Committed::Unknown,
            bytes("s\n"),
            Committed::Unknown,
        ];
        for ((path, told), expected) in told.into_iter().zip(expected) {
            assert_eq!(told, expected, "{path}");
        }
        ground.sh("git init -q empty").await;
        let empty = Repository::find(&ground.path("empty")).unwrap();
        let told = empty.committed(&ground.files(), &[ground.path("empty/a")]).await;
        assert_eq!(told[0].1, Committed::Absent);
        ground.sh("rm -rf empty/.git").await;
        // The repository above it has a `d/a`, but is another one.
        let told = empty.committed(&ground.files(), &[ground.path("empty/d/a")]).await;
        assert_eq!(told[0].1, Committed::Unknown);
    }

    /// What git has of a clean file, as the work tree has it.
    async fn content(ground: &Ground, name: &str) -> Option<String> {
        let repository = Repository::find(&ground.root).unwrap();
        let index = repository.index().unwrap();
        let tracked = index.tracked(index.find(&index.whole(), name).unwrap()).unwrap();
        let len = fs::stamp(&ground.path(name)).unwrap().len;
        let wish = Wish { path: name.into(), object: tracked.object, len };
        let bytes = Git { repository: &repository, roots: &[] }.contents(&[wish]).await.remove(0)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn contents_are_those_of_the_work_tree_or_none() {
        let ground = Ground::new(
            "git init -q; git config filter.swap.clean 'tr ab ba'; git config filter.swap.smudge 'tr ab ba'; \
            printf '*.crlf eol=crlf\\n*.swap filter=swap\\n*.id ident\\n' > .gitattributes; \
            printf 'one\\r\\ntwo\\r\\n' > a.crlf; printf 'one\\r\\ntwo\\r\\n' > kept; echo aab > x.swap; \
            echo '$Id$' > v.id; echo plain > plain; printf 'a\\0\\n' > binary; git add . 2>/dev/null; \
            rm v.id x.swap; git checkout -q v.id x.swap",
        )
        .await;
        assert_eq!(content(&ground, "a.crlf").await.unwrap(), "one\r\ntwo\r\n");
        assert_eq!(content(&ground, "kept").await.unwrap(), "one\r\ntwo\r\n");
        assert_eq!(content(&ground, "plain").await.unwrap(), "plain\n");
        assert_eq!(content(&ground, "binary").await.unwrap(), "a\0\n");
        // Of the same length, and yet something else.
        assert_eq!(content(&ground, "x.swap").await, None);
        assert_eq!(content(&ground, "v.id").await, None);
        ground.sh("rm -r .git/objects; mkdir .git/objects").await;
        assert_eq!(content(&ground, "plain").await, None);
    }

    #[tokio::test]
    async fn nothing_that_a_repository_names_is_run() {
        let ground = Ground::new(&format!(
            "git init -q; git config uploadpack.allowFilter true; echo one > a; {COMMIT} \
            git clone -q --filter=blob:none --no-checkout \"file://$PWD\" clone; \
            printf '#!/bin/sh\\ntouch \"%s/ran\"\\nexit 1\\n' \"$PWD\" > evil; chmod +x evil",
        ))
        .await;
        let evil = ground.path("evil");
        ground
            .sh(&format!(
                "for repository in . clone; do cd $repository; \
                git config core.fsmonitor {evil}; git config core.pager {evil}; git config core.sshCommand {evil}; \
                git config filter.e.smudge {evil}; git config filter.e.clean {evil}; git config diff.e.textconv {evil}; \
                git config core.alternateRefsCommand {evil}; git config core.askPass {evil}; \
                git config credential.helper '!{evil}'; git config uploadpack.packObjectsHook {evil}; \
                git config remote.origin.uploadpack {evil}; git config alias.cat-file '!{evil}'; \
                mkdir -p hooks; git config core.hooksPath $PWD/hooks; \
                for hook in post-index-change reference-transaction post-checkout fsmonitor-watchman; do \
                cp {evil} hooks/$hook; done; printf 'a filter=e diff=e\\n' > .git/info/attributes; cd \"$OLDPWD\"; done"
            ))
            .await;
        ground.sh("rm -f ran").await;
        assert_eq!(content(&ground, "a").await, None, "it has a filter");
        let clone = Repository::find(&ground.path("clone")).unwrap();
        let told = clone.committed(&ground.files(), &[ground.path("clone/a")]).await;
        assert!(!matches!(told[0].1, Committed::Bytes(_)), "its content was not fetched");
        assert!(fs::look(&ground.path("ran")).is_err(), "something was run");
        // The trap works: git itself falls into it.
        ground.sh("cd clone; git cat-file -p HEAD:a 2>/dev/null || :; test -e ../ran").await;
    }
}
