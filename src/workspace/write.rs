//! Edits become files: every base is checked before the first byte is written, all or none.

use std::io;
use std::sync::Arc;

use super::buffers::{BufferWrite, Refusal};
use super::encoding::Encoding;
use super::file::{Bom, Content, TextFile};
use super::{FileError, Files, blocking, root};
use crate::os::fs::{self, Durability, Rights};
use crate::path::AbsPath;
use crate::text::{Change, Edit, Version, ends};

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: AbsPath,
    /// Which text stands there.
    pub version: Version,
}

/// Why nothing was written, in words for the model.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file is not the one that the edit was made from.
    #[error("{0} has changed since it was read; nothing was written. Read it again and make the edit anew")]
    Stale(AbsPath),
    /// The file cannot be read.
    #[error("nothing was written: {0}")]
    Read(#[from] FileError),
    /// The editor or the disk refused; what was written before was put back.
    #[error("failed to write {path}: {error}; {state}")]
    Io {
        /// The file.
        path: AbsPath,
        /// Why.
        error: io::Error,
        /// What stands in the files.
        state: String,
    },
}

/// A checked edit: what stands there, and what is to.
struct Ready {
    path: AbsPath,
    base: Version,
    /// The bytes of the disk; none where no file is.
    before: Option<Vec<u8>>,
    /// What is to stand there; none where the file goes.
    after: Option<After>,
    /// The rights of the file before, where one is; they come back with it.
    rights: Option<Rights>,
    /// The rights of the file that moves here.
    taken: Option<Rights>,
    buffer: BufferWrite,
}

/// What is to stand in a file.
enum After {
    /// This text, as UTF-8.
    Plain(Arc<str>),
    /// This text, in the bytes of the file's own encoding.
    Encoded(Vec<u8>, Arc<str>),
}

impl Ready {
    /// The bytes that are to stand there; none where the file goes.
    fn bytes(&self) -> Option<&[u8]> {
        self.after.as_ref().map(|after| match after {
            After::Plain(text) => text.as_bytes(),
            After::Encoded(bytes, _) => bytes,
        })
    }

    fn version(&self) -> Version {
        match &self.after {
            Some(After::Plain(text) | After::Encoded(_, text)) => Version::of_text(text),
            None => Version::Absent,
        }
    }
}

/// Why a write did not come to its end.
struct Failure {
    path: AbsPath,
    why: Why,
    /// The files that could not be put back.
    lost: Vec<String>,
    /// The files of which it is not known what stands in them.
    unknown: Vec<String>,
}

/// What stood against a write.
enum Why {
    /// Something else stands there by now.
    Stale,
    /// The editor or the disk.
    Failed(io::Error),
}

