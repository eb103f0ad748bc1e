//! `schema.json`: all types of the wire as one JSON Schema 2020-12 document.

use schemars::generate::SchemaSettings;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use super::paragraphs;
use crate::error::ResponseError;
use crate::lifecycle::{ClientAgent, MINOR, ServerAgent, VERSION};
use crate::methods;

/// The largest whole number that every JSON reader keeps.
const WHOLE_MAX: u64 = (1 << 53) - 1;

/// The schema of an open enumeration: its words, each with its meaning, or any other text.
pub fn words(doc: &str, words: &[(&str, &str)]) -> Schema {
    let mut any: Vec<Value> =
        words.iter().map(|(word, meaning)| json!({"description": meaning, "const": word})).collect();
    any.push(json!({"description": "A word of a later version.", "type": "string"}));
    json_schema!({"description": doc, "type": "string", "anyOf": any})
}

/// The schema of a tagged union: its types, each with its meaning, or an object of another type.
pub fn arms<const N: usize>(doc: &str, arms: [(&str, &str, Schema); N]) -> Schema {
    let known: Vec<&str> = arms.iter().map(|(word, ..)| *word).collect();
    let mut one: Vec<Value> = arms
        .iter()
        .map(|(word, meaning, body)| {
            json!({
                "description": meaning,
                "$ref": body.get("$ref"),
                "properties": {"type": {"const": word}},
                "required": ["type"],
            })
        })
        .collect();
    one.push(json!({
        "description": "An object of a later version.",
        "properties": {"type": {"type": "string", "not": {"enum": known}}},
        "required": ["type"],
    }));
    json_schema!({"description": doc, "type": "object", "oneOf": one})
}

/// The whole document.
pub fn document() -> Value {
    let mut definitions = definitions();
    tidy(&mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Quillon's editor protocol",
        "description": format!("All types of agent/* {VERSION}.{MINOR}. Unknown fields are to be passed over."),
        "$defs": definitions,
    })
}

/// All types as schemars sees them, by name.
pub fn definitions() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<ClientAgent>();
    generator.subschema_for::<ServerAgent>();
    generator.subschema_for::<ResponseError>();
    methods::name_types(&mut generator);
    let mut definitions = generator.take_definitions(true);
    definitions.sort_keys();
    Value::Object(definitions)
}

/// Brings what schemars wrote into the form of the published document, all the way down.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = paragraphs(text);
            }
            bound_integers(object);
            leave_out_null(object);
            object.values_mut().for_each(tidy);
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Rust's sizes of integers are no formats of JSON Schema; their bounds are.
fn bound_integers(object: &mut Map<String, Value>) {
    let Some(Value::String(format)) = object.get("format") else { return };
    let (minimum, maximum) = match format.as_str() {
        "uint32" => (json!(0), json!(u32::MAX)),
        "uint64" => (json!(0), json!(WHOLE_MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        _ => return,
    };
    object.remove("format");
    object.insert("minimum".into(), minimum);
    object.insert("maximum".into(), maximum);
}

/// An optional field is left out, never null: its null goes from the schema.
fn leave_out_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    let Some(Value::Array(any)) = object.get_mut("anyOf") else { return };
    any.retain(|schema| *schema != json!({"type": "null"}));
    if let [Value::Object(only)] = any.as_slice() {
        let only = only.clone();
        object.shift_remove("anyOf");
        object.extend(only);
    }
}
