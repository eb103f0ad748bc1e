//! Files below a folder, several threads at a time, and files by their path.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use ignore::WalkState;

use super::scope::{self, Scope};
use super::{FileError, failed};
use crate::limits;
use crate::os::fs::{self, Kind};
use crate::path::AbsPath;

/// Which files are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobQuery {
    /// Which of them.
    pub scope: Scope,
    /// Which come first.
    pub order: Order,
    /// At most so many files are given.
    pub max: usize,
}

/// Which files come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The one changed last.
    Newest,
    /// By their paths.
    Path,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globbed {
    /// The files, in the order that was asked for.
    pub files: Vec<AbsPath>,
    /// How many there are in all, up to the bound of the walk.
    pub total: usize,
    /// What could not be looked at.
    pub missed: Missed,
}

/// What a search could not look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missed {
    /// How many files or folders could not be read.
    pub unreadable: usize,
    /// Why, of one of them.
    pub why: Option<String>,
    /// Whether there was more than is looked at.
    pub given_up: bool,
}

/// How a search came to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It is the very file that was to be searched.
    Itself,
    /// It lies below the folder.
    Below,
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

impl Missed {
    pub(super) fn add(&mut self, why: String) {
        self.unreadable += 1;
        self.why.get_or_insert(why);
    }
}

/// When a file changed, so that what comes first is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Unsaved,
    Since(std::cmp::Reverse<SystemTime>),
    Unknown,
}

