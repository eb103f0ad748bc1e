//! Commands for tests: how they are started, what they show, and whether anything of them is left.

use std::future::Future;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quillon::os::process::{Keeper, Shell};
use quillon::path::AbsPath;
use tokio::sync::Notify;

/// No test takes longer, also on a loaded machine; each takes a few seconds at most.
pub const OUTER: Duration = Duration::from_secs(60);
/// The time limit of commands that are not to reach it.
pub const LONG: Duration = Duration::from_secs(50);

pub fn supervisor() -> Keeper {
    Keeper::Supervisor(PathBuf::from(env!("CARGO_BIN_EXE_quillon")))
}

pub fn shell(command: &str) -> Shell {
    Shell {
        command: command.to_owned(),
        cwd: AbsPath::new(env!("CARGO_MANIFEST_DIR")).unwrap(),
        time_limit: LONG,
        log: None,
        environment: Vec::new(),
    }
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(async { tokio::time::timeout(OUTER, work).await });
    // A test that failed must not wait for what it left running.
    runtime.shutdown_background();
    result.expect("it hangs")
}

/// What a command printed so far, and a way to wait for more.
#[derive(Clone, Default)]
pub struct Screen(pub Arc<(Mutex<String>, Notify)>);

impl Screen {
    pub fn show(&self) -> impl FnMut(&str) + Send + use<> {
        let screen = self.clone();
        move |text| {
            screen.0.0.lock().unwrap().push_str(text);
            screen.0.1.notify_one();
        }
    }

    pub fn text(&self) -> String {
        self.0.0.lock().unwrap().clone()
    }

    pub async fn wait_for(&self, text: &str) {
        while !self.text().contains(text) {
            self.0.1.notified().await;
        }
    }
}

/// Numbers printed as `pid=123`.
pub fn pids(text: &str) -> Vec<u32> {
    let numbers = text.split("pid=").skip(1);
    numbers.map(|rest| rest.split_whitespace().next().unwrap().parse().unwrap()).collect()
}

pub fn lives(pid: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[track_caller]
pub fn soon_gone(text: &str, expected: usize) {
    let pids = pids(text);
    assert_eq!(pids.len(), expected, "{text}");
    let until = Instant::now() + Duration::from_secs(20);
    for pid in pids {
        while lives(pid) {
            assert!(Instant::now() < until, "{pid} still lives: {text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// At a return of `run` nothing may be left, without any waiting.
#[track_caller]
pub fn gone(text: &str, expected: usize) {
    let pids = pids(text);
    assert_eq!(pids.len(), expected, "{text}");
    let living: Vec<u32> = pids.into_iter().filter(|pid| lives(*pid)).collect();
    assert!(living.is_empty(), "{living:?} of {text}");
}

/// Waits until a process sleeps like one that got SIGSTOP.
pub async fn until_asleep(pid: u32) {
    loop {
        let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
        if output.stdout.starts_with(b"T") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
