//! `NeverRead`: the files that a project's `.quillonignore` keeps from every model.
//!
//! Such a list has the form of `.gitignore`, and counts for its folder and all below, from the top of
//! the repository on. Nobody's yes lifts it. A list that cannot be understood keeps back everything
//! below its folder: it was written to keep something back.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::git::Repository;
use crate::limits;
use crate::os::fs;
use crate::path::AbsPath;

/// The name of such a list.
pub const LIST: &str = ".quillonignore";

/// The lists of one session's folders.
#[derive(Debug, Default)]
pub struct NeverRead {
    /// Of each folder that had one the versions that are in force, the first one seen first.
    lists: Mutex<HashMap<AbsPath, Vec<Arc<List>>>>,
    /// Where the lists begin that count for a root.
    tops: Mutex<HashMap<AbsPath, AbsPath>>,
}

/// One version of a list; an empty one, where there is none.
#[derive(Debug)]
struct List {
    bytes: Vec<u8>,
    rules: Result<Gitignore, String>,
}

/// The lists that count for a file: from the top folder down to its own.
type Lists = Vec<(AbsPath, Arc<List>)>;

impl NeverRead {
    /// Why no model may be shown this file, which one of these roots holds; none where it may. Looks at
    /// the lists each time, so it blocks.
    pub fn why(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<String> {
        let root = roots.iter().filter(|root| path.starts_with(root)).min_by_key(|root| depth(root))?;
        let versions: Vec<(AbsPath, Vec<Arc<List>>)> = folders(&self.top_of(root), path.parent())
            .into_iter()
            .map(|folder| (folder.clone(), self.versions(&folder)))
            .filter(|(_, versions)| !versions.is_empty())
            .collect();
        let present: Lists = versions
            .iter()
            .filter_map(|(folder, versions)| Some((folder.clone(), versions.last()?.clone())))
            .collect();
        let with = |at: usize, version: &Arc<List>| {
            let mut lists = present.clone();
            lists[at].1 = version.clone();
            lists
        };
        let older = versions.iter().enumerate().flat_map(|(at, (_, versions))| {
            versions[..versions.len() - 1].iter().map(move |version| with(at, version))
        });
        std::iter::once(present.clone()).chain(older).find_map(|lists| kept_by(&lists, path))
    }

    /// From here on the lists count as they are, but for those that `by_agent` says were changed by whom
    /// they bind: what counted before goes on there. Looks at those of the roots, so it blocks.
    pub fn begin_turn(&self, roots: &[AbsPath], by_agent: impl Fn(&AbsPath) -> bool) {
        // What a command takes away in this turn is known by then.
        let of_roots = roots.iter().flat_map(|root| folders(&self.top_of(root), Some(root.clone())));
        let mut looked_at: Vec<AbsPath> = of_roots.collect();
        looked_at.extend(self.lists().keys().cloned());
        for folder in looked_at {
            self.versions(&folder);
        }
        for (folder, versions) in self.lists().iter_mut() {
            if !folder.join(LIST).is_ok_and(|list| by_agent(&list)) {
                versions.drain(..versions.len().saturating_sub(1));
            }
        }
    }

    /// The versions of a folder's list that are in force, with the present one at the end.
    fn versions(&self, folder: &AbsPath) -> Vec<Arc<List>> {
        let Ok(file) = folder.join(LIST) else { return Vec::new() };
        let read = match fs::read_up_to(&file, limits::NEVER_READ_LIST_BYTES_MAX) {
            Err(error) if is_nothing(&error) => None,
            other => Some(other),
        };
        let mut lists = self.lists();
        let Some(known) = lists.get_mut(folder) else {
            let Some(read) = read else { return Vec::new() };
            let list = Arc::new(List::of(folder, &file, read));
            lists.insert(folder.clone(), vec![list.clone()]);
            return vec![list];
        };
        let present = match read {
            None => List { bytes: Vec::new(), rules: Ok(Gitignore::empty()) },
            Some(Ok(read)) if known.last().is_some_and(|last| last.is(&read)) => return known.clone(),
            Some(read) => List::of(folder, &file, read),
        };
        match known.last() {
            Some(last) if last.bytes == present.bytes && last.rules.is_ok() == present.rules.is_ok() => {}
            // The first ones seen stay: they were there before anybody had a reason to change them.
            _ if known.len() > limits::RULES_IN_FORCE_MAX => {
                if let Some(last) = known.last_mut() {
                    *last = Arc::new(present);
                }
            }
            _ => known.push(Arc::new(present)),
        }
        known.clone()
    }

    fn top_of(&self, root: &AbsPath) -> AbsPath {
        let mut tops = self.tops.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || Repository::find(root).map_or_else(|| root.clone(), |found| found.worktree().clone());
        tops.entry(root.clone()).or_insert_with(find).clone()
    }

    fn lists(&self) -> MutexGuard<'_, HashMap<AbsPath, Vec<Arc<List>>>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn of(folder: &AbsPath, file: &AbsPath, read: io::Result<fs::Bytes>) -> Self {
        let broken = |why: String| Err(format!("{file} {why}; until that is repaired nothing below is read"));
        let fs::Bytes { bytes, whole_len } = match read {
            Ok(read) => read,
            Err(error) => {
                return Self { bytes: Vec::new(), rules: broken(format!("cannot be read ({error})")) };
            }
        };
        if whole_len > limits::NEVER_READ_LIST_BYTES_MAX {
            let max = limits::NEVER_READ_LIST_BYTES_MAX;
            return Self { bytes, rules: broken(format!("is longer than {max} bytes")) };
        }
        let mut builder = GitignoreBuilder::new(folder);
        // On some systems the other case is the same file.
        let mut rules = builder.case_insensitive(true).map(|_| ()).map_err(|error| error.to_string());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if let Err(error) = builder.add_line(None, line) {
                rules = rules.and(Err(format!("has a line that is no pattern: {}: {error}", number + 1)));
            }
        }
        let built = rules.and_then(|()| builder.build().map_err(|error| error.to_string()));
        Self { bytes, rules: built.or_else(broken) }
    }

    /// Whether this is what it was made of.
    fn is(&self, read: &fs::Bytes) -> bool {
        self.bytes == read.bytes && read.whole_len == read.bytes.len() as u64
    }
}

