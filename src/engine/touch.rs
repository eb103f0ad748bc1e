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
    /// Of what is absent: how many of the folders above are, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bare: u32,
}

/// What is known of a file that is about to be edited, beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// How many of the folders above do not exist.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bare: u32,
    /// Which text the disk has, where an editor has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Hash>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
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
    /// A link.
    Link {
        /// Its text.
        text: String,
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
    /// Which text the disk had, where an editor had another one.
    pub disk: Option<Hash>,
}

/// What the user settled of a file: from here on the review begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The last fact whose changes were looked at.
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
    /// To without what this call has changed.
    Without(CallId),
    /// To what the user wanted when they undid changes in a review.
    Reviewed,
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
    pub const ABSENT: Self = Self { what: What::Absent, mode: None, bare: 0 };

    /// This, of which nothing else is known.
    pub fn of(what: What) -> Self {
        Self { what, mode: None, bare: 0 }
    }

    /// The text of this version; `bytes` is the blob with the file's bytes.
    pub fn of_version(version: Version, bytes: Option<Hash>) -> Self {
        let what = match version {
            Version::Absent => What::Absent,
            Version::Text(text) => What::Text { text, bytes },
        };
        Self::of(what)
    }

    /// Whether both are known to be the same content.
    pub fn same_content(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Absent, What::Absent) => true,
            (What::Text { text, .. }, What::Text { text: other, .. }) => text == other,
            (What::Other { bytes }, What::Other { bytes: other }) => bytes == other,
            (What::Link { text }, What::Link { text: other }) => text == other,
            (
                What::Absent | What::Text { .. } | What::Other { .. } | What::Link { .. } | What::Unknown,
                _,
            ) => false,
        }
    }
}

impl What {
    /// The sum of the file's own bytes, where it is known.
    pub fn raw(&self) -> Option<Hash> {
        match self {
            Self::Text { bytes, .. } => *bytes,
            Self::Other { bytes } => Some(*bytes),
            Self::Absent | Self::Link { .. } | Self::Unknown => None,
        }
    }
}

impl Touch {
    /// Whether it changed the permission bits.
    pub fn changes_mode(&self) -> bool {
        self.before.mode.zip(self.after.mode).is_some_and(|(before, after)| before != after)
    }

    /// Whether it left the words as they were, and changed how the file holds them: its line ends, its
    /// byte-order mark, its encoding.
    pub fn changes_form(&self) -> bool {
        self.before.same_content(&self.after) && self.before.what.raw() != self.after.what.raw()
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
    ways: Vec<Way>,
    /// The facts that began the turns.
    turns: HashMap<TurnId, Seq>,
    overlooked: Vec<Overlooked>,
}

/// A way back that was taken.
#[derive(Debug)]
struct Way {
    seq: Seq,
    restore: RestoreId,
    to: RestoredTo,
    what: RestoreOf,
}

/// What a command did to files and nobody can list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlooked {
    /// The fact that tells of it.
    pub seq: Seq,
    /// The turn it ran in.
    pub turn: Option<TurnId>,
    /// The call that ran it.
    pub call: CallId,
    /// What, in words for the user.
    pub text: String,
    /// Whether there may be files among it that it changed or deleted.
    pub loses: bool,
}

