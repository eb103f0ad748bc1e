//! The way back to before a turn: the files, what was said, or both; and the way back from that.

use super::commits;
use super::event::{Block, CallId, Event, PromptId, RestoreId, RestoreOf, RestoredTo, Seq, TurnId};
use super::held;
use super::history::Mark;
use super::parts::Parts;
use super::recorder::Halted;
use super::state::State;
use super::story::{self, Body, Start, Story, Whose};
use super::touch::{Overlooked, Touch, What};
use super::undoing::{self, only_copy};
use super::writing::Cause;
use crate::path::AbsPath;
use crate::text::Hunk;

/// The state before a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The turn.
    pub turn: TurnId,
    /// The prompt that began it.
    pub prompt: PromptId,
    /// Its words.
    pub content: Vec<Block>,
    /// When it began, RFC 3339.
    pub at: std::sync::Arc<str>,
    /// How many files were changed in it.
    pub files: usize,
    /// What can go back to it.
    pub covers: Covers,
    /// Whether files are to go back: some were changed in its turn, and did not go back as a whole yet.
    pub is_open: bool,
}

/// What can go back to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// The files and the conversation.
    All,
    /// The files: the conversation went back already, and they stayed.
    Files,
}

/// What a way back would do with one file.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The file.
    pub path: AbsPath,
    /// The file as it is.
    pub now: Body,
    /// The file as it would be.
    pub then: Body,
    /// What stays, and why; none where everything goes back.
    pub left: Option<String>,
    story: Story,
    hunks: Vec<Hunk>,
    calls: Vec<CallId>,
}

impl Planned {
    /// Whether the words stay, and how the file holds them goes back: line ends, byte-order mark, encoding.
    pub fn has_other_form(&self) -> bool {
        self.story.has_other_form()
    }

    /// Whether what stood there cannot come back, of all or of a part.
    fn loses(&self) -> bool {
        *self.story.base() == Body::Unknown
    }

    /// Whether a command made it, and it would go.
    fn goes(&self) -> bool {
        self.then == Body::Absent && self.now != Body::Absent
    }

    /// It stays where these calls made it, which did the same to a file that cannot come back.
    fn stay_beside(&mut self, (lost, calls): &(AbsPath, Vec<CallId>), cwd: &AbsPath) {
        if self.goes() && self.calls.iter().any(|call| calls.contains(call)) {
            let lost = if lost == cwd { "files that are not listed".into() } else { lost.display_in(cwd) };
            self.left = Some(only_copy(&lost));
            self.then = self.now.clone();
            self.hunks.clear();
        }
    }
}

/// What a way back did.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Names it, to take it back.
    pub restore: RestoreId,
    /// The files that went back.
    pub files: Vec<AbsPath>,
    /// The files, or parts of them, that stayed as they are; why.
    pub left: Vec<(AbsPath, String)>,
    /// The prompt that began the turn, to send it anew, where the conversation went back.
    pub prompt: Option<Vec<Block>>,
}

/// Why there is no way back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A turn runs.
    #[error("a turn is running; cancel it first")]
    Running,
    /// There is no such point.
    #[error("there is no turn `{0}` to go back to")]
    NoTurn(TurnId),
    /// The conversation is not there any more.
    #[error("what was said from turn `{0}` on was taken back already; its files alone can go back")]
    Unsaid(TurnId),
    /// No call of that id has changed a file.
    #[error("there is no call `{0}` that has changed a file")]
    NoEdit(CallId),
    /// It is about files.
    #[error("a single edit is taken back in the files alone, not in the conversation")]
    FilesAlone,
    /// There was no such restore.
    #[error("there is no restore `{0}`")]
    NoRestore(RestoreId),
    /// Something was said since, so what was taken away cannot be put back at its end.
    #[error("something was said since the restore; the conversation cannot be brought back, the files can")]
    SaidSince,
    /// The session ended.
    #[error("{0}")]
    Halted(String),
}

/// The points that one can go back to, the oldest first.
pub(super) fn checkpoints(parts: &Parts) -> Vec<Checkpoint> {
    parts.recorder.state(|state| {
        let files = state.touches().files_of_turns();
        let files = |mark: &Mark| files.get(&mark.turn).copied().unwrap_or_default();
        let stayed = |mark: &Mark| files(mark) > 0 && !state.touches().went_back(&mark.turn);
        let gone = state.said().gone().filter(|mark| stayed(mark)).map(|mark| (mark, Covers::Files));
        let mut marks: Vec<_> =
            state.said().marks().iter().map(|mark| (mark, Covers::All)).chain(gone).collect();
        marks.sort_by_key(|(mark, _)| mark.seq);
        let point = |(mark, covers): (&Mark, Covers)| Checkpoint {
            turn: mark.turn.clone(),
            prompt: mark.prompt.clone(),
            content: mark.content.clone(),
            at: mark.at.clone(),
            files: files(mark),
            covers,
            is_open: stayed(mark),
        };
        marks.into_iter().map(point).collect()
    })
}

