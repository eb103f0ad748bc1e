//! Brings back what stood at a path, where no edit of a text can.

use super::event::{Event, Stand, What};
use super::gates::OurTurn;
use super::held::{current, keep};
use super::parts::Parts;
use super::story::{Body, Story};
use super::tool::ToolError;
use super::writing::{self, Cause};
use crate::path::AbsPath;
use crate::text::Hash;
use crate::workspace::{FileError, Thing};

/// Puts something in the place of what stands there; a file by the blob with its bytes.
pub(super) async fn put(
    parts: &Parts,
    path: &AbsPath,
    wanted: Thing<Hash>,
    story: &Story,
    cause: &Cause,
    _our_turn: &OurTurn,
) -> Result<(), ToolError> {
    if current(parts, path).await.body != *story.now() {
        return Err(changed(path));
    }
    // What a command has put there, and nothing is in.
    let clears = *story.now() == Body::Unknown && parts.files.is_empty_place(path).await;
    let (there, before) =
        if clears { (Thing::Nothing, What::Unknown) } else { standing(parts, path, story).await? };
    let base = keep(parts, path, story.base()).await?;
    let (bytes, what) = match wanted {
        Thing::Nothing => (Thing::Nothing, What::Absent),
        Thing::Link(text) => (Thing::Link(text.clone()), What::Link { text: text.to_string() }),
        Thing::File(hash) => {
            let bytes = parts.recorder.fetch(&hash).map_err(|error| {
                ToolError::new(format!(
                    "{path} cannot be brought back: its bytes are not kept any more: {error}"
                ))
            })?;
            let what = match base.what {
                What::Text { text, .. } => What::Text { text, bytes: Some(hash) },
                What::Absent | What::Other { .. } | What::Link { .. } | What::Unknown => {
                    What::Other { bytes: hash }
                }
            };
            (Thing::File(bytes), what)
        }
    };
    let around = parts.files.around(path).await;
    let mode = story.mode();
    parts.settle_before_writing().await?;
    parts.recorder.record(Event::Found {
        call: cause.call.clone(),
        path: path.clone(),
        before: Stand { mode: around.mode, bare: around.bare, ..Stand::of(before) },
        after: Stand { mode, ..Stand::of(what) },
        restore: cause.restore.clone(),
        head: parts.heads.of(path).await,
    })?;
    if clears {
        parts.files.clear_place(path).await?;
    }
    Ok(parts.files.put(path, there, bytes, mode).await?)
}

/// What stands there, kept as it is.
async fn standing(parts: &Parts, path: &AbsPath, story: &Story) -> Result<(Thing<Hash>, What), ToolError> {
    match story.now() {
        Body::Absent => return Ok((Thing::Nothing, What::Absent)),
        Body::Link(text) => return Ok((Thing::Link(text.clone()), What::Link { text: text.to_string() })),
        Body::Text(_) | Body::Other(_) | Body::Unknown => {}
    }
    let bytes = match parts.files.with_bytes(path).await {
        Ok((_, bytes)) => bytes,
        Err(FileError::TooLarge { len, .. }) => {
            return Err(ToolError::new(format!(
                "{path} stays: it has {len} bytes, too many to be kept, so that its removal could not be taken \
                 back; remove it yourself, or keep it"
            )));
        }
        Err(_) if *story.now() == Body::Unknown && parts.files.is_folder(path).await => {
            return Err(ToolError::new(format!(
                "{path} stays: a folder with files in it stands in its place; move it away. `quillon review {} \
                 --before` prints what stood there",
                path.file_name()
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let raw = writing::keep(parts, path, &bytes)?;
    let what = match story.now() {
        Body::Text(text) => {
            What::Text { text: writing::keep(parts, path, text.as_bytes())?, bytes: Some(raw) }
        }
        Body::Absent | Body::Other(_) | Body::Link(_) | Body::Unknown => What::Other { bytes: raw },
    };
    Ok((Thing::File(raw), what))
}

/// Nothing is done to a file that is not what was looked at any more.
pub(super) fn changed(path: &AbsPath) -> ToolError {
    ToolError::new(format!("{path} has changed meanwhile; nothing was written. Look at it again"))
}

/// Gives a file the permission bits back that it had; says whether it did. Not where somebody has given it others
/// since: these may let fewer in.
pub(super) async fn set_mode(
    parts: &Parts,
    path: &AbsPath,
    modes: (u32, u32),
    cause: &Cause,
    now: &Body,
    _our_turn: &OurTurn,
) -> Result<bool, ToolError> {
    let (before, after) = modes;
    match parts.files.mode(path).await {
        Some(now) if now == before => return Ok(true),
        Some(now) if now == after => {}
        Some(_) | None => return Ok(false),
    }
    let stand = keep(parts, path, now).await?;
    parts.recorder.record(Event::Found {
        call: cause.call.clone(),
        path: path.clone(),
        before: Stand { mode: Some(after), ..stand.clone() },
        after: Stand { mode: Some(before), ..stand },
        restore: cause.restore.clone(),
        head: parts.heads.of(path).await,
    })?;
    parts.files.set_mode(path, before).await?;
    Ok(true)
}
