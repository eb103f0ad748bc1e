//! Sessions that go on, are shown, are damaged, are killed.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::program::{quillon, words};

#[test]
fn a_session_goes_on_and_is_shown() {
    let state = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("script"), "say one\ndone\nsay two\ndone\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", words(&output).1);
        words(&output).0
    };
    assert_eq!(run(&["run", "--model", "script:script", "first"]).trim(), "one");
    assert_eq!(run(&["run", "--model", "script:script", "-c", "second"]).trim(), "two");
    let listed = run(&["sessions", "list", "--json"]);
    let info: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!((&info["title"], &info["turns"]), (&json!("first"), &json!(2)));
    let id = info["id"].as_str().unwrap();
    let exported = run(&["sessions", "export", id]);
    assert!(exported.contains("first") && exported.contains("one") && exported.contains("two"), "{exported}");
    let document: Value =
        serde_json::from_str(&run(&["sessions", "export", "--format", "json", id])).unwrap();
    let info = &document["session"];
    assert_eq!(
        (&info["sessionId"], &info["state"], &document["more"]),
        (&json!(id), &json!("idle"), &json!(false))
    );
    assert_eq!(info["lastSeq"], document["events"].as_array().unwrap().last().unwrap()["seq"]);
    let events = run(&["sessions", "show", id, "--json"]);
    let shown: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let facts: Vec<&Value> = shown.iter().filter(|event| event["seq"].is_u64()).collect();
    assert_eq!(facts, document["events"].as_array().unwrap().iter().collect::<Vec<_>>());
    let sequence: Vec<u64> = events
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64())
        .collect();
    assert_eq!(sequence, (1..=sequence.len() as u64).collect::<Vec<u64>>());
}

/// Puts garbage in the place of a line of a session's journal; its number counts from 1.
fn damage(state: &Path, id: &str, line: usize) {
    let path = state.join("sessions").join(id).join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[line - 1] = "garbage";
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_damaged_session_is_shown_up_to_the_damage_and_not_continued() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(work.path().join("script"), "say the answer\ndone\nsay more\ndone\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code(), said, noted)
    };
    let newest = || {
        let (_, listed, _) = run(&["sessions", "list", "--json"]);
        let info: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
        info["id"].as_str().unwrap().to_owned()
    };
    let begin = |prompt: &str| assert_eq!(run(&["run", "--model", "script:script", prompt]).0, Some(0));
    begin("the older");
    let older = newest();
    begin("the newer");
    let newer = newest();
    assert_ne!(older, newer);

    // Its last line, the end of the turn.
    let journal = state.path().join("sessions").join(&newer).join("journal.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap().lines().count();
    damage(state.path(), &newer, lines);
    let damaged = std::fs::read(&journal).unwrap();
    let (status, said, noted) = run(&["sessions", "show", &newer]);
    assert_eq!((status, said.trim()), (Some(1), "turn 1\n> the newer\nthe answer"));
    assert!(
        noted.contains("is damaged after its fact") && noted.contains(&format!("line {lines}")),
        "{noted}"
    );
    let (status, said, noted) = run(&["sessions", "show", "--json", &newer]);
    assert_eq!(status, Some(1), "{noted}");
    let facts = said.lines().filter(|line| line.contains("\"seq\":")).count();
    assert_eq!(facts, lines - 2);
    let (status, said, noted) = run(&["sessions", "export", &newer]);
    assert!(status == Some(1) && said.contains("the answer") && noted.contains("damaged"), "{said}{noted}");

    let (status, said, noted) = run(&["run", "--model", "script:script", "-c", "go on"]);
    assert_eq!((status, said.as_str()), (Some(1), ""), "{noted}");
    for words in [
        format!("line {lines}"),
        format!("quillon sessions show {newer}"),
        format!("quillon run -s {older}"),
        "the older".to_owned(),
    ] {
        assert!(noted.contains(&words), "{words}: {noted}");
    }
    assert_eq!(std::fs::read(&journal).unwrap(), damaged, "nothing is repaired by leaving things out");
    assert_eq!(run(&["run", "--model", "script:script", "-s", &newer, "go on"]).0, Some(1));
    assert_eq!(run(&["run", "--model", "script:script", "-s", &older, "go on"]).1.trim(), "more");

    // Of this one not even its folder can be told; it is named all the same.
    damage(state.path(), &newer, 2);
    std::fs::remove_file(state.path().join("sessions").join(&newer).join("meta.json")).unwrap();
    let (status, said, noted) = run(&["sessions", "show", &newer]);
    assert!(status == Some(1) && said.is_empty() && noted.contains("line 2"), "{said}{noted}");
    let (_, said, noted) = run(&["sessions", "list"]);
    assert!(said.contains(&older) && noted.contains(&newer), "{said}{noted}");
    let (status, said, noted) = run(&["sessions", "show", "0190-none"]);
    assert!(status == Some(1) && noted.contains("there is no session"), "{said}{noted}");
}

#[test]
fn a_killed_first_turn_is_found_again() {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("script"), "say begun\nwait\n").unwrap();
    let mut command = quillon(state.path(), state.path());
    let mut running =
        command.args(["run", "--model", "script:script", "go"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 5];
    running.stdout.take().unwrap().read_exact(&mut begun).unwrap();
    let meta = |path: &Path| {
        std::fs::read_dir(path.join("sessions")).unwrap().any(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path().join("meta.json")).unwrap_or_default();
            text.contains("\"turns\":1")
        })
    };
    while !meta(state.path()) {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let listed = quillon(state.path(), state.path()).args(["sessions", "list"]).output().unwrap();
    assert!(words(&listed).0.contains("1 turn  go"), "{}", words(&listed).0);
}
