//! A server that speaks Gemini.

mod decode;

pub use decode::decoder;
