//! `Held`: what stands at a path, as the facts tell it or as it is now.

use std::sync::Arc;

use super::event::{Stand, What};
use super::parts::Parts;
use super::recorder::Recorder;
use super::tool::ToolError;
use super::writing;
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Endings, Hash, Version, ends};
use crate::workspace::{Content, FileError, file};

/// What a file holds, at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is no file.
    Absent,
    /// A text with LF line ends and without byte-order mark.
    Text(Arc<str>),
    /// No text, or one that nobody has kept; the hash of its bytes.
    Other(Hash),
    /// A link with this text.
    Link(Arc<str>),
    /// Nobody knows.
    Unknown,
}

/// A body, the sum of the file's own bytes, and the line ends of its text, where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it holds.
    pub body: Body,
    /// The sum.
    pub raw: Option<Hash>,
    /// How its lines end.
    pub ends: Option<Endings>,
}

impl Body {
    /// Which text it is; none where it is no text.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Absent => Some(Version::Absent),
            Self::Text(text) => Some(Version::of_text(text)),
            Self::Other(_) | Self::Link(_) | Self::Unknown => None,
        }
    }

    /// Whether both are known to be the same.
    pub fn is_same(&self, other: &Self) -> bool {
        !matches!(self, Self::Unknown) && self == other
    }
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
    let ends = match (&stand.what, &body) {
        (What::Text { text, bytes: Some(bytes) }, Body::Text(_)) => ends_of(recorder, text, bytes),
        _ => None,
    };
    Held { body, raw: stand.what.raw(), ends }
}

/// The line ends of a text whose bytes are kept.
fn ends_of(recorder: &Recorder, text: &Hash, bytes: &Hash) -> Option<Endings> {
    if text == bytes {
        return Some(Endings::default());
    }
    Some(Endings::of(&file::text_of(&recorder.fetch(bytes).ok()?)?))
}

/// What stands at a path now.
pub(super) async fn current(parts: &Parts, path: &AbsPath) -> Held {
    let plain = |body| Held { body, raw: None, ends: None };
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
            let ends = Some(file.text.endings());
            let body = match &made {
                // A text that is too long to be kept is known by its sum alone.
                Some((sum, What::Other { .. })) if raw == Some(*sum) => Body::Other(*sum),
                Some(_) | None => Body::Text(ends::lf(&file.text).into()),
            };
            Held { body, raw, ends }
        }
        Ok((Content::Binary { .. }, bytes)) => {
            let sum = Hash::of(&bytes);
            Held { body: Body::Other(sum), raw: Some(sum), ends: None }
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

/// Keeps what a body holds, and how the lines of its text end.
pub(super) async fn keep_with_ends(
    parts: &Parts,
    path: &AbsPath,
    body: &Body,
    ends: Option<&Endings>,
) -> Result<Stand, ToolError> {
    let mut stand = keep(parts, path, body).await?;
    if let (What::Text { text: hash, bytes }, Body::Text(text), Some(ends)) = (&mut stand.what, body, ends) {
        *bytes = Some(match ends.is_lf() {
            true => *hash,
            false => writing::keep(parts, path, ends.on(text).as_bytes())?,
        });
    }
    Ok(stand)
}
