//! `Access`: the hands of a granted call. It can do the granted intent and nothing else: no method
//! takes a target.

mod knowledge;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::commits;
use super::event::{CallId, Event, Exit as Ending, Portion, Seen, TodoItem};
use super::found::{self, Beside};
use super::media::{self, Kept};
use super::model::Abilities;
use super::preview::{self, FileChange};
use super::rebase::{self, OnChange};
use super::showing;
use super::tool::ToolError;
use super::traces::Traces;
use super::turn::Turn;
use super::unsaved::Unsaved;
use super::writing::{self, Cause, Wrote};
use crate::os::process::{self, Shell};
pub use crate::os::process::{Ended, Exit, signal_name};
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Edit, SharedText, Version};
use crate::workspace::survey;
use crate::workspace::{
    Content, FileError, GlobQuery, Globbed, GrepQuery, Grepped, Listing, PageQuery, Pages, Part, SearchFor,
    Shown, TextFile, Unfit, Views, WriteError, Written,
};

/// What one call may do, once it was granted.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    turn: &'a Turn,
    call: &'a CallId,
    intent: &'a Intent,
    traces: &'a Mutex<Traces>,
}

impl<'a> Access<'a> {
    /// `traces` takes what is not the tool's to say.
    pub(super) fn new(
        turn: &'a Turn,
        call: &'a CallId,
        intent: &'a Intent,
        traces: &'a Mutex<Traces>,
    ) -> Self {
        Self { turn, call, intent, traces }
    }

