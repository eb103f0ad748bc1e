//! `quillon review`, `undo` and `checkpoints` as a user calls them.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{quillon, words};
use super::wire::Wire;

const A: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const EDITED: &str = "1\ntwo\n3\n4\n5\n6\n7\neight\n9\n";

const SCRIPT: &str = r#"call edit {"file_path": "a.txt", "old_string": "2\n", "new_string": "two\n"}
call edit {"file_path": "a.txt", "old_string": "8\n", "new_string": "eight\n"}
call write {"file_path": "sub/c.txt", "content": "new\n"}
done
say Done.
done
call edit {"file_path": "b.txt", "old_string": "hello", "new_string": "good morning"}
done
say Done.
done
"#;

/// A user's folder, with two turns behind it.
struct Place {
    state: TempDir,
    work: TempDir,
}

/// The exit status, standard output and standard error.
type Said = (i32, String, String);

impl Place {
    fn empty() -> Self {
        Self { state: tempfile::tempdir().unwrap(), work: tempfile::tempdir().unwrap() }
    }

    fn new() -> Self {
        let place = Self::empty();
        place.write("script", SCRIPT);
        place.write("a.txt", A);
        place.write("b.txt", "hello\n");
        for (flag, prompt) in [("--mode=edit", "Change a and make c"), ("-c", "Change b")] {
            let (status, said, noted) = place.quillon(&["run", "--model", "script:script", flag, prompt]);
            assert_eq!((status, said.trim()), (0, "Done."), "{noted}");
        }
        place
    }

    fn quillon(&self, arguments: &[&str]) -> Said {
        let output = quillon(self.work.path(), self.state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code().unwrap(), said, noted)
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], status: i32, said: &str, noted: &str) {
        let (was, all, notes) = self.quillon(arguments);
        assert_eq!(was, status, "{arguments:?}\n{all}\n{notes}");
        assert!(all.contains(said), "{arguments:?}: no {said:?} in\n{all}");
        assert!(notes.contains(noted), "{arguments:?}: no {noted:?} in\n{notes}");
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.work.path().join(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.work.path().join(name)).unwrap_or_else(|error| error.kind().to_string())
    }
}

#[test]
fn changes_are_listed_and_shown() {
    let place = Place::new();
    let (status, said, _) = place.quillon(&["review"]);
    assert_eq!(status, 0);
    assert_eq!(
        said,
        "a.txt: modified (+2 −2), 2 hunks\n  1  line 2 (+1 −1): two\n  2  line 8 (+1 −1): eight\n\
         sub/c.txt: created (+1 −0)\nb.txt: modified (+1 −1), 1 hunk\n  1  line 1 (+1 −1): good morning\n"
    );
    let (_, said, _) = place.quillon(&["review", "a.txt"]);
    let names: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_suffix(" @@")?.rsplit_once(", ").map(|(_, name)| name))
        .collect();
    assert_eq!(
        said,
        format!(
            "a.txt: modified (+2 −2), 2 hunks\n@@ hunk 1 at line 2, {} @@\n 1\n-2\n+two\n 3\n 4\n 5\n\
             @@ hunk 2 at line 8, {} @@\n 6\n 7\n-8\n+eight\n 9\n",
            names[0], names[1]
        )
    );
    place.says(&["review", "./sub/../sub/c.txt"], 0, "\n+new\n", "");
    place.says(&["review", "none.txt"], 1, "", "there is nothing to look at in none.txt");
    let (_, said, _) = place.quillon(&["review", "--json"]);
    let files: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((files.len(), &files[0]["hunks"][1]["newText"]), (3, &json!("eight\n")));
    assert!(files[0]["hunks"][1]["hunkId"].as_str().unwrap().starts_with(names[1]), "{said}");
    let (_, one, _) = place.quillon(&["review", "--json", "b.txt"]);
    assert_eq!(one.lines().collect::<Vec<_>>(), [said.lines().nth(2).unwrap()]);
}

