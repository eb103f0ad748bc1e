//! Edits that are made, refused, and taken back.

mod forms;

use std::sync::Arc;

use futures::future::BoxFuture;

use super::super::{Content, NoBuffers, Took, Turns};
use super::*;
use crate::os::fs::{self, Durability};
use crate::text::{Change, SharedText, Splice};

fn files() -> (tempfile::TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
    (folder, Files::new(root.clone(), vec![root], Arc::new(NoBuffers)))
}

fn edit(files: &Files, name: &str, base: Version, change: Change) -> Edit {
    Edit { path: files.cwd().join(name).unwrap(), base, change }
}

#[tokio::test]
async fn line_ends_and_mark_stay() {
    let (_folder, files) = files();
    let path = files.cwd().join("a").unwrap();
    fs::replace(&path, "\u{feff}one\r\ntwo\r\n".as_bytes(), Durability::Process).unwrap();
    let splices = vec![Splice { start: 4, end: 7, text: "2\n3".into() }];
    let change = Change::Splices(splices);
    files.write(&[edit(&files, "a", Version::of_text("one\ntwo\n"), change)]).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), "\u{feff}one\r\n2\r\n3\r\n".as_bytes());
    // What looks like a second mark is the same to whoever read the text.
    fs::replace(&path, "\u{feff}\u{feff}one\r\r\ntwo".as_bytes(), Durability::Process).unwrap();
    let Ok(Content::Text(file)) = files.read(&path).await else { panic!() };
    let at = ends::lf(&file.text).find("two").unwrap();
    let change = Change::Splices(vec![Splice { start: at, end: at + 3, text: "2".into() }]);
    files.write(&[edit(&files, "a", file.version, change)]).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), "\u{feff}\u{feff}one\r\r\n2".as_bytes());
}

#[tokio::test]
async fn a_file_stays_in_its_encoding() {
    let (_folder, files) = files();
    let path = files.cwd().join("a").unwrap();
    let check = async |before: &[u8], text: &str, expected: Result<&[u8], &str>| {
        fs::replace(&path, before, Durability::Process).unwrap();
        let base = Version::of_text("é\nb\n");
        let change = Change::Splices(vec![Splice { start: 3, end: 4, text: text.into() }]);
        let written = files.write(&[edit(&files, "a", base, change)]).await;
        match expected {
            Ok(bytes) => assert_eq!((written.is_ok(), fs::read(&path).unwrap()), (true, bytes.to_vec())),
            Err(why) => {
                let error = written.unwrap_err().to_string();
                assert!(error.contains(why) && fs::read(&path).unwrap() == before, "{error}");
            }
        }
    };
    check(b"\xe9\r\nb\r\n", "€", Ok(b"\xe9\r\n\x80\r\n")).await;
    check(b"\xe9\r\nb\r\n", "→", Err("has no `→`")).await;
    check(b"\xff\xfe\xe9\0\n\0b\0\n\0", "→", Ok(b"\xff\xfe\xe9\0\n\0\x92\x21\n\0")).await;
    check(b"\xfe\xff\0\xe9\0\n\0b\0\n", "c", Ok(b"\xfe\xff\0\xe9\0\n\0c\0\n")).await;
    // The half character at its end is read as U+FFFD, which would be written in its place.
    let half = b"\xff\xfe\xe9\0\n\0b\0\n\0\0\xd8";
    fs::replace(&path, half, Durability::Process).unwrap();
    let change = Change::Splices(vec![Splice { start: 3, end: 4, text: "c".into() }]);
    let broken = edit(&files, "a", Version::of_text("é\nb\n\u{fffd}"), change);
    let error = files.write(&[broken]).await.unwrap_err().to_string();
    assert!(error.contains("not whole in its encoding") && fs::read(&path).unwrap() == half, "{error}");
}

