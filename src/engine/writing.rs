//! The one way in which a session changes files: what stands there is kept, the change is recorded,
//! and then it is made.

use super::event::{CallId, Event, RestoreId};
use super::parts::Parts;
use super::preview;
use super::tool::ToolError;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Edit, Hash, Version};
use crate::workspace::Written;

/// What a change belongs to; nothing where the user took a single change back.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub(super) call: Option<CallId>,
    pub(super) restore: Option<RestoreId>,
}

/// Keeps the texts that edits were made from, under their versions, so that everybody who is shown
/// the edits can compute the text before and after.
pub(super) async fn keep_bases(parts: &Parts, edits: &[Edit]) -> Result<(), ToolError> {
    for edit in edits {
        let Version::Text(wanted) = edit.base else { continue };
        let text = parts.files.lf_text(&edit.path).await?;
        if keep(parts, &edit.path, text.as_bytes())? != wanted {
            return Err(ToolError::new(format!(
                "{} has changed since it was read; read it again",
                edit.path
            )));
        }
    }
    Ok(())
}

/// Makes the edits, all or none; the bases have to be kept. Other writers of this program wait.
pub(super) async fn write(parts: &Parts, edits: &[Edit], cause: &Cause) -> Result<Vec<Written>, ToolError> {
    let _one_writer = parts.writing.lock().await;
    let changes = preview::changes(&parts.recorder, &Intent::Write { edits: edits.to_vec() });
    let mut facts = Vec::new();
    for (edit, change) in edits.iter().zip(changes) {
        let kept = match edit.base {
            Version::Absent => None,
            Version::Text(_) => Some(keep(parts, &edit.path, &parts.files.bytes(&edit.path).await?)?),
        };
        let after = match change.new {
            Some(text) => Version::Text(keep(parts, &edit.path, text.as_bytes())?),
            None => Version::Absent,
        };
        let (call, restore) = (cause.call.clone(), cause.restore.clone());
        facts.push(Event::Touched { call, edit: edit.clone(), kept, after: Some(after), restore });
    }
    parts.settle_before_writing().await?;
    for fact in facts {
        parts.recorder.record(fact)?;
    }
    Ok(parts.files.write(edits).await?)
}

/// Keeps bytes under their hash.
pub(super) fn keep(parts: &Parts, path: &AbsPath, bytes: &[u8]) -> Result<Hash, ToolError> {
    parts.recorder.keep(bytes).map_err(|error| {
        ToolError::new(format!("nothing was written: failed to keep {path} as it was: {error}"))
    })
}
