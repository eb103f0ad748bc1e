//! `Ready`: an edit that was checked against what stands in its file, and what is to stand there.

use std::io;

use super::super::buffers::BufferWrite;
use super::super::encoding::Encoding;
use super::super::file::{Bom, Content, FileBytes, Source, TextFile};
use super::super::recent::Known;
use super::super::{FileError, Files, blocking, root};
use super::WriteError;
use crate::os::fs::{self, Rights};
use crate::path::AbsPath;
use crate::text::{Change, Edit, SharedText, Splice, Version, diff, ends};

/// A checked edit: what stands there, and what is to.
pub(super) struct Ready {
    pub(super) path: AbsPath,
    pub(super) base: Version,
    /// The bytes of the disk; none where no file is.
    pub(super) before: Option<FileBytes>,
    /// What is to stand there; none where the file goes.
    pub(super) after: Option<After>,
    /// The rights of the file before, where one is; they come back with it.
    pub(super) rights: Option<Rights>,
    /// The rights of the file that moves here.
    pub(super) taken: Option<Rights>,
    pub(super) buffer: BufferWrite,
    /// Whether the editor is asked to take it: not where the disk's text is written in its place.
    pub(super) asks_editor: bool,
}

/// What is to stand in a file.
pub(super) struct After {
    /// The text with its byte-order mark.
    text: SharedText,
    /// Its bytes.
    bytes: FileBytes,
    /// The file as it is to be read again but for its version, where that is known.
    file: Option<TextFile>,
}

