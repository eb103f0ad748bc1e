//! The models by name.

pub mod chat;
pub mod failure;
pub mod sse;
