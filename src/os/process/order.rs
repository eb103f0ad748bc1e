//! What a supervisor is told to start, and what it says about it: one JSON line each.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::keep::Report;
use crate::path::AbsPath;

/// What to start. It comes through a pipe, so that `ps` shows a command once and not twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) cwd: AbsPath,
    /// The whole environment; nothing is inherited.
    pub(super) environment: BTreeMap<String, String>,
}

/// What a supervisor says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Note {
    /// The shell runs, under this number, which is its group's too.
    Started(u32),
    /// There is no shell; nothing more will be said.
    Failed(Failure),
    /// Nothing of the command is left; nothing more will be said.
    Ended(Report),
}

/// Why a program could not be started.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    code: Option<i32>,
    text: String,
}

/// The byte by which a supervisor is told to end its command.
pub(super) const STOP: u8 = b't';

impl Order {
    /// The program with everything but its outputs, in a group of its own.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.cwd).env_clear().envs(&self.environment).stdin(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.args(&self.arguments).process_group(0);
        }
        #[cfg(windows)]
        {
            use std::os::windows::process::CommandExt;
            // `cmd` reads its line in its own way, so it gets it as it is; and no window opens.
            const CREATE_NO_WINDOW: u32 = 0x0800_0000;
            command.raw_arg(self.arguments.join(" ")).creation_flags(CREATE_NO_WINDOW);
        }
        command
    }
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        Self { code: error.raw_os_error(), text: error.to_string() }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure.code {
            Some(code) => Self::from_raw_os_error(code),
            None => Self::other(failure.text),
        }
    }
}
