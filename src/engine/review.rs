//! `Review`: what this session has made of a file and nobody has looked at yet, in hunks.
//!
//! The baseline is the file as it would be without those changes. It is a fold over the facts: what
//! the user changes outside of the hunks moves it along, keeping a hunk moves it too.

use tokio::runtime::{Handle, RuntimeFlavor};

use super::event::{CallId, Event, Seq, TurnId};
use super::gates::OurTurn;
use super::held;
use super::hunk_ids;
use super::parts::Parts;
use super::story::{self, Body, Start, Story, Whose};
use super::tool::ToolError;
use super::touch::{Settled, Touch};
use super::undoing::{only_copy, undo};
use super::verdict::WayBack;
pub use super::verdict::{Decided, Decision, ReviewOf, Verdict, Verdicts};
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Endings, Hunk, Version};

/// What is to be looked at in one file.
#[derive(Debug, Clone)]
pub struct Review {
    /// The file.
    pub path: AbsPath,
    /// The file as it would be without the changes.
    pub baseline: Body,
    /// The file as it is.
    pub current: Body,
    /// The changes of the text, in order; none where the file is no text on either side.
    pub hunks: Vec<ReviewHunk>,
    /// Whether the user has changed something inside of what the agent made: of a hunk, or of a whole
    /// file that it created.
    pub mixed: Mixed,
    /// The permission bits before and now, where a command changed them.
    pub modes: Option<(u32, u32)>,
    /// Whether the words are the same, and how the file holds them is not.
    pub form: Form,
    /// The calls that made the changes.
    pub calls: Vec<CallId>,
    /// The turns in which they were made.
    pub turns: Vec<TurnId>,
    story: Story,
    looked: Looked,
}

/// What a review was made of.
#[derive(Debug, Clone)]
struct Looked {
    /// The changes that are not settled.
    touches: Vec<Touch>,
    settled: Option<Settled>,
    /// The last fact that was there.
    seen: Seq,
}

/// One change of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewHunk {
    /// Names it and no other: the same as long as its lines, old and new, and those around it are the
    /// same. Of changes which nothing of that tells apart each has a name until one of them goes.
    pub id: String,
    /// Which lines.
    pub hunk: Hunk,
    /// Whether the user has typed in it since.
    pub mixed: Mixed,
}

/// Whether the user has typed in a change of the agent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mixed {
    /// Both have written it.
    Yes,
    /// The agent alone has.
    No,
}

/// How a file holds its words: line ends, byte-order mark, encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As before, or other words too.
    Same,
    /// The same words, otherwise.
    Other,
}

impl Review {
    /// Which text stands there; none where it is no text.
    pub fn version(&self) -> Option<Version> {
        self.current.version()
    }

    /// The old and the new lines of a hunk.
    pub fn lines(&self, hunk: &Hunk) -> (&str, &str) {
        self.story.lines(hunk)
    }

    /// Whether there is anything to look at.
    pub fn is_open(&self) -> bool {
        self.story.is_open()
    }
}

/// All files with something to look at, in the order in which they were first changed.
pub(super) async fn list(parts: &Parts) -> Vec<Review> {
    let mut open = Vec::new();
    for path in parts.recorder.state(|state| state.touches().paths().to_vec()) {
        if let Some(review) = file(parts, &path).await.filter(Review::is_open) {
            open.push(review);
        }
    }
    open
}

/// A file without the changes that are to be looked at; where it has gone since, as it stood before the first of
/// them. None where there are none.
pub(super) async fn before(parts: &Parts, path: &AbsPath) -> Option<Body> {
    let baseline = file(parts, path).await?.baseline;
    match (baseline, look(parts, path)?.touches.first()) {
        (Body::Absent, Some(first)) => Some(held::load(&parts.recorder, &first.before).body),
        (baseline, _) => Some(baseline),
    }
}

