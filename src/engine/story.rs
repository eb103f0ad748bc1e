//! `Story`: how a file came to be what it is, told so that some of its changes can be taken out.

use std::ops::Range;
use std::sync::Arc;

use super::event::{Event, Stand, What};
use super::parts::Parts;
use super::recorder::Recorder;
use super::tool::ToolError;
use super::touch::{Hand, Settled, Touch};
use super::writing::{self, Cause};
use crate::path::AbsPath;
use crate::text::{Hash, Hunk, Lineage, Splice, Version, ends};
use crate::workspace::{Content, FileError};

/// What a file holds, at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is no file.
    Absent,
    /// A text with LF line ends and without byte-order mark.
    Text(Arc<str>),
    /// No text; the hash of its bytes.
    Other(Hash),
    /// Nobody knows.
    Unknown,
}

/// A file as it is, and as it would be without some changes ("ours").
#[derive(Debug, Clone)]
pub struct Story {
    base: Body,
    now: Body,
    /// Where both are texts.
    lineage: Option<Lineage>,
    /// The blob with the file's own bytes as they were before the first of our changes.
    bytes: Option<Hash>,
    modes: Option<(u32, u32)>,
    /// Whether the user has changed the whole of what we made.
    touched_whole: bool,
    /// Whether something is ours.
    acted: bool,
}

impl Body {
    /// Which text it is; none where it is no text.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Absent => Some(Version::Absent),
            Self::Text(text) => Some(Version::of_text(text)),
            Self::Other(_) | Self::Unknown => None,
        }
    }

    /// Whether both are known to be the same.
    pub fn is_same(&self, other: &Self) -> bool {
        !matches!(self, Self::Unknown) && self == other
    }
}

