//! The settings in force: the command line over the project's file over the user's.

use std::io;
use std::time::Duration;

use super::Choices;
use crate::config::{self, Config, ModelSettings, Nameless, ProjectConfig, Provider, Sound, load};
use crate::engine::Mode;
use crate::engine::budget::Budget;
use crate::engine::model::{Abilities, Price, Rates};
use crate::limits;
use crate::os::fs::{self, Stamp};
use crate::os::{dirs, env};
use crate::path::AbsPath;
use crate::policy::{Layer, LayerKind};
use crate::providers::facts::Facts;
use crate::providers::servers::{Said, Server, Servers};

/// Names of a project's file, the first that exists in a folder counts.
const PROJECT_FILES: &[&str] = &["quillon.jsonc", ".quillon/quillon.jsonc"];

/// The user's settings and the rules of the command line.
pub(super) struct Settings {
    config: Config,
    /// The user's file.
    pub(super) file: AbsPath,
    /// The rules of the command line and of the file.
    pub(super) layers: Vec<Layer>,
    /// The program's own folders, which no edit may change without a question.
    pub(super) own: Vec<AbsPath>,
    /// What the user should hear about them.
    pub(super) notices: Vec<String>,
    /// Why the user's permission rules do not count, if so; everything asks then.
    pub(super) broken_rules: Option<String>,
}

impl Settings {
    /// Reads this file as the user's. A rule of the command line that cannot be read is an error.
    pub(super) fn read(file: AbsPath, choices: &Choices, state: &AbsPath) -> Result<Self, String> {
        let own = file.parent().into_iter().chain([state.clone()]).collect();
        let mut config = match text(&file) {
            Ok(Some(text)) => load::user(&file.to_string(), &text),
            Ok(None) => Config::default(),
            Err(error) => {
                let notices = vec![format!("failed to read {file}: {error}")];
                Config { sound: Sound::No, notices, ..Config::default() }
            }
        };
        let notices = std::mem::take(&mut config.notices);
        let mut layers = vec![
            Layer::from_flags(&choices.allow).map(at_home).map_err(|error| format!("--allow: {error}"))?,
        ];
        let user = rules(LayerKind::User, config.sound, config.permission.as_ref());
        let broken_rules = user.as_ref().err().map(|why| format!("{file}: {why}"));
        layers.extend(user.unwrap_or_else(|_| Some(Layer::asking())));
        Ok(Self { config, file, layers, own, notices, broken_rules })
    }

    /// Whether the file could be read, rules and all.
    pub(super) fn is_sound(&self) -> bool {
        self.config.sound == Sound::Yes && self.broken_rules.is_none()
    }

    /// The servers that answer for models other than the demo and scripts.
    pub(super) fn servers(&self) -> Servers {
        let nameless = config::nameless(&self.config, &env::var).map(|Nameless { provider, key }| {
            let server = server(&provider);
            Server { key: key.or(server.key.clone()), ..server }
        });
        let named = self.config.providers.iter();
        Servers {
            nameless,
            named: named.map(|(name, provider)| (name.clone(), server(provider))).collect(),
            model: config::model(&self.config, &env::var),
            small: self.config.small_model.clone(),
            instead: self.config.fallback_models.clone(),
            local_only: self.config.local_only,
        }
    }

    /// The variables that commands get beside the usual ones, as far as they are set.
    pub(super) fn passed_variables(&self) -> Vec<(String, String)> {
        let names = self.config.pass_environment.iter();
        names.filter_map(|name| Some((name.clone(), env::var(name)?))).collect()
    }

    /// What a turn may spend before the user is asked.
    pub(super) fn budget(&self) -> Budget {
        let config::Budget { steps, tokens, cost, minutes } = self.config.budget;
        Budget {
            steps,
            tokens,
            dollars: cost,
            time: minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0)),
        }
    }

    /// The user's mode of new sessions.
    pub(super) fn mode(&self) -> Mode {
        self.config.mode.unwrap_or_default()
    }

    /// The mode that the user's file names.
    pub(super) fn set_mode(&self) -> Option<Mode> {
        self.config.mode
    }
}

