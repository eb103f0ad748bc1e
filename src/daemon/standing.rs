//! `Standing`: the settings in force, which are read again when their files change.
//!
//! A file that cannot be read leaves what it said before in force, and the user hears of it. One that
//! could never be read says nothing, but that everything asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Choices;
use super::settings::{self, Settings};
use crate::config::ProjectConfig;
use crate::engine::{Mode, Rulebook, Ruling};
use crate::os::fs::{Moment, Stamp};
use crate::path::AbsPath;
use crate::policy::{Layer, LayerKind, Rules};

/// The settings of this process.
pub(super) struct Standing {
    choices: Choices,
    state: AbsPath,
    now: Mutex<Now>,
}

struct Now {
    user: Arc<Settings>,
    mark: Mark,
    /// What is wrong with the user's file since it was changed.
    problems: Vec<String>,
    projects: HashMap<AbsPath, Project>,
}

/// A project's file as it was read last.
struct Project {
    mark: Mark,
    /// What counts of it; none where there is no file.
    config: Option<ProjectConfig>,
    /// Its rules, if it has some.
    layer: Option<Layer>,
    problems: Vec<String>,
}

/// How a file stood when it was read.
#[derive(Debug, Clone, Copy)]
struct Mark {
    stamp: Option<Stamp>,
    taken: Moment,
}

impl Mark {
    fn of(path: &AbsPath) -> Self {
        Self { stamp: settings::stamp(path), taken: Moment::now() }
    }

    /// Whether the file is surely as it was then.
    fn holds(&self, path: &AbsPath) -> bool {
        let is_fresh = self.stamp.is_some_and(|stamp| stamp.is_fresh(self.taken));
        !is_fresh && settings::stamp(path) == self.stamp
    }
}

/// What to do about a file that is not as it was when it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changed {
    ReadAnew,
    GiveUp,
}

impl Rulebook for Standing {
    fn ruling(&self, cwd: &AbsPath) -> Ruling {
        let mut now = self.fresh();
        let asking = || Ruling { rules: Arc::new(Rules::new(vec![Layer::asking()])), ..Ruling::default() };
        now.ruling(cwd, Changed::ReadAnew).unwrap_or_else(asking)
    }

    fn unread(&self, cwd: &AbsPath) -> Option<Ruling> {
        // Who holds it may be reading files.
        let mut now = self.now.try_lock().ok()?;
        let is_current = now.mark.holds(&now.user.file);
        if is_current { now.ruling(cwd, Changed::GiveUp) } else { None }
    }
}

impl Standing {
    /// Reads this file as the user's. A rule of the command line that cannot be read is an error.
    pub(super) fn load(file: AbsPath, choices: &Choices, state: &AbsPath) -> Result<Self, String> {
        let mark = Mark::of(&file);
        let user = Arc::new(Settings::read(file, choices, state)?);
        let now = Now { user, mark, problems: Vec::new(), projects: HashMap::new() };
        Ok(Self { choices: choices.clone(), state: state.clone(), now: Mutex::new(now) })
    }

    /// The user's settings as they are by now.
    pub(super) fn user(&self) -> Arc<Settings> {
        self.fresh().user.clone()
    }

    /// The strictest one of the wished mode, the user's and the project's.
    pub(super) fn mode_for(&self, cwd: &AbsPath, wished: Mode) -> Mode {
        let mut now = self.fresh();
        let wished = now.user.set_mode().map_or(wished, |mode| settings::stricter(wished, mode));
        let modes = settings::folders(cwd).into_iter().filter_map(|folder| now.mode(&folder));
        modes.fold(wished, settings::stricter)
    }

