//! Edits whose text has changed meanwhile: made anew on the present text, or refused with it.

use std::ops::Range;
use std::sync::Arc;

use super::parts::Parts;
use super::preview::{self, FileChange};
use super::recorder::Recorder;
use super::tool::ToolError;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::merge::{self, Conflict};
use crate::text::{Change, Edit, Hash, SharedText, Splice, Version, diff, spliced};
use crate::workspace::{Content, FileError};

/// Carries a change over that was found in the text which the model saw (`workspace::views`), and not in
/// the present one; all three with LF line ends and without byte-order mark. Nothing is left of it where
/// the present text has it already. A change that collides with what others changed is an error which
/// has the present text. That others changed the file need not be said: the engine does, once it is
/// written.
pub fn carried_over(
    name: &str,
    seen: &str,
    splices: &[Splice],
    present: &str,
) -> Result<Vec<Splice>, ToolError> {
    merge::merge(seen, present, &spliced(seen, splices))
        .map_err(|conflict| collided(name, &conflict, present))
}

/// What is to become of an edit whose text has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnChange {
    /// It is merged with what changed.
    Merge,
    /// It is refused: it was made for the file as a whole.
    Refuse,
}

/// Edits of the present texts that do what the given ones meant to do.
#[derive(Debug)]
pub(super) struct Rebased {
    /// One for each file that is still to be changed.
    pub edits: Vec<Edit>,
    /// The files that have what the edit would bring.
    pub already: Vec<AbsPath>,
    /// What a person would see of them.
    pub hunks: Hunks,
}

/// Whether edits that were made anew look like those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hunks {
    /// The same lines become the same lines; or there is nothing left to be done.
    AsBefore,
    /// They do not.
    Others,
}

/// Makes the edits anew on what stands in the files.
pub(super) async fn rebased(
    parts: &Parts,
    edits: &[Edit],
    on_change: OnChange,
) -> Result<Rebased, ToolError> {
    let mut present = Vec::new();
    for edit in edits {
        present.push(match parts.files.read(&edit.path).await {
            Ok(Content::Text(file)) => Present::Text(file.version, file.text),
            Ok(Content::Binary { kind, .. }) => Present::Other(kind),
            Err(FileError::NotFound { .. }) => Present::Absent,
            Err(error) => return Err(ToolError::new(format!("nothing was written: {error}"))),
        });
    }
    let (recorder, edits, cwd) = (parts.recorder.clone(), edits.to_vec(), parts.files.cwd().clone());
    // Texts are compared, which may take a while.
    let made = parts.tasks.spawn_blocking(move || Work { recorder, cwd, on_change }.all(&edits, &present));
    made.await.unwrap_or_else(|_| Err(ToolError::new("nothing was written: the program is ending")))
}

/// What changed from one text to another, for the model; complete, or its beginning.
pub(super) fn told(name: &str, old: &str, new: &str) -> (String, Extent) {
    let diff = diff::unified(name, Some(old), Some(new));
    let mut shown = String::new();
    // The two lines with the names say nothing new.
    for (count, line) in diff.lines().skip(2).enumerate() {
        let long = line.len() > limits::CHANGE_TOLD_LINE_BYTES_MAX;
        if count >= limits::CHANGE_TOLD_LINES_MAX || long {
            shown.push_str("… (cut)\n");
            return (shown, Extent::Beginning);
        }
        shown.push_str(line);
        shown.push('\n');
    }
    (shown, Extent::Whole)
}

/// How much of something was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Beginning,
}

/// What stands in a file.
enum Present {
    Absent,
    /// With its own line ends.
    Text(Version, SharedText),
    Other(String),
}

struct Work {
    recorder: Arc<Recorder>,
    cwd: AbsPath,
    on_change: OnChange,
}

impl Work {
    fn all(&self, edits: &[Edit], present: &[Present]) -> Result<Rebased, ToolError> {
        let (mut made, mut already) = (Vec::new(), Vec::new());
        for (edit, present) in edits.iter().zip(present) {
            match self.one(edit, present)? {
                Some(anew) => made.push(anew),
                None => already.push(edit.path.clone()),
            }
        }
        let changes =
            |edits: &[Edit]| preview::changes(&self.recorder, &Intent::Write { edits: edits.to_vec() });
        let alike = made.is_empty() || look_alike(&changes(edits), &changes(&made));
        let hunks = if alike { Hunks::AsBefore } else { Hunks::Others };
        Ok(Rebased { edits: made, already, hunks })
    }

