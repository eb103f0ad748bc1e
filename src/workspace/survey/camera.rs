//! Takes a picture: the folders level by level, on some threads, within bounds.

use std::ffi::{OsStr, OsString};
use std::io::{
    self,
    ErrorKind::{NotFound, PermissionDenied},
};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::picture::{Entry, Folder, Ground, Picture, Reach, Sight, Tracking};
use super::rules::Rules;
use crate::limits;
use crate::os::fs::{self, Kind, Moment, Rest, Stamp, Standing};
use crate::path::AbsPath;
use crate::workspace::git::{Repository, Tracked};
use crate::workspace::walk::Stop;

/// Looks around below the roots. With an earlier picture, it shows what that one shows, and what
/// was not there then. Blocks.
pub(super) fn take(roots: &[AbsPath], earlier: Option<&Picture>, stop: &Stop) -> Picture {
    let camera = Camera::new(earlier, stop);
    let mut picture = Picture { taken: Moment::now(), ..Picture::default() };
    let outermost = |root: &&AbsPath| !roots.iter().any(|other| other != *root && root.starts_with(other));
    let mut level: Vec<Visit> = roots.iter().filter(outermost).map(|root| camera.root(root)).collect();
    for _ in 0..=limits::WALK_DEPTH_MAX {
        if level.is_empty() {
            return picture;
        }
        let mut next = Vec::new();
        for (visit, listed) in camera.list_all(level) {
            match listed {
                Listed::Whole(folder, visits) => {
                    picture.folders.insert(visit.path, folder);
                    next.extend(visits);
                }
                Listed::Closed => {}
                Listed::Left => picture.reach = Reach::Part,
            }
        }
        level = next;
    }
    picture.reach = Reach::Part;
    picture
}

/// A folder to list, and what is known on the way to it.
struct Visit {
    path: AbsPath,
    rules: Arc<Rules>,
    tracks: Option<Tracks>,
}

/// What came of listing a folder.
enum Listed {
    /// The folder, and those of its folders that are to be listed too.
    Whole(Folder, Vec<Visit>),
    /// It has gone, or we may not read it: then neither may a command.
    Closed,
    /// It was left out.
    Left,
}

/// The tracked files below a folder.
#[derive(Clone)]
struct Tracks {
    ground: Arc<Ground>,
    below: Range<usize>,
    /// The folder as git writes it, with `/` behind it.
    prefix: String,
}

/// What holds for a whole picture.
struct Camera<'a> {
    earlier: Option<&'a Picture>,
    stop: &'a Stop,
    until: Instant,
    entries: AtomicUsize,
    entries_max: usize,
    repositories: AtomicUsize,
}

impl<'a> Camera<'a> {
    fn new(earlier: Option<&'a Picture>, stop: &'a Stop) -> Self {
        let seen = |picture: &Picture| picture.folders.values().map(|folder| folder.entries.len()).sum();
        Self {
            earlier,
            stop,
            until: Instant::now() + limits::survey::TIME,
            entries: AtomicUsize::new(0),
            entries_max: limits::survey::ENTRIES_MAX + earlier.map_or(0, seen),
            repositories: AtomicUsize::new(0),
        }
    }

    /// A root, with the rules and tracked files of the repository it lies in.
    fn root(&self, root: &AbsPath) -> Visit {
        let Some(repository) = Repository::find(root) else {
            return Visit {
                path: root.clone(),
                rules: Arc::new(Rules::top(root.clone(), None)),
                tracks: None,
            };
        };
        let mut rules = Arc::new(Rules::top(repository.worktree().clone(), repository.exclude_file()));
        let mut between: Vec<AbsPath> = Vec::new();
        let mut folder = Some(root.clone());
        while let Some(present) = folder.filter(|folder| folder != repository.worktree()) {
            folder = present.parent();
            between.push(present);
        }
        for folder in between.into_iter().rev() {
            rules = Arc::new(match folder == *root {
                true => rules.below_for_root(folder),
                false => rules.below(folder),
            });
        }
        let tracks = self.tracks(repository, root);
        Visit { path: root.clone(), rules, tracks }
    }