/// What is to be looked at in this file; none where the session has not changed it.
pub(super) async fn file(parts: &Parts, path: &AbsPath) -> Option<Review> {
    // First: what is changed and recorded after that is not taken for seen.
    let (mut looked, mut current) = (look(parts, path)?, held::current(parts, path).await);
    for _ in 1..limits::REVIEW_LOOKS_MAX {
        let again = look(parts, path)?;
        if again.last() == looked.last() {
            break;
        }
        // The text may have changes that were not looked at, and would pass for the user's.
        (looked, current) = (again, held::current(parts, path).await);
    }
    let large = matches!(&current.body, Body::Text(text) if text.len() > limits::COMPARED_AT_ONCE_BYTES_MAX);
    let made = move || {
        let start = looked.settled.as_ref().map_or(Start::First, Start::Settled);
        let story = story::tell(&parts.recorder, start, &looked.touches, whose, &current);
        review_of(path, story, looked)
    };
    Some(if large { beside_others(made) } else { made() })
}

/// Does what may take long while another thread does the work of this one.
fn beside_others<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // There is no other thread.
        Ok(_) | Err(_) => work(),
    }
}

impl Looked {
    /// The last facts about the file.
    fn last(&self) -> (Option<Seq>, Option<Seq>) {
        (self.touches.last().map(|touch| touch.seq), self.settled.as_ref().map(|settled| settled.seq))
    }
}

fn whose(touch: &Touch) -> Whose {
    if touch.restore.is_none() { Whose::Ours } else { Whose::WayBack }
}

/// The changes of a file that are not settled; none where the session has not changed it at all.
fn look(parts: &Parts, path: &AbsPath) -> Option<Looked> {
    let (mut touches, settled, seen) = parts.recorder.state(|state| {
        let touches = state.touches();
        (touches.for_review(path), touches.settled(path).cloned(), state.seq())
    });
    if touches.is_empty() && settled.is_none() {
        return None;
    }
    if let Some(settled) = &settled {
        touches.retain(|touch| touch.seq > settled.seq);
    }
    Some(Looked { touches, settled, seen })
}

fn review_of(path: &AbsPath, story: Story, looked: Looked) -> Review {
    let hunks = story.hunks();
    let ids = match (story.base(), story.now()) {
        (Body::Text(base), Body::Text(now)) => hunk_ids::ids(base, now, &hunks),
        _ => Vec::new(),
    };
    let hunks = ids.into_iter().zip(hunks).map(|(id, hunk)| {
        let mixed = if story.is_mixed(&hunk) { Mixed::Yes } else { Mixed::No };
        ReviewHunk { id, hunk, mixed }
    });
    let mut calls: Vec<CallId> = looked.touches.iter().filter_map(|touch| touch.call.clone()).collect();
    calls.dedup();
    let mut turns: Vec<TurnId> = looked.touches.iter().filter_map(|touch| touch.turn.clone()).collect();
    turns.dedup();
    Review {
        path: path.clone(),
        baseline: story.base().clone(),
        current: story.now().clone(),
        hunks: hunks.collect(),
        mixed: if story.is_touched() { Mixed::Yes } else { Mixed::No },
        modes: story.modes(),
        form: if story.has_other_form() { Form::Other } else { Form::Same },
        calls,
        turns,
        story,
        looked,
    }
}

/// Does what the user has decided, an answer for each. What is said of hunks of one file is done at
/// once, so that an undo of several is one step in the editor.
pub(super) async fn decide(parts: &Parts, decisions: &[Decision]) -> Verdicts {
    let (mut each, way) = (Vec::new(), WayBack::default());
    let of_hunks = |decision: &Decision| matches!(decision.of, ReviewOf::Hunk(_));
    for group in
        decisions.chunk_by(|left, right| of_hunks(left) && of_hunks(right) && left.path == right.path)
    {
        match some(parts, group, &way).await {
            Ok(done) => each.extend(done),
            Err(error) => each.extend(group.iter().map(|_| Decided::Failed(error.0.clone()))),
        }
    }
    let undone = |(decision, decided): (&Decision, &Decided)| {
        decision.verdict == Verdict::Undo && *decided == Decided::Done
    };
    let restore = way.taken().filter(|_| decisions.iter().zip(&each).any(undone));
    Verdicts { each, restore }
}