    /// The edit on the present text; none where that has all it would bring.
    fn one(&self, edit: &Edit, present: &Present) -> Result<Option<Edit>, ToolError> {
        let name = edit.path.display_in(&self.cwd);
        let refused = |why: &str| Err(ToolError::new(format!("{name} {why}, so nothing was written")));
        let (version, text) = match (edit.base, present) {
            (Version::Absent, Present::Absent) => return Ok(Some(edit.clone())),
            (Version::Text(_), Present::Absent) => return refused("was removed meanwhile"),
            (_, Present::Other(kind)) => return refused(&format!("was replaced meanwhile ({kind})")),
            (_, Present::Text(version, text)) => (*version, text.lf()),
        };
        let text = &*text;
        if version == edit.base {
            return Ok(Some(edit.clone()));
        }
        if edit.base == Version::Absent {
            return match &edit.change {
                Change::Whole(whole) if Version::of_text(whole) == version => Ok(None),
                _ => refused("was made by somebody else meanwhile; read it before you change it"),
            };
        }
        let base = self.base(edit.base).ok_or_else(|| {
            ToolError::new(format!(
                "{name} has changed since it was read; nothing was written. Read it again"
            ))
        })?;
        let splices = match (&edit.change, self.on_change) {
            (Change::Splices(splices), OnChange::Merge) => splices,
            (Change::Splices(_) | Change::Whole(_), _) => {
                return Err(outdated(&name, "replace it as a whole", &base, text));
            }
            (Change::Delete, _) => return Err(outdated(&name, "delete it", &base, text)),
            (Change::Moved { .. }, _) => return Err(outdated(&name, "move it", &base, text)),
        };
        let splices = carried_over(&name, &base, splices, text)?;
        if splices.is_empty() {
            return Ok(None);
        }
        let kept = self.recorder.keep(text.as_bytes());
        kept.map_err(|error| ToolError::new(format!("nothing was written: failed to keep {name}: {error}")))?;
        Ok(Some(Edit { path: edit.path.clone(), base: version, change: Change::Splices(splices) }))
    }

    fn base(&self, base: Version) -> Option<String> {
        match base {
            Version::Absent => None,
            Version::Text(hash) => kept_text(&self.recorder, hash),
        }
    }
}

/// A text that the session keeps.
pub(super) fn kept_text(recorder: &Recorder, hash: Hash) -> Option<String> {
    recorder.fetch(&hash).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
}

/// Whether a person who has seen the one list of changes would see the same in the other: the same files,
/// and in each of them the same lines becoming the same lines, wherever they stand.
fn look_alike(shown: &[FileChange], now: &[FileChange]) -> bool {
    let hunks = |change: &FileChange| -> Vec<(String, String)> {
        let (old, new) =
            (change.old.as_deref().unwrap_or_default(), change.new.as_deref().unwrap_or_default());
        let splices = diff::splices(old, new).into_iter();
        splices.map(|splice| (old[splice.start..splice.end].to_owned(), splice.text)).collect()
    };
    let alike = |(shown, now): (&FileChange, &FileChange)| {
        let same_kind = shown.old.is_some() == now.old.is_some() && shown.new.is_some() == now.new.is_some();
        shown.path == now.path && same_kind && hunks(shown) == hunks(now)
    };
    shown.len() == now.len() && shown.iter().zip(now).all(alike)
}

fn outdated(name: &str, what: &str, base: &str, present: &str) -> ToolError {
    let (changed, _) = told(name, base, present);
    ToolError::new(format!(
        "{name} was changed after this call was made to {what}, so nothing was written. What changed:\n\
         {changed}Read it again before you decide anew; an edit of single places can be merged"
    ))
}

fn collided(name: &str, conflict: &Conflict, present: &str) -> ToolError {
    ToolError::new(match conflict {
        Conflict::Lines(places) => format!(
            "{name} was changed meanwhile in the place of this edit, so nothing was written. It reads now:\n\
             {}Make the edit anew on this text",
            around(present, places)
        ),
        Conflict::TooDifferent => format!(
            "{name} was changed meanwhile in too many places to merge this edit, so nothing was written. Read \
             it again and make the edit anew"
        ),
        Conflict::NotText => {
            format!("{name} is no text any more, so nothing was written")
        }
    })
}

