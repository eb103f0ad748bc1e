//! Two pictures become a list of changes, with what stood and stands at each path.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::sync::Arc;

use super::picture::{Folder, Ground, Reach, Sight, Tracking};
use super::{Changes, Deed, Found, Held, Lack, Seen, Stand, camera, loose_sight};
use crate::limits;
use crate::os::fs::{self, Stamp};
use crate::path::AbsPath;
use crate::text::Hash;
use crate::workspace::git::{Git, Repository, Wish};
use crate::workspace::on_blocking_thread;
use crate::workspace::walk::Stop;

/// A path at which something may have changed.
pub(super) struct Suspect {
    pub(super) path: AbsPath,
    before: Option<Sight>,
    after: Option<Sight>,
    /// Git's content from before.
    wish: Option<(Repository, Wish)>,
    had: Option<Arc<[u8]>>,
}

pub(super) async fn changes(seen: &Arc<Seen>) -> Changes {
    let stop = Stop::default();
    let _stops_when_dropped = stop.guard();
    let then = seen.clone();
    let found = on_blocking_thread(move || suspects(&then, &stop)).await;
    let Some((mut suspects, reach)) = found else {
        return Changes { reach: Reach::Part, ..Changes::default() };
    };
    ask_git(&seen.roots, &mut suspects).await;
    let then = seen.clone();
    let changes = on_blocking_thread(move || compare(&then, suspects, reach)).await;
    changes.unwrap_or_else(|| Changes { reach: Reach::Part, ..Changes::default() })
}

/// Everything whose stamp is another than before. Blocks.
fn suspects(seen: &Seen, stop: &Stop) -> (Vec<Suspect>, Reach) {
    let now = camera::take(&seen.roots, Some(&seen.picture), stop);
    let mut reach = match (seen.picture.reach, now.reach) {
        (Reach::Whole, Reach::Whole) => Reach::Whole,
        (Reach::Part, _) | (_, Reach::Part) => Reach::Part,
    };
    let mut suspects = BTreeMap::new();
    for (path, before) in &seen.picture.folders {
        match now.folders.get(path) {
            Some(after) => compare_folders(seen, path, Some(before), Some(after), &mut suspects),
            None if is_gone(path) => compare_folders(seen, path, Some(before), None, &mut suspects),
            None => reach = Reach::Part,
        }
    }
    for (path, after) in &now.folders {
        if !seen.picture.folders.contains_key(path) {
            compare_folders(seen, path, None, Some(after), &mut suspects);
        }
    }
    for (path, before) in &seen.loose {
        if let Some(after) = loose_sight(path)
            && may_differ(seen, before.as_ref(), after.as_ref())
            && !is_as_held(seen, path, before.as_ref(), after.as_ref())
        {
            let suspect = Suspect::new(path, before.as_ref(), after.as_ref(), None);
            suspects.insert(path.clone(), suspect);
        }
    }
    // Those that can be brought back for certain come first, if there are too many; then what was there.
    let mut suspects: Vec<Suspect> = suspects.into_values().collect();
    suspects.sort_by_key(|suspect| (!suspect.is_held(seen), suspect.wish.is_none(), !suspect.was_there()));
    for suspect in suspects.iter_mut().filter(|suspect| suspect.is_held(seen)) {
        suspect.wish = None;
    }
    (suspects, reach)
}

/// Whether no folder stands there any more.
fn is_gone(path: &AbsPath) -> bool {
    match loose_sight(path) {
        Some(Some(Sight::Other(kind))) => kind != fs::Kind::Folder,
        Some(Some(Sight::File(..) | Sight::Link(_) | Sight::Passed(_)) | None) => true,
        // A link leads there now: what it leads to is not looked at, and what was here has gone.
        None => crate::workspace::real_path(path).is_ok_and(|real| real != *path),
    }
}

fn compare_folders(
    seen: &Seen,
    folder: &AbsPath,
    before: Option<&Folder>,
    after: Option<&Folder>,
    suspects: &mut BTreeMap<AbsPath, Suspect>,
) {
    let ground = before.and_then(|folder| folder.ground.as_ref());
    fn sight<'a>(folder: Option<&'a Folder>, name: &OsStr) -> Option<&'a Sight> {
        folder.and_then(|folder| folder.sight(name))
    }
    let were = before.into_iter().flat_map(|folder| &folder.entries);
    let are = after.into_iter().flat_map(|folder| &folder.entries);
    let are = are.filter(|entry| sight(before, &entry.name).is_none());
    for entry in were.chain(are) {
        let (then, now) = (sight(before, &entry.name), sight(after, &entry.name));
        if may_differ(seen, then, now)
            && let Ok(path) = folder.join(&entry.name)
            && !is_as_held(seen, &path, then, now)
        {
            suspects.insert(path.clone(), Suspect::new(&path, then, now, ground));
        }
    }
}