/// Decisions on hunks of one file, or one other decision.
async fn some(parts: &Parts, group: &[Decision], way: &WayBack) -> Result<Vec<Decided>, ToolError> {
    let Some(first) = group.first() else { return Ok(Vec::new()) };
    let stale = || Ok(group.iter().map(|_| Decided::Stale).collect());
    // Held from the look to the end: a change that is on its way would count as neither seen nor made.
    let our_turn = parts.gates.enter([&first.path]).await;
    let Some(review) = file(parts, &first.path).await else { return stale() };
    let seen = |decision: &Decision| decision.version.is_none_or(|seen| review.version() == Some(seen));
    if !group.iter().all(seen) {
        return stale();
    }
    let done = match (&first.of, first.verdict) {
        (ReviewOf::Hunk(_), _) => return of_hunks(parts, &review, group, way, &our_turn).await,
        (ReviewOf::File, Verdict::Keep) => keep_all(parts, &review, &our_turn).await,
        (ReviewOf::File, Verdict::Undo) if !review.is_open() => Ok(()),
        (ReviewOf::File, Verdict::Undo) => {
            not_the_only_copy(parts, &review).await?;
            let hunks: Vec<Hunk> = review.hunks.iter().map(|one| one.hunk.clone()).collect();
            undo(parts, &review.path, &review.story, &hunks, &way.cause(parts)?, &our_turn).await
        }
        (ReviewOf::Turn(turn), verdict) => {
            if verdict == Verdict::Undo {
                not_the_only_copy(parts, &review).await?;
            }
            of_turn(parts, &review, turn, verdict, way, &our_turn).await
        }
    };
    done.map(|()| vec![Decided::Done])
}

async fn of_hunks(
    parts: &Parts,
    review: &Review,
    group: &[Decision],
    way: &WayBack,
    our_turn: &OurTurn,
) -> Result<Vec<Decided>, ToolError> {
    let find = |decision: &Decision| match &decision.of {
        ReviewOf::Hunk(id) => review.hunks.iter().find(|hunk| hunk.id == *id).map(|found| found.hunk.clone()),
        ReviewOf::File | ReviewOf::Turn(_) => None,
    };
    let found: Vec<Option<Hunk>> = group.iter().map(find).collect();
    let of_verdict = |wanted: Verdict| -> Vec<Hunk> {
        let with = group.iter().zip(&found).filter(|(decision, _)| decision.verdict == wanted);
        let mut hunks: Vec<Hunk> = with.filter_map(|(_, hunk)| hunk.clone()).collect();
        hunks.sort_by_key(|hunk| (hunk.old.start, hunk.new.start));
        hunks.dedup();
        hunks
    };
    let (kept, undone) = (of_verdict(Verdict::Keep), of_verdict(Verdict::Undo));
    if kept.iter().any(|hunk| undone.contains(hunk)) {
        return Err(ToolError::new("a hunk cannot be kept and undone at once; nothing was done"));
    }
    // Keeping first: it writes nothing, and an undo that the editor refuses leaves it standing.
    if !kept.is_empty() {
        let (baseline, mixed) = (review.story.keeping(&kept), review.story.mixed_but_in(&kept));
        let ends = review.story.ends_keeping(&kept);
        settle(parts, review, (&baseline, ends.as_ref()), mixed).await?;
    }
    if !undone.is_empty() {
        undo(parts, &review.path, &review.story, &undone, &way.cause(parts)?, our_turn).await?;
    }
    Ok(found.iter().map(|hunk| if hunk.is_some() { Decided::Done } else { Decided::Stale }).collect())
}