/// Why these lists keep a file back. As in git, a file below a folder that is kept back is, too, and of
/// the lines that speak of something the last one of the nearest list counts.
fn kept_by(lists: &Lists, path: &AbsPath) -> Option<String> {
    if let Some(why) = lists.iter().find_map(|(_, list)| list.rules.as_ref().err()) {
        return Some(why.clone());
    }
    let (top, _) = lists.first()?;
    let above = std::iter::successors(Some(path.clone()), AbsPath::parent);
    let mut entries: Vec<AbsPath> = above.take_while(|entry| entry != top).collect();
    entries.reverse();
    entries.iter().find_map(|entry| {
        let around = lists.iter().rev().filter(|(folder, _)| entry.starts_with(folder) && entry != folder);
        for (folder, list) in around {
            match list.rules.as_ref().map(|rules| rules.matched(entry, entry != path)) {
                Ok(Match::Ignore(glob)) => {
                    let line = glob.original();
                    return Some(format!("the line `{line}` of {LIST} in {folder} keeps it from all models"));
                }
                Ok(Match::Whitelist(_)) => return None,
                Ok(Match::None) | Err(_) => {}
            }
        }
        None
    })
}

/// The folders from the top down to this one.
fn folders(top: &AbsPath, last: Option<AbsPath>) -> Vec<AbsPath> {
    let above = std::iter::successors(last, AbsPath::parent);
    let mut folders: Vec<AbsPath> = above.take_while(|folder| folder.starts_with(top)).collect();
    folders.reverse();
    folders
}

