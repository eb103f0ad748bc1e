//! Tests of patches on real files: trees and patches in, trees or faults out.

#![allow(clippy::disallowed_methods, reason = "the tests make files and look at them")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::text::{Version, ends};
use crate::workspace::{NoBuffers, Shown};

struct Scene {
    _folder: tempfile::TempDir,
    files: Files,
}

/// Whether the model has read the files.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    All,
    None,
}

impl Scene {
    fn new(tree: &[(&str, &str)], read: Read) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        std::fs::create_dir(&root).unwrap();
        let root = AbsPath::new(root).unwrap();
        let files = Files::new(root.clone(), vec![root], Arc::new(NoBuffers));
        let scene = Self { _folder: folder, files };
        for (name, text) in tree {
            let path = scene.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            if read == Read::All {
                scene.read(name);
            }
        }
        scene
    }

    fn path(&self, name: &str) -> AbsPath {
        self.files.cwd().join(name).unwrap()
    }

    fn read(&self, name: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        let seen = Some(ends::lf(&text).into());
        self.files.views().saw(&self.path(name), Version::of_text(&text), seen, Shown::Whole);
    }

    /// Plans a patch and writes it.
    fn apply(&self, sections: &str) -> Result<(), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let edits = planned(&format!("*** Begin Patch\n{sections}*** End Patch"), &self.files).await?;
            let written = self.files.write(&edits).await;
            written.map(|_| ()).map_err(|error| Fault::new(FaultKind::Io, error.to_string()))
        })
    }

    fn tree(&self) -> BTreeMap<String, String> {
        let (mut tree, mut folders) = (BTreeMap::new(), vec![self.files.cwd().clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = AbsPath::new(entry.unwrap().path()).unwrap();
                let meta = std::fs::symlink_metadata(&path).unwrap();
                if meta.is_dir() {
                    folders.push(path);
                } else if meta.is_file() {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    tree.insert(path.display_in(self.files.cwd()), text);
                }
            }
        }
        tree
    }
}

