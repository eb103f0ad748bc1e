//! `Touches`: all changes of a session, and what of them was settled or taken back.

use std::collections::{HashMap, HashSet};

use super::event::{CallId, Event, RestoreId, Seq, TurnId};
use super::touch::{Hand, RestoreOf, RestoredTo, Settled, Stand, Touch, What};
use crate::path::AbsPath;
use crate::text::{Hash, Version};

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
    end: End,
}

/// Whether a way back came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It goes on; or it is of a journal in which that does not stand.
    Open,
    /// It did.
    Whole,
    /// The program ended meanwhile.
    CutOff,
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
            Event::Touched { call, edit, kept, after: Some(after), bytes, restore, beside, head } => self
                .push(Touch {
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
                disk: None,
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
            Event::Restored { restore, to, what } => self.begin_way(seq, restore, to, *what),
            Event::RestoreEnded { restore, whole } => self.end_way(restore, *whole),
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
            | Event::CallEnded { .. }
            | Event::Todo { .. }
            | Event::Titled { .. }
            | Event::Noticed { .. }
            | Event::Briefed { .. }
            | Event::Reminded { .. }
            | Event::Compacted { .. }
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

    /// The same without the calls that were taken back alone, but for this one, and without what took them back:
    /// together they are as if they had never been.
    pub fn without_taken_back(&self, call: &CallId, path: &AbsPath) -> Vec<Touch> {
        let taken: Vec<(&RestoreId, &CallId)> =
            self.ways.iter().filter_map(|way| Some((&way.restore, self.took_back(way)?))).collect();
        let gone = |touch: &Touch| {
            taken.iter().any(|(restore, other)| {
                *other != call
                    && (touch.call.as_ref() == Some(*other) || touch.restore.as_ref() == Some(*restore))
            })
        };
        self.of(path).into_iter().filter(|touch| !gone(touch)).collect()
    }

    /// The call that a way back took back alone, where that holds.
    fn took_back<'w>(&self, way: &'w Way) -> Option<&'w CallId> {
        match &way.to {
            RestoredTo::Without(call) if !self.is_undone(way) => Some(call),
            RestoredTo::Without(_) | RestoredTo::Before(_) | RestoredTo::Undone(_) | RestoredTo::Reviewed => {
                None
            }
        }
    }

    /// The ways back that took back nothing but what was done after this fact: what they did belongs to that.
    pub fn ways_since(&self, from: Seq) -> HashSet<RestoreId> {
        let since = |way: &&Way| match &way.to {
            RestoredTo::Before(turn) => self.began(turn).is_some_and(|began| began >= from),
            RestoredTo::Without(call) => {
                let mut touches = self.of.values().flatten();
                touches.all(|touch| touch.call.as_ref() != Some(call) || touch.seq > from)
            }
            RestoredTo::Undone(_) | RestoredTo::Reviewed => false,
        };
        self.ways.iter().filter(since).map(|way| way.restore.clone()).collect()
    }

    fn push(&mut self, touch: Touch) {
        if !self.has(&touch.path) {
            self.paths.push(touch.path.clone());
        }
        self.of.entry(touch.path.clone()).or_default().push(touch);
    }

    fn begin_way(&mut self, seq: Seq, restore: &RestoreId, to: &RestoredTo, what: RestoreOf) {
        self.ways.push(Way { seq, restore: restore.clone(), to: to.clone(), what, end: End::Open });
    }

    fn end_way(&mut self, restore: &RestoreId, whole: bool) {
        let ended = self.ways.iter_mut().filter(|way| way.restore == *restore);
        ended.for_each(|way| way.end = if whole { End::Whole } else { End::CutOff });
    }

    /// The last way back of files, where it has not come to its end: which, and where it was to go.
    pub fn open_way(&self) -> Option<(&RestoreId, &RestoredTo)> {
        let last = self.ways.last().filter(|way| way.end == End::Open && way.takes_files())?;
        let goes_on = self.turns.values().all(|began| *began < last.seq);
        (goes_on && !self.is_of_single_changes(&last.to)).then_some((&last.restore, &last.to))
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
                reaches && way.takes_files() && way.end != End::CutOff && !self.is_undone(way)
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
