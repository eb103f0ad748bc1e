//! The settings in force: the command line over the project's file over the user's.

use std::io;
use std::sync::Arc;

use super::Choices;
use crate::config::{self, Config, ProjectConfig, load};
use crate::engine::Mode;
use crate::limits;
use crate::os::{dirs, env, fs};
use crate::path::AbsPath;
use crate::policy::{Layer, LayerKind, Rules};
use crate::providers::Server;

/// Names of a project's file, the first that exists counts.
const PROJECT_FILES: &[&str] = &["quillon.jsonc", ".quillon/quillon.jsonc"];

/// The user's settings and the rules of the command line.
pub(super) struct Settings {
    config: Config,
    layers: Vec<Layer>,
    /// What the user should hear about them.
    pub(super) notices: Vec<String>,
}

impl Settings {
    /// Reads the user's file. A rule of the command line that cannot be read is an error; one of a
    /// file is a notice.
    pub(super) fn load(choices: &Choices) -> Result<Self, String> {
        let mut config = match user_file() {
            Ok(Some((name, text))) => load::user(&name, &text),
            Ok(None) => Config::default(),
            Err(error) => {
                let notices = vec![format!("failed to read the configuration: {error}")];
                Config { notices, ..Config::default() }
            }
        };
        let mut notices = std::mem::take(&mut config.notices);
        let mut layers = Vec::new();
        if let Some(permission) = &config.permission {
            match Layer::from_config(LayerKind::User, permission) {
                Ok(layer) => layers.push(layer),
                Err(error) => notices.push(format!("quillon.jsonc: {error}; no rule of `permission` counts")),
            }
        }
        layers.push(Layer::from_flags(&choices.allow).map_err(|error| format!("--allow: {error}"))?);
        Ok(Self { config, layers, notices })
    }

    /// The server that answers for models other than the demo and scripts.
    pub(super) fn server(&self) -> Option<Server> {
        let chosen = config::server(&self.config, &env::var)?;
        Some(Server {
            base_url: chosen.base_url,
            model: chosen.model,
            key: chosen.key,
            headers: chosen.headers,
        })
    }

    /// The rules of a session that works in this folder.
    pub(super) fn rules_for(&self, cwd: &AbsPath) -> Arc<Rules> {
        let project = project(cwd);
        let mut layers = self.layers.clone();
        if let Some(permission) = &project.permission {
            match Layer::from_config(LayerKind::Project, permission) {
                Ok(layer) => layers.push(layer),
                Err(error) => tracing::warn!("the project's file in {cwd}: {error}; no rule of it counts"),
            }
        }
        for notice in &project.notices {
            tracing::warn!("{notice}");
        }
        Arc::new(Rules::new(layers))
    }

    /// The user's mode of new sessions.
    pub(super) fn mode(&self) -> Mode {
        self.config.mode.unwrap_or_default()
    }

    /// The mode of new sessions in this folder: the stricter one of the user's and the project's.
    pub(super) fn mode_for(&self, cwd: &AbsPath) -> Mode {
        let own = self.mode();
        match (own, project(cwd).mode) {
            (_, Some(Mode::Plan)) | (Mode::Plan, _) => Mode::Plan,
            (_, Some(Mode::Ask)) | (Mode::Ask, _) => Mode::Ask,
            (Mode::Edit, Some(Mode::Edit) | None) => Mode::Edit,
        }
    }
}

fn user_file() -> io::Result<Option<(String, String)>> {
    let path = dirs::config()?.join("quillon.jsonc").map_err(io::Error::other)?;
    Ok(text(&path)?.map(|text| (path.to_string(), text)))
}

fn project(cwd: &AbsPath) -> ProjectConfig {
    for name in PROJECT_FILES {
        let Ok(path) = cwd.join(name) else { continue };
        match text(&path) {
            Ok(Some(text)) => return load::project(&path.to_string(), &text),
            Ok(None) => {}
            Err(error) => {
                return ProjectConfig {
                    notices: vec![format!("failed to read {path}: {error}")],
                    ..ProjectConfig::default()
                };
            }
        }
    }
    ProjectConfig::default()
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
