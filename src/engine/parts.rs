//! `Parts`: what a session's turns work with; and `Toolbox`, the tools by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::task::TaskTracker;

use super::commits::Heads;
use super::desk::Desk;
use super::event::{Mode, ModelName, SessionId, ToolName};
use super::gates::FileGates;
use super::journal::Journals;
use super::model::{Abilities, Models, ToolSpec};
use super::outside::Stale;
use super::profile::Profile;
use super::recorder::Recorder;
use super::ruling::{InForce, RulesFor};
use super::sent::Outgoing;
use super::state::State;
use super::tool::{Tool, ToolError};
use crate::path::AbsPath;
use crate::workspace::{Files, Outside};

/// Gives the mode in which a session of this folder begins, where that one is wished for: a project can
/// make it stricter. May read files, so it blocks.
pub type ModeFor = Arc<dyn Fn(&AbsPath, Mode) -> Mode + Send + Sync>;

/// Gives the lines that tell a model where it is: system, shell, date (the day only).
pub type Environment = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives variables of the environment by name, with what they hold.
pub type Variables = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

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
    pub(super) rules: Arc<InForce>,
    /// Reads them again.
    pub rules_for: RulesFor,
    /// Where the model is told it is.
    pub environment: Environment,
    /// Variables of the environment that commands get beside the usual ones, as the user wants it.
    pub variables: Variables,
    /// The user's own instructions, for all projects, where there are any.
    pub instructions: Option<AbsPath>,
    /// The session's own tasks.
    pub tasks: TaskTracker,
    /// All sessions.
    pub journals: Arc<dyn Journals>,
    /// Whose turn it is at a user's file.
    pub gates: Arc<FileGates>,
    /// Whether the facts before the first write of the running turn are on the disk.
    pub settled: AtomicBool,
    /// Where the repositories stood that changed files lie in.
    pub(super) heads: Heads,
    /// Tells of changes by others; none where nobody wants to be told.
    pub outside: Option<Outside>,
    /// Requests that went out to a model's server.
    pub outgoing: Outgoing,
    /// Files that changed since the model has seen them.
    pub(super) stale: Stale,
}

impl Parts {
    /// What the session's model accepts beside words.
    pub(super) fn abilities(&self) -> Abilities {
        let model = self.recorder.state(|state| state.model().cloned());
        let found = model.and_then(|model| self.models.find(&model).ok());
        found.map_or_else(Abilities::default, |model| model.abilities())
    }

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

/// A family of models, and what it is not offered: of tools that do the same each family gets those
/// which its models are trained on.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Patterns of names; `*` stands for any letters. One part of a name that fits is enough: parts are
    /// what stands between `/`, `:` and `@`, so that a provider's prefix or a variant does not matter.
    pub models: &'static [&'static str],
    /// The tools that are left out. They work all the same when they are called.
    pub without: &'static [&'static str],
    /// What these models are told beside what all are told, with the briefing; empty for nothing.
    pub note: &'static str,
}

/// The tools by name, in the order in which a model is told of them.
pub struct Toolbox {
    tools: Vec<Arc<dyn Tool>>,
    /// What each family is told, the first one that fits counts; all tools for the rest.
    told: Vec<(Family, Offered)>,
    all: Offered,
}

/// Tools as they present themselves, by how much a model is told.
#[derive(Clone)]
struct Offered {
    full: Arc<[ToolSpec]>,
    compact: Arc<[ToolSpec]>,
}

impl Toolbox {
    /// These tools, for every model.
    pub fn new(tools: Vec<Arc<dyn Tool>>) -> Self {
        Self::for_families(tools, &[], &[])
    }

    /// These tools, as far as a family is offered them; a model of none is offered all. A small one does without
    /// those that are `spared`.
    pub fn for_families(tools: Vec<Arc<dyn Tool>>, families: &[Family], spared: &[&str]) -> Self {
        let specs = |without: &[&str], spared: &[&str]| -> Arc<[ToolSpec]> {
            let is_offered = |name: &str| !without.contains(&name) && !spared.contains(&name);
            let specs = tools.iter().map(|tool| tool.spec());
            specs.filter(|spec| is_offered(&spec.name.0)).cloned().collect()
        };
        let offered =
            |without: &[&str]| Offered { full: specs(without, &[]), compact: specs(without, spared) };
        let told = families.iter().map(|family| (*family, offered(family.without))).collect();
        Self { told, all: offered(&[]), tools }
    }

    /// How those present themselves that this model is offered: the same bytes each time.
    pub fn specs(&self, model: Option<&ModelName>, profile: Profile) -> &Arc<[ToolSpec]> {
        let offered = self.of(model).map_or(&self.all, |(_, offered)| offered);
        match profile {
            Profile::Full => &offered.full,
            Profile::Compact => &offered.compact,
        }
    }

    /// Those that the session's model is offered.
    pub(super) fn offered(&self, state: &State) -> &Arc<[ToolSpec]> {
        self.specs(state.model(), state.profile())
    }

    /// What this model is told beside what all are told; empty for nothing.
    pub fn note(&self, model: Option<&ModelName>) -> &'static str {
        self.of(model).map_or("", |(family, _)| family.note)
    }

    fn of(&self, model: Option<&ModelName>) -> Option<&(Family, Offered)> {
        model.and_then(|model| self.told.iter().find(|(family, _)| family.has(model)))
    }

    /// The tool of that name, offered or not.
    pub fn find(&self, name: &ToolName) -> Option<Arc<dyn Tool>> {
        self.tools.iter().find(|tool| tool.spec().name == *name).cloned()
    }

    /// What this model hears when there is none of that name.
    pub fn unknown(&self, name: &ToolName, model: Option<&ModelName>, profile: Profile) -> String {
        let names: Vec<&str> = self.specs(model, profile).iter().map(|spec| spec.name.0.as_str()).collect();
        format!("there is no tool `{name}`; there are: {}", names.join(", "))
    }
}

impl Family {
    fn has(&self, model: &ModelName) -> bool {
        let name = model.0.to_lowercase();
        name.split(['/', ':', '@']).any(|part| self.models.iter().any(|pattern| fits(pattern, part)))
    }
}

/// Whether a text fits a pattern in which `*` stands for any letters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(first) else { return false };
    text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| fits(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("o3", "o3", true),
            ("o3", "o3-mini", false),
            ("o3-*", "o3-mini", true),
            ("*gpt-5*", "my-gpt-5.1-codex", true),
            ("*gpt-5*", "gpt-4.5", false),
            ("a*b*c", "a-bb-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