fn may_differ(seen: &Seen, before: Option<&Sight>, after: Option<&Sight>) -> bool {
    match (before, after) {
        (Some(Sight::Passed(_)), _) => false,
        (Some(Sight::File(then, _)), Some(Sight::File(now, _))) => {
            then != now || then.is_fresh(seen.picture.taken)
        }
        (Some(Sight::Link(then)), Some(Sight::Link(now))) => then != now,
        // Folders come and go with what is in them; pipes and the like hold nothing.
        (None | Some(Sight::Other(_)), None | Some(Sight::Other(_) | Sight::Passed(_))) => false,
        (Some(Sight::File(..)), None | Some(Sight::Link(_) | Sight::Other(_) | Sight::Passed(_)))
        | (Some(Sight::Link(_)), None | Some(Sight::File(..) | Sight::Other(_) | Sight::Passed(_)))
        | (None | Some(Sight::Other(_)), Some(Sight::File(..) | Sight::Link(_))) => true,
    }
}

/// Whether a file with an unchanged stamp holds what was read of it; so it does too where nothing was,
/// as far as anybody knows.
fn is_as_held(seen: &Seen, path: &AbsPath, before: Option<&Sight>, after: Option<&Sight>) -> bool {
    match (before, after) {
        (Some(Sight::File(then, _)), Some(Sight::File(now, _))) if then == now => {}
        _ => return false,
    }
    let Some(held) = seen.held.get(path) else { return true };
    let read = fs::read_up_to(path, limits::survey::FILE_BYTES_MAX);
    read.is_ok_and(|read| match held {
        Held::Bytes(bytes) => **bytes == *read.bytes && read.whole_len == bytes.len() as u64,
        Held::Sum(hash) => Hash::of(&read.bytes) == *hash,
    })
}

impl Suspect {
    fn new(
        path: &AbsPath,
        before: Option<&Sight>,
        after: Option<&Sight>,
        ground: Option<&Arc<Ground>>,
    ) -> Self {
        let wish = ground.zip(before).and_then(|(ground, before)| wish(ground, path, before));
        Self { path: path.clone(), before: before.cloned(), after: after.cloned(), wish, had: None }
    }

    /// Whether there was something that can be lost.
    pub(super) fn was_there(&self) -> bool {
        matches!(self.before, Some(Sight::File(..) | Sight::Link(_)))
    }

    fn is_held(&self, seen: &Seen) -> bool {
        matches!(seen.held.get(&self.path), Some(Held::Bytes(_)))
    }
}

/// What git is asked for, where it has what stood in the file.
fn wish(ground: &Ground, path: &AbsPath, before: &Sight) -> Option<(Repository, Wish)> {
    let Sight::File(stamp, Tracking::Clean(at)) = before else { return None };
    let object = ground.index.tracked(*at)?.object;
    let path = ground.repository.relative(path)?;
    Some((ground.repository.clone(), Wish { path, object, len: stamp.len }))
}

/// Fetches what git has, as far as there is room: one question to each repository.
async fn ask_git(roots: &[AbsPath], suspects: &mut [Suspect]) {
    let mut asked: Vec<(Repository, Vec<(usize, Wish)>)> = Vec::new();
    let mut room = limits::survey::GIT_CONTENTS_BYTES_MAX as u64;
    for (at, suspect) in suspects.iter_mut().enumerate() {
        let Some((repository, wish)) = suspect.wish.take() else { continue };
        // Beside its content, an answer has a line.
        let len = wish.len + limits::survey::GIT_ATTRIBUTE_BYTES_MAX as u64;
        if wish.len > limits::survey::FILE_BYTES_MAX || len > room {
            continue;
        }
        room -= len;
        match asked.iter_mut().find(|(known, _)| *known == repository) {
            Some((_, wishes)) => wishes.push((at, wish)),
            None => asked.push((repository, vec![(at, wish)])),
        }
    }
    for (repository, wishes) in asked {
        let (places, wishes): (Vec<usize>, Vec<Wish>) = wishes.into_iter().unzip();
        let contents = Git { repository: &repository, roots }.contents(&wishes).await;
        for (at, content) in places.into_iter().zip(contents) {
            suspects[at].had = content;
        }
    }
}

/// Reads what stands there now, and keeps what differs. Blocks.
fn compare(seen: &Seen, suspects: Vec<Suspect>, reach: Reach) -> Changes {
    let mut changes = Changes { reach, ..Changes::default() };
    let mut room = Room { bytes: limits::survey::FOUND_BYTES_MAX, summed: limits::survey::SUMMED_BYTES_MAX };
    let mut moved = Moved::default();
    for suspect in suspects {
        if suspect.path.as_path().to_str().is_none() {
            changes.unnamed.add(&suspect);
            continue;
        }
        if changes.found.len() == limits::survey::FOUND_MAX {
            changes.more.add(&suspect);
            continue;
        }
        let mut found = Found {
            before: before(seen, &suspect),
            after: after(&suspect, &mut room),
            bare: if suspect.before.is_none() { seen.bare(&suspect.path) } else { 0 },
            path: suspect.path.clone(),
        };
        if let (Some(Sight::File(then, _)), Some(Sight::File(now, _))) = (&suspect.before, &suspect.after) {
            fill_in_unchanged(&mut found, then, now);
            if is_same(&found) {
                continue;
            }
        }
        moved.note(changes.found.len(), &suspect);
        if let Stand::File { bytes, .. } = &found.after {
            room.bytes -= bytes.len() as u64;
        }
        changes.found.push(found);
    }
    moved.fill_in(&mut changes.found);
    changes.found.sort_by(|left, right| left.path.cmp(&right.path));
    changes
}

