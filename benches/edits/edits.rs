//! Edits of large files, what is kept of them, typing into them, and hunks of long ones; beside what the
//! machine needs to copy such a file.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it makes files, and ends where anything fails"
)]

mod session;
mod typing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quillon::engine::event::ToolName;
use quillon::engine::{Journals, SessionId, Toolbox};
use quillon::path::AbsPath;
use quillon::policy::Intent;
use quillon::store::DiskJournals;
use quillon::text::{Hash, diff};
use quillon::workspace::{Files, NoBuffers};
use serde_json::json;
use tokio::runtime::Runtime;

use session::Desk;

/// Runs that are measured; the median counts.
const RUNS: usize = 21;

/// How much longer than writing a text it may take to keep it: it is written once, and nothing else.
const KEEPING_RATIO: f64 = 1.5;

/// How much longer a turn may take that edits a file among many.
const LARGE_FOLDER_RATIO: f64 = 1.5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut missed = 0;
    println!("{:<44}{:>12}{:>12}{:>12}", "", "beside", "Quillon", "to reach");
    for (megabytes, reach, reach_whole) in [(1, 5.0, 20.0), (20, 60.0, 150.0)] {
        missed += edits(&runtime, folder.path(), megabytes, [reach, reach_whole]);
    }
    missed += keeping(folder.path());
    missed += large_folder(&runtime, folder.path());
    missed += typing(&runtime);
    let old: String = (0..10_000).map(|number| format!("line {number} of a long file\n")).collect();
    let new: String = old
        .lines()
        .enumerate()
        .map(|(at, line)| if at % 50 == 7 { format!("{line} changed\n") } else { format!("{line}\n") })
        .collect();
    let hunks = median(|| assert_eq!(diff::hunks(&old, &new).len(), 200));
    missed += line("hunks of 10,000 lines with 200 changes", None, hunks, 10.0);
    std::process::exit(missed);
}

/// One call of the tool alone, and a whole turn with it; beside copying the file.
fn edits(runtime: &Runtime, folder: &Path, megabytes: usize, reach: [f64; 2]) -> i32 {
    let path = folder.join("large.rs");
    let text = lines(megabytes * 1024 * 1024);
    std::fs::write(&path, &text).unwrap();
    let copied = median(|| {
        std::fs::write(folder.join("copy"), std::fs::read(&path).unwrap()).unwrap();
    });
    let root = AbsPath::new(folder.canonicalize().unwrap()).unwrap();
    let files = Files::new(root.clone(), vec![root], Arc::new(NoBuffers));
    files.begin_edits();
    let edited = (0..RUNS).map(|run| {
        std::fs::write(&path, &text).unwrap();
        let start = Instant::now();
        runtime.block_on(edit(&files, &format!("let marker = {run};")));
        start.elapsed()
    });
    let edited = middle(edited.collect());
    let state = state();
    let mut desk = runtime.block_on(Desk::new(folder, state.path()));
    let turns = (0..RUNS).map(|run| {
        std::fs::write(&path, &text).unwrap();
        let input =
            Desk::replacement("large.rs", "let marker = 0;\n", &format!("let marker = -{run}1;\nx\n"));
        let start = Instant::now();
        runtime.block_on(desk.edit(input));
        start.elapsed()
    });
    let turns = middle(turns.collect());
    line(&format!("edit in a file of {megabytes} MB"), Some(copied), edited, reach[0])
        + line(&format!("a turn with that edit, {megabytes} MB"), Some(copied), turns, reach[1])
}

/// What stood in a file is kept: beside copying it.
fn keeping(folder: &Path) -> i32 {
    let state = state();
    let journals = DiskJournals::new(&AbsPath::new(state.path().canonicalize().unwrap()).unwrap()).unwrap();
    let mut journal = journals.create(&SessionId("s1".into())).unwrap();
    let text = lines(20 * 1024 * 1024).into_bytes();
    let copied = median(|| std::fs::write(folder.join("copy"), &text).unwrap());
    let mut kept = Vec::new();
    for run in 0..RUNS {
        let hash = Hash::of(&run.to_le_bytes());
        let start = Instant::now();
        journal.keep(&hash, &text).unwrap();
        kept.push(start.elapsed());
    }
    let reach = copied.as_secs_f64() * 1_000.0 * KEEPING_RATIO;
    line("what stood in 20 MB is kept", Some(copied), middle(kept), reach)
}

