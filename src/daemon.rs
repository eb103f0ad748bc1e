//! Builds the parts, hands them to one front end, and shuts down in order.

mod keys;
mod models;
mod ring;
mod serve;
mod settings;
mod standing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::{
    Command, Host, Mode, ModelName, Models, Rulebook, Ruling, Session, SessionId, Setting, Shared, Toolbox,
};
use crate::frontends::acp::{Known, KnownModels};
use crate::frontends::terminal::Interrupts;
use crate::limits;
use crate::os::signals::CtrlC;
use crate::os::{clock, dirs, env, fs, log};
use crate::path::AbsPath;
use crate::providers::record::Recording;
use crate::providers::script::ReadFile;
use crate::providers::servers::{Found, Servers};
use crate::providers::{Providers, Reels};
use crate::store::DiskJournals;
use crate::tools;
use crate::workspace::{Outside, Turns};

pub use keys::Keys;
use models::CurrentModels;
pub use ring::Ring;
pub use serve::{acp, lsp};
use standing::Standing;

/// What was chosen on the command line.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// The model.
    pub model: Option<String>,
    /// The mode of new sessions.
    pub mode: Option<Mode>,
    /// Rules that allow.
    pub allow: Vec<String>,
    /// Where what model servers answer is recorded.
    pub record: Option<PathBuf>,
}

/// The program's parts, built.
pub struct Daemon {
    host: Arc<Host>,
    models: Arc<dyn Models>,
    standing: Arc<Standing>,
    keys: Arc<Keys>,
    choices: Choices,
    reels: Arc<Reels>,
    /// What the user should hear about the configuration as it was at the start.
    notices: Vec<String>,
    broken_rules: Option<String>,
    mode: Mode,
    state: AbsPath,
}

impl Daemon {
    /// Builds the parts. Reads the user's configuration, nothing else; reaches for no network.
    pub fn new(choices: Choices) -> Result<Self, String> {
        let state = dirs::state().map_err(|error| format!("failed to find the state folder: {error}"))?;
        let log_words = log::start(&state).err();
        let standing = Arc::new(Standing::load(settings::user_file()?, &choices, &state)?);
        let user = standing.user();
        let broken_rules = user.broken_rules.clone();
        let asks = broken_rules.as_ref().map(|why| format!("{why}. Everything asks until that is repaired"));
        let notices = user.notices.iter().cloned().chain(log_words).chain(asks).collect();
        let mode = choices.mode.unwrap_or_else(|| user.mode());
        let here = env::current_folder().ok();
        let read: ReadFile = Arc::new(settings::text);
        let default = choices.model.clone();
        let keys = Arc::new(Keys::in_folder(&state)?);
        let lookup = keys.clone();
        let recording = match (&choices.record, &here) {
            (None, _) => None,
            (Some(folder), Some(here)) => Some(here.join(folder).map_err(|error| error.to_string())?),
            (Some(folder), None) => Some(AbsPath::new(folder).map_err(|error| error.to_string())?),
        };
        let recording = recording.map(Recording::in_folder).transpose()?.map(Arc::new);
        let reels = Arc::new(Reels::new(recording));
        let by_these = reels.clone();
        let make = move |servers| {
            let (lookup, read) = (lookup.clone(), read.clone());
            Providers::new(servers, lookup, default.clone(), here.clone(), read).with(by_these.clone())
        };
        let models: Arc<dyn Models> = Arc::new(CurrentModels::new(standing.clone(), Box::new(make)));
        let journals = DiskJournals::new(&state).map_err(|error| error.to_string())?;
        let (rules, modes, passed, chosen) =
            (standing.clone(), standing.clone(), standing.clone(), choices.mode);
        let host = Host::new(Shared {
            journals: Arc::new(journals),
            models: models.clone(),
            toolbox: Arc::new(Toolbox::for_families(tools::built_in(), tools::FAMILIES, tools::SPARED)),
            rules,
            // What was chosen for this program counts before a project's wish, and a client's before both.
            modes: Arc::new(move |cwd, wished| match chosen {
                Some(mode) if mode == wished => mode,
                Some(_) | None => modes.mode_for(cwd, wished),
            }),
            clock: Arc::new(clock::now),
            ids: Arc::new(|| SessionId(uuid::Uuid::now_v7().to_string())),
            environment: Arc::new(surroundings),
            variables: Arc::new(move || passed.user().passed_variables()),
            outside: Some(Outside::default()),
            instructions: Some(settings::user_instructions()?),
            turns: Turns::in_folder(state.join("turns").map_err(|error| error.to_string())?),
        });
        Ok(Self { host, models, standing, keys, choices, reels, notices, broken_rules, mode, state })
    }