pub(super) async fn write(files: &Files, edits: &[Edit]) -> Result<Vec<Written>, WriteError> {
    let mut ready = Vec::new();
    for edit in edits {
        ready.push(check(files, edit).await?);
    }
    let written = ready.iter().map(|one| Written { path: one.path.clone(), version: one.version() });
    let written = written.collect();
    // A file goes on the disk: an editor that has it open keeps its buffer.
    let (gone, kept): (Vec<Ready>, Vec<Ready>) = ready.into_iter().partition(|one| one.after.is_none());
    let buffers: Vec<BufferWrite> = kept.iter().map(|one| one.buffer.clone()).collect();
    let answered = files.buffers().write(&buffers).await;
    let (mut on_disk, mut in_editor, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for one in &gone {
        if !is_saved(files, one).await {
            refused.push((one.path.clone(), Refusal::Stale));
        }
    }
    for (one, answer) in kept.into_iter().zip(answered) {
        match answer {
            Some(Ok(())) => in_editor.push(one.buffer),
            Some(Err(refusal)) => refused.push((one.path, refusal)),
            None => on_disk.push(one),
        }
    }
    on_disk.extend(gone);
    let failure = match Failure::of_editor(refused) {
        Some(failure) => Some(failure),
        None => blocking(move || Ok(to_disk(&on_disk))).await?.err(),
    };
    match failure {
        None => Ok(written),
        Some(mut failure) => {
            failure.lost.extend(back_in_editor(files, &in_editor).await);
            Err(failure.into())
        }
    }
}

impl Failure {
    /// What the editor did not take; none where it took all.
    fn of_editor(refused: Vec<(AbsPath, Refusal)>) -> Option<Self> {
        let unknown = refused.iter().filter(|(_, refusal)| matches!(refusal, Refusal::Unknown(_)));
        let unknown: Vec<String> = unknown.map(|(path, _)| path.to_string()).collect();
        // What is not known weighs most, then what makes it useless to try again.
        let weight = |refusal: &Refusal| match refusal {
            Refusal::Stale => 0,
            Refusal::No(_) => 1,
            Refusal::Unknown(_) => 2,
        };
        let (path, refusal) = refused.into_iter().max_by_key(|(_, refusal)| weight(refusal))?;
        let why = match refusal {
            Refusal::Stale => Why::Stale,
            Refusal::No(why) | Refusal::Unknown(why) => Why::Failed(io::Error::other(why)),
        };
        Some(Self { path, why, lost: Vec::new(), unknown })
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        let Failure { path, why, lost, unknown } = failure;
        let error = match why {
            Why::Stale if lost.is_empty() => return Self::Stale(path),
            Why::Stale => io::Error::other("it has changed since it was read"),
            Why::Failed(error) => error,
        };
        let mut state = Vec::new();
        if !unknown.is_empty() {
            state.push(format!("whether {} was changed is not known: read it again", unknown.join(", ")));
        }
        if !lost.is_empty() {
            state.push(format!("{} could not be put back", lost.join(", ")));
        }
        if state.is_empty() {
            state.push("all files are as they were".into());
        }
        Self::Io { path, error, state: state.join("; ") }
    }
}

async fn check(files: &Files, edit: &Edit) -> Result<Ready, WriteError> {
    let stale = || WriteError::Stale(edit.path.clone());
    let path = edit.path.clone();
    blocking(move || root::still_there(&path)).await?;
    let found = match edit.change {
        Change::Delete => files.going(&edit.path).await,
        Change::Splices(_) | Change::Whole(_) | Change::Moved { .. } => files.with_bytes(&edit.path).await,
    };
    let (found, before) = match found {
        Ok((Content::Text(file), bytes)) => (Some(file), Some(bytes)),
        Ok((Content::Binary { .. }, _)) => return Err(stale()),
        Err(FileError::NotFound { .. }) => (None, None),
        Err(error) => return Err(error.into()),
    };
    let version = found.as_ref().map_or(Version::Absent, |file| file.version);
    if version != edit.base {
        return Err(stale());
    }
    let text = found.as_ref().map_or("", |file| &*file.text);
    let mark = found.as_ref().map_or("", mark);
    // Files may be large: without a mark nothing is copied.
    let marked = |text: String| if mark.is_empty() { text } else { format!("{mark}{text}") };
    let old: Arc<str> = match &found {
        Some(file) if mark.is_empty() => file.text.clone(),
        Some(_) | None => marked(text.to_owned()).into(),
    };
    let (after, splices) = match &edit.change {
        // Its places count in the text as it was read, which is without the mark.
        Change::Splices(splices) => (Some(marked(ends::splice(text, splices))), splices.clone()),
        Change::Whole(text) | Change::Moved { text, .. } => {
            let view = (ends::lf(&old), ends::lf(text));
            (Some(text.clone()), crate::text::diff::splices(&view.0, &view.1))
        }
        Change::Delete => (None, Vec::new()),
    };
    let after = match (after, &found) {
        (Some(text), Some(file)) if file.encoding != Encoding::Utf8 => {
            Some(After::Encoded(encoded(&text, file, before.as_deref(), &edit.path)?, text.into()))
        }
        (Some(text), _) => Some(After::Plain(text.into())),
        (None, _) => None,
    };
    let new = match &after {
        Some(After::Plain(text) | After::Encoded(_, text)) => text.clone(),
        None => "".into(),
    };
    let buffer = BufferWrite { path: edit.path.clone(), base: edit.base, old, splices, new };
    // Taken before the first write: the files may change places.
    let rights = if before.is_some() { fs::rights(&edit.path).ok() } else { None };
    let taken = match &edit.change {
        Change::Moved { from, .. } => {
            let failed = |error| FileError::Io { path: from.clone(), error };
            Some(fs::rights(from).map_err(failed)?)
        }
        Change::Splices(_) | Change::Whole(_) | Change::Delete => None,
    };
    Ok(Ready { path: edit.path.clone(), base: edit.base, before, after, rights, taken, buffer })
}

/// Whether an editor that has a file open has nothing of it that the disk has not.
async fn is_saved(files: &Files, one: &Ready) -> bool {
    match files.buffers().read(&one.path).await {
        None => true,
        Some(Ok(text)) => same(&one.buffer.old, &text),
        Some(Err(_)) => false,
    }
}

/// Whether the disk's text is the editor's. Line ends and byte-order mark are not every editor's to
/// tell, and some tell of an empty file as of an empty line.
pub(super) fn same(on_disk: &str, in_editor: &str) -> bool {
    let view = |text: &str| ends::lf(text.strip_prefix('\u{feff}').unwrap_or(text));
    let (on_disk, in_editor) = (view(on_disk), view(in_editor));
    on_disk == in_editor || on_disk.is_empty() && in_editor == "\n"
}

/// The text in the file's encoding, where what stands around the change comes out as it went in.
fn encoded(
    text: &str,
    file: &TextFile,
    before: Option<&[u8]>,
    path: &AbsPath,
) -> Result<Vec<u8>, WriteError> {
    let refused = |why: String| WriteError::Io {
        path: path.clone(),
        error: io::Error::other(why),
        state: "nothing was written".into(),
    };
    let name = file.encoding.name();
    let whole = format!("{}{}", mark(file), file.text);
    if file.encoding.encode(&whole).ok().as_deref() != before {
        return Err(refused(format!("it is not whole in its encoding, {name}; change it with a command")));
    }
    file.encoding.encode(text).map_err(|character| {
        refused(format!(
            "its encoding, {name}, has no `{character}`; write it otherwise, or convert the file to UTF-8 first"
        ))
    })
}

/// The byte-order mark of a file, if it has one.
fn mark(file: &TextFile) -> &'static str {
    match file.bom {
        Bom::None => "",
        Bom::Utf8 => "\u{feff}",
    }
}

