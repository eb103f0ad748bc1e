//! Changes of files as the protocol's events.

use quillon_protocol::event as wire;
use quillon_protocol::event::Event as WireEvent;
use quillon_protocol::review as wire_review;

use super::question;
use crate::engine::preview::{self, FileChange};
use crate::engine::{CallId, Recorder, RestoreId, RestoreOf, RestoredTo, Stand, What};
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::Edit;

/// A command has changed a file.
pub(super) fn found(
    recorder: &Recorder,
    call: Option<&CallId>,
    path: &AbsPath,
    before: &Stand,
    after: &Stand,
) -> WireEvent {
    let at = |stand: &Stand| match &stand.what {
        What::Text { text, .. } => {
            recorder.fetch(text).ok().map(|bytes| String::from_utf8_lossy(&bytes).into())
        }
        What::Absent => None,
        // Of what is no text nobody can be shown lines; that it stood there is told all the same.
        What::Other { .. } | What::Link { .. } | What::Unknown => Some("".into()),
    };
    changed(recorder, call, &FileChange { path: path.clone(), old: at(before), new: at(after) })
}

/// A file is about to be edited.
pub(super) fn touched(recorder: &Recorder, call: Option<&CallId>, edit: &Edit) -> WireEvent {
    let intent = Intent::Write { edits: vec![edit.clone()] };
    let changes = preview::changes(recorder, &intent);
    let change = changes.first().expect("an edit gives one change");
    changed(recorder, call, change)
}

fn changed(recorder: &Recorder, call: Option<&CallId>, change: &FileChange) -> WireEvent {
    let file = question::file_diff(&question::name_in(recorder, &change.path), change, None);
    WireEvent::FileTouched(wire::FileTouched {
        uri: file.uri,
        call_id: call.map(|call| wire::CallId(call.0.clone())),
        change: file.change,
        diff: file.diff,
        added: file.added,
        removed: file.removed,
    })
}

/// A way back is over.
pub(super) fn restore_ended(restore: &RestoreId, whole: bool) -> wire_review::RestoreEnded {
    wire_review::RestoreEnded { restore_id: wire_review::RestoreId(restore.0.clone()), whole }
}

/// The user went back.
pub(super) fn restored(restore: &RestoreId, to: &RestoredTo, what: RestoreOf) -> wire_review::Restored {
    let (turn, undone, call) = match to {
        RestoredTo::Before(turn) => (Some(wire::TurnId(turn.0.clone())), None, None),
        RestoredTo::Undone(undone) => (None, Some(wire_review::RestoreId(undone.0.clone())), None),
        RestoredTo::Without(call) => (None, None, Some(wire::CallId(call.0.clone()))),
        RestoredTo::Reviewed => (None, None, None),
    };
    let (files, conversation) = match what {
        RestoreOf::Files => (true, false),
        RestoreOf::Conversation => (false, true),
        RestoreOf::Both => (true, true),
    };
    let restore_id = wire_review::RestoreId(restore.0.clone());
    wire_review::Restored { restore_id, turn_id: turn, undone, call_id: call, files, conversation }
}
