//! Two writers of one text: which lines came from one of them, told from what the text was in between.
//!
//! `base` is the text as it would be without *our* changes: it follows *their* changes wherever they
//! lie outside of ours. What they change inside of ours is mixed: it cannot be told apart, so it is
//! ours to show, and is not taken back unless somebody looks at it.

use std::ops::Range;
use std::sync::Arc;

use super::diff;
use super::edit::{Hunk, Splice, spliced};
use super::endings::Endings;

/// A text and what it would be without our changes; both with LF line ends, which are told beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    base: Arc<str>,
    now: Arc<str>,
    /// Lines of `now` which both have written, in order, not touching each other. An empty range is
    /// a place between two lines where they took ours away.
    mixed: Vec<Range<u32>>,
    /// The line ends of `base` and of `now`, where they are known.
    base_ends: Option<Endings>,
    now_ends: Option<Endings>,
}

/// Where others change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
}

/// Whose a change by others is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Theirs,
    Both,
}

impl Lineage {
    /// A text that nobody has changed yet.
    pub fn new(text: Arc<str>) -> Self {
        Self::settled(text.clone(), text, Vec::new())
    }

    /// A text and what it would be without our changes, as it was settled before.
    pub fn settled(base: Arc<str>, now: Arc<str>, mixed: Vec<Range<u32>>) -> Self {
        Self { base, now, mixed, base_ends: None, now_ends: None }
    }

    /// With the line ends that both texts have.
    pub fn with_ends(self, base: Option<Endings>, now: Option<Endings>) -> Self {
        Self { base_ends: base, now_ends: now, ..self }
    }

    /// The lines of `now` that both have written, but for those in some changes.
    pub fn mixed_but_in(&self, hunks: &[Hunk]) -> Vec<Range<u32>> {
        let outside = |range: &&Range<u32>| {
            hunks.iter().all(|hunk| range.end < hunk.new.start || hunk.new.end < range.start)
        };
        self.mixed.iter().filter(outside).cloned().collect()
    }

    /// The text without our changes.
    pub fn base(&self) -> &Arc<str> {
        &self.base
    }

    /// The text.
    pub fn now(&self) -> &Arc<str> {
        &self.now
    }

    /// The line ends of the text without our changes, where they are known.
    pub fn base_ends(&self) -> Option<&Endings> {
        self.base_ends.as_ref()
    }

    /// We have made this of the text.
    pub fn ours(&mut self, text: Arc<str>, ends: Option<Endings>) {
        if text != self.now || ends.is_some() {
            self.now_ends = ends;
        }
        let changes = diff::hunks(&self.now, &text);
        self.mixed = shifted(&self.mixed, &changes);
        self.now = text;
    }

    /// They have made this of the text.
    pub fn theirs(&mut self, text: Arc<str>, ends: Option<Endings>) {
        let changes = diff::hunks(&self.now, &text);
        self.follow(text, ends, &changes, |_, outside| match outside {
            Place::Outside => Whose::Theirs,
            Place::Inside => Whose::Both,
        });
    }

    /// They have taken changes of ours back: what is left of these is ours as before, whatever else changed is
    /// theirs.
    pub fn taken_back(&mut self, text: Arc<str>, ends: Option<Endings>) {
        let changes = diff::hunks(&self.now, &text);
        self.follow(text, ends, &changes, |_, place| match place {
            Place::Outside => Whose::Theirs,
            Place::Inside => Whose::Ours,
        });
    }

    /// A formatter has made this of the text, because we had changed it: what it changed in lines of ours
    /// is ours as before, whatever else it changed is theirs. Where it is not certain that no line of
    /// theirs went into ours, it is as if they had changed it.
    pub fn formatted(&mut self, text: Arc<str>, ends: Option<Endings>) {
        let ours = self.hunks();
        let within = |change: &Hunk| {
            ours.iter().any(|hunk| hunk.new.start <= change.old.start && change.old.end <= hunk.new.end)
        };
        let (lines, more) = by_letters(&self.now, &text);
        let certain = more.iter().all(|change| change.old.is_empty() || within(change));
        let mut changes = [&lines[..], &more].concat();
        changes.sort_by_key(|change| (change.old.start, change.new.start));
        self.follow(text, ends, &changes, |change, place| match place {
            // What it adds beside ours it adds to ours.
            Place::Outside if certain && change.old.is_empty() && within(change) => Whose::Ours,
            Place::Outside => Whose::Theirs,
            Place::Inside if certain || lines.contains(change) => Whose::Ours,
            Place::Inside => Whose::Both,
        });
    }

