//! `FolderWatch`: changes in folders as the system tells of them, joined where they come close together.

use std::path::{Path, PathBuf};

use notify::{Config, Event, EventHandler, EventKind, RecommendedWatcher, RecursiveMode, WatcherKind};
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer_opt};

use crate::limits;
use crate::path::AbsPath;

/// What the system told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something may be another than before at these paths: entries of watched folders, or such folders.
    Paths(Vec<AbsPath>),
    /// Some changes were lost: anything may be another than before.
    Anything,
}

/// Why a folder is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// There is no such folder.
    #[error("there is no such folder")]
    Gone,
    /// The system watches no more of them.
    #[error("the system watches no more folders")]
    Full,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Watches folders, without what lies in folders in them. Costs two threads, which end with it.
pub struct FolderWatch(Debouncer<Changes>);

impl FolderWatch {
    /// Watches nothing yet. `hear` is called on a thread of its own.
    pub fn new(mut hear: impl FnMut(Told) + Send + 'static) -> Result<Self, WatchError> {
        let config = notify_debouncer_mini::Config::default().with_timeout(limits::OUTSIDE_JOINED);
        let told = move |events: DebounceEventResult| hear(told(events));
        Ok(Self(new_debouncer_opt::<_, Changes>(config, told)?))
    }

    /// Watches this folder too. Waits until it does.
    pub fn add(&mut self, folder: &AbsPath) -> Result<(), WatchError> {
        Ok(self.0.watcher().watch(folder.as_path(), RecursiveMode::NonRecursive)?)
    }

    /// Watches it no more.
    pub fn remove(&mut self, folder: &AbsPath) {
        // One that has gone is not watched any more.
        let _was_watched = self.0.watcher().unwatch(folder.as_path());
    }
}

impl From<notify::Error> for WatchError {
    fn from(error: notify::Error) -> Self {
        match error.kind {
            notify::ErrorKind::PathNotFound | notify::ErrorKind::WatchNotFound => Self::Gone,
            notify::ErrorKind::MaxFilesWatch => Self::Full,
            notify::ErrorKind::Io(ref io) if io.kind() == std::io::ErrorKind::NotFound => Self::Gone,
            notify::ErrorKind::Io(_)
            | notify::ErrorKind::Generic(_)
            | notify::ErrorKind::InvalidConfig(_) => Self::Other(error.to_string()),
        }
    }
}

/// The system's watcher without what is no change, since to look at a file must not be told as one; and
/// with a word for changes that were lost, which debouncing would drop.
struct Changes(RecommendedWatcher);

/// The path that stands for all.
const EVERYWHERE: &str = "";

impl notify::Watcher for Changes {
    fn new<F: EventHandler>(mut handler: F, config: Config) -> notify::Result<Self> {
        let pass = move |told| {
            if let Some(told) = sifted(told) {
                handler.handle_event(told);
            }
        };
        RecommendedWatcher::new(pass, config).map(Self)
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> notify::Result<()> {
        self.0.watch(path, mode)
    }

    fn unwatch(&mut self, path: &Path) -> notify::Result<()> {
        self.0.unwatch(path)
    }

    fn configure(&mut self, option: Config) -> notify::Result<bool> {
        self.0.configure(option)
    }

    fn kind() -> WatcherKind {
        RecommendedWatcher::kind()
    }
}

fn sifted(told: notify::Result<Event>) -> Option<notify::Result<Event>> {
    match told {
        Ok(event) if event.need_rescan() => Some(Ok(event.add_path(PathBuf::from(EVERYWHERE)))),
        Ok(Event { kind: EventKind::Access(_), .. }) => None,
        Ok(_) | Err(_) => Some(told),
    }
}

fn told(events: DebounceEventResult) -> Told {
    match events {
        Ok(events) if events.iter().any(|event| event.path == Path::new(EVERYWHERE)) => Told::Anything,
        // A path that is none of ours cannot be one that somebody asked for.
        Ok(events) => Told::Paths(events.iter().filter_map(|event| AbsPath::new(&event.path).ok()).collect()),
        Err(error) => {
            tracing::debug!("a watcher of folders failed: {error}");
            Told::Anything
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use notify_debouncer_mini::{DebouncedEvent, DebouncedEventKind};

    use super::super::fs::{self, Durability};
    use super::*;

    fn watch(folder: &AbsPath) -> (FolderWatch, Receiver<Told>) {
        let (sender, told) = channel();
        let mut watch = FolderWatch::new(move |told| sender.send(told).unwrap()).unwrap();
        watch.add(folder).unwrap();
        (watch, told)
    }

    /// The further paths that are told up to this one. One that was told already may be told again: a slow
    /// writer makes several changes of one.
    fn until(told: &Receiver<Told>, known: &mut Vec<AbsPath>, last: &AbsPath) -> Vec<AbsPath> {
        let before = known.len();
        while !known.contains(last) {
            match told.recv_timeout(Duration::from_secs(20)).unwrap() {
                Told::Paths(more) => {
                    for path in more {
                        if !known.contains(&path) {
                            known.push(path);
                        }
                    }
                }
                Told::Anything => panic!("nothing is lost"),
            }
        }
        known[before..].to_vec()
    }

    #[test]
    fn a_change_is_told_and_a_look_is_none() {
        let held = tempfile::tempdir().unwrap();
        let folder = fs::real_path(&AbsPath::new(held.path()).unwrap()).unwrap();
        let at = |name: &str| folder.join(name).unwrap();
        fs::replace(&at("seen"), b"x", Durability::Process).unwrap();
        fs::create_folders(&at("deep")).unwrap();
        let ((mut watch, told), mut known) = (watch(&folder), Vec::new());
        fs::read(&at("seen")).unwrap();
        fs::replace(&at("deep/one"), b"x", Durability::Process).unwrap();
        std::fs::write(at("changed").as_path(), b"x").unwrap();
        assert_eq!(until(&told, &mut known, &at("changed")), [at("changed")]);
        fs::remove_file(&at("seen")).unwrap();
        assert_eq!(until(&told, &mut known, &at("seen")), [at("seen")]);
        watch.remove(&folder);
        watch.add(&at("deep")).unwrap();
        std::fs::write(at("unseen").as_path(), b"x").unwrap();
        std::fs::write(at("deep/two").as_path(), b"x").unwrap();
        assert_eq!(until(&told, &mut known, &at("deep/two")), [at("deep/two")]);
        assert!(matches!(watch.add(&at("none")), Err(WatchError::Gone)));
    }

    #[test]
    fn what_was_lost_is_told_as_anything() {
        let lost = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        let path = sifted(Ok(lost)).unwrap().unwrap().paths.remove(0);
        let event = |path| DebouncedEvent::new(path, DebouncedEventKind::Any);
        assert_eq!(told(Ok(vec![event(PathBuf::from("/a")), event(path)])), Told::Anything);
        assert_eq!(told(Err(notify::Error::generic("x"))), Told::Anything);
    }
}
