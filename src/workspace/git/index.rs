//! Git's index: which files are tracked, with the content and the stamp that git knows of each.
//!
//! Read here, since asking git costs a process before every command. The format is that of git's
//! `gitformat-index`: versions 2 to 4. A split index is declined: to read it takes two files that
//! may not fit together. Folders that a sparse index holds in the place of their files are left out,
//! because none of those files is in the work tree.

use std::cmp::Ordering;
use std::ops::Range;

use crate::os::fs::{Kind, Moment, Stamp};

/// The tracked files, sorted by path.
#[derive(Debug, Default)]
pub(in crate::workspace) struct Index {
    /// All paths, one behind the other.
    paths: String,
    entries: Vec<Entry>,
    /// When the index was written: what changed at that moment or later may have been missed.
    written: Moment,
}

/// One tracked file.
#[derive(Debug, Clone)]
struct Entry {
    path: Range<u32>,
    tracked: Tracked,
}

/// What git knows of a tracked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct Tracked {
    /// The name of its content.
    pub(in crate::workspace) object: Object,
    /// What it is.
    mode: u32,
    recorded: Recorded,
    merged: bool,
}

/// The name of an object: a hash of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::workspace) struct Object {
    bytes: [u8; 32],
    len: u8,
}

/// What git saw of the file when it knew that it had the content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recorded {
    changed: [u32; 2],
    modified: [u32; 2],
    inode: u32,
    len: u32,
}

/// Why an index is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workspace) enum NoIndex {
    /// It is not of a form that we know.
    Form,
    /// It does not hold what it says.
    Broken,
}

const SIGNATURE: &[u8] = b"DIRC";
/// The part of an entry before the object's name, in bytes.
const STAT_LEN: usize = 40;
const FLAG_EXTENDED: u16 = 0x4000;
const FLAG_STAGE: u16 = 0x3000;
const FLAG_INTENT_TO_ADD: u16 = 0x2000;
const MODE_FILE: u32 = 0o100_000;
const MODE_LINK: u32 = 0o120_000;
const MODE_REPOSITORY: u32 = 0o160_000;
const MODE_KIND: u32 = 0o170_000;

impl Index {
    /// Reads an index that was written at this moment, of a repository whose object names have so
    /// many bytes.
    pub(super) fn parse(bytes: &[u8], object_len: usize, written: Moment) -> Result<Self, NoIndex> {
        let mut reader = Reader { bytes };
        if reader.take(4)? != SIGNATURE {
            return Err(NoIndex::Form);
        }
        let version = reader.number()?;
        if !(2..=4).contains(&version) {
            return Err(NoIndex::Form);
        }
        let count = reader.number()? as usize;
        let mut index = Self { written, ..Self::default() };
        index.entries.reserve(count.min(bytes.len() / (STAT_LEN + object_len)));
        let mut path = Vec::new();
        for _ in 0..count {
            let tracked = reader.entry(version, object_len, &mut path)?;
            index.add(&path, tracked)?;
        }
        // What is left: extensions, and a hash of all that.
        while reader.bytes.len() > object_len {
            let name = reader.take(4)?;
            let len = reader.number()? as usize;
            // A lower-case one changes what the entries mean.
            if name != b"sdir" && name.first().is_some_and(u8::is_ascii_lowercase) {
                return Err(NoIndex::Form);
            }
            reader.take(len)?;
        }
        Ok(index)
    }

    /// The entries below a folder, whose path ends with `/` or is empty for the top; `within` holds
    /// them all.
    pub(in crate::workspace) fn below(&self, within: Range<usize>, folder: &str) -> Range<usize> {
        let entries = self.entries.get(within.clone()).unwrap_or_default();
        let start = entries.partition_point(|entry| self.path(entry).as_bytes() < folder.as_bytes());
        let len = entries[start..].partition_point(|entry| self.path(entry).starts_with(folder));
        within.start + start..within.start + start + len
    }

    /// The entry of this path, which `within` holds if there is one.
    pub(in crate::workspace) fn find(&self, within: &Range<usize>, path: &str) -> Option<usize> {
        let entries = self.entries.get(within.clone())?;
        let found = entries.binary_search_by(|entry| self.path(entry).cmp(path));
        found.ok().map(|at| within.start + at)
    }

    /// All entries.
    pub(in crate::workspace) fn whole(&self) -> Range<usize> {
        0..self.entries.len()
    }