#[test]
fn hunks_are_decided_by_number_and_by_name() {
    let place = Place::new();
    let (_, said, _) = place.quillon(&["review", "a.txt"]);
    let name = said.lines().nth(1).unwrap().strip_suffix(" @@").unwrap().rsplit_once(", ").unwrap().1;
    place.says(&["review", "undo", "a.txt", "--hunk", "2"], 0, "undone: hunk 2 of a.txt", "3 files left");
    assert_eq!(place.text("a.txt"), A.replace('2', "two"));
    // A number may be another hunk by now; a name is not.
    place.says(&["review", "undo", "a.txt", "--hunk", "2"], 1, "", "a.txt has no hunk `2` (any more)");
    place.says(&["review", "undo", "a.txt", "--hunk", &name[..6]], 1, "", "has no hunk");
    place.says(&["review", "keep", "a.txt", "--hunk", name], 0, "kept: hunk 1 of a.txt", "2 files left");
    place.says(&["review", "keep", "a.txt", "--hunk", name], 1, "", "nothing to look at in a.txt");
    place.says(&["review", "keep", "sub/c.txt", "--hunk", "1"], 1, "", "kept or undone as a whole");
    place.says(&["review", "keep", "--hunk", "1"], 2, "", "<FILE>");
    place.says(&["review", "undo"], 0, "undone: sub/c.txt\nundone: b.txt\n", "nothing is left to look at");
    assert_eq!(
        (place.text("b.txt").as_str(), place.text("sub/c.txt").as_str()),
        ("hello\n", "entity not found")
    );
    place.says(&["review"], 0, "nothing to look at\n", "");
    place.says(&["review", "keep"], 1, "", "there is nothing to look at");
}

#[test]
fn hunks_of_the_same_lines_are_told_apart() {
    let place = Place::new();
    let (before, after) = ("x\n1\nx\n2\nx\n", "y\n1\ny\n2\ny\n");
    place.write("d.txt", before);
    let edit = json!({"file_path": "d.txt", "old_string": "x", "new_string": "y", "replace_all": true});
    place.write("script", &format!("{SCRIPT}call edit {edit}\ndone\nsay Done.\ndone\n"));
    place.says(&["run", "--model", "script:script", "-c", "Change d"], 0, "Done.", "");
    assert_eq!(place.text("d.txt"), after);
    place.says(&["review", "keep", "d.txt", "--hunk", "2"], 0, "kept: hunk 2 of d.txt", "");
    place.says(&["review", "undo", "d.txt", "--hunk", "2,1"], 0, "undone: hunk 1, hunk 2 of d.txt", "");
    assert_eq!(place.text("d.txt"), "x\n1\ny\n2\nx\n");
}

#[test]
fn what_the_user_typed_is_undone_only_where_its_hunk_is_named() {
    let place = Place::new();
    let typed = EDITED.replace("two", "two!");
    place.write("a.txt", &typed);
    place.write("sub/c.txt", "new\nmine\n");
    place.says(&["review"], 0, "two! (you have typed in it)", "");
    place.says(
        &["review", "undo"],
        3,
        "undone: 1 hunk of a.txt\nundone: b.txt\n",
        "a.txt: you have typed in hunk 1",
    );
    place.says(&["review", "undo", "sub/c.txt"], 3, "", "sub/c.txt: it was changed since");
    assert_eq!(place.text("a.txt"), typed.replace("eight", "8"));
    assert_eq!(place.text("sub/c.txt"), "new\nmine\n");
    place.says(&["review", "undo", "a.txt", "--hunk", "1"], 0, "undone: hunk 1 of a.txt", "--restore r3`");
    assert_eq!(place.text("a.txt"), A);
    place.says(&["undo", "--yes", "--restore", "r3"], 0, "went back: a.txt\n", "--restore r4");
    assert_eq!(place.text("a.txt"), typed.replace("eight", "8"));
    place.says(&["review", "a.txt"], 0, "you have typed in it", "");
}

