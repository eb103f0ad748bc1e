//! `glob` and `grep` over 10,000 files beside ripgrep, in turn, as a ratio within one run.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it makes files, starts ripgrep, and ends where either fails"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quillon::path::AbsPath;
use quillon::workspace::{Case, Files, GlobQuery, GrepQuery, NoBuffers, Order, Scope, SearchFor, Zeros};

/// What is to be reached: this many times ripgrep's own time.
const RATIO_MAX: f64 = 1.3;
/// Pairs of runs that are measured; the median counts.
const PAIRS: usize = 41;
const FILES: usize = 10_000;

/// One search, in both programs.
struct Pair {
    name: &'static str,
    rg: Vec<&'static str>,
    ours: Box<dyn Fn(&AbsPath) -> Query>,
}

enum Query {
    Glob(GlobQuery),
    Grep(GrepQuery),
}

fn main() {
    let rg = std::env::var("RG").unwrap_or_else(|_| "rg".into());
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path());
    let root = AbsPath::new(folder.path().canonicalize().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let files = Files::new(root.clone(), vec![root.clone()], Arc::new(NoBuffers));
    println!("{:<34}{:>12}{:>12}{:>8}", format!("{FILES} files"), "ripgrep", "Quillon", "ratio");
    let mut missed = 0;
    for pair in pairs() {
        let query = (pair.ours)(&root);
        let (mut theirs, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..PAIRS + 2 {
            let rg_time = timed(|| run_rg(&rg, &root, &pair.rg));
            let our_time = timed(|| runtime.block_on(run_ours(&files, &root, &query)));
            // The first rounds fill the caches.
            if round >= 2 {
                theirs.push(rg_time);
                ours.push(our_time);
                ratios.push(our_time.as_secs_f64() / rg_time.as_secs_f64());
            }
        }
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[PAIRS / 2];
        let verdict = if ratio <= RATIO_MAX { "" } else { "  too slow" };
        missed += usize::from(ratio > RATIO_MAX);
        println!("{:<34}{:>9.1} ms{:>9.1} ms{ratio:>8.2}{verdict}", pair.name, median(theirs), median(ours));
    }
    std::process::exit(i32::from(missed > 0));
}

fn pairs() -> Vec<Pair> {
    let pair = |name, rg: &[&'static str], ours: fn(&AbsPath) -> Query| Pair {
        name,
        rg: rg.to_vec(),
        ours: Box::new(ours),
    };
    vec![
        pair("glob, all files", &["--files"], |root| glob(root, "**", Order::Path)),
        pair("glob, one in ten, newest first", &["--files", "-g", "*.md", "--sortr", "modified"], |root| {
            glob(root, "*.md", Order::Newest)
        }),
        pair("glob, all, newest first", &["--files", "--sortr", "modified"], |root| {
            glob(root, "**", Order::Newest)
        }),
        pair("glob, one in ten", &["--files", "-g", "*.md"], |root| glob(root, "*.md", Order::Newest)),
        pair("grep, a rare word", &["-n", "needle_in_a_haystack"], |_| grep("needle_in_a_haystack")),
        pair("grep, a rare word in any case", &["-ni", "needle_IN_a"], |_| {
            Query::Grep(GrepQuery { case: Case::Insensitive, ..GrepQuery::new("needle_IN_a") })
        }),
        pair("grep, a rare line, no plain word", &["-n", r"^// [a-z]+_\w+$"], |_| grep(r"^// [a-z]+_\w+$")),
        pair("grep, files with a word, all", &["-l", "value_7"], |_| all("value_7", SearchFor::Files)),
        pair("grep, counts of a word, all", &["-c", "value_7"], |_| {
            all("value_7", SearchFor::Counts(Zeros::LeftOut))
        }),
        pair("grep, a word in each file", &["-n", "fn common_"], |_| grep("fn common_")),
    ]
}

fn glob(root: &AbsPath, pattern: &str, order: Order) -> Query {
    Query::Glob(GlobQuery { scope: Scope::of_glob(pattern, root), order, max: 100 })
}

fn grep(pattern: &str) -> Query {
    Query::Grep(GrepQuery::new(pattern))
}

/// Without the tool's limit, so that all files are searched.
fn all(pattern: &str, wanted: SearchFor) -> Query {
    Query::Grep(GrepQuery { wanted, max: FILES, ..GrepQuery::new(pattern) })
}

async fn run_ours(files: &Files, root: &AbsPath, query: &Query) {
    match query {
        Query::Glob(query) => assert!(files.glob(root, query).await.unwrap().total > 0),
        Query::Grep(query) => assert!(!files.grep(root, query, |_| true).await.unwrap().files.is_empty()),
    }
}

fn run_rg(rg: &str, root: &AbsPath, arguments: &[&str]) {
    let mut command = Command::new(rg);
    command.args(["--no-config", "--hidden", "--no-require-git", "-g", "!.git"]).args(arguments);
    command.current_dir(root.as_path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let output = command.output().expect("ripgrep is installed");
    assert!(output.status.success());
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

/// A tree like that of a large project: folders in folders, ignored ones among them.
fn plant(root: &Path) {
    std::fs::write(root.join(".gitignore"), "target/\n*.log\n/out\n").unwrap();
    for number in 0..FILES {
        let folder = root.join(format!("part{}/sub{}", number % 40, number % 400));
        std::fs::create_dir_all(&folder).unwrap();
        let ending = if number % 10 == 0 { "md" } else { "rs" };
        let mut text = String::new();
        for line in 0..80 {
            text.push_str(&format!(
                "    let value_{line} = some_{number:03}(value_{}, \"{line}\");\n",
                line + 1
            ));
        }
        text.push_str(&format!("fn common_{number}() {{}}\n"));
        if number % 1_000 == 0 {
            text.push_str("// needle_in_a_haystack\n");
        }
        std::fs::write(folder.join(format!("file{number}.{ending}")), text).unwrap();
    }
    for number in 0..1_000 {
        let folder = root.join(format!("part{}/target", number % 40));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("made{number}.o")), "needle_in_a_haystack\n").unwrap();
    }
}