    /// What was granted.
    pub fn intent(&self) -> &'a Intent {
        self.intent
    }

    /// The folder that relative paths count from, to name files as the user does.
    pub fn cwd(&self) -> &'a AbsPath {
        self.turn.parts.files.cwd()
    }

    /// What the model has seen of each file.
    pub fn views(&self) -> &'a Views {
        self.turn.parts.files.views()
    }

    /// What a granted write makes of each file, or made of it.
    pub fn changes(&self) -> Vec<FileChange> {
        let written = self.traces().written.clone();
        written.unwrap_or_else(|| preview::changes(&self.turn.parts.recorder, self.intent))
    }

    /// The granted file, with the user's unsaved text.
    pub async fn read(&self) -> Result<Content, ToolError> {
        match self.intent {
            Intent::Read { path } => Ok(self.turn.parts.files.read(path).await?),
            other => Err(beyond(other)),
        }
    }

    /// The granted file, for the model to see: from now on it knows this text.
    pub async fn show(&self) -> Result<Content, FileError> {
        let Intent::Read { path } = self.intent else {
            return Err(FileError::Pattern(beyond(self.intent).0));
        };
        let content = self.turn.parts.files.read(path).await?;
        Ok(content)
    }

    /// Notes that the model is shown these lines, all of them whole, of the granted file.
    pub fn showed(&self, file: &TextFile, lines: Range<u64>) {
        if let Intent::Read { path } = self.intent {
            let text = file.text.shared_lf();
            let shown = Shown::lines(lines, text.lines().count() as u64);
            self.saw(path, file.version, Some(text), shown);
        }
    }

    /// Some lines of the granted file, where it is larger than what is held; its text stays unknown.
    pub async fn part(&self, query: &PageQuery) -> Result<Part, ToolError> {
        match self.intent {
            Intent::Read { path } => Ok(self.turn.parts.files.part(path, query).await?),
            other => Err(beyond(other)),
        }
    }

    /// What the session's model accepts beside words.
    pub fn abilities(&self) -> Abilities {
        self.turn.parts.abilities()
    }

    /// The granted file as an image or a document, kept to be handed to the model.
    pub async fn keep_media(&self, pages: Option<Pages>) -> Result<Result<Kept, Unfit>, ToolError> {
        let Intent::Read { path } = self.intent else { return Err(beyond(self.intent)) };
        let (_, bytes) = self.turn.parts.files.with_bytes(path).await?;
        let kept = media::keep(&self.turn.parts, path.display_in(self.cwd()), bytes.to_vec(), pages).await;
        kept.map_err(|error| ToolError::new(format!("failed to keep {path} in the session: {error}")))
    }

    /// The entries of the granted folder.
    pub async fn list(&self) -> Result<Listing, ToolError> {
        match self.intent {
            Intent::List { path } | Intent::Read { path } => Ok(self.turn.parts.files.list(path).await?),
            other => Err(beyond(other)),
        }
    }

    /// The files below the granted folder whose path matches.
    pub async fn glob(&self, query: &GlobQuery) -> Result<Globbed, ToolError> {
        match self.intent {
            Intent::Search { root, .. } => Ok(self.turn.parts.files.glob(root, query).await?),
            other => Err(beyond(other)),
        }
    }

    /// The lines below the granted folder which match, the user's unsaved text included.
    ///
    /// Files that may not be read without a question are left out.
    pub async fn grep(&self, query: &GrepQuery) -> Result<Grepped, ToolError> {
        let Intent::Search { root, .. } = self.intent else { return Err(beyond(self.intent)) };
        let (parts, searched) = (self.turn.parts.clone(), root.clone());
        let shows = move |file: &AbsPath| showing::may_be_found(&parts, &searched, file);
        let grepped = self.turn.parts.files.grep(root, query, shows).await?;
        if query.wanted == SearchFor::Lines {
            self.traces().found.extend(grepped.files.iter().map(|file| file.path.clone()));
        }
        Ok(grepped)
    }

    /// Writes exactly the granted edits, all or none.
    ///
    /// Where a file has changed since the edits were made, nothing is written: they are made anew on
    /// the present text, and the tool runs again with that, once it is granted where it looks
    /// otherwise. Edits that collide with what changed are an error which has the present text.
    pub async fn write(&self) -> Result<Vec<Written>, ToolError> {
        self.write_or(OnChange::Merge).await
    }

    /// Writes exactly the granted edits, which were made for files as a whole, all or none; none where
    /// a file has changed since.
    pub async fn replace(&self) -> Result<Vec<Written>, ToolError> {
        self.write_or(OnChange::Refuse).await
    }

    async fn write_or(&self, on_change: OnChange) -> Result<Vec<Written>, ToolError> {
        let Intent::Write { edits } = self.intent else { return Err(beyond(self.intent)) };
        let cause = Cause { call: Some(self.call.clone()), restore: None };
        let (written, changes) = match writing::write(&self.turn.parts, edits, &cause).await? {
            Wrote::Written(written, changes) => (written, changes),
            Wrote::Gone => return Err(self.make_anew(edits, on_change).await),
        };
        self.traces().written = Some(changes.clone());
        for ((edit, change), written) in edits.iter().zip(changes).zip(&written) {
            self.wrote(edit, change, written).await;
        }
        Ok(written)
    }

    /// Runs the granted command and waits for its end, and for what it did to files to be found; the
    /// words are for the model, of files that it did not see or that were too many. Its output is shown
    /// while it runs. When the
    /// turn is cancelled the command is ended first.
    pub async fn run(&self) -> Result<(Ended, Option<String>), ToolError> {
        let Intent::Run { command, cwd, time_limit_ms } = self.intent else {
            return Err(beyond(self.intent));
        };
        let parts = &self.turn.parts;
        let recorder = &parts.recorder;
        let unsaved = Unsaved::after_saving(parts).await.for_model(parts);
        // A command may change files anywhere, most likely where it runs.
        commits::look(parts, &cwd.join("any").into_iter().collect::<Vec<_>>()).await;
        let saves = parts.files.buffers().saves();
        let before = survey::Before::look(&parts.files, found::known(parts)).await;
        let shell = Shell {
            command: command.clone(),
            cwd: cwd.clone(),
            time_limit: Duration::from_millis(*time_limit_ms),
            log: recorder.log_path(&self.call.0),
            environment: (parts.variables)(),
        };
        let cancelled = self.turn.cancel.cancelled();
        let ended = process::run(shell, cancelled, |text| recorder.show_output(self.call, text)).await;
        let ended =
            ended.map_err(|error| ToolError::new(format!("failed to start the shell in {cwd}: {error}")))?;
        let changes = before.changes().await;
        let changed: Vec<AbsPath> = changes.found.iter().map(|found| found.path.clone()).collect();
        commits::look_after(parts, &changed).await;
        let mut heads = HashMap::new();
        for path in changed {
            if let Some(head) = parts.heads.of(&path).await {
                heads.insert(path, head);
            }
        }
        let (parts, call) = (parts.clone(), self.call.clone());
        let recorded = tokio::task::spawn_blocking(move || {
            let beside = Beside { saved: found::saved_since(parts.files.buffers(), &saves), heads };
            found::record(&parts, &call, changes, &beside)
        });
        let recorded = recorded.await;
        let more = recorded.map_err(|_| ToolError::new("the program is ending"))??;
        let told: Vec<String> = unsaved.into_iter().chain(more).collect();
        Ok((ended, (!told.is_empty()).then(|| told.join("\n"))))
    }

    /// Replaces the plan that the user sees.
    pub fn todo(&self, items: Vec<TodoItem>) -> Result<(), ToolError> {
        Ok(self.turn.record(Event::Todo { items }).map(|_| ())?)
    }

    fn saw(&self, path: &AbsPath, version: Version, text: Option<SharedText>, shown: Shown) {
        let portion = match self.turn.parts.files.views().saw(path, version, text, shown) {
            Shown::Whole => Portion::Whole,
            Shown::Lines(_) => Portion::Part,
        };
        self.traces().seen.push(Seen { path: path.clone(), version, portion });
    }

    /// Makes edits anew whose files have changed, for the engine to go on with; gives what the tool is
    /// to end with.
    async fn make_anew(&self, edits: &[Edit], on_change: OnChange) -> ToolError {
        // To make an edit anew is to tell of the text that stands there.
        for edit in edits {
            let Some(why) = showing::why_not_told(&self.turn.parts, &edit.path) else { continue };
            return ToolError::new(format!(
                "{} was changed or made by somebody else meanwhile, and {why}; nothing was written",
                edit.path.display_in(self.cwd())
            ));
        }
        match rebase::rebased(&self.turn.parts, edits, on_change).await {
            Ok(rebased) => {
                self.traces().rebased = Some(rebased);
                ToolError::new("a file changed meanwhile; the edit is made anew")
            }
            Err(error) => error,
        }
    }

    fn traces(&self) -> MutexGuard<'a, Traces> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn beyond(intent: &Intent) -> ToolError {
    ToolError::new(format!("a fault in Quillon: the tool wanted to do more than was granted ({intent:?})"))
}

impl From<Exit> for Ending {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
            Exit::TimedOut => Self::TimedOut,
            Exit::Cancelled => Self::Cancelled,
        }
    }
}

impl From<FileError> for ToolError {
    fn from(error: FileError) -> Self {
        Self(error.to_string())
    }
}

impl From<WriteError> for ToolError {
    fn from(error: WriteError) -> Self {
        Self(error.to_string())
    }
}

impl From<super::recorder::Halted> for ToolError {
    fn from(halted: super::recorder::Halted) -> Self {
        Self(halted.0)
    }
}