    /// Follows changes by others.
    fn follow(
        &mut self,
        text: Arc<str>,
        ends: Option<Endings>,
        changes: &[Hunk],
        whose: impl Fn(&Hunk, Place) -> Whose,
    ) {
        if text == self.now && (ends.is_none() || ends == self.now_ends) {
            return;
        }
        let ours = self.hunks();
        let mut mixed = shifted(&self.mixed, changes);
        let mut base: Vec<(Range<u32>, Range<u32>)> = Vec::new();
        for change in changes {
            let old = place(&ours, &change.old);
            let outside = if old.is_some() { Place::Outside } else { Place::Inside };
            match (old, whose(change, outside)) {
                (Some(old), Whose::Theirs) => base.push((old, change.new.clone())),
                (_, Whose::Both) => mixed.push(change.new.clone()),
                (_, Whose::Ours) | (None, Whose::Theirs) => {}
            }
        }
        self.base = with_lines(&self.base, &text, &base).into();
        self.base_ends = match (&self.base_ends, &ends) {
            (Some(of_base), Some(of_text)) => {
                Some(self.followed(of_base.with_lines(of_text, &base), of_text, &text, changes))
            }
            _ => None,
        };
        self.now = text;
        self.now_ends = ends;
        self.mixed = joined(mixed);
        self.forget_settled();
    }

    /// Where nothing of ours is left, there is nothing that both have written.
    fn forget_settled(&mut self) {
        if self.mixed.is_empty() {
            return;
        }
        let ours = self.hunks();
        self.mixed.retain(|mixed| ours.iter().any(|hunk| touch(mixed, &hunk.new)));
    }

    /// The ends of the new base, which follow those that they gave to lines without changing these.
    fn followed(&self, of_base: Endings, of_text: &Endings, text: &str, changes: &[Hunk]) -> Endings {
        let before = self.now_ends.as_ref().map(|ends| (ends, &*self.now));
        let Some((of_now, _)) = before.filter(|now| !are_same(*now, (of_text, text))) else { return of_base };
        let ours = diff::hunks(&self.base, text);
        let count = u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX);
        let mut next = changes.iter().peekable();
        let mut shift = 0i64;
        let kept = (0..count).filter_map(|line| {
            while let Some(change) = next.next_if(|change| change.new.end <= line) {
                shift += change.old.len() as i64 - change.new.len() as i64;
            }
            if next.peek().is_some_and(|change| change.new.contains(&line)) {
                return None;
            }
            let before = u32::try_from(i64::from(line) + shift).ok()?;
            Some((before, line, place(&ours, &(line..line + 1)).map(|here| here.start)))
        });
        of_base.following(&self.base, (of_now, of_text), text, kept)
    }

    /// Our changes, from `base` to `now`.
    pub fn hunks(&self) -> Vec<Hunk> {
        diff::hunks(&self.base, &self.now)
    }

    /// Whether they have changed something inside of this change of ours.
    pub fn is_mixed(&self, hunk: &Hunk) -> bool {
        self.mixed.iter().any(|mixed| touch(mixed, &hunk.new))
    }

    /// The splices of `now` which take these changes back.
    pub fn undoing<'a>(&self, hunks: impl IntoIterator<Item = &'a Hunk>) -> Vec<Splice> {
        let (base, now) = (Lines::of(&self.base), Lines::of(&self.now));
        let splice = |hunk: &Hunk| {
            let bytes = now.bytes(&hunk.new);
            Splice { start: bytes.start, end: bytes.end, text: self.base[base.bytes(&hunk.old)].to_owned() }
        };
        hunks.into_iter().map(splice).collect()
    }

    /// The text without these changes, with the line ends that its lines have or had. None where these are
    /// not known, or all the same: then [`ends::splice`](super::ends::splice) gives them.
    pub fn without(&self, hunks: &[Hunk]) -> Option<String> {
        let (base, now) = (self.base_ends.as_ref()?, self.now_ends.as_ref()?);
        if are_same((base, &self.base), (now, &self.now)) {
            return None;
        }
        let parts: Vec<_> = hunks.iter().map(|hunk| (hunk.new.clone(), hunk.old.clone())).collect();
        // Equal lines may have changed places with their ends: with all changes these go back, too.
        let all = hunks.len() == self.hunks().len();
        let ends = if all { base.clone() } else { now.with_lines(base, &parts) };
        Some(ends.on(&spliced(&self.now, &self.undoing(hunks))))
    }

    /// `base` with these changes in it as well, as if they were theirs.
    pub fn keeping<'a>(&self, hunks: impl IntoIterator<Item = &'a Hunk>) -> String {
        with_lines(&self.base, &self.now, &kept_parts(hunks))
    }

    /// The line ends of that, where they are known.
    pub fn ends_keeping<'a>(&self, hunks: impl IntoIterator<Item = &'a Hunk>) -> Option<Endings> {
        Some(self.base_ends.as_ref()?.with_lines(self.now_ends.as_ref()?, &kept_parts(hunks)))
    }
}

