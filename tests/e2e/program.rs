//! The program as a child process, with its own folders and nothing from the environment.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program in this folder.
pub fn quillon(cwd: &Path, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quillon"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", state).env("QUILLON_STATE_DIR", state).env("QUILLON_CONFIG_DIR", state);
    command.current_dir(cwd).stdin(Stdio::null());
    command
}

/// What it wrote to standard output and to standard error.
pub fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