/// What going there would do with the files.
///
/// What the agent has changed since is taken out. What the user has changed stays, also what they took
/// back in a review.
pub(super) async fn preview(parts: &Parts, to: &RestoredTo) -> Result<Vec<Planned>, RestoreError> {
    let (touches, ways) = parts.recorder.state(|state| -> Result<_, RestoreError> {
        let touches = state.touches();
        let of = |path: &AbsPath| match to {
            RestoredTo::Before(_) => touches.of(path),
            RestoredTo::Without(call) => touches.without_taken_back(call, path),
            RestoredTo::Undone(restore) => touches.by(restore, path),
            RestoredTo::Reviewed => Vec::new(),
        };
        match to {
            RestoredTo::Undone(restore) if !touches.knows(restore) => {
                return Err(RestoreError::NoRestore(restore.clone()));
            }
            RestoredTo::Without(call) if !touches.was_changed_by(call) => {
                return Err(RestoreError::NoEdit(call.clone()));
            }
            RestoredTo::Before(_) | RestoredTo::Undone(_) | RestoredTo::Without(_) | RestoredTo::Reviewed => {
            }
        }
        let from = match to {
            RestoredTo::Before(turn) => {
                touches.began(turn).ok_or_else(|| RestoreError::NoTurn(turn.clone()))?
            }
            RestoredTo::Undone(_) | RestoredTo::Without(_) | RestoredTo::Reviewed => Seq(0),
        };
        let with = |path: AbsPath| (of(&path).into_iter().filter(|touch| touch.seq > from).collect(), path);
        let all = touches.paths().iter().cloned().map(with).collect::<Vec<(Vec<Touch>, AbsPath)>>();
        Ok((all, touches.ways_since(from)))
    })?;
    let ours = |touch: &Touch| match to {
        // What took back something of that is no hand of the user's in it.
        RestoredTo::Before(_) => {
            touch.call.is_some() || touch.restore.as_ref().is_some_and(|restore| ways.contains(restore))
        }
        RestoredTo::Without(call) => touch.call.as_ref() == Some(call),
        RestoredTo::Undone(_) | RestoredTo::Reviewed => true,
    };
    let mut planned = Vec::new();
    for (touches, path) in touches {
        let Some(first) = touches.iter().position(ours) else { continue };
        let whose = |touch: &Touch| if ours(touch) { Whose::Ours } else { Whose::Theirs };
        let current = held::current(parts, &path).await;
        let story = story::tell(&parts.recorder, Start::First, &touches[first..], whose, &current);
        let calls = touches.iter().filter_map(|touch| touch.call.clone()).collect();
        let was_there = touches[first].before.what != What::Absent;
        let planned_here = match plan(path.clone(), story.clone()) {
            None if was_there && current.body == Body::Absent => gone_since(path, story, &touches, ours),
            planned => planned,
        };
        planned.extend(planned_here.map(|planned| Planned { calls, ..planned }));
    }
    planned.extend(overlooked(parts, to));
    let lost = planned.iter().filter(|one| one.loses());
    let lost: Vec<(AbsPath, Vec<CallId>)> = lost.map(|one| (one.path.clone(), one.calls.clone())).collect();
    for lost in &lost {
        planned.iter_mut().for_each(|one| one.stay_beside(lost, parts.files.cwd()));
    }
    Ok(planned)
}

/// What commands did since and nobody can list, as of the folder that the session works in.
fn overlooked(parts: &Parts, to: &RestoredTo) -> Vec<Planned> {
    let RestoredTo::Before(turn) = to else { return Vec::new() };
    let mut told: Vec<(String, Vec<CallId>)> = parts.recorder.state(|state| {
        let from = state.said().mark(turn).map_or(Seq(0), |mark| mark.seq);
        let since = state.touches().overlooked().iter().filter(|one| one.seq > from);
        let lost = |one: &Overlooked| if one.loses { vec![one.call.clone()] } else { Vec::new() };
        since.map(|one| (one.text.clone(), lost(one))).collect()
    });
    told.dedup();
    let planned = |(text, calls)| Planned {
        path: parts.files.cwd().clone(),
        now: Body::Unknown,
        then: Body::Unknown,
        left: Some(text),
        story: Story::unknown(),
        hunks: Vec::new(),
        calls,
    };
    told.into_iter().map(planned).collect()
}

/// A file which we had left there and somebody has taken away since: it stays away, and is named.
fn gone_since(
    path: AbsPath,
    story: Story,
    touches: &[Touch],
    ours: impl Fn(&Touch) -> bool,
) -> Option<Planned> {
    let last = touches.iter().rfind(|touch| ours(touch))?;
    let left = Some("somebody has deleted or moved it since; it does not come back".to_owned());
    let (now, then) = (Body::Absent, Body::Absent);
    let planned = Planned { path, now, then, left, story, hunks: Vec::new(), calls: Vec::new() };
    (last.after.what != What::Absent).then_some(planned)
}

