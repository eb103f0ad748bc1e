//! Takes changes of a file back: as edits of its text where that can be, as a whole where not.

use super::gates::OurTurn;
use super::parts::Parts;
use super::place::{changed, put, set_mode};
use super::story::{Body, Story};
use super::tool::ToolError;
use super::writing::{self, Bases, Cause, Wrote};
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Change, Edit, Hash, Hunk, Splice, Version, ends};
use crate::workspace::{Content, Thing};

/// Takes changes of a file back. All of it where nothing says which part.
pub(super) async fn undo(
    parts: &Parts,
    path: &AbsPath,
    story: &Story,
    hunks: &[Hunk],
    cause: &Cause,
    our_turn: &OurTurn,
) -> Result<(), ToolError> {
    if story.is_unsure() {
        return Err(ToolError::new(format!(
            "{path} stays: what a command made of it was too large to be kept, so nobody can tell whether it \
             was changed since"
        )));
    }
    if let Some(thing) = as_a_whole(parts, path, story, hunks).await? {
        let gone = thing == Thing::Nothing;
        put(parts, path, thing, story, cause, our_turn).await?;
        if gone {
            parts.files.remove_bare(path, story.bare()).await;
        }
        return Ok(());
    }
    if let Some(modes) = story.modes()
        && story.base().is_same(story.now())
    {
        let done = set_mode(parts, path, modes, cause, story.now(), our_turn).await?;
        let why = "somebody has given it other permissions since, which stay";
        return if done { Ok(()) } else { Err(ToolError::new(format!("{path}: {why}"))) };
    }
    let change = match story.base() {
        Body::Absent => Change::Delete,
        Body::Text(_) | Body::Other(_) | Body::Link(_) | Body::Unknown => {
            let splices = story.undoing(hunks);
            if splices.is_empty() {
                return Ok(());
            }
            match with_its_ends(parts, path, story, hunks, &splices).await? {
                Some(text) => Change::Whole(text),
                None => Change::Splices(splices),
            }
        }
    };
    write(parts, path, story, change.clone(), cause, our_turn).await?;
    match story.modes() {
        _ if change == Change::Delete => {
            parts.files.remove_bare(path, story.bare()).await;
            Ok(())
        }
        Some(modes) if hunks.len() == story.hunks().len() => {
            set_mode(parts, path, modes, cause, story.base(), our_turn).await.map(|_| ())
        }
        Some(_) | None => Ok(()),
    }
}

/// The whole text of a file without these changes, where the splices would give its lines other ends than
/// those that they have or had.
async fn with_its_ends(
    parts: &Parts,
    path: &AbsPath,
    story: &Story,
    hunks: &[Hunk],
    splices: &[Splice],
) -> Result<Option<String>, ToolError> {
    let Some(wanted) = story.without(hunks) else { return Ok(None) };
    let Content::Text(file) = parts.files.read(path).await? else { return Ok(None) };
    let made = file.text.spliced(splices);
    let further = &made[..made.len() - ends::unmarked(&made).len()];
    if made[further.len()..] == wanted {
        return Ok(None);
    }
    Ok(Some(file.marked(&format!("{further}{wanted}").into()).to_string()))
}

async fn write(
    parts: &Parts,
    path: &AbsPath,
    story: &Story,
    change: Change,
    cause: &Cause,
    our_turn: &OurTurn,
) -> Result<(), ToolError> {
    let base = story.now().version().unwrap_or(Version::Absent);
    let edits = [Edit { path: path.clone(), base, change }];
    let intent = Intent::Write { edits: edits.to_vec() };
    if writing::keep_bases(parts, &intent).await? == Bases::Gone {
        return Err(changed(path));
    }
    match writing::write_in_turn(parts, our_turn, &edits, cause).await? {
        Wrote::Written(..) => Ok(()),
        Wrote::Gone => Err(changed(path)),
    }
}

/// What is to stand there, where no edit of a text says it; none where one does.
async fn as_a_whole(
    parts: &Parts,
    path: &AbsPath,
    story: &Story,
    hunks: &[Hunk],
) -> Result<Option<Thing<Hash>>, ToolError> {
    Ok(match (story.base(), story.now()) {
        (Body::Text(_), Body::Text(_)) => match story.first_bytes() {
            // In an editor an edit can be undone, and its buffer is the file.
            Some(bytes) if hunks.len() == story.hunks().len() => {
                let is_open = !hunks.is_empty() && parts.files.buffers().open().contains(path);
                (!is_open).then_some(Thing::File(bytes))
            }
            Some(_) | None => None,
        },
        (Body::Absent, Body::Text(_)) => None,
        (base, now) if base.is_same(now) => None,
        (Body::Unknown, _) => {
            return Err(ToolError::new(format!(
                "{path} cannot be brought back: what stood there before is not kept"
            )));
        }
        (Body::Absent, _) => Some(Thing::Nothing),
        (Body::Link(text), _) => Some(Thing::Link(text.clone())),
        (Body::Other(bytes), _) => Some(Thing::File(*bytes)),
        (Body::Text(text), _) => Some(Thing::File(match story.bytes() {
            Some(bytes) => bytes,
            None => match story.base_ends() {
                Some(ends) => writing::keep(parts, path, ends.on(text).as_bytes())?,
                None => writing::keep(parts, path, text.as_bytes())?,
            },
        })),
    })
}

/// Why a file stays that a command made.
pub(super) fn only_copy(lost: &str) -> String {
    format!(
        "the command that made it also changed or deleted {lost}, which nobody has kept, so it may be the only \
         copy; remove it yourself if it is to go"
    )
}