#[test]
fn the_last_edit_goes_back_alone_and_the_one_before() {
    let place = Place::new();
    place.says(&["undo", "--last-edit"], 3, "", "-good morning\n+hello\n");
    place.says(&["undo", "--yes", "--last-edit"], 0, "went back: b.txt\n", "--restore r1`");
    assert_eq!((place.text("a.txt").as_str(), place.text("b.txt").as_str()), (EDITED, "hello\n"));
    place.says(&["undo", "--yes", "--last-edit"], 0, "went back: ", "--restore r2`");
    place.says(&["undo", "--yes", "--restore", "r1"], 0, "went back: b.txt\n", "");
    assert_eq!(place.text("b.txt"), "good morning\n");
    place.says(&["undo", "--last-edit", "--turn", "1"], 2, "", "cannot be used with");
}

#[test]
fn the_last_turn_goes_back_and_the_one_before_and_all_comes_back() {
    let place = Place::new();
    let (_, said, _) = place.quillon(&["checkpoints"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("  1  ") && lines[0].ends_with("   2 files  Change a and make c"), "{said}");
    assert!(lines[1].starts_with("  2  ") && lines[1].ends_with("    1 file  Change b"), "{said}");
    let (_, said, _) = place.quillon(&["checkpoints", "--json"]);
    let second: Value = serde_json::from_str(said.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&second["turnId"], &second["files"]), (&json!("t2"), &json!(1)));

    // Nobody can be asked.
    place.says(&["undo"], 3, "", "-good morning\n+hello\nTurn 2 goes out of the conversation.\n");
    place.says(&["undo"], 3, "", "`--yes` does it without a question");
    assert_eq!(place.text("b.txt"), "good morning\n");
    place.says(&["undo", "--yes"], 0, "went back: b.txt\n", "`quillon undo --restore r1`");
    assert_eq!(place.text("b.txt"), "hello\n");
    place.write("a.txt", &format!("0\n{}", EDITED.replace("two", "two!")));
    place.says(&["undo", "--yes"], 3, "went back: sub/c.txt\n", "a.txt: you have changed lines of it since");
    assert_eq!(place.text("a.txt"), format!("0\n{}", A.replace('2', "two!")));
    assert_eq!(place.text("sub/c.txt"), "entity not found");
    place.says(&["checkpoints"], 0, "there is no turn to go back to", "");
    place.says(&["undo", "--yes"], 1, "", "there is no turn to go back to");
    place.says(&["undo", "--yes", "--restore", "r2"], 0, "went back: a.txt\n", "--restore r3");
    assert_eq!(place.text("a.txt"), format!("0\n{}", EDITED.replace("two", "two!")));
    assert_eq!(place.text("sub/c.txt"), "new\n");
    place.says(&["checkpoints"], 0, "Change a and make c", "");
}

#[test]
fn files_and_conversation_go_back_apart() {
    let place = Place::new();
    place.says(
        &["undo", "--yes", "--conversation", "--turn", "1"],
        0,
        "went back: the conversation\n",
        "Turns 1 to 2",
    );
    assert_eq!(place.text("b.txt"), "good morning\n");
    place.says(&["checkpoints"], 0, "Change a and make c (the files alone can go back)", "");
    let again = ["undo", "--yes", "--conversation", "--turn", "1"];
    place.says(&again, 1, "", "its files alone can go back");
    place.says(&["undo", "--yes", "--turn", "3"], 1, "", "there is no turn 3 to go back to");
    // Taken back with what went back.
    place.says(
        &["undo", "--yes", "--restore", "r1"],
        0,
        "went back: the conversation\n",
        "comes back into it",
    );
    place.says(&["undo", "--yes", "--files"], 0, "went back: b.txt\n", "--restore r3");
    // Once more: the turn before.
    place.says(&["undo", "--yes", "--files"], 0, "went back: sub/c.txt\n", "--restore r4");
    place.says(&["undo", "--yes", "--files"], 1, "", "there is nothing that could go back");
    assert_eq!((place.text("a.txt").as_str(), place.text("b.txt").as_str()), (A, "hello\n"));
    place.says(&["undo", "--yes", "--restore", "r4"], 0, "went back: a.txt\n", "");
    place.says(&["undo", "--yes", "--restore", "r3"], 0, "went back: b.txt\n", "");
    assert_eq!((place.text("a.txt").as_str(), place.text("b.txt").as_str()), (EDITED, "good morning\n"));
    place.says(&["undo", "--yes", "--restore", "r9"], 1, "", "there was no `quillon undo` named r9");
    place.says(&["undo", "--files", "--conversation"], 2, "", "cannot be used with");
    place.says(&["undo", "--yes", "--conversation"], 0, "", "they go back by `quillon undo --turn 2`");
    let (status, _, noted) = place.quillon(&["run", "--model", "script:script", "-c", "Again"]);
    assert_eq!(status, 0, "{noted}");
    place.says(&["undo", "--yes", "--restore", "r7"], 1, "", "something was said since");
    place.says(&["undo", "--yes", "--turn", "2"], 0, "went back: b.txt\n", "--restore r8");
}

