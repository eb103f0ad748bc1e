//! The published files, made from the types and the table of methods.
pub mod schema;
