//! Three texts become one: what two sides made of the same text, by lines, or where they collide.
//!
//! The outcome is git's (`git merge-file`): changes of different places are joined, changes of the same
//! lines or of neighbouring ones collide, and the same change made by both counts once. Where git sees
//! two texts, Quillon sees one: line ends and a byte-order mark that differ are no change, and the
//! user's stay.

mod changes;
mod path;
mod slide;

use std::collections::HashMap;
use std::ops::Range;

use self::changes::Change;
use super::edit::{Splice, spliced};
use super::ends;
use crate::limits;

/// Why two changed texts cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Both sides changed the same lines, or neighbouring ones; the lines of the user's text, counted
    /// from 0. An empty range is the place between two lines.
    Lines(Vec<Range<usize>>),
    /// They differ in so many places that a comparison takes too long.
    TooDifferent,
    /// One of them is no text.
    NotText,
}

/// What makes the user's text the one that has both changes: splices of its view with LF line ends and
/// without byte-order mark. There are none where the user's text has all that the agent wanted.
///
/// `base` is what both began with; all three texts may have any line ends.
pub fn merge(base: &str, user: &str, agent: &str) -> Result<Vec<Splice>, Conflict> {
    if [base, user, agent].iter().any(|text| text.contains('\0')) {
        return Err(Conflict::NotText);
    }
    let (base, user, agent) = (ends::lf(base), ends::lf(user), ends::lf(agent));
    let (base, user, agent): (Vec<_>, Vec<_>, Vec<_>) = (lines(&base), lines(&user), lines(&agent));
    let mut names = HashMap::new();
    let [base, user_ids, agent_ids] = [&base, &user, &agent].map(|lines| named(lines, &mut names));
    let mut steps = limits::MERGE_STEPS_MAX;
    let mut changes = |new| changes::between(&base, new, &mut steps).ok_or(Conflict::TooDifferent);
    let sides = Sides { user: changes(&user_ids)?, agent: changes(&agent_ids)? };
    let mut splices = Vec::new();
    let mut collisions = Vec::new();
    let mut offsets = Offsets::of(&user);
    for place in sides.places() {
        match place.settled(&user_ids, &agent_ids) {
            Settled::AsTheUserHasIt => {}
            Settled::AsTheAgentWants => splices.push(Splice {
                start: offsets.of_line(place.user.start),
                end: offsets.of_line(place.user.end),
                text: agent[place.agent].concat(),
            }),
            Settled::Collides => collisions.push(place.user),
        }
    }
    if collisions.is_empty() { Ok(splices) } else { Err(Conflict::Lines(collisions)) }
}

/// Carries splices of a text that was seen over to the present one; both with LF line ends and without
/// byte-order mark. There are none where the present text has all that they would bring.
pub fn carried(seen: &str, splices: &[Splice], present: &str) -> Result<Vec<Splice>, Conflict> {
    merge(seen, present, &spliced(seen, splices))
}

/// What each side changed, in order.
struct Sides {
    user: Vec<Change>,
    agent: Vec<Change>,
}

/// A range of the base that one side changed, or both; with what each made of it.
struct Place {
    user: Range<usize>,
    agent: Range<usize>,
    by: By,
}

/// Who changed a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    User,
    Agent,
    Both,
}

/// What is to stand in a place.
enum Settled {
    AsTheUserHasIt,
    AsTheAgentWants,
    Collides,
}

impl Place {
    fn settled(&self, user: &[u32], agent: &[u32]) -> Settled {
        match self.by {
            By::User => Settled::AsTheUserHasIt,
            By::Agent => Settled::AsTheAgentWants,
            By::Both if user[self.user.clone()] == agent[self.agent.clone()] => Settled::AsTheUserHasIt,
            By::Both => Settled::Collides,
        }
    }
}

impl Sides {
    /// The changes in order, those of both sides which touch each other as one.
    fn places(&self) -> Vec<Place> {
        let (mut user, mut agent) = (Side::new(&self.user), Side::new(&self.agent));
        let mut places = Vec::new();
        while let Some(start) = user.next().into_iter().chain(agent.next()).min() {
            let mut end = start;
            let (mine, other) = (user.begin(start), agent.begin(start));
            // Each round takes what touches the place, which grows by it.
            while user.take(&mut end) || agent.take(&mut end) {}
            let by = match (user.taken > mine.taken, agent.taken > other.taken) {
                (true, true) => By::Both,
                (true, false) => By::User,
                (false, _) => By::Agent,
            };
            places.push(Place { user: mine.at..user.finish(end), agent: other.at..agent.finish(end), by });
        }
        places
    }
}

/// One side's changes, of which the first ones are taken.
struct Side<'a> {
    changes: &'a [Change],
    taken: usize,
}

/// Where a place begins on one side.
struct Begun {
    taken: usize,
    at: usize,
}

impl<'a> Side<'a> {
    fn new(changes: &'a [Change]) -> Self {
        Self { changes, taken: 0 }
    }

    /// Where the next change begins in the base.
    fn next(&self) -> Option<usize> {
        self.changes.get(self.taken).map(|change| change.old.start)
    }

    /// Takes the next change if it touches a place that ends here, which then ends no earlier than it.
    fn take(&mut self, end: &mut usize) -> bool {
        match self.changes.get(self.taken) {
            Some(change) if change.old.start <= *end => {
                *end = change.old.end.max(*end);
                self.taken += 1;
                true
            }
            _ => false,
        }
    }

    fn begin(&self, line: usize) -> Begun {
        Begun { taken: self.taken, at: self.finish(line) }
    }

    /// The line of this side's text that stands for a line of the base behind all changes taken.
    fn finish(&self, line: usize) -> usize {
        match self.taken.checked_sub(1).and_then(|last| self.changes.get(last)) {
            Some(change) => change.new.end + (line - change.old.end),
            None => line,
        }
    }
}

/// Where lines begin, asked for in order.
struct Offsets<'a> {
    lines: &'a [&'a str],
    line: usize,
    offset: usize,
}

impl<'a> Offsets<'a> {
    fn of(lines: &'a [&'a str]) -> Self {
        Self { lines, line: 0, offset: 0 }
    }

    fn of_line(&mut self, line: usize) -> usize {
        self.offset += self.lines[self.line..line].iter().map(|line| line.len()).sum::<usize>();
        self.line = line;
        self.offset
    }
}

/// The lines with their ends: a last one without differs from one with.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A number for each line, equal for equal lines.
fn named<'a>(lines: &[&'a str], names: &mut HashMap<&'a str, u32>) -> Vec<u32> {
    let mut name = |line: &&'a str| {
        let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
        *names.entry(line).or_insert(next)
    };
    lines.iter().map(&mut name).collect()
}
