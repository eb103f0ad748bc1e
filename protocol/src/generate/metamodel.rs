//! `metaModel.json`: methods and types in the form of LSP's meta-model, for generators.

use serde_json::{Map, Value, json};

use super::model::{Body, Field, Named, Presence, Shape};
use super::{error_codes, paragraphs};
use crate::lifecycle::{MINOR, VERSION};
use crate::methods::{Direction, METHODS, Method};

/// The whole document.
pub fn document(types: &[Named]) -> Value {
    let mut structures = Vec::new();
    let mut enumerations = vec![codes()];
    let mut aliases = Vec::new();
    for named in types {
        let name = &named.name;
        let doc = &named.doc;
        match &named.body {
            Body::Structure(fields) => {
                let properties: Vec<Value> = fields.iter().map(property).collect();
                structures.push(json!({"name": name, "properties": properties, "documentation": doc}));
            }
            Body::Words(words) => enumerations.push(enumeration(named, words)),
            Body::Text => aliases.push(json!({"name": name, "type": base("string"), "documentation": doc})),
            Body::Union(arms) => {
                let items: Vec<Value> = arms.iter().map(|arm| reference(arm)).collect();
                let or = json!({"kind": "or", "items": items});
                aliases.push(json!({"name": name, "type": or, "documentation": doc}));
            }
        }
    }
    json!({
        "metaData": {"version": format!("{VERSION}.{MINOR}")},
        "requests": METHODS.iter().filter(|row| row.result.is_some()).map(method).collect::<Vec<_>>(),
        "notifications": METHODS.iter().filter(|row| row.result.is_none()).map(method).collect::<Vec<_>>(),
        "structures": structures,
        "enumerations": enumerations,
        "typeAliases": aliases,
    })
}

fn method(method: &Method) -> Value {
    let mut entry = Map::new();
    entry.insert("method".into(), json!(method.name));
    entry.insert("typeName".into(), json!(method.type_name));
    let direction = match method.direction {
        Direction::ClientToServer => "clientToServer",
        Direction::ServerToClient => "serverToClient",
    };
    entry.insert("messageDirection".into(), json!(direction));
    entry.insert("params".into(), reference(method.params));
    if let Some(result) = method.result {
        entry.insert("result".into(), reference(result));
        entry.insert("errorData".into(), reference("ErrorData"));
    }
    entry.insert("since".into(), json!(method.since));
    entry.insert("feature".into(), json!(method.feature));
    entry.insert("documentation".into(), json!(paragraphs(method.doc)));
    Value::Object(entry)
}

fn property(field: &Field) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(field.name));
    entry.insert("type".into(), shape(&field.shape));
    if field.presence == Presence::Optional {
        entry.insert("optional".into(), json!(true));
    }
    entry.insert("documentation".into(), json!(field.doc));
    Value::Object(entry)
}

fn enumeration(named: &Named, words: &[(String, String)]) -> Value {
    let values: Vec<Value> = words
        .iter()
        .map(|(word, meaning)| json!({"name": word, "value": word, "documentation": meaning}))
        .collect();
    json!({
        "name": named.name,
        "type": base("string"),
        "values": values,
        "supportsCustomValues": true,
        "documentation": named.doc,
    })
}

fn codes() -> Value {
    let values: Vec<Value> = error_codes().map(|(word, code)| json!({"name": word, "value": code})).collect();
    json!({
        "name": "ErrorCodes",
        "type": base("integer"),
        "values": values,
        "supportsCustomValues": true,
        "documentation": "The numbers of the kinds of error.",
    })
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text => base("string"),
        Shape::Flag => base("boolean"),
        Shape::Integer => base("integer"),
        Shape::Whole => base("uinteger"),
        Shape::Any => reference("LSPAny"),
        Shape::Word(word) => json!({"kind": "stringLiteral", "value": word}),
        Shape::Named(name) => reference(name),
        Shape::List(element) => json!({"kind": "array", "element": self::shape(element)}),
        Shape::Map(value) => json!({"kind": "map", "key": base("string"), "value": self::shape(value)}),
    }
}

fn base(name: &str) -> Value {
    json!({"kind": "base", "name": name})
}

fn reference(name: &str) -> Value {
    json!({"kind": "reference", "name": name})
}
