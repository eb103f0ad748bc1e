//! `Outside`: tells sessions of changes in the folders that they ask for, whoever makes them.
//!
//! One watch serves a whole process. It begins with the first folder that somebody asks for and ends with
//! the last. A folder that is not there is awaited at the nearest one above that is. A folder for which
//! there is no room is not watched: nothing relies on being told, and what lies there is looked at when it
//! is used, as everything is.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::limits;
use crate::os::fs::{self, Kind};
use crate::os::watch::{FolderWatch, Told, WatchError};
use crate::path::AbsPath;

/// What changes outside of this process; cheap to clone.
#[derive(Clone)]
pub struct Outside(Arc<Mutex<Hub>>);

/// One who asks. What it asked for is let go with it.
pub struct Lookout {
    hub: Arc<Mutex<Hub>>,
    id: u64,
    waiting: Arc<Waiting>,
}

/// What has come since somebody asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// These paths may hold something else. A folder among them stands for all that lies right in it.
    Paths(BTreeSet<AbsPath>),
    /// Any path may.
    Anything,
}

struct Hub {
    watch: Option<FolderWatch>,
    folders: HashMap<AbsPath, Folder>,
    lookouts: HashMap<u64, Asking>,
    next: u64,
    watched: usize,
    /// How many may be.
    room: usize,
    /// Whether it was said that there is no more room.
    said: bool,
}

struct Folder {
    /// How many ask for it, and how many folders are awaited at it.
    users: usize,
    stands: Stands,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stands {
    Watched,
    /// It is not there; this one is watched until it is.
    Awaited(AbsPath),
    /// It is not watched.
    Left,
}

struct Asking {
    folders: HashSet<AbsPath>,
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    news: Mutex<Option<News>>,
    bell: Notify,
}

impl Default for Outside {
    fn default() -> Self {
        Self::with_room(limits::WATCHED_FOLDERS_MAX)
    }
}

impl Outside {
    fn with_room(room: usize) -> Self {
        let (folders, lookouts) = (HashMap::new(), HashMap::new());
        let hub = Hub { watch: None, folders, lookouts, next: 0, watched: 0, room, said: false };
        Self(Arc::new(Mutex::new(hub)))
    }

    /// Somebody who asks for nothing yet, which costs nothing.
    pub fn lookout(&self) -> Lookout {
        let mut hub = lock(&self.0);
        hub.next += 1;
        let (id, waiting) = (hub.next, Arc::<Waiting>::default());
        hub.lookouts.insert(id, Asking { folders: HashSet::new(), waiting: waiting.clone() });
        Lookout { hub: self.0.clone(), id, waiting }
    }

    /// How many folders are watched.
    pub fn watched(&self) -> usize {
        lock(&self.0).watched
    }
}

impl Lookout {
    /// Asks for these folders, and no others any more. Blocks until they are watched.
    pub fn ask(&self, folders: HashSet<AbsPath>) {
        let mut hub = lock(&self.hub);
        let Some(asking) = hub.lookouts.get_mut(&self.id) else { return };
        let before = std::mem::replace(&mut asking.folders, folders.clone());
        let me = Arc::downgrade(&self.hub);
        for folder in folders.difference(&before) {
            hub.hold(folder, &me);
        }
        for folder in before.difference(&folders) {
            hub.let_go(folder);
        }
        // For those there may be room by now.
        for folder in folders.intersection(&before) {
            if hub.folders.get(folder).is_some_and(|held| held.stands == Stands::Left) {
                hub.begin(folder, &me);
            }
        }
    }

    /// Waits for changes. Nothing is lost when the future is dropped.
    pub async fn news(&self) -> News {
        loop {
            let rung = self.waiting.bell.notified();
            if let Some(news) = self.waiting.news().take() {
                return news;
            }
            rung.await;
        }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.ask(HashSet::new());
        lock(&self.hub).lookouts.remove(&self.id);
    }
}

impl News {
    /// Whether this path may hold something else.
    pub fn tells_of(&self, path: &AbsPath) -> bool {
        match self {
            Self::Paths(paths) => {
                paths.contains(path) || path.parent().is_some_and(|folder| paths.contains(&folder))
            }
            Self::Anything => true,
        }
    }

    fn join(self, more: Self) -> Self {
        match (self, more) {
            (Self::Paths(mut paths), Self::Paths(more)) => {
                paths.extend(more);
                if paths.len() > limits::OUTSIDE_WAITING_MAX {
                    return Self::Anything;
                }
                Self::Paths(paths)
            }
            (Self::Anything, _) | (_, Self::Anything) => Self::Anything,
        }
    }
}

impl Waiting {
    fn tell(&self, more: News) {
        let mut news = self.news();
        *news = Some(match news.take() {
            Some(news) => news.join(more),
            None => more,
        });
        drop(news);
        self.bell.notify_one();
    }

