//! The outside world; the only place that may touch it.

#![allow(clippy::disallowed_methods, reason = "what is banned elsewhere is done here")]

pub mod callback;
pub mod clock;
pub mod dirs;
pub mod env;
pub mod fs;
pub mod http;
pub mod log;
pub mod process;
pub mod processes;
pub mod signals;
pub mod watch;
