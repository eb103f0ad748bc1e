//! Commands of all kinds, under a supervisor (the real program) and under threads.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "what commands do is looked at from outside")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::future::pending;
use std::process::Command;
use std::time::Duration;

#[path = "support/commands.rs"]
#[allow(dead_code, reason = "shared with another test, which uses more of it")]
mod commands;

use quillon::limits::{COMMAND_HEAD_BYTES_MAX, COMMAND_TAIL_BYTES_MAX, COMMAND_TERM_WAIT};
use quillon::os::process::{Ended, Exit, Keeper, Log, Shell, run_under};
use quillon::path::AbsPath;

use commands::{Screen, block_on, gone, shell, soon_gone, supervisor};

fn both() -> [Keeper; 2] {
    [supervisor(), Keeper::Threads]
}

fn ran(keeper: &Keeper, command: &str) -> Ended {
    block_on(run_under(keeper, shell(command), pending(), |_| {})).unwrap()
}

fn limited(keeper: &Keeper, command: &str, time_limit: Duration) -> Ended {
    block_on(run_under(keeper, Shell { time_limit, ..shell(command) }, pending(), |_| {})).unwrap()
}

#[track_caller]
fn check(command: &str, exit: Exit, output: &str) {
    for keeper in both() {
        let ended = ran(&keeper, command);
        assert_eq!((ended.exit, ended.output.text().as_str()), (exit, output), "{keeper:?}");
        assert_eq!(ended.left_behind, [] as [&str; 0], "{keeper:?}");
    }
}

#[test]
fn status_and_output() {
    check("echo hello; exit 7", Exit::Code(7), "hello\n");
    check("true", Exit::Code(0), "");
    check("no-such-program-here 2>/dev/null", Exit::Code(127), "");
    check("kill -KILL $$", Exit::Signal(9), "");
    check("printf %s \"$0 $BASH_VERSION\" | cut -c1-10", Exit::Code(0), "/bin/bash \n");
}

#[test]
fn both_outputs_come_in_order() {
    let command = "for i in $(seq 300); do echo out $i; echo err $i >&2; done";
    let expected: String = (1..=300).map(|number| format!("out {number}\nerr {number}\n")).collect();
    check(command, Exit::Code(0), &expected);
}

#[test]
fn the_input_is_empty_and_there_is_no_terminal() {
    check("cat; read line || echo none", Exit::Code(0), "none\n");
    let ended = ran(&supervisor(), "if (: </dev/tty) 2>/dev/null; then echo terminal; else echo none; fi");
    assert_eq!(ended.output.head, "none\n");
}

#[test]
fn the_environment_is_built() {
    for keeper in both() {
        let shell = Shell { environment: vec![("MY_TOKEN".into(), "given".into())], ..shell("env") };
        let ended = block_on(run_under(&keeper, shell, pending(), |_| {})).unwrap();
        let names: Vec<&str> = ended.output.head.lines().filter_map(|line| line.split('=').next()).collect();
        assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
        assert!(!names.contains(&"CARGO_MANIFEST_DIR"), "{names:?}");
        for name in ["PATH", "TERM", "GIT_PAGER", "MY_TOKEN", "QUILLON_CALL"] {
            assert!(names.contains(&name), "{name} of {names:?}");
        }
    }
}

#[test]
fn what_cannot_start_is_an_error() {
    for keeper in both() {
        let error = |shell| block_on(run_under(&keeper, shell, pending(), |_| {})).unwrap_err();
        let cwd = AbsPath::new("/no/such/folder").unwrap();
        let missing = error(Shell { cwd, ..shell("true") });
        assert_eq!(missing.to_string(), "the folder /no/such/folder does not exist");
        let long = error(shell(&format!(": {}", "x".repeat(4_000_000))));
        assert_eq!(long.kind(), std::io::ErrorKind::ArgumentListTooLong);
        let nul = error(shell("echo \0"));
        assert!(nul.to_string().contains("nul"), "{nul}");
    }
    let keeper = Keeper::Supervisor("/no/such/program".into());
    assert!(block_on(run_under(&keeper, shell("true"), pending(), |_| {})).is_err());
    // A program that does not know how to be a supervisor.
    let keeper = Keeper::Supervisor("/bin/false".into());
    let error = block_on(run_under(&keeper, shell("true"), pending(), |_| {})).unwrap_err();
    assert!(error.to_string().contains("supervisor"), "{error}");
}

#[test]
fn the_end_of_the_output_is_not_the_end() {
    check("exec >&- 2>&-; sleep 0.2; exit 4", Exit::Code(4), "");
}

#[test]
fn a_time_limit_ends_the_tree_although_it_ignores_the_signal() {
    let command = "
        trap '' TERM
        (trap '' TERM; sleep 300 & echo pid=$!; wait; wait) &
        echo pid=$! pid=$$
        setsid sh -c 'trap \"\" TERM; echo pid=$$; while :; do sleep 300; done' &
        wait; wait; wait";
    for keeper in both() {
        let time_limit = Duration::from_millis(700);
        let ended = limited(&keeper, command, time_limit);
        assert_eq!((ended.exit, ended.left_behind.len()), (Exit::TimedOut, 0), "{keeper:?}");
        assert!(ended.took >= time_limit + COMMAND_TERM_WAIT, "{:?}", ended.took);
        gone(&ended.output.head, 4);
    }
}

#[test]
fn a_cancelled_command_may_clean_up() {
    let command = "trap 'echo bye; exit 3' TERM; echo pid=$$ ready; while :; do sleep 0.02; done";
    for keeper in both() {
        let screen = Screen::default();
        let cancel = screen.wait_for("ready");
        let ended = block_on(run_under(&keeper, shell(command), cancel, screen.show())).unwrap();
        assert_eq!(ended.exit, Exit::Cancelled, "{keeper:?}");
        assert!(ended.output.head.ends_with("bye\n"), "{:?}", ended.output);
        assert_eq!(ended.output.head, screen.text());
        gone(&screen.text(), 1);
    }
}

