//! Three texts become one: what two sides made of the same text, by lines, or where they collide.
//!
//! The outcome is git's (`git merge-file`): changes of different places are joined, changes of the same
//! lines or of neighbouring ones collide, and the same change made by both counts once. All texts are
//! views with LF line ends and without byte-order mark (`super::ends`): where those alone differ, git
//! sees two texts and Quillon one.

mod changes;
mod path;
mod slide;

use std::collections::HashMap;
use std::ops::Range;

use self::changes::Change;
use super::edit::Splice;
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

/// What makes the user's text the one that has both changes. There is nothing where it has all that the
/// agent wanted. `base` is what both began with.
pub fn merge(base: &str, user: &str, agent: &str) -> Result<Vec<Splice>, Conflict> {
    if [base, user, agent].iter().any(|text| text.contains('\0')) {
        return Err(Conflict::NotText);
    }
    let [base, user, agent] = [base, user, agent].map(lines);
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
            Settled::AsTheAgentWants => {
                let start = offsets.of_line(place.user.start);
                splices.push(splice(start, &user[place.user].concat(), &agent[place.agent].concat()));
            }
            Settled::Collides => collisions.push(place.user),
        }
    }
    if collisions.is_empty() { Ok(splices) } else { Err(Conflict::Lines(collisions)) }
}