#[tokio::test]
async fn a_stale_file_stops_all() {
    let (_folder, files) = files();
    let new = edit(&files, "new/b", Version::Absent, Change::Whole("b".into()));
    let stale = edit(&files, "a", Version::of_text("other"), Change::Whole("x".into()));
    assert!(matches!(files.write(&[new.clone(), stale]).await, Err(WriteError::Stale(_))));
    assert!(fs::look(&new.path).is_err(), "nothing was written");
    files.write(std::slice::from_ref(&new)).await.unwrap();
    assert_eq!(fs::read(&new.path).unwrap(), b"b");
    assert!(matches!(files.write(&[new]).await, Err(WriteError::Stale(_))));
}

/// An editor that has every file named `open`.
#[derive(Default)]
struct Editor(std::sync::Mutex<String>);

impl super::super::Buffers for Editor {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        let open = path.file_name() == "open";
        Box::pin(async move { open.then(|| Ok(self.0.lock().unwrap().as_str().into())) })
    }
    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        let one = |write: &BufferWrite| {
            let open = write.path.file_name() == "open";
            open.then(|| *self.0.lock().unwrap() = ends::splice(&write.old, &write.splices));
            open.then_some(Ok(Took::default()))
        };
        let answers = writes.iter().map(one).collect();
        Box::pin(async move { answers })
    }
    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}

#[tokio::test]
async fn what_an_editor_took_goes_back_when_the_disk_fails() {
    let (_folder, plain) = files();
    let editor = Arc::new(Editor(std::sync::Mutex::new("one\r\n".into())));
    let files = Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], editor.clone());
    let change = |text: &str| Change::Splices(vec![Splice { start: 0, end: 3, text: text.into() }]);
    let first = edit(&files, "open", Version::of_text("one\n"), change("two"));
    files.write(std::slice::from_ref(&first)).await.unwrap();
    assert_eq!(*editor.0.lock().unwrap(), "two\r\n");
    let second = edit(&files, "open", Version::of_text("two\n"), change("six"));
    let file = edit(&files, "x", Version::Absent, Change::Whole("a file".into()));
    let below_it = edit(&files, "x/b", Version::Absent, Change::Whole("b".into()));
    let error = files.write(&[second, file, below_it]).await.unwrap_err().to_string();
    assert!(error.ends_with("all files are as they were"), "{error}");
    assert_eq!(*editor.0.lock().unwrap(), "two\r\n");
}

#[tokio::test]
async fn an_open_file_goes_when_nothing_of_it_is_unsaved() {
    let check = async |on_disk: Option<&str>, in_editor: &str, goes: bool| {
        let (_folder, plain) = files();
        let editor = Arc::new(Editor(std::sync::Mutex::new(in_editor.into())));
        let files = Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], editor.clone());
        let path = files.cwd().join("open").unwrap();
        if let Some(text) = on_disk {
            fs::replace(&path, text.as_bytes(), Durability::Process).unwrap();
        }
        let base = Version::of_text(&ends::lf(in_editor));
        let gone = files.write(&[edit(&files, "open", base, Change::Delete)]).await;
        let stands = fs::read(&path).ok();
        if goes {
            gone.unwrap();
            assert_eq!(stands, None);
        } else {
            let error = gone.unwrap_err().to_string();
            assert!(error.contains("not saved") && error.contains("nothing was written"), "{error}");
            assert_eq!(stands.as_deref(), on_disk.map(str::as_bytes));
        }
        assert_eq!(*editor.0.lock().unwrap(), in_editor, "the editor keeps its buffer");
    };
    check(Some("one\n"), "one\n", true).await;
    check(Some("one\r\n"), "one\n", true).await;
    check(Some(""), "\n", true).await;
    check(Some("one\n"), "one\ntwo\n", false).await;
    check(Some("one\n"), "", false).await;
    check(Some("\n"), "", false).await;
    check(None, "one\n", false).await;
}

