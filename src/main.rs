//! Flags, configuration, daemon, one front end, exit code.

#![forbid(unsafe_code)]

fn main() {}
