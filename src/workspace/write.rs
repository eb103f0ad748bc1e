//! Edits become files: every base is checked before the first byte is written, all or none.

use std::io;
use std::sync::Arc;

use super::buffers::BufferWrite;
use super::encoding::Encoding;
use super::file::{Bom, Content, TextFile};
use super::{FileError, Files, root};
use crate::os::fs::{self, Durability};
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
    /// The text that is to stand there; none where the file goes.
    after: Option<String>,
    /// That text in the encoding of the file.
    bytes: Option<Vec<u8>>,
    buffer: BufferWrite,
}

pub(super) async fn write(files: &Files, edits: &[Edit]) -> Result<Vec<Written>, WriteError> {
    let mut ready = Vec::new();
    for edit in edits {
        ready.push(check(files, edit).await?);
    }
    let buffers: Vec<BufferWrite> = ready.iter().map(|one| one.buffer.clone()).collect();
    let answered = files.buffers().write(&buffers).await;
    let (mut on_disk, mut in_editor) = (Vec::new(), Vec::new());
    let mut refused = None;
    for (one, answer) in ready.iter().zip(answered) {
        match answer {
            Some(Ok(())) => in_editor.push(&one.buffer),
            Some(Err(error)) => refused = refused.or(Some((one.path.clone(), error))),
            None => on_disk.push(one),
        }
    }
    if let Some((path, error)) = refused {
        return Err(WriteError::Io { path, error, state: "the editor has the files as they were".into() });
    }
    if let Err((path, error, mut lost)) = to_disk(&on_disk) {
        lost.extend(back_in_editor(files, &in_editor).await);
        let state = if lost.is_empty() {
            "all files are as they were".to_owned()
        } else {
            format!("{} could not be put back", lost.join(", "))
        };
        return Err(WriteError::Io { path, error, state });
    }
    let written = ready.iter().map(|one| {
        let version = one.after.as_deref().map_or(Version::Absent, Version::of_text);
        Written { path: one.path.clone(), version }
    });
    Ok(written.collect())
}

async fn check(files: &Files, edit: &Edit) -> Result<Ready, WriteError> {
    let stale = || WriteError::Stale(edit.path.clone());
    root::still_there(&edit.path)?;
    let found = match files.read(&edit.path).await {
        Ok(Content::Text(file)) => Some(file),
        Ok(Content::Binary { .. }) => return Err(stale()),
        Err(FileError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let version = found.as_ref().map_or(Version::Absent, |file| file.version);
    if version != edit.base {
        return Err(stale());
    }
    if edit.change == Change::Delete && files.buffers().read(&edit.path).await.is_some() {
        let error = io::Error::other("it is open in the editor; it has to be closed there first");
        return Err(WriteError::Io { path: edit.path.clone(), error, state: "nothing was written".into() });
    }
    let before = match &found {
        Some(_) => Some(files.bytes(&edit.path).await?),
        None => None,
    };
    let old: Arc<str> = found.as_ref().map_or_else(|| "".into(), whole);
    let (after, splices) = match &edit.change {
        Change::Splices(splices) => (Some(ends::splice(&old, splices)), splices.clone()),
        Change::Whole(text) => {
            let view = (ends::lf(&old), ends::lf(text));
            (Some(text.clone()), crate::text::diff::splices(&view.0, &view.1))
        }
        Change::Delete => (None, Vec::new()),
    };
    let bytes = match (&after, &found) {
        (Some(text), Some(file)) => Some(encoded(text, file, before.as_deref(), &edit.path)?),
        (Some(text), None) => Some(text.clone().into_bytes()),
        (None, _) => None,
    };
    let new: Arc<str> = after.as_deref().unwrap_or_default().into();
    let buffer = BufferWrite { path: edit.path.clone(), base: edit.base, old, splices, new };
    Ok(Ready { path: edit.path.clone(), base: edit.base, before, after, bytes, buffer })
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
    if file.encoding != Encoding::Utf8 && file.encoding.encode(&whole(file)).ok().as_deref() != before {
        return Err(refused(format!("it is not whole in its encoding, {name}; change it with a command")));
    }
    file.encoding.encode(text).map_err(|character| {
        refused(format!(
            "its encoding, {name}, has no `{character}`; write it otherwise, or convert the file to UTF-8 first"
        ))
    })
}

/// The text with its byte-order mark.
fn whole(file: &TextFile) -> Arc<str> {
    match file.bom {
        Bom::None => file.text.clone(),
        Bom::Utf8 => format!("\u{feff}{}", file.text).into(),
    }
}

/// Writes to the disk. When one fails those before it are put back; the error names the file, and
/// those that could not be.
fn to_disk(ready: &[&Ready]) -> Result<(), (AbsPath, io::Error, Vec<String>)> {
    for (done, one) in ready.iter().enumerate() {
        if let Err(error) = put(&one.path, one.base, one.bytes.as_deref()) {
            let lost = ready[..done].iter().filter(|earlier| put_back(earlier).is_err());
            let lost = lost.map(|earlier| earlier.path.to_string()).collect();
            return Err((one.path.clone(), error, lost));
        }
    }
    Ok(())
}

/// Takes edits of open files back; gives those for which the editor refuses.
async fn back_in_editor(files: &Files, done: &[&BufferWrite]) -> Vec<String> {
    let reversed = |write: &&BufferWrite| BufferWrite {
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

fn put(path: &AbsPath, base: Version, bytes: Option<&[u8]>) -> io::Result<()> {
    match (bytes, base) {
        (Some(bytes), Version::Text(_)) => fs::replace(path, bytes, Durability::Process),
        (Some(bytes), Version::Absent) => {
            if let Some(parent) = path.parent() {
                fs::create_folders(&parent)?;
            }
            fs::replace(path, bytes, Durability::Process)
        }
        (None, _) => fs::remove_file(path),
    }
}

fn put_back(one: &Ready) -> io::Result<()> {
    match &one.before {
        Some(bytes) => fs::replace(&one.path, bytes, Durability::Process),
        None => fs::remove_file(&one.path),
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
        fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<io::Result<()>>>> {
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
        let gone = edit(&files, "open", Version::of_text("two\n"), Change::Delete);
        assert!(files.write(&[gone]).await.unwrap_err().to_string().contains("closed there first"));
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
