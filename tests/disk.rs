//! Writes that the disk refuses, or under which something else comes to stand: a clear error, nothing half
//! written, nothing left behind.
//!
//! What concerns a whole process (a limit, a user without rights, a small file system) is tried in one of its
//! own: the test starts itself once more.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "prepares files and starts itself; a panic is how a test fails"
)]

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use quillon::path::AbsPath;
use quillon::text::{Change, Edit, Hash, Splice, Version};
use quillon::workspace::{Files, NoBuffers, Thing, WriteError};

/// Names the folder to the process that a test starts.
const FOLDER: &str = "QUILLON_TEST_FOLDER";

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

/// Bytes that no place in these tests has room for.
const TOO_MUCH: usize = 400 * 1024;

/// A folder and the files in it.
struct Place {
    folder: PathBuf,
    files: Files,
}

impl Place {
    fn new(folder: &Path) -> Self {
        let folder = folder.canonicalize().unwrap();
        let root = AbsPath::new(&folder).unwrap();
        Self { folder, files: Files::new(root.clone(), vec![root], Arc::new(NoBuffers)) }
    }

    fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    /// Everything in the folder, by its path there.
    fn names(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                found.push(entry.path().strip_prefix(&self.folder).unwrap().to_string_lossy().into_owned());
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        found.sort();
        found
    }

    fn edit(&self, name: impl AsRef<Path>, base: Version, change: Change) -> Edit {
        Edit { path: AbsPath::new(self.at(name)).unwrap(), base, change }
    }

    fn new_file(&self, name: &str) -> Edit {
        self.edit(name, Version::Absent, Change::Whole("new\n".into()))
    }

    /// Puts this text before the present one.
    fn prepend(&self, name: &str, before: &str, text: &str) -> Edit {
        let change = Change::Splices(vec![Splice { start: 0, end: 0, text: text.into() }]);
        self.edit(name, Version::of_text(before), change)
    }

    /// Writes, and gives the error, where there is one, without the folder's path.
    fn write(&self, edits: &[Edit]) -> Result<(), String> {
        self.ended(async { self.files.write(edits).await.map(|_| ()) })
    }

    fn ended(&self, work: impl Future<Output = Result<(), WriteError>>) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended = runtime.block_on(work);
        ended.map_err(|error| error.to_string().replace(&format!("{}/", self.folder.display()), ""))
    }

    #[track_caller]
    fn refuses(&self, edits: &[Edit], words: &[&str]) {
        let (before, error) = (self.names(), self.write(edits).unwrap_err());
        for words in words {
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(!error.contains(".quillon-") && !error.contains(".tmp"), "{error}");
        assert_eq!(self.names(), before, "something is left, or gone");
    }
}

/// Runs a test of this file once more in a process of its own, with the folder that it is to work in.
#[track_caller]
fn once_more(test: &str, folder: &Path, change: impl FnOnce(&mut Command), before: &[&str]) {
    let program = std::env::current_exe().unwrap();
    let mut command = match before {
        [] => Command::new(&program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(&program);
            command
        }
    };
    command.args(["--exact", test, "--nocapture"]).env(FOLDER, folder);
    change(&mut command);
    passed(&command.output().unwrap());
}

