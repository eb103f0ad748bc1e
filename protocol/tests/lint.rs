//! What holds for every type of the wire: documented, open, no third state.

#![allow(clippy::disallowed_methods, reason = "reads the source")]

use std::path::Path;

use quillon_protocol::generate::schema;
use serde_json::{Value, json};

#[test]
fn everything_is_documented() {
    assert_eq!(undocumented(&schema::document()), Vec::<String>::new());
    let planted = json!({"$defs": {"A": {"description": "An A.", "properties": {"b": {"type": "string"}}}}});
    assert_eq!(undocumented(&planted), ["/$defs/A/properties/b"]);
}

#[test]
fn every_object_is_open() {
    assert_eq!(places(&schema::document(), closed), Vec::<String>::new());
    let planted = json!({"$defs": {"A": {"additionalProperties": false}, "B": {"enum": ["x"]}}});
    assert_eq!(places(&planted, closed), ["/$defs/A", "/$defs/B"]);
}

#[test]
fn nothing_is_yes_no_or_absent() {
    assert_eq!(places(&schema::definitions(), three_states), Vec::<String>::new());
    let planted = json!({"A": {"properties": {"b": {"type": ["boolean", "null"]}}}});
    assert_eq!(places(&planted, three_states), ["/A/properties/b"]);
}

#[test]
fn nothing_is_null() {
    assert_eq!(places(&schema::document(), nullable), Vec::<String>::new());
    assert_eq!(places(&json!({"a": {"type": ["string", "null"]}}), nullable), ["/a"]);
}

#[test]
fn unions_are_told_apart_by_their_type() {
    assert_eq!(places(&schema::document(), untagged), Vec::<String>::new());
    let planted = json!({"a": {"oneOf": [{"$ref": "#/$defs/B"}]}, "c": {"anyOf": [{"type": "integer"}]}});
    assert_eq!(places(&planted, untagged), ["/a", "/c"]);
}

/// An optional field that were written as null would mean "cleared" in an event.
#[test]
fn what_is_absent_is_not_written() {
    let mut complaints = Vec::new();
    for file in [
        "auth",
        "config",
        "content",
        "document",
        "error",
        "event",
        "event/call",
        "event/progress",
        "event/turn",
    ]
    .into_iter()
    .chain(["lifecycle", "permission", "prompt", "review", "session"])
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/{file}.rs"));
        let text = std::fs::read_to_string(&path).unwrap();
        complaints.extend(written_as_null(&text).into_iter().map(|line| format!("{file}:{line}")));
    }
    assert_eq!(complaints, Vec::<String>::new());
    let kept = "    #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub a: Option<u32>,\n";
    assert_eq!(written_as_null(kept), Vec::<usize>::new());
    assert_eq!(written_as_null("    /// A.\n    pub a: Option<u32>,\n"), [2]);
}

fn undocumented(document: &Value) -> Vec<String> {
    let described =
        |schema: &Value| schema["description"].as_str().is_some_and(|text| !text.trim().is_empty());
    let mut missing = Vec::new();
    for (name, schema) in document["$defs"].as_object().expect("there are types") {
        if !described(schema) {
            missing.push(format!("/$defs/{name}"));
        }
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let bare = fields.filter(|(_, field)| !described(field));
        missing.extend(bare.map(|(field, _)| format!("/$defs/{name}/properties/{field}")));
        for alternatives in ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(*key)?.as_array()) {
            let bare = alternatives.iter().enumerate().filter(|(_, arm)| !described(arm));
            missing.extend(bare.map(|(index, _)| format!("/$defs/{name}/{index}")));
        }
    }
    missing
}

fn closed(schema: &Value) -> bool {
    let refuses = |key: &str| schema.get(key).is_some_and(|rest| *rest == Value::Bool(false));
    refuses("additionalProperties") || refuses("unevaluatedProperties") || schema["enum"].is_array()
}

fn three_states(schema: &Value) -> bool {
    let types = schema["type"].as_array().into_iter().flatten();
    types.filter(|name| *name == "boolean" || *name == "null").count() == 2
}

fn nullable(schema: &Value) -> bool {
    schema["type"] == "null" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
}

fn untagged(schema: &Value) -> bool {
    let tagged = |arm: &Value| arm.pointer("/properties/type").is_some();
    let word = |arm: &Value| arm.get("const").is_some() || arm["type"] == "string";
    schema["oneOf"].as_array().is_some_and(|arms| !arms.iter().all(tagged))
        || schema["anyOf"].as_array().is_some_and(|arms| !arms.iter().all(word))
}

/// Where in a document a rule fires. What stands under `not` only names what is known.
fn places(document: &Value, rule: fn(&Value) -> bool) -> Vec<String> {
    fn walk(value: &Value, at: &str, rule: fn(&Value) -> bool, found: &mut Vec<String>) {
        if value.is_object() && rule(value) {
            found.push(at.to_owned());
        }
        match value {
            Value::Object(object) => object
                .iter()
                .filter(|(key, _)| *key != "not")
                .for_each(|(key, value)| walk(value, &format!("{at}/{key}"), rule, found)),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .for_each(|(index, value)| walk(value, &format!("{at}/{index}"), rule, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document, "", rule, &mut found);
    found
}

/// The lines of optional fields that are written although absent.
fn written_as_null(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let field =
        |line: &str| line.starts_with("    pub ") && !line.contains(" fn ") && line.contains(": Option<");
    let fields = lines.iter().enumerate().filter(|(_, line)| field(line));
    let bare = fields.filter(|(index, _)| *index == 0 || !lines[index - 1].contains("\"Option::is_none\""));
    bare.map(|(index, _)| index + 1).collect()
}