/// What one turn has changed: everything else counts as somebody else's.
async fn of_turn(
    parts: &Parts,
    review: &Review,
    turn: &TurnId,
    verdict: Verdict,
    way: &WayBack,
    our_turn: &OurTurn,
) -> Result<(), ToolError> {
    let Looked { touches, settled, .. } = &review.looked;
    let of_it = |touch: &Touch| touch.turn.as_ref() == Some(turn);
    if !touches.iter().any(of_it) {
        let ever = parts.recorder.state(|state| state.touches().of(&review.path).iter().any(of_it));
        // What is settled already can be settled again.
        return if ever {
            Ok(())
        } else {
            Err(ToolError::new(format!("turn `{turn}` has not changed {}", review.path)))
        };
    }
    match verdict {
        Verdict::Undo => {
            let start = settled.as_ref().map_or(Start::First, |settled| Start::Stand(&settled.current));
            let of_it = |touch: &Touch| if of_it(touch) { Whose::Ours } else { Whose::Theirs };
            let story = story::tell(&parts.recorder, start, touches, of_it, &review.story.held());
            let (mixed, sure): (Vec<Hunk>, Vec<Hunk>) =
                story.hunks().into_iter().partition(|hunk| story.is_mixed(hunk));
            if !mixed.is_empty() || story.is_touched() && sure.is_empty() {
                return Err(ToolError::new(format!(
                    "{} was changed since in the same lines; undo it hunk by hunk",
                    review.path
                )));
            }
            if sure.is_empty() && story.base().is_same(story.now()) && story.modes().is_none() {
                return Ok(());
            }
            undo(parts, &review.path, &story, &sure, &way.cause(parts)?, our_turn).await
        }
        Verdict::Keep => {
            let start = settled.as_ref().map_or(Start::First, Start::Settled);
            let others = |touch: &Touch| if of_it(touch) { Whose::Theirs } else { whose(touch) };
            let story = story::tell(&parts.recorder, start, touches, others, &review.story.held());
            let mixed = story.mixed_but_in(&[]);
            settle(parts, review, (story.base(), story.base_ends()), mixed).await
        }
    }
}

/// All of a file stays, as it was looked at in this turn at it.
pub(super) async fn keep_all(parts: &Parts, review: &Review, _our_turn: &OurTurn) -> Result<(), ToolError> {
    settle(parts, review, (&review.current, review.story.now_ends()), Vec::new()).await
}

/// From here on the review begins with this baseline.
async fn settle(
    parts: &Parts,
    review: &Review,
    (baseline, ends): (&Body, Option<&Endings>),
    mixed: Vec<std::ops::Range<u32>>,
) -> Result<(), ToolError> {
    let path = review.path.clone();
    let baseline = held::keep_with_ends(parts, &path, baseline, ends).await?;
    let current = held::keep_with_ends(parts, &path, &review.current, review.story.now_ends()).await?;
    let seen = Some(review.looked.seen);
    parts.recorder.record(Event::Reviewed { path, baseline, current, mixed, seen })?;
    Ok(())
}

/// A file that a command made may be the only copy of what it took away elsewhere.
async fn not_the_only_copy(parts: &Parts, review: &Review) -> Result<(), ToolError> {
    if review.baseline != Body::Absent {
        return Ok(());
    }
    let (lost, beyond) = parts.recorder.state(|state| {
        let lost: Vec<AbsPath> = state.touches().lost_by(&review.calls).into_iter().cloned().collect();
        let mut overlooked = state.touches().overlooked().iter();
        (lost, overlooked.any(|one| one.loses && review.calls.contains(&one.call)))
    });
    let cwd = parts.files.cwd();
    let stays = |lost: &str| ToolError::new(format!("{} stays: {}", review.path, only_copy(lost)));
    for path in lost {
        let gone = Box::pin(file(parts, &path)).await;
        if gone.is_some_and(|gone| gone.baseline == Body::Unknown && gone.is_open()) {
            return Err(stays(&path.display_in(cwd)));
        }
    }
    match beyond {
        true => Err(stays("files that are not listed")),
        false => Ok(()),
    }
}
