//! Files in other encodings and forms than the editor's.

use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::super::super::{Content, Files, Took};
use super::super::{BufferWrite, Refusal, SharedText};
use super::{Editor, edit, files};
use crate::os::fs::{self, Durability};
use crate::path::AbsPath;
use crate::text::{Change, Splice, Version, ends};

/// An editor that reads every file as UTF-8 without its mark and with LF, and saves so what it is given; what
/// was typed into it is beside the disk.
struct Plain(std::sync::Mutex<Option<String>>);

impl super::super::super::Buffers for Plain {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        Box::pin(async move {
            if let Some(typed) = &*self.0.lock().unwrap() {
                return Some(Ok(typed.as_str().into()));
            }
            let text = String::from_utf8_lossy(&fs::read(path).ok()?).replace("\r\n", "\n");
            Some(Ok(text.trim_start_matches('\u{feff}').into()))
        })
    }
    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        for write in writes {
            fs::replace(&write.path, write.new.as_bytes(), Durability::Process).unwrap();
        }
        Box::pin(async move { writes.iter().map(|_| Some(Ok(Took::default()))).collect() })
    }
    fn keeps_form(&self) -> bool {
        false
    }
    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}

#[tokio::test]
async fn an_editor_that_knows_no_forms_does_not_make_others() {
    let (_folder, plain) = files();
    let editor = Arc::new(Plain(std::sync::Mutex::default()));
    let files = Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], editor.clone());
    let path = files.cwd().join("a").unwrap();
    for (before, after) in [
        (&b"caf\xe9\nb\n"[..], &b"caf\xe9\nc\n"[..]),
        (b"\xef\xbb\xbfcaf\r\nb\r\n", b"\xef\xbb\xbfcaf\r\nc\r\n"),
        (b"\xff\xfea\0\n\0b\0\n\0", b"\xff\xfea\0\n\0c\0\n\0"),
        (b"plain\nb\n", b"plain\nc\n"),
    ] {
        fs::replace(&path, before, Durability::Process).unwrap();
        let Ok(Content::Text(file)) = files.read(&path).await else { panic!() };
        assert!(!file.text.contains('\u{fffd}'), "{:?}", file.text);
        let at = ends::lf(&file.text).rfind('b').unwrap();
        let change = Change::Splices(vec![Splice { start: at, end: at + 1, text: "c".into() }]);
        files.write(&[edit(&files, "a", file.version, change)]).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), after);
    }
    // What was typed can be nowhere but in the editor, which would write it as UTF-8.
    fs::replace(&path, b"caf\xe9\nb\n", Durability::Process).unwrap();
    *editor.0.lock().unwrap() = Some("caf\u{fffd}\nb\ntyped\n".into());
    let change = Change::Splices(vec![Splice { start: 0, end: 3, text: "tea".into() }]);
    let typed = edit(&files, "a", Version::of_text("caf\u{fffd}\nb\ntyped\n"), change);
    let error = files.write(&[typed]).await.unwrap_err().to_string();
    assert!(error.contains("save it first") && fs::read(&path).unwrap() == b"caf\xe9\nb\n", "{error}");
}

#[tokio::test]
async fn what_an_editor_could_not_read_is_not_saved_by_an_edit() {
    let (_folder, plain) = files();
    let editor = Arc::new(Editor(std::sync::Mutex::new("caf\u{fffd}\nb\n".into())));
    let files = Files::new(plain.cwd().clone(), vec![plain.cwd().clone()], editor.clone());
    let path = files.cwd().join("open").unwrap();
    let change = || Change::Splices(vec![Splice { start: 7, end: 8, text: "c".into() }]);
    let base = Version::of_text("caf\u{fffd}\nb\n");
    fs::replace(&path, b"caf\xe9\nb\n", Durability::Process).unwrap();
    let error = files.write(&[edit(&files, "open", base, change())]).await.unwrap_err().to_string();
    assert!(error.contains("open it there as windows-1252"), "{error}");
    assert_eq!(*editor.0.lock().unwrap(), "caf\u{fffd}\nb\n");
    // Where the sign stands in the file itself, it is text as any other.
    fs::replace(&path, "caf\u{fffd}\nb\n".as_bytes(), Durability::Process).unwrap();
    files.write(&[edit(&files, "open", base, change())]).await.unwrap();
    assert_eq!(*editor.0.lock().unwrap(), "caf\u{fffd}\nc\n");
}
