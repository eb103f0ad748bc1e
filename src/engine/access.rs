//! `Access`: the hands of a granted call. It can do the granted intent and nothing else: no method
//! takes a target.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::event::{CallId, Event, Exit as Ending, Seen, TodoItem};
use super::preview::{self, FileChange};
use super::tool::ToolError;
use super::turn::Turn;
use crate::os::process::{self, Shell};
pub use crate::os::process::{Ended, Exit, signal_name};
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Edit, Hash, Version, ends};
use crate::workspace::{
    Content, FileError, GlobQuery, Globbed, GrepQuery, Grepped, Listing, PageQuery, Part, WriteError, Written,
};

/// What a search in texts brought.
#[derive(Debug)]
pub struct Searched {
    /// What was found.
    pub grepped: Grepped,
    /// Files with matches that may not be read.
    pub withheld: usize,
}

/// What one call may do, once it was granted.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    turn: &'a Turn,
    call: &'a CallId,
    intent: &'a Intent,
    seen: &'a Mutex<Vec<Seen>>,
}

impl<'a> Access<'a> {
    /// `seen` takes what the model learns of files.
    pub(super) fn new(
        turn: &'a Turn,
        call: &'a CallId,
        intent: &'a Intent,
        seen: &'a Mutex<Vec<Seen>>,
    ) -> Self {
        Self { turn, call, intent, seen }
    }

    /// What was granted.
    pub fn intent(&self) -> &'a Intent {
        self.intent
    }

    /// The folder that relative paths count from, to name files as the user does.
    pub fn cwd(&self) -> &'a AbsPath {
        self.turn.parts.files.cwd()
    }

    /// What a granted write makes of each file.
    pub fn changes(&self) -> Vec<FileChange> {
        preview::changes(&self.turn.parts.recorder, self.intent)
    }

    /// What stands at the granted place, if anything.
    pub async fn look(&self) -> Result<Content, FileError> {
        match self.intent {
            Intent::Read { path } => self.turn.parts.files.read(path).await,
            other => Err(FileError::Pattern(beyond(other).0)),
        }
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
        let content = self.look().await?;
        if let (Content::Text(file), Intent::Read { path }) = (&content, self.intent) {
            self.saw(path, file.version, Some(ends::lf(&file.text).into()));
        }
        Ok(content)
    }

    /// Some lines of the granted file, where it is larger than what is held; its text stays unknown.
    pub async fn part(&self, query: &PageQuery) -> Result<Part, ToolError> {
        match self.intent {
            Intent::Read { path } => Ok(self.turn.parts.files.part(path, query).await?),
            other => Err(beyond(other)),
        }
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
    pub async fn grep(&self, query: &GrepQuery) -> Result<Searched, ToolError> {
        let Intent::Search { root, .. } = self.intent else { return Err(beyond(self.intent)) };
        let mut grepped = self.turn.parts.files.grep(root, query).await?;
        let found = grepped.files.len();
        grepped.files.retain(|file| self.turn.may_read(root, &file.path));
        let withheld = found - grepped.files.len();
        Ok(Searched { grepped, withheld })
    }

    /// Writes exactly the granted edits, all or none; none when a file is no longer what it was when
    /// the edits were made.
    pub async fn write(&self) -> Result<Vec<Written>, ToolError> {
        let Intent::Write { edits } = self.intent else { return Err(beyond(self.intent)) };
        let mut kept = Vec::new();
        for edit in edits {
            kept.push(self.keep_base(edit).await?);
        }
        self.turn.parts.settle_before_writing().await?;
        for (edit, kept) in edits.iter().zip(kept) {
            let touched = Event::Touched { call: Some(self.call.clone()), edit: edit.clone(), kept };
            self.turn.record(touched)?;
        }
        let changes = self.changes();
        let written = self.turn.parts.files.write(edits).await?;
        for (change, written) in changes.into_iter().zip(&written) {
            self.saw(&written.path, written.version, change.new.map(Into::into));
        }
        Ok(written)
    }

    /// Runs the granted command and waits for its end; its output is shown while it runs. When the
    /// turn is cancelled the command is ended first.
    pub async fn run(&self) -> Result<Ended, ToolError> {
        let Intent::Run { command, cwd, time_limit_ms } = self.intent else {
            return Err(beyond(self.intent));
        };
        let recorder = &self.turn.parts.recorder;
        let shell = Shell {
            command: command.clone(),
            cwd: cwd.clone(),
            time_limit: Duration::from_millis(*time_limit_ms),
            log: recorder.log_path(&self.call.0),
            environment: Vec::new(),
        };
        let cancelled = self.turn.cancel.cancelled();
        let ended = process::run(shell, cancelled, |text| recorder.show_output(self.call, text)).await;
        ended.map_err(|error| ToolError::new(format!("failed to start the shell in {cwd}: {error}")))
    }

    /// Replaces the plan that the user sees.
    pub fn todo(&self, items: Vec<TodoItem>) -> Result<(), ToolError> {
        Ok(self.turn.record(Event::Todo { items }).map(|_| ())?)
    }

    fn saw(&self, path: &AbsPath, version: Version, text: Option<Arc<str>>) {
        self.turn.parts.files.views().saw(path, version, text);
        let seen = Seen { path: path.clone(), version };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    /// Keeps the bytes that stand in the file, so that the edit can be taken back.
    async fn keep_base(&self, edit: &Edit) -> Result<Option<Hash>, ToolError> {
        match edit.base {
            Version::Absent => Ok(None),
            Version::Text(_) => {
                let bytes = self.turn.parts.files.bytes(&edit.path).await?;
                let kept = self.turn.parts.recorder.keep(&bytes);
                let kept = kept.map_err(|error| {
                    ToolError::new(format!(
                        "nothing was written: failed to keep {} as it was: {error}",
                        edit.path
                    ))
                })?;
                Ok(Some(kept))
            }
        }
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
