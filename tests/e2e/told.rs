//! What people are told: by `run` while it waits, of mistakes in settings, afterwards of a session.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::program::{quillon, words};
use super::wire::{Wire, notification, request};

/// Runs the program to its end: its status, what it said and what it noted.
fn run(work: &Path, state: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = quillon(work, state).args(arguments).output().unwrap();
    let (said, noted) = words(&output);
    (output.status.code(), said, noted)
}

#[test]
fn who_leaves_standard_input_open_is_told_what_is_waited_for() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("script"), "expect piped words\nsay heard\ndone\n").unwrap();
    let mut command = quillon(work.path(), state.path());
    command.args(["run", "--model", "script:script", "task"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut note = String::new();
    BufReader::new(running.stderr.take().unwrap()).read_line(&mut note).unwrap();
    assert!(note.contains("waiting for the end of standard input"), "{note}");
    running.stdin.take().unwrap().write_all(b"piped words").unwrap();
    let mut said = String::new();
    running.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(running.wait().unwrap().success() && said.contains("heard"), "{said}");
}

#[test]
fn what_is_void_is_said_only_where_something_was_shown() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = "retry-after 1\nfail network no way\nsay half\nawait seen\nretry-after 1\nfail network broken\n\
                  say whole\ndone\n";
    std::fs::write(work.path().join("script"), script).unwrap();
    let mut command = quillon(work.path(), state.path());
    command.args(["run", "--model", "script:script", "go"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut half = [0; 4];
    running.stdout.as_mut().unwrap().read_exact(&mut half).unwrap();
    std::fs::write(work.path().join("seen"), "").unwrap();
    let output = running.wait_with_output().unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success() && said.contains("whole"), "{said}{noted}");
    assert!(noted.contains("no way; waiting"), "{noted}");
    assert!(noted.contains("broken; what was shown of this answer is void; waiting"), "{noted}");
}

/// Each model says something and fails for good, but the last.
#[test]
fn what_each_model_in_a_row_has_said_is_void_and_nobody_waits() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = [
        ("a", "say half\nawait seen-a\nfail quota no money\n"),
        ("b", "say part\nawait seen-b\nfail quota none here\n"),
        ("c", "say whole\ndone\n"),
    ];
    for (name, text) in files {
        std::fs::write(work.path().join(name), text).unwrap();
    }
    let settings = json!({ "fallback_models": ["script:b", "script:c"] });
    std::fs::write(state.path().join("quillon.jsonc"), settings.to_string()).unwrap();
    let mut command = quillon(work.path(), state.path());
    command.args(["run", "--model", "script:a", "go"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    for (words, seen) in [("half", "seen-a"), ("\npart", "seen-b")] {
        let mut read = vec![0; words.len()];
        running.stdout.as_mut().unwrap().read_exact(&mut read).unwrap();
        assert_eq!(String::from_utf8_lossy(&read), words);
        std::fs::write(work.path().join(seen), "").unwrap();
    }
    let (said, noted) = words(&running.wait_with_output().unwrap());
    assert!(said.contains("whole"), "{said}{noted}");
    assert_eq!(noted.matches("what was shown of this answer is void").count(), 2, "{noted}");
    assert_eq!(noted.matches("no money").count(), 1, "{noted}");
    assert!(!noted.contains("waiting") && !noted.contains("attempt"), "{noted}");
}

#[test]
fn a_server_that_asks_for_a_long_wait_is_not_waited_for() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = "retry-after 3600000\nfail rate-limit too busy\n";
    std::fs::write(work.path().join("script"), script).unwrap();
    let expected = "too busy; the server asks to wait 60 min, which is longer than the 60 s that Quillon waits by \
                    itself: go on after that";
    let (status, _, noted) = run(work.path(), state.path(), &["run", "--model", "script:script", "go"]);
    assert!(status == Some(1) && noted.contains(expected) && !noted.contains("waiting"), "{noted}");
    std::fs::write(work.path().join("other"), "say whole\ndone\n").unwrap();
    let settings = json!({ "fallback_models": ["script:other"] });
    std::fs::write(state.path().join("quillon.jsonc"), settings.to_string()).unwrap();
    let (status, said, noted) = run(work.path(), state.path(), &["run", "--model", "script:script", "go"]);
    assert!(status == Some(0) && said.contains("whole"), "{said}{noted}");
    assert!(noted.contains(&format!("{expected}. Going on with `script:other`")), "{noted}");
}

#[test]
fn keys_that_cannot_be_read_are_told_once() {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("keys.json"), "{\"keys\": {\"a\": ").unwrap();
    for arguments in [&["models", "--offline"][..], &["run", "--model", "anthropic/claude-sonnet-5", "go"]] {
        let (_, said, noted) = run(state.path(), state.path(), arguments);
        assert_eq!(format!("{said}{noted}").matches("it is damaged").count(), 1, "{noted}");
    }
}

