//! What may be done: pure decisions over an intent, the mode and the rules; no I/O.

pub mod intent;

pub use intent::{Intent, Location};
