//! Golden transcripts: files and scripts in, facts and files out; one text file a case.
//!
//! `QUILLON_REWRITE=1` writes what happened into the files; read the difference as you read code.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

#[path = "support/print.rs"]
mod print;
#[path = "support/scene.rs"]
mod scene;

#[path = "support/taking_back.rs"]
mod taking_back;

use std::path::{Path, PathBuf};
use std::time::Duration;

use scene::Scene;

/// No transcript waits in real time; one that hangs is a fault.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// More would wait for each other.
const PLAYED_AT_ONCE: usize = 4;

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(files.len() > 10, "the transcripts are gone");
    // Most of a transcript is waiting for commands and watched folders: several are played at once.
    let share = files.len().div_ceil(PLAYED_AT_ONCE);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let play = |files: &[PathBuf]| files.iter().filter_map(|file| check(file).err()).collect::<Vec<_>>();
        let players: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || play(files))).collect();
        players.into_iter().flat_map(|player| player.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn check(file: &Path) -> Result<(), String> {
    let written = std::fs::read_to_string(file).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let played =
        runtime.block_on(async { tokio::time::timeout(HANGS_AFTER, Scene::parse(&written).play()).await });
    let happened = played.map_err(|_| format!("{}: hangs", file.display()))?;
    if happened == written {
        return Ok(());
    }
    if std::env::var_os("QUILLON_REWRITE").is_some() {
        std::fs::write(file, happened).unwrap();
        return Ok(());
    }
    Err(format!("{}: QUILLON_REWRITE=1 rewrites it\n{}", file.display(), difference(&written, &happened)))
}

fn difference(expected: &str, got: &str) -> String {
    similar::TextDiff::from_lines(expected, got).unified_diff().context_radius(2).to_string()
}