/// Finds files by their path; `unsaved` are files that an editor has open.
pub(super) fn glob(
    root: &AbsPath,
    query: &GlobQuery,
    unsaved: Vec<AbsPath>,
    stop: &Stop,
) -> Result<Globbed, FileError> {
    let unsaved = query.scope.would_find(root, only_in_editor(unsaved))?;
    let found: Mutex<Vec<(Age, AbsPath)>> = Mutex::default();
    let add = |age: Age, path: AbsPath| {
        found.lock().unwrap_or_else(PoisonError::into_inner).push((age, path));
        ControlFlow::Continue(())
    };
    let missed = if unsaved.contains(root) {
        Missed::default()
    } else {
        each(root, &query.scope, stop, || |path: AbsPath, _| add(age_of(&path, query.order), path))?
    };
    for path in unsaved {
        let _ = add(Age::Unsaved, path);
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let total = found.len();
    match query.order {
        Order::Newest => found.sort_unstable(),
        Order::Path => found.sort_unstable_by(|left, right| left.1.cmp(&right.1)),
    }
    let files = found.into_iter().take(query.max).map(|(_, path)| path).collect();
    Ok(Globbed { files, total, missed })
}

fn age_of(path: &AbsPath, order: Order) -> Age {
    match order {
        Order::Path => Age::Unknown,
        Order::Newest => {
            let modified = fs::look_at_link(path).ok().and_then(|look| look.modified);
            modified.map_or(Age::Unknown, |time| Age::Since(std::cmp::Reverse(time)))
        }
    }
}

/// Those which do not stand on the disk.
pub(super) fn only_in_editor(mut open: Vec<AbsPath>) -> Vec<AbsPath> {
    open.retain(|path| {
        fs::look_at_link(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    });
    open
}

/// Visits all files below a folder, or the one file, on several threads; each has what `visitor`
/// makes. Files come in no order.
pub(super) fn each<V>(
    root: &AbsPath,
    scope: &Scope,
    stop: &Stop,
    visitor: impl Fn() -> V,
) -> Result<Missed, FileError>
where
    V: FnMut(AbsPath, Named) -> ControlFlow<()> + Send,
{
    let mut walk = scope.walk(root)?;
    match fs::look(root).map_err(|error| failed(root, error))?.kind {
        Kind::Folder => {}
        Kind::File => {
            let _ = visitor()(root.clone(), Named::Itself);
            return Ok(Missed::default());
        }
        Kind::Link | Kind::Other => {
            let error = std::io::Error::other("it is a pipe, socket or device");
            return Err(FileError::Io { path: root.clone(), error });
        }
    }
    let (missed, entries) = (Mutex::new(Missed::default()), AtomicUsize::new(0));
    let miss = |note: &dyn Fn(&mut Missed)| note(&mut missed.lock().unwrap_or_else(PoisonError::into_inner));
    walk.threads(
        std::thread::available_parallelism().map_or(1, |count| count.get()).min(limits::SEARCH_THREADS_MAX),
    );
    walk.build_parallel().run(|| {
        let mut visit = visitor();
        let (miss, entries) = (&miss, &entries);
        Box::new(move |entry| {
            if stop.is_set() {
                return WalkState::Quit;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    miss(&|missed| missed.add(scope::said(&error)));
                    return WalkState::Continue;
                }
            };
            if entries.fetch_add(1, Ordering::Relaxed) >= scope.entries_max {
                miss(&|missed| missed.given_up = true);
                return WalkState::Quit;
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                return WalkState::Continue;
            }
            match AbsPath::new(entry.path()).map(|path| visit(path, Named::Below)) {
                Ok(ControlFlow::Break(())) => WalkState::Quit,
                Ok(ControlFlow::Continue(())) | Err(_) => WalkState::Continue,
            }
        })
    });
    Ok(missed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn named(pattern: &str, root: &AbsPath) -> GlobQuery {
        GlobQuery { scope: Scope::of_glob(pattern, root), order: Order::Path, max: 10 }
    }

    #[track_caller]
    fn check(root: &AbsPath, query: &GlobQuery, unsaved: &[&str], expected: &[&str]) {
        let unsaved = unsaved.iter().map(|name| root.join(name).unwrap()).collect();
        let found = glob(root, query, unsaved, &Stop::default()).unwrap();
        let names: Vec<String> = found.files.iter().map(|path| path.display_in(root)).collect();
        assert_eq!(names, expected, "{:?}", query.scope.globs);
        assert_eq!(found.missed, Missed::default());
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
        let check = |pattern: &str, expected: &[&str]| check(&root, &named(pattern, &root), &[], expected);
        check("*.rs", &["src/deep/lib.rs", "src/main.rs"]);
        check("src/*.rs", &["src/main.rs"]);
        check("./src/*.rs", &["src/main.rs"]);
        check(&format!("{root}/src/*.rs"), &["src/main.rs"]);
        check("src/", &["src/deep/lib.rs", "src/main.rs"]);
        check("**/*.rs", &["src/deep/lib.rs", "src/main.rs"]);
        check("{src,target}/*.{rs,log}", &["src/main.rs"]);
        check("!*.rs", &[".gitignore", ".hidden"]);
        check("*", &[".gitignore", ".hidden", "src/deep/lib.rs", "src/main.rs"]);
        check("**", &[".gitignore", ".hidden", "src/deep/lib.rs", "src/main.rs"]);
        check("#*", &[]);
        check("*.log", &[]);
        assert!(glob(&root, &named("a{", &root), Vec::new(), &Stop::default()).is_err());
    }

    #[test]
    fn files_that_only_an_editor_has_obey_the_same_rules() {
        let (_folder, root) = tree(&[(".gitignore", "target/\n"), ("a.rs", "")]);
        let unsaved = ["a.rs", "new.rs", "new/deep.rs", "new.py", "target/x.rs", ".git/x.rs"];
        check(&root, &named("*.rs", &root), &unsaved, &["a.rs", "new/deep.rs", "new.rs"]);
        let newest = GlobQuery { order: Order::Newest, max: 1, ..named("*.rs", &root) };
        check(&root, &newest, &unsaved, &["new/deep.rs"]);
        let new = root.join("new.rs").unwrap();
        check(&new, &named("*", &root), &[""], &["."]);
    }

    #[test]
    fn a_walk_that_is_stopped_or_too_long_ends() {
        let (_folder, root) = tree(&[("a", ""), ("b", "")]);
        let stop = Stop::default();
        drop(stop.guard());
        assert_eq!(glob(&root, &named("*", &root), Vec::new(), &stop).unwrap().total, 0);
        let mut query = named("*", &root);
        query.scope.entries_max = 2;
        let found = glob(&root, &query, Vec::new(), &Stop::default()).unwrap();
        assert_eq!((found.total, found.missed.given_up), (1, true));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_or_folder_is_refused() {
        let (_folder, root) = tree(&[("a", "")]);
        let refused = |path: &AbsPath| {
            glob(path, &named("*", &root), Vec::new(), &Stop::default()).unwrap_err().to_string()
        };
        assert!(refused(&root.join("b").unwrap()).contains("does not exist"));
        assert!(refused(&AbsPath::new("/dev/null").unwrap()).contains("pipe, socket or device"));
    }
}
