//! `Held`: what stands at a path, as the facts tell it or as it is now.

use super::event::{Stand, What};
use super::parts::Parts;
use super::recorder::Recorder;
use super::story::Body;
use super::tool::ToolError;
use super::writing;
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Hash, ends};
use crate::workspace::{Content, FileError};

/// A body, and the sum of the file's own bytes, where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it holds.
    pub body: Body,
    /// The sum.
    pub raw: Option<Hash>,
}

/// What a fact says of a path.
pub(super) fn load(recorder: &Recorder, stand: &Stand) -> Held {
    let body = match &stand.what {
        What::Absent => Body::Absent,
        What::Unknown => Body::Unknown,
        What::Other { bytes } => Body::Other(*bytes),
        What::Link { text } => Body::Link(text.as_str().into()),
        What::Text { text, .. } => match recorder.fetch(text) {
            Ok(bytes) => Body::Text(String::from_utf8_lossy(&bytes).into()),
            Err(_) => Body::Unknown,
        },
    };
    Held { body, raw: stand.what.raw() }
}

/// What stands at a path now.
pub(super) async fn current(parts: &Parts, path: &AbsPath) -> Held {
    let plain = |body| Held { body, raw: None };
    if let Some(text) = parts.files.link(path).await {
        return plain(Body::Link(text));
    }
    let last = parts.recorder.state(|state| state.touches().last(path).map(|touch| touch.after.what.clone()));
    // An editor keeps the buffer of a file that we deleted; it is the file no more.
    if last == Some(What::Absent) && parts.files.is_gone(path).await {
        return plain(Body::Absent);
    }
    let made = last.and_then(|what| what.raw().map(|raw| (raw, what)));
    match parts.files.with_bytes(path).await {
        Ok((Content::Text(file), bytes)) => {
            let raw = made.as_ref().map(|_| Hash::of(&bytes));
            let body = match &made {
                // A text that is too long to be kept is known by its sum alone.
                Some((sum, What::Other { .. })) if raw == Some(*sum) => Body::Other(*sum),
                Some(_) | None => Body::Text(ends::lf(&file.text).into()),
            };
            Held { body, raw }
        }
        Ok((Content::Binary { .. }, bytes)) => {
            let sum = Hash::of(&bytes);
            Held { body: Body::Other(sum), raw: Some(sum) }
        }
        Err(FileError::NotFound { .. }) => plain(Body::Absent),
        Err(FileError::TooLarge { .. }) if made.is_some() => {
            plain(parts.files.sum(path).await.map_or(Body::Unknown, Body::Other))
        }
        Err(_) => plain(Body::Unknown),
    }
}

/// Keeps what a body holds.
pub(super) async fn keep(parts: &Parts, path: &AbsPath, body: &Body) -> Result<Stand, ToolError> {
    let what = match body {
        Body::Absent => What::Absent,
        Body::Text(text) => What::Text { text: writing::keep(parts, path, text.as_bytes())?, bytes: None },
        Body::Other(hash) => {
            // Of what is too long to be kept the sum is enough.
            if parts.recorder.fetch(hash).is_err()
                && let Ok((_, bytes)) = parts.files.with_bytes(path).await
                && bytes.len() as u64 <= limits::survey::FILE_BYTES_MAX
            {
                writing::keep(parts, path, &bytes)?;
            }
            What::Other { bytes: *hash }
        }
        Body::Link(text) => What::Link { text: text.to_string() },
        Body::Unknown => What::Unknown,
    };
    Ok(Stand::of(what))
}
