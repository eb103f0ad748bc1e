//! The connection as a client meets it: an editor in memory, a scripted model, real sessions.
//!
//! The numbers in the tests' names are those of the list of requirements that the check from outside
//! goes through.

mod calls;
mod client;
mod editor;
mod handshake;
mod media;
mod replay;
mod schema;
mod script;
mod sessions;
mod settings;
mod turns;
mod undo;
mod usage;
