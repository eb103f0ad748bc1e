//! The daemon's modules, in the order of their layers (`src/README.md`).

#![forbid(unsafe_code)]

pub mod limits;
pub mod path;

pub mod os;
pub mod rpc;
pub mod text;

pub mod policy;
pub mod workspace;

pub mod engine;

pub mod frontends;
pub mod providers;
pub mod store;
pub mod tools;

pub mod config;
pub mod daemon;

pub mod cli;

#[cfg(any(test, feature = "cases"))]
pub mod cases;