/// Where a story begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// Before the first of the changes.
    First,
    /// Where this stood, and nothing of it was ours.
    Stand(&'a Stand),
    /// Where the user settled the rest.
    Settled(&'a Settled),
}

/// Tells the story of a file: from where the review began, or from before its first change, over its
/// changes to what stands there now. `ours` says which changes are to be told from the rest.
pub(super) fn tell(
    recorder: &Recorder,
    from: Start<'_>,
    touches: &[Touch],
    ours: impl Fn(&Touch) -> bool,
    current: &Body,
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
    // Where the texts are lost, it is still known whether there was a difference.
    let acted = match from {
        Start::Settled(settled) => settled.baseline.what != settled.current.what,
        Start::Stand(_) | Start::First => false,
    };
    let mut story = Story { base, now, lineage: None, bytes: None, modes: None, touched_whole: false, acted };
    story.match_texts(mixed);
    let mut coming = touches.first().map_or_else(|| current.clone(), |first| load(recorder, &first.before));
    for (at, touch) in touches.iter().enumerate() {
        let next = touches.get(at + 1).map_or_else(|| current.clone(), |next| load(recorder, &next.before));
        let before = std::mem::replace(&mut coming, next.clone());
        story.theirs(before.clone());
        // It was recorded and then not made (the editor refused it, the program ended), or was taken back
        // by the editor's own undo.
        if next.is_same(&before) && touch.before.mode == touch.after.mode {
            continue;
        }
        let after = load(recorder, &touch.after);
        match (ours(touch), touch.hand) {
            (true, Hand::Own) => {
                story.note(touch);
                story.ours(after);
            }
            (true, Hand::Formatter) => story.formatted(after),
            (false, _) => story.theirs(after),
        }
    }
    story.theirs(current.clone());
    story
}

impl Story {
    /// The file without our changes.
    pub fn base(&self) -> &Body {
        &self.base
    }

    /// The file.
    pub fn now(&self) -> &Body {
        &self.now
    }

    /// The permission bits before our changes and after, where they differ.
    pub fn modes(&self) -> Option<(u32, u32)> {
        self.modes.filter(|(before, after)| before != after)
    }

    /// Our changes of the text.
    pub fn hunks(&self) -> Vec<Hunk> {
        self.lineage.as_ref().map(Lineage::hunks).unwrap_or_default()
    }

    /// Whether somebody else has changed something inside of this change.
    pub fn is_mixed(&self, hunk: &Hunk) -> bool {
        self.lineage.as_ref().is_some_and(|lineage| lineage.is_mixed(hunk))
    }

    /// Whether somebody else has changed something inside of what we made as a whole.
    pub fn is_touched(&self) -> bool {
        self.touched_whole || self.hunks().iter().any(|hunk| self.is_mixed(hunk))
    }

    /// The old and the new lines of a change.
    pub fn lines(&self, hunk: &Hunk) -> (&str, &str) {
        match (&self.base, &self.now) {
            (Body::Text(base), Body::Text(now)) => (lines_of(base, &hunk.old), lines_of(now, &hunk.new)),
            _ => ("", ""),
        }
    }

    /// The splices of the text which take changes back.
    pub fn undoing(&self, hunks: &[Hunk]) -> Vec<Splice> {
        self.lineage.as_ref().map(|lineage| lineage.undoing(hunks)).unwrap_or_default()
    }

    /// The base with these changes in it.
    pub fn keeping(&self, hunks: &[Hunk]) -> Body {
        match &self.lineage {
            Some(lineage) => Body::Text(lineage.keeping(hunks).into()),
            None => self.now.clone(),
        }
    }

    /// The blob with the base's own bytes, where they were kept.
    pub fn bytes(&self) -> Option<Hash> {
        self.bytes
    }

    /// The lines that both have written, but for those in some changes.
    pub fn mixed_but_in(&self, hunks: &[Hunk]) -> Vec<Range<u32>> {
        self.lineage.as_ref().map(|lineage| lineage.mixed_but_in(hunks)).unwrap_or_default()
    }

    fn match_texts(&mut self, mixed: Vec<Range<u32>>) {
        self.lineage = match (&self.base, &self.now) {
            (Body::Text(base), Body::Text(now)) => Some(Lineage::settled(base.clone(), now.clone(), mixed)),
            _ => None,
        };
    }

    /// Whether the file without our changes, or what we made of it, is not kept any more.
    fn is_lost(&self) -> bool {
        matches!(self.base, Body::Unknown) || matches!(self.now, Body::Unknown)
    }

    /// Remembers what only our first change can tell.
    fn note(&mut self, touch: &Touch) {
        if self.base.is_same(&self.now)
            && let What::Text { bytes: Some(bytes), .. } | What::Other { bytes } = &touch.before.what
        {
            self.bytes = Some(*bytes);
        }
        if let (Some(before), Some(after)) = (touch.before.mode, touch.after.mode) {
            self.modes = Some((self.modes.map_or(before, |(first, _)| first), after));
        }
    }

    fn ours(&mut self, body: Body) {
        self.acted = true;
        match (&mut self.lineage, &body) {
            (Some(lineage), Body::Text(text)) => {
                lineage.ours(text.clone());
                self.now = body;
            }
            _ => {
                self.now = body;
                self.match_texts(Vec::new());
            }
        }
    }

    /// A formatter went over it: what it changed in ours stays ours, anything else is theirs.
    fn formatted(&mut self, body: Body) {
        match (&mut self.lineage, &body) {
            (Some(lineage), Body::Text(text)) => {
                lineage.formatted(text.clone());
                self.base = Body::Text(lineage.base().clone());
                self.now = body;
            }
            (None, Body::Text(_)) if self.base == Body::Absent && matches!(self.now, Body::Text(_)) => {
                self.now = body;
            }
            _ => self.theirs(body),
        }
    }

    fn theirs(&mut self, body: Body) {
        if body == self.now {
            return;
        }
        let lost = self.acted && self.is_lost();
        match (&mut self.lineage, &body) {
            (Some(lineage), Body::Text(text)) => {
                lineage.theirs(text.clone());
                self.base = Body::Text(lineage.base().clone());
                self.now = body;
            }
            // They went on with a file that we made.
            (None, Body::Text(_)) if self.base == Body::Absent && matches!(self.now, Body::Text(_)) => {
                self.touched_whole = true;
                self.now = body;
            }
            // What stood there is lost, so what they did cannot be told from what we did.
            (None, Body::Text(_) | Body::Other(_)) if lost => {
                self.touched_whole = true;
                self.now = body;
                self.match_texts(Vec::new());
            }
            // What they removed, made anew or replaced as a whole is theirs.
            _ => {
                self.base = body.clone();
                self.now = body;
                self.acted = false;
                self.modes = None;
                self.match_texts(Vec::new());
            }
        }
    }
}

/// The lines of a text, as a slice of it.
pub fn lines_of<'a>(text: &'a str, lines: &Range<u32>) -> &'a str {
    let at = |line: u32| match line {
        0 => 0,
        _ => {
            let nth = usize::try_from(line - 1).unwrap_or(usize::MAX);
            text.match_indices('\n').nth(nth).map_or(text.len(), |(at, _)| at + 1)
        }
    };
    &text[at(lines.start)..at(lines.end)]
}

