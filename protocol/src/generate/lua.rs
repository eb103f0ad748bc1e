//! `agent.lua`: the types and methods as LuaCATS annotations, for Lua language servers.

use std::fmt::Write;

use super::model::{Body, Field, Named, Presence, Shape};
use super::{COMMAND, error_codes, notifications, paragraphs, requests};
use crate::lifecycle::{MINOR, VERSION};
use crate::methods::Direction;

/// The whole file.
pub fn document(types: &[Named]) -> String {
    let mut out = format!(
        "---@meta agent\n\n\
         -- The types of Quillon's editor protocol, agent/* {VERSION}.{MINOR}. Generated, do not edit:\n\
         -- {COMMAND}\n\
         --\n\
         -- Nothing here runs. Enumerations and unions are open: a later daemon may send words and\n\
         -- types that are not named here.\n"
    );
    out += "\n---The numbers of the kinds of error.\n---@alias agent.ErrorCode\n";
    error_codes().for_each(|(word, code)| put(&mut out, format_args!("---| {code} # {word}\n")));
    out += "---| integer\n";
    for (direction, name, doc) in [
        (Direction::ClientToServer, "ClientRequests", "What a client requests of the daemon."),
        (Direction::ServerToClient, "ServerRequests", "What the daemon requests of a client."),
    ] {
        open(&mut out, name, doc);
        for (method, result) in requests(direction) {
            let (doc, params) = (paragraphs(method.doc), method.params);
            let shape = format!("fun(params: agent.{params}): agent.{result}");
            put(&mut out, format_args!("---@field [\"{}\"] {shape} {doc}\n", method.name));
        }
    }
    open(&mut out, "ServerNotifications", "What the daemon tells a client.");
    for method in notifications(Direction::ServerToClient) {
        let (doc, params) = (paragraphs(method.doc), method.params);
        put(&mut out, format_args!("---@field [\"{}\"] fun(params: agent.{params}) {doc}\n", method.name));
    }
    types.iter().for_each(|named| write_type(&mut out, named));
    out
}

fn write_type(out: &mut String, named: &Named) {
    let name = &named.name;
    out.push('\n');
    comment(out, &named.doc);
    match &named.body {
        Body::Text => put(out, format_args!("---@alias agent.{name} string\n")),
        Body::Words(words) => {
            put(out, format_args!("---@alias agent.{name}\n"));
            for (word, meaning) in words {
                put(out, format_args!("---| \"{word}\" # {meaning}\n"));
            }
            *out += "---| string\n";
        }
        Body::Structure(fields) => {
            put(out, format_args!("---@class agent.{name}\n"));
            fields.iter().for_each(|field| write_field(out, field));
        }
        Body::Union(arms) => {
            put(out, format_args!("---@alias agent.{name}\n"));
            arms.iter().for_each(|arm| put(out, format_args!("---| agent.{arm}\n")));
        }
    }
}

fn write_field(out: &mut String, field: &Field) {
    let mark = match field.presence {
        Presence::Required => "",
        Presence::Optional => "?",
    };
    let shape = shape(&field.shape);
    put(out, format_args!("---@field {}{mark} {shape} {}\n", field.name, field.doc));
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Flag => "boolean".to_owned(),
        Shape::Integer | Shape::Whole => "integer".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Word(word) => format!("\"{word}\""),
        Shape::Named(name) => format!("agent.{name}"),
        Shape::List(element) => format!("{}[]", self::shape(element)),
        Shape::Map(value) => format!("table<string, {}>", self::shape(value)),
    }
}

fn open(out: &mut String, name: &str, doc: &str) {
    out.push('\n');
    comment(out, doc);
    put(out, format_args!("---@class agent.{name}\n"));
}

fn comment(out: &mut String, doc: &str) {
    doc.lines().for_each(|line| put(out, format_args!("---{line}\n")));
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written");
}