/// A turn that edits a small file, alone and among many: only what is touched costs anything.
fn large_folder(runtime: &Runtime, folder: &Path) -> i32 {
    let turns = |others: usize| {
        let folder = folder.join(format!("with-{others}"));
        std::fs::create_dir(&folder).unwrap();
        for other in 0..others {
            std::fs::write(folder.join(format!("{other}.rs")), "fn other() {}\n").unwrap();
        }
        let path = folder.join("small.rs");
        let text = lines(10 * 1024);
        let state = state();
        let mut desk = runtime.block_on(Desk::new(&folder, state.path()));
        let turns = (0..RUNS).map(|run| {
            std::fs::write(&path, &text).unwrap();
            let input =
                Desk::replacement("small.rs", "let marker = 0;\n", &format!("let marker = -{run}1;\n"));
            let start = Instant::now();
            runtime.block_on(desk.edit(input));
            start.elapsed()
        });
        middle(turns.collect())
    };
    let (alone, among) = (turns(0), turns(10_000));
    let reach = alone.as_secs_f64() * 1_000.0 * LARGE_FOLDER_RATIO;
    line("a turn with an edit among 10,000 files", Some(alone), among, reach)
}

/// One character typed into a large open file, beside putting it into the text as one piece.
fn typing(runtime: &Runtime) -> i32 {
    let text = lines(5 * 1024 * 1024);
    let characters = 2_000;
    let mut whole = text.clone();
    let put = median(|| whole.insert(text.len() / 2, 'x'));
    let state = state();
    let typed = (0..RUNS / 4).map(|_| runtime.block_on(typing::typed(&text, characters, state.path())));
    line("a character typed into 5 MB", Some(put), middle(typed.collect()), 0.2)
}

/// A folder for sessions, in memory where there is such a place: the disk's sync is not measured here.
fn state() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// One call of the tool, without the question, the journal and the disk's sync.
async fn edit(files: &Files, new: &str) {
    let toolbox = Toolbox::new(quillon::tools::built_in());
    let tool = toolbox.find(&ToolName("edit".into())).unwrap();
    let input = json!({"file_path": "large.rs", "old_string": "let marker = 0;\n", "new_string": format!("{new}\nx\n")});
    let plan = tool.plan(&input, files).await.unwrap();
    let Intent::Write { edits } = plan.intent else { panic!("an edit is a write") };
    files.write(&edits).await.unwrap();
}

/// A file with one place to edit, in its middle.
fn lines(bytes: usize) -> String {
    let line = |number: usize| format!("    let value_{number} = compute({number});\n");
    let mut text = String::with_capacity(bytes + 64);
    let mut number = 0;
    for end in [bytes / 2, bytes] {
        while text.len() < end {
            text.push_str(&line(number));
            number += 1;
        }
        if end < bytes {
            text.push_str("let marker = 0;\n");
        }
    }
    text
}

fn median(mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    middle((0..RUNS).map(run).collect())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn line(name: &str, beside: Option<Duration>, ours: Duration, reach: f64) -> i32 {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    let shown = |milliseconds: f64| match milliseconds {
        small if small < 1.0 => format!("{small:.3} ms"),
        more => format!("{more:.1} ms"),
    };
    let beside = beside.map_or_else(String::new, |time| shown(milliseconds(time)));
    let verdict = if milliseconds(ours) <= reach { "" } else { "  too slow" };
    println!(
        "{name:<44}{beside:>12}{:>12}{:>12}{verdict}",
        shown(milliseconds(ours)),
        format!("<= {}", shown(reach))
    );
    i32::from(!verdict.is_empty())
}
