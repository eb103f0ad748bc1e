//! Edits of large files, and hunks of long ones, beside what the machine needs to copy such a file.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it makes files, and ends where anything fails"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use quillon::engine::Toolbox;
use quillon::engine::event::ToolName;
use quillon::path::AbsPath;
use quillon::policy::Intent;
use quillon::text::diff;
use quillon::workspace::{Files, NoBuffers};
use serde_json::json;

/// Runs that are measured; the median counts.
const RUNS: usize = 21;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = AbsPath::new(folder.path().canonicalize().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let files = Files::new(root.clone(), vec![root], Arc::new(NoBuffers));
    let mut missed = 0;
    println!("{:<44}{:>12}{:>12}{:>12}", "", "copying it", "Quillon", "to reach");
    for (megabytes, reach) in [(1, 5.0), (20, 60.0)] {
        let path = folder.path().join("large.rs");
        let text = lines(megabytes * 1024 * 1024);
        std::fs::write(&path, &text).unwrap();
        let copied = median(|| {
            std::fs::write(folder.path().join("copy"), std::fs::read(&path).unwrap()).unwrap();
        });
        let edited = (0..RUNS).map(|run| {
            std::fs::write(&path, &text).unwrap();
            let start = Instant::now();
            runtime.block_on(edit(&files, &format!("let marker = {run};")));
            start.elapsed()
        });
        let edited = middle(edited.collect());
        missed += line(&format!("edit in a file of {megabytes} MB"), Some(copied), edited, reach);
    }
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
    let beside = beside.map_or_else(String::new, |time| format!("{:.1} ms", milliseconds(time)));
    let verdict = if milliseconds(ours) <= reach { "" } else { "  too slow" };
    println!(
        "{name:<44}{beside:>12}{:>9.1} ms{:>12}{verdict}",
        milliseconds(ours),
        format!("<= {reach:.0} ms")
    );
    i32::from(!verdict.is_empty())
}
