//! What a command did to files, as facts of the call that ran it.

use super::event::{CallId, Event, Stand, What};
use super::parts::Parts;
use super::recorder::Halted;
use super::writing;
use crate::limits;
use crate::path::AbsPath;
use crate::text::ends;
use crate::workspace::survey::{Changes, Deed, Found, Stand as Seen};
use crate::workspace::{Content, file};

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

/// Records what was found. Says, in words for the model, what is not told file by file.
pub(super) fn record(parts: &Parts, call: &CallId, changes: Changes) -> Result<Option<String>, Halted> {
    let more = changes.more + changes.found.len().saturating_sub(limits::FOUND_FILES_MAX);
    for found in changes.found.into_iter().take(limits::FOUND_FILES_MAX) {
        let (before, after) = stands(parts, &found);
        if before == after {
            continue;
        }
        let (call, path) = (Some(call.clone()), found.path);
        parts.recorder.record(Event::Found { call, path, before, after, restore: None })?;
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
