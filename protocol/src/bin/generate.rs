//! Writes the published files of the protocol; with `--check` it compares them instead.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "a tool of the build: it reads and writes files of this folder"
)]

use std::path::Path;
use std::process::ExitCode;

use quillon_protocol::generate::{COMMAND, files};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(),
        ["--check"] => check(),
        _ => Err("usage: generate [--check]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    for (name, content) in files() {
        std::fs::write(folder().join(name), content)
            .map_err(|error| format!("cannot write {name}: {error}"))?;
    }
    Ok(())
}

fn check() -> Result<(), String> {
    let stale: Vec<&str> = files()
        .into_iter()
        .filter(|(name, content)| std::fs::read_to_string(folder().join(name)).ok().as_ref() != Some(content))
        .map(|(name, _)| name)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("{} differ from the types in protocol/src; write them again:\n  {COMMAND}", stale.join(", ")))
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