impl Touches {
    /// Folds a fact; `turn` is the one that runs.
    pub fn fold(&mut self, seq: Seq, turn: Option<&TurnId>, event: &Event) {
        match event {
            Event::Touched { call, edit, kept, after: Some(after), bytes, restore, beside } => {
                self.push(Touch {
                    seq,
                    turn: call.as_ref().and(turn).cloned(),
                    call: call.clone(),
                    restore: restore.clone(),
                    path: edit.path.clone(),
                    before: Stand {
                        mode: beside.mode,
                        bare: beside.bare,
                        ..Stand::of_version(edit.base, *kept)
                    },
                    after: Stand::of_version(*after, *bytes),
                    disk: beside.disk,
                })
            }
            Event::Found { call, path, before, after, restore } => self.push(Touch {
                seq,
                turn: call.as_ref().and(turn).cloned(),
                call: call.clone(),
                restore: restore.clone(),
                path: path.clone(),
                before: before.clone(),
                after: after.clone(),
                disk: None,
            }),
            Event::Settled { path, text: Some(text) } => {
                let Some(last) = self.of.get(path).and_then(|touches| touches.last().cloned()) else {
                    return;
                };
                let after = Stand::of_version(Version::Text(*text), None);
                self.push(Touch { seq, before: last.after.clone(), after, ..last });
            }
            Event::Restored { restore, to, what } => {
                let (restore, to, what) = (restore.clone(), to.clone(), *what);
                self.ways.push(Way { seq, restore, to, what });
            }
            Event::TurnStarted { turn, .. } => drop(self.turns.insert(turn.clone(), seq)),
            Event::Reviewed { path, baseline, current, mixed, seen } => {
                let (baseline, current, mixed) = (baseline.clone(), current.clone(), mixed.clone());
                let settled = Settled { seq: seen.unwrap_or(seq), baseline, current, mixed };
                self.settled.insert(path.clone(), settled);
            }
            Event::Overlooked { call, text, loses } => {
                let (turn, call) = (turn.cloned(), call.clone());
                self.overlooked.push(Overlooked { seq, turn, call, text: text.clone(), loses: *loses });
            }
            Event::Opened { .. }
            | Event::Configured { .. }
            | Event::Queued { .. }
            | Event::Requeued { .. }
            | Event::Taken { .. }
            | Event::Removed { .. }
            | Event::Replied { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::CallStarted { .. }
            | Event::Touched { after: None, .. }
            | Event::Settled { text: None, .. }
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

    /// The last change of a file, whatever became of it.
    pub fn last(&self, path: &AbsPath) -> Option<&Touch> {
        self.of.get(path)?.last()
    }

    /// The files of which these calls changed or deleted something that nobody has kept, as far as the user
    /// has not settled that.
    pub fn lost_by(&self, calls: &[CallId]) -> Vec<&AbsPath> {
        let lost = |path: &&AbsPath| {
            let settled = self.settled.get(*path).map_or(Seq(0), |settled| settled.seq);
            self.of.get(*path).into_iter().flatten().any(|touch| {
                touch.before.what == What::Unknown
                    && touch.seq > settled
                    && touch.call.as_ref().is_some_and(|call| calls.contains(call))
            })
        };
        self.paths.iter().filter(lost).collect()
    }

    /// What commands did to files and nobody can list.
    pub fn overlooked(&self) -> &[Overlooked] {
        &self.overlooked
    }

    /// Whether this file was changed.
    pub fn has(&self, path: &AbsPath) -> bool {
        self.of.contains_key(path)
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

    /// The same as a review tells them: what took single changes back, or back back, belongs to them.
    pub fn for_review(&self, path: &AbsPath) -> Vec<Touch> {
        let single = |restore: &RestoreId| {
            let way = self.ways.iter().find(|way| way.restore == *restore);
            way.is_some_and(|way| self.is_of_single_changes(&way.to))
        };
        let told = |touch: &Touch| match &touch.restore {
            Some(restore) if single(restore) => Some(Touch { restore: None, ..touch.clone() }),
            Some(restore) => self.counts(restore).then(|| touch.clone()),
            None => Some(touch.clone()),
        };
        self.of.get(path).into_iter().flatten().filter_map(told).collect()
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
        self.ways.iter().any(|way| way.restore == *restore)
    }

    /// The fact that began a turn; none where there was no such turn.
    pub fn began(&self, turn: &TurnId) -> Option<Seq> {
        self.turns.get(turn).copied()
    }

    /// Whether the files went back to before this turn or an earlier one, and that was not taken back.
    pub fn went_back(&self, turn: &TurnId) -> bool {
        let Some(began) = self.began(turn) else { return false };
        self.ways.iter().any(|way| match &way.to {
            RestoredTo::Before(to) => {
                let reaches = way.seq > began && self.began(to).is_some_and(|to| to <= began);
                reaches && way.takes_files() && !self.is_undone(way)
            }
            RestoredTo::Undone(_) | RestoredTo::Without(_) | RestoredTo::Reviewed => false,
        })
    }

    /// Whether this takes single changes back, or back back: not all since a turn.
    pub fn is_of_single_changes(&self, to: &RestoredTo) -> bool {
        let (mut to, mut earlier) = (to, self.ways.as_slice());
        loop {
            match to {
                RestoredTo::Before(_) => return false,
                RestoredTo::Without(_) | RestoredTo::Reviewed => return true,
                RestoredTo::Undone(undone) => {
                    let Some(at) = earlier.iter().position(|way| way.restore == *undone) else {
                        return false;
                    };
                    (to, earlier) = (&earlier[at].to, &earlier[..at]);
                }
            }
        }
    }

    /// The last call whose changes of files were not taken back as such.
    pub fn last_edit(&self) -> Option<&CallId> {
        let taken_back = |call: &CallId| {
            let without = |way: &&Way| way.to == RestoredTo::Without(call.clone());
            self.ways.iter().filter(without).any(|way| !self.is_undone(way))
        };
        let made = self.of.values().flatten().filter_map(|touch| Some((touch.seq, touch.call.as_ref()?)));
        made.filter(|(_, call)| !taken_back(call)).max_by_key(|(seq, _)| *seq).map(|(_, call)| call)
    }

    /// Whether this call has changed files.
    pub fn was_changed_by(&self, call: &CallId) -> bool {
        self.of.values().flatten().any(|touch| touch.call.as_ref() == Some(call))
    }

    /// Whether a restore went back, and that was not taken back.
    fn counts(&self, restore: &RestoreId) -> bool {
        self.ways.iter().any(|way| way.restore == *restore && way.goes_back() && !self.is_undone(way))
    }

    /// Whether the files of a way back were brought back by a later one, which was not taken back itself.
    fn is_undone(&self, way: &Way) -> bool {
        let later = self.ways.iter().filter(|later| later.seq > way.seq && later.takes_files());
        let mut undoing = later.filter(|later| later.to == RestoredTo::Undone(way.restore.clone()));
        undoing.any(|later| !self.is_undone(later))
    }

    /// What was settled of a file last.
    pub fn settled(&self, path: &AbsPath) -> Option<&Settled> {
        self.settled.get(path)
    }
}

impl Way {
    fn goes_back(&self) -> bool {
        match self.to {
            RestoredTo::Before(_) | RestoredTo::Without(_) | RestoredTo::Reviewed => true,
            RestoredTo::Undone(_) => false,
        }
    }

    fn takes_files(&self) -> bool {
        match self.what {
            RestoreOf::Files | RestoreOf::Both => true,
            RestoreOf::Conversation => false,
        }
    }
}