impl Ready {
    /// Checks an edit; nothing is touched.
    pub(super) async fn of(
        files: &Files,
        edit: &Edit,
        after: Option<SharedText>,
    ) -> Result<Self, WriteError> {
        let stale = || WriteError::Stale(edit.path.clone());
        let path = edit.path.clone();
        blocking(move || root::still_there(&path)).await?;
        let found = match edit.change {
            Change::Delete => files.going(&edit.path).await,
            Change::Splices(_) | Change::Whole(_) | Change::Moved { .. } => {
                files.with_bytes(&edit.path).await
            }
        };
        let found = match found {
            Ok((Content::Text(file), bytes)) => Some((file, bytes)),
            Ok((Content::Binary { .. }, _)) => return Err(stale()),
            Err(FileError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let version = found.as_ref().map_or(Version::Absent, |(file, _)| file.version);
        if version != edit.base {
            return Err(stale());
        }
        let asks_editor = files.buffers().keeps_form()
            || found.as_ref().is_none_or(|(file, _)| file.source == Source::Buffer);
        if asks_editor {
            let of_editor = found.as_ref().filter(|(file, _)| file.source == Source::Buffer);
            let held = of_editor.map(|(file, _)| &file.text);
            at_stake(files, &edit.path, held).await?;
        }
        let edit = edit.clone();
        // A whole text is compared with the one before it, which may take a while.
        blocking(move || Ok(Self::made(edit, found, after).map(|made| Self { asks_editor, ..made }))).await?
    }

    /// `after` is the text that the edit makes, where that is known.
    fn made(
        edit: Edit,
        found: Option<(TextFile, FileBytes)>,
        after: Option<SharedText>,
    ) -> Result<Self, WriteError> {
        let Edit { path, base, change } = edit;
        // Taken before the first write: the files may change places.
        let rights = if found.is_some() { fs::rights(&path).ok() } else { None };
        let taken = match &change {
            Change::Moved { from, .. } => {
                let failed = |error| FileError::Io { path: from.clone(), error };
                Some(fs::rights(from).map_err(failed)?)
            }
            Change::Splices(_) | Change::Whole(_) | Change::Delete => None,
        };
        let old = found.as_ref().map_or_else(|| "".into(), |(file, _)| file.marked(&file.text));
        let (text, splices): (Option<SharedText>, Vec<Splice>) = match change {
            Change::Splices(splices) => {
                // Their places count in the text as it was read, which is without the mark.
                let spliced = |text: &SharedText| match after {
                    Some(after) if text.stays_its_view(&splices) => after,
                    Some(_) | None => text.spliced(&splices),
                };
                let new = found.as_ref().map(|(file, _)| file.marked(&spliced(&file.text)));
                (Some(new.unwrap_or_else(|| ends::splice("", &splices).into())), splices)
            }
            Change::Whole(text) | Change::Moved { text, .. } => {
                let text = SharedText::from(text);
                let splices = diff::splices(&old.lf(), &text.lf());
                (Some(text), splices)
            }
            Change::Delete => (None, Vec::new()),
        };
        let (file, before) = found.unzip();
        let after = match text {
            Some(text) => Some(After::of(text, file, before.as_deref(), &path)?),
            None => None,
        };
        let new = after.as_ref().map_or_else(|| "".into(), |after| after.text.clone());
        let buffer = BufferWrite { path: path.clone(), base, old, splices, new };
        Ok(Self { path, base, before, after, rights, taken, buffer, asks_editor: true })
    }

    /// The file as it is to be read again, where that is known.
    pub(super) fn known(&self) -> Option<Known> {
        let After { file, bytes, .. } = self.after.as_ref()?;
        let file = TextFile { version: self.version(), ..file.clone()? };
        Some(Known { path: self.path.clone(), file, bytes: bytes.clone() })
    }

    /// The bytes that are to stand there; none where the file goes.
    pub(super) fn bytes(&self) -> Option<&FileBytes> {
        self.after.as_ref().map(|after| &after.bytes)
    }

    /// How many bytes are to stand there.
    pub(super) fn len(&self) -> usize {
        self.bytes().map_or(0, |bytes| bytes.len())
    }

    /// The text that is to stand there.
    pub(super) fn version(&self) -> Version {
        self.after.as_ref().map_or(Version::Absent, |after| after.text.version())
    }
}

impl After {
    fn of(
        text: SharedText,
        before: Option<TextFile>,
        bytes: Option<&[u8]>,
        path: &AbsPath,
    ) -> Result<Self, WriteError> {
        match before {
            Some(file) if file.encoding != Encoding::Utf8 => {
                let bytes = FileBytes::Own(encoded(&text, &file, bytes, path)?.into());
                Ok(Self { text, bytes, file: None })
            }
            Some(file) if file.bom == Bom::None && !text.starts_with('\u{feff}') => {
                let bytes = FileBytes::OfText(text.clone());
                let file = TextFile { text: text.clone(), ..file };
                Ok(Self { text, bytes, file: Some(file) })
            }
            Some(_) | None => Ok(Self { bytes: FileBytes::OfText(text.clone()), text, file: None }),
        }
    }
}

/// What the file would lose if an editor of which nobody knows how it writes files wrote it; `held` is its text, where
/// it has one.
async fn at_stake(files: &Files, path: &AbsPath, held: Option<&SharedText>) -> Result<(), WriteError> {
    let (misread, part) = match held {
        Some(held) => (files.misread(path, held).await, files.is_a_part(path, held).await),
        None => (None, false),
    };
    let why = match (files.encoding_at_stake(path).await, misread) {
        (Some(encoding), _) => format!(
            "the editor has unsaved changes of it, and would write it as UTF-8, not as {encoding}; save it first"
        ),
        (None, Some(encoding)) => format!(
            "the editor could not read some bytes of it and would save signs in their place; open it there as \
             {encoding}, which it is"
        ),
        (None, None) if part => {
            "the editor has only a part of what the disk has, and would write that over the \
             whole; if the rest was deleted on purpose, save the file first"
                .to_owned()
        }
        (None, None) => return Ok(()),
    };
    let (path, state) = (path.clone(), "nothing was written".into());
    Err(WriteError::Io { path, error: io::Error::other(why), state })
}

/// What stands against an edit of a file in its encoding, if anything does; `bytes` are the file's.
pub fn fits_encoding(edit: &Edit, file: &TextFile, bytes: &[u8]) -> Result<(), WriteError> {
    let check = |text: &str| encoded(text, file, Some(bytes), &edit.path).map(|_| ());
    match &edit.change {
        _ if file.encoding == Encoding::Utf8 => Ok(()),
        Change::Splices(splices) => {
            let put: Vec<&str> = splices.iter().map(|splice| splice.text.as_str()).collect();
            check(&put.concat())
        }
        Change::Whole(text) | Change::Moved { text, .. } => check(text),
        Change::Delete => Ok(()),
    }
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
    let whole = file.marked(&file.text);
    if file.encoding.encode(&whole).ok().as_deref() != before {
        return Err(refused(format!("it is not whole in its encoding, {name}; change it with a command")));
    }
    file.encoding.encode(text).map_err(|character| {
        refused(format!(
            "its encoding, {name}, has no `{character}`; write it otherwise, or convert the file to UTF-8 first"
        ))
    })
}