/// What may still be held and summed.
struct Room {
    bytes: u64,
    summed: u64,
}

fn before(seen: &Seen, suspect: &Suspect) -> Stand {
    match &suspect.before {
        None => Stand::Absent,
        Some(Sight::Link(text)) => Stand::Link(text.clone()),
        Some(Sight::Other(kind) | Sight::Passed(kind)) => Stand::Other(*kind),
        Some(Sight::File(stamp, _)) => {
            let hash = match (seen.held.get(&suspect.path), &suspect.had) {
                (Some(Held::Bytes(bytes)), _) | (Some(Held::Sum(_)) | None, Some(bytes)) => {
                    return Stand::File { bytes: bytes.clone(), mode: stamp.mode };
                }
                (Some(Held::Sum(hash)), None) => Some(*hash),
                (None, None) => None,
            };
            let lack = if stamp.len > limits::survey::FILE_BYTES_MAX { Lack::TooLong } else { Lack::NotHad };
            Stand::Unheld { len: stamp.len, hash, mode: stamp.mode, lack }
        }
    }
}

fn after(suspect: &Suspect, room: &mut Room) -> Stand {
    let stamp = match &suspect.after {
        None => return Stand::Absent,
        Some(Sight::Link(text)) => return Stand::Link(text.clone()),
        Some(Sight::Other(kind) | Sight::Passed(kind)) => return Stand::Other(*kind),
        Some(Sight::File(stamp, _)) => stamp,
    };
    let unheld = |hash, lack| Stand::Unheld { len: stamp.len, hash, mode: stamp.mode, lack };
    let max = limits::survey::FILE_BYTES_MAX.min(room.bytes);
    match fs::read_up_to(&suspect.path, max) {
        Ok(read) if read.whole_len <= max => Stand::File { bytes: read.bytes.into(), mode: stamp.mode },
        Ok(read) if read.whole_len <= room.summed => {
            room.summed -= read.whole_len;
            let sum = fs::open(&suspect.path).and_then(|mut file| Hash::of_reader(&mut file));
            unheld(sum.ok(), Lack::TooLong)
        }
        Ok(_) => unheld(None, Lack::TooLong),
        Err(_) => unheld(None, Lack::Unreadable),
    }
}

/// Where the content is the same, by its sum or because only the permission bits changed, what stands
/// there now stood there before.
fn fill_in_unchanged(found: &mut Found, then: &Stamp, now: &Stamp) {
    let same = (then.len, then.modified, then.identity) == (now.len, now.modified, now.identity);
    let only_mode = same && then.mode != now.mode && then.identity.is_some();
    if only_mode || matches!(found.before, Stand::Unheld { hash: Some(_), .. }) {
        take_over(&mut found.before, &found.after);
    }
}

/// Gives a file of which the bytes are not held those of another one.
fn take_over(stand: &mut Stand, other: &Stand) {
    let Stand::Unheld { hash, mode, .. } = *stand else { return };
    if hash.is_some() && hash != other.content() {
        return;
    }
    *stand = match other.clone() {
        Stand::File { bytes, .. } => Stand::File { bytes, mode },
        Stand::Unheld { len, hash, lack, .. } => Stand::Unheld { len, hash, mode, lack },
        Stand::Absent | Stand::Link(_) | Stand::Other(_) => return,
    };
}

/// Whether a file is as it was: the same bytes with the same permission bits.
fn is_same(found: &Found) -> bool {
    let mode = |stand: &Stand| match stand {
        Stand::File { mode, .. } | Stand::Unheld { mode, .. } => Some(*mode),
        Stand::Absent | Stand::Link(_) | Stand::Other(_) => None,
    };
    found.deed() == Deed::Mode && mode(&found.before) == mode(&found.after)
}

/// Files that nobody had and that went under another name: what stands there now was in them.
#[derive(Default)]
struct Moved {
    deleted: Vec<(usize, Stamp)>,
    created: Vec<(usize, Stamp)>,
}

impl Moved {
    fn note(&mut self, at: usize, suspect: &Suspect) {
        match (&suspect.before, &suspect.after) {
            (Some(Sight::File(stamp, _)), None) => self.deleted.push((at, *stamp)),
            (None, Some(Sight::File(stamp, _))) => self.created.push((at, *stamp)),
            _ => {}
        }
    }

    fn fill_in(self, found: &mut [Found]) {
        for (from, then) in self.deleted {
            let is_it = |(_, now): &&(usize, Stamp)| {
                then.identity.is_some()
                    && (then.identity, then.len, then.modified) == (now.identity, now.len, now.modified)
            };
            if let Some((to, _)) = self.created.iter().find(is_it) {
                let other = found[*to].after.clone();
                take_over(&mut found[from].before, &other);
            }
        }
    }
}
