//! The files of a patch as its sections change them, one section after another, in memory.

use std::collections::BTreeMap;

use super::fault::{Fault, FaultKind};
use crate::limits;
use crate::path::AbsPath;
use crate::text::patch::{self, Applied, Chunk, Mismatch, Proof, Section};
use crate::text::{Change, Edit, Splice, Version, diff, ends, spliced};
use crate::workspace::{Bom, Content, FileError, Files, Side, TextFile};

/// The files that a patch names.
pub(super) struct Tree<'a> {
    files: &'a Files,
    slots: BTreeMap<AbsPath, Slot>,
    /// The order in which the patch names them.
    order: Vec<AbsPath>,
    /// Files whose present text the model must know, each with what is done to it.
    to_be_known: BTreeMap<AbsPath, &'static str>,
}

/// A place for a file.
struct Slot {
    before: Option<Before>,
    now: Option<Now>,
}

/// A file as it stands.
struct Before {
    /// With LF line ends and without byte-order mark.
    view: String,
    /// With its own ones; none where only the view is known.
    whole: Option<String>,
    version: Version,
}

/// A file as the sections so far make it.
#[derive(Clone)]
struct Now {
    view: String,
    whole: Option<String>,
    origin: Origin,
    /// The changes of its text before, while there were those of one section only.
    splices: Option<Vec<Splice>>,
}

/// Where a text comes from.
#[derive(Clone, PartialEq)]
enum Origin {
    /// From the file that stands at this path.
    File(AbsPath),
    /// From the patch.
    Patch,
}

/// What a section needs at a path.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    /// A file.
    File,
    /// That nothing is there.
    Room,
}

/// Why a file is not looked at.
fn why_unseen(side: Side) -> &'static str {
    match side {
        Side::Withheld => "is not to be read without permission",
        Side::Never => "is kept from you by a .quillonignore",
        Side::Inside | Side::Outside => "lies outside the workspace",
    }
}

impl<'a> Tree<'a> {
    pub(super) fn new(files: &'a Files) -> Self {
        Self { files, slots: BTreeMap::new(), order: Vec::new(), to_be_known: BTreeMap::new() }
    }

    /// Does what a section says.
    pub(super) async fn take(&mut self, section: Section) -> Result<(), Fault> {
        match section {
            Section::Add { path, text } => {
                let place = self.room(&path).await?;
                let now = Now { view: text.clone(), whole: Some(text), origin: Origin::Patch, splices: None };
                self.put(&place, Some(now));
            }
            Section::Delete { path } => {
                let place = self.file(&path).await?;
                self.not_a_link(&path, &place)?;
                let now = self.now(&place, &path)?;
                self.must_be_known(&now.origin, "deletes it");
                self.put(&place, None);
            }
            Section::Update { path, to, chunks } => {
                let place = self.file(&path).await?;
                let now = self.now(&place, &path)?;
                let now = self.updated(now, &place, &path, &chunks)?;
                match to {
                    Some(to) => self.move_to(now, &place, &path, &to).await?,
                    None => self.put(&place, Some(now)),
                }
            }
        }
        Ok(())
    }

    /// The edits that make the files so, one a file; those that delete come last.
    pub(super) fn edits(self) -> Result<Vec<Edit>, Fault> {
        self.check_known()?;
        let mut edits: Vec<Edit> =
            self.order.iter().filter_map(|path| edit(path, self.slots.get(path)?)).collect();
        if edits.is_empty() {
            return Err(Fault::new(
                FaultKind::NoChange,
                "the patch changes nothing: each line that it takes away it puts back. If that is what you \
                 want, there is nothing to do",
            ));
        }
        edits.sort_by_key(|edit| edit.change == Change::Delete);
        Ok(edits)
    }

    fn put(&mut self, place: &AbsPath, now: Option<Now>) {
        if let Some(slot) = self.slots.get_mut(place) {
            slot.now = now;
        }
    }

    fn now(&self, place: &AbsPath, written: &str) -> Result<Now, Fault> {
        let gone = || {
            Fault::new(
                FaultKind::FileNotFound,
                format!("nothing was changed: the patch itself takes {written} away before"),
            )
        };
        self.slots.get(place).and_then(|slot| slot.now.clone()).ok_or_else(gone)
    }