    fn news(&self) -> MutexGuard<'_, Option<News>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    fn hold(&mut self, folder: &AbsPath, me: &Weak<Mutex<Self>>) {
        if let Some(held) = self.folders.get_mut(folder) {
            held.users += 1;
            return;
        }
        self.folders.insert(folder.clone(), Folder { users: 1, stands: Stands::Left });
        self.begin(folder, me);
    }

    fn let_go(&mut self, folder: &AbsPath) {
        let Some(held) = self.folders.get_mut(folder) else { return };
        held.users -= 1;
        if held.users > 0 {
            return;
        }
        match self.folders.remove(folder).map(|held| held.stands) {
            Some(Stands::Watched) => self.remove(folder),
            Some(Stands::Awaited(above)) => self.let_go(&above),
            Some(Stands::Left) | None => {}
        }
        if self.folders.is_empty() {
            self.watch = None;
        }
    }

    /// Watches a held folder, or awaits it.
    fn begin(&mut self, folder: &AbsPath, me: &Weak<Mutex<Self>>) {
        let stands = match self.add(folder, me) {
            Ok(()) => Stands::Watched,
            Err(WatchError::Gone) => match nearest_above(folder) {
                Some(above) => {
                    self.hold(&above, me);
                    // It may have come before anybody looked out for it.
                    if is_folder(folder) && self.add(folder, me).is_ok() {
                        self.let_go(&above);
                        Stands::Watched
                    } else {
                        Stands::Awaited(above)
                    }
                }
                None => Stands::Left,
            },
            Err(WatchError::Full | WatchError::Other(_)) => Stands::Left,
        };
        if let Some(held) = self.folders.get_mut(folder) {
            held.stands = stands;
        }
    }

    fn add(&mut self, folder: &AbsPath, me: &Weak<Mutex<Self>>) -> Result<(), WatchError> {
        let added = if self.watched >= self.room {
            Err(WatchError::Full)
        } else {
            self.watch(me).and_then(|watch| watch.add(folder))
        };
        match &added {
            Ok(()) => self.watched += 1,
            Err(WatchError::Gone) => {}
            Err(WatchError::Full) if self.said => {}
            Err(error) => {
                self.said = true;
                tracing::info!("changes in {folder} are seen when a file there is used, not before: {error}");
            }
        }
        added
    }

    fn remove(&mut self, folder: &AbsPath) {
        self.watched -= 1;
        if let Some(watch) = &mut self.watch {
            watch.remove(folder);
        }
    }

    fn watch(&mut self, me: &Weak<Mutex<Self>>) -> Result<&mut FolderWatch, WatchError> {
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => {
                let me = me.clone();
                FolderWatch::new(move |told| {
                    if let Some(hub) = me.upgrade() {
                        lock(&hub).hear(told, &me);
                    }
                })?
            }
        };
        Ok(self.watch.insert(watch))
    }

    fn hear(&mut self, told: Told, me: &Weak<Mutex<Self>>) {
        let mut paths = match told {
            Told::Paths(paths) => paths,
            Told::Anything => {
                let all: Vec<AbsPath> = self.folders.keys().cloned().collect();
                all.iter().for_each(|folder| self.look_again(folder, me));
                self.lookouts.values().for_each(|asking| asking.waiting.tell(News::Anything));
                return;
            }
        };
        // What is told of a watched folder itself, may be told for the last time: another one stands there.
        let themselves: Vec<AbsPath> =
            paths.iter().filter(|path| self.folders.contains_key(path)).cloned().collect();
        let at =
            |above: &AbsPath| paths.iter().any(|path| path == above || path.parent().as_ref() == Some(above));
        let awaited = self.folders.iter().filter(|(_, folder)| match &folder.stands {
            Stands::Awaited(above) => at(above),
            Stands::Watched | Stands::Left => false,
        });
        let awaited: Vec<AbsPath> = awaited.map(|(folder, _)| folder.clone()).collect();
        for folder in themselves.iter().chain(&awaited) {
            self.look_again(folder, me);
        }
        paths.extend(awaited);
        for asking in self.lookouts.values() {
            let asked = |path: &&AbsPath| {
                asking.folders.contains(path)
                    || path.parent().is_some_and(|folder| asking.folders.contains(&folder))
            };
            let told: BTreeSet<AbsPath> = paths.iter().filter(asked).cloned().collect();
            if !told.is_empty() {
                asking.waiting.tell(News::Paths(BTreeSet::new()).join(News::Paths(told)));
            }
        }
    }

    /// Begins anew with a folder in whose place another one may stand, or none.
    fn look_again(&mut self, folder: &AbsPath, me: &Weak<Mutex<Self>>) {
        let Some(held) = self.folders.get_mut(folder) else { return };
        let before = std::mem::replace(&mut held.stands, Stands::Left);
        if before == Stands::Watched {
            self.remove(folder);
        }
        self.begin(folder, me);
        if let Stands::Awaited(above) = before {
            self.let_go(&above);
        }
    }
}

fn nearest_above(folder: &AbsPath) -> Option<AbsPath> {
    let mut above = folder.parent();
    while let Some(present) = above {
        if is_folder(&present) {
            return Some(present);
        }
        above = present.parent();
    }
    None
}

