//! JSON-RPC 2.0 over two byte streams, with no methods known.
//!
//! What always holds on a connection, whatever the other side sends:
//! - Messages are read in order and never wait for work: notifications and inline requests are
//!   handled one after another, other requests in a task each.
//! - Every request is answered exactly once; a notification or an answer never is.
//! - There is one writer. What a task sends before its request returns arrives before the answer.
//! - Bytes that are no message get an error and are passed over; nothing but the end of the input or
//!   of the output, or our own stop, ends a connection.
//! - Everything that can grow has a bound in `limits`: messages, the queue of the writer, open
//!   requests of both sides. A client that reads slowly makes senders wait, and is still heard.

mod calls;
mod connection;
mod dispatch;
mod error;
pub mod framing;
mod handler;
mod message;
mod outbox;
mod params;
mod peer;
mod pending;
mod stdio;
#[cfg(test)]
mod testing;

pub use connection::{Connection, Dialect, Ended, Settings};
pub use error::{
    Error, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, REQUEST_CANCELLED,
    REQUEST_FAILED,
};
pub use handler::{Call, Handler, OnCancel, Placement, reply};
pub use message::{Id, Reply};
pub use params::Params;
pub use peer::{Peer, RequestError};
pub use stdio::{Input, Output, stdio};

/// The connection is over, and nothing can be sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;
