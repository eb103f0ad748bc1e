//! Commands that turn on their supervisor, and a daemon that is killed: nothing is left of them.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "what commands do is looked at from outside")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::future::pending;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[path = "support/commands.rs"]
mod commands;

use quillon::os::process::{Exit, run_under};

use commands::{Screen, block_on, gone, pids, shell, soon_gone, supervisor, until_asleep};

#[test]
fn a_command_that_kills_its_supervisor_is_ended() {
    let command = "sleep 351 & echo pid=$! pid=$$; kill -KILL $PPID; wait; sleep 352";
    let ended = block_on(run_under(&supervisor(), shell(command), pending(), |_| {})).unwrap();
    assert_eq!(ended.exit, Exit::Signal(9));
    assert!(ended.left_behind.iter().any(|left| left.ends_with("sleep 351")), "{:?}", ended.left_behind);
    gone(&ended.output.head, 2);
}

#[test]
fn a_supervisor_that_was_put_to_sleep_is_woken() {
    let command = "echo pid=$$ pid=$PPID; kill -STOP $PPID; exec sleep 361";
    let (screen, keeper) = (Screen::default(), supervisor());
    let asleep = async || {
        screen.wait_for("\n").await;
        until_asleep(pids(&screen.text())[1]).await;
    };
    let ended = block_on(run_under(&keeper, shell(command), asleep(), screen.show())).unwrap();
    assert_eq!(ended.exit, Exit::Cancelled);
    gone(&ended.output.head, 2);
    *screen.0.0.lock().unwrap() = String::new();
    block_on(async {
        tokio::select! {
            ended = run_under(&keeper, shell(command), pending(), screen.show()) => panic!("{ended:?}"),
            () = asleep() => {}
        }
    });
    soon_gone(&screen.text(), 2);
}

#[test]
fn a_supervisor_that_is_put_to_sleep_while_it_ends_the_command_is_woken() {
    // Again and again: also after the signal to end, and after the one that wakes.
    let command = "
        trap 'for i in $(seq 5); do kill -STOP $PPID; sleep 0.01; done; exit' TERM
        echo pid=$$ pid=$PPID; while :; do sleep 0.02; done";
    let (screen, keeper) = (Screen::default(), supervisor());
    let ended = block_on(run_under(&keeper, shell(command), screen.wait_for("\n"), screen.show())).unwrap();
    assert_eq!(ended.exit, Exit::Cancelled);
    gone(&ended.output.head, 2);
    // The pipe is closed, and only then it is put to sleep.
    for _ in 0..3 {
        let command = "echo pid=$$ pid=$PPID; while :; do kill -STOP $PPID; done";
        let screen = Screen::default();
        block_on(async {
            tokio::select! {
                ended = run_under(&keeper, shell(command), pending(), screen.show()) => panic!("{ended:?}"),
                () = screen.wait_for("\n") => {}
            }
        });
        soon_gone(&screen.text(), 2);
    }
}

/// What this test program does when it plays the daemon that is killed.
const STAND_IN: &str = "QUILLON_TEST_DAEMON";

#[test]
fn a_daemon_killed_by_force_leaves_nothing() {
    // On Linux also one which put its supervisor to sleep.
    let asleep = if cfg!(target_os = "linux") { "kill -STOP $PPID" } else { ":" };
    let command = "
        trap '' TERM HUP
        echo pid=$PPID; ASLEEP
        (sleep 371) & echo pid=$!
        setsid -f sh -c 'echo pid=$$; exec sleep 372'
        while :; do echo pid=$$; sleep 300; done"
        .replace("ASLEEP", asleep);
    if std::env::var(STAND_IN).is_ok() {
        let show = |text: &str| eprint!("{text}");
        panic!("{:?}", block_on(run_under(&supervisor(), shell(&command), pending(), show)));
    }
    for _ in 0..5 {
        let mut daemon = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_daemon_killed_by_force_leaves_nothing", "--nocapture"])
            .env(STAND_IN, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut shown = String::new();
        let mut lines = BufReader::new(daemon.stderr.take().unwrap());
        while pids(&shown).len() < 4 {
            assert!(lines.read_line(&mut shown).unwrap() > 0, "{shown}");
        }
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        soon_gone(&shown, 4);
    }
}
