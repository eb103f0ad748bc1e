//! The published files, the table of methods and the specification say the same.
//!
//! One test compares the published files with what the generator makes; the others take what it
//! makes, so that none of them reads a file while it is rewritten.

#![allow(clippy::disallowed_methods, reason = "reads and rewrites the published files")]

use std::path::Path;

use quillon_protocol::error::ErrorKind;
use quillon_protocol::event::Event;
use quillon_protocol::generate::{COMMAND, files};
use quillon_protocol::methods::METHODS;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// When this variable is set, the generated files are written instead of compared.
const REWRITE: &str = "UPDATE_EXPECT";

#[test]
fn generated_files_are_what_the_types_say() {
    for (name, content) in files() {
        let path = folder().join(name);
        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(&path, &content).unwrap();
        }
        let stale = std::fs::read_to_string(&path).ok() != Some(content);
        assert!(!stale, "{name} differs from the types in protocol/src; write it again:\n  {COMMAND}");
    }
}

#[test]
fn the_meta_model_refers_to_what_it_has() {
    let model: Value = serde_json::from_str(&generated("metaModel.json")).unwrap();
    let mut names = vec!["LSPAny"];
    for kind in ["structures", "enumerations", "typeAliases"] {
        names.extend(model[kind].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()));
    }
    let mut references = Vec::new();
    collect_references(&model, &mut references);
    assert!(references.len() > 100);
    let lost: Vec<_> = references.into_iter().filter(|name| !names.contains(&name.as_str())).collect();
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn the_specification_has_a_heading_for_each_method() {
    let readme = read("README.md");
    let headings: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("### `agent/"))
        .filter_map(|rest| rest.strip_suffix('`'))
        .collect();
    let table: Vec<&str> = METHODS.iter().filter_map(|method| method.name.strip_prefix("agent/")).collect();
    assert_eq!(headings, table);
}

#[test]
fn the_specification_names_the_fields_of_each_method() {
    let (readme, schema) = (read("README.md"), schema());
    for method in METHODS {
        let heading = format!("### `{}`", method.name);
        let section = readme.split(&heading).nth(1).expect("another test looks for the heading");
        let section = section.split("\n#").next().unwrap();
        let fields = match method.result {
            Some(result) => format!("`{}` → `{}`", form(&schema, method.params), form(&schema, result)),
            None => format!("`{}`", form(&schema, method.params)),
        };
        assert!(section.contains(&fields), "{}: its section is to have the line\n{fields}", method.name);
    }
}

#[test]
fn the_specification_has_a_line_for_each_event() {
    let (readme, schema) = (read("README.md"), schema());
    let arms = schema["$defs"]["Event"]["oneOf"].as_array().unwrap();
    for (word, arm) in Event::TYPES.iter().zip(arms) {
        let body = arm["$ref"].as_str().unwrap().strip_prefix("#/$defs/").unwrap();
        let line = format!("| `{word}` | `{}` | ", form(&schema, body));
        assert!(readme.contains(&line), "README.md is to have a line that begins with\n{line}");
    }
}

#[test]
fn the_specification_has_a_line_for_each_kind_of_error() {
    let readme = read("README.md");
    for word in ErrorKind::WORDS {
        let line = format!("| {} | `{word}` | ", ErrorKind::from(*word).code());
        assert!(readme.contains(&line), "README.md is to have a line that begins with\n{line}");
    }
}

#[test]
fn the_specification_has_a_line_for_each_limit() {
    let (readme, schema) = (read("README.md"), schema());
    for name in schema["$defs"]["Limits"]["properties"].as_object().unwrap().keys() {
        let line = format!("| `{name}` | ");
        assert!(readme.contains(&line), "README.md is to have a line that begins with\n{line}");
    }
}

/// The hash is put in by hand: who changes a type reads the specification once more.
#[test]
fn the_specification_was_read_after_the_last_change_of_a_type() {
    let hash: String =
        Sha256::digest(generated("schema.json")).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(
        read("README.md").contains(&hash),
        "schema.json has changed. Read protocol/README.md, bring it up to date, and put this hash at its end:\n{hash}"
    );
}

/// A structure's fields as the specification shows them: `{sessionId, after?}`.
fn form(schema: &Value, name: &str) -> String {
    let structure = &schema["$defs"][name];
    let required = structure["required"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = structure.get("properties").and_then(Value::as_object).into_iter().flatten();
    let fields: Vec<String> =
        properties
            .map(|(name, _)| {
                if required.contains(&Value::from(name.as_str())) { name.clone() } else { format!("{name}?") }
            })
            .collect();
    format!("{{{}}}", fields.join(", "))
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if object.get("kind").is_some_and(|kind| kind == "reference") {
                found.push(object["name"].as_str().expect("a reference has a name").to_owned());
            }
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

fn schema() -> Value {
    quillon_protocol::generate::schema::document()
}

fn generated(name: &str) -> String {
    let found = files().into_iter().find(|(file, _)| *file == name);
    found.expect("it is one of the generated files").1
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
