//! The arguments of `edit` as replacements.

use std::borrow::Cow;

use serde_json::Value;

use crate::engine::tool::ToolError;
use crate::limits;
use crate::text::replace::{Hits, Replacement};
use crate::tools::input::{self, Yes};

/// The replacements in their order: the one beside the path, then those of `edits`; either may be alone.
pub(super) fn read(input: &Value) -> Result<Vec<Replacement>, ToolError> {
    let further = further(input)?;
    let mut wanted = Vec::new();
    if further.is_empty() || input.get("old_string").is_some() || input.get("new_string").is_some() {
        wanted.push(one(input)?);
    }
    for (at, further) in further.iter().enumerate() {
        let further = one(further).map_err(|error| ToolError::new(format!("edits[{at}]: {error}")))?;
        // Some models give the first one in both places.
        if at > 0 || wanted.first() != Some(&further) {
            wanted.push(further);
        }
    }
    if wanted.len() > limits::EDITS_PER_CALL_MAX {
        return Err(ToolError::new(format!(
            "these are {} edits, more than the {} that one call makes; split them",
            wanted.len(),
            limits::EDITS_PER_CALL_MAX
        )));
    }
    Ok(wanted)
}

fn one(input: &Value) -> Result<Replacement, ToolError> {
    Ok(Replacement {
        old: input::text(input, &["old_string", "old_str"])?.to_owned(),
        new: input::text(input, &["new_string", "new_str"])?.to_owned(),
        hits: match input::yes(input, &["replace_all"])? {
            Yes::Yes => Hits::All,
            Yes::No => Hits::One,
        },
    })
}

/// The list, which some models write as a text.
fn further(input: &Value) -> Result<Cow<'_, [Value]>, ToolError> {
    let wrong = || ToolError::new("`edits` must be a list of {\"old_string\": …, \"new_string\": …}");
    match input.get("edits") {
        None | Some(Value::Null) => Ok(Cow::Borrowed(&[])),
        Some(Value::Array(list)) => Ok(Cow::Borrowed(list)),
        Some(Value::String(text)) => serde_json::from_str(text).map(Cow::Owned).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(input: Value, expected: Result<&[(&str, &str)], &str>) {
        match (read(&input), expected) {
            (Ok(wanted), Ok(expected)) => {
                let got: Vec<(&str, &str)> =
                    wanted.iter().map(|one| (one.old.as_str(), one.new.as_str())).collect();
                assert_eq!(got, expected);
            }
            (Err(error), Err(expected)) => assert!(error.0.contains(expected), "{error}"),
            (got, _) => panic!("{input} gave {got:?}"),
        }
    }

    #[test]
    fn one_or_several_or_both() {
        let edit = |old: &str, new: &str| json!({"old_string": old, "new_string": new});
        check(edit("a", "b"), Ok(&[("a", "b")]));
        check(json!({"edits": [edit("a", "b"), edit("c", "d")]}), Ok(&[("a", "b"), ("c", "d")]));
        let mut both = edit("a", "b");
        both["edits"] = json!([edit("c", "d")]);
        check(both.clone(), Ok(&[("a", "b"), ("c", "d")]));
        both["edits"] = json!([edit("a", "b"), edit("c", "d")]);
        check(both.clone(), Ok(&[("a", "b"), ("c", "d")]));
        both["edits"] = json!([edit("c", "d")]).to_string().into();
        check(both, Ok(&[("a", "b"), ("c", "d")]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(json!({}), Err("`old_string` is missing"));
        check(json!({"old_string": "a"}), Err("`new_string` is missing"));
        check(json!({"edits": []}), Err("`old_string` is missing"));
        check(json!({"edits": {"a": 1}}), Err("`edits` must be a list"));
        check(json!({"edits": "no"}), Err("`edits` must be a list"));
        check(json!({"edits": [{"old_string": "a"}]}), Err("edits[0]: `new_string` is missing"));
        check(json!({"old_string": 1, "new_string": "b"}), Err("must be a text, not 1"));
        let many = vec![json!({"old_string": "a", "new_string": "b"}); limits::EDITS_PER_CALL_MAX + 1];
        check(json!({"edits": many}), Err("split them"));
    }
}