fn load(recorder: &Recorder, stand: &Stand) -> Body {
    match &stand.what {
        What::Absent => Body::Absent,
        What::Unknown => Body::Unknown,
        What::Other { bytes } => Body::Other(*bytes),
        What::Text { text, .. } => match recorder.fetch(text) {
            Ok(bytes) => Body::Text(String::from_utf8_lossy(&bytes).into()),
            Err(_) => Body::Unknown,
        },
    }
}

/// What stands at a path now.
pub(super) async fn current(parts: &Parts, path: &AbsPath) -> Body {
    match parts.files.read(path).await {
        Ok(Content::Text(file)) => Body::Text(ends::lf(&file.text).into()),
        Ok(Content::Binary { .. }) => match parts.files.with_bytes(path).await.map(|(_, bytes)| bytes) {
            Ok(bytes) => Body::Other(Hash::of(&bytes)),
            Err(_) => Body::Unknown,
        },
        Err(FileError::NotFound { .. }) => Body::Absent,
        Err(_) => Body::Unknown,
    }
}

/// Keeps what a body holds.
pub(super) async fn keep(parts: &Parts, path: &AbsPath, body: &Body) -> Result<Stand, ToolError> {
    let what = match body {
        Body::Absent => What::Absent,
        Body::Text(text) => What::Text { text: writing::keep(parts, path, text.as_bytes())?, bytes: None },
        Body::Other(hash) => {
            if parts.recorder.fetch(hash).is_err() {
                writing::keep(parts, path, &parts.files.with_bytes(path).await.map(|(_, bytes)| bytes)?)?;
            }
            What::Other { bytes: *hash }
        }
        Body::Unknown => What::Unknown,
    };
    Ok(Stand { what, mode: None })
}

/// Brings bytes back, where no edit of a text can.
pub(super) async fn put(
    parts: &Parts,
    path: &AbsPath,
    bytes: Option<Hash>,
    story: &Story,
    cause: &Cause,
) -> Result<(), ToolError> {
    let _our_turn = parts.gates.enter([path]).await;
    let wanted = match bytes {
        Some(hash) => Some(parts.recorder.fetch(&hash).map_err(|error| {
            ToolError::new(format!("{path} cannot be brought back: its bytes are not kept any more: {error}"))
        })?),
        None => None,
    };
    let now = match story.now() {
        Body::Absent => None,
        Body::Text(_) | Body::Other(_) | Body::Unknown => {
            Some(parts.files.with_bytes(path).await.map(|(_, bytes)| bytes)?)
        }
    };
    let before = match (&now, story.now()) {
        (None, _) => What::Absent,
        (Some(bytes), Body::Text(text)) => What::Text {
            text: writing::keep(parts, path, text.as_bytes())?,
            bytes: Some(writing::keep(parts, path, bytes)?),
        },
        (Some(bytes), _) => What::Other { bytes: writing::keep(parts, path, bytes)? },
    };
    let after = keep(parts, path, story.base()).await?;
    let mode = story.modes().map(|(before, _)| before);
    parts.settle_before_writing().await?;
    let stand = |what, mode| Stand { what, mode };
    parts.recorder.record(Event::Found {
        call: cause.call.clone(),
        path: path.clone(),
        before: stand(before, story.modes().map(|(_, after)| after)),
        after: Stand { mode, ..after },
        restore: cause.restore.clone(),
        head: parts.heads.of(path).await,
    })?;
    Ok(parts.files.put(path, now.map(|bytes| Hash::of(&bytes)), wanted, mode).await?)
}

/// Gives a file other permission bits.
pub(super) async fn set_mode(
    parts: &Parts,
    path: &AbsPath,
    modes: (u32, u32),
    cause: &Cause,
    now: &Body,
) -> Result<(), ToolError> {
    let _our_turn = parts.gates.enter([path]).await;
    let (before, after) = modes;
    let stand = keep(parts, path, now).await?;
    parts.recorder.record(Event::Found {
        call: cause.call.clone(),
        path: path.clone(),
        before: Stand { mode: Some(after), ..stand.clone() },
        after: Stand { mode: Some(before), ..stand },
        restore: cause.restore.clone(),
        head: parts.heads.of(path).await,
    })?;
    Ok(parts.files.set_mode(path, before).await?)
}