fn server(provider: &Provider) -> Server {
    let models = provider.models.iter();
    Server {
        api: provider.api.clone(),
        base_url: provider.base_url.clone(),
        key: provider.api_key_env.as_deref().and_then(env::var).filter(|key| !key.trim().is_empty()),
        headers: provider.headers.clone(),
        proxy: provider.proxy.clone(),
        all: said(&provider.all),
        models: models.map(|(name, model)| (name.clone(), said(model))).collect(),
    }
}

fn said(model: &ModelSettings) -> Said {
    let price = model.price.map(|price| {
        let config::Price { input, output, cache_read, cache_write } = price;
        Price { rates: Rates { input, output, cache_read, cache_write }, over: None }
    });
    let accepts = model.accepts.map(|accepts| Abilities { images: accepts.images, pdf: accepts.pdf });
    let facts = Facts { context: model.context_tokens, accepts, price, ..Facts::default() };
    Said { facts, effort: model.effort.clone(), output_tokens: model.output_tokens }
}

/// Where the user's file is, or would be.
pub(super) fn user_file() -> Result<AbsPath, String> {
    let folder =
        dirs::config().map_err(|error| format!("failed to find the configuration folder: {error}"))?;
    folder.join("quillon.jsonc").map_err(|error| error.to_string())
}

/// Where the user's instructions for all projects are, or would be.
pub(super) fn user_instructions() -> Result<AbsPath, String> {
    let folder = user_file()?.parent().ok_or("the configuration folder has no name")?;
    folder.join("AGENTS.md").map_err(|error| error.to_string())
}

/// The stricter one of two modes.
pub(super) fn stricter(one: Mode, other: Mode) -> Mode {
    match (one, other) {
        (Mode::Plan, _) | (_, Mode::Plan) => Mode::Plan,
        (Mode::Ask, _) | (_, Mode::Ask) => Mode::Ask,
        (Mode::Edit, Mode::Edit) => Mode::Edit,
    }
}

/// The rules of one file; none where it has none. The error says why they cannot be read.
pub(super) fn rules(
    kind: LayerKind,
    sound: Sound,
    permission: Option<&serde_json::Value>,
) -> Result<Option<Layer>, String> {
    match (sound, permission) {
        (Sound::No, _) => Err("it cannot be read, so its permission rules are not known".into()),
        (Sound::Yes, None) => Ok(None),
        (Sound::Yes, Some(permission)) => {
            let layer = Layer::from_config(kind, permission).map_err(|error| error.to_string())?;
            Ok(Some(at_home(layer)))
        }
    }
}

/// The user's folder, as a real path.
pub(super) fn home() -> Option<AbsPath> {
    env::home().and_then(|home| fs::real_path(&home).ok())
}

fn at_home(layer: Layer) -> Layer {
    match home() {
        Some(home) => layer.at_home(&home),
        None => layer,
    }
}

/// The folders whose project files hold for this folder: from the repository's root (the nearest folder
/// above with `.git`) down to the folder itself, or the folder alone where there is no repository.
pub(super) fn folders(cwd: &AbsPath) -> Vec<AbsPath> {
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
    folders.reverse();
    folders
}

/// Where a project's file may be in a folder; the first that is there counts.
pub(super) fn project_files(folder: &AbsPath) -> Vec<AbsPath> {
    PROJECT_FILES.iter().filter_map(|name| folder.join(name).ok()).collect()
}

/// What a project's file says; none where there is no file.
pub(super) fn project(path: &AbsPath) -> Option<ProjectConfig> {
    match text(path) {
        Ok(text) => text.map(|text| load::project(&path.to_string(), &text)),
        Err(error) => {
            let notices = vec![format!("failed to read {path}: {error}")];
            Some(ProjectConfig { sound: Sound::No, notices, ..ProjectConfig::default() })
        }
    }
}

/// How a file stands, behind links.
pub(super) fn stamp(path: &AbsPath) -> Option<Stamp> {
    fs::stamp(&fs::real_path(path).ok()?).ok()
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