fn depth(path: &AbsPath) -> usize {
    path.as_path().components().count()
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree {
        _folder: tempfile::TempDir,
        root: AbsPath,
        never: NeverRead,
    }

    impl Tree {
        fn new(lists: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
            let tree = Self { _folder: folder, root, never: NeverRead::default() };
            lists.iter().for_each(|(name, text)| tree.put(name, text));
            tree
        }

        fn put(&self, name: &str, text: &str) {
            let path = self.root.join(name).unwrap();
            fs::create_folders(&path.parent().unwrap()).unwrap();
            fs::replace(&path, text.as_bytes(), fs::Durability::Process).unwrap();
        }

        fn begin_turn(&self, by_agent: impl Fn(&AbsPath) -> bool) {
            self.never.begin_turn(std::slice::from_ref(&self.root), by_agent);
        }

        fn why(&self, name: &str) -> Option<String> {
            self.never.why(&self.root.join(name).unwrap(), std::slice::from_ref(&self.root))
        }

        #[track_caller]
        fn check(&self, kept: &[&str], open: &[&str]) {
            kept.iter().for_each(|name| assert!(self.why(name).is_some(), "{name} is to be kept back"));
            open.iter().for_each(|name| assert_eq!(self.why(name), None, "{name}"));
        }
    }

    #[test]
    fn as_git_reads_such_lists() {
        let tree = Tree::new(&[
            (".quillonignore", "# notes\n*.secret\n/private/\n!open.secret\ndeep/*.txt\n"),
            ("sub/.quillonignore", "here\n!a.secret\n"),
        ]);
        tree.check(
            &["a.secret", "x/a.secret", "A.SECRET", "private/x", "private/x/open.secret", "deep/a.txt"],
            &["open.secret", "sub/private", "other/private/x", "deep/x/a.txt", "here", "sub/a.secret"],
        );
        tree.check(&["sub/here", "sub/x/here", "sub/b.secret"], &["a.secrets", ".quillonignore"]);
        let why = tree.why("x/a.secret").unwrap();
        assert!(why.contains("`*.secret` of .quillonignore"), "{why}");
        assert_eq!(tree.never.why(&AbsPath::new("/elsewhere/a.secret").unwrap(), &[tree.root]), None);
    }

    #[test]
    fn lists_above_the_root_count_up_to_the_repository() {
        let tree = Tree::new(&[
            (".quillonignore", "outer\n"),
            ("repo/.git/HEAD", "ref: refs/heads/main\n"),
            ("repo/.git/objects/x", ""),
            ("repo/.quillonignore", "inner\n"),
            ("repo/sub/x", ""),
        ]);
        let sub = tree.root.join("repo/sub").unwrap();
        let why = |name: &str| tree.never.why(&sub.join(name).unwrap(), std::slice::from_ref(&sub));
        assert!(why("inner").is_some());
        assert_eq!(why("outer"), None);
    }

    #[test]
    fn a_list_that_is_not_understood_keeps_all_back() {
        let tree = Tree::new(&[("sub/.quillonignore", "[z-a]\n"), ("folder/.quillonignore/x", "")]);
        tree.check(&["sub/any", "folder/any"], &["any"]);
        assert!(tree.why("sub/any").unwrap().contains("no pattern: 1"), "{:?}", tree.why("sub/any"));
        tree.put("long/.quillonignore", &"#".repeat(limits::NEVER_READ_LIST_BYTES_MAX as usize + 1));
        tree.check(&["long/any"], &[]);
        tree.put("sub/.quillonignore", "b\n");
        tree.begin_turn(|_| false);
        tree.check(&["sub/b"], &["sub/any"]);
    }

    #[test]
    fn stricter_at_once_and_looser_with_the_next_turn() {
        let tree = Tree::new(&[(".quillonignore", "a\n")]);
        tree.check(&["a"], &["b"]);
        tree.put(".quillonignore", "b\n");
        tree.check(&["a", "b"], &["c"]);
        tree.begin_turn(|_| false);
        tree.check(&["b"], &["a"]);
        let list = tree.root.join(".quillonignore").unwrap();
        fs::remove_file(&list).unwrap();
        tree.check(&["b"], &["a"]);
        tree.begin_turn(|changed| *changed == list);
        tree.check(&["b"], &["a"]);
        tree.begin_turn(|_| false);
        tree.check(&[], &["a", "b"]);
    }

    #[test]
    fn what_is_taken_away_before_the_first_look_was_known() {
        let tree = Tree::new(&[(".quillonignore", "a\n")]);
        tree.begin_turn(|_| false);
        tree.put(".quillonignore", "");
        tree.check(&["a"], &["b"]);
    }

    #[test]
    fn many_changes_in_one_turn_leave_the_first_in_force() {
        let tree = Tree::new(&[(".quillonignore", "first\n")]);
        for number in 0..limits::RULES_IN_FORCE_MAX * 2 {
            tree.check(&["first"], &[]);
            tree.put(".quillonignore", &format!("other{number}\n"));
        }
        tree.check(&["first", "other0"], &["never"]);
    }
}
