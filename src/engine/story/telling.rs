//! How a story is told: from where it begins, over each change, to what stands there now.

use super::{Body, Story};
use crate::engine::event::{Stand, What};
use crate::engine::held::{Held, load};
use crate::engine::raw::Raw;
use crate::engine::recorder::Recorder;
use crate::engine::touch::{Hand, Settled, Touch};
use crate::text::{Version, absence};

/// Where a story begins.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) enum Start<'a> {
    /// Before the first of the changes.
    First,
    /// Where this stood, and nothing of it was ours.
    Stand(&'a Stand),
    /// Where the user settled the rest.
    Settled(&'a Settled),
}

/// Whose a change of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Whose {
    /// To be told from the rest.
    Ours,
    /// The user's, who took changes of ours back; what is left of these stays ours.
    WayBack,
    /// Somebody else's.
    Theirs,
}

/// Tells the story of a file: from where the review began, or from before its first change, over its
/// changes to what stands there now. `whose` says of a change whose it is.
pub(in crate::engine) fn tell(
    recorder: &Recorder,
    from: Start<'_>,
    touches: &[Touch],
    whose: impl Fn(&Touch) -> Whose,
    current: &Held,
) -> Story {
    let (base, now, mixed) = match (from, touches.first()) {
        (Start::Settled(settled), _) => {
            (load(recorder, &settled.baseline), load(recorder, &settled.current), settled.mixed.clone())
        }
        (Start::Stand(stand), _) => (load(recorder, stand), load(recorder, stand), Vec::new()),
        (Start::First, Some(first)) => {
            (load(recorder, &first.before), load(recorder, &first.before), Vec::new())
        }
        (Start::First, None) => (current.clone(), current.clone(), Vec::new()),
    };
    let (base_ends, now_ends, base, now) = (base.ends, now.ends, base.body, now.body);
    let form = if base.is_same(&now) { Raw::Untouched } else { Raw::Mixed };
    // Where the texts are lost, it is still known whether there was a difference.
    let acted = match from {
        Start::Settled(Settled { baseline, current, .. }) => {
            baseline.what != current.what && !baseline.same_content(current)
        }
        Start::Stand(_) | Start::First => false,
    };
    let now_raw = current.raw;
    let mut story = Story { base, now, base_ends, now_ends, form, now_raw, acted, ..Story::unknown() };
    story.match_texts(mixed);
    let dropped = dropped(touches, &current.body);
    let mut coming = touches.first().map_or_else(|| current.clone(), |first| load(recorder, &first.before));
    for (at, touch) in touches.iter().enumerate() {
        let next = touches.get(at + 1).map_or_else(|| current.clone(), |next| load(recorder, &next.before));
        let before = std::mem::replace(&mut coming, next.clone());
        story.theirs(before.clone());
        if dropped.contains(&at) {
            continue;
        }
        // It was recorded and then not made (the editor refused it, the program ended), or was taken back
        // by the editor's own undo.
        let stays = touch.changes_mode() || touch.changes_form() && next.raw == touch.after.what.raw();
        if next.body.is_same(&before.body) && !stays {
            continue;
        }
        let after = load(recorder, &touch.after);
        if !stays && was_not_made(&before.body, &after.body, &next.body) {
            continue;
        }
        match (whose(touch), touch.hand) {
            (Whose::Ours, Hand::Own) => {
                story.note(touch);
                story.ours(after);
            }
            (Whose::Ours, Hand::Formatter) => story.formatted(after),
            (Whose::WayBack, _) => story.taken_back(after),
            (Whose::Theirs, _) => story.theirs(after),
        }
    }
    story.theirs(current.clone());
    story
}

/// Whether others changed a text before we could, so that our change of it did not come about.
fn was_not_made(before: &Body, after: &Body, next: &Body) -> bool {
    match (before, after, next) {
        (Body::Text(before), Body::Text(after), Body::Text(next)) => {
            after != next && absence::is_absent(before, after, next)
        }
        _ => false,
    }
}

/// The changes that were made in an editor beside text which was not saved, and that went with it: the file
/// is again what the disk had all the while.
fn dropped(touches: &[Touch], current: &Body) -> Vec<usize> {
    let mut dropped = Vec::new();
    let mut at = 0;
    for run in touches.chunk_by(|left, right| left.disk == right.disk) {
        let from = at;
        at += run.len();
        let Some(disk) = run.first().and_then(|touch| touch.disk) else { continue };
        let is_disk = |behind: usize| match touches.get(behind) {
            Some(next) => matches!(next.before.what, What::Text { text, .. } if text == disk),
            None => current.version() == Some(Version::Text(disk)),
        };
        if let Some(last) = (from..at).rev().find(|one| is_disk(one + 1)) {
            dropped.extend(from..=last);
        }
    }
    dropped
}