fn is_folder(path: &AbsPath) -> bool {
    fs::look(path).is_ok_and(|look| look.kind == Kind::Folder)
}

fn lock(hub: &Mutex<Hub>) -> MutexGuard<'_, Hub> {
    hub.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::os::fs::Durability;

    struct Ground {
        _held: tempfile::TempDir,
        root: AbsPath,
        outside: Outside,
    }

    impl Ground {
        fn new() -> Self {
            let held = tempfile::tempdir().unwrap();
            let root = fs::real_path(&AbsPath::new(held.path()).unwrap()).unwrap();
            Self { _held: held, root, outside: Outside::default() }
        }

        fn at(&self, name: &str) -> AbsPath {
            self.root.join(name).unwrap()
        }

        fn write(&self, name: &str) {
            fs::create_folders(&self.at(name).parent().unwrap()).unwrap();
            fs::replace(&self.at(name), b"x", Durability::Process).unwrap();
        }

        fn ask(&self, lookout: &Lookout, folders: &[&str]) {
            lookout.ask(folders.iter().map(|name| self.at(name)).collect());
        }

        #[allow(clippy::disallowed_methods, reason = "takes away what is watched")]
        fn remove(&self, name: &str) {
            std::fs::remove_dir_all(self.at(name).as_path()).unwrap();
        }

        #[allow(clippy::disallowed_methods, reason = "moves what is watched")]
        fn rename(&self, from: &str, to: &str) {
            std::fs::rename(self.at(from).as_path(), self.at(to).as_path()).unwrap();
        }
    }

    /// Waits until a path is told of.
    async fn told(lookout: &Lookout, path: &AbsPath) {
        let told = async { while !lookout.news().await.tells_of(path) {} };
        tokio::time::timeout(Duration::from_secs(20), told).await.expect("it is told of");
    }

    #[tokio::test]
    async fn each_hears_of_what_it_asked_for_and_the_watch_ends_with_the_last() {
        let ground = Ground::new();
        ground.write("a/x");
        ground.write("b/x");
        let (one, other) = (ground.outside.lookout(), ground.outside.lookout());
        assert!(lock(&ground.outside.0).watch.is_none(), "nothing is begun before it is needed");
        ground.ask(&one, &["a"]);
        ground.ask(&other, &["a", "b"]);
        assert_eq!(ground.outside.watched(), 2);
        ground.write("b/y");
        told(&other, &ground.at("b/y")).await;
        ground.write("a/y");
        told(&other, &ground.at("a/y")).await;
        match one.news().await {
            News::Paths(paths) => assert!(paths.iter().all(|path| path.starts_with(&ground.at("a")))),
            News::Anything => panic!("nothing was lost"),
        }
        drop(other);
        assert_eq!(ground.outside.watched(), 1);
        drop(one);
        assert!(lock(&ground.outside.0).watch.is_none());
        assert!(lock(&ground.outside.0).folders.is_empty());
    }

    #[tokio::test]
    async fn folders_go_and_come_back() {
        let ground = Ground::new();
        ground.write("p/q/x");
        let lookout = ground.outside.lookout();
        ground.ask(&lookout, &["p/q", "later/on"]);
        ground.remove("p");
        told(&lookout, &ground.at("p/q/x")).await;
        ground.write("p/q/x");
        told(&lookout, &ground.at("p/q/x")).await;
        ground.write("p/q/y");
        told(&lookout, &ground.at("p/q/y")).await;
        ground.rename("p/q", "p/r");
        told(&lookout, &ground.at("p/q/y")).await;
        ground.rename("p/r", "p/q");
        told(&lookout, &ground.at("p/q/y")).await;
        ground.write("later/on/z");
        told(&lookout, &ground.at("later/on/z")).await;
        ground.write("later/on/zz");
        told(&lookout, &ground.at("later/on/zz")).await;
        ground.ask(&lookout, &[]);
        assert!(lock(&ground.outside.0).folders.is_empty(), "what was watched to await them is let go");
    }

    #[tokio::test]
    async fn there_is_an_end_to_what_is_watched_and_to_what_waits() {
        let ground = Ground { outside: Outside::with_room(2), ..Ground::new() };
        ["a/x", "b/x", "c/x"].iter().for_each(|name| ground.write(name));
        let lookout = ground.outside.lookout();
        ground.ask(&lookout, &["a", "b", "c"]);
        assert_eq!(ground.outside.watched(), 2);
        ground.ask(&lookout, &["c"]);
        assert_eq!(ground.outside.watched(), 1, "there is room for it now");
        ground.write("c/y");
        told(&lookout, &ground.at("c/y")).await;
        let many: BTreeSet<AbsPath> =
            (0..=limits::OUTSIDE_WAITING_MAX).map(|at| ground.at(&at.to_string())).collect();
        lookout.waiting.tell(News::Paths(BTreeSet::new()));
        lookout.waiting.tell(News::Paths(many));
        assert_eq!(lookout.news().await, News::Anything);
    }
}