    fn updated(&mut self, now: Now, place: &AbsPath, written: &str, chunks: &[Chunk]) -> Result<Now, Fault> {
        if now.view.len() > limits::EDITED_BYTES_MAX {
            let (len, max) = (now.view.len(), limits::EDITED_BYTES_MAX);
            let why = format!(
                "{written} has {len} bytes, more than the {max} that are edited here; change it with a command"
            );
            return Err(Fault::new(FaultKind::Io, why));
        }
        let Applied { splices, repairs: _, proof } = match patch::apply(&now.view, chunks) {
            Ok(applied) => applied,
            Err(mismatch) => {
                return Err(Fault::mismatch(written, &mismatch, &self.after_failure(place, &mismatch)));
            }
        };
        if proof == Proof::None {
            self.must_be_known(&now.origin, "does not quote it letter for letter");
        }
        if splices.is_empty() {
            return Ok(now);
        }
        let is_first = self
            .slots
            .get(place)
            .and_then(|slot| slot.before.as_ref())
            .is_some_and(|before| now.origin == Origin::File(place.clone()) && now.view == before.view);
        Ok(Now {
            view: spliced(&now.view, &splices),
            whole: now.whole.map(|whole| ends::splice(&whole, &splices)),
            origin: now.origin,
            splices: is_first.then_some(splices),
        })
    }

    async fn move_to(&mut self, now: Now, place: &AbsPath, written: &str, to: &str) -> Result<(), Fault> {
        if self.locate(to)?.0 == *place {
            self.put(place, Some(now));
            return Ok(());
        }
        self.not_a_link(written, place)?;
        if now.whole.is_none() {
            let why = format!(
                "nothing was changed: {written} {}, and a patch cannot move it; use a command",
                why_unseen(self.locate(written)?.1)
            );
            return Err(Fault::new(FaultKind::OutsideWorkspace, why));
        }
        let room = self.room(to).await?;
        self.must_be_known(&now.origin, "moves it");
        self.put(place, None);
        self.put(&room, Some(Now { splices: None, ..now }));
        Ok(())
    }

    /// The place of a file that is there, as the disk or the sections before tell.
    async fn file(&mut self, written: &str) -> Result<AbsPath, Fault> {
        let (path, side) = self.locate(written)?;
        self.load(written, &path, side, Needs::File).await?;
        Ok(path)
    }

    /// A place where nothing is.
    async fn room(&mut self, written: &str) -> Result<AbsPath, Fault> {
        let (path, side) = self.locate(written)?;
        self.load(written, &path, side, Needs::Room).await?;
        if self.slots.get(&path).is_some_and(|slot| slot.now.is_some()) {
            let why = format!(
                "nothing was changed: {written} is there already. To change it use `*** Update File:`; to put another file in its \
                 place delete it first, in the same patch"
            );
            return Err(Fault::new(FaultKind::FileExists, why));
        }
        Ok(path)
    }

    fn locate(&self, written: &str) -> Result<(AbsPath, Side), Fault> {
        let place = self.files.locate(written)?;
        Ok((place.path, place.side))
    }

    /// Looks at a file once; the sections after that go by what the patch has made of it.
    async fn load(&mut self, written: &str, path: &AbsPath, side: Side, needs: Needs) -> Result<(), Fault> {
        if self.slots.contains_key(path) {
            return Ok(());
        }
        let before = match side {
            Side::Inside => match self.files.read(path).await {
                Ok(Content::Text(file)) => Some(Before::of(&file)),
                Ok(Content::Binary { .. }) if needs == Needs::Room => {
                    return Err(Fault::new(
                        FaultKind::FileExists,
                        format!("nothing was changed: {written} is there already"),
                    ));
                }
                Ok(Content::Binary { kind, .. }) => {
                    let why = format!(
                        "nothing was changed: {written} is {kind}, and patches are for text; use a command"
                    );
                    return Err(Fault::new(FaultKind::Io, why));
                }
                Err(FileError::NotFound { .. }) if needs == Needs::Room => None,
                Err(error) => return Err(error.into()),
            },
            Side::Never => {
                let why = format!(
                    "nothing was changed: {written} {}: neither read nor change it, in no other way either",
                    why_unseen(side)
                );
                return Err(Fault::new(FaultKind::OutsideWorkspace, why));
            }
            Side::Withheld | Side::Outside => self.seen_only(written, path, side, needs)?,
        };
        let now = before.as_ref().map(|before| Now {
            view: before.view.clone(),
            whole: before.whole.clone(),
            origin: Origin::File(path.clone()),
            splices: Some(Vec::new()),
        });
        self.order.push(path.clone());
        self.slots.insert(path.clone(), Slot { before, now });
        Ok(())
    }