    /// Does the work, then ends all sessions and the process's tasks.
    pub fn run<E: From<String>>(
        self,
        work: impl AsyncFnOnce(&Self) -> Result<ExitCode, E>,
    ) -> Result<ExitCode, E> {
        let runtime = runtime()?;
        let done = runtime.block_on(async {
            let done = work(&self).await;
            self.host.shutdown().await;
            done
        });
        // A thread that waits for standard input cannot be joined.
        runtime.shutdown_timeout(Duration::ZERO);
        done
    }

    /// What was recorded, was to be played, and was not; in words for the user.
    pub fn unplayed(&self) -> Option<String> {
        self.reels.unplayed()
    }

    /// The sessions.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// What the user should hear about the configuration.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Why the user's permission rules cannot be read, if so; everything asks then.
    pub fn broken_rules(&self) -> Option<&str> {
        self.broken_rules.as_deref()
    }

    /// The model servers that the settings name by now.
    pub fn servers(&self) -> Servers {
        self.standing.user().servers()
    }

    /// How the model of this name is reached; the error says what to do.
    pub fn found(&self, name: &ModelName) -> Result<Found, String> {
        self.servers().find(&name.0, &*self.keys)
    }

    /// The user's settings file, whether it exists or not.
    pub fn settings_file(&self) -> AbsPath {
        self.standing.user().file.clone()
    }

    /// The providers that want a key, with the keys.
    pub fn ring(&self) -> Ring {
        Ring { keys: self.keys.clone(), standing: self.standing.clone() }
    }

    /// The stored keys.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// The folder in which the program keeps its things.
    pub fn state_folder(&self) -> &AbsPath {
        &self.state
    }

    /// The folder the program was started in, as a real path.
    pub fn here(&self) -> Result<AbsPath, String> {
        let here = env::current_folder().and_then(|folder| fs::real_path(&folder));
        here.map_err(|error| format!("failed to find the current folder: {error}"))
    }

    /// The model for new sessions, or what to do when there is none.
    pub fn model(&self) -> Result<String, String> {
        let name = match &self.choices.model {
            Some(name) => ModelName(name.clone()),
            None => self.models.default()?,
        };
        self.models.find(&name)?;
        Ok(name.0)
    }

    /// Says how many tokens a model's window holds and what they cost, where that is known.
    pub fn known_models(&self) -> KnownModels {
        let models = self.models.clone();
        Arc::new(move |name| match models.find(name) {
            Ok(model) => Known { context: model.window().map(|window| window.context), price: model.price() },
            Err(_) => Known::default(),
        })
    }

    /// The permission rules that hold in a folder, with what is wrong about them. Reads their files.
    pub fn ruling(&self, cwd: &AbsPath) -> Ruling {
        self.standing.ruling(cwd)
    }

    /// The mode of new sessions in a folder. Reads the project's settings.
    pub fn mode_in(&self, cwd: &AbsPath) -> Mode {
        self.choices.mode.unwrap_or_else(|| self.standing.mode_for(cwd, self.mode))
    }

    /// The mode of new sessions, before a project makes it stricter.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Puts what was chosen on the command line in force in a session that goes on.
    pub async fn apply_choices(&self, session: &Session) -> Result<(), String> {
        let model = self.choices.model.clone().map(|name| Setting::Model(ModelName(name)));
        let mode = self.choices.mode.map(Setting::Mode);
        for setting in model.into_iter().chain(mode) {
            let set = session.send(Command::Configure { setting }).await;
            set.map_err(|refused| refused.to_string())?;
        }
        let chosen = session.state(|state| state.model().is_some_and(|name| self.models.find(name).is_ok()));
        if !chosen {
            let setting = Setting::Model(ModelName(self.model()?));
            session.send(Command::Configure { setting }).await.map_err(|refused| refused.to_string())?;
        }
        Ok(())
    }

    /// Counts every Ctrl-C from here on, until the guard is dropped.
    pub fn interrupts(&self) -> Result<(Interrupts, AbortOnDropHandle<()>), String> {
        let (sender, count) = watch::channel(0);
        let listening = CtrlC::listen();
        let mut listening = listening.map_err(|error| format!("failed to listen for Ctrl-C: {error}"))?;
        let counting = tokio::runtime::Handle::current().spawn(async move {
            while listening.next().await.is_some() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok((Interrupts::new(count), AbortOnDropHandle::new(counting)))
    }
}

/// One thread drives everything: a message passes through several tasks, and waking another thread for one of
/// them takes longer than all of them. What may be slow runs on the blocking ones, which come and go.
fn runtime() -> Result<Runtime, String> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(limits::WORKER_THREADS)
        .max_blocking_threads(limits::BLOCKING_THREADS_MAX)
        .enable_all()
        .build();
    built.map_err(|error| format!("failed to start: {error}"))
}

/// Where the model is told it is; the day only, so that a day's requests are the same.
fn surroundings() -> String {
    let shell = if cfg!(windows) { "cmd" } else { "bash" };
    format!(
        "- system: {} ({})\n- shell: {shell}\n- date: {}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        clock::today()
    )
}