/// Whether no line is between them.
fn touch(one: &Range<u32>, other: &Range<u32>) -> bool {
    one.start <= other.end && other.start <= one.end
}

/// Whether all lines of two texts end alike.
fn are_same(one: (&Endings, &str), other: (&Endings, &str)) -> bool {
    one.0.uniform(one.1).is_some_and(|line| other.0.uniform(other.1) == Some(line))
}

/// Which lines of `base` are to be which lines of `now`.
fn kept_parts<'a>(hunks: impl IntoIterator<Item = &'a Hunk>) -> Vec<(Range<u32>, Range<u32>)> {
    hunks.into_iter().map(|hunk| (hunk.old.clone(), hunk.new.clone())).collect()
}

/// Lines that have the same letters and digits and differ in other signs, one by one; and whatever else
/// differs.
fn by_letters(now: &str, text: &str) -> (Vec<Hunk>, Vec<Hunk>) {
    let squeezed = |text: &str| -> String {
        text.chars().filter(|sign| matches!(sign, '\n' | '_') || sign.is_alphanumeric()).collect()
    };
    let (old, new) = (Lines::of(now), Lines::of(text));
    let (old_squeezed, new_squeezed) = (squeezed(now), squeezed(text));
    if Lines::of(&old_squeezed).0.len() != old.0.len() || Lines::of(&new_squeezed).0.len() != new.0.len() {
        return (Vec::new(), diff::hunks(now, text));
    }
    let more = diff::hunks(&old_squeezed, &new_squeezed);
    let end = |lines: &Lines| u32::try_from(lines.0.len() - 1).unwrap_or(u32::MAX);
    let (mut lines, mut at) = (Vec::new(), (0, 0));
    let behind = Hunk { old: end(&old)..end(&old), new: end(&new)..end(&new) };
    for change in more.iter().chain([&behind]) {
        for (before, after) in (at.0..change.old.start).zip(at.1..change.new.start) {
            let line = Hunk { old: before..before + 1, new: after..after + 1 };
            if now[old.bytes(&line.old)] != text[new.bytes(&line.new)] {
                lines.push(line);
            }
        }
        at = (change.old.end, change.new.end);
    }
    (lines, more)
}

/// The lines of `base` that correspond to lines of `now`, where no change of ours lies in them.
fn place(ours: &[Hunk], lines: &Range<u32>) -> Option<Range<u32>> {
    let (mut added, mut removed) = (0, 0);
    for hunk in ours {
        // At the edges of ours lies what is theirs: a line before or behind.
        if hunk.new.start >= lines.end {
            break;
        }
        if hunk.new.end > lines.start {
            return None;
        }
        added += hunk.new.len();
        removed += hunk.old.len();
    }
    let (added, removed) = (u32::try_from(added).ok()?, u32::try_from(removed).ok()?);
    let back = |line: u32| (line + removed).checked_sub(added);
    Some(back(lines.start)?..back(lines.end)?)
}

