//! The types as the printers need them, read from the schema document.

use serde_json::{Map, Value};

/// A type with a name.
pub struct Named {
    pub name: String,
    pub doc: String,
    pub body: Body,
}

/// What a named type is.
pub enum Body {
    /// A text.
    Text,
    /// An open enumeration: words and their meanings.
    Words(Vec<(String, String)>),
    /// An object.
    Structure(Vec<Field>),
    /// Objects told apart by their field `type`, each by the name of its structure.
    Union(Vec<String>),
}

/// A field of an object.
pub struct Field {
    pub name: String,
    pub doc: String,
    pub presence: Presence,
    pub shape: Shape,
}

/// Whether a field is always there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

/// What a field holds.
pub enum Shape {
    Text,
    Flag,
    /// A whole number, possibly below zero.
    Integer,
    /// A whole number.
    Whole,
    /// Any JSON.
    Any,
    /// This very word.
    Word(String),
    Named(String),
    List(Box<Shape>),
    /// An object with any keys.
    Map(Box<Shape>),
}

/// All types of the document, in its order. What it holds is ours, so what cannot be read here is
/// a shape that the generator does not know yet, and it panics.
pub fn read(document: &Value) -> Vec<Named> {
    let definitions = document["$defs"].as_object().expect("the document has types");
    let mut types: Vec<Named> = definitions
        .iter()
        .map(|(name, schema)| Named { name: name.clone(), doc: doc(schema), body: body(schema) })
        .collect();
    for schema in definitions.values() {
        for (word, target) in arms(schema) {
            let arm = types.iter_mut().find(|named| named.name == target).expect("an arm is a type");
            let Body::Structure(fields) = &mut arm.body else { panic!("{target} is no structure") };
            fields.insert(0, tag(word));
        }
    }
    types
}

fn body(schema: &Value) -> Body {
    if schema.get("oneOf").is_some() {
        return Body::Union(arms(schema).map(|(_, target)| target).collect());
    }
    if let Some(Value::Array(words)) = schema.get("anyOf") {
        let known =
            words.iter().filter_map(|word| Some((word.get("const")?.as_str()?.to_owned(), doc(word))));
        return Body::Words(known.collect());
    }
    match schema["type"].as_str() {
        Some("string") => Body::Text,
        Some("object") => Body::Structure(fields(schema)),
        other => panic!("no named type is {other:?}: {schema}"),
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let field = |(name, schema): (&String, &Value)| Field {
        name: name.clone(),
        doc: doc(schema),
        presence: if required.iter().any(|known| known == name) {
            Presence::Required
        } else {
            Presence::Optional
        },
        shape: shape(schema),
    };
    properties.iter().map(field).collect()
}

fn shape(schema: &Value) -> Shape {
    if let Some(target) = target(schema) {
        return Shape::Named(target);
    }
    match schema.get("type").and_then(Value::as_str) {
        None => Shape::Any,
        Some("string") => Shape::Text,
        Some("boolean") => Shape::Flag,
        Some("integer") if schema["minimum"] == 0 => Shape::Whole,
        Some("integer") => Shape::Integer,
        Some("array") => Shape::List(Box::new(shape(&schema["items"]))),
        Some("object") => Shape::Map(Box::new(shape(&schema["additionalProperties"]))),
        Some(other) => panic!("no field is {other}: {schema}"),
    }
}

/// The known types of a union, and the names of their structures; none for another type.
fn arms(schema: &Value) -> impl Iterator<Item = (String, String)> {
    let arms = schema.get("oneOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    arms.iter().filter_map(|arm| {
        let word = arm["properties"]["type"].get("const")?.as_str()?;
        Some((word.to_owned(), target(arm)?))
    })
}

fn tag(word: String) -> Field {
    let doc = "Tells this object from the others of its union.".to_owned();
    Field { name: "type".to_owned(), doc, presence: Presence::Required, shape: Shape::Word(word) }
}

fn target(schema: &Value) -> Option<String> {
    Some(schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?.to_owned())
}

fn doc(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}
