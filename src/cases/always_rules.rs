//! What "always" covers, once a command was approved with it.

use serde_json::{Map, Value, json};

use super::shell_permissions::Scene;
use super::text;
use crate::policy::{Grant, Layer, LayerKind, Rules, Verdict};

/// `approved` is a command that the user answered with "always"; `should_cover` and `must_not_cover` are others.
pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let scene = Scene::new()?;
    let asking = Layer::from_config(LayerKind::User, &json!({"bash": {"*": "ask"}}));
    let rules = Rules::new(vec![asking.map_err(|error| error.to_string())?]);
    let grant = match scene.decide(text(case, "approved")?, &rules, &[]) {
        Verdict::Ask { always, .. } => always,
        Verdict::Allow(_) | Verdict::Deny { .. } => None,
    };
    let rule = match &grant {
        Some(Grant::Commands { rules }) => rules.join("; "),
        Some(Grant::Command { command, .. }) => command.clone(),
        Some(Grant::EditFile { .. } | Grant::ReadPath { .. }) | None => String::new(),
    };
    let grants: Vec<Grant> = grant.into_iter().collect();
    let mut covers = Map::new();
    let lists = ["should_cover", "must_not_cover"].map(|name| case.get(name).and_then(Value::as_array));
    for command in lists.into_iter().flatten().flatten().filter_map(Value::as_str) {
        let verdict = scene.decide(command, &rules, &grants);
        covers.insert(command.to_owned(), json!(matches!(verdict, Verdict::Allow(_))));
    }
    Ok(Map::from_iter([("rule".to_owned(), json!(rule)), ("covers".to_owned(), Value::Object(covers))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(approved: &str, rule: &str, covered: &[&str], not_covered: &[&str]) {
        let case = json!({"approved": approved, "should_cover": covered, "must_not_cover": not_covered});
        let answer = answer(case.as_object().unwrap()).unwrap();
        assert_eq!(answer["rule"], rule);
        for (commands, expected) in [(covered, true), (not_covered, false)] {
            for command in commands {
                assert_eq!(answer["covers"][command], expected, "{approved}: {command}");
            }
        }
    }

    #[test]
    fn an_answer_covers_no_more_than_it_shows() {
        let others = [
            "cargo run",
            "cargo test --config x=1",
            "RUSTC_WRAPPER=x cargo test",
            "cargo test; rm x",
            "cargo test > a",
        ];
        check(
            "cargo test parser",
            "cargo test *",
            &["cargo test parser", "cargo test", "cargo test -p a"],
            &others,
        );
        check(
            "node build.js",
            "node build.js",
            &["node build.js"],
            &["node -e x", "node build.js x", "node other.js"],
        );
        check(
            "timeout 10 cargo test",
            "cargo test *",
            &["timeout 10 cargo test", "cargo test"],
            &["timeout 10 rm x"],
        );
        check(
            "cargo fmt && make",
            "cargo fmt *; make",
            &["cargo fmt && make", "make"],
            &["make deploy", "cargo fmt; rm x"],
        );
        check(
            "cat README.md",
            "cat *",
            &["cat README.md", "cat a b"],
            &["cat .env", "cat /etc/passwd", "cat a > b"],
        );
        check(
            "echo hi > out.txt",
            "echo hi > out.txt",
            &["echo hi > out.txt"],
            &["echo hi > .envrc", "echo hi"],
        );
        check(
            "git push origin main",
            "git push origin main",
            &["git push origin main"],
            &["git push", "git push -f origin main"],
        );
        check("python3 -c 'x'", "python3 -c 'x'", &["python3 -c 'x'"], &["python3 -c x y", "python3 -c 'y'"]);
        check("echo x > .git/config", "", &[], &["echo x > .git/config"]);
    }

    /// The shared cases, where they are at hand.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "cases that whoever runs this test has put there")]
    fn the_shared_cases() {
        let folder = match std::env::var_os("QUILLON_CASES") {
            Some(folder) => std::path::PathBuf::from(folder),
            None => std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        };
        let Ok(cases) = std::fs::read_to_string(folder.join("always_rules.jsonl")) else { return };
        for case in cases.lines() {
            let case: Map<String, Value> = serde_json::from_str(case).unwrap();
            let answer = answer(&case).unwrap();
            for (list, expected) in [("should_cover", true), ("must_not_cover", false)] {
                for command in case[list].as_array().unwrap() {
                    assert_eq!(
                        answer["covers"][command.as_str().unwrap()],
                        expected,
                        "{}: {command}",
                        case["id"]
                    );
                }
            }
        }
    }
}
