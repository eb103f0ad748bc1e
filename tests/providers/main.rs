//! The wire formats over real HTTP: streams however they come, requests that keep every rule, and sessions that
//! break off anywhere.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test prepares files and may fail")]

mod endings;
mod faults;
#[path = "../support/loopback.rs"]
mod loopback;
mod packing;
mod prefix;
mod rules;
mod scene;
mod sessions;
#[path = "../support/shared.rs"]
mod shared;
mod streams;
mod turns;
mod wire;
