//! What a command did to files, as facts of the call that ran it.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{CallId, Event, Stand, What};
use super::parts::Parts;
use super::recorder::Halted;
use super::writing;
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Hash, ends};
use crate::workspace::survey::{Changes, Deed, Found, Stand as Seen};
use crate::workspace::{Buffers, Content, file};

/// The files whose state before a command is worth knowing: those that the session has touched or
/// shown to the model, and those that are open.
pub(super) fn known(parts: &Parts) -> Vec<AbsPath> {
    let mut known = parts.recorder.state(|state| {
        let mut paths = state.touches().paths().to_vec();
        paths.extend(state.seen().keys().cloned());
        paths
    });
    known.extend(parts.files.buffers().open());
    known.sort_unstable();
    known.dedup();
    known
}

/// The texts with which the user has saved files since they were saved so often.
pub(super) fn saved_since(
    buffers: &Arc<dyn Buffers>,
    then: &HashMap<AbsPath, u64>,
) -> HashMap<AbsPath, Arc<str>> {
    let more = buffers.saves().into_iter().filter(|(path, times)| then.get(path) != Some(times));
    more.filter_map(|(path, _)| buffers.saved(&path).map(|text| (path, text))).collect()
}

/// What happened beside a command.
pub(super) struct Beside {
    /// The texts with which the user saved files from the editor meanwhile.
    pub(super) saved: HashMap<AbsPath, Arc<str>>,
    /// Which commits the repositories of changed files stand on after it.
    pub(super) heads: HashMap<AbsPath, Hash>,
}

/// Records what was found, but for what others did meanwhile. Says, in words for the model, what is not
/// told file by file.
pub(super) fn record(
    parts: &Parts,
    call: &CallId,
    changes: Changes,
    beside: &Beside,
) -> Result<Option<String>, Halted> {
    let more = changes.more + changes.found.len().saturating_sub(limits::FOUND_FILES_MAX);
    for found in changes.found.into_iter().take(limits::FOUND_FILES_MAX) {
        let (mut before, after) = stands(parts, &found);
        // From there on it may have been the command.
        if let Some(text) = beside.saved.get(&found.path)
            && let Ok(text) = writing::keep(parts, &found.path, text.as_bytes())
        {
            before.what = What::Text { text, bytes: None };
            if before.same_content(&after) {
                before.what = after.what.clone();
            }
        }
        if before == after {
            continue;
        }
        let head = beside.heads.get(&found.path).copied();
        let (call, path) = (Some(call.clone()), found.path);
        parts.recorder.record(Event::Found { call, path, before, after, restore: None, head })?;
    }
    Ok((more > 0).then(|| format!("(the command changed {more} further files, which are not listed)")))
}

fn stands(parts: &Parts, found: &Found) -> (Stand, Stand) {
    let (mut before, after) =
        (stand(parts, &found.path, &found.before), stand(parts, &found.path, &found.after));
    // The content is the one that stands there; only the bits are others.
    if found.deed() == Deed::Mode && before.what == What::Unknown {
        before.what = after.what.clone();
    }
    (before, after)
}

fn stand(parts: &Parts, path: &AbsPath, seen: &Seen) -> Stand {
    match seen {
        Seen::Absent => Stand::ABSENT,
        Seen::File { bytes, mode } => Stand { what: kept(parts, path, bytes), mode: Some(*mode) },
        Seen::Unheld { mode, .. } => Stand { what: What::Unknown, mode: Some(*mode) },
        Seen::Link(_) | Seen::Other(_) => Stand { what: What::Unknown, mode: None },
    }
}

/// What cannot be kept cannot be brought back; the command has run all the same.
fn kept(parts: &Parts, path: &AbsPath, bytes: &[u8]) -> What {
    let keep = |bytes: &[u8]| writing::keep(parts, path, bytes).ok();
    let Some(raw) = keep(bytes) else { return What::Unknown };
    match file::decode(bytes.to_vec()) {
        Content::Text(text) => match keep(ends::lf(&text.text).as_bytes()) {
            Some(text) => What::Text { text, bytes: Some(raw) },
            None => What::Unknown,
        },
        Content::Binary { .. } => What::Other { bytes: raw },
    }
}
