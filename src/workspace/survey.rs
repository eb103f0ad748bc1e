//! What a shell command does to the files of the workspace: a look before it, and a comparison after.
//!
//! Looked at are the files that the session knows, and all below the roots that is not ignored or
//! that git tracks. A file that has changed can be brought back when its bytes from before are
//! known: they are read beforehand of files which the session knows and of tracked ones which are
//! not committed as they are, and come from git for the others. An untracked file that the session
//! never saw is found, and it is said that nobody has what it held.

mod camera;
mod compare;
mod picture;
mod rules;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub use picture::Reach;

use self::compare::Suspect;
use self::picture::{Picture, Sight, Tracking};
use super::walk::Stop;
use super::{Files, on_blocking_thread};
use crate::limits;
use crate::os::fs::{self, Kind};
use crate::path::AbsPath;
use crate::text::Hash;

/// What stood in the workspace before a command.
pub struct Before(Arc<Seen>);

/// What was found after a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The changed files, by path.
    pub found: Vec<Found>,
    /// Those that are more than can be listed, or that may have changed.
    pub more: Unlisted,
    /// Those whose names are not UTF-8, so that nothing can name them exactly.
    pub unnamed: Unlisted,
    /// Whether all of the workspace was compared.
    pub reach: Reach,
}

/// Changed files that are not told one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unlisted {
    /// How many they are.
    pub count: usize,
    /// Some of them.
    pub some: Vec<AbsPath>,
    /// How many of them were there before.
    pub lost: usize,
}

/// A path at which something else stands than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The path. A renamed file is found twice, at its old and its new one ([`Changes::renames`]).
    pub path: AbsPath,
    /// What stood there before.
    pub before: Stand,
    /// What stands there now.
    pub after: Stand,
    /// How many of the folders above it were not there before.
    pub bare: u32,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// What it holds.
        bytes: Arc<[u8]>,
        /// Its permission bits; 0 on systems without them.
        mode: u32,
    },
    /// A file of which the bytes are not held.
    Unheld {
        /// How many they are.
        len: u64,
        /// Their sum, where it was taken.
        hash: Option<Hash>,
        /// The permission bits.
        mode: u32,
        /// Why not.
        lack: Lack,
    },
    /// A link with this text.
    Link(PathBuf),
    /// A folder, or a pipe, a socket, a device.
    Other(Kind),
}

/// Why the bytes of a file are not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Neither this session nor git had them before.
    NotHad,
    /// They are too many.
    TooLong,
    /// The file cannot be read.
    Unreadable,
}

/// What was done at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A file or a link was made.
    Created,
    /// It was removed.
    Deleted,
    /// It holds something else.
    Changed,
    /// Only its permission bits are others.
    Mode,
    /// Something of another kind stands there.
    Replaced,
}

impl Before {
    /// Looks around before a command. `known` are the files that the session touched or read, or that
    /// are open in an editor; those outside the roots are left out.
    pub async fn look(files: &Files, known: Vec<AbsPath>) -> Self {
        let roots = files.roots().to_vec();
        let stop = Stop::default();
        let _stops_when_dropped = stop.guard();
        let seen = on_blocking_thread(move || Seen::look(roots, known, &stop)).await;
        Self(Arc::new(seen.unwrap_or_default()))
    }

    /// Looks around after the command, and compares.
    pub async fn changes(&self) -> Changes {
        compare::changes(&self.0).await
    }
}

impl Unlisted {
    fn add(&mut self, suspect: &Suspect) {
        self.count += 1;
        self.lost += usize::from(suspect.was_there());
        if self.some.len() < limits::survey::FURTHER_NAMED_MAX {
            self.some.push(suspect.path.clone());
        }
    }
}

impl Changes {
    /// The files that were renamed: places in `found` of a deleted file and of the created one that
    /// holds the same.
    pub fn renames(&self) -> Vec<(usize, usize)> {
        let mut created: HashMap<Hash, Vec<usize>> = HashMap::new();
        let of_deed = |deed| {
            let with = self.found.iter().enumerate();
            with.filter(move |(_, found)| found.deed() == deed)
        };
        for (at, found) in of_deed(Deed::Created) {
            if let Some(hash) = found.after.content().filter(|_| !found.after.is_empty()) {
                created.entry(hash).or_default().push(at);
            }
        }
        let mut renames = Vec::new();
        for (from, found) in of_deed(Deed::Deleted) {
            let Some(there) = found.before.content().and_then(|hash| created.get_mut(&hash)) else {
                continue;
            };
            let same_name = |at: &usize| self.found[*at].path.file_name() == found.path.file_name();
            let chosen = there.iter().position(same_name).unwrap_or(0);
            if chosen < there.len() {
                renames.push((from, there.remove(chosen)));
            }
        }
        renames
    }
}

impl Found {
    /// What was done.
    pub fn deed(&self) -> Deed {
        let is_none = |stand: &Stand| matches!(stand, Stand::Absent | Stand::Other(_));
        let is_link = |stand: &Stand| matches!(stand, Stand::Link(_));
        match (&self.before, &self.after) {
            (before, _) if is_none(before) => Deed::Created,
            (_, Stand::Absent) => Deed::Deleted,
            (_, after) if is_none(after) => Deed::Replaced,
            (before, after) if is_link(before) != is_link(after) => Deed::Replaced,
            (before, after) if before.has_content_of(after) => Deed::Mode,
            _ => Deed::Changed,
        }
    }

    /// Whether it is known how to bring back what stood there before.
    pub fn is_restorable(&self) -> bool {
        match &self.before {
            Stand::Absent | Stand::File { .. } | Stand::Link(_) | Stand::Other(Kind::Folder) => true,
            Stand::Other(_) => false,
            Stand::Unheld { .. } => self.deed() == Deed::Mode,
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotHad => "neither Quillon nor git had what it held",
            Self::TooLong => "it is too long to be kept",
            Self::Unreadable => "it cannot be read",
        })
    }
}

