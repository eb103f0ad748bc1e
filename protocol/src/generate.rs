//! The published files, made from the types and the table of methods.
//!
//! Schemars makes a schema of each type; `model` reads that document into the few shapes which the
//! wire has, and the other three files are printed from it. So all four say the same.

use serde_json::Value;

use crate::error::ErrorKind;
use crate::methods::{Direction, METHODS, Method};

mod lua;
mod metamodel;
mod model;
pub mod schema;
mod typescript;

/// How the files are written again; they name it in their first lines.
pub const COMMAND: &str = "cargo run -p quillon-protocol --features schema --bin generate";

/// The published files: names in the package's folder, and contents.
pub fn files() -> Vec<(&'static str, String)> {
    let document = schema::document();
    let types = model::read(&document);
    vec![
        ("schema.json", pretty(&document)),
        ("metaModel.json", pretty(&metamodel::document(&types))),
        ("agent.ts", typescript::document(&types)),
        ("agent.lua", lua::document(&types)),
    ]
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a JSON value can always be written");
    text + "\n"
}

/// Doc comments are broken into lines for the source; here a paragraph is one line.
fn paragraphs(text: &str) -> String {
    let joined = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim().split("\n\n").map(joined).collect::<Vec<_>>().join("\n\n")
}

fn requests(direction: Direction) -> impl Iterator<Item = (&'static Method, &'static str)> {
    let ours = METHODS.iter().filter(move |method| method.direction == direction);
    ours.filter_map(|method| method.result.map(|result| (method, result)))
}

fn notifications(direction: Direction) -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(move |method| method.direction == direction && method.result.is_none())
}

fn error_codes() -> impl Iterator<Item = (&'static str, i32)> {
    ErrorKind::WORDS.iter().map(|word| (*word, ErrorKind::from(*word).code()))
}
