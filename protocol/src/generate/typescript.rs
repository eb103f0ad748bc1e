//! `agent.ts`: the types and methods for TypeScript, without dependencies.

use std::fmt::Write;

use super::model::{Body, Field, Named, Presence, Shape};
use super::{COMMAND, error_codes, notifications, paragraphs, requests};
use crate::lifecycle::{MINOR, VERSION};
use crate::methods::Direction;

/// The whole file.
pub fn document(types: &[Named]) -> String {
    let mut out = format!(
        "// The types of Quillon's editor protocol, agent/* {VERSION}.{MINOR}. Generated, do not edit:\n\
         // {COMMAND}\n\
         //\n\
         // Enumerations and unions are open: a later daemon may send words and types that are not\n\
         // named here, so a `switch` over them has a `default`.\n\n\
         /** The version of the protocol that these types are of. */\n\
         export const VERSION = {VERSION};\n\n\
         /** Its minor version. */\n\
         export const MINOR = {MINOR};\n"
    );
    out += "\n/** The numbers of the kinds of error. */\nexport const ERROR_CODES = {\n";
    error_codes().for_each(|(word, code)| put(&mut out, format_args!("  {word}: {code},\n")));
    out += "} as const;\n";
    for (direction, name, doc) in [
        (Direction::ClientToServer, "ClientRequests", "What a client requests of the daemon."),
        (Direction::ServerToClient, "ServerRequests", "What the daemon requests of a client."),
    ] {
        open(&mut out, name, doc);
        for (method, result) in requests(direction) {
            comment(&mut out, "  ", &paragraphs(method.doc));
            let params = method.params;
            put(&mut out, format_args!("  \"{}\": {{ params: {params}; result: {result} }};\n", method.name));
        }
        out += "}\n";
    }
    open(&mut out, "ServerNotifications", "What the daemon tells a client: the params by method.");
    for method in notifications(Direction::ServerToClient) {
        comment(&mut out, "  ", &paragraphs(method.doc));
        put(&mut out, format_args!("  \"{}\": {};\n", method.name, method.params));
    }
    out += "}\n";
    types.iter().for_each(|named| write_type(&mut out, named));
    out
}

fn write_type(out: &mut String, named: &Named) {
    let name = &named.name;
    out.push('\n');
    match &named.body {
        Body::Text => {
            comment(out, "", &named.doc);
            put(out, format_args!("export type {name} = string;\n"));
        }
        Body::Words(words) => {
            let meanings: Vec<String> =
                words.iter().map(|(word, meaning)| format!("- `{word}`: {meaning}")).collect();
            comment(out, "", &format!("{}\n\n{}", named.doc, meanings.join("\n")));
            put(out, format_args!("export type {name} =\n"));
            words.iter().for_each(|(word, _)| put(out, format_args!("  | \"{word}\"\n")));
            *out += "  | (string & {});\n";
        }
        Body::Structure(fields) => {
            comment(out, "", &named.doc);
            put(out, format_args!("export interface {name} {{\n"));
            fields.iter().for_each(|field| write_field(out, field));
            *out += "}\n";
        }
        Body::Union(arms) => {
            comment(out, "", &named.doc);
            put(out, format_args!("export type {name} =\n  | {};\n", arms.join("\n  | ")));
        }
    }
}

fn write_field(out: &mut String, field: &Field) {
    comment(out, "  ", &field.doc);
    let mark = match field.presence {
        Presence::Required => "",
        Presence::Optional => "?",
    };
    put(out, format_args!("  {}{mark}: {};\n", field.name, shape(&field.shape)));
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Flag => "boolean".to_owned(),
        Shape::Integer | Shape::Whole => "number".to_owned(),
        Shape::Any => "unknown".to_owned(),
        Shape::Word(word) => format!("\"{word}\""),
        Shape::Named(name) => name.clone(),
        Shape::List(element) => format!("{}[]", self::shape(element)),
        Shape::Map(value) => format!("Record<string, {}>", self::shape(value)),
    }
}

fn open(out: &mut String, name: &str, doc: &str) {
    out.push('\n');
    comment(out, "", doc);
    put(out, format_args!("export interface {name} {{\n"));
}

fn comment(out: &mut String, indent: &str, doc: &str) {
    if !doc.contains('\n') {
        return put(out, format_args!("{indent}/** {doc} */\n"));
    }
    put(out, format_args!("{indent}/**\n"));
    for line in doc.lines() {
        put(out, format_args!("{}\n", format!("{indent} * {line}").trim_end()));
    }
    put(out, format_args!("{indent} */\n"));
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written");
}