    fn tracks(&self, repository: Repository, folder: &AbsPath) -> Option<Tracks> {
        if self.repositories.fetch_add(1, Ordering::Relaxed) >= limits::survey::REPOSITORIES_MAX {
            return None;
        }
        let mut prefix = repository.relative(folder)?;
        if !prefix.is_empty() {
            prefix.push('/');
        }
        let stamp = repository.index_stamp();
        let known = self.earlier.and_then(|earlier| earlier.folders.get(folder)?.ground.clone());
        let known = known.filter(|ground| ground.repository == repository && ground.stamp == stamp);
        let ground = match known {
            Some(known) => known,
            None => {
                let index = repository.index()?;
                Arc::new(Ground { repository, index, stamp })
            }
        };
        let below = ground.index.below(ground.index.whole(), &prefix);
        Some(Tracks { ground, below, prefix })
    }

    /// Lists folders, with more threads where there are many.
    fn list_all(&self, visits: Vec<Visit>) -> Vec<(Visit, Listed)> {
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = available
            .min(limits::survey::THREADS_MAX)
            .min(visits.len().div_ceil(limits::survey::FOLDERS_PER_THREAD))
            .max(1);
        let mut parts: Vec<Vec<Visit>> = (0..threads).map(|_| Vec::new()).collect();
        for (at, visit) in visits.into_iter().enumerate() {
            parts[at % threads].push(visit);
        }
        let list_part = |part: Vec<Visit>| -> Vec<_> {
            part.into_iter()
                .map(|visit| {
                    let listed = self.list(&visit);
                    (visit, listed)
                })
                .collect()
        };
        let first = parts.pop().unwrap_or_default();
        std::thread::scope(|scope| {
            let others: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || list_part(part))).collect();
            let mut listed = list_part(first);
            for other in others {
                match other.join() {
                    Ok(part) => listed.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            listed
        })
    }

    /// Lists a folder, if that is possible whole.
    fn list(&self, visit: &Visit) -> Listed {
        if self.stop.is_set() || Instant::now() >= self.until {
            return Listed::Left;
        }
        let (standing, rest) = match fs::standing(&visit.path, limits::FOLDER_ENTRIES_MAX) {
            Ok(standing) => standing,
            Err(error) if [NotFound, PermissionDenied].contains(&error.kind()) => return Listed::Closed,
            Err(_) => return Listed::Left,
        };
        let seen = self.entries.fetch_add(standing.len(), Ordering::Relaxed) + standing.len();
        if rest == Rest::More || seen > self.entries_max {
            return Listed::Left;
        }
        let named = standing.into_iter().map(|one| (one.name(), one));
        let mut named: Vec<(OsString, Standing)> = named.collect();
        named.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let mut here = Here::new(self, visit, named.iter().any(|(name, _)| name == ".git"));
        let mut entries = Vec::with_capacity(named.len());
        let mut visits = Vec::new();
        for (name, standing) in named {
            if name.eq_ignore_ascii_case(".git") {
                continue;
            }
            let sight = match standing.kind() {
                Kind::Folder => here.folder(&name, &mut visits),
                Kind::File | Kind::Link => here.file(&name, &standing),
                Kind::Other => Some(Sight::Other(Kind::Other)),
            };
            entries.extend(sight.map(|sight| Entry { name, sight }));
        }
        Listed::Whole(Folder { entries, ground: here.tracks.map(|tracks| tracks.ground) }, visits)
    }
}

/// A folder while it is listed.
struct Here<'a> {
    path: &'a AbsPath,
    earlier: Option<&'a Picture>,
    /// The same folder in the earlier picture.
    earlier_folder: Option<&'a Folder>,
    rules: Arc<Rules>,
    tracks: Option<Tracks>,
    /// A path as git writes it: the folder's, then an entry's.
    buffer: String,
}

impl<'a> Here<'a> {
    fn new(camera: &'a Camera<'a>, visit: &'a Visit, has_git: bool) -> Self {
        let known = visit.tracks.as_ref().map(|tracks| tracks.ground.repository.worktree());
        let own = (has_git && known != Some(&visit.path)).then(|| Repository::at(&visit.path)).flatten();
        let (rules, tracks) = match own {
            Some(own) => {
                let rules = Arc::new(Rules::top(visit.path.clone(), own.exclude_file()));
                (rules, camera.tracks(own, &visit.path))
            }
            None => (visit.rules.clone(), visit.tracks.clone()),
        };
        let earlier_folder = camera.earlier.and_then(|earlier| earlier.folders.get(&visit.path));
        let buffer = String::new();
        Self { path: &visit.path, earlier: camera.earlier, earlier_folder, rules, tracks, buffer }
    }

