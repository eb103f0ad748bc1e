//! The outside world; the only place that may touch it.

#![allow(clippy::disallowed_methods, reason = "what is banned elsewhere is done here")]

pub mod fs;