/// Writes to the disk. When one fails those before it are put back. Blocks.
fn to_disk(ready: &[Ready]) -> Result<(), Failure> {
    for (done, one) in ready.iter().enumerate() {
        if let Err(why) = put(one) {
            let lost = ready[..done].iter().filter(|earlier| put_back(earlier).is_err());
            let lost = lost.map(|earlier| earlier.path.to_string()).collect();
            return Err(Failure { path: one.path.clone(), why, lost, unknown: Vec::new() });
        }
    }
    Ok(())
}

/// Takes edits of open files back; gives those for which the editor refuses.
async fn back_in_editor(files: &Files, done: &[BufferWrite]) -> Vec<String> {
    if done.is_empty() {
        return Vec::new();
    }
    let reversed = |write: &BufferWrite| BufferWrite {
        path: write.path.clone(),
        base: Version::of_text(&write.new),
        old: write.new.clone(),
        splices: crate::text::diff::splices(&ends::lf(&write.new), &ends::lf(&write.old)),
        new: write.old.clone(),
    };
    let reversed: Vec<BufferWrite> = done.iter().map(reversed).collect();
    let answered = files.buffers().write(&reversed).await;
    let refused = reversed.iter().zip(answered).filter(|(_, answer)| !matches!(answer, Some(Ok(()))));
    refused.map(|(write, _)| write.path.to_string()).collect()
}

/// Writes one file, if it is still as it was when it was checked: the editor was asked since.
fn put(one: &Ready) -> Result<(), Why> {
    if !stands(&one.path, one.before.as_deref()).map_err(Why::Failed)? {
        return Err(Why::Stale);
    }
    let write = || {
        let Some(bytes) = one.bytes() else { return fs::remove_file(&one.path) };
        if let (Version::Absent, Some(parent)) = (one.base, one.path.parent()) {
            fs::create_folders(&parent)?;
        }
        with_rights(&one.path, bytes, one.taken.as_ref())
    };
    write().map_err(Why::Failed)
}

/// Whether the disk has these bytes there; none: no file.
fn stands(path: &AbsPath, bytes: Option<&[u8]>) -> io::Result<bool> {
    match (fs::read(path), bytes) {
        (Ok(found), Some(bytes)) => Ok(found == bytes),
        (Ok(_), None) => Ok(false),
        (Err(error), bytes) => match error.kind() {
            io::ErrorKind::NotFound => Ok(bytes.is_none()),
            // Where a folder is to be, a file stands: making it says so.
            io::ErrorKind::NotADirectory if bytes.is_none() => Ok(true),
            _ => Err(error),
        },
    }
}

/// Puts a file back as it was, if it still has what was written.
fn put_back(one: &Ready) -> io::Result<()> {
    if !stands(&one.path, one.bytes())? {
        return Err(io::Error::other("it has changed since"));
    }
    match &one.before {
        Some(bytes) => with_rights(&one.path, bytes, one.rights.as_ref()),
        None => fs::remove_file(&one.path),
    }
}

fn with_rights(path: &AbsPath, bytes: &[u8], rights: Option<&Rights>) -> io::Result<()> {
    match rights {
        Some(rights) => fs::replace_with_rights(path, bytes, rights, Durability::Process),
        None => fs::replace(path, bytes, Durability::Process),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::super::NoBuffers;
    use super::*;
    use crate::text::Splice;

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
        fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<Arc<str>>>> {
            let open = path.file_name() == "open";
            Box::pin(async move { open.then(|| Ok(self.0.lock().unwrap().as_str().into())) })
        }
        fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<(), Refusal>>>> {
            let one = |write: &BufferWrite| {
                let open = write.path.file_name() == "open";
                open.then(|| *self.0.lock().unwrap() = ends::splice(&write.old, &write.splices));
                open.then_some(Ok(()))
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
            fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<Arc<str>>>> {
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
        let swapped = [
            moved("run", Version::of_text("run"), "secret"),
            moved("secret", Version::of_text("secret"), "run"),
        ];
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

    type Answers = Vec<Option<Result<(), Refusal>>>;

    /// An editor that has nothing open but answers to edits so, whatever comes of it.
    struct Says<F>(F);

    impl<F: Fn(&[BufferWrite]) -> Answers + Send + Sync> super::super::Buffers for Says<F> {
        fn read<'a>(&'a self, _path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<Arc<str>>>> {
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
        check(vec![Some(Ok(())), no()], "failed to write b: it is locked; a could not be put back").await;
        check(vec![Some(Ok(())), stale()], "failed to write b: it has changed since it was read; a could")
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
}