/// What makes the old text, which begins at `start`, the new one: no more than differs, so that line ends
/// which stay are not touched.
fn splice(start: usize, old: &str, new: &str) -> Splice {
    let head = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let head = old.floor_char_boundary(head);
    let rests = old[head..].bytes().rev().zip(new[head..].bytes().rev());
    let tail = rests.take_while(|(old, new)| old == new).count();
    let end = old.ceil_char_boundary(old.len() - tail);
    let tail = old.len() - end;
    Splice { start: start + head, end: start + end, text: new[head..new.len() - tail].to_owned() }
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

#[cfg(test)]
mod tests {
    use super::super::edit::spliced;
    use super::super::ends;
    use super::*;
    use proptest::prelude::*;

    /// What the user's text becomes; none where the sides collide. Lines are letters, `.` an empty one.
    #[track_caller]
    fn check(base: &str, user: &str, agent: &str, expected: Option<&str>) {
        let text = |letters: &str| letters.replace('.', "").split("").skip(1).collect::<Vec<_>>().join("\n");
        let merged = merge(&text(base), &text(user), &text(agent));
        let merged = merged.map(|splices| ends::splice(&text(user), &splices));
        assert_eq!(merged.ok(), expected.map(text), "{base} {user} {agent}");
    }

    #[test]
    fn changes_of_different_places_are_joined() {
        check("abcde", "Abcde", "abcdE", Some("AbcdE"));
        check("abcde", "Abcde", "abcde", Some("Abcde"));
        check("abcde", "abcde", "abcdE", Some("abcdE"));
        check("abcde", "acde", "abce", Some("ace"));
        check("abcde", "xabcde", "abcdey", Some("xabcdey"));
        check("abcde", "aXXcde", "abcd", Some("aXXcd"));
        check("", "", "a", Some("a"));
        check("a", "", "a", Some(""));
    }

    #[test]
    fn the_same_and_neighbouring_lines_collide() {
        check("abcde", "abXde", "abYde", None);
        check("abcde", "abXde", "abcYe", None);
        check("abcde", "abde", "abXde", None);
        check("abcde", "abxcde", "abycde", None);
        check("abcde", "abxcde", "abde", None);
        check("", "a", "b", None);
        check("abcdef", "adef", "abcf", None);
    }

    #[test]
    fn what_both_did_counts_once() {
        check("abcde", "abXde", "abXde", Some("abXde"));
        check("abcde", "abde", "abde", Some("abde"));
        check("abcde", "axbcde", "axbcdE", Some("axbcdE"));
        // One of them did more in the same place.
        check("abcde", "abXYe", "abXde", None);
    }

    #[test]
    fn a_repeated_line_is_the_same_one_on_both_sides() {
        check("a}b}c", "a}}b}c", "a}b}}c", Some("a}}b}}c"));
        check("abbbc", "abbbbc", "abbc", None);
    }

    /// Merges texts with any line ends.
    fn of_any(base: &str, user: &str, agent: &str) -> Result<Vec<Splice>, Conflict> {
        merge(&ends::lf(base), &ends::lf(user), &ends::lf(agent))
    }

    #[test]
    fn line_ends_and_marks_are_no_change() {
        let user = "\u{feff}a\r\nB\r\nc\r\nd\r\n";
        let splices = of_any("a\nb\nc\nd\n", user, "a\nb\nc\nD\nE\n").unwrap();
        assert_eq!(ends::splice(user, &splices), "\u{feff}a\r\nB\r\nc\r\nD\r\nE\r\n");
        let user = "a\nB\nc\nd\n";
        let splices = of_any("a\r\nb\r\nc\r\nd\r\n", user, "\u{feff}a\r\nb\r\nc\r\nD\r\n").unwrap();
        assert_eq!(ends::splice(user, &splices), "a\nB\nc\nD\n");
        assert_eq!(of_any("a\nb\n", "a\nX\n", "a\r\nb\r\n"), Ok(vec![]));
        // Where they are mixed, those that no side touched stay.
        let user = "0\na\nb\nc\r\nd\r\n";
        let splices = of_any("a\nb\nc\nd\n", user, "a\nx;\nd\n").unwrap();
        assert_eq!(ends::splice(user, &splices), "0\na\nx;\r\nd\r\n");
        // A CR before a CRLF is a character too, of the view as well.
        let user = "a\r\r\nb\r\nc\r\n";
        let splices = of_any("a\r\r\nb\r\n", user, "A\r\r\nb\r\n").unwrap();
        assert_eq!(ends::splice(user, &splices), "A\r\r\nb\r\nc\r\n");
        // A lone CR is a character of its line.
        assert_eq!(
            of_any("a\rb\n", "A\rb\n", "a\rB\n"),
            Err(Conflict::Lines(vec![Range { start: 0, end: 1 }]))
        );
    }

    #[test]
    fn the_last_line_without_an_end_is_another_line() {
        check("a", "a", "ab", Some("ab"));
        assert_eq!(
            merge("a\nb", "a\nb\n", "a\nb\nc"),
            Err(Conflict::Lines(vec![Range { start: 1, end: 2 }]))
        );
        let splices = merge("a\nb\nc", "A\nb\nc", "a\nb\nc\n").unwrap();
        assert_eq!(ends::splice("A\nb\nc", &splices), "A\nb\nc\n");
    }

    #[test]
    fn a_collision_names_the_users_lines() {
        let collides = |base: &str, user: &str, agent: &str| merge(base, user, agent).unwrap_err();
        let lines = |ranges: &[Range<usize>]| Conflict::Lines(ranges.to_vec());
        assert_eq!(
            collides("a\nb\nc\n", "x\na\nB\nB\nc\n", "a\nX\nc\n"),
            lines(&[Range { start: 2, end: 4 }])
        );
        assert_eq!(collides("a\nb\nc\n", "a\nc\n", "a\nX\nc\n"), lines(&[Range { start: 1, end: 1 }]));
        assert_eq!(collides("a\nb\nc\nd\n", "1\nb\nc\n2\n", "3\nb\nc\n4\n"), lines(&[0..1, 3..4]));
        assert_eq!(collides("a\0", "b\0", "a\0"), Conflict::NotText);
    }

    #[test]
    fn hostile_texts_come_to_an_end() {
        let text = |seed: u64| -> String {
            let bit = |at: u64| (at.wrapping_mul(seed) ^ (at >> 3).wrapping_mul(seed >> 7)) >> 9 & 1 == 1;
            (0..60_000).map(|at| if bit(at) { "}\n" } else { "\n" }).collect()
        };
        let (base, user, agent) =
            (text(0x9e37_79b9_7f4a_7c15), text(0xbf58_476d_1ce4_e5b9), text(0x94d0_49bb_1331_11eb));
        assert_eq!(merge(&base, &user, &agent), Err(Conflict::TooDifferent));
        let (long, longer) = ("}\n".repeat(100_000), "}\n".repeat(100_001));
        assert_eq!(merge(&long, &longer, &long), Ok(vec![]));
    }

    /// A base of few different lines, and what two sides make of it.
    fn histories() -> impl Strategy<Value = (Vec<String>, Vec<String>, Vec<String>)> {
        let line = "[ab}]{0,1}".prop_map(|line: String| line + "\n");
        let changes = |side: &'static str| {
            let came = prop::string::string_regex(&format!("[ab}}{side}]{{1,2}}\n")).unwrap();
            prop::collection::vec((0..20usize, 0..3usize, prop::collection::vec(came, 0..3)), 0..4)
        };
        (prop::collection::vec(line, 0..20), changes("u"), changes("w")).prop_map(|(base, user, agent)| {
            let changed = |changes: Vec<(usize, usize, Vec<String>)>| {
                let mut lines = base.clone();
                for (at, gone, came) in changes {
                    let at = at.min(lines.len());
                    lines.splice(at..(at + gone).min(lines.len()), came);
                }
                lines
            };
            (base.clone(), changed(user), changed(agent))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn both_sides_are_alike((base, user, agent) in histories()) {
            let (base, user, agent) = (base.concat(), user.concat(), agent.concat());
            let text = |one: &str, other: &str| merge(&base, one, other).ok().map(|splices| spliced(one, &splices));
            prop_assert_eq!(text(&user, &agent), text(&agent, &user));
            prop_assert_eq!(text(&user, &base), Some(user.clone()));
            prop_assert_eq!(text(&base, &agent), Some(agent.clone()));
            prop_assert_eq!(text(&user, &user), Some(user.clone()));
        }

        #[test]
        fn nothing_of_either_side_is_lost((base, user, agent) in histories()) {
            if let Ok(splices) = merge(&base.concat(), &user.concat(), &agent.concat()) {
                let merged = spliced(&user.concat(), &splices);
                let count = |lines: &[String], wanted: &str| lines.iter().filter(|line| *line == wanted).count();
                let merged: Vec<String> = lines(&merged).into_iter().map(str::to_owned).collect();
                for line in base.iter().chain(&user).chain(&agent) {
                    let (before, mine, other) = (count(&base, line), count(&user, line), count(&agent, line));
                    let got = count(&merged, line);
                    if line.contains('u') {
                        prop_assert_eq!(got, mine, "what only the user wrote: {:?}", line);
                    } else if line.contains('w') {
                        prop_assert_eq!(got, other, "what only the agent wrote: {:?}", line);
                    } else {
                        // What both did alike counts once; a line that both have moved, and elsewhere, stands twice.
                        let joined = (mine + other).saturating_sub(before);
                        let (least, most) = (joined.min(mine).min(other), mine + other);
                        prop_assert!((least..=most).contains(&got), "{:?}: {} {} {}", line, least, got, most);
                    }
                }
            }
        }

        #[test]
        fn line_ends_change_nothing((base, user, agent) in histories(), ends in prop::collection::vec(any::<bool>(), 3)) {
            let text = |lines: &[String], crlf: bool| {
                if crlf { lines.concat().replace('\n', "\r\n") } else { lines.concat() }
            };
            let plain = merge(&base.concat(), &user.concat(), &agent.concat());
            let mixed = of_any(&text(&base, ends[0]), &text(&user, ends[1]), &text(&agent, ends[2]));
            prop_assert_eq!(plain, mixed);
        }
    }
}
