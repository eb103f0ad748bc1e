//! What each interface demands of a request, checked as strictly as its reference says it.

mod anthropic;
mod chat;
mod gemini;
mod planted;
mod responses;

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::wire::Wire;

/// What a server has given out and wants back as it was.
#[derive(Debug, Default, Clone)]
pub struct Ledger {
    /// Signatures, encrypted items and thoughts, each with what it belongs to.
    pub marks: HashMap<String, Value>,
    /// The marks that must stand before a call, by its id.
    pub calls: HashMap<String, Vec<String>>,
}

impl Ledger {
    /// Notes what one more answer gives out.
    pub fn add(&mut self, other: &Self) {
        self.marks.extend(other.marks.clone());
        self.calls.extend(other.calls.clone());
    }
}

/// What is wrong with the body of a request to such a server that has given this out.
pub fn complaints(wire: Wire, body: &Value, given: &Ledger) -> Vec<String> {
    match wire {
        Wire::Chat => chat::complaints(body, given),
        Wire::Responses => responses::complaints(body, given),
        Wire::Anthropic | Wire::Bedrock => anthropic::complaints(wire, body, given),
        Wire::Gemini => gemini::complaints(body, given),
    }
}

/// Asserts that nothing is wrong with it.
#[track_caller]
pub fn assert_valid(wire: Wire, body: &Value, given: &Ledger) {
    let found = complaints(wire, body, given);
    assert!(found.is_empty(), "{wire:?}: {found:#?}\nin {body:#}");
}

/// Complaints as they are found.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn unless(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.0.push(complaint());
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Letters, digits, `_` and `-`, and not more than that many.
fn is_plain(name: &str, chars_max: usize) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.len() <= chars_max && name.chars().all(plain)
}

/// A tool has a name, a description and a schema that is one, of an object.
fn tool(found: &mut Found, names: &mut HashSet<String>, named: &Value, schema: &Value) {
    let name = text(named, "name");
    found.unless(is_plain(name, 64), || format!("a tool may not be called `{name}`"));
    found.unless(names.insert(name.to_owned()), || format!("the tool `{name}` is there twice"));
    found.unless(!is_blank(text(named, "description")), || format!("`{name}` has no description"));
    let of_object = schema["type"] == "object" && schema["properties"].is_object();
    found.unless(of_object && jsonschema::meta::is_valid(schema), || {
        format!("the schema of `{name}` is none of an object")
    });
    for required in list(schema, "required") {
        let known = required.as_str().is_some_and(|key| schema["properties"].get(key).is_some());
        found.unless(known, || format!("`{name}` requires {required}, which it does not describe"));
    }
}

/// Arguments that travel as a text must be the JSON of an object.
fn written_object(found: &mut Found, written: &str) {
    let is_object = serde_json::from_str::<Value>(written).is_ok_and(|value| value.is_object());
    found.unless(is_object, || format!("the arguments {written:?} are no object in JSON"));
}

/// The bytes of an image or a document, of a kind that the interfaces take.
fn media(found: &mut Found, kind: &str, data: &str) {
    let kinds = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];
    found.unless(kinds.contains(&kind), || format!("`{kind}` is not taken"));
    let is_coded = BASE64.decode(data).is_ok_and(|bytes| !bytes.is_empty());
    found.unless(is_coded, || format!("the bytes of a `{kind}` are not in base64"));
}

/// The same as a `data:` address.
fn data_url(found: &mut Found, url: &str) {
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((kind, data)) => media(found, kind, data),
        None => found.0.push(format!("`{url:.40}` is no data")),
    }
}

/// A mark comes back with what it was given for, unchanged.
fn returned(found: &mut Found, given: &Ledger, mark: &str, bound: &Value) {
    match given.marks.get(mark) {
        None => found.0.push(format!("the mark `{mark:.60}` was never given")),
        Some(known) => found.unless(known == bound, || {
            format!("the mark `{mark:.60}` was changed: given for {known}, returned with {bound}")
        }),
    }
}

/// Before a call stand the marks that were given with it.
fn marked(found: &mut Found, given: &Ledger, call: &str, before: &[String]) {
    for mark in given.calls.get(call).into_iter().flatten() {
        found.unless(before.contains(mark), || format!("the mark `{mark:.60}` before `{call}` is lost"));
    }
}
