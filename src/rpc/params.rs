//! The parameters of a call, as they came, and read into a type once its method is known.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{Error, shown};
use super::message::Id;
use crate::limits::RPC_REASON_CHARS_MAX;

/// Named parameters. Absent, `null`, `{}` and `[]` all mean none.
#[derive(Debug, Clone, Default)]
pub struct Params(Option<Box<RawValue>>);

impl Params {
    /// The parameters in `raw`; an error says why they cannot be any.
    pub(super) fn new(raw: &RawValue) -> Result<Self, &'static str> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'n') => Ok(Self(None)),
            Some(b'{') => Ok(Self(Some(raw.to_owned()))),
            Some(b'[') if text[1..].trim_start() == "]" => Ok(Self(None)),
            _ => Err("`params` must be an object"),
        }
    }

    /// The parameters that `params` is written as, for calling a handler directly.
    ///
    /// # Panics
    ///
    /// When `params` is not written as an object or null.
    pub fn of(params: impl Serialize) -> Self {
        let raw = serde_json::value::to_raw_value(&params).expect("parameters are plain data");
        Self::new(&raw).expect("parameters are written as an object")
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|raw| raw.get()[1..].trim_start() == "}")
    }

    /// The parameters as a `T`. A type without required fields, `()` and an `Option` are read from
    /// none.
    ///
    /// # Errors
    ///
    /// -32602, which names the field and what is expected of it, and shows none of its content.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = self.0.as_ref().map_or("{}", |raw| raw.get());
        serde_json::from_str(text).or_else(|error| {
            let none = if self.is_empty() { serde_json::from_str("null").ok() } else { None };
            none.ok_or_else(|| Error::invalid_params(reason(text, &error)))
        })
    }

    /// The parameters as they came, for who reads them by its own rules.
    ///
    /// # Errors
    ///
    /// -32602 when they are nested too deeply.
    pub fn into_value(self) -> Result<Option<Value>, Error> {
        match self.0 {
            None => Ok(None),
            Some(raw) => serde_json::from_str(raw.get())
                .map(Some)
                .map_err(|error| Error::invalid_params(reason(raw.get(), &error))),
        }
    }

    /// The id in one of the fields, where there is one.
    pub(super) fn into_id(self, field: &str) -> Option<Id> {
        let raw = self.0?;
        let fields: HashMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        fields.get(field).and_then(|id| Id::read(id).ok())
    }
}

/// What does not fit in `text`, in words.
fn reason(text: &str, error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let words = whole.strip_suffix(&place).unwrap_or(&whole);
    // What was found is left out: it is the client's, and may be long or secret.
    let words = match words.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => words.replace("recursion limit exceeded", "nested too deeply"),
    };
    let words: String = words.chars().take(RPC_REASON_CHARS_MAX).flat_map(char::escape_debug).collect();
    let field = field(text, offset(text, error.line(), error.column()));
    if field.is_empty() { words } else { format!("`{}`: {words}", shown(&field)) }
}

/// The offset in bytes of a line and column, both counted from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column).min(text.len())
}

