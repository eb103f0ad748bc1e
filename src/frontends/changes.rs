//! Changes to look at and points to go back to, in words: for people whose client draws neither.

use std::ops::Range;

use crate::engine::preview::FileChange;
use crate::engine::{
    Block, Body, Checkpoint, Covers, Form, Mixed, Planned, RestoreOf, Review, ReviewHunk, Session, TurnId,
};
use crate::limits;
use crate::path::AbsPath;
use crate::text::{SharedText, clean, clip, diff};

/// A file as a person reads it in this session.
pub fn name(session: &Session, path: &AbsPath) -> String {
    session.state(|state| match state.cwd() {
        // A name may hold line ends, and what tells a terminal to do something.
        Some(cwd) => clean::one_line(&path.display_in(cwd)),
        None => clean::one_line(&path.to_string()),
    })
}

/// What has become of a file, to stand behind its name.
pub fn about(review: &Review) -> String {
    let (old, new) = (&review.baseline, &review.current);
    let mut words = Vec::new();
    match (shown(old), shown(new)) {
        (Some(old), Some(new)) if old != new => {
            let (added, removed) = diff::counts(old, new);
            words.push(format!("{} (+{added} −{removed})", becomes(&review.baseline, &review.current)));
        }
        (Some(_), Some(_)) => {}
        (None, _) if *old == Body::Unknown => {
            words.push("changed, and what stood there before is not kept".to_owned());
        }
        (None, _) | (_, None) => words.push(format!("{}, {}", becomes(old, new), kind(old, new))),
    }
    match review.hunks.len() {
        0 => {}
        1 => words.push("1 hunk".to_owned()),
        many => words.push(format!("{many} hunks")),
    }
    if review.form == Form::Other {
        words.push("other line ends, byte-order mark or encoding".to_owned());
    }
    if let Some((before, after)) = review.modes {
        words.push(format!("mode {:o} → {:o}", before & 0o7777, after & 0o7777));
    }
    words.join(", ")
}

/// What a file that is no text is, or was.
fn kind(old: &Body, new: &Body) -> String {
    match (old, new) {
        (_, Body::Link(text)) => format!("a link to {}", clean::one_line(text)),
        (Body::Link(text), _) => format!("it was a link to {}", clean::one_line(text)),
        (_, Body::Unknown) => {
            "a folder, something that cannot be read, or no file stands there now".to_owned()
        }
        (Body::Absent | Body::Text(_) | Body::Other(_) | Body::Unknown, _) => "no text".to_owned(),
    }
}

/// A hunk in one line: where it is, how large, and how it begins.
pub fn hunk(review: &Review, hunk: &ReviewHunk) -> String {
    let (old, new) = review.lines(&hunk.hunk);
    let count = |lines: &Range<u32>| lines.end - lines.start;
    let (added, removed) = (count(&hunk.hunk.new), count(&hunk.hunk.old));
    let place = if added == 0 { "before line" } else { "line" };
    let first = new.lines().chain(old.lines()).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let first = clip::line(first, limits::TITLE_CHARS_MAX);
    let mixed = mixed(hunk.mixed);
    format!("{place} {} (+{added} −{removed}): {first}{mixed}", hunk.hunk.new.start + 1)
}

/// Says that the user has typed in a hunk, to stand behind it.
pub fn mixed(mixed: Mixed) -> &'static str {
    match mixed {
        Mixed::Yes => " (you have typed in it)",
        Mixed::No => "",
    }
}

/// The difference of two contents of a file as a unified diff, or in words where one is no text.
pub fn difference(name: &str, old: &Body, new: &Body) -> String {
    match (shown(old), shown(new)) {
        (Some(before), Some(after)) => match diff::unified(name, before, after) {
            same if same.is_empty() && before != after => format!("{name}: {}, empty\n", becomes(old, new)),
            unified => unified,
        },
        (None, _) | (_, None) => {
            // What stands there goes, if it can.
            if matches!(old, Body::Unknown) && !matches!(new, Body::Unknown) {
                return format!(
                    "{name}: comes back; an empty folder or a pipe in its place goes, all else stays\n"
                );
            }
            let kind = match kind(old, new) {
                kind if kind == "no text" => "it is no text, so its lines cannot be shown".to_owned(),
                link => link,
            };
            format!("{name}: {}; {kind}\n", becomes(old, new))
        }
    }
}

/// What a way back would do with a file, as a diff or in words; empty where all of it stays.
pub fn planned(name: &str, planned: &Planned) -> String {
    match (planned.now == planned.then, &planned.left) {
        (false, _) => difference(name, &planned.now, &planned.then),
        (true, None) if planned.has_other_form() => {
            format!("{name}: its line ends, byte-order mark or encoding go back\n")
        }
        (true, None) => format!("{name}: its permissions go back\n"),
        (true, Some(_)) => String::new(),
    }
}

