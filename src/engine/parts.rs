//! `Parts`: what a session's turns work with; and `Toolbox`, the tools by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::task::TaskTracker;

use super::desk::Desk;
use super::event::{Mode, SessionId, ToolName};
use super::journal::Journals;
use super::model::{Models, ToolSpec};
use super::recorder::Recorder;
use super::tool::{Tool, ToolError};
use crate::path::AbsPath;
use crate::policy::Rules;
use crate::workspace::Files;

/// Gives the rules for a session that works in this folder. May read files, so it blocks.
pub type RulesFor = Arc<dyn Fn(&AbsPath) -> Arc<Rules> + Send + Sync>;

/// Gives the mode in which a session of this folder begins, where that one is wished for: a project can
/// make it stricter. May read files, so it blocks.
pub type ModeFor = Arc<dyn Fn(&AbsPath, Mode) -> Mode + Send + Sync>;

/// Gives the lines that tell a model where it is: system, shell, date (the day only).
pub type Environment = Arc<dyn Fn() -> String + Send + Sync>;

/// What a session's turns work with.
pub struct Parts {
    /// Which session.
    pub session: SessionId,
    /// The one door for facts.
    pub recorder: Arc<Recorder>,
    /// Finds the model.
    pub models: Arc<dyn Models>,
    /// The tools.
    pub toolbox: Arc<Toolbox>,
    /// The workspace as this session sees it.
    pub files: Files,
    /// Where open questions wait.
    pub desk: Desk,
    /// The rules of all layers.
    pub rules: Arc<Rules>,
    /// Where the model is told it is.
    pub environment: Environment,
    /// The session's own tasks.
    pub tasks: TaskTracker,
    /// All sessions.
    pub journals: Arc<dyn Journals>,
    /// Held by whoever writes a user's file: one at a time in this program.
    pub writing: Arc<tokio::sync::Mutex<()>>,
    /// Whether the facts before the first write of the running turn are on the disk.
    pub settled: AtomicBool,
}

impl Parts {
    /// Syncs the journal before the turn's first write to a user's file.
    pub(super) async fn settle_before_writing(&self) -> Result<(), ToolError> {
        if self.settled.load(Ordering::Acquire) {
            return Ok(());
        }
        let recorder = self.recorder.clone();
        let synced = self.tasks.spawn_blocking(move || recorder.settle()).await;
        match synced {
            Ok(Ok(())) => {
                self.settled.store(true, Ordering::Release);
                Ok(())
            }
            Ok(Err(error)) => Err(ToolError::new(format!(
                "nothing was written: failed to bring the session's journal to the disk: {error}"
            ))),
            Err(_) => Err(ToolError::new("nothing was written: the program is ending")),
        }
    }

    /// Keeps the kept texts of all sessions within their bounds, while the session goes on.
    pub(super) fn clean_up_in_the_background(&self) {
        let journals = self.journals.clone();
        self.tasks.spawn_blocking(move || match journals.clean_up() {
            Ok(0) => {}
            Ok(bytes) => tracing::info!("removed {bytes} bytes of kept texts, the oldest"),
            Err(error) => tracing::warn!("failed to look for old kept texts: {error}"),
        });
    }

    /// Syncs the journal while the session goes on.
    pub(super) fn settle_in_the_background(&self) {
        let recorder = self.recorder.clone();
        self.tasks.spawn_blocking(move || {
            if let Err(error) = recorder.settle() {
                tracing::warn!("failed to bring a session's journal to the disk: {error}");
            }
        });
    }
}

/// The tools by name, in the order in which a model is told of them.
pub struct Toolbox {
    tools: Vec<Arc<dyn Tool>>,
    specs: Arc<[ToolSpec]>,
}

impl Toolbox {
    /// These tools.
    pub fn new(tools: Vec<Arc<dyn Tool>>) -> Self {
        let specs = tools.iter().map(|tool| tool.spec().clone()).collect();
        Self { tools, specs }
    }

    /// How they present themselves.
    pub fn specs(&self) -> &Arc<[ToolSpec]> {
        &self.specs
    }

    /// The tool of that name.
    pub fn find(&self, name: &ToolName) -> Option<Arc<dyn Tool>> {
        self.tools.iter().find(|tool| tool.spec().name == *name).cloned()
    }

    /// What the model hears when there is none of that name.
    pub fn unknown(&self, name: &ToolName) -> String {
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name.0.as_str()).collect();
        format!("there is no tool `{name}`; there are: {}", names.join(", "))
    }
}