    /// Reads the user's file again where it changed.
    fn fresh(&self) -> MutexGuard<'_, Now> {
        let mut now = self.lock();
        let file = now.user.file.clone();
        if !now.mark.holds(&file) {
            now.mark = Mark::of(&file);
            match Settings::read(file, &self.choices, &self.state) {
                Ok(read) if read.is_sound() => {
                    now.problems = read.notices.clone();
                    now.user = Arc::new(read);
                }
                Ok(read) => {
                    let whys = read.notices.into_iter().chain(read.broken_rules);
                    now.problems = whys.map(|why| format!("{why}. What it said before holds on")).collect();
                }
                Err(why) => now.problems = vec![why],
            }
        }
        now
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// The rules of a session that works in this folder; none where a project's file would have to be read and is
    /// not to be.
    fn ruling(&mut self, cwd: &AbsPath, changed: Changed) -> Option<Ruling> {
        let user = self.user.clone();
        let (mut layers, mut problems) = (user.layers.clone(), self.problems.clone());
        let mut files = vec![user.file.clone()];
        for folder in settings::folders(cwd) {
            let paths = settings::project_files(&folder);
            for path in &paths {
                let project = self.project(path, changed)?;
                problems.extend(project.problems.iter().cloned());
                if project.config.is_some() {
                    layers.extend(project.layer.clone());
                    break;
                }
            }
            files.extend(paths);
        }
        let rules = Rules::new(layers).protecting(user.own.clone()).with_home(settings::home());
        Some(Ruling { rules: Arc::new(rules), files, problems })
    }

    /// The mode that a folder's project wishes for.
    fn mode(&mut self, folder: &AbsPath) -> Option<Mode> {
        let paths = settings::project_files(folder);
        paths
            .iter()
            .find_map(|path| self.project(path, Changed::ReadAnew)?.config.as_ref().map(|it| it.mode))?
    }

    /// What a project's file says; none where it would have to be read and is not to be.
    fn project(&mut self, path: &AbsPath, changed: Changed) -> Option<&Project> {
        let is_current = self.projects.get(path).is_some_and(|known| known.mark.holds(path));
        if !is_current {
            if changed == Changed::GiveUp {
                return None;
            }
            let known = self.projects.remove(path);
            self.projects.insert(path.clone(), Project::read(path, known));
        }
        self.projects.get(path)
    }
}

impl Project {
    fn read(path: &AbsPath, known: Option<Self>) -> Self {
        let mark = Mark::of(path);
        let Some(mut config) = settings::project(path) else {
            return Self { mark, config: None, layer: None, problems: Vec::new() };
        };
        let mut problems = std::mem::take(&mut config.notices);
        problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        if let Some(why) = broken(&config) {
            problems.push(format!("{path}: {why}"));
            let before = known.and_then(|known| known.config).filter(|before| broken(before).is_none());
            let holds = match &before {
                Some(_) => "What it said before holds on",
                None => "Everything asks until that is repaired",
            };
            problems.push(format!("{path}: {holds}"));
            config = before.unwrap_or(config);
        }
        let layer = project_layer(&config);
        Self { mark, config: Some(config), layer, problems }
    }
}

/// Why the rules of a project's file cannot be read, if so.
fn broken(config: &ProjectConfig) -> Option<String> {
    settings::rules(LayerKind::Project, config.sound, config.permission.as_ref()).err()
}