/// What a way back would do with a file that is text; none where it is not, or where all of it stays.
pub fn planned_text(planned: &Planned) -> Option<FileChange> {
    let (old, new) = (shown(&planned.now)?, shown(&planned.then)?);
    let text = |text: Option<&str>| text.map(SharedText::from);
    let change = FileChange { path: planned.path.clone(), old: text(old), new: text(new) };
    (change.old != change.new).then_some(change)
}

/// Whether a way back would still do what was shown of it.
pub fn same_plan(shown: &[Planned], now: &[Planned]) -> bool {
    let parts = |one: &Planned| (one.path.clone(), one.now.clone(), one.then.clone(), one.left.clone());
    shown.iter().map(parts).eq(now.iter().map(parts))
}

/// A turn as people name it: its number, and the first words of its prompt.
pub fn turn(point: &Checkpoint) -> String {
    format!("turn {}: {}", number(&point.turn), prompt(&point.content))
}

/// The number of a turn in its session.
pub fn number(turn: &TurnId) -> &str {
    turn.0.strip_prefix('t').unwrap_or(&turn.0)
}

/// The first words of a prompt.
pub fn prompt(content: &[Block]) -> String {
    let words = content.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::Link { name, .. } => Some(name),
        Block::Resource { uri, .. } => Some(uri),
        Block::Media { media } => Some(media.name.as_str()),
        Block::Around { .. } => None,
    });
    clip::line(&words.collect::<Vec<_>>().join(" "), limits::TITLE_CHARS_MAX)
}

/// A point in one line of a list.
pub fn point(point: &Checkpoint) -> String {
    let (number, files) = (number(&point.turn), count(point.files, "file"));
    let alone = match point.covers {
        Covers::All => "",
        Covers::Files => " (the files alone can go back)",
    };
    format!("{number:>3}  {}  {files:>8}  {}{alone}", point.at, prompt(&point.content))
}

/// The point before this turn, by its number or id. Where none is named: before the last one; of files alone
/// the last one whose files have not gone back yet, of the conversation one that is still in it.
pub fn find_point<'a>(
    points: &'a [Checkpoint],
    turn: Option<&str>,
    what: RestoreOf,
) -> Option<&'a Checkpoint> {
    let last = match (turn, what) {
        (Some(turn), _) => {
            return points.iter().rfind(|point| turn == point.turn.0.as_str() || turn == number(&point.turn));
        }
        (None, RestoreOf::Files) => points.iter().rfind(|point| point.is_open),
        (None, RestoreOf::Both | RestoreOf::Conversation) => None,
    };
    last.or_else(|| points.iter().rfind(|point| point.covers == Covers::All)).or(points.last())
}

/// A number of things in words: `1 file`, `3 files`.
pub fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        many => format!("{many} {thing}s"),
    }
}

/// The text to show, which is none where there is no file; none where it is no text.
fn shown(body: &Body) -> Option<Option<&str>> {
    match body {
        Body::Absent => Some(None),
        Body::Text(text) => Some(Some(text)),
        Body::Other(_) | Body::Link(_) | Body::Unknown => None,
    }
}

fn becomes(old: &Body, new: &Body) -> &'static str {
    match (old, new) {
        (Body::Absent, _) => "created",
        (_, Body::Absent) => "deleted",
        (Body::Text(_) | Body::Other(_) | Body::Link(_) | Body::Unknown, _) => "modified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Hash;

    #[track_caller]
    fn check(old: Body, new: Body, expected: &str) {
        assert_eq!(difference("f", &old, &new), expected);
    }

    fn text(text: &str) -> Body {
        Body::Text(text.into())
    }

    #[test]
    fn differences_of_texts_are_diffs_and_others_words() {
        check(text("a\n"), text("b\n"), "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n");
        check(text("a\n"), Body::Absent, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
        check(Body::Absent, text(""), "f: created, empty\n");
        let words = "it is no text, so its lines cannot be shown\n";
        let back = "f: comes back; an empty folder or a pipe in its place goes, all else stays\n";
        check(Body::Unknown, text("a\n"), back);
        check(Body::Other(Hash::of(b"\0")), text("a\n"), &format!("f: modified; {words}"));
        check(Body::Other(Hash::of(b"\0")), Body::Absent, &format!("f: deleted; {words}"));
        check(Body::Absent, Body::Other(Hash::of(b"\0")), &format!("f: created; {words}"));
    }

    #[test]
    fn turns_are_named_by_number_and_words() {
        let say = |text: &str| Block::Text { text: text.into() };
        let link = Block::Link { uri: "file:///w/a".into(), name: "a".into() };
        let point = |content| Checkpoint {
            turn: "t12".into(),
            prompt: "p".into(),
            content,
            at: "2026-01-01T00:00:00Z".into(),
            files: 0,
            covers: Covers::All,
            is_open: false,
        };
        assert_eq!(turn(&point(vec![say("Look at\n\n"), link])), "turn 12: Look at a");
        assert_eq!(
            turn(&point(vec![say(&"word ".repeat(100))])).chars().count(),
            9 + limits::TITLE_CHARS_MAX
        );
    }
}