    /// What git knows of a file.
    pub(in crate::workspace) fn tracked(&self, at: usize) -> Option<&Tracked> {
        self.entries.get(at).map(|entry| &entry.tracked)
    }

    /// Whether a file with this stamp certainly has the content that git has.
    pub(in crate::workspace) fn is_clean(&self, tracked: &Tracked, stamp: &Stamp) -> bool {
        let recorded = &tracked.recorded;
        let same_kind = match tracked.mode & MODE_KIND {
            MODE_FILE => stamp.kind == Kind::File,
            MODE_LINK => stamp.kind == Kind::Link,
            _ => false,
        };
        // Git keeps the low 32 bits of all numbers; and none, 0, of those that it was not told.
        let same = |recorded: u32, number: u64| recorded == 0 || recorded == (number & 0xffff_ffff) as u32;
        let same_moment = |recorded: [u32; 2], moment: Moment| {
            recorded[0] == (moment.seconds & 0xffff_ffff) as u32
                && same(recorded[1], moment.nanoseconds.into())
        };
        let is_unknown = |moment: Moment| moment == Moment::default();
        tracked.merged
            && same_kind
            && recorded.len == (stamp.len & 0xffff_ffff) as u32
            && same_moment(recorded.modified, stamp.modified)
            && (recorded.changed == [0, 0]
                || is_unknown(stamp.changed)
                || same_moment(recorded.changed, stamp.changed))
            && stamp.identity.is_none_or(|identity| same(recorded.inode, identity.inode))
            && stamp.modified < self.written
    }

    fn path(&self, entry: &Entry) -> &str {
        self.paths.get(entry.path.start as usize..entry.path.end as usize).unwrap_or_default()
    }

    /// Adds what stands behind all others. Names that are not UTF-8 and paths that git would not
    /// write are left out; of the several entries of a conflict the first one stays.
    fn add(&mut self, path: &[u8], tracked: Tracked) -> Result<(), NoIndex> {
        let Some(path) = std::str::from_utf8(path).ok().filter(|path| is_sound(path)) else { return Ok(()) };
        if ![MODE_FILE, MODE_LINK, MODE_REPOSITORY].contains(&(tracked.mode & MODE_KIND)) {
            return Ok(());
        }
        match self.entries.last().map(|last| self.path(last).cmp(path)) {
            Some(Ordering::Greater) => return Err(NoIndex::Broken),
            Some(Ordering::Equal) => return Ok(()),
            Some(Ordering::Less) | None => {}
        }
        let at = |len: usize| u32::try_from(len).map_err(|_| NoIndex::Form);
        let start = at(self.paths.len())?;
        self.paths.push_str(path);
        self.entries.push(Entry { path: start..at(self.paths.len())?, tracked });
        Ok(())
    }
}

impl Tracked {
    /// Whether it stands for the commit of another repository.
    pub(in crate::workspace) fn is_repository(&self) -> bool {
        self.mode & MODE_KIND == MODE_REPOSITORY
    }
}

/// A path in the work tree: no component leads elsewhere or into git's own folder.
fn is_sound(path: &str) -> bool {
    let sound = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.eq_ignore_ascii_case(".git")
            && (cfg!(unix) || !part.contains(['\\', ':']))
    };
    path.split('/').all(sound)
}