#[test]
fn mistakes_in_the_settings_are_told_also_where_they_are_why_nothing_runs() {
    let state = tempfile::tempdir().unwrap();
    let text = r#"{"model": "m", "provider": {"baseUrl": "http://127.0.0.1:1/v1"}}"#;
    std::fs::write(state.path().join("quillon.jsonc"), text).unwrap();
    let (status, _, noted) = run(state.path(), state.path(), &["run", "hi"]);
    assert_eq!(status, Some(1));
    assert!(noted.contains("there is no setting `provider.baseUrl`; did you mean `base_url`?"), "{noted}");
}

#[test]
fn the_manual_has_what_the_help_says_it_has() {
    let state = tempfile::tempdir().unwrap();
    let (_, manual, _) = run(state.path(), state.path(), &["man"]);
    let settings = state.path().join("quillon.jsonc").display().to_string().replace('-', "\\-");
    for words in [".SH FILES", ".SH CONFIGURATION", ".SH ENVIRONMENT", "Exit status: 0 done", &settings] {
        assert!(manual.contains(words), "{words}: {manual}");
    }
}

#[test]
fn a_folder_that_never_became_a_session_is_not_complained_about() {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("sessions/019a0000-0000-7000-8000-000000000000");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("journal.jsonl"), "").unwrap();
    let (status, said, noted) = run(state.path(), state.path(), &["sessions", "list"]);
    assert_eq!((status, noted.as_str()), (Some(0), ""), "{said}");
}

#[tokio::test]
async fn an_editor_hears_of_mistakes_in_the_settings() {
    let mut wire = Wire::start("done\n");
    let folder = wire.folder.path().to_owned();
    std::fs::create_dir(folder.join("config")).unwrap();
    std::fs::write(folder.join("config/quillon.jsonc"), r#"{"permission": {"bsh": "allow"}}"#).unwrap();
    wire = wire.killed_and_started_again().await;
    let told = wire.until(|message| message["method"] == "window/showMessage").await;
    let status = wire.ask("agent/status", json!({})).await;
    let problems = status["result"]["problems"].as_array().unwrap();
    let log = std::fs::read_to_string(folder.join("state/quillon.log")).unwrap();
    let in_status = problems.iter().any(|problem| problem["text"].as_str().unwrap().contains("bsh"));
    assert!(in_status && log.contains("bsh"), "{status}\n{log}");
    assert!(
        told["params"]["type"] == 2 && told["params"]["message"].as_str().unwrap().contains("bsh"),
        "{told}"
    );
}

/// Two turns: in the first one an edit is allowed, in the second one a command is not.
#[tokio::test]
async fn a_session_is_shown_with_what_was_typed_and_answered() {
    let script = "say I look.\ncall edit {\"file_path\": \"a.txt\", \"old_string\": \"two\", \"new_string\": \"2\"}\n\
                  done\nsay first is done.\ndone\n\
                  call bash {\"command\": \"rm -r x\"}\ndone\nsay second is done.\ndone\n";
    let mut wire = Wire::ready(script).await;
    let folder = wire.folder.path().canonicalize().unwrap().join("w");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "one\ntwo\n").unwrap();
    let made = wire.ask("agent/session/new", json!({ "cwd": format!("file://{}", folder.display()) })).await;
    let session = made["result"]["session"]["sessionId"].as_str().unwrap().to_owned();
    // The program was started with mode `edit`.
    let ask = json!({ "sessionId": session, "option": "mode", "value": "ask" });
    let set = wire.ask("agent/config/set", ask).await;
    assert!(set["error"].is_null(), "{set}");
    wire.ask("agent/session/attach", json!({ "sessionId": session })).await;
    for (prompt, kind, answer) in [
        ("the first prompt\nof two lines", "allowOnce", json!({})),
        ("the second prompt", "rejectOnce", json!({ "note": "leave x alone" })),
    ] {
        let content = json!([{ "type": "text", "text": prompt }]);
        let params = json!({ "sessionId": session, "promptId": prompt, "content": content });
        wire.ask("agent/prompt", params).await;
        let asked = wire.until(|message| message["params"]["event"]["type"] == "asked").await;
        let question = &asked["params"]["event"]["question"];
        let choices: Vec<&Value> = question["choices"].as_array().unwrap().iter().collect();
        let chosen = choices.iter().find(|choice| choice["kind"] == kind).unwrap();
        let mut params = answer.clone();
        params["sessionId"] = json!(session);
        params["questionId"] = question["questionId"].clone();
        params["choice"] = chosen["id"].clone();
        let taken = wire.ask("agent/answer", params).await;
        assert!(taken["error"].is_null(), "{taken}");
        wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
    }
    wire.send(&request(99, "shutdown", Value::Null)).await;
    wire.send(&notification("exit", Value::Null)).await;
    wire.ended().await;

    let mut command = quillon(&folder, &wire.folder.path().join("state"));
    let shown = command.args(["sessions", "show", &session]).output().unwrap();
    let (said, noted) = words(&shown);
    let expected = [
        "> the first prompt",
        "> of two lines",
        "? Edit a.txt",
        "-two",
        "+2",
        "yes, once (wire)",
        "• Edit a.txt",
        "first is done",
        "turn 2",
        "> the second prompt",
        "$ rm -r x",
        "no: leave x alone (wire)",
        "second is done",
    ];
    let mut at = 0;
    for line in expected {
        let found = said[at..].find(line).unwrap_or_else(|| panic!("{line}, behind byte {at}:\n{said}"));
        at += found + line.len();
    }
    assert_eq!(said.matches("+2").count(), 1, "the diff stands there once:\n{said}");
    assert_eq!(noted, "", "who reads what happened reads it in one stream");
}