#[test]
fn a_command_that_just_ended_keeps_its_status() {
    for keeper in both() {
        let screen = Screen::default();
        // The shell is over; its child is being ended when the cancel comes.
        let command = "sleep 300 & echo pid=$!; exit 5";
        let cancel = async {
            screen.wait_for("pid=").await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        };
        let ended = block_on(run_under(&keeper, shell(command), cancel, screen.show())).unwrap();
        assert_eq!(ended.exit, Exit::Code(5), "{keeper:?}");
        gone(&screen.text(), 1);
    }
}

#[test]
fn what_is_left_is_ended_and_named() {
    for keeper in both() {
        let ended = ran(&keeper, "sleep 311 & (sleep 312 & sleep 313) & echo pid=$! done");
        assert_eq!((ended.exit, ended.output.head.ends_with("done\n")), (Exit::Code(0), true));
        for line in ["sleep 311", "sleep 312", "sleep 313"] {
            let named = ended.left_behind.iter().filter(|left| left.ends_with(line)).count();
            assert_eq!(named, 1, "{line} of {:?} under {keeper:?}", ended.left_behind);
        }
        gone(&ended.output.head, 1);
        assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn another_session_is_found_too() {
    // The pipe to `head` makes the shell wait until the other session has begun.
    let command = "setsid -f sh -c 'echo pid=$$; exec sleep 321' | head -n 1";
    for keeper in both() {
        let ended = ran(&keeper, command);
        assert_eq!(ended.left_behind.len(), 1, "{:?} under {keeper:?}", ended.left_behind);
        assert!(ended.left_behind[0].contains("321"), "{:?}", ended.left_behind);
        gone(&ended.output.head, 1);
    }
    // With its environment taken away it is found by its descent alone.
    let ended = ran(&supervisor(), "env -i /usr/bin/setsid -f /bin/sh -c 'echo pid=$$; exec sleep 322'");
    assert_eq!(ended.left_behind.len(), 1, "{:?}", ended.left_behind);
    gone(&ended.output.head, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_crowd_in_many_sessions_is_ended() {
    for keeper in both() {
        let ended = ran(&keeper, "for i in $(seq 40); do setsid -f sleep 33$i; done; echo done");
        assert!(ended.output.head.ends_with("done\n"));
        assert!(ended.left_behind.last().unwrap().ends_with("more"), "{:?}", ended.left_behind);
        let rest = Command::new("pgrep").args(["-f", "^sleep 33[0-9]{1,2}$"]).output().unwrap();
        assert_eq!(String::from_utf8(rest.stdout).unwrap(), "", "{keeper:?}");
    }
}

#[test]
fn what_ends_by_itself_is_let_end() {
    let command = "echo data > >(sleep 0.2; sed s/^/late-/)";
    check(command, Exit::Code(0), "late-data\n");
}

#[test]
fn long_output_is_cut_and_logged() {
    let folder = tempfile::tempdir().unwrap();
    let expected: String = (1..=50_000).map(|number| format!("{number}\n")).collect();
    for keeper in both() {
        let log = AbsPath::new(folder.path().join("logs/c1")).unwrap();
        let shell = Shell { log: Some(log.clone()), ..shell("seq 50000; exit 1") };
        let ended = block_on(run_under(&keeper, shell, pending(), |_| {})).unwrap();
        assert_eq!((ended.exit, &ended.output.log), (Exit::Code(1), &Log::Whole(log.clone())));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), expected);
        assert_eq!(ended.output.head, expected[..COMMAND_HEAD_BYTES_MAX]);
        assert_eq!(ended.output.tail, expected[expected.len() - COMMAND_TAIL_BYTES_MAX..]);
    }
}

#[test]
fn endless_output_is_bounded_and_can_be_ended() {
    for keeper in both() {
        let ended = limited(&keeper, "yes", Duration::from_millis(300));
        assert_eq!(ended.exit, Exit::TimedOut, "{keeper:?}");
        assert!(ended.output.omitted > 0);
        assert!(ended.output.text().len() < 2 * (COMMAND_HEAD_BYTES_MAX + COMMAND_TAIL_BYTES_MAX));
        assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
    }
}

#[test]
fn characters_are_shown_whole() {
    for keeper in both() {
        let screen = Screen::default();
        let command = r"printf 'a\xe2\x82'; sleep 0.1; printf '\xac\xff'; sleep 0.1; printf '\xc3'";
        block_on(run_under(&keeper, shell(command), pending(), screen.show())).unwrap();
        assert_eq!(screen.text(), "a\u{20ac}\u{fffd}\u{fffd}", "{keeper:?}");
    }
}

#[test]
fn dropping_kills_all_at_once() {
    let command = "trap '' TERM; (trap '' TERM; sleep 341) & echo pid=$! pid=$$; wait; wait";
    for keeper in both() {
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

#[test]
fn many_at_once() {
    for keeper in both() {
        block_on(async {
            let all = (0..12).map(|number| {
                let keeper = keeper.clone();
                async move {
                    let command = format!("sleep 0.0{number}; echo {number}; exit {number}");
                    run_under(&keeper, shell(&command), pending(), |_| {}).await.unwrap()
                }
            });
            for (number, ended) in futures::future::join_all(all).await.into_iter().enumerate() {
                assert_eq!(ended.exit, Exit::Code(number.try_into().unwrap()));
                assert_eq!(ended.output.head, format!("{number}\n"));
            }
        });
    }
}