#[track_caller]
fn passed(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// The folder, in the process that a test started.
fn given() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// What must hold where `TOO_MUCH` has no room, and small files do.
fn without_room(folder: &Path, why: &[&str]) {
    let place = Place::new(folder);
    let text = "one\n".repeat(2_500);
    std::fs::write(place.at("a"), &text).unwrap();
    std::fs::write(place.at("b"), &text).unwrap();
    std::fs::hard_link(place.at("b"), place.at("c")).unwrap();
    let more = "x".repeat(TOO_MUCH);
    for name in ["a", "b"] {
        let edits = [place.new_file("new/deep/file"), place.prepend(name, &text, &more)];
        let error = place.write(&edits).unwrap_err();
        assert!(why.iter().any(|why| error.contains(why)), "{error}");
        assert!(error.starts_with(&format!("failed to write {name}: ")), "{error}");
        place.refuses(&edits, &["all files are as they were"]);
        assert_eq!(
            (place.names(), place.text(name)),
            (vec!["a".into(), "b".into(), "c".into()], text.clone())
        );
    }
    assert_eq!(std::fs::metadata(place.at("b")).unwrap().nlink(), 2);
    let bytes: Arc<[u8]> = more.as_bytes().into();
    let (path, hash) = (AbsPath::new(place.at("a")).unwrap(), Hash::of(text.as_bytes()));
    let error = place.ended(place.files.put(&path, Thing::File(hash), Thing::File(bytes), None)).unwrap_err();
    assert!(error.ends_with("the file is as it was") && place.text("a") == text, "{error}");
    let (new, bytes) = (AbsPath::new(place.at("new/deep/b")).unwrap(), more.as_bytes().into());
    let put = place.files.put(&new, Thing::Nothing, Thing::File(bytes), None);
    assert!(place.ended(put).is_err() && place.names().len() == 3);
    place.write(&[place.prepend("a", &text, "zero\n")]).unwrap();
    assert_eq!((place.names().len(), place.text("a")), (3, format!("zero\n{text}")));
}

#[test]
fn a_limit_of_bytes() {
    if let Some(folder) = given() {
        return without_room(&folder, &["File too large"]);
    }
    let folder = tempfile::tempdir().unwrap();
    // Blocks have 512 bytes or 1024. Writing on past the limit is then an error and no signal.
    let shell = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
    once_more("a_limit_of_bytes", folder.path(), |_| {}, &["sh", "-c", shell]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    if let Some(folder) = given() {
        return without_room(&folder, &["No space left on device"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=256k none \"${FOLDER}\" && exec \"$0\" \"$@\"");
    let user = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
    let root = ["unshare", "--mount", "sh", "-c"];
    let works = |before: &[&str]| {
        let mut command = Command::new(before[0]);
        let tried = command.args(&before[1..]).args([&mount, "true"]).env(FOLDER, folder.path()).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(before) = [&user[..], &root[..]].into_iter().find(|before| works(before)) else {
        // `a_limit_of_bytes` goes the same way as far as a program can see, and needs no rights.
        println!("not tried: this user may not mount a file system");
        return;
    };
    once_more("a_full_disk", folder.path(), |_| {}, &[before, &[&mount]].concat());
}

#[test]
fn files_and_folders_that_may_not_be_written() {
    let test = "files_and_folders_that_may_not_be_written";
    let Some(folder) = given() else {
        let folder = tempfile::tempdir().unwrap();
        if std::fs::metadata(folder.path()).unwrap().uid() != 0 {
            return once_more(test, folder.path(), |_| {}, &[]);
        }
        // The superuser may write everywhere.
        std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let program = reachable();
        let mut command = Command::new(&program.1);
        command.args(["--exact", test, "--nocapture"]).env(FOLDER, folder.path()).current_dir("/");
        return passed(&command.uid(NOBODY).gid(NOBODY).output().unwrap());
    };
    let place = Place::new(&folder);
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(place.at(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::create_dir(place.at("closed")).unwrap();
    for name in ["a", "locked", "closed/b"] {
        std::fs::write(place.at(name), "one\n").unwrap();
    }
    mode("locked", 0o444);
    mode("closed", 0o555);
    let denied = ["Permission denied", "all files are as they were"];
    let changed = place.prepend("a", "one\n", "zero\n");
    place.refuses(&[changed.clone(), place.prepend("locked", "one\n", "zero\n")], &denied);
    place.refuses(&[changed.clone(), place.new_file("closed/new")], &denied);
    place.refuses(&[changed.clone(), place.new_file("closed/new/deep")], &denied);
    let delete = place.edit("closed/b", Version::of_text("one\n"), Change::Delete);
    place.refuses(&[changed, place.new_file("folder/new"), delete], &denied);
    assert_eq!((place.text("a"), place.text("locked")), ("one\n".into(), "one\n".into()));
    // The folder takes no new file, and the old one may be written.
    place.write(&[place.prepend("closed/b", "one\n", "zero\n")]).unwrap();
    assert_eq!(place.text("closed/b"), "zero\none\n");
    assert_eq!(place.names(), ["a", "closed", "closed/b", "locked"]);
    mode("closed", 0o755);
}

/// This program where every user can start it, and what it goes with.
fn reachable() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("disk");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    (folder, program)
}

#[test]
fn something_else_comes_to_stand_there() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    std::fs::create_dir(place.at("elsewhere")).unwrap();
    let stale = ["has changed since it was read; nothing was written"];
    let irregular = ["not a regular file but a pipe, socket or device"];
    let edit = || place.prepend("dir/a", "one\n", "zero\n");
    let check = |swap: &dyn Fn(&Path), words: &[&str]| {
        std::fs::create_dir(place.at("dir")).unwrap();
        std::fs::write(place.at("dir/a"), "one\n").unwrap();
        // The user was asked; meanwhile:
        swap(&place.at("dir/a"));
        place.refuses(&[place.new_file("new/deep"), edit()], words);
        place.refuses(&[edit(), place.new_file("new/deep")], words);
        std::fs::remove_dir_all(place.at("dir")).or_else(|_| std::fs::remove_file(place.at("dir"))).unwrap();
    };
    let gone = |path: &Path| std::fs::remove_file(path).unwrap();
    check(&gone, &stale);
    check(&|path| std::fs::write(path, "two\n").unwrap(), &stale);
    check(&|path| std::fs::write(path, b"\0").unwrap(), &stale);
    check(
        &|path| {
            gone(path);
            std::fs::create_dir(path).unwrap();
        },
        &["is a folder, not a file"],
    );
    check(
        &|path| {
            gone(path);
            rustix::fs::mkfifoat(rustix::fs::CWD, path, 0o600.into()).unwrap();
        },
        &irregular,
    );
    check(
        &|path| {
            gone(path);
            symlink("/dev/full", path).unwrap();
        },
        &["leads somewhere else than when it was planned"],
    );
    check(
        &|path| {
            gone(path);
            std::fs::remove_dir(place.at("dir")).unwrap();
            symlink("elsewhere", place.at("dir")).unwrap();
        },
        &["leads somewhere else than when it was planned"],
    );
    let device = Edit { path: AbsPath::new("/dev/full").unwrap(), ..edit() };
    place.refuses(&[place.new_file("new/deep"), device], &irregular);
    assert_eq!(place.names(), ["elsewhere"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let odd = std::ffi::OsStr::from_bytes(b"odd-\xff");
    std::fs::create_dir(place.at(odd)).unwrap();
    let name = Path::new(odd).join("a");
    std::fs::write(place.at(&name), "one\n").unwrap();
    symlink(odd, place.at("link")).unwrap();
    // No journal could name it.
    for written in ["link/a", "link/new"] {
        let error = place.files.locate(written).unwrap_err().to_string();
        assert!(error.contains("not UTF-8; use a command"), "{error}");
    }
    let change = Change::Splices(vec![Splice { start: 0, end: 3, text: "1".into() }]);
    place.write(&[place.edit(&name, Version::of_text("one\n"), change)]).unwrap();
    assert_eq!(std::fs::read(place.at(&name)).unwrap(), b"1\n");
    assert_eq!(std::fs::read_dir(place.at(odd)).unwrap().count(), 1);
}
