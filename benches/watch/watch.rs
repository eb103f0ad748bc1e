//! What it costs to watch the folders of 50,000 known files, beside the same session that watches nothing.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it makes files, starts itself, and ends where anything fails"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use quillon::engine::journal::{Journals, MemoryJournals};

use quillon::engine::{
    CallId, Event, Host, MessageId, Mode, Model, ModelName, Models, Outcome, Output, Portion, PromptId,
    Recorder, Reply, ReplyBlock, Ruling, Seen, SessionId, Shared, Stop, ToolCall, ToolName, Toolbox, TurnId,
    Usage, Who,
};
use quillon::path::AbsPath;
use quillon::policy::Intent;
use quillon::text::Version;
use quillon::workspace::{NoBuffers, Outside};

const FOLDERS: usize = 2_000;
const FILES_PER_FOLDER: usize = 25;
/// Megabytes that it may cost.
const REACH: f64 = 10.0;
/// Pairs of processes; the median counts.
const RUNS: usize = 5;

struct NoModels;

impl Models for NoModels {
    fn find(&self, _name: &ModelName) -> Result<Arc<dyn Model>, String> {
        Err("none".into())
    }
    fn default(&self) -> Result<ModelName, String> {
        Err("none".into())
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, watches, root] = &arguments[..]
        && watches.starts_with("--quillon-")
    {
        return session(watches == "--quillon-watches", Path::new(root));
    }
    if !Path::new("/proc/self/smaps_rollup").exists() {
        return println!("memory is measured on Linux only");
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for path in files(&root) {
        std::fs::create_dir_all(path.as_path().parent().unwrap()).unwrap();
        std::fs::write(path.as_path(), "x\n").unwrap();
    }
    let measure = |word: &str| -> Vec<f64> {
        let told = std::process::Command::new(&arguments[0]).arg(word).arg(&root).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout).unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect()
    };
    let (mut costs, mut begun, mut heard) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (without, with) = (measure("--quillon-sleeps"), measure("--quillon-watches"));
        costs.push(with[0] - without[0]);
        begun.push(with[1]);
        heard.push(with[2]);
    }
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let cost = middle(costs);
    let files = FOLDERS * FILES_PER_FOLDER;
    println!("watching {files} files in {FOLDERS} folders: {cost:.2} MB of PSS, to reach {REACH} MB");
    println!(
        "until all are watched: {:.0} ms; until a change is heard of: {:.0} ms",
        middle(begun),
        middle(heard)
    );
    std::process::exit(i32::from(cost > REACH));
}

fn files(root: &Path) -> Vec<AbsPath> {
    let of =
        |folder: usize| (0..FILES_PER_FOLDER).map(move |file| format!("folder-{folder}/module_{file}.rs"));
    (0..FOLDERS).flat_map(of).map(|name| AbsPath::new(root.join(name)).unwrap()).collect()
}

/// Opens a session that has read all files; prints what the process takes, and the times.
fn session(watches: bool, root: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (journals, id) = (Arc::new(MemoryJournals::default()), SessionId("s".into()));
        let root = AbsPath::new(root).unwrap();
        write(&journals, &id, &root);
        let outside = Outside::default();
        let host = Host::new(Shared {
            journals,
            models: Arc::new(NoModels),
            toolbox: Arc::new(Toolbox::new(Vec::new())),
            rules: Arc::new(|_: &AbsPath| Ruling::default()),
            clock: Arc::new(|| "2026-01-01T00:00:00Z".into()),
            ids: Arc::new(|| SessionId("none".into())),
            modes: Arc::new(|_, mode| mode),
            environment: Arc::new(String::new),
            variables: Arc::new(Vec::new),
            outside: watches.then(|| outside.clone()),
            turns: Default::default(),
            instructions: None,
        });
        let start = Instant::now();
        let session = host.open(&id, Arc::new(NoBuffers)).await.unwrap();
        while watches && outside.watched() < FOLDERS {
            tokio::task::yield_now().await;
        }
        let begun = start.elapsed();
        let mut heard = std::time::Duration::ZERO;
        if watches {
            let lookout = outside.lookout();
            let folder = root.join("folder-7").unwrap();
            lookout.ask([folder.clone()].into());
            let start = Instant::now();
            std::fs::write(folder.join("module_3.rs").unwrap().as_path(), "y\n").unwrap();
            lookout.news().await;
            heard = start.elapsed();
        }
        let millis = |time: std::time::Duration| time.as_secs_f64() * 1_000.0;
        println!("{} {} {}", pss(), millis(begun), millis(heard));
        drop(session);
    });
}

/// The session's facts: one call that has seen everything.
fn write(journals: &MemoryJournals, id: &SessionId, root: &AbsPath) {
    let journal = journals.create(id).unwrap();
    let recorder = Recorder::open(id.clone(), journal, Arc::new(|| "2026-01-01T00:00:00Z".into())).unwrap();
    let record = |event| recorder.record(event).unwrap();
    let (turn, call) = (TurnId("t1".into()), CallId("c1".into()));
    let (model, mode) = (ModelName("m".into()), Mode::Ask);
    record(Event::Opened { roots: vec![root.clone()], cwd: root.clone(), model, mode });
    let prompt = PromptId("p".into());
    record(Event::TurnStarted { turn: turn.clone(), prompt, content: Vec::new() });
    let (tool, input) = (ToolName("read".into()), serde_json::json!({}));
    let asked = ToolCall::new(call.clone(), "1".into(), tool, input);
    let reply = Arc::new(Reply { blocks: vec![ReplyBlock::Call { call: asked }], ..Reply::default() });
    record(Event::Replied { message: MessageId("t1.1".into()), reply, sent: Vec::new() });
    let (intent, by) = (Intent::Nothing, Who::Quillon);
    record(Event::CallStarted {
        call: call.clone(),
        title: String::new(),
        intent,
        locations: Vec::new(),
        by,
    });
    let version = Version::of_text("x\n");
    let seen = files(root.as_path()).into_iter().map(|path| Seen { path, version, portion: Portion::Whole });
    let output = Output { seen: seen.collect(), ..Output::default() };
    record(Event::CallEnded { call, outcome: Outcome::Done(output) });
    record(Event::TurnEnded { turn, stop: Stop::Finished, usage: Usage::default(), sent: Vec::new() });
    recorder.give_up();
}

/// What the process takes, in megabytes.
fn pss() -> f64 {
    let told = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = told.lines().find(|line| line.starts_with("Pss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
}
