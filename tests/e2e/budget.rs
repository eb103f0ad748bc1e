//! Budgets: a turn that has used up its own is asked about, and ends where nobody can say yes.

use serde_json::{Value, json};

use super::program::{quillon, words};

/// A folder with files to read and a script that reads them, one a step; and the user's settings.
fn place(budget: &Value) -> (tempfile::TempDir, tempfile::TempDir) {
    let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut script = String::new();
    for number in 0..5 {
        let name = format!("{number}.txt");
        std::fs::write(work.path().join(&name), format!("text {number}\n")).unwrap();
        script.push_str(&format!("call read {}\ndone\n", json!({ "file_path": name })));
    }
    std::fs::write(work.path().join("script"), script + "say All read.\ndone\n").unwrap();
    std::fs::write(state.path().join("quillon.jsonc"), json!({ "budget": budget }).to_string()).unwrap();
    (work, state)
}

fn run(budget: &Value) -> (Option<i32>, String, String) {
    let (work, state) = place(budget);
    let output = quillon(work.path(), state.path())
        .args(["run", "--model", "script:script", "--json", "Read."])
        .output()
        .unwrap();
    let (said, noted) = words(&output);
    (output.status.code(), said, noted)
}

#[test]
fn a_turn_ends_at_its_budget_where_nobody_says_yes() {
    let (status, said, noted) = run(&json!({ "steps": 3 }));
    let events: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"]["type"] == kind).collect::<Vec<_>>();
    let asked = of("asked");
    assert_eq!(asked.len(), 1, "{said}{noted}");
    assert!(asked[0].to_string().contains("This turn has taken 3 requests to the model."), "{}", asked[0]);
    assert_eq!(
        (of("callEnded").len(), of("turnEnded")[0]["event"]["reason"].clone()),
        (3, json!("stepLimit"))
    );
    assert_ne!(status, Some(0), "{said}");
    assert!(!said.contains("All read."));
}

#[test]
fn a_turn_below_its_budget_is_not_asked_about_and_a_wrong_one_is_told() {
    let (status, said, _) = run(&json!({ "steps": 7, "tokens": 1_000_000, "cost": 0.5, "minutes": 90 }));
    assert!(status == Some(0) && said.contains("All read.") && !said.contains("\"asked\""), "{said}");
    let (status, said, noted) = run(&json!({ "steps": 0, "costs": 1 }));
    assert_eq!(status, Some(0), "{said}{noted}");
    for wrong in ["`budget.steps` must be a whole number above 0, not 0", "budget.costs"] {
        assert!(noted.contains(wrong), "{noted}");
    }
}
