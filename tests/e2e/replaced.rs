//! A changed file in whose place the user has put something else.

use super::program::{quillon, words};

/// What the user has put in the place of a changed file stays; how to get at the old text is said.
#[test]
fn what_a_replaced_file_was_can_be_printed() {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = work.path().join("a.txt");
    std::fs::write(&file, "one\u{1b}[31m\r\ntwo\r\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code(), said, noted)
    };
    let (status, said, noted) =
        run(&["run", "--model", "demo", "--mode", "edit", "replace two with 2 in a.txt"]);
    assert_eq!(status, Some(0), "{said}{noted}");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let (status, said, noted) = run(&["review", "undo", "a.txt"]);
    assert!(
        status == Some(3) && noted.contains("`quillon review a.txt --before` has what it was"),
        "{said}{noted}"
    );
    assert!(file.is_dir());
    let (status, said, noted) = run(&["review", "a.txt", "--before"]);
    assert_eq!((status, said.as_str()), (Some(0), "one\u{1b}[31m\ntwo\n"), "{noted}");
    // Also once the way is free, when nothing of the agent's is left to look at.
    std::fs::remove_dir(&file).unwrap();
    assert_eq!(run(&["review", "a.txt", "--before"]).1, "one\u{1b}[31m\ntwo\n");
}

/// A command that put a folder or a pipe in the place of a file is undone, unless something is in the folder.
#[cfg(unix)]
#[test]
fn what_a_command_put_in_the_place_of_a_file_goes_if_it_is_empty() {
    for (command, comes_back) in [
        ("rm a.txt; mkdir a.txt", true),
        ("rm a.txt; mkfifo a.txt", true),
        ("rm a.txt; mkdir a.txt; touch a.txt/x", false),
    ] {
        let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = work.path().join("a.txt");
        std::fs::write(&file, "one\n").unwrap();
        let script = format!(
            "call read {{\"path\": \"a.txt\"}}\ndone\ncall bash {{\"command\": \"{command}\"}}\ndone\nsay Done.\ndone\n"
        );
        std::fs::write(work.path().join("script"), script).unwrap();
        let run = |arguments: &[&str]| {
            let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
            let (said, noted) = words(&output);
            (output.status.code(), format!("{said}{noted}"))
        };
        run(&["run", "--model", "script:script", "--allow", "bash", "--allow", "edit", "go"]);
        assert!(!file.is_file());
        let (_, told) = run(&["review"]);
        assert!(
            told.contains("a folder, something that cannot be read, or no file stands there now"),
            "{told}"
        );
        let (status, told) = run(&["undo", "--yes"]);
        assert_eq!(file.is_file(), comes_back, "{command}: {told}");
        if comes_back {
            assert_eq!(
                (status, std::fs::read_to_string(&file).unwrap()),
                (Some(0), "one\n".into()),
                "{told}"
            );
        } else {
            let why = "a folder with files in it stands in its place; move it away";
            assert!(status == Some(3) && told.contains(why) && file.join("x").exists(), "{told}");
        }
    }
}

/// What the user has made private since does not become readable by a way back.
#[cfg(unix)]
#[test]
fn permissions_that_somebody_has_given_since_stay() {
    use std::os::unix::fs::PermissionsExt;
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = work.path().join("a.txt");
    let give = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let has = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        format!("{:?} {said}{noted}", output.status.code())
    };
    let script = "call bash {\"command\": \"chmod 755 a.txt\"}\ndone\nsay Done.\ndone\n";
    std::fs::write(work.path().join("script"), script).unwrap();
    for (since, then) in [(None, 0o644), (Some(0o600), 0o600)] {
        std::fs::write(&file, "one\n").unwrap();
        give(0o644);
        let told = run(&["run", "--model", "script:script", "--allow", "bash", "--allow", "edit", "go"]);
        assert!(has() == 0o755 && told.contains("changed by commands: a.txt"), "{told}");
        since.into_iter().for_each(give);
        let told = run(&["undo", "--yes", "--files"]);
        assert_eq!(has(), then, "{told}");
        assert_eq!(told.contains("other permissions since, which stay"), since.is_some(), "{told}");
    }
}

/// A changed file that has gone since does not come back, and nobody has to find that out alone.
#[test]
fn a_changed_file_that_was_deleted_since_is_named() {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = work.path().join("a.txt");
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = quillon(work.path(), state.path()).args(arguments).output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code(), format!("{said}{noted}"))
    };
    run(&["run", "--model", "demo", "--mode", "edit", "replace two with 2 in a.txt"]);
    std::fs::remove_file(&file).unwrap();
    let (status, told) = run(&["undo", "--yes", "--files"]);
    assert!(
        status == Some(1) && told.contains("somebody has deleted or moved it since"),
        "{status:?} {told}"
    );
    assert!(!file.exists());
    assert_eq!(run(&["review", "a.txt", "--before"]).1, "one\ntwo\n");
}
