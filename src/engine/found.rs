//! What a command did to files, as facts of the call that ran it.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{CallId, Event, Stand, What};
use super::parts::Parts;
use super::recorder::Halted;
use super::writing;
use crate::path::AbsPath;
use crate::text::{Hash, SharedText, clean};
use crate::workspace::survey::{Changes, Deed, Found, Reach, Stand as Seen, Unlisted};
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
) -> HashMap<AbsPath, SharedText> {
    let more = buffers.saves().into_iter().filter(|(path, times)| then.get(path) != Some(times));
    more.filter_map(|(path, _)| buffers.saved(&path).map(|text| (path, text))).collect()
}

/// What happened beside a command.
pub(super) struct Beside {
    /// The texts with which the user saved files from the editor meanwhile.
    pub(super) saved: HashMap<AbsPath, SharedText>,
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
    let Changes { found, more, unnamed, reach } = changes;
    for found in found {
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
    let cwd = parts.files.cwd();
    let listed = |what: &str, unlisted: &Unlisted| {
        (unlisted.count > 0).then(|| format!("the command changed {what}: {}", some_of(unlisted, cwd)))
    };
    let told = [
        (listed("further files, which are too many to be listed and do not go back", &more), more.lost > 0),
        (
            listed(
                "files whose names are not UTF-8, so that they cannot be listed and do not go back",
                &unnamed,
            ),
            unnamed.lost > 0,
        ),
        ((reach == Reach::Part).then(|| NOT_WHOLE.to_owned()), false),
    ];
    let mut words = Vec::new();
    for (text, loses) in told {
        let Some(text) = text else { continue };
        if !is_told(parts, &text) {
            let (call, text) = (call.clone(), text.clone());
            parts.recorder.record(Event::Overlooked { call, text, loses })?;
        }
        words.push(format!("({text})"));
    }
    Ok((!words.is_empty()).then(|| words.join("\n")))
}

/// What is said where the look around was not whole.
const NOT_WHOLE: &str = "the workspace is too large or too slow to be looked at as a whole; what the command \
                         changed in the rest of it is not listed and does not go back";

/// Whether the running turn has told this already.
fn is_told(parts: &Parts, text: &str) -> bool {
    parts.recorder.state(|state| {
        let turn = state.turn().map(|turn| &turn.id);
        state.touches().overlooked().iter().any(|told| told.turn.as_ref() == turn && told.text == text)
    })
}

/// How many, and some of their names.
fn some_of(unlisted: &Unlisted, cwd: &AbsPath) -> String {
    let names: Vec<String> =
        unlisted.some.iter().map(|path| clean::one_line(&path.display_in(cwd))).collect();
    let rest = if names.len() < unlisted.count { ", …" } else { "" };
    format!("{} ({}{rest})", unlisted.count, names.join(", "))
}

/// What a command did to files, where nobody looked around after it.
pub(super) fn unseen(call: CallId, why: &str) -> Event {
    let text = format!(
        "{why} while a command ran: which files it had changed is not known, and none of that goes back"
    );
    Event::Overlooked { call, text, loses: true }
}

fn stands(parts: &Parts, found: &Found) -> (Stand, Stand) {
    let (mut before, mut after) =
        (stand(parts, &found.path, &found.before), stand(parts, &found.path, &found.after));
    before.bare = found.bare;
    // To know what was made of a file its sum is enough.
    if let Seen::Unheld { hash: Some(hash), .. } = &found.after {
        after.what = What::Other { bytes: *hash };
    }
    // The content is the one that stands there; only the bits are others.
    if found.deed() == Deed::Mode && before.what == What::Unknown {
        before.what = after.what.clone();
    }
    (before, after)
}

fn stand(parts: &Parts, path: &AbsPath, seen: &Seen) -> Stand {
    match seen {
        Seen::Absent => Stand::ABSENT,
        Seen::File { bytes, mode } => Stand { mode: Some(*mode), ..Stand::of(kept(parts, path, bytes)) },
        Seen::Unheld { mode, .. } => Stand { mode: Some(*mode), ..Stand::of(What::Unknown) },
        Seen::Link(text) => Stand::of(match text.to_str() {
            Some(text) => What::Link { text: text.to_owned() },
            None => What::Unknown,
        }),
        Seen::Other(_) => Stand::of(What::Unknown),
    }
}

/// What cannot be kept cannot be brought back; the command has run all the same.
fn kept(parts: &Parts, path: &AbsPath, bytes: &[u8]) -> What {
    let keep = |bytes: &[u8]| writing::keep(parts, path, bytes).ok();
    let Some(raw) = keep(bytes) else { return What::Unknown };
    match file::decode(bytes.to_vec()) {
        Content::Text(text) => match keep(text.text.lf().as_bytes()) {
            Some(text) => What::Text { text, bytes: Some(raw) },
            None => What::Unknown,
        },
        Content::Binary { .. } => What::Other { bytes: raw },
    }
}
