//! Long texts of an event move into blobs, and back.
//!
//! A text of `limits::BLOB_FROM_BYTES` or more becomes `{"$blob": HASH}`; an object which looks like
//! that by chance has a `$` put before its key.

use std::io;

use serde_json::{Map, Value};

use crate::limits;
use crate::text::Hash;

const KEY: &str = "$blob";

/// Whether the JSON of an event must go through [`take_out`]: it is long, or has such a key.
pub(super) fn concerns(json: &str) -> bool {
    json.len() >= limits::BLOB_FROM_BYTES || json.contains("blob\":")
}

/// Replaces long texts; `keep` keeps them.
pub(super) fn take_out(value: Value, keep: &mut impl FnMut(&str) -> io::Result<Hash>) -> io::Result<Value> {
    match value {
        Value::String(text) if text.len() >= limits::BLOB_FROM_BYTES => {
            let hash = keep(&text)?;
            Ok(Value::Object(Map::from_iter([(KEY.to_owned(), Value::String(hash.to_string()))])))
        }
        Value::Array(items) => items.into_iter().map(|item| take_out(item, keep)).collect(),
        Value::Object(fields) => {
            let mut map = Map::new();
            for (key, field) in fields {
                let key = if looks_alike(&key) { format!("${key}") } else { key };
                map.insert(key, take_out(field, keep)?);
            }
            Ok(Value::Object(map))
        }
        other => Ok(other),
    }
}

/// Puts the texts back; `fetch` gives them.
pub(super) fn put_back(value: Value, fetch: &impl Fn(&Hash) -> io::Result<String>) -> io::Result<Value> {
    match value {
        Value::Array(items) => items.into_iter().map(|item| put_back(item, fetch)).collect(),
        Value::Object(fields) => {
            if let Some(Value::String(hash)) = fields.get(KEY) {
                let hash = Hash::parse(hash).ok_or_else(|| io::Error::other("a blob's name is no hash"))?;
                return Ok(Value::String(fetch(&hash)?));
            }
            let mut map = Map::new();
            for (key, field) in fields {
                let key = if looks_alike(&key) { key[1..].to_owned() } else { key };
                map.insert(key, put_back(field, fetch)?);
            }
            Ok(Value::Object(map))
        }
        other => Ok(other),
    }
}

fn looks_alike(key: &str) -> bool {
    key.strip_suffix("blob")
        .is_some_and(|before| !before.is_empty() && before.chars().all(|letter| letter == '$'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn there_and_back() {
        let long = "x".repeat(limits::BLOB_FROM_BYTES);
        for value in [
            json!({"a": [long, 1, null]}),
            json!({"$blob": "no hash"}),
            json!({"$$blob": {"$blob": 1}}),
            json!({"blob": 1}),
        ] {
            let mut kept = None;
            let out = take_out(value.clone(), &mut |text| {
                kept = Some(text.to_owned());
                Ok(Hash::of(text.as_bytes()))
            })
            .unwrap();
            assert!(out.to_string().len() < 300);
            let back = put_back(out, &|_| Ok(kept.clone().unwrap())).unwrap();
            assert_eq!(back, value);
        }
    }
}