#[cfg(unix)]
#[test]
fn a_file_with_a_further_name_is_asked_about_in_every_mode() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (inside, outside) = (work.path().join("w"), work.path().join("outside.txt"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(&outside, "two\n").unwrap();
    std::fs::hard_link(&outside, inside.join("a.txt")).unwrap();
    std::fs::write(inside.join("b.txt"), "two\n").unwrap();
    for more in [&["--mode", "edit"][..], &["--allow", "edit"]] {
        let edit = |file: &str| {
            let task = format!("replace two with 2 in {file}");
            let arguments = [&["run", "--model", "demo"], more, &[&task]].concat();
            run(&inside, state.path(), &arguments)
        };
        let (status, said, _) = edit("a.txt");
        assert!(status == Some(3) && said.contains("nobody can be asked"), "{said}");
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "two\n");
    }
    let arguments = ["run", "--model", "demo", "--mode", "edit", "replace two with 2 in b.txt"];
    assert_eq!(run(&inside, state.path(), &arguments).0, Some(0));
}

#[test]
fn a_change_whose_text_before_is_lost_is_still_to_be_looked_at() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("a.txt"), "one\ntwo\n").unwrap();
    let arguments = ["run", "--model", "demo", "--mode", "edit", "replace two with 2 in a.txt"];
    assert_eq!(run(work.path(), state.path(), &arguments).0, Some(0));
    let sessions = std::fs::read_dir(state.path().join("sessions")).unwrap();
    let session = sessions.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let kept: Vec<_> =
        std::fs::read_dir(session.join("kept")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is_after = |path: &Path| std::fs::read(path).unwrap() == b"one\n2\n";
    // First the text before, as the oldest goes first; then all of it.
    for lost in [false, true] {
        kept.iter().filter(|path| path.exists() && is_after(path) == lost).for_each(|path| {
            std::fs::remove_file(path).unwrap();
        });
        let (status, said, noted) = run(work.path(), state.path(), &["review"]);
        assert!(status == Some(0) && said.contains("a.txt") && said.contains("not kept"), "{said}{noted}");
        let (status, said, noted) = run(work.path(), state.path(), &["undo", "--yes", "--files"]);
        assert!(status != Some(0) && format!("{said}{noted}").contains("not kept"), "{said}{noted}");
    }
    // What the user types does not make it the user's.
    std::fs::write(work.path().join("a.txt"), "one\n2\nthree\n").unwrap();
    assert!(run(work.path(), state.path(), &["review"]).1.contains("a.txt"));
    assert_eq!(run(work.path(), state.path(), &["review", "keep"]).0, Some(0));
    assert!(run(work.path(), state.path(), &["review"]).1.contains("nothing to look at"));
}
