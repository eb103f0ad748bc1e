//! The wire of the `agent/*` editor protocol: its types and its one table of methods.
//!
//! `README.md` beside this folder is the specification for people; `schema.json`, `metaModel.json`,
//! `agent.ts` and `agent.lua` are made from what stands here. Nothing here knows the engine, does
//! I/O or decides anything.

#![forbid(unsafe_code)]

#[macro_use]
mod open;

pub mod auth;
pub mod config;
pub mod content;
pub mod document;
pub mod error;
pub mod event;
#[cfg(feature = "schema")]
pub mod generate;
pub mod lifecycle;
pub mod methods;
pub mod permission;
pub mod prompt;
pub mod review;
pub mod session;
