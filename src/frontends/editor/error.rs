//! The engine's refusals as the protocol's errors.

use quillon_protocol::error::{ErrorKind, REQUEST_FAILED, ResponseError};

use crate::engine::journal::OpenError;
use crate::engine::{HostError, Refused};
use crate::limits;
use crate::rpc::Error;

/// Why a session cannot be made, opened or deleted.
pub fn host_error(error: HostError) -> ResponseError {
    let words = error.to_string();
    match error {
        HostError::Open(OpenError::Unknown(_)) => ResponseError::new(ErrorKind::SessionUnknown, words),
        HostError::Open(OpenError::Held { holder, .. }) => ResponseError::busy(Some(holder), words),
        HostError::Open(OpenError::Newer { .. } | OpenError::Io(_))
        | HostError::Io(_)
        | HostError::Halted(_)
        | HostError::Ending => ResponseError::plain(REQUEST_FAILED, words),
    }
}

/// Why a command was not taken.
pub fn refused(refused: Refused) -> ResponseError {
    let words = refused.to_string();
    match refused {
        Refused::NotWaiting(_) => ResponseError::new(ErrorKind::Stale, words),
        Refused::QueueFull => ResponseError::limit(limits::WAITING_PROMPTS_MAX as u64, words),
        Refused::Busy(holder) => ResponseError::busy(Some(holder), words),
        Refused::Halted(_) | Refused::Closed => ResponseError::plain(REQUEST_FAILED, words),
    }
}

/// The error as it goes on the wire.
pub fn wire(error: ResponseError) -> Error {
    let plain = Error::new(i64::from(error.code), error.message);
    match error.data.and_then(|data| serde_json::to_value(data).ok()) {
        Some(data) => plain.with_data(data),
        None => plain,
    }
}