#[test]
fn sessions_are_found_or_it_is_told() {
    let place = Place::new();
    let other = tempfile::tempdir().unwrap();
    for command in [&["review"][..], &["undo"], &["checkpoints"]] {
        let output = quillon(other.path(), place.state.path()).args(command).output().unwrap();
        let (_, noted) = words(&output);
        assert_eq!(output.status.code(), Some(1), "{noted}");
        assert!(
            noted.contains("there is no session in ") && noted.contains("sessions list --all"),
            "{noted}"
        );
    }
    let below = place.work.path().join("sub/deeper");
    std::fs::create_dir_all(&below).unwrap();
    let output = quillon(&below, place.state.path()).arg("review").output().unwrap();
    assert!(words(&output).0.contains("a.txt: modified"), "{}", words(&output).1);
    let (_, listed, _) = place.quillon(&["sessions", "list", "--json"]);
    let info: Value = serde_json::from_str(listed.trim()).unwrap();
    let named = ["review", "-s", info["id"].as_str().unwrap()];
    let output = quillon(other.path(), place.state.path()).args(named).output().unwrap();
    assert!(words(&output).0.contains("a.txt: modified"), "{}", words(&output).1);
    place.says(&["review", "keep", "-s", "nobody"], 1, "", "there is no session `nobody`");
}

#[tokio::test]
async fn a_session_that_an_editor_holds_is_left_to_it() {
    let mut wire = Wire::ready("say Done.\ndone\n").await;
    let folder = wire.folder.path().canonicalize().unwrap();
    let session = wire.turn(&folder).await;
    wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
    for command in [&["review", "keep"][..], &["undo", "--yes"], &["checkpoints"]] {
        let output =
            quillon(&folder, &folder.join("state")).args(command).args(["-s", &session]).output().unwrap();
        let (_, noted) = words(&output);
        assert_eq!(output.status.code(), Some(1), "{noted}");
        assert!(noted.contains("is in use by process") && noted.contains("do it there"), "{noted}");
    }
}

#[test]
fn a_command_that_changes_more_files_than_are_listed_says_so() {
    let place = Place::empty();
    place.write("script", "call bash {\"command\": \"sh ./make\"}\ndone\nsay Done.\ndone\n");
    place.write("make", "for n in $(seq 2010); do echo $n > f$n; done; sed -i s/old/new/ src/*\n");
    std::fs::create_dir(place.work.path().join("src")).unwrap();
    for name in ["src/a", "src/b"] {
        place.write(name, "old\n");
    }
    let git = "git init -q && git add src && git -c user.name=a -c user.email=a commit -qm x";
    assert!(
        std::process::Command::new("sh")
            .args(["-c", git])
            .current_dir(place.work.path())
            .status()
            .unwrap()
            .success()
    );
    let run = ["run", "--model", "script:script", "--allow", "bash", "Go."];
    let told = "the command changed further files, which are too many to be listed and do not go back: 12 (f";
    place.says(&run, 0, "Done.", told);
    // What was there before comes first.
    place.says(&["undo", "--yes"], 3, "went back: src/b", told);
    assert_eq!((place.text("src/a"), place.text("src/b")), ("old\n".into(), "old\n".into()));
}