#[tokio::test]
async fn what_is_typed_while_the_editor_is_asked_keeps_the_file() {
    /// An editor in which somebody types while it is asked.
    struct Typing(Editor);
    impl super::super::Buffers for Typing {
        fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
            self.0.read(path)
        }
        fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Answers> {
            self.0.0.lock().unwrap().push_str("typed");
            self.0.write(writes)
        }
        fn open(&self) -> Vec<AbsPath> {
            Vec::new()
        }
    }
    let (_folder, plain) = files();
    let editor = Typing(Editor(std::sync::Mutex::new("one\n".into())));
    let files = Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], Arc::new(editor));
    let path = files.cwd().join("open").unwrap();
    fs::replace(&path, b"one\n", Durability::Process).unwrap();
    let gone = edit(&files, "open", Version::of_text("one\n"), Change::Delete);
    let new = edit(&files, "new", Version::Absent, Change::Whole("new".into()));
    let error = files.write(&[new.clone(), gone]).await.unwrap_err();
    assert!(matches!(error, WriteError::Stale(_)), "{error}");
    assert_eq!((fs::read(&path).unwrap(), fs::look(&new.path).is_ok()), (b"one\n".to_vec(), false));
}

#[cfg(unix)]
#[allow(clippy::disallowed_methods, reason = "the test sets and looks at rights")]
#[tokio::test]
async fn a_moved_file_keeps_its_rights_and_a_failure_gives_them_back() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, files) = files();
    let path = |name: &str| files.cwd().join(name).unwrap();
    let mode = |name: &str| std::fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    for (name, mode) in [("run", 0o755), ("secret", 0o600)] {
        fs::replace(&path(name), name.as_bytes(), Durability::Process).unwrap();
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let moved = |name: &str, base: Version, from: &str| {
        let text = format!("{from} moved");
        edit(&files, name, base, Change::Moved { from: path(from), text })
    };
    let gone = |name: &str| edit(&files, name, Version::of_text(name), Change::Delete);
    let new = |name: &str| edit(&files, name, Version::Absent, Change::Whole("x".into()));
    let error = files.write(&[gone("secret"), new("x"), new("x/b")]).await.unwrap_err().to_string();
    assert!(error.ends_with("all files are as they were"), "{error}");
    assert_eq!(mode("secret"), 0o600);
    // Two files change places, and then one moves on.
    let swapped =
        [moved("run", Version::of_text("run"), "secret"), moved("secret", Version::of_text("secret"), "run")];
    files.write(&swapped).await.unwrap();
    assert_eq!((mode("run"), mode("secret")), (0o600, 0o755));
    let away = [
        moved("bin/x", Version::Absent, "secret"),
        edit(&files, "secret", Version::of_text("run moved"), Change::Delete),
    ];
    files.write(&away).await.unwrap();
    assert_eq!((mode("bin/x"), fs::read(&path("bin/x")).unwrap()), (0o755, b"secret moved".to_vec()));
    assert!(fs::look(&path("secret")).is_err());
}

type Answers = Vec<Option<Result<Took, Refusal>>>;

/// An editor that has nothing open but answers to edits so, whatever comes of it.
struct Says<F>(F);

impl<F: Fn(&[BufferWrite]) -> Answers + Send + Sync> super::super::Buffers for Says<F> {
    fn read<'a>(&'a self, _path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        Box::pin(async { None })
    }
    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Answers> {
        let answers = (self.0)(writes);
        Box::pin(async move { answers })
    }
    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}

fn saying(plain: &Files, says: impl Fn(&[BufferWrite]) -> Answers + Send + Sync + 'static) -> Files {
    Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], Arc::new(Says(says)))
}

#[tokio::test]
async fn what_comes_while_the_editor_is_asked_is_not_overwritten() {
    let (_folder, plain) = files();
    let (old, new) = (plain.cwd().join("old").unwrap(), plain.cwd().join("new").unwrap());
    fs::replace(&old, b"old", Durability::Process).unwrap();
    let places = [old.clone(), new.clone()];
    let files = saying(&plain, move |writes| {
        let path = &writes[0].path;
        assert!(places.contains(path));
        fs::replace(path, b"saved meanwhile", Durability::Process).unwrap();
        writes.iter().map(|_| None).collect()
    });
    let changed = edit(&files, "old", Version::of_text("old"), Change::Whole("changed".into()));
    let made = edit(&files, "new", Version::Absent, Change::Whole("made".into()));
    let gone = edit(&files, "old", Version::of_text("saved meanwhile"), Change::Delete);
    for one in [changed, made] {
        let error = files.write(std::slice::from_ref(&one)).await.unwrap_err();
        assert!(matches!(error, WriteError::Stale(_)), "{error}");
        assert_eq!(fs::read(&one.path).unwrap(), b"saved meanwhile");
    }
    plain.write(&[gone]).await.unwrap();
    assert!(fs::look(&old).is_err());
}

