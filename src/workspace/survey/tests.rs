//! Real commands in real folders, with and without git.

mod properties;

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::*;
use crate::workspace::testing::Ground;

/// Sets a folder up, looks around, runs a command, and shows what was found.
async fn check(setup: &str, known: &[&str], command: &str, expected: Expect) {
    let ground = Ground::new(setup).await;
    let changes = changes(&ground, known, command).await;
    expected.assert_eq(&shown(&ground, &changes));
}

async fn changes(ground: &Ground, known: &[&str], command: &str) -> Changes {
    let known = known.iter().map(|name| ground.path(name)).collect();
    let before = Before::look(&ground.files(), known).await;
    ground.sh(command).await;
    before.changes().await
}

fn shown(ground: &Ground, changes: &Changes) -> String {
    let stand = |stand: &Stand| match stand {
        Stand::Absent => "nothing".to_owned(),
        Stand::File { bytes, mode } => format!("{:?} {mode:o}", String::from_utf8_lossy(bytes)),
        // (Whether there is a sum depends on how fresh the file is.)
        Stand::Unheld { len, mode, lack, .. } => format!("{len} bytes {mode:o} {lack:?}"),
        Stand::Link(text) => format!("-> {}", text.display()),
        Stand::Other(kind) => format!("{kind:?}"),
    };
    let mut shown = String::new();
    for found in &changes.found {
        let lost = if found.is_restorable() { "" } else { ", not restorable" };
        let path = found.path.display_in(&ground.root);
        let (before, after) = (stand(&found.before), stand(&found.after));
        writeln!(shown, "{:?} {path}: {before} => {after}{lost}", found.deed()).unwrap();
    }
    for (from, to) in changes.renames() {
        let name = |at: usize| changes.found[at].path.display_in(&ground.root);
        writeln!(shown, "renamed {} to {}", name(from), name(to)).unwrap();
    }
    let (more, unnamed) = (&changes.more, &changes.unnamed);
    if more.count > 0 || changes.reach != Reach::Whole {
        writeln!(shown, "{} more, {:?}", more.count, changes.reach).unwrap();
    }
    if unnamed.count > 0 {
        let names = unnamed.some.iter().map(|path| path.display_in(&ground.root));
        let names: Vec<String> = names.collect();
        writeln!(shown, "{} unnamed, {} lost: {}", unnamed.count, unnamed.lost, names.join(", ")).unwrap();
    }
    shown
}

/// A repository with clean files that git knows for certain: they are older than its index.
const REPOSITORY: &str = "umask 022; git init -q; mkdir -p src/deep; echo one > a; echo two > src/b; \
    echo three > src/deep/c; ln -s a link; printf '*.log\\ntarget/\\n' > .gitignore; \
    touch -h -d 2001-02-03 a src/b src/deep/c link .gitignore; git add .; git commit -qm x;";

#[tokio::test]
async fn nothing_is_found_where_nothing_changed() {
    let quiet = "cat a >/dev/null; git status; cp a a2; rm a2; mkdir empty; rm -r new-empty; \
        echo x > x.log; mkdir -p target; echo y > target/y; git gc -q";
    check(&format!("{REPOSITORY} mkdir new-empty"), &["a"], quiet, expect![""]).await;
    check("", &[], "true", expect![""]).await;
}

