//! Our own requests that wait for the client's answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::message::{Id, Reply};
use super::{Closed, Error};
use crate::limits::RPC_OWN_REQUESTS_MAX;

/// Who waits for which answer.
#[derive(Default)]
pub(super) struct Pending(Mutex<Table>);

#[derive(Default)]
struct Table {
    waiting: HashMap<i64, oneshot::Sender<Reply>>,
    last_id: i64,
    closed: bool,
}

/// Why a request cannot be opened.
#[derive(Debug)]
pub(super) enum NotOpened {
    Closed,
    TooMany(Error),
}

impl Pending {
    /// An id that was not used before.
    pub(super) fn next_id(&self) -> i64 {
        let mut table = self.table();
        table.last_id += 1;
        table.last_id
    }

    /// Waits for the answer to `id` from here on.
    pub(super) fn open(&self, id: i64) -> Result<oneshot::Receiver<Reply>, NotOpened> {
        let mut table = self.table();
        if table.closed {
            return Err(NotOpened::Closed);
        }
        if table.waiting.len() >= RPC_OWN_REQUESTS_MAX {
            return Err(NotOpened::TooMany(Error::too_many_requests(RPC_OWN_REQUESTS_MAX)));
        }
        let (sender, receiver) = oneshot::channel();
        table.waiting.insert(id, sender);
        Ok(receiver)
    }

    /// Hands an answer to who waits for it; false when nobody does.
    pub(super) fn settle(&self, id: &Id, reply: Reply) -> bool {
        let Id::Number(id) = id else { return false };
        let waiting = self.table().waiting.remove(id);
        waiting.is_some_and(|sender| sender.send(reply).is_ok())
    }

    /// Stops waiting; false when the answer has come.
    pub(super) fn forget(&self, id: i64) -> bool {
        self.table().waiting.remove(&id).is_some()
    }

    /// No answer will come any more: all who wait learn it.
    pub(super) fn close(&self) {
        let mut table = self.table();
        table.closed = true;
        table.waiting.clear();
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.table().waiting.len()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Closed> for NotOpened {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded() {
        let pending = Pending::default();
        let open: Vec<_> =
            (0..RPC_OWN_REQUESTS_MAX).map(|_| pending.open(pending.next_id()).unwrap()).collect();
        assert!(matches!(pending.open(pending.next_id()), Err(NotOpened::TooMany(_))));
        assert!(pending.forget(1));
        assert!(!pending.forget(1));
        assert!(pending.open(pending.next_id()).is_ok());
        drop(open);
    }

    #[test]
    fn closing_drops_who_waits() {
        let pending = Pending::default();
        let mut receiver = pending.open(pending.next_id()).unwrap();
        pending.close();
        assert!(receiver.try_recv().is_err());
        assert!(matches!(pending.open(pending.next_id()), Err(NotOpened::Closed)));
        assert!(!pending.settle(&Id::Number(1), Err(Error::cancelled())));
    }
}
