//! `kill -9` at random moments of a turn, again and again: nothing seen is lost, no file is half
//! written, nothing is left running.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts processes and looks at files"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const TIMES: u32 = 100;

/// Both texts of the file which the turn replaces; long, so that half of one would show.
const BEFORE: &str = "before\n";
const AFTER: &str = "after!\n";
const LENGTH: usize = 3_000;

/// The script of the turn: words, an edit, and a command which leaves a marked process behind.
fn script(mark: &str) -> String {
    let edit = serde_json::json!({"file_path": "text", "old_string": BEFORE, "new_string": AFTER, "replace_all": true});
    let command = serde_json::json!({"command": format!("sleep 61{mark} & sleep 0.02; echo ran")});
    format!(
        "repeat 40 word by word\ncall edit {edit}\ndone\nsay now a command\ncall bash {command}\ndone\n\
         repeat 40 and more words\ncall write {{\"file_path\":\"new\",\"content\":\"new\"}}\ndone\nsay over\ndone\n"
    )
}

#[test]
fn killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(u64::from(std::process::id()));
    let mut whole_turns = 0;
    for time in 0..TIMES {
        let place = Place::new(folder.path(), time);
        let mark = format!("{:06}", 100_000 + time);
        std::fs::write(place.folder.join("script"), script(&mark)).unwrap();
        let mut running = place.run(&["--mode", "edit", "--allow", "bash", "go"]);
        let mut output = BufReader::new(running.stdout.take().unwrap());
        // Some die in their first moments, some late, some at the end of their turn.
        let lines = numbers.below(24);
        let mut seen = Vec::new();
        for line in output.by_ref().lines().map_while(Result::ok).take(lines) {
            seen.push(serde_json::from_str::<Value>(&line).unwrap());
        }
        running.kill().unwrap();
        running.wait().unwrap();
        whole_turns += u32::from(seen.iter().any(|event| event["event"]["type"] == "turnEnded"));
        place.check_file(&seen);
        place.check_facts(&seen);
        gone(&format!("61{mark}"));
    }
    assert!(whole_turns < TIMES, "all turns were over before the kill");
}

struct Place {
    folder: PathBuf,
    state: PathBuf,
}

impl Place {
    fn new(folder: &Path, time: u32) -> Self {
        let folder = folder.canonicalize().unwrap().join(time.to_string());
        let place = Self { state: folder.join("state"), folder: folder.join("work") };
        std::fs::create_dir_all(&place.folder).unwrap();
        std::fs::write(place.folder.join("text"), BEFORE.repeat(LENGTH)).unwrap();
        place
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quillon"));
        command
            .current_dir(&self.folder)
            .env("QUILLON_STATE_DIR", &self.state)
            .env("QUILLON_CONFIG_DIR", &self.state);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Child {
        let mut command = self.command();
        command.args(["run", "--json", "--model", "script:script"]).args(arguments).spawn().unwrap()
    }

    /// The file has the old text or the new one; nothing stands beside it that does not belong there.
    fn check_file(&self, seen: &[Value]) {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.retain(|name| !["text", "new", "script"].iter().any(|known| name == known));
        assert!(names.is_empty(), "left behind: {names:?}");
        let text = std::fs::read_to_string(self.folder.join("text")).unwrap();
        let is_done = |call: &str| {
            let ended =
                |event: &&Value| event["event"]["type"] == "callEnded" && event["event"]["callId"] == call;
            seen.iter().find(ended).is_some_and(|event| event["event"]["outcome"] == "done")
        };
        assert!(!is_done("c1") || text == AFTER.repeat(LENGTH), "the edit was told as done");
        assert!(!is_done("c3") || self.folder.join("new").exists(), "the file was told as written");
        assert!(
            text == BEFORE.repeat(LENGTH) || text == AFTER.repeat(LENGTH),
            "half a file: {} bytes",
            text.len()
        );
        if let Ok(new) = std::fs::read_to_string(self.folder.join("new")) {
            assert_eq!(new, "new");
        }
    }

    /// Every fact that was seen is there again, and what was open is closed.
    fn check_facts(&self, seen: &[Value]) {
        let facts: Vec<&Value> = seen.iter().filter(|event| event["seq"].is_u64()).collect();
        let Some(last) = facts.last() else { return };
        let session = last["sessionId"].as_str().unwrap();
        // Going on with the session closes what the killed process left open.
        let closed = self.run(&["-s", session, "--mode", "plan", "what now?"]).wait_with_output().unwrap();
        assert!(matches!(closed.status.code(), Some(0 | 3)), "the session opens again: {:?}", closed.status);
        let shown = self.command().args(["sessions", "show", session, "--json"]).output().unwrap();
        assert!(shown.status.success());
        let again: Vec<Value> = String::from_utf8(shown.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|event: &Value| event["seq"].is_u64())
            .collect();
        for fact in facts {
            let seq = usize::try_from(fact["seq"].as_u64().unwrap()).unwrap();
            assert_eq!(again[seq - 1]["event"], fact["event"], "fact {seq}");
        }
        let count = |kind: &str| again.iter().filter(|event| event["event"]["type"] == kind).count();
        assert_eq!(count("turnStarted"), count("turnEnded"));
        let calls = again.iter().filter(|event| event["event"]["type"] == "replied");
        let opened: usize = calls
            .flat_map(|event| event["event"]["blocks"].as_array().unwrap().clone())
            .filter(|block| block["type"] == "call")
            .count();
        assert_eq!(opened, count("callEnded"));
    }
}

/// Waits until no process has this in its command line.
fn gone(mark: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    while alive(mark) {
        assert!(Instant::now() < until, "a process is left: sleep {mark}");
        std::thread::yield_now();
    }
}

fn alive(mark: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let mut command = Vec::new();
        let Ok(mut file) = std::fs::File::open(entry.path().join("cmdline")) else { return false };
        let _gone_meanwhile = file.read_to_end(&mut command);
        command.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())
    })
}

/// Numbers without a pattern; another row in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
