//! `Touch`: one change of one file, by this session, as the review and the way back need it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::event::{CallId, Event, RestoreId, Seq, TurnId};
use crate::path::AbsPath;
use crate::text::{Hash, Version};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The content.
    #[serde(flatten)]
    pub what: What,
    /// The permission bits, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    /// There is no file.
    Absent,
    /// A text, kept under its version; and the blob with the file's bytes, where they were kept.
    Text {
        /// The version, and the blob with the text.
        text: Hash,
        /// The blob with the bytes.
        bytes: Option<Hash>,
    },
    /// No text; the blob with the bytes.
    Other {
        /// The blob.
        bytes: Hash,
    },
    /// Something that nobody has kept.
    Unknown,
}

/// One change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The fact that tells of it.
    pub seq: Seq,
    /// The turn it was made in; none where the user took something back.
    pub turn: Option<TurnId>,
    /// The call that made it.
    pub call: Option<CallId>,
    /// The restore that made it.
    pub restore: Option<RestoreId>,
    /// The file.
    pub path: AbsPath,
    /// What stood there.
    pub before: Stand,
    /// What was made of it.
    pub after: Stand,
    /// Whose hand it was.
    pub hand: Hand,
    /// Which commit the file's repository stood on; none where that is not known.
    pub head: Option<Hash>,
}

/// Whose hand a change was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The session's own.
    Own,
    /// A formatter's, which went over what the session had made.
    Formatter,
}

/// What the user settled of a file: from here on the review begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The fact that tells of it.
    pub seq: Seq,
    /// What the file would be without the changes that are still to be looked at.
    pub baseline: Stand,
    /// What stood there then.
    pub current: Stand,
    /// Lines of it which both the agent and the user have written.
    pub mixed: Vec<Range<u32>>,
}

/// Where a restore led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoredTo {
    /// To before this turn.
    Before(TurnId),
    /// To before this restore.
    Undone(RestoreId),
}

/// What a restore brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoreOf {
    /// The files.
    Files,
    /// What was said.
    Conversation,
    /// Both.
    Both,
}

impl Stand {
    /// No file.
    pub const ABSENT: Self = Self { what: What::Absent, mode: None };

    /// The text of this version; `bytes` is the blob with the file's bytes.
    pub fn of_version(version: Version, bytes: Option<Hash>) -> Self {
        let what = match version {
            Version::Absent => What::Absent,
            Version::Text(text) => What::Text { text, bytes },
        };
        Self { what, mode: None }
    }

    /// Whether both are known to be the same content.
    pub fn same_content(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Absent, What::Absent) => true,
            (What::Text { text, .. }, What::Text { text: other, .. }) => text == other,
            (What::Other { bytes }, What::Other { bytes: other }) => bytes == other,
            (What::Absent | What::Text { .. } | What::Other { .. } | What::Unknown, _) => false,
        }
    }
}

/// All changes that a session has made to files, in their order; and what of them is settled.
#[derive(Debug, Default)]
pub struct Touches {
    /// Of each file, in their order.
    of: HashMap<AbsPath, Vec<Touch>>,
    /// The files, in the order in which they were first changed.
    paths: Vec<AbsPath>,
    settled: HashMap<AbsPath, Settled>,
    restores: Vec<(RestoreId, RestoredTo)>,
}