/// The numbered lines of these places, and some around them.
fn around(text: &str, places: &[Range<usize>]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = String::new();
    let (mut count, mut next) = (0, 0);
    for place in places {
        let first = place.start.saturating_sub(limits::EDIT_CONTEXT_LINES).max(next);
        next = (place.end + limits::EDIT_CONTEXT_LINES).min(lines.len()).max(first);
        if first > 0 && count > 0 {
            shown.push_str("…\n");
        }
        for (at, line) in lines.iter().enumerate().take(next).skip(first) {
            if count >= limits::CONFLICT_LINES_MAX {
                shown.push_str("… (cut; read on there)\n");
                return shown;
            }
            let line = line.trim_end_matches('\r');
            let cut = line.floor_char_boundary(limits::SEARCH_LINE_CHARS_MAX);
            let mark = if cut < line.len() { "…" } else { "" };
            shown.push_str(&format!("{}\t{}{mark}\n", at + 1, &line[..cut]));
            count += 1;
        }
    }
    if lines.is_empty() {
        shown.push_str("(the file is empty)\n");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(start: usize, end: usize, text: &str) -> Vec<Splice> {
        vec![Splice { start, end, text: text.into() }]
    }

    #[test]
    fn a_change_of_the_seen_text_is_carried_over_or_refused_with_the_present_one() {
        let seen = "one\ntwo\nthree\nfour\nfive\n";
        let two = splice(4, 7, "2");
        let present = "zero\none\ntwo\nthree\nfour\n5\n";
        let over = carried_over("a", seen, &two, present).unwrap();
        assert_eq!(spliced(present, &over), "zero\none\n2\nthree\nfour\n5\n");
        assert_eq!(carried_over("a", seen, &two, "one\n2\nthree\n"), Ok(vec![]));
        let error = carried_over("a", seen, &two, "one\nto\nthree\nfour\nfive\nsix\n").unwrap_err().0;
        assert!(
            error.contains("nothing was written") && error.contains("1\tone\n2\tto\n3\tthree\n"),
            "{error}"
        );
        assert!(!error.contains("six"), "{error}");
    }

    #[test]
    fn what_is_shown_of_a_collision_is_bounded() {
        let text = "line\n".repeat(500);
        let shown = around(&text, &[0..1, 100..400]);
        assert!(shown.starts_with("1\tline\n") && shown.contains("\n…\n98\tline\n"), "{shown}");
        assert!(shown.ends_with("(cut; read on there)\n"));
        assert_eq!(around("", &[Range { start: 0, end: 0 }]), "(the file is empty)\n");
        let long = "x".repeat(limits::SEARCH_LINE_CHARS_MAX + 1);
        assert!(around(&long, &[Range { start: 0, end: 1 }]).ends_with("x…\n"));
    }

    #[test]
    fn hunks_are_alike_wherever_they_stand() {
        let change = |old: &str, new: &str| FileChange {
            path: AbsPath::new("/w/a").unwrap(),
            old: Some(old.into()),
            new: Some(new.into()),
        };
        let shown = [change("a\nb\nc\n", "a\nB\nc\n")];
        assert!(look_alike(&shown, &[change("x\na\nb\nc\ny\n", "x\na\nB\nc\ny\n")]));
        assert!(!look_alike(&shown, &[change("a\nb\nb\n", "a\nB\nB\n")]));
        assert!(!look_alike(&shown, &[change("a\nb\nc\n", "a\nBB\nc\n")]));
        assert!(!look_alike(&shown, &[]));
    }

    #[test]
    fn what_others_changed_is_told_whole_or_its_beginning() {
        assert_eq!(told("a", "x\n", "y\n"), ("@@ -1 +1 @@\n-x\n+y\n".into(), Extent::Whole));
        let (text, extent) = told("a", "", &"line\n".repeat(100));
        assert_eq!((text.lines().count(), extent), (limits::CHANGE_TOLD_LINES_MAX + 1, Extent::Beginning));
        assert_eq!(told("a", "", &"x".repeat(600)).1, Extent::Beginning);
    }
}