/// `text` with lines of `other` in the place of some of its own; the parts are in order.
fn with_lines(text: &str, other: &str, parts: &[(Range<u32>, Range<u32>)]) -> String {
    let (lines, others) = (Lines::of(text), Lines::of(other));
    let mut made = String::with_capacity(text.len());
    let mut done = 0;
    for (old, new) in parts {
        let bytes = lines.bytes(old);
        made.push_str(&text[done..bytes.start]);
        if !made.is_empty() && !made.ends_with('\n') && !new.is_empty() {
            made.push('\n');
        }
        made.push_str(&other[others.bytes(new)]);
        done = bytes.end;
    }
    if done < text.len() && !made.is_empty() && !made.ends_with('\n') {
        made.push('\n');
    }
    made.push_str(&text[done..]);
    made
}

/// Ranges of the old text of these changes, in the new one. What a change replaces moves into it.
fn shifted(ranges: &[Range<u32>], changes: &[Hunk]) -> Vec<Range<u32>> {
    let moved = ranges.iter().map(|range| {
        let (mut start, mut end) = (range.start, range.end);
        for change in changes {
            if change.old.start > range.end {
                break;
            }
            if change.old.end < range.start || (change.old.end == range.start && range.start != range.end) {
                start = change.new.end + (range.start - change.old.end);
                end = change.new.end + (range.end - change.old.end);
            } else {
                start = start.min(change.new.start);
                end = (change.new.end + range.end.saturating_sub(change.old.end)).max(start);
            }
        }
        start..end
    });
    joined(moved.collect())
}

fn joined(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut all: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => all.push(range),
        }
    }
    all
}