/// The layer of a project's file; none where it has no rules.
fn project_layer(config: &ProjectConfig) -> Option<Layer> {
    settings::rules(LayerKind::Project, config.sound, config.permission.as_ref())
        .unwrap_or_else(|_| Some(Layer::asking()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fs::{self, Durability};
    use crate::policy::Action;

    struct Ground {
        _held: tempfile::TempDir,
        root: AbsPath,
        standing: Standing,
    }

    impl Ground {
        fn new() -> Self {
            let held = tempfile::tempdir().unwrap();
            let root = fs::real_path(&AbsPath::new(held.path()).unwrap()).unwrap();
            let file = root.join("config/quillon.jsonc").unwrap();
            fs::create_folders(&root.join("p/.git").unwrap()).unwrap();
            fs::create_folders(&root.join("p/src").unwrap()).unwrap();
            let standing = Standing::load(file, &Choices::default(), &root).unwrap();
            Self { _held: held, root, standing }
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.root.join(name).unwrap();
            fs::create_folders(&path.parent().unwrap()).unwrap();
            fs::replace(&path, text.as_bytes(), Durability::Process).unwrap();
        }

        fn ruling(&self) -> Ruling {
            self.standing.ruling(&self.root.join("p/src").unwrap())
        }

        /// What the rules say of reading a file of the project, and how much is wrong.
        #[track_caller]
        fn check(&self, action: Option<Action>, problems: usize) {
            let ruling = self.ruling();
            let file = self.root.join("p/src/a").unwrap();
            let roots = [self.root.join("p").unwrap()];
            assert_eq!(ruling.rules.reading(&file, &roots), action);
            assert_eq!(ruling.problems.len(), problems, "{:?}", ruling.problems);
        }
    }

    const DENY: &str = r#"{"permission": {"read": "deny"}}"#;
    const ASK: &str = r#"{"permission": {"read": "ask"}}"#;

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let ground = Ground::new();
        let cwd = ground.root.join("p/src").unwrap();
        assert!(ground.standing.unread(&cwd).is_none(), "nothing was read yet");
        let read = ground.standing.ruling(&cwd);
        let unread = ground.standing.unread(&cwd).unwrap();
        assert_eq!((unread.rules, unread.files), (read.rules, read.files));
        ground.write("p/quillon.jsonc", r#"{"permission": {"bash": "deny"}}"#);
        assert!(ground.standing.unread(&cwd).is_none(), "a file has come");
        ground.standing.ruling(&cwd);
        fs::remove_file(&ground.root.join("p/quillon.jsonc").unwrap()).unwrap();
        assert!(ground.standing.unread(&cwd).is_none(), "it is gone");
    }

    #[test]
    fn a_change_is_read_and_a_broken_file_changes_nothing() {
        let ground = Ground::new();
        ground.check(None, 0);
        for (at, file) in ["config/quillon.jsonc", "p/quillon.jsonc"].into_iter().enumerate() {
            ground.write(file, DENY);
            ground.check(Some(Action::Deny), 0);
            ground.write(file, "{");
            ground.check(Some(Action::Deny), 2 + at);
            ground.write(file, r#"{"permission": {"read": 7}}"#);
            ground.check(Some(Action::Deny), 1 + at);
            ground.write(file, ASK);
            ground.check(Some(Action::Ask), 0);
            fs::remove_file(&ground.root.join(file).unwrap()).unwrap();
            ground.check(None, 0);
        }
        assert!(ground.ruling().files.contains(&ground.root.join("p/.quillon/quillon.jsonc").unwrap()));
    }

    #[test]
    fn a_file_that_never_could_be_read_asks() {
        let ground = Ground::new();
        ground.write("p/quillon.jsonc", "{");
        ground.check(Some(Action::Ask), 3);
    }

    #[test]
    fn a_project_holds_below_its_root_and_only_tightens() {
        let ground = Ground::new();
        let mode =
            |folder: &str, wished| ground.standing.mode_for(&ground.root.join(folder).unwrap(), wished);
        ground.write("quillon.jsonc", r#"{"mode": "plan"}"#);
        assert_eq!(mode("p/src", Mode::Edit), Mode::Edit, "what lies above the repository is not its");
        ground.write("p/quillon.jsonc", r#"{"mode": "ask"}"#);
        assert_eq!(mode("p/src", Mode::Edit), Mode::Ask);
        assert_eq!(mode("p/src", Mode::Plan), Mode::Plan);
        ground.write("config/quillon.jsonc", r#"{"mode": "plan"}"#);
        assert_eq!(mode("p/src", Mode::Edit), Mode::Plan);
    }

    #[test]
    fn another_server_is_found() {
        let ground = Ground::new();
        let base_url = || ground.standing.user().servers().nameless.and_then(|server| server.base_url);
        assert_eq!(base_url(), None);
        ground.write("config/quillon.jsonc", r#"{"provider": {"base_url": "http://x"}, "model": "m"}"#);
        assert_eq!(base_url().as_deref(), Some("http://x"));
    }
}
