//! Arguments as models write them: common slips are understood, anything else is told.

use serde_json::Value;

use crate::engine::tool::ToolError;

/// A text that must be there, under one of these names.
pub(super) fn text<'a>(input: &'a Value, names: &[&str]) -> Result<&'a str, ToolError> {
    match find(input, names) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(ToolError::new(format!("`{}` must be a text, not {other}", names[0]))),
        None => Err(ToolError::new(format!("`{}` is missing; it must be a text", names[0]))),
    }
}

/// A text that may be there; an empty one counts as absent.
pub(super) fn optional_text<'a>(input: &'a Value, names: &[&str]) -> Result<Option<&'a str>, ToolError> {
    match find(input, names) {
        Some(_) => text(input, names).map(|text| Some(text).filter(|text| !text.is_empty())),
        None => Ok(None),
    }
}

/// A number that may be there, also written as a text.
pub(super) fn number(input: &Value, names: &[&str]) -> Result<Option<u64>, ToolError> {
    let Some(value) = find(input, names) else { return Ok(None) };
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0);
            whole.map(|number| number as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let wrong = || ToolError::new(format!("`{}` must be a whole number such as 100, not {value}", names[0]));
    number.map(Some).ok_or_else(wrong)
}

/// A yes that may be there, also written as a text.
pub(super) fn yes(input: &Value, names: &[&str]) -> Result<Yes, ToolError> {
    match find(input, names) {
        None | Some(Value::Bool(false)) => Ok(Yes::No),
        Some(Value::Bool(true)) => Ok(Yes::Yes),
        Some(Value::String(text)) if text == "true" => Ok(Yes::Yes),
        Some(Value::String(text)) if text == "false" => Ok(Yes::No),
        Some(other) => Err(ToolError::new(format!("`{}` must be true or false, not {other}", names[0]))),
    }
}

/// Whether something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yes {
    Yes,
    No,
}

fn find<'a>(input: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| input.get(name)).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slips_are_understood_and_faults_told() {
        let input = json!({"path": "a", "limit": "5", "offset": 2.0, "all": "true", "bad": [1]});
        assert_eq!(text(&input, &["file_path", "path"]).unwrap(), "a");
        assert_eq!(number(&input, &["limit"]).unwrap(), Some(5));
        assert_eq!(number(&input, &["offset"]).unwrap(), Some(2));
        assert_eq!(number(&input, &["none"]).unwrap(), None);
        assert_eq!(yes(&input, &["all"]).unwrap(), Yes::Yes);
        assert!(text(&input, &["missing"]).unwrap_err().0.contains("`missing` is missing"));
        assert!(number(&input, &["bad"]).unwrap_err().0.contains("whole number"));
    }
}
