//! No process is started for a turn, a read, a search or an edit: the kernel has counted none.
//!
//! Two of its records together miss nothing that a program starts and waits for, or leaves:
//!
//! - Children that have ended and were waited for add their page faults to the parent's (`cminflt` and
//!   `cmajflt` in `/proc/PID/stat`), and no program begins without some. Their own children count with
//!   them.
//! - Children that run, or have ended and were not waited for, stand in `/proc/PID/task/*/children`.
//!
//! What it would miss: a child that the kernel removes by itself, because the parent has asked to be told
//! nothing of its children's ends (SIGCHLD ignored, which is looked at too, or `SA_NOCLDWAIT`), and one
//! that another process starts on our behalf. That a child is seen is shown by a command at the end.

#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "makes files and looks at a process")]

#[allow(dead_code, reason = "another test needs the rest")]
#[path = "support/wire.rs"]
mod support;

use serde_json::{Value, json};

use self::support::{Wire, notification};

const TURNS: usize = 5;
/// SIGCHLD as a bit of the mask of signals that are ignored.
const SIGCHLD_BIT: u64 = 1 << 16;

/// Whether this process ever had a child, as far as the kernel tells.
fn had_children(process: u32) -> bool {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).unwrap();
    // The name in parentheses may hold anything; behind it stand the state, then numbers.
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let (minor_of_children, major_of_children) = (fields[8], fields[10]);
    let status = read("status");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & SIGCHLD_BIT, 0, "children end unseen");
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    // A thread may end while we look.
    let running = threads.filter_map(|thread| {
        let children = std::fs::read_to_string(thread.ok()?.path().join("children"));
        children.ok().filter(|children| !children.trim().is_empty())
    });
    minor_of_children != "0" || major_of_children != "0" || running.count() > 0
}

/// The calls of one turn: looking, then changing.
fn calls(turn: usize) -> String {
    let looks = [
        ("read", json!({ "file_path": "a.txt" })),
        ("read", json!({ "file_path": "." })),
        ("list", json!({ "path": "." })),
        ("glob", json!({ "pattern": "**/*.txt" })),
        ("grep", json!({ "pattern": "line", "output_mode": "content" })),
    ];
    let changes = [
        (
            "edit",
            json!({ "file_path": "a.txt", "old_string": format!("line {turn}\n"), "new_string": format!("LINE {turn}\n") }),
        ),
        ("write", json!({ "file_path": format!("new {turn}.txt"), "content": "new\n" })),
        ("todo", json!({ "todos": [{ "content": "go on", "status": "pending" }] })),
    ];
    let lines = |calls: &[(&str, Value)]| -> String {
        calls.iter().map(|(tool, input)| format!("call {tool} {input}\n")).collect()
    };
    format!("{}done\n{}done\nsay turn {turn} is over\ndone\n", lines(&looks), lines(&changes))
}

#[tokio::test]
async fn turns_reads_searches_and_edits_start_no_process() {
    let turns: String = (0..TURNS).map(calls).collect();
    let mut wire =
        Wire::ready(&format!("{turns}call bash {{\"command\": \"sleep 0\"}}\ndone\nsay end\ndone\n")).await;
    let process = wire.process.id().unwrap();
    let folder = wire.folder.path().canonicalize().unwrap().join("work");
    std::fs::create_dir_all(folder.join(".git")).unwrap();
    let text: String = (0..TURNS).map(|turn| format!("line {turn}\n")).collect();
    std::fs::write(folder.join("a.txt"), &text).unwrap();

    let session = wire.turn(&folder).await;
    for turn in 0..TURNS {
        if turn > 0 {
            let content = json!([{ "type": "text", "text": "go on" }]);
            let prompt = json!({ "sessionId": session, "promptId": format!("q{turn}"), "content": content });
            assert_eq!(wire.ask("agent/prompt", prompt).await["result"]["state"], "started");
        }
        for _ in 0..8 {
            let ended = wire.until(|message| message["params"]["event"]["type"] == "callEnded").await;
            assert_eq!(ended["params"]["event"]["outcome"], "done", "{ended}");
        }
        wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
        assert!(!had_children(process), "a process was started in turn {turn}");
    }
    assert_eq!(std::fs::read_to_string(folder.join("a.txt")).unwrap(), text.replace("line", "LINE"));
    for (method, params) in [
        ("agent/session/list", json!({})),
        ("agent/session/export", json!({ "sessionId": session, "format": "markdown" })),
        ("agent/status", json!({})),
    ] {
        assert_eq!(wire.ask(method, params).await.get("error"), None);
    }
    assert!(!had_children(process), "a process was started for a list, an export or the status");

    // A command is one, and is seen.
    let content = json!([{ "type": "text", "text": "run it" }]);
    wire.ask("agent/prompt", json!({ "sessionId": session, "promptId": "last", "content": content })).await;
    let asked = wire.until(|message| message["params"]["event"]["type"] == "asked").await;
    assert!(!had_children(process), "a process was started before the answer");
    let question = &asked["params"]["event"]["question"]["questionId"];
    let answer = json!({ "sessionId": session, "questionId": question, "choice": "once" });
    assert_eq!(wire.ask("agent/answer", answer).await["result"]["accepted"], true);
    wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
    assert!(had_children(process), "a command's process is not seen");

    wire.ask("shutdown", Value::Null).await;
    wire.send(&notification("exit", Value::Null)).await;
    assert_eq!(wire.ended().await.code(), Some(0));
}