    fn file(&mut self, name: &OsStr, standing: &Standing) -> Option<Sight> {
        let before = self.earlier_folder.and_then(|folder| folder.sight(name));
        if let Some(Sight::Passed(_)) = before {
            return Some(Sight::Passed(standing.kind()));
        }
        let tracked = self.tracked(name);
        if tracked.is_none() && !matches!(before, Some(Sight::File(..) | Sight::Link(_))) {
            let path = self.path.join(name).ok()?;
            if self.rules.ignores(&path, standing.kind()) {
                return Some(Sight::Passed(standing.kind()));
            }
        }
        match self.looked_at(name, standing, tracked) {
            Ok(sight) => Some(sight),
            // What has gone meanwhile is not there.
            Err(error) if error.kind() == NotFound => None,
            Err(_) => Some(Sight::Passed(standing.kind())),
        }
    }

    fn looked_at(&self, name: &OsStr, standing: &Standing, tracked: Option<usize>) -> io::Result<Sight> {
        let stamp = standing.stamp()?;
        Ok(match stamp.kind {
            Kind::File => Sight::File(stamp, self.tracking(tracked, &stamp)),
            Kind::Link => Sight::Link(fs::read_link(&self.path.join(name).map_err(io::Error::other)?)?),
            kind @ (Kind::Folder | Kind::Other) => Sight::Other(kind),
        })
    }

    fn folder(&mut self, name: &OsStr, visits: &mut Vec<Visit>) -> Option<Sight> {
        let path = self.path.join(name).ok()?;
        let before = self.earlier_folder.and_then(|folder| folder.sight(name));
        let was_listed = self.earlier.is_some_and(|earlier| earlier.folders.contains_key(&path));
        let was_there = matches!(before, Some(Sight::Passed(Kind::Folder) | Sight::Other(Kind::Folder)));
        if was_there && !was_listed {
            // Nothing could be said about what is in it.
            return Some(Sight::Passed(Kind::Folder));
        }
        let tracks = self.tracked_below(name);
        let tracked =
            tracks.as_ref().is_some_and(|tracks| !tracks.below.is_empty()) || self.is_submodule(name);
        if !tracked && !was_listed && self.rules.ignores(&path, Kind::Folder) {
            return Some(Sight::Passed(Kind::Folder));
        }
        let rules = Arc::new(self.rules.below(path.clone()));
        visits.push(Visit { path, rules, tracks });
        Some(Sight::Other(Kind::Folder))
    }

    fn tracking(&self, tracked: Option<usize>, stamp: &Stamp) -> Tracking {
        let (Some(at), Some(tracks)) = (tracked, &self.tracks) else { return Tracking::Untracked };
        let index = &tracks.ground.index;
        match index.tracked(at).is_some_and(|tracked| index.is_clean(tracked, stamp)) {
            true => Tracking::Clean(at),
            false => Tracking::Dirty,
        }
    }

    /// The place of an entry in the index.
    fn tracked(&mut self, name: &OsStr) -> Option<usize> {
        let tracks = self.tracks.as_ref()?;
        self.buffer.clear();
        self.buffer.extend([tracks.prefix.as_str(), name.to_str()?]);
        tracks.ground.index.find(&tracks.below, &self.buffer)
    }

    fn is_submodule(&mut self, name: &OsStr) -> bool {
        let Some(at) = self.tracked(name) else { return false };
        let tracked = self.tracks.as_ref().and_then(|tracks| tracks.ground.index.tracked(at));
        tracked.is_some_and(Tracked::is_repository)
    }

    fn tracked_below(&self, name: &OsStr) -> Option<Tracks> {
        let Tracks { ground, below, prefix } = self.tracks.as_ref()?;
        let prefix = format!("{prefix}{}/", name.to_str()?);
        let below = ground.index.below(below.clone(), &prefix);
        Some(Tracks { ground: ground.clone(), below, prefix })
    }
}