/// What is left to read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], NoIndex> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(NoIndex::Broken)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, NoIndex> {
        let bytes = self.take(4)?.try_into().map_err(|_| NoIndex::Broken)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn flags(&mut self) -> Result<u16, NoIndex> {
        let bytes = self.take(2)?.try_into().map_err(|_| NoIndex::Broken)?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// One entry; `path` holds the path of the one before, and then its own.
    fn entry(&mut self, version: u32, object_len: usize, path: &mut Vec<u8>) -> Result<Tracked, NoIndex> {
        let start = self.bytes.len();
        let changed = [self.number()?, self.number()?];
        let modified = [self.number()?, self.number()?];
        let _device = self.number()?;
        let inode = self.number()?;
        let mode = self.number()?;
        let _owner = [self.number()?, self.number()?];
        let len = self.number()?;
        let object = Object::of(self.take(object_len)?)?;
        let flags = self.flags()?;
        let mut merged = flags & FLAG_STAGE == 0;
        if version >= 3 && flags & FLAG_EXTENDED != 0 {
            merged &= self.flags()? & FLAG_INTENT_TO_ADD == 0;
        }
        if version == 4 {
            let kept = path.len().checked_sub(self.length()?).ok_or(NoIndex::Broken)?;
            path.truncate(kept);
        } else {
            path.clear();
        }
        let end = self.bytes.iter().position(|byte| *byte == 0).ok_or(NoIndex::Broken)?;
        path.extend_from_slice(self.take(end)?);
        if version == 4 {
            self.take(1)?;
        } else {
            // Filled up with zeros, at least one, to a multiple of 8.
            let len = start - self.bytes.len();
            self.take(8 - len % 8)?;
        }
        Ok(Tracked { object, mode, recorded: Recorded { changed, modified, inode, len }, merged })
    }

    /// A number of 7 bits a byte, the highest first; each byte with a successor counts one more.
    fn length(&mut self) -> Result<usize, NoIndex> {
        let mut value = 0_usize;
        for _ in 0..5 {
            let byte = self.take(1)?[0];
            value = value << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            value += 1;
        }
        Err(NoIndex::Broken)
    }
}

impl Object {
    /// Of its 20 or 32 bytes.
    fn of(name: &[u8]) -> Result<Self, NoIndex> {
        let mut bytes = [0; 32];
        bytes.get_mut(..name.len()).ok_or(NoIndex::Form)?.copy_from_slice(name);
        Ok(Self { bytes, len: u8::try_from(name.len()).map_err(|_| NoIndex::Form)? })
    }