/// The field of the JSON `text` in which `end` lies, as `a.b[2].c`; empty for the whole.
fn field(text: &str, end: usize) -> String {
    let bytes = &text.as_bytes()[..end];
    let mut path: Vec<Step> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => path.push(Step::Key(None)),
            b'[' => path.push(Step::Index(0)),
            b'}' | b']' => drop(path.pop()),
            b',' => match path.last_mut() {
                Some(Step::Key(key)) => *key = None,
                Some(Step::Index(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let start = at + 1;
                at = string_end(bytes, start);
                if let Some(Step::Key(key @ None)) = path.last_mut() {
                    *key = Some(start..at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    path.iter().fold(String::new(), |shown, step| match step {
        Step::Key(Some(key)) => {
            let key = String::from_utf8_lossy(&bytes[key.clone()]);
            if shown.is_empty() { key.into_owned() } else { format!("{shown}.{key}") }
        }
        Step::Key(None) => shown,
        Step::Index(index) => format!("{shown}[{index}]"),
    })
}

/// One level on the way into a JSON text.
enum Step {
    /// In an object, at the value of the key that stands there in the text.
    Key(Option<std::ops::Range<usize>>),
    /// In an array, at this element.
    Index(usize),
}

/// Where the string that starts at `at` ends: at its closing quote, or with the bytes.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "read for its errors")]
    struct New {
        cwd: String,
        #[serde(default)]
        mcp_servers: Vec<Server>,
        #[serde(default)]
        version: u16,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read for its errors")]
    struct Server {
        name: String,
        #[serde(default)]
        env: Vec<String>,
    }

    fn params(text: &str) -> Params {
        Params::new(&RawValue::from_string(text.to_owned()).unwrap()).unwrap()
    }

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let error = params(text).read::<New>().unwrap_err();
        assert_eq!(error.code, super::super::error::INVALID_PARAMS);
        expect.assert_eq(&error.message);
    }

    #[test]
    fn the_field_is_named() {
        check("{}", expect!["invalid parameters: missing field `cwd`"]);
        check(r#"{"cwd":5}"#, expect!["invalid parameters: `cwd`: expected a string"]);
        check(
            r#"{"cwd":"/a","mcpServers":"x"}"#,
            expect!["invalid parameters: `mcpServers`: expected a sequence"],
        );
        check(
            r#"{"cwd":"/a, {[", "version" : -1, "x": 2}"#,
            expect!["invalid parameters: `version`: expected u16"],
        );
        check(
            "{\"cwd\":\"/a\",\n \"mcpServers\": [{\"name\":\"a\"},\n {\"env\":[]}]}",
            expect!["invalid parameters: `mcpServers[1]`: missing field `name`"],
        );
        check(
            r#"{"cwd":"/a","mcpServers":[{"name":"a\"]}","env":["K=V", 7]}]}"#,
            expect!["invalid parameters: `mcpServers[0].env[1]`: expected a string"],
        );
    }

    #[test]
    fn content_is_not_repeated() {
        let error = params(r#"{"cwd":{"token":"s3cret, expected x"}}"#).read::<New>().unwrap_err();
        assert!(!error.message.contains("s3cret"), "{error}");
        let error = params(r#"{"cwd":"/a","mcpServers":"s3cret, expected x"}"#).read::<New>().unwrap_err();
        assert!(!error.message.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_long_key_is_cut_and_escaped() {
        let text = format!(r#"{{"cwd":"/a","mcpServers":[{{"\u001b{}":1}}]}}"#, "k".repeat(10_000));
        let error = params(&text).read::<New>().unwrap_err();
        assert!(error.message.len() < 600, "{error}");
    }

    #[test]
    fn none_in_every_spelling() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Nothing {}
        for text in ["null", "{}", "[]", "{ }", "[ \n]"] {
            let params = params(text);
            assert!(params.is_empty(), "{text}");
            assert_eq!(params.read::<Nothing>(), Ok(Nothing {}), "{text}");
            assert_eq!(params.read::<()>(), Ok(()), "{text}");
            assert!(params.read::<Option<New>>().unwrap().is_none(), "{text}");
        }
        assert_eq!(Params::default().read::<()>(), Ok(()));
        assert!(!params(r#"{"a":1}"#).is_empty());
    }

    #[test]
    fn only_objects() {
        for text in ["1", "\"x\"", "true", "[1]", "[[]]"] {
            assert!(Params::new(&RawValue::from_string(text.to_owned()).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        for depth in [200, 5_000, 100_000] {
            let text = format!(r#"{{"cwd":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            let error = params(&text).into_value().unwrap_err();
            assert!(error.message.contains("nested too deeply"), "{error}");
            assert!(params(&text).read::<Value>().is_err());
        }
    }

    #[test]
    fn the_value_is_as_it_came() {
        assert_eq!(params("{}").into_value(), Ok(Some(serde_json::json!({}))));
        assert_eq!(params("null").into_value(), Ok(None));
        assert_eq!(
            Params::of(serde_json::json!({"a": 1})).into_value(),
            Ok(Some(serde_json::json!({"a": 1})))
        );
    }
}
