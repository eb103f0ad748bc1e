//! A server that speaks OpenAI Responses.

mod decode;

pub use decode::decoder;
