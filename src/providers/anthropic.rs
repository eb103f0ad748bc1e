//! A server that speaks Anthropic Messages.

mod decode;
mod encode;

pub use decode::decoder;
