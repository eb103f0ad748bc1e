//! The one way in which a session changes files: what stands there is kept, the change is recorded,
//! and then it is made.

use super::commits;
use super::event::{Beside, CallId, Event, RestoreId};
use super::gates::OurTurn;
use super::parts::Parts;
use super::preview::{self, FileChange};
use super::state::State;
use super::tool::ToolError;
use super::touch::Hand;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Change, Edit, Hash, SharedText, Version, endings};
use crate::workspace::{self, Content, Encoding, FileBytes, FileError, TextFile, WriteError, Written};

/// What a change belongs to: a call, or a way back.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub(super) call: Option<CallId>,
    pub(super) restore: Option<RestoreId>,
}

/// Whether the texts that edits were made from are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bases {
    Kept,
    /// One of them was replaced before it could be kept.
    Gone,
}

/// What became of edits.
#[derive(Debug)]
pub(super) enum Wrote {
    /// What stands there, and what became of each text.
    Written(Vec<Written>, Vec<FileChange>),
    /// A file is not any more what it was when the edits were made; nothing was written.
    Gone,
}

/// Keeps the texts that edits were made from, under their versions, so that everybody who is shown
/// the edits can compute the text before and after. What the encoding of a file does not have is an
/// error before anybody is asked.
pub(super) async fn keep_bases(parts: &Parts, intent: &Intent) -> Result<Bases, ToolError> {
    let Intent::Write { edits } = intent else { return Ok(Bases::Kept) };
    for edit in edits {
        let Version::Text(wanted) = edit.base else { continue };
        match parts.files.with_bytes(&edit.path).await {
            Ok((Content::Text(file), bytes)) if file.version == edit.base => {
                workspace::fits_encoding(edit, &file, &bytes)?;
                keep_as(parts, &edit.path, &wanted, file.text.lf().as_bytes())?;
            }
            Ok(_) | Err(FileError::NotFound { .. }) => {
                if parts.recorder.fetch(&wanted).is_err() {
                    return Ok(Bases::Gone);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Bases::Kept)
}

/// Makes the edits, all or none; the bases have to be kept. Other writers of this program wait.
pub(super) async fn write(parts: &Parts, edits: &[Edit], cause: &Cause) -> Result<Wrote, ToolError> {
    let paths: Vec<AbsPath> = edits.iter().map(|edit| edit.path.clone()).collect();
    commits::look(parts, &paths).await;
    let our_turn = parts.gates.enter(&paths).await;
    write_in_turn(parts, &our_turn, edits, cause).await
}

/// The same by who has the turn at these files, and has looked at their commits before.
pub(super) async fn write_in_turn(
    parts: &Parts,
    _our_turn: &OurTurn,
    edits: &[Edit],
    cause: &Cause,
) -> Result<Wrote, ToolError> {
    // What was kept may have had to make room since.
    let is_gone = |edit: &&Edit| match edit.base {
        Version::Absent => false,
        Version::Text(hash) => !parts.recorder.keeps(&hash),
    };
    if edits.iter().any(|edit| is_gone(&edit)) {
        return Ok(Wrote::Gone);
    }
    let (mut facts, mut changes) = (Vec::new(), Vec::new());
    for edit in edits {
        let Standing::As { base, put } = standing(parts, edit).await? else { return Ok(Wrote::Gone) };
        let bytes = put.map(|text| keep(parts, &edit.path, text.as_bytes())).transpose()?;
        let (old, kept) = base.unzip();
        let change = preview::made(edit, old);
        let after = change.new.as_ref().map_or(Version::Absent, SharedText::version);
        if let (Some(text), Version::Text(hash)) = (&change.new, after) {
            keep_as(parts, &edit.path, &hash, text.as_bytes())?;
        }
        let beside = beside(parts, edit).await;
        let (call, restore) = (cause.call.clone(), cause.restore.clone());
        let head = parts.heads.of(&edit.path).await;
        let (edit, after) = (edit.clone(), Some(after));
        facts.push(Event::Touched { call, edit, kept, after, bytes, restore, beside, head });
        changes.push(change);
    }
    parts.settle_before_writing().await?;
    for fact in facts {
        parts.recorder.record(fact)?;
    }
    let after = changes.iter().map(|change| change.new.clone()).collect();
    match parts.files.write_known(edits, after).await {
        Ok(written) => {
            for (one, change) in written.iter().zip(&changes) {
                settle(parts, one, change)?;
            }
            Ok(Wrote::Written(written, changes))
        }
        Err(WriteError::Stale(_)) => Ok(Wrote::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Records what a formatter made of a text in the editor, unless the editor's side has.
fn settle(parts: &Parts, written: &Written, change: &FileChange) -> Result<(), ToolError> {
    let (Some(formatted), Some(new)) = (&written.took.formatted, &change.new) else { return Ok(()) };
    let (path, before) = (written.path.clone(), keep(parts, &written.path, new.as_bytes())?);
    let after = keep(parts, &path, formatted.as_bytes())?;
    let known = |state: &State| state.touches().last(&path).is_some_and(|last| last.hand == Hand::Formatter);
    let settled = Event::Settled { path: path.clone(), before, after };
    parts.recorder.record_if(|state| (!known(state)).then_some(settled))?;
    Ok(())
}

async fn beside(parts: &Parts, edit: &Edit) -> Beside {
    let around = parts.files.around(&edit.path).await;
    let below = parts.files.version_below(&edit.path).await;
    let disk = below.filter(|disk| Version::Text(*disk) != edit.base);
    Beside { mode: around.mode, bare: around.bare, disk }
}

/// What stands where an edit is to be made.
enum Standing {
    /// What it was made from.
    As {
        /// The text with LF line ends and without byte-order mark, and the blob with the bytes; none where
        /// no file is.
        base: Option<(SharedText, Hash)>,
        /// What it makes of them, where not all lines end as they all did before.
        put: Option<SharedText>,
    },
    /// Something else.
    Otherwise,
}

async fn standing(parts: &Parts, edit: &Edit) -> Result<Standing, ToolError> {
    let stands = match edit.change {
        Change::Delete => parts.files.going(&edit.path).await,
        Change::Splices(_) | Change::Whole(_) | Change::Moved { .. } => {
            parts.files.with_bytes(&edit.path).await
        }
    };
    match stands {
        Ok((Content::Text(file), bytes)) if file.version == edit.base => {
            let view = file.text.shared_lf();
            let kept = match (&bytes, edit.base) {
                // The text's own bytes are kept already, as its base.
                (FileBytes::OfText(_), Version::Text(hash)) if *bytes == *view.as_bytes() => {
                    keep_as(parts, &edit.path, &hash, &bytes)?;
                    hash
                }
                _ => keep(parts, &edit.path, &bytes)?,
            };
            Ok(Standing::As { base: Some((view, kept)), put: with_other_ends(&file, edit) })
        }
        Err(FileError::NotFound { .. }) if edit.base == Version::Absent => {
            Ok(Standing::As { base: None, put: None })
        }
        Ok(_) | Err(FileError::NotFound { .. }) => Ok(Standing::Otherwise),
        Err(error) => Err(ToolError::new(format!("nothing was written: {error}"))),
    }
}

/// The bytes that an edit makes, where lines end otherwise than they all did before. Of other encodings than
/// UTF-8 they are not known here.
fn with_other_ends(file: &TextFile, edit: &Edit) -> Option<SharedText> {
    if file.encoding != Encoding::Utf8 {
        return None;
    }
    match &edit.change {
        Change::Splices(splices) => {
            file.text.has_mixed_ends().then(|| file.marked(&file.text.spliced(splices)))
        }
        Change::Whole(text) | Change::Moved { text, .. } => {
            (!endings::are_alike(&file.text, text)).then(|| text.as_str().into())
        }
        Change::Delete => None,
    }
}

/// Keeps bytes under their hash.
pub(super) fn keep(parts: &Parts, path: &AbsPath, bytes: &[u8]) -> Result<Hash, ToolError> {
    let hash = Hash::of(bytes);
    keep_as(parts, path, &hash, bytes)?;
    Ok(hash)
}

fn keep_as(parts: &Parts, path: &AbsPath, hash: &Hash, bytes: &[u8]) -> Result<(), ToolError> {
    parts.recorder.keep_as(hash, bytes).map_err(|error| {
        ToolError::new(format!("nothing was written: failed to keep {path} as it was: {error}"))
    })
}