#[tokio::test]
async fn clean_files_come_back_from_git() {
    check(
        REPOSITORY,
        &[],
        "echo 1 > a; rm src/b; chmod +x src/deep/c; echo new > src/new; mkdir -p x/y; echo z > x/y/z",
        expect![[r#"
            Changed a: "one\n" 644 => "1\n" 644
            Deleted src/b: "two\n" 644 => nothing
            Mode src/deep/c: "three\n" 644 => "three\n" 755
            Created src/new: nothing => "new\n" 644
            Created x/y/z: nothing => "z\n" 644
        "#]],
    )
    .await;
}

#[tokio::test]
async fn known_files_and_uncommitted_ones_come_back_without_git() {
    check(
        &format!("{REPOSITORY} echo dirty > a; git add src; echo known > k; echo unseen > u; echo i > i.log"),
        &["k", "i.log", "gone", "../outside"],
        "rm -rf .git/objects; echo 1 > a; echo 2 > src/b; echo 3 > k; echo 4 > u; echo 5 > i.log; echo 6 > gone",
        expect![[r#"
            Changed a: "dirty\n" 644 => "1\n" 644
            Created gone: nothing => "6\n" 644
            Changed i.log: "i\n" 644 => "5\n" 644
            Changed k: "known\n" 644 => "3\n" 644
            Changed src/b: 4 bytes 644 NotHad => "2\n" 644, not restorable
            Changed u: 7 bytes 644 NotHad => "4\n" 644, not restorable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_clock_does_not_deceive() {
    let trick = "cp -p a t; echo 1ne > a; touch -r t a; cp -p u t; echo 1ld > u; touch -r t u; rm t";
    check(
        &format!("{REPOSITORY} echo old > u; touch -d 2001-02-03 u"),
        &[],
        trick,
        expect![[r#"
            Changed a: "one\n" 644 => "1ne\n" 644
            Changed u: 4 bytes 644 NotHad => "1ld\n" 644, not restorable
        "#]],
    )
    .await;
    let same = "touch a src/b u; cp a t; mv t a; git stash -q; git checkout -q .; git checkout -q --orphan o; \
        git reset -q --hard; git checkout -q -f main; git checkout -q -f .; echo old > u";
    let script = REPOSITORY.replace("init -q", "init -q -b main");
    check(&format!("{script} echo old > u"), &["u"], same, expect![""]).await;
}

#[tokio::test]
async fn renamed_files_and_folders() {
    check(
        &format!("{REPOSITORY} echo unseen > notes; : > empty"),
        &[],
        "mv src lib; mv notes readme; git mv a a-new; mv empty empty2",
        expect![[r#"
            Deleted a: "one\n" 644 => nothing
            Created a-new: nothing => "one\n" 644
            Deleted empty: "" 644 => nothing
            Created empty2: nothing => "" 644
            Created lib/b: nothing => "two\n" 644
            Created lib/deep/c: nothing => "three\n" 644
            Deleted notes: "unseen\n" 644 => nothing
            Created readme: nothing => "unseen\n" 644
            Deleted src/b: "two\n" 644 => nothing
            Deleted src/deep/c: "three\n" 644 => nothing
            renamed a to a-new
            renamed notes to readme
            renamed src/b to lib/b
            renamed src/deep/c to lib/deep/c
        "#]],
    )
    .await;
}

#[tokio::test]
async fn things_of_another_kind() {
    check(
        &format!("{REPOSITORY} mkfifo pipe src/pipe2 .hidden; mkdir folder; echo in > folder/in"),
        &["folder/in", "pipe"],
        "rm a link; ln -s src/b a; echo file > link; rm src/b; mkdir src/b; echo below > src/b/x; \
            rm pipe; echo file > pipe; mkfifo fresh; mv folder elsewhere; ln -s /etc folder",
        expect![[r#"
            Replaced a: "one\n" 644 => -> src/b
            Created elsewhere/in: nothing => "in\n" 644
            Created folder: Folder => -> /etc
            Deleted folder/in: "in\n" 644 => nothing
            Replaced link: -> a => "file\n" 644
            Created pipe: Other => "file\n" 644, not restorable
            Replaced src/b: "two\n" 644 => Folder
            Created src/b/x: nothing => "below\n" 644
            renamed folder/in to elsewhere/in
        "#]],
    )
    .await;
}

#[tokio::test]
async fn links_are_not_followed() {
    check(
        &format!("mkdir w; cd w; {REPOSITORY} mkdir ../out; echo o > ../out/o; ln -s ../out away"),
        &["w/away/o", "out/o"],
        "cd w; echo 1 > away/o; echo 2 > away/p; rm -r src; ln -s ../out src",
        expect![[r#"
            Changed out/o: "o\n" 644 => "1\n" 644
            Created out/p: nothing => "2\n" 644
            Created w/src: Folder => -> ../out
            Deleted w/src/b: "two\n" 644 => nothing
            Deleted w/src/deep/c: "three\n" 644 => nothing
        "#]],
    )
    .await;
}

#[tokio::test]
async fn ignored_files_are_passed_and_never_taken_for_new() {
    check(
        &format!("{REPOSITORY} echo secret > .env; echo .env >> .git/info/exclude; mkdir -p target/d; : > target/d/f"),
        &[],
        ": > .git/info/exclude; echo changed > .env; echo '*.tmp' > .gitignore; echo t > x.tmp; \
            echo f > target/d/f; echo g > target/g; mkdir -p venv; echo '*' > venv/.gitignore; echo v > venv/v",
        expect![[r#"
            Changed .gitignore: "*.log\ntarget/\n" 644 => "*.tmp\n" 644
        "#]],
    )
    .await;
    check(
        &format!("{REPOSITORY} mkdir -p target/kept; echo k > target/kept/k; echo o > target/kept/o; \
            git add -f target/kept/k"),
        &[],
        "echo 2 > target/kept/k; echo 3 > target/kept/o; echo 4 > target/kept/new; rm a; mkdir a; echo 5 > a/x.log",
        expect![[r#"
            Replaced a: "one\n" 644 => Folder
            Changed target/kept/k: "k\n" 644 => "2\n" 644
        "#]],
    )
    .await;
}

#[tokio::test]
async fn repositories_inside() {
    check(
        &format!(
            "mkdir one; cd one; {REPOSITORY} cd ..; git init -q two; cd two; echo 'inner*' > .gitignore; \
            git submodule --quiet add ../one sub; git add .; git commit -qm y; git init -q inner; \
            mkdir plain; git -C plain init -q; touch -h -d 2001-02-03 sub/*; git -C sub add ."
        ),
        &[],
        "cd two; echo 1 > sub/a; echo 2 > inner/x; echo 3 > plain/inner-not-ignored; echo 4 > sub/inner; \
            git -C sub commit -qam z; git clone -q ../one copy",
        expect![[r#"
            Created two/copy/.gitignore: nothing => "*.log\ntarget/\n" 644
            Created two/copy/a: nothing => "one\n" 644
            Created two/copy/link: nothing => -> a
            Created two/copy/src/b: nothing => "two\n" 644
            Created two/copy/src/deep/c: nothing => "three\n" 644
            Created two/plain/inner-not-ignored: nothing => "3\n" 644
            Changed two/sub/a: "one\n" 644 => "1\n" 644
            Created two/sub/inner: nothing => "4\n" 644
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_root_inside_a_repository() {
    let ground = Ground::new(REPOSITORY).await;
    let root = ground.path("src");
    let files = Files::new(root.clone(), vec![root], Arc::new(crate::workspace::NoBuffers));
    let before = Before::look(&files, Vec::new()).await;
    ground.sh("echo 1 > a; echo 2 > src/b; echo 3 > src/x.log; echo 4 > src/new").await;
    let shown = shown(&ground, &before.changes().await);
    expect![[r#"
        Changed src/b: "two\n" 644 => "2\n" 644
        Created src/new: nothing => "4\n" 644
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn without_git_and_with_strange_names() {
    check(
        "umask 022; mkdir d; echo 1 > d/x; echo 2 > \"$(printf 'n\\351')\"; mkdir \"$(printf 'f\\351')\"; \
            echo x > .gitignore; mkdir .GIT; echo c > .GIT/config",
        &["d/x", "none/at/all"],
        "echo 2 > d/x; echo 3 > \"$(printf 'n\\351')\"; echo 4 > \"$(printf 'o\\351')\"; echo 5 > .GIT/config; \
            echo 6 > \"$(printf 'f\\351')/y\"; echo 7 > 'a\nb'; mkdir -p none/at; echo 8 > none/at/all",
        expect![[r#"
            Created a
            b: nothing => "7\n" 644
            Changed d/x: "1\n" 644 => "2\n" 644
            Created none/at/all: nothing => "8\n" 644
            3 unnamed, 1 lost: n�, f�/y, o�
        "#]],
    )
    .await;
}

#[tokio::test]
async fn binary_long_and_unreadable_files() {
    let ground = Ground::new(&format!(
        "{REPOSITORY} printf 'a\\0b' > binary; head -c 17000000 /dev/zero > long; : > closed; chmod 000 closed; \
            head -c 16777216 /dev/zero > fits; mkdir locked; echo l > locked/l"
    ))
    .await;
    let known = ["binary", "long", "closed", "fits", "locked/l"];
    let command =
        "printf 'a\\0c' > binary; echo x >> long; head -c 16777217 /dev/zero > fits; chmod 000 locked";
    let changes = changes(&ground, &known, command).await;
    ground.sh("chmod 755 locked").await;
    let of = |name: &str| changes.found.iter().find(|found| found.path == ground.path(name));
    let binary = of("binary").unwrap();
    assert_eq!(binary.before, Stand::File { bytes: b"a\0b"[..].into(), mode: 0o644 });
    let long = of("long").unwrap();
    let Stand::Unheld { len: 17_000_002, hash: Some(hash), lack: Lack::TooLong, .. } = long.after else {
        panic!()
    };
    assert_eq!(hash, Hash::of(&fs::read(&ground.path("long")).unwrap()));
    assert!(matches!(long.before, Stand::Unheld { lack: Lack::TooLong, .. }) && !long.is_restorable());
    let fits = of("fits").unwrap();
    assert!(fits.is_restorable() && matches!(fits.after, Stand::Unheld { len: 16_777_217, .. }));
    assert_eq!((of("closed"), of("locked/l")), (None, None));
}

#[tokio::test]
async fn what_was_not_looked_at_is_not_told() {
    let ground = Ground::new(REPOSITORY).await;
    let mut before = Before::look(&ground.files(), Vec::new()).await;
    let seen = Arc::get_mut(&mut before.0).unwrap();
    seen.picture.folders.retain(|folder, _| !folder.starts_with(&ground.path("src")));
    seen.picture.reach = Reach::Part;
    ground.sh("echo 1 > a; echo 2 > src/new; mkdir src/x; echo 3 > src/x/y; rm src/deep/c").await;
    expect![[r#"
        Changed a: "one\n" 644 => "1\n" 644
        0 more, Part
    "#]]
    .assert_eq(&shown(&ground, &before.changes().await));
    let stop = Stop::default();
    drop(stop.guard());
    let stopped = camera::take(std::slice::from_ref(&ground.root), None, &stop);
    assert_eq!((stopped.folders.len(), stopped.reach), (0, Reach::Part));
}

#[tokio::test]
async fn names_that_are_not_utf8_are_counted() {
    let names = "odd=$(printf 'b\\377'); new=$(printf 'c\\376'); folder=$(printf 'd\\375'); ";
    check(
        &format!("{REPOSITORY} {names} echo one > $odd; mkdir $folder; echo two > $folder/e; echo x > same"),
        &[],
        &format!("{names} echo more >> $odd; echo new > $new; rm $folder/e; echo 1 > a"),
        expect![[r#"
            Changed a: "one\n" 644 => "1\n" 644
            3 unnamed, 2 lost: b�, d�/e, c�
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_large_repository() {
    // 10,000 names for 100 files, since many new files take some file systems long.
    let ground = Ground::new(
        "git init -q; mkdir -p d1/e; for b in $(seq 50); do echo $b > d1/f$b; echo $b > d1/e/g$b; done; \
            for a in $(seq 2 100); do cp -al d1 d$a; done; git add .; git commit -qm x",
    )
    .await;
    let unchanged = changes(&ground, &["d1/f1"], "true").await;
    assert_eq!(unchanged, Changes::default());
    let some = changes(&ground, &[], "echo x > x; mv x d7/f7; rm d9/e/g9; echo y > d1/new").await;
    let names: Vec<String> = some.found.iter().map(|found| found.path.display_in(&ground.root)).collect();
    assert_eq!(names, ["d1/new", "d7/f7", "d9/e/g9"]);
    assert!(some.found.iter().all(Found::is_restorable));
    let all = changes(&ground, &["d99/f1"], "rm d*/f*").await;
    assert_eq!(
        (all.found.len(), all.more.count),
        (limits::survey::FOUND_MAX, 5_000 - limits::survey::FOUND_MAX)
    );
    let known = all.found.iter().find(|found| found.path == ground.path("d99/f1")).unwrap();
    assert!(known.is_restorable(), "a file that the session knows is told though there are too many");
}