    /// In hexadecimal digits, as git writes it.
    pub(super) fn digits(&self) -> String {
        let named = self.bytes.iter().take(usize::from(self.len));
        named
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::Repository;
    use super::*;
    use crate::os::fs;
    use crate::workspace::testing::Ground;

    /// What git lists, and what we read: mode, object, path of each merged file.
    async fn listed(ground: &Ground) -> (Vec<String>, Vec<String>) {
        let told = ground.sh("git ls-files --stage -z").await;
        let told = told.split(|byte| *byte == 0).filter_map(|line| std::str::from_utf8(line).ok());
        let told = told.filter(|line| line.contains(" 0\t")).map(|line| line.replace(" 0\t", " "));
        let index = Repository::find(&ground.root).unwrap().index().unwrap();
        let merged = index.entries.iter().filter(|entry| entry.tracked.merged);
        let shown = merged.map(|entry| {
            let tracked = &entry.tracked;
            format!("{:06o} {} {}", tracked.mode, tracked.object.digits(), index.path(entry))
        });
        (told.collect(), shown.collect())
    }

    const FILES: &str = "mkdir -p a/b a-c d; echo 1 > a/b/long-name-of-a-file; echo 2 > a/b/long-name-of-another; \
        echo 3 > a-c/x; echo 4 > a.x; : > d/empty; ln -s a.x link; chmod +x a.x; echo 5 > 'with\nline'; \
        echo 6 > \"$(printf 'caf\\351')\"; echo 7 > 'ü'; git add .;";

    #[tokio::test]
    async fn every_version_is_read_as_git_reads_it() {
        for (init, count) in [
            ("git init -q; ", 8),
            ("git init -q; git config index.version 4; ", 8),
            ("git init -q --object-format=sha256; ", 8),
            ("git init -q --object-format=sha256; git config index.version 4; ", 8),
            ("git init -q; git config core.untrackedCache true; git config index.threads 2; ", 8),
            ("git init -q; git config index.skipHash true; ", 8),
            ("git init -q; git config feature.manyFiles true; ", 8),
        ] {
            let ground = Ground::new(&format!("{init}{FILES} git commit -qm x; git status >/dev/null")).await;
            let (told, read) = listed(&ground).await;
            assert_eq!(told, read, "{init}");
            assert_eq!(read.len(), count, "{init}");
        }
    }

    #[tokio::test]
    async fn what_is_not_merged_is_not_taken_for_it() {
        let script = format!(
            "git init -q; {FILES} git commit -qm x; \
            git update-index --skip-worktree a.x; git checkout -q -b other; echo o > a-c/x; git commit -qam o; \
            git checkout -q -; echo m > a-c/x; git commit -qam m; git merge -q other >/dev/null || :; \
            echo new > new; git add -N new"
        );
        let ground = Ground::new(&script).await;
        let version = ground.sh("head -c 8 .git/index").await;
        assert_eq!(version[7], 3);
        let index = Repository::find(&ground.root).unwrap().index().unwrap();
        let merged = |path: &str| index.tracked(index.find(&index.whole(), path).unwrap()).unwrap().merged;
        assert_eq!(
            (merged("a-c/x"), merged("new"), merged("a.x"), merged("link")),
            (false, false, true, true)
        );
    }

    #[tokio::test]
    async fn split_ones_are_declined_and_sparse_folders_are_left_out() {
        let ground = Ground::new(&format!("git init -q; {FILES} git update-index --split-index")).await;
        assert!(Repository::find(&ground.root).unwrap().index().is_none());
        let ground = Ground::new(&format!(
            "git init -q; {FILES} git commit -qm x; git sparse-checkout set --cone --sparse-index d; git status >/dev/null"
        ))
        .await;
        let index = Repository::find(&ground.root).unwrap().index().unwrap();
        let below = |folder: &str| index.below(index.whole(), folder).len();
        assert_eq!((below("a/"), below("d/")), (0, 1));
    }

    #[tokio::test]
    async fn entries_are_found_by_folder_and_path() {
        let ground = Ground::new(&format!("git init -q; {FILES}")).await;
        let index = Repository::find(&ground.root).unwrap().index().unwrap();
        let a = index.below(index.whole(), "a/");
        assert_eq!(
            (a.len(), index.below(a.clone(), "a/b/").len(), index.below(a.clone(), "d/").len()),
            (2, 2, 0)
        );
        assert!(index.find(&a, "a/b/long-name-of-a-file").is_some());
        assert!(index.find(&a, "a/b").is_none() && index.find(&a, "a.x").is_none());
        assert!(index.find(&index.whole(), "a.x").is_some());
        assert_eq!(index.below(index.whole(), ""), index.whole());
    }

    #[tokio::test]
    async fn a_clean_file_is_one_that_certainly_did_not_change() {
        let ground = Ground::new(
            "git init -q; echo one > a; ln -s a link; touch -h -d 2001-02-03T04:05:06.789 a link; git add .",
        )
        .await;
        let is_clean = |name: &str| {
            let index = Repository::find(&ground.root).unwrap().index().unwrap();
            let tracked = index.tracked(index.find(&index.whole(), name).unwrap()).unwrap();
            index.is_clean(tracked, &fs::stamp(&ground.path(name)).unwrap())
        };
        assert!(is_clean("a") && is_clean("link"));
        ground.sh("cp -p a b; echo two > a; touch -r b a").await;
        assert!(!is_clean("a"), "its ctime tells");
        ground.sh("git add a; rm a; ln -s one a").await;
        assert!(!is_clean("a"));
        // As new as the index: git may have missed a change.
        ground.sh("echo one > c; git add c; touch -d 2050-01-01 c; git update-index --refresh -q || :").await;
        assert!(!is_clean("c"));
    }

    #[tokio::test]
    async fn broken_ones_are_refused_or_read_and_never_crash() {
        let ground = Ground::new(&format!("git init -q; git config index.version 4; {FILES}")).await;
        let bytes = fs::read(&ground.path(".git/index")).unwrap();
        let parse = |bytes: &[u8]| Index::parse(bytes, 20, Moment::default());
        let whole = parse(&bytes).unwrap().entries.len();
        for len in 0..bytes.len() - 20 {
            assert!(parse(&bytes[..len]).map_or(0, |index| index.entries.len()) <= whole);
        }
        assert_eq!(parse(&bytes[..100]).err(), Some(NoIndex::Broken));
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                if let Ok(index) = parse(&bytes) {
                    let paths: Vec<&str> = index.entries.iter().map(|entry| index.path(entry)).collect();
                    assert!(paths.is_sorted() && paths.iter().all(|path| is_sound(path)));
                }
            }
        }
        assert_eq!(parse(b"DIRC\0\0\0\x05\0\0\0\0").err(), Some(NoIndex::Form));
        assert_eq!(parse(b"none").err(), Some(NoIndex::Form));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_none() {
        for path in ["../a", "a/../b", "/a", "a//b", "", ".git/config", "a/.GIT/x", "a/."] {
            assert!(!is_sound(path), "{path}");
        }
        assert!(is_sound("a/.gitignore") && is_sound("..a/b.."));
    }
}
