//! A three-way merge, as a stale edit is merged.

use serde_json::{Map, Value, json};

use super::text;
use crate::text::{ends, merge};

/// `base` is what the agent read, `user` what stands there, `agent` what the agent wants.
pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let (base, user, agent) = (text(case, "base")?, text(case, "user")?, text(case, "agent")?);
    let mut answer = Map::new();
    match merge::merge(&ends::lf(base), &ends::lf(user), &ends::lf(agent)) {
        Ok(splices) => {
            answer.insert("result".into(), json!("merged"));
            answer.insert("merged".into(), json!(ends::splice(user, &splices)));
        }
        Err(_) => {
            answer.insert("result".into(), json!("conflict"));
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The shared cases, where they are at hand.
    #[allow(clippy::disallowed_methods, reason = "cases that whoever runs this test has put there")]
    fn cases() -> Option<String> {
        let folder = match std::env::var_os("QUILLON_CASES") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        };
        std::fs::read_to_string(folder.join("merge_cases.jsonl")).ok()
    }

    fn passes(expected: &Value, answer: &Map<String, Value>) -> bool {
        expected["expected"] == answer["result"]
            && (answer["result"] == "conflict" || expected["merged"] == answer["merged"])
    }

    #[test]
    fn the_shared_cases() {
        let Some(cases) = cases() else { return };
        for case in cases.lines() {
            let case: Map<String, Value> = serde_json::from_str(case).unwrap();
            let answer = answer(&case).unwrap();
            let accepted = case.get("accept").and_then(Value::as_array).into_iter().flatten();
            let whole = Value::Object(case.clone());
            let passed = passes(&whole, &answer) || accepted.into_iter().any(|one| passes(one, &answer));
            assert!(passed, "{}: {answer:?}", case["id"]);
        }
    }
}