/// What is surely ours goes; what the user has typed in stays.
fn plan(path: AbsPath, story: Story) -> Option<Planned> {
    if !story.is_open() {
        return None;
    }
    let all = story.hunks();
    let (mixed, sure): (Vec<Hunk>, Vec<Hunk>) = all.into_iter().partition(|hunk| story.is_mixed(hunk));
    let left = match story.base() {
        Body::Unknown => Some("what stood there before is not kept".to_owned()),
        _ if story.is_unsure() => Some(
            "what a command made of it was too large to be kept, so it may have changed since".to_owned(),
        ),
        _ if story.is_touched() && mixed.is_empty() => Some("you have changed it since".to_owned()),
        _ if !mixed.is_empty() => {
            let lines: Vec<String> = mixed.iter().map(|hunk| (hunk.new.start + 1).to_string()).collect();
            Some(format!("you have changed lines of it since, which stay (at line {})", lines.join(", ")))
        }
        _ => None,
    };
    let then = match (&left, sure.is_empty()) {
        (Some(_), true) => story.now().clone(),
        (Some(_), false) => match story.now() {
            Body::Text(now) => Body::Text(crate::text::spliced(now, &story.undoing(&sure)).into()),
            other => other.clone(),
        },
        (None, _) => story.base().clone(),
    };
    Some(Planned { path, now: story.now().clone(), then, left, story, hunks: sure, calls: Vec::new() })
}

/// Records that the user goes there, by a name of its own; what is changed for it follows.
pub(super) fn record(parts: &Parts, to: RestoredTo, what: RestoreOf) -> Result<RestoreId, Halted> {
    let recorded = parts.recorder.record_from(|state| {
        let restore = RestoreId(format!("r{}", state.restores() + 1));
        (restore.clone(), Event::Restored { restore, to, what })
    });
    recorded.map(|(restore, _)| restore)
}

/// Whether this can be done while a turn runs: single changes are taken back as in a review.
pub(super) fn is_at_any_time(state: &State, to: &RestoredTo, what: RestoreOf) -> bool {
    what == RestoreOf::Files && state.touches().is_of_single_changes(to)
}

/// Goes there.
pub(super) async fn restore(
    parts: &Parts,
    to: RestoredTo,
    what: RestoreOf,
) -> Result<Restored, RestoreError> {
    let waits = |state: &State| state.turn().is_some() && !is_at_any_time(state, &to, what);
    if parts.recorder.state(waits) {
        return Err(RestoreError::Running);
    }
    let files = match what {
        RestoreOf::Files | RestoreOf::Both => preview(parts, &to).await?,
        RestoreOf::Conversation => Vec::new(),
    };
    let possible = parts.recorder.state(|state| match (what, &to) {
        (RestoreOf::Files, _) => Ok(None),
        (_, RestoredTo::Before(turn)) => match state.said().mark(turn) {
            Some(mark) => Ok(Some(mark.content.clone())),
            None if state.touches().began(turn).is_some() => Err(RestoreError::Unsaid(turn.clone())),
            None => Err(RestoreError::NoTurn(turn.clone())),
        },
        (_, RestoredTo::Undone(restore)) if state.said().can_undo(restore) => Ok(None),
        (_, RestoredTo::Undone(restore)) if !state.touches().knows(restore) => {
            Err(RestoreError::NoRestore(restore.clone()))
        }
        (_, RestoredTo::Undone(_)) => Err(RestoreError::SaidSince),
        (_, RestoredTo::Without(_) | RestoredTo::Reviewed) => Err(RestoreError::FilesAlone),
    });
    let prompt = possible?;
    let restore = record(parts, to, what).map_err(|halted| RestoreError::Halted(halted.0))?;
    if what != RestoreOf::Files {
        parts.files.views().forget();
    }
    commits::look(parts, &[]).await;
    let cause = Cause { call: None, restore: Some(restore.clone()) };
    let mut restored = Restored { restore, files: Vec::new(), left: Vec::new(), prompt };
    // What comes back comes first: only then what commands have made may go.
    let (going, coming): (Vec<Planned>, Vec<Planned>) = files.into_iter().partition(Planned::goes);
    let mut lost = Vec::new();
    for mut one in coming.into_iter().chain(going) {
        lost.iter().for_each(|lost| one.stay_beside(lost, parts.files.cwd()));
        let Planned { path, left, story, hunks, then, now, calls } = one;
        if then != now || (story.modes().is_some() || story.has_other_form()) && left.is_none() {
            let our_turn = parts.gates.enter([&path]).await;
            match undoing::undo(parts, &path, &story, &hunks, &cause, &our_turn).await {
                Ok(()) => restored.files.push(path.clone()),
                Err(error) => {
                    restored.left.push((path.clone(), error.0));
                    lost.push((path.clone(), calls));
                }
            }
        }
        if let Some(why) = left {
            restored.left.push((path, why));
        }
    }
    let ended = Event::RestoreEnded { restore: restored.restore.clone(), whole: true };
    parts.recorder.record(ended).map_err(|halted| RestoreError::Halted(halted.0))?;
    Ok(restored)
}