#[test]
fn what_a_command_did_before_the_program_was_killed_is_named_as_not_known() {
    let place = Place::empty();
    place.write("script", "call bash {\"command\": \"echo more >> a.txt; sleep 60\"}\ndone\n");
    place.write("a.txt", "one\n");
    let mut run = quillon(place.work.path(), place.state.path());
    run.args(["run", "--json", "--model", "script:script", "--allow", "bash", "--allow", "edit", "Go."]);
    let mut run = run.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let output = std::io::BufReader::new(run.stdout.take().unwrap());
    let started =
        std::io::BufRead::lines(output).map_while(Result::ok).any(|line| line.contains("\"callStarted\""));
    assert!(started);
    run.kill().unwrap();
    run.wait().unwrap();
    let told = "Quillon ended while a command ran: which files it had changed is not known, and none of that goes back";
    place.says(&["review"], 0, "", told);
    place.says(&["undo", "--yes"], 3, "", told);
}

#[test]
fn changes_of_one_line_go_back_one_after_the_other() {
    let made = || {
        let place = Place::empty();
        let edit = |old: &str, new: &str| {
            format!(
                "call edit {{\"file_path\": \"a.txt\", \"old_string\": \"{old}\", \"new_string\": \"{new}\"}}\ndone\nsay Done.\ndone\n"
            )
        };
        place.write("script", &[edit("one", "two"), edit("two", "three"), edit("three", "four")].concat());
        place.write("a.txt", "1\none\n3\n");
        for flag in ["--mode=edit", "-c", "-c"] {
            place.says(&["run", "--model", "script:script", flag, "Go on."], 0, "Done.", "");
        }
        place
    };
    let at = |place: &Place| place.text("a.txt").lines().nth(1).map(str::to_owned).unwrap_or_default();
    let turns = made();
    let edits = made();
    for left in ["three", "two", "one"] {
        turns.says(&["undo", "--yes"], 0, "went back: a.txt", "");
        edits.says(&["undo", "--last-edit", "--yes"], 0, "went back: a.txt", "");
        assert_eq!((at(&turns), at(&edits)), (left.to_owned(), left.to_owned()));
    }
    edits.says(&["undo", "--restore", "r3", "--yes"], 0, "went back: a.txt", "");
    edits.says(&["undo", "--turn", "1", "--yes"], 0, "went back: a.txt", "");
    assert_eq!(at(&edits), "one");
    // A line that the user has changed themselves stays theirs.
    let typed = made();
    typed.says(&["undo", "--yes"], 0, "went back: a.txt", "");
    typed.write("a.txt", "1\nthree and mine\n3\n");
    typed.says(&["undo", "--yes"], 3, "", "you have changed lines of it since");
    assert_eq!(at(&typed), "three and mine");
}

#[test]
fn a_way_back_that_was_cut_off_can_be_gone_again() {
    let place = Place::new();
    place.says(&["undo", "--turn", "1", "--yes"], 0, "went back: a.txt", "");
    // As if the program had been killed before the second file, and before the end.
    let sessions = place.state.path().join("sessions");
    let session =
        std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let journal = session.unwrap().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let facts: Vec<&str> = text.lines().collect();
    let touched =
        facts.iter().position(|fact| fact.contains("\"touched\"") && fact.contains("\"r1\"")).unwrap();
    std::fs::write(&journal, format!("{}\n", facts[..=touched].join("\n"))).unwrap();
    place.write("b.txt", "good morning\n");
    std::fs::create_dir_all(place.work.path().join("sub")).unwrap();
    place.write("sub/c.txt", "new\n");
    let told = "Quillon ended while files went back (r1), so some of them may not have";
    let (_, listed, noted) = place.quillon(&["checkpoints"]);
    assert!(listed.contains("Change a and make c") || noted.contains(told), "{listed}{noted}");
    place.says(&["undo", "--turn", "1", "--files", "--yes"], 0, "went back: ", "");
    assert_eq!((place.text("a.txt"), place.text("b.txt")), (A.into(), "hello\n".into()));
    assert!(!place.work.path().join("sub/c.txt").exists());
    let (_, shown, _) = place.quillon(&["sessions", "export", &session_id(&place)]);
    assert!(shown.contains(told), "{shown}");
}

fn session_id(place: &Place) -> String {
    let (_, listed, _) = place.quillon(&["sessions", "list", "--json"]);
    let first: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    first["id"].as_str().unwrap().to_owned()
}
