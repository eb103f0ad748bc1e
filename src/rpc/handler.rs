//! What a connection asks of whoever serves it.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::message::{Id, Reply};
use super::params::Params;
use super::peer::Peer;

/// Serves the methods of a connection.
pub trait Handler: Send + Sync + 'static {
    /// Where a request of this method is worked on.
    fn placement(&self, method: &str) -> Placement;

    /// What becomes of a request of this method that the client cancels.
    fn on_cancel(&self, _method: &str) -> OnCancel {
        OnCancel::Drop
    }

    /// A notification. Awaited before the next message is read, so it waits for nothing but memory:
    /// it neither sends to the peer nor asks it.
    fn notification(&self, peer: &Peer, method: &str, params: Params) -> impl Future<Output = ()> + Send;

    /// A request, which is answered with what this returns. What it has sent to the peer by then
    /// is on the wire before the answer. It must not block its thread.
    ///
    /// The function itself is called in the order of the messages: what it does before it returns
    /// its future is done before later requests and notifications are looked at.
    fn request(self: Arc<Self>, peer: Peer, call: Call) -> impl Future<Output = Reply> + Send + 'static;
}

/// Where a request is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// By the reader, before the next message is read; like a notification it waits for nothing but
    /// memory.
    Inline,
    /// In a task of its own, while the client reads and writes on.
    Task,
    /// As `Task`, and there is room for it when there is none for others.
    Reserved,
    /// Nowhere: there is no such method.
    Unknown,
}

/// What becomes of a request that the client cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCancel {
    /// Its future is dropped, then it is answered as cancelled (-32800).
    Drop,
    /// It goes on, sees `Call::cancelled`, and is answered with what it returns.
    Tell,
}

/// A request of the client.
#[derive(Debug)]
pub struct Call {
    /// What the client calls it.
    pub id: Id,
    /// What it wants.
    pub method: String,
    /// With which parameters.
    pub params: Params,
    pub(super) signals: Signals,
}

/// What happens to a request from outside.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    pub(super) cancelled: CancellationToken,
    pub(super) over: CancellationToken,
    pub(super) answered: CancellationToken,
}

impl Call {
    /// Resolves when the client cancels the request, or the connection is over and the request
    /// should come to its end.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let Signals { cancelled, over, .. } = self.signals.clone();
        async move {
            tokio::select! {
                () = cancelled.cancelled() => {}
                () = over.cancelled() => {}
            }
        }
    }

    /// Resolves when the answer is on its way, for what must come after it; also when there is no
    /// way any more.
    pub fn answered(&self) -> impl Future<Output = ()> + Send + 'static {
        self.signals.answered.clone().cancelled_owned()
    }
}

/// The answer with this result.
///
/// # Errors
///
/// -32603 when the result cannot be written as JSON.
pub fn reply(result: impl Serialize) -> Reply {
    serde_json::value::to_raw_value(&result)
        .map_err(|error| Error::new(super::INTERNAL_ERROR, format!("failed to write the result: {error}")))
}
