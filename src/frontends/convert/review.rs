//! Reviews and ways back as the editor protocol has them.

use quillon_protocol::document::{FileChange as Change, TextHash};
use quillon_protocol::event as wire_event;
use quillon_protocol::lifecycle::Timestamp;
use quillon_protocol::prompt::PromptId;
use quillon_protocol::review as wire;

use super::block::content;
use super::question::{file_diff, name_in};
use super::uri;
use crate::engine::preview::FileChange;
use crate::engine::{Body, Checkpoint, Covers, Mixed, Planned, Recorder, Review};
use crate::text::{SharedText, Version, diff};

/// A file with changes to look at.
pub fn reviewed_file(review: &Review) -> wire::ReviewedFile {
    let (old, new) = (text(&review.baseline), text(&review.current));
    let (added, removed) = diff::counts(old.as_deref(), new.as_deref());
    wire::ReviewedFile {
        uri: uri::of(&review.path),
        change: change(&review.baseline, &review.current),
        version: match review.version() {
            Some(Version::Text(hash)) => Some(TextHash(hash.to_string())),
            Some(Version::Absent) | None => None,
        },
        hunks: count(review.hunks.len()),
        added: count(added),
        removed: count(removed),
        restorable: review.baseline != Body::Unknown,
        mixed: review.mixed == Mixed::Yes,
        old_mode: review.modes.map(|(before, _)| format!("{:o}", before & 0o7777)),
        calls: review.calls.iter().map(|call| wire_event::CallId(call.0.clone())).collect(),
        turns: review.turns.iter().map(|turn| wire_event::TurnId(turn.0.clone())).collect(),
    }
}

/// The changes of a file in full.
pub fn review(review: &Review) -> wire::ReviewFileResult {
    let hunks = review.hunks.iter().map(|one| {
        let (old_text, new_text) = review.lines(&one.hunk);
        let range = |lines: &std::ops::Range<u32>| wire::LineRange { start: lines.start, end: lines.end };
        wire::Hunk {
            hunk_id: wire::HunkId(one.id.clone()),
            old: range(&one.hunk.old),
            new: range(&one.hunk.new),
            old_text: old_text.to_owned(),
            new_text: new_text.to_owned(),
            mixed: one.mixed == Mixed::Yes,
        }
    });
    wire::ReviewFileResult {
        hunks: hunks.collect(),
        baseline: text(&review.baseline),
        file: Some(reviewed_file(review)),
    }
}

/// A point that one can go back to.
pub fn checkpoint(point: &Checkpoint) -> wire::Checkpoint {
    wire::Checkpoint {
        turn_id: wire_event::TurnId(point.turn.0.clone()),
        prompt_id: PromptId(point.prompt.0.clone()),
        content: content(&point.content),
        at: Timestamp(point.at.to_string()),
        files: count(point.files),
        conversation: point.covers == Covers::All,
    }
}

/// What a way back would do with a file.
pub fn planned(recorder: &Recorder, planned: &Planned) -> wire::RestorePreview {
    let change_of =
        FileChange { path: planned.path.clone(), old: shared(&planned.now), new: shared(&planned.then) };
    let shown = file_diff(&name_in(recorder, &planned.path), &change_of, None);
    wire::RestorePreview {
        uri: shown.uri,
        change: change(&planned.now, &planned.then),
        diff: shown.diff,
        added: shown.added,
        removed: shown.removed,
        left: planned.left.clone(),
    }
}

fn shared(body: &Body) -> Option<SharedText> {
    text(body).map(SharedText::from)
}

fn text(body: &Body) -> Option<String> {
    match body {
        Body::Text(text) => Some(text.to_string()),
        Body::Absent | Body::Other(_) | Body::Link(_) | Body::Unknown => None,
    }
}

fn change(old: &Body, new: &Body) -> Change {
    match (old, new) {
        (Body::Absent, _) => Change::Created,
        (_, Body::Absent) => Change::Deleted,
        (Body::Text(_) | Body::Other(_) | Body::Link(_) | Body::Unknown, _) => Change::Modified,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