    /// A file that may not be looked at, as the model was given it. Whether a place there is free the
    /// write itself finds out, once it was allowed.
    fn seen_only(
        &self,
        written: &str,
        path: &AbsPath,
        side: Side,
        needs: Needs,
    ) -> Result<Option<Before>, Fault> {
        let view = self.files.views().of(path).filter(|view| view.version != Version::Absent);
        match (view.map(|view| (view.version, view.text)), needs) {
            (Some((version, Some(text))), _) => {
                Ok(Some(Before { view: (*text).to_owned(), whole: None, version }))
            }
            (None, Needs::Room) => Ok(None),
            (Some((_, None)) | None, Needs::File | Needs::Room) => {
                let why = format!(
                    "nothing was changed: {written} {}. Read it with `read` first, which is asked; then send \
                     the patch again",
                    why_unseen(side)
                );
                Err(Fault::new(FaultKind::OutsideWorkspace, why))
            }
        }
    }

    /// What a link leads to would go instead of the link.
    fn not_a_link(&self, written: &str, place: &AbsPath) -> Result<(), Fault> {
        let as_written = self.files.cwd().join(written)?;
        let folder = as_written.parent().unwrap_or_else(|| as_written.clone());
        let real = self.files.locate(&folder.to_string())?.path.join(as_written.file_name())?;
        if real == *place || as_written == *place {
            return Ok(());
        }
        let why = format!(
            "nothing was changed: {written} is a link to {place}; a patch deletes and moves no links, use a command"
        );
        Err(Fault::new(FaultKind::Io, why))
    }

    fn must_be_known(&mut self, origin: &Origin, why: &'static str) {
        match origin {
            Origin::File(path) => {
                self.to_be_known.entry(path.clone()).or_insert(why);
            }
            Origin::Patch => {}
        }
    }

    fn check_known(&self) -> Result<(), Fault> {
        for (path, why) in &self.to_be_known {
            let Some(before) = self.slots.get(path).and_then(|slot| slot.before.as_ref()) else { continue };
            let seen = self.files.views().of(path).map(|view| view.version);
            let state = match seen {
                Some(version) if version == before.version => continue,
                Some(_) => "it has changed since you saw it",
                None => "you have not read it",
            };
            let shown = path.display_in(self.files.cwd());
            let text = format!(
                "nothing was changed: the patch of {shown} {why}, and {state}. Read it, then send the patch again"
            );
            return Err(Fault::new(FaultKind::Unseen, text));
        }
        Ok(())
    }

    /// What is said behind a mismatch: what stands there, if the model has read the file (reading may
    /// have to be asked), the whole text when this is not the first failure, and whether the file is
    /// another one than the model knows.
    fn after_failure(&self, place: &AbsPath, mismatch: &Mismatch) -> String {
        let Some(before) = self.slots.get(place).and_then(|slot| slot.before.as_ref()) else {
            return String::new();
        };
        let Some(seen) = self.files.views().of(place) else {
            return " You have not read this file; read it first.".to_owned();
        };
        let mut more =
            if seen.version == before.version { "" } else { " The file has changed since you saw it." }
                .to_owned();
        let is_short = before.view.lines().count() <= limits::FAILED_FILE_LINES_MAX;
        if self.files.views().failed(place) >= limits::FAILURES_BEFORE_TEXT && is_short {
            more.push_str(" Its text now:");
            before
                .view
                .lines()
                .zip(1..)
                .for_each(|(line, number)| more.push_str(&format!("\n{number}\t{line}")));
        } else if !mismatch.shown.is_empty() {
            more.push_str(&format!(" {}", mismatch.shown));
        }
        more
    }
}

impl Before {
    fn of(file: &TextFile) -> Self {
        let mark = match file.bom {
            Bom::Utf8 => "\u{feff}",
            Bom::None => "",
        };
        Self {
            view: file.text.lf().into_owned(),
            whole: Some(format!("{mark}{}", &*file.text)),
            version: file.version,
        }
    }
}

/// What makes the file at this path so; none where it stays.
fn edit(path: &AbsPath, slot: &Slot) -> Option<Edit> {
    let base = slot.before.as_ref().map_or(Version::Absent, |before| before.version);
    let change = match (&slot.before, &slot.now) {
        (None, None) => return None,
        (Some(_), None) => Change::Delete,
        (_, Some(Now { origin: Origin::File(from), whole, .. })) if from != path => {
            Change::Moved { from: from.clone(), text: whole.clone().unwrap_or_default() }
        }
        (None, Some(now)) => Change::Whole(now.whole.clone().unwrap_or_default()),
        (Some(before), Some(now)) if before.view == now.view => return None,
        (Some(before), Some(now)) => Change::Splices(match &now.splices {
            Some(splices) => splices.clone(),
            // As `write` does it: the file keeps its line ends and its mark.
            None => diff::splices(&before.view, &now.view),
        }),
    };
    Some(Edit { path: path.clone(), base, change })
}
