//! Random deeds of commands: what is found of them is what plain reading finds.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Paths, the last two below a folder; one of them is ignored.
const PATHS: [&str; 6] = ["a", "b", "c", "i.log", "d/a", "d/e/f"];

/// What a line of a script does with two paths and a text.
const DEEDS: [&str; 9] = [
    "echo TEXT > ONE",
    "echo TEXT > ONE; touch -d 2001-02-03 ONE",
    "test ! -f ONE || { cp -p ONE t; echo TEXT > t2; touch -r t t2; mv t2 ONE; rm t; }",
    "rm -f ONE",
    "test ! -f ONE || mv -f ONE TWO || :",
    "test ! -f ONE || cp -p ONE TWO || :",
    "test ! -f ONE || chmod 755 ONE",
    "test ! -f ONE || touch ONE",
    "rm -f ONE; ln -s TEXT ONE",
];

fn script(deeds: &[(usize, usize, usize, u8)]) -> String {
    let line = |(deed, one, two, text): &(usize, usize, usize, u8)| {
        let line = DEEDS[*deed].replace("ONE", PATHS[*one]).replace("TWO", PATHS[*two]);
        line.replace("TEXT", &text.to_string()) + "\n"
    };
    "umask 022\n".to_owned() + &deeds.iter().map(line).collect::<String>()
}

/// What stands at each path, read and not compared by stamps.
fn truth(ground: &Ground) -> Vec<Stand> {
    let stand = |name: &&str| {
        let path = ground.path(name);
        match fs::stamp(&path) {
            Ok(stamp) if stamp.kind == Kind::Link => Stand::Link(fs::read_link(&path).unwrap()),
            Ok(stamp) => Stand::File { bytes: fs::read(&path).unwrap().into(), mode: stamp.mode },
            Err(_) => Stand::Absent,
        }
    };
    PATHS.iter().map(stand).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Found is what differs, with what stood there: nothing else is ever said to be restorable.
    #[test]
    fn what_is_found_is_what_differs(
        setup in vec((0..DEEDS.len(), 0..PATHS.len(), 0..PATHS.len(), 0..4_u8), 0..12),
        dirt in vec((0..DEEDS.len(), 0..PATHS.len(), 0..PATHS.len(), 0..4_u8), 0..4),
        command in vec((0..DEEDS.len(), 0..PATHS.len(), 0..PATHS.len(), 0..4_u8), 0..8),
        known in vec(0..PATHS.len(), 0..3),
        force in "|-f",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let git = format!("git init -q; git add {force} .; git commit -q --allow-empty -m x");
            let begin = format!("mkdir -p d/e\n{}{git}\n{}echo '*.log' > .gitignore", script(&setup), script(&dirt));
            let ground = Ground::new(&begin).await;
            let before = Before::look(&ground.files(), known.iter().map(|at| ground.path(PATHS[*at])).collect()).await;
            let then = truth(&ground);
            ground.sh(&script(&command)).await;
            let now = truth(&ground);
            let changes = before.changes().await;
            for (at, name) in PATHS.iter().enumerate() {
                let found = changes.found.iter().find(|found| found.path == ground.path(name));
                let looked_at = !name.ends_with(".log") || known.contains(&at);
                match found {
                    None => prop_assert!(then[at] == now[at] || !looked_at, "{name} was missed"),
                    Some(found) => {
                        prop_assert_eq!(&found.after, &now[at]);
                        let unheld = matches!(found.before, Stand::Unheld { .. });
                        prop_assert!(unheld != found.is_restorable());
                        prop_assert!(unheld || found.before == then[at], "{name} was {:?}", then[at]);
                        prop_assert!(unheld || then[at] != now[at], "{name} is as it was");
                        prop_assert!(!unheld || !known.contains(&at), "{name} was known");
                    }
                }
            }
            Ok(())
        })?;
    }
}