impl Stand {
    /// The sum of what a file holds, where it is known.
    pub fn content(&self) -> Option<Hash> {
        match self {
            Self::File { bytes, .. } => Some(Hash::of(bytes)),
            Self::Unheld { hash, .. } => *hash,
            Self::Absent | Self::Link(_) | Self::Other(_) => None,
        }
    }

    /// Whether two files certainly hold the same.
    fn has_content_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { bytes, .. }, Self::File { bytes: others, .. }) => bytes == others,
            _ => self.content().is_some_and(|content| other.content() == Some(content)),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::File { bytes, .. } if bytes.is_empty())
    }
}

/// What was seen before a command.
#[derive(Default)]
struct Seen {
    roots: Vec<AbsPath>,
    picture: Picture,
    /// Known files that the picture does not show: ignored ones, and those it did not get to. None
    /// where nothing stood.
    loose: BTreeMap<AbsPath, Option<Sight>>,
    /// What was read.
    held: HashMap<AbsPath, Held>,
}

/// What was read of a file.
enum Held {
    Bytes(Arc<[u8]>),
    /// Enough to see whether it changed.
    Sum(Hash),
}

impl Held {
    fn sum(bytes: Arc<[u8]>) -> Self {
        Self::Sum(Hash::of(&bytes))
    }
}

impl Seen {
    /// How many of the folders above a path that is new were not there.
    fn bare(&self, path: &AbsPath) -> u32 {
        if self.loose.contains_key(path) {
            return 0;
        }
        let above = std::iter::successors(path.parent(), AbsPath::parent);
        let known =
            |folder: &AbsPath| self.picture.folders.contains_key(folder) || self.roots.contains(folder);
        let inside = |folder: &AbsPath| self.roots.iter().any(|root| folder.starts_with(root));
        let bare = above.take_while(|folder| !known(folder) && inside(folder)).count();
        u32::try_from(bare).unwrap_or(u32::MAX)
    }

    /// Blocks.
    fn look(roots: Vec<AbsPath>, known: Vec<AbsPath>, stop: &Stop) -> Self {
        let picture = camera::take(&roots, None, stop);
        let mut loose = BTreeMap::new();
        for path in known.iter().filter(|path| roots.iter().any(|root| path.starts_with(root))) {
            // What is not there may be an ignored file once it is.
            let unseen = |sight: Option<&Sight>| matches!(sight, None | Some(Sight::Passed(_)));
            if picture.sight(path).is_none_or(unseen)
                && let Some(sight) = loose_sight(path)
            {
                loose.insert(path.clone(), sight);
            }
        }
        let mut seen = Self { roots, picture, loose, held: HashMap::new() };
        seen.hold(&known);
        seen
    }

    /// Reads what nobody else will have after the command; the known files first.
    fn hold(&mut self, known: &[AbsPath]) {
        let mut held = HashMap::new();
        let mut room = limits::survey::HELD_BYTES_MAX;
        for path in known {
            let sight =
                self.loose.get(path).map_or_else(|| self.picture.sight(path).flatten(), Option::as_ref);
            if let Some(Sight::File(stamp, _)) = sight {
                hold(&mut held, &mut room, path, stamp.len, Held::Bytes);
            }
        }
        let mut rest = Vec::new();
        for (folder, listed) in &self.picture.folders {
            for entry in &listed.entries {
                let Sight::File(stamp, tracking) = &entry.sight else { continue };
                let as_held = match tracking {
                    Tracking::Dirty => Held::Bytes,
                    Tracking::Clean(_) | Tracking::Untracked if stamp.is_fresh(self.picture.taken) => {
                        Held::sum
                    }
                    Tracking::Clean(_) | Tracking::Untracked => continue,
                };
                rest.extend(folder.join(&entry.name).ok().map(|path| (stamp.len, path, as_held)));
            }
        }
        // Small ones first: so most of them fit.
        rest.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        for (len, path, as_held) in rest {
            hold(&mut held, &mut room, &path, len, as_held);
        }
        self.held = held;
    }
}

fn hold(
    held: &mut HashMap<AbsPath, Held>,
    room: &mut u64,
    path: &AbsPath,
    len: u64,
    as_held: impl FnOnce(Arc<[u8]>) -> Held,
) {
    let fits =
        len <= limits::survey::FILE_BYTES_MAX.min(*room) && held.len() < limits::survey::HELD_FILES_MAX;
    if !fits || held.contains_key(path) {
        return;
    }
    let Ok(read) = fs::read_up_to(path, limits::survey::FILE_BYTES_MAX) else { return };
    if read.whole_len <= limits::survey::FILE_BYTES_MAX {
        *room = room.saturating_sub(read.whole_len);
        held.insert(path.clone(), as_held(read.bytes.into()));
    }
}

/// What stands at a path which no picture shows; nothing is said where a link leads there.
fn loose_sight(path: &AbsPath) -> Option<Option<Sight>> {
    let absent = |error: &std::io::Error| {
        matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
    };
    match super::real_path(&path.parent()?) {
        Ok(real) if Some(&real) == path.parent().as_ref() => {}
        Ok(_) => return None,
        Err(error) => return absent(&error).then_some(None),
    }
    match fs::stamp(path) {
        Ok(stamp) => match stamp.kind {
            Kind::File => Some(Some(Sight::File(stamp, Tracking::Untracked))),
            Kind::Link => Some(Some(Sight::Link(fs::read_link(path).ok()?))),
            kind @ (Kind::Folder | Kind::Other) => Some(Some(Sight::Other(kind))),
        },
        Err(error) => absent(&error).then_some(None),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