#[tokio::test]
async fn what_an_editor_refuses_is_said_as_it_is() {
    let (_folder, plain) = files();
    let made = |name: &str| edit(&plain, name, Version::Absent, Change::Whole("x".into()));
    let no = || Some(Err(Refusal::No("it is locked".into())));
    // It answers so once, and refuses to take anything back.
    let answers = |answers: Answers| {
        let answers = std::sync::Mutex::new(Some(answers));
        saying(&plain, move |writes| {
            let first = answers.lock().unwrap().take();
            first.unwrap_or_else(|| writes.iter().map(|_| Some(Err(Refusal::Stale))).collect())
        })
    };
    let unknown = || Some(Err(Refusal::Unknown("no answer".into())));
    let stale = || Some(Err(Refusal::Stale));
    let check = async |given: Answers, expected: &str| {
        let edits: Vec<Edit> = ["a", "b"].into_iter().take(given.len()).map(made).collect();
        let error = answers(given).write(&edits).await.unwrap_err().to_string();
        let error = error.replace(&format!("{}/", plain.cwd()), "");
        assert!(error.contains(expected), "{error}");
        assert!(edits.iter().all(|edit| fs::look(&edit.path).is_err()));
    };
    check(vec![no()], "failed to write a: it is locked; all files are as they were").await;
    check(vec![no(), None], "failed to write a: it is locked; all files are as they were").await;
    check(vec![unknown()], "no answer; whether a was changed is not known").await;
    check(vec![stale(), unknown()], "no answer; whether b was changed is not known").await;
    check(vec![stale(), no()], "failed to write b: it is locked").await;
    check(vec![None, stale()], "b has changed since it was read").await;
    // What it took is to be put back, and that it refuses too.
    check(vec![Some(Ok(Took::default())), no()], "failed to write b: it is locked; a could not be put back")
        .await;
    check(
        vec![Some(Ok(Took::default())), stale()],
        "failed to write b: it has changed since it was read; a could",
    )
    .await;
}

#[tokio::test]
async fn a_failure_puts_back() {
    let (_folder, files) = files();
    let first = edit(&files, "a", Version::Absent, Change::Whole("a".into()));
    let folder = files.cwd().join("blocked").unwrap();
    fs::replace(&folder, b"a file", Durability::Process).unwrap();
    let second = edit(&files, "blocked/b", Version::Absent, Change::Whole("b".into()));
    assert!(files.write(&[first.clone(), second]).await.is_err());
    assert!(fs::look(&first.path).is_err());
}

#[tokio::test(start_paused = true)]
async fn who_is_writing_the_same_file_is_waited_for() {
    let (_folder, files) = files();
    let turns = Turns::in_folder(files.cwd().join("turns").unwrap());
    let files = files.taking_turns(turns.clone());
    let path = files.cwd().join("a").unwrap();
    fs::replace(&path, b"old", Durability::Process).unwrap();
    let edits = [edit(&files, "a", Version::of_text("old"), Change::Whole("new".into()))];
    let other = turns.take([&path].into_iter()).await.unwrap();
    let error = files.write(&edits).await.unwrap_err().to_string();
    assert!(error.contains("another Quillon") && error.contains("all files are as they were"), "{error}");
    // What the other wrote meanwhile is seen, and not written over.
    let (written, ()) = tokio::join!(files.write(&edits), async {
        tokio::time::sleep(limits::WRITE_TURN_PAUSE * 2).await;
        fs::replace(&path, b"theirs", Durability::Process).unwrap();
        drop(other);
    });
    assert!(matches!(written, Err(WriteError::Stale(_))), "{written:?}");
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
}
