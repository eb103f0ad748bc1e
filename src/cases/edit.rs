//! One replacement in one file, as `edit` makes it: from the bytes that were read to those that are written.

use serde_json::{Map, Value, json};

use super::text;
use crate::text::ends;
use crate::tools::edit;
use crate::workspace::{Content, file};

pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let before = file_text(case, "before")?;
    let mut input = json!({"old_string": text(case, "old")?, "new_string": text(case, "new")?});
    if let Some(all) = case.get("replace_all") {
        input["replace_all"] = all.clone();
    }
    let Content::Text(file) = file::decode(before.clone().into_bytes()) else {
        return Ok(error("binary", "the file is not text"));
    };
    let tried = edit::tried(&input, &file).map_err(|error| error.0)?;
    Ok(match tried {
        Ok(series) => fields(json!({"result": "ok", "after": ends::splice(&before, &series.splices)})),
        Err(failed) => error(failed.error.kind(), &failed.error.to_string()),
    })
}

fn error(kind: &str, message: &str) -> Map<String, Value> {
    fields(json!({"result": "error", "error_kind": kind, "message": message}))
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("result".to_owned(), other)]),
    }
}

/// A text, or a list of texts and `{"repeat": text, "from": a, "to": b}` joined.
fn file_text(case: &Map<String, Value>, name: &str) -> Result<String, String> {
    let Some(Value::Array(parts)) = case.get(name) else { return text(case, name).map(str::to_owned) };
    let mut whole = String::new();
    for part in parts {
        match part {
            Value::String(text) => whole.push_str(text),
            Value::Object(repeat) => {
                let bound = |name: &str| {
                    repeat
                        .get(name)
                        .and_then(Value::as_i64)
                        .ok_or_else(|| format!("`{name}` has to be a number"))
                };
                let repeated = text(repeat, "repeat")?;
                for number in bound("from")?..=bound("to")? {
                    whole.push_str(&repeated.replace("{i}", &number.to_string()));
                }
            }
            other => return Err(format!("`{name}` may not hold {other}")),
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn outcome(case: &Map<String, Value>, expected: &Map<String, Value>) -> bool {
        let got = answer(case).unwrap();
        match expected["expected"].as_str() {
            Some("ok") => got["result"] == "ok" && got["after"] == file_text(expected, "after").unwrap(),
            _ => got["result"] == "error",
        }
    }

    #[test]
    fn lists_and_kinds() {
        let case = |value: Value| fields(value);
        let before = json!(["a", {"repeat": "{i} ", "from": 1, "to": 3}, "\n"]);
        let got = answer(&case(json!({"before": before, "old": "2", "new": "$&"}))).unwrap();
        assert_eq!(got, fields(json!({"result": "ok", "after": "a1 $& 3 \n"})));
        let got = answer(&case(json!({"before": "a\u{0}", "old": "a", "new": "b"}))).unwrap();
        assert_eq!(got["error_kind"], "binary");
        assert!(answer(&case(json!({"before": "a", "new": "b"}))).is_err());
        assert!(answer(&case(json!({"before": [1], "old": "a", "new": "b"}))).is_err());
        assert!(answer(&case(json!({"before": "a", "old": "a", "new": "b", "replace_all": 3}))).is_err());
    }

    /// The published sample, where it stands beside the repository or where `QUILLON_CASES` says.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test reads a file that may be there")]
    fn the_published_sample() {
        let folder = std::env::var_os("QUILLON_CASES").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases")),
            PathBuf::from,
        );
        let Ok(sample) = std::fs::read_to_string(folder.join("edit_cases.jsonl")) else { return };
        let (mut failed, mut passed) = (Vec::new(), 0);
        for line in sample.lines() {
            let case: Map<String, Value> = serde_json::from_str(line).unwrap();
            let others = case.get("accept").and_then(Value::as_array).into_iter().flatten();
            let accepted = others.filter_map(Value::as_object).any(|other| outcome(&case, other));
            if accepted || outcome(&case, &case) {
                passed += 1;
            } else if case["tier"] == "policy" {
                eprintln!("{} is judged otherwise: {}", case["id"], case["note"]);
            } else {
                let got = Value::Object(answer(&case).unwrap()).to_string();
                failed.push(format!("{} {}: {:.400}", case["id"], case["note"], got));
            }
        }
        eprintln!("{passed} passed");
        assert!(failed.is_empty(), "{passed} passed, failed:\n{}", failed.join("\n"));
        assert!(passed > 0, "the sample is empty");
    }
}
