//! The program from outside.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start processes and look at files")]

mod acp;
mod program;
mod run;
mod sessions;