fn tree(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[track_caller]
fn check(before: &[(&str, &str)], sections: &str, after: &[(&str, &str)]) {
    let scene = Scene::new(before, Read::All);
    assert_eq!(scene.apply(sections), Ok(()));
    assert_eq!(scene.tree(), tree(after));
}

#[track_caller]
fn refused(before: &[(&str, &str)], sections: &str, kind: FaultKind, words: &str) {
    refused_in(&Scene::new(before, Read::All), sections, kind, words);
}

/// The tree is what it was.
#[track_caller]
fn refused_in(scene: &Scene, sections: &str, kind: FaultKind, words: &str) {
    let before = scene.tree();
    let fault = scene.apply(sections).unwrap_err();
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(fault.to_string().contains(words), "{fault}");
    assert_eq!(scene.tree(), before);
}

const A: (&str, &str) = ("a", "x\n");

#[test]
fn files_come_change_and_go() {
    check(&[], "*** Add File: b/c\n+x\n", &[("b/c", "x\n")]);
    check(&[A], "*** Update File: a\n@@\n-x\n+y\n*** Add File: b\n*** Delete File: a\n", &[("b", "")]);
    check(&[A], "*** Delete File: a\n*** Add File: a\n+y\n", &[("a", "y\n")]);
    check(&[A], "*** Add File: b\n+b\n*** Update File: ./b\n@@\n-b\n+c\n", &[A, ("b", "c\n")]);
    let twice = "*** Update File: a\n@@\n-x\n+y\n*** Update File: d/../a\n@@\n-y\n+y\n+z\n";
    check(&[A], twice, &[("a", "y\nz\n")]);
    check(&[A, ("b", "b\n")], "*** Update File: a\n@@\n x\n*** Delete File: b\n", &[A]);
}

#[test]
fn files_move_as_they_are() {
    let mixed = "\u{feff}x\r\ny\nz\r\n";
    let to = |to: &str, chunk: &str| format!("*** Update File: a\n*** Move to: {to}\n@@\n{chunk}");
    check(&[("a", mixed)], &to("b/c", " x\n"), &[("b/c", mixed)]);
    check(&[("a", mixed)], &to("b", "-z\n+Z\n"), &[("b", "\u{feff}x\r\ny\nZ\r\n")]);
    check(&[A], &to("./a", "-x\n+y\n"), &[("a", "y\n")]);
    check(&[A], &(to("b", "-x\n+y\n") + "*** Add File: a\n+new\n"), &[("a", "new\n"), ("b", "y\n")]);
    check(&[A], &(to("b", " x\n") + "*** Update File: b\n*** Move to: c\n@@\n-x\n+z\n"), &[("c", "z\n")]);
    check(&[A, ("b", "b\n")], &("*** Delete File: b\n".to_owned() + &to("b", " x\n")), &[("b", "x\n")]);
    let swapped = to("t", " x\n")
        + "*** Update File: b\n*** Move to: a\n@@\n b\n*** Update File: t\n*** Move to: b\n@@\n x\n";
    check(&[A, ("b", "b\n")], &swapped, &[("a", "b\n"), ("b", "x\n")]);
    check(&[A], &(to("b", " x\n") + "*** Update File: b\n*** Move to: a\n@@\n-x\n+y\n"), &[("a", "y\n")]);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    use FaultKind::{FileExists, FileNotFound, InvalidHunk, Io, IsDirectory, LinesNotFound, NoChange};
    let added = "*** Add File: new\n+n\n";
    let both = |sections: &str| format!("{added}{sections}");
    let files = [A, ("d/b", "b\n")];
    refused(&files, &both("*** Update File: aa\n@@\n-x\n"), FileNotFound, "there is a");
    refused(&files, &both("*** Delete File: no/thing\n"), FileNotFound, "does not exist");
    refused(
        &files,
        &both("*** Delete File: a\n*** Update File: a\n@@\n-x\n"),
        FileNotFound,
        "the patch itself",
    );
    refused(&files, &both("*** Delete File: d\n"), IsDirectory, "is a folder");
    refused(&files, &both("*** Update File: d\n@@\n-x\n"), IsDirectory, "is a folder");
    refused(&files, &both("*** Add File: d\n+x\n"), IsDirectory, "is a folder");
    refused(&files, &both("*** Update File: a\n*** Move to: d\n@@\n-x\n"), IsDirectory, "is a folder");
    refused(&files, &both("*** Add File: a\n+y\n"), FileExists, "there already");
    refused(&files, &both("*** Add File: new\n+y\n"), FileExists, "there already");
    refused(&files, &both("*** Update File: a\n*** Move to: d/b\n@@\n-x\n+y\n"), FileExists, "d/b is there");
    refused(&files, &both("*** Add File: a/c\n+y\n"), Io, "a/c");
    refused(&files, &both("*** Update File: a\n@@\n-y\n"), LinesNotFound, "a, the change at line 5");
    refused(&files, &both("*** Delete File: a\n*** Move to: b\n"), InvalidHunk, "line 5");
    refused(&files, "*** Update File: a\n@@\n-x\n+x\n", NoChange, "changes nothing");
    refused(&files, "*** Add File: b\n+b\n*** Delete File: b\n", NoChange, "changes nothing");
    refused(&[("bin", "a\0b\n")], &both("*** Update File: bin\n@@\n-a\n"), Io, "patches are for text");
    refused(&[("bin", "a\0b\n")], &both("*** Add File: bin\n"), FileExists, "there already");
}

#[test]
fn what_the_model_has_not_seen_stays() {
    use FaultKind::Unseen;
    let scene = || Scene::new(&[A, ("b", " y\n")], Read::None);
    for (sections, words) in [
        ("*** Delete File: a\n", "deletes it, and you have not read it"),
        ("*** Update File: a\n*** Move to: c\n@@\n-x\n+y\n", "moves it, and you have not read it"),
        ("*** Update File: a\n@@\n+y\n", "does not quote it letter for letter"),
        ("*** Update File: b\n@@\n-y\n+z\n", "does not quote it letter for letter"),
        ("*** Delete File: a\n*** Add File: a\n+y\n", "deletes it"),
    ] {
        let scene = scene();
        refused_in(&scene, &format!("*** Add File: n\n+n\n{sections}"), Unseen, words);
        scene.read("a");
        scene.read("b");
        assert_eq!(scene.apply(sections), Ok(()), "{sections}");
    }
    let quoted = scene();
    assert_eq!(quoted.apply("*** Update File: a\n@@\n-x\n+y\n"), Ok(()));
    let changed = Scene::new(&[A], Read::All);
    std::fs::write(changed.path("a"), "other\n").unwrap();
    refused_in(&changed, "*** Delete File: a\n", Unseen, "it has changed since you saw it");
    refused_in(
        &changed,
        "*** Update File: a\n@@\n-x\n",
        FaultKind::LinesNotFound,
        "has changed since you saw it",
    );
}

#[test]
fn what_may_not_be_read_is_not_shown() {
    let told = |read| {
        let scene = Scene::new(&[("a", "key: secret\nb\n")], read);
        scene.apply("*** Update File: a\n@@\n b\n-c\n").unwrap_err().to_string()
    };
    assert!(told(Read::All).contains("2\tb"), "{}", told(Read::All));
    assert!(!told(Read::None).contains("2\tb"), "{}", told(Read::None));
}

#[test]
fn after_two_failures_the_text_comes_along() {
    let scene = Scene::new(&[("a", "one\ntwo\n")], Read::All);
    let failed = || scene.apply("*** Update File: a\n@@\n-three\n").unwrap_err().to_string();
    assert!(!failed().contains("2\ttwo"));
    assert!(failed().ends_with("Its text now:\n1\tone\n2\ttwo"));
}

#[test]
fn outside_of_the_workspace_only_what_was_read() {
    let scene = Scene::new(&[A], Read::All);
    std::fs::write(scene.path("../out"), "x\n").unwrap();
    let update = "*** Update File: ../out\n@@\n-x\n+y\n";
    refused_in(&scene, update, FaultKind::OutsideWorkspace, "Read it with `read` first");
    refused_in(&scene, "*** Delete File: ../out\n", FaultKind::OutsideWorkspace, "Read it with `read` first");
    // The write itself finds out, once it was allowed.
    refused_in(&scene, "*** Add File: ../out\n+z\n", FaultKind::Io, "nothing was written");
    let absolute = format!("*** Add File: {}\n+z\n", scene.path("../new"));
    assert_eq!(scene.apply(&absolute), Ok(()));
    scene.read("../out");
    let moved = "*** Update File: ../out\n*** Move to: in\n@@\n-x\n+y\n";
    refused_in(&scene, moved, FaultKind::OutsideWorkspace, "cannot move it");
    assert_eq!(scene.apply(update), Ok(()));
    assert_eq!(std::fs::read_to_string(scene.path("../out")).unwrap(), "y\n");
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_and_never_taken_away() {
        let scene = Scene::new(&[A, ("d/b", "b\n")], Read::All);
        let link = |to: &str, at: &str| symlink(to, scene.path(at)).unwrap();
        link("a", "link");
        link("d", "folder");
        link("..", "out");
        link("nowhere", "dangling");
        refused_in(&scene, "*** Delete File: link\n", FaultKind::Io, "is a link to");
        refused_in(&scene, "*** Update File: link\n*** Move to: c\n@@\n-x\n", FaultKind::Io, "is a link to");
        refused_in(&scene, "*** Update File: dangling\n@@\n-x\n", FaultKind::Io, "the link leads to nothing");
        refused_in(&scene, "*** Add File: link\n+x\n", FaultKind::FileExists, "there already");
        refused_in(&scene, "*** Update File: out/x\n@@\n-x\n", FaultKind::OutsideWorkspace, "outside");
        let both =
            "*** Update File: link\n@@\n-x\n+y\n*** Update File: a\n@@\n-y\n+z\n*** Delete File: folder/b\n";
        assert_eq!(scene.apply(both), Ok(()));
        assert_eq!(scene.tree(), tree(&[("a", "z\n")]));
    }

    #[test]
    fn devices_odd_names_and_protected_files_are_refused() {
        let scene = Scene::new(&[A, ("locked", "x\n")], Read::All);
        let pipe = std::process::Command::new("mkfifo").arg(scene.path("pipe").as_path()).status().unwrap();
        assert!(pipe.success());
        refused_in(&scene, "*** Update File: pipe\n@@\n-x\n", FaultKind::Io, "not a regular file");
        refused_in(&scene, "*** Delete File: pipe\n", FaultKind::Io, "not a regular file");
        refused_in(&scene, "*** Add File: pipe\n", FaultKind::Io, "not a regular file");
        let odd = scene.files.cwd().join(OsStr::from_bytes(b"caf\xe9")).unwrap();
        std::fs::create_dir(&odd).unwrap();
        symlink(odd.as_path(), scene.path("odd")).unwrap();
        refused_in(&scene, "*** Add File: odd/x\n+x\n", FaultKind::Io, "is not UTF-8");
        refused_in(&scene, "*** Add File: a\0b\n+x\n", FaultKind::Io, "NUL");
        std::fs::set_permissions(scene.path("locked"), std::fs::Permissions::from_mode(0o444)).unwrap();
        let update = "*** Update File: a\n@@\n-x\n+y\n*** Update File: locked\n@@\n-x\n+y\n";
        match scene.apply(update) {
            // The superuser may.
            Ok(()) => assert_eq!(scene.tree()["locked"], "y\n"),
            Err(fault) => {
                assert!(fault.to_string().contains("all files are as they were"), "{fault}");
                assert_eq!(scene.tree(), tree(&[A, ("locked", "x\n")]));
            }
        }
    }

    #[test]
    fn a_moved_program_stays_one() {
        let scene = Scene::new(&[A], Read::All);
        std::fs::set_permissions(scene.path("a"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(scene.apply("*** Update File: a\n*** Move to: b/c\n@@\n-x\n+y\n"), Ok(()));
        let mode = std::fs::metadata(scene.path("b/c")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}

#[test]
fn titles_name_the_first_files() {
    let title = |tree: &[(&str, &str)], sections: &str| {
        let scene = Scene::new(tree, Read::All);
        let patch = json!({"patchText": format!("*** Begin Patch\n{sections}*** End Patch")});
        let tool = ApplyPatch::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let plan = runtime.block_on(tool.plan(&patch, &scene.files)).unwrap();
        (plan.title, plan.locations.iter().map(|location| location.line).collect::<Vec<_>>())
    };
    let update = "*** Update File: a\n@@\n y\n+z\n";
    assert_eq!(title(&[("a", "x\ny\n")], update), ("Edit a".into(), vec![Some(2)]));
    let moved = "*** Update File: a\n*** Move to: b\n@@\n-x\n+z\n";
    assert_eq!(title(&[A], moved), ("Move a to b".into(), vec![None, None]));
    let added: String = ["1", "2", "3", "4", "5"].map(|name| format!("*** Add File: {name}\n")).concat();
    assert_eq!(title(&[], &added).0, "Create 1, create 2, create 3 and 2 more");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_patch_that_is_cut_writes_nothing(cut in 0..160usize) {
        let body = "*** Add File: n\n+n\n*** Update File: a\n@@\n-x\n+y\n*** Delete File: b\n*** Update File: c\n*** \
                    Move to: d\n@@\n x\n+z\n";
        let scene = Scene::new(&[A, ("b", "b\n"), ("c", "x\n")], Read::All);
        let before = scene.tree();
        prop_assume!(cut < body.len());
        let patch = format!("*** Begin Patch\n{}", &body[..cut]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert!(runtime.block_on(planned(&patch, &scene.files)).is_err());
        prop_assert_eq!(scene.tree(), before);
    }
}
