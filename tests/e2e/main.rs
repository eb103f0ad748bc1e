//! The program from outside.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start processes and look at files")]

mod acp;
mod budget;
mod kept;
mod keys;
#[path = "../support/loopback.rs"]
mod loopback;
mod marks;
mod models;
mod program;
mod record;
mod replaced;
mod review;
mod run;
mod sent;
mod sessions;
mod summary;
mod textual;
mod titles;
mod told;
mod undo;
#[path = "../support/wire.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod wire;