/// Where the lines of a text begin, and its end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len());
        let mut starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        if text.is_empty() {
            starts.clear();
        }
        starts.push(text.len());
        Self(starts)
    }

    fn bytes(&self, lines: &Range<u32>) -> Range<usize> {
        let at = |line: u32| {
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            self.0.get(line).or(self.0.last()).copied().unwrap_or_default()
        };
        at(lines.start)..at(lines.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ends;
    use super::*;

    /// Steps are texts after `A` (ours), `U` (theirs) or `F` (a formatter's); gives `base` and whether each hunk is mixed.
    fn after(steps: &[(char, &str)]) -> Lineage {
        let mut lineage = Lineage::new(steps[0].1.into());
        for (who, text) in &steps[1..] {
            match who {
                'A' => lineage.ours((*text).into(), None),
                'F' => lineage.formatted((*text).into(), None),
                _ => lineage.theirs((*text).into(), None),
            }
        }
        lineage
    }

    #[track_caller]
    fn check(steps: &[(char, &str)], base: &str, mixed: &[bool]) {
        let lineage = after(steps);
        assert_eq!(&**lineage.base(), base);
        let found: Vec<bool> = lineage.hunks().iter().map(|hunk| lineage.is_mixed(hunk)).collect();
        assert_eq!(found, mixed);
        let all = lineage.hunks();
        assert_eq!(spliced(lineage.now(), &lineage.undoing(&all)), base, "undoing all gives the base");
        assert_eq!(lineage.keeping(&all), &**lineage.now(), "keeping all gives the text");
    }

    #[test]
    fn what_they_change_outside_of_ours_is_not_ours() {
        check(
            &[('-', "1\n2\n3\n4\n"), ('A', "1\nB\n3\n4\n"), ('U', "0\n1\nB\n3\n4!\n")],
            "0\n1\n2\n3\n4!\n",
            &[false],
        );
        check(&[('-', "1\n2\n3\n"), ('A', "1\nnew\n2\n3\n"), ('U', "1\nnew\n3\n")], "1\n3\n", &[false]);
        check(
            &[('-', "1\n2\n"), ('U', "1\n2\n3\n"), ('A', "1\n3\n"), ('U', "1\n3\n4\n")],
            "1\n2\n3\n4\n",
            &[false],
        );
    }

    #[test]
    fn what_they_change_inside_of_ours_is_mixed() {
        check(&[('-', "1\n2\n3\n"), ('A', "1\nB\nC\n3\n"), ('U', "1\nB\nC!\n3\n")], "1\n2\n3\n", &[true]);
        check(&[('-', "1\n2\n"), ('A', "1\nx\ny\n2\n"), ('U', "1\nx\nU\ny\n2\n")], "1\n2\n", &[true]);
        // Next to ours is outside.
        check(&[('-', "1\n2\n"), ('A', "1\nx\n2\n"), ('U', "1\nx\nU\n2\n")], "1\nU\n2\n", &[false]);
        // What we write later beside it stays unmixed.
        let steps = [
            ('-', "1\n2\n3\n4\n5\n6\n"),
            ('A', "1\nB\n3\n4\n5\n6\n"),
            ('U', "1\nB!\n3\n4\n5\n6\n"),
            ('A', "1\nB!\n3\n4\nE\n6\n"),
        ];
        check(&steps, "1\n2\n3\n4\n5\n6\n", &[true, false]);
    }

    #[test]
    fn a_formatter_changes_no_hands() {
        let edit = [('-', "1\n2\n3\n4\n"), ('A', "1\nB\n3\n4\n")];
        let steps = |more: &[(char, &'static str)]| [&edit[..], more].concat();
        check(&steps(&[('F', "1\n B\n3\n4\n")]), "1\n2\n3\n4\n", &[false]);
        check(&steps(&[('F', " 1\n B\n 3\n4\n")]), " 1\n2\n 3\n4\n", &[false]);
        check(&steps(&[('F', "1\nB(\n)\n3\n4\n")]), "1\n2\n3\n4\n", &[false]);
        check(&steps(&[('F', "1;\nB;\n3;\n4;\n")]), "1;\n2\n3;\n4;\n", &[false]);
        check(&steps(&[('F', "1\n\nB\n\n3\n4\n\n")]), "1\n2\n3\n4\n\n", &[false]);
        // A line of theirs went into ours, or may have.
        check(&steps(&[('F', "1\nB3\n4\n")]), "1\n2\n3\n4\n", &[true]);
        check(&steps(&[('F', "1\nB\n3\n4 \n")]), "1\n2\n3\n4 \n", &[false]);
        // What the user had a hand in, they still have.
        check(&steps(&[('U', "1\nB!\n3\n4\n"), ('F', "1\n B!\n3\n4\n")]), "1\n2\n3\n4\n", &[true]);
        check(&steps(&[('F', "1\n B\n3\n4\n"), ('U', "1\n B!\n3\n4\n")]), "1\n2\n3\n4\n", &[true]);
    }

    #[test]
    fn nothing_is_left_when_they_take_ours_back() {
        check(&[('-', "1\n2\n"), ('A', "1\nB\n"), ('U', "1\n2\n")], "1\n2\n", &[]);
        check(&[('-', ""), ('A', "a\n"), ('U', "a\nb\n")], "b\n", &[false]);
        // Without a line end the last line is another line as soon as one follows.
        check(&[('-', "a"), ('A', "a\nb"), ('U', "a\nb\nc\n")], "a", &[true]);
    }

    /// Steps as for `after`, with their own line ends; gives what is left without any change of ours.
    fn without_all(steps: &[(char, &str)]) -> String {
        let of = |text: &str| (Arc::<str>::from(ends::lf(text)), Some(Endings::of(text)));
        let (text, known) = of(steps[0].1);
        let mut lineage = Lineage::new(text).with_ends(known.clone(), known);
        for (who, text) in &steps[1..] {
            let (text, known) = of(text);
            match who {
                'A' => lineage.ours(text, known),
                'F' => lineage.formatted(text, known),
                _ => lineage.theirs(text, known),
            }
        }
        let all = lineage.hunks();
        let text = lineage.now_ends.as_ref().unwrap().on(lineage.now());
        lineage.without(&all).unwrap_or_else(|| ends::splice(&text, &lineage.undoing(&all)))
    }

    #[test]
    fn what_comes_back_has_the_line_ends_it_had() {
        let check = |steps: &[(char, &str)], expected: &str| assert_eq!(without_all(steps), expected);
        check(&[('-', "1\n2\r\n3\n"), ('A', "1\n3\n")], "1\n2\r\n3\n");
        check(
            &[('-', "1\r\n2\n3\r\n"), ('A', "1\r\nB\r\n3\r\n"), ('U', "0\n1\r\nB\r\n3\r\n")],
            "0\n1\r\n2\n3\r\n",
        );
        // Which of two equal lines went cannot be told by their words.
        check(&[('-', "a\r\na\n"), ('A', "a\n")], "a\r\na\n");
        // Who gives all lines other ends means those, too, that are to come back.
        check(&[('-', "1\r\n2\r\n3\r\n"), ('A', "1\r\n3\r\n"), ('U', "1\n3\n")], "1\n2\n3\n");
        check(&[('-', "1\n2\n3\n"), ('A', "1\n3\n"), ('U', "1\r\n3\r\n")], "1\r\n2\r\n3\r\n");
        check(&[('-', "1\r\n2\n3\n"), ('A', "1\r\n3\n"), ('F', "1\n3\n")], "1\n2\n3\n");
        // Of one line, it is that line's alone.
        check(&[('-', "1\n2\r\n3\n4\n"), ('A', "1\n3\n4\n"), ('U', "1\n3\n4\r\n")], "1\n2\r\n3\n4\r\n");
    }

    proptest! {
        #[test]
        fn without_any_of_ours_every_byte_is_as_before(
            start in "([ab]{0,1}(\r\n|\n)){0,6}[ab]{0,1}", ours in prop::collection::vec("([ab]{0,1}(\r\n|\n)){0,6}[ab]{0,1}", 1..4)
        ) {
            let mut steps = vec![('-', start.as_str())];
            steps.extend(ours.iter().map(|text| ('A', text.as_str())));
            prop_assert_eq!(without_all(&steps), start);
        }

        #[test]
        fn base_and_text_are_always_one_undo_apart(
            texts in prop::collection::vec((0..3, prop::collection::vec("[abc]", 0..6)), 1..6)
        ) {
            let text = |lines: &[String]| -> Arc<str> { lines.iter().map(|line| format!("{line}\n")).collect::<String>().into() };
            let mut lineage = Lineage::new(text(&texts[0].1));
            for (who, lines) in &texts[1..] {
                match who {
                    0 => lineage.ours(text(lines), None),
                    1 => lineage.theirs(text(lines), None),
                    _ => lineage.formatted(text(lines), None),
                }
            }
            let all = lineage.hunks();
            prop_assert_eq!(spliced(lineage.now(), &lineage.undoing(&all)), &**lineage.base());
            prop_assert_eq!(lineage.keeping(&all), &**lineage.now());
            for hunk in &all {
                let kept = Lineage::settled(lineage.keeping([hunk]).into(), lineage.now().clone(), Vec::new());
                prop_assert_eq!(kept.keeping(&kept.hunks()), &**lineage.now());
            }
        }

        #[test]
        fn their_lines_are_never_lost(
            ours in prop::collection::vec("[abc]", 0..8), at in 0usize..8, theirs in prop::collection::vec("[xyz]", 1..4),
            indented in prop::collection::vec(any::<bool>(), 20), sorted in any::<bool>(),
        ) {
            let start: Arc<str> = "1\n2\n3\n4\n".into();
            let mut lineage = Lineage::new(start);
            let made: String = ours.iter().map(|line| format!("{line}\n")).collect::<String>() + "3\n4\n";
            lineage.ours(made.as_str().into(), None);
            let mut lines: Vec<&str> = made.lines().collect();
            let at = at.min(lines.len());
            lines.splice(at..at, theirs.iter().map(String::as_str));
            let typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
            lineage.theirs(typed.as_str().into(), None);
            let mut lines: Vec<String> = typed
                .lines()
                .zip(&indented)
                .map(|(line, indented)| if *indented { format!(" {line};\n") } else { format!("{line}\n") })
                .collect();
            if sorted {
                lines.sort();
            }
            lineage.formatted(lines.concat().into(), None);
            // Taking back what is surely ours keeps every line that they typed.
            let sure: Vec<Hunk> = lineage.hunks().into_iter().filter(|hunk| !lineage.is_mixed(hunk)).collect();
            let left = spliced(lineage.now(), &lineage.undoing(&sure));
            for line in &theirs {
                let count = |text: &str| text.lines().filter(|one| one.trim_matches([' ', ';']) == line).count();
                prop_assert!(count(&left) >= count(&typed), "{left:?} of {typed:?}");
            }
        }
    }
}
