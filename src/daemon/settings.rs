//! The settings in force: the command line over the project's file over the user's.

use std::io;
use std::sync::Arc;

use super::Choices;
use crate::config::{self, Accepts, Config, ProjectConfig, Sound, load};
use crate::engine::{Abilities, Mode};
use crate::limits;
use crate::os::{dirs, env, fs};
use crate::path::AbsPath;
use crate::policy::{Layer, LayerKind, Rules};
use crate::providers::Server;

/// Names of a project's file, the first that exists in a folder counts.
const PROJECT_FILES: &[&str] = &["quillon.jsonc", ".quillon/quillon.jsonc"];

/// The user's settings and the rules of the command line.
pub(super) struct Settings {
    config: Config,
    layers: Vec<Layer>,
    /// The program's own folders, which no edit may change without a question.
    own: Vec<AbsPath>,
    /// What the user should hear about them.
    pub(super) notices: Vec<String>,
    /// Why the user's permission rules do not count, if so; everything asks then.
    pub(super) broken_rules: Option<String>,
}

impl Settings {
    /// Reads the user's file. A rule of the command line that cannot be read is an error.
    pub(super) fn load(choices: &Choices, state: &AbsPath) -> Result<Self, String> {
        let folder =
            dirs::config().map_err(|error| format!("failed to find the configuration folder: {error}"))?;
        let file = folder.join("quillon.jsonc").map_err(|error| error.to_string())?;
        let mut config = match text(&file) {
            Ok(Some(text)) => load::user(&file.to_string(), &text),
            Ok(None) => Config::default(),
            Err(error) => {
                let notices = vec![format!("failed to read {file}: {error}")];
                Config { sound: Sound::No, notices, ..Config::default() }
            }
        };
        let notices = std::mem::take(&mut config.notices);
        let mut layers =
            vec![Layer::from_flags(&choices.allow).map_err(|error| format!("--allow: {error}"))?];
        let user = rules(LayerKind::User, config.sound, config.permission.as_ref());
        let broken_rules = user.as_ref().err().map(|why| format!("{file}: {why}"));
        layers.extend(user.unwrap_or_else(|_| Some(Layer::asking())));
        Ok(Self { config, layers, own: vec![state.clone(), folder], notices, broken_rules })
    }

    /// The server that answers for models other than the demo and scripts.
    pub(super) fn server(&self) -> Option<Server> {
        let chosen = config::server(&self.config, &env::var)?;
        Some(Server {
            base_url: chosen.base_url,
            model: chosen.model,
            key: chosen.key,
            headers: chosen.headers,
            abilities: abilities(chosen.accepts),
            models: chosen.models.into_iter().map(|(name, accepts)| (name, abilities(accepts))).collect(),
        })
    }

    /// The rules of a session that works in this folder.
    pub(super) fn rules_for(&self, cwd: &AbsPath) -> Arc<Rules> {
        let mut layers = self.layers.clone();
        for project in projects(cwd) {
            project.notices.iter().for_each(|notice| tracing::warn!("{notice}"));
            match rules(LayerKind::Project, project.sound, project.permission.as_ref()) {
                Ok(layer) => layers.extend(layer),
                Err(why) => {
                    tracing::warn!(
                        "the project's permission rules cannot be read, so everything asks: {why}"
                    );
                    layers.push(Layer::asking());
                }
            }
        }
        Arc::new(Rules::new(layers).protecting(self.own.clone()))
    }

    /// The user's mode of new sessions.
    pub(super) fn mode(&self) -> Mode {
        self.config.mode.unwrap_or_default()
    }

    /// The strictest one of the wished mode and the project's.
    pub(super) fn mode_for(&self, cwd: &AbsPath, wished: Mode) -> Mode {
        projects(cwd).into_iter().filter_map(|project| project.mode).fold(wished, stricter)
    }
}

fn abilities(accepts: Accepts) -> Abilities {
    Abilities { images: accepts.images, pdf: accepts.pdf }
}

fn stricter(one: Mode, other: Mode) -> Mode {
    match (one, other) {
        (Mode::Plan, _) | (_, Mode::Plan) => Mode::Plan,
        (Mode::Ask, _) | (_, Mode::Ask) => Mode::Ask,
        (Mode::Edit, Mode::Edit) => Mode::Edit,
    }
}

/// The rules of one file; none where it has none. The error says why they cannot be read.
fn rules(
    kind: LayerKind,
    sound: Sound,
    permission: Option<&serde_json::Value>,
) -> Result<Option<Layer>, String> {
    match (sound, permission) {
        (Sound::No, _) => Err("it cannot be read, so its permission rules are not known".into()),
        (Sound::Yes, None) => Ok(None),
        (Sound::Yes, Some(permission)) => {
            Layer::from_config(kind, permission).map(Some).map_err(|error| error.to_string())
        }
    }
}

/// The project's files that hold for this folder: from the repository's root (the nearest folder above
/// with `.git`) down to the folder itself, or the folder's own where there is no repository.
fn projects(cwd: &AbsPath) -> Vec<ProjectConfig> {
    let mut folders = vec![cwd.clone()];
    while let Some(parent) = folders.last().and_then(AbsPath::parent) {
        let is_root = |folder: &AbsPath| folder.join(".git").is_ok_and(|git| fs::look(&git).is_ok());
        if folders.last().is_some_and(is_root) {
            break;
        }
        folders.push(parent);
    }
    if folders.last().is_some_and(|last| last.parent().is_none()) {
        folders.truncate(1);
    }
    folders.iter().rev().filter_map(project).collect()
}

fn project(folder: &AbsPath) -> Option<ProjectConfig> {
    PROJECT_FILES.iter().find_map(|name| {
        let path = folder.join(name).ok()?;
        match text(&path) {
            Ok(text) => text.map(|text| load::project(&path.to_string(), &text)),
            Err(error) => {
                let notices = vec![format!("failed to read {path}: {error}")];
                Some(ProjectConfig { sound: Sound::No, notices, ..ProjectConfig::default() })
            }
        }
    })
}

/// A file's text; none where there is no file.
pub(super) fn text(path: &AbsPath) -> io::Result<Option<String>> {
    let bytes = match fs::read_up_to(path, limits::CONFIG_BYTES_MAX as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if bytes.whole_len > limits::CONFIG_BYTES_MAX as u64 {
        return Err(io::Error::other(format!("it is larger than {} bytes", limits::CONFIG_BYTES_MAX)));
    }
    String::from_utf8(bytes.bytes).map(Some).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_holds_below_its_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        let (git, sub) = (root.join("p/.git").unwrap(), root.join("p/src/deep").unwrap());
        fs::create_folders(&git).unwrap();
        fs::create_folders(&sub).unwrap();
        let write = |name: &str, text: &str| {
            fs::replace(&root.join(name).unwrap(), text.as_bytes(), fs::Durability::Process).unwrap();
        };
        write("quillon.jsonc", r#"{"mode": "plan"}"#);
        write("p/quillon.jsonc", r#"{"mode": "ask"}"#);
        assert_eq!(projects(&sub).len(), 1, "what lies above the repository is not its");
        assert_eq!(projects(&sub)[0].mode, Some(Mode::Ask));
        assert_eq!(projects(&root)[0].mode, Some(Mode::Plan));
        write("p/quillon.jsonc", "{");
        assert_eq!(projects(&sub)[0].sound, Sound::No);
    }
}