impl Touches {
    /// Folds a fact; `turn` is the one that runs.
    pub fn fold(&mut self, seq: Seq, turn: Option<&TurnId>, event: &Event) {
        match event {
            Event::Touched { call, edit, kept, after: Some(after), restore, head } => self.push(Touch {
                seq,
                turn: call.as_ref().and(turn).cloned(),
                call: call.clone(),
                restore: restore.clone(),
                path: edit.path.clone(),
                before: Stand::of_version(edit.base, *kept),
                after: Stand::of_version(*after, None),
                hand: Hand::Own,
                head: *head,
            }),
            Event::Found { call, path, before, after, restore, head } => self.push(Touch {
                seq,
                turn: call.as_ref().and(turn).cloned(),
                call: call.clone(),
                restore: restore.clone(),
                path: path.clone(),
                before: before.clone(),
                after: after.clone(),
                hand: Hand::Own,
                head: *head,
            }),
            // It belongs to the change that it followed.
            Event::Settled { path, before, after } => {
                let Some(last) = self.last(path).cloned() else { return };
                let stand = |text: &Hash| Stand::of_version(Version::Text(*text), None);
                let (before, after) = (stand(before), stand(after));
                self.push(Touch { seq, before, after, hand: Hand::Formatter, ..last });
            }
            Event::Restored { restore, to, .. } => self.restores.push((restore.clone(), to.clone())),
            Event::Reviewed { path, baseline, current, mixed } => {
                let (baseline, current, mixed) = (baseline.clone(), current.clone(), mixed.clone());
                let settled = Settled { seq, baseline, current, mixed };
                self.settled.insert(path.clone(), settled);
            }
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
            | Event::TurnStarted { .. }
            | Event::Replied { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::CallStarted { .. }
            | Event::Touched { after: None, .. }
            | Event::CallEnded { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. }
            | Event::TurnEnded { .. } => {}
        }
    }

    /// The files with changes, in the order in which they were first changed.
    pub fn paths(&self) -> &[AbsPath] {
        &self.paths
    }

    /// Whether this file was changed.
    pub fn has(&self, path: &AbsPath) -> bool {
        self.of.contains_key(path)
    }

    /// The last change of a file, whatever became of it.
    pub fn last(&self, path: &AbsPath) -> Option<&Touch> {
        self.of.get(path)?.last()
    }

    /// How many files each turn has changed.
    pub fn files_of_turns(&self) -> HashMap<&TurnId, usize> {
        let mut files = HashMap::new();
        for touches in self.of.values() {
            let turns: HashSet<&TurnId> = touches.iter().filter_map(|touch| touch.turn.as_ref()).collect();
            turns.into_iter().for_each(|turn| *files.entry(turn).or_default() += 1);
        }
        files
    }

    /// The changes of one file, in their order. A way back and the way back from it are left out: what
    /// they did is as if it had never been.
    pub fn of(&self, path: &AbsPath) -> Vec<Touch> {
        let counts = |touch: &&Touch| touch.restore.as_ref().is_none_or(|restore| self.counts(restore));
        self.of.get(path).into_iter().flatten().filter(counts).cloned().collect()
    }

    /// The changes of one file by one restore.
    pub fn by(&self, restore: &RestoreId, path: &AbsPath) -> Vec<Touch> {
        let by_it = |touch: &&Touch| touch.restore.as_ref() == Some(restore);
        self.of.get(path).into_iter().flatten().filter(by_it).cloned().collect()
    }

    fn push(&mut self, touch: Touch) {
        if !self.has(&touch.path) {
            self.paths.push(touch.path.clone());
        }
        self.of.entry(touch.path.clone()).or_default().push(touch);
    }

    /// Whether there was such a restore.
    pub fn knows(&self, restore: &RestoreId) -> bool {
        self.restores.iter().any(|(known, _)| known == restore)
    }

    /// Whether a restore went back, and that was not taken back.
    fn counts(&self, restore: &RestoreId) -> bool {
        let goes_back =
            |(known, to): &(RestoreId, RestoredTo)| known == restore && matches!(to, RestoredTo::Before(_));
        self.restores.iter().any(goes_back) && !self.is_undone(restore)
    }

    fn is_undone(&self, restore: &RestoreId) -> bool {
        let mut undoing = self.restores.iter().filter(|(_, to)| *to == RestoredTo::Undone(restore.clone()));
        undoing.any(|(by, _)| !self.is_undone(by))
    }

    /// What was settled of a file last.
    pub fn settled(&self, path: &AbsPath) -> Option<&Settled> {
        self.settled.get(path)
    }
}
