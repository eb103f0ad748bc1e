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
}
