//! What judging a shell command costs: a usual one, and the longest that is understood.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it ends where anything fails"
)]

use std::time::{Duration, Instant};

use quillon::path::AbsPath;
use quillon::policy::command::{self, Free, Ruled, Site};
use quillon::policy::{Layer, LayerKind, Mode, Rules, shell};
use serde_json::json;

/// Runs that are measured; the median counts.
const RUNS: usize = 41;

fn main() {
    let section = json!({"bash": {"*": "ask", "cargo *": "allow", "git *": "allow", "echo *": "allow", "rm *": "deny"}});
    let rules = Rules::new(vec![Layer::from_config(LayerKind::User, &section).unwrap()]);
    let longest =
        |piece: &str, end: &str| format!("{}{end}", piece.repeat((32_000 - end.len()) / piece.len()));
    let mut missed = 0;
    println!("{:<52}{:>12}{:>12}", "", "Quillon", "to reach");
    for (name, text, limit) in [
        ("git status && cargo test", "git status && cargo test --workspace 2>&1 | tail -20".to_owned(), 0.3),
        (
            "find | xargs grep",
            "find src -name '*.rs' -not -path './target/*' | xargs grep -n 'fn main'".to_owned(),
            0.3,
        ),
        (
            "a loop with a test",
            "for f in a b c; do if [ -f \"$f\" ]; then wc -l \"$f\"; fi; done".to_owned(),
            0.3,
        ),
        ("32 kB: one command with many words", longest("word ", "").replacen("word", "echo", 1), 20.0),
        ("32 kB: one quoted word", format!("echo '{}'", longest("text ", "")), 20.0),
        ("32 kB: a here-document", format!("cat <<'E'\n{}E\n", longest("a line of it\n", "")), 20.0),
        ("1,000 commands", "git log; ".repeat(999), 20.0),
        ("32 kB: groups in groups", longest("(", "ls"), 20.0),
        ("32 kB: wrappers around wrappers", longest("env ", "ls"), 20.0),
    ] {
        let mut times: Vec<Duration> = (0..RUNS).map(|_| judged(&text, &rules)).collect();
        times.sort_unstable();
        let spent = times[RUNS / 2].as_secs_f64() * 1_000.0;
        let word = if spent <= limit { "" } else { "  MISSED" };
        missed += usize::from(spent > limit);
        println!("{name:<52}{spent:>9.3} ms{limit:>9.1} ms{word}");
    }
    std::process::exit(i32::from(missed > 0));
}

/// The time for reading a command and judging it, without looking at the disk.
fn judged(text: &str, rules: &Rules) -> Duration {
    let cwd = AbsPath::new("/w").unwrap();
    let roots = [cwd.clone()];
    let leads = |folder: &str, name: &str| AbsPath::new(folder).ok()?.join(name).ok();
    let site =
        Site { roots: &roots, home: None, mode: Mode::Ask, free: Free::Reading, granted: &[], leads: &leads };
    let start = Instant::now();
    let reading = shell::read(text, &shell::Place { cwd: &cwd, home: None });
    let ruled = command::judge(text, &reading, rules, &site);
    let spent = start.elapsed();
    assert!(!matches!(ruled, Ruled::Denied(_)), "{text}");
    spent
}
