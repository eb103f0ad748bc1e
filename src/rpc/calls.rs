//! The client's requests that are being worked on.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::handler::Placement;
use super::message::Id;
use crate::limits::{RPC_REQUESTS_MAX, RPC_REQUESTS_RESERVED_MAX};

/// Which requests are open, and how to cancel each.
#[derive(Default)]
pub(super) struct Calls {
    open: Mutex<Open>,
    /// Tells the reader that a request is answered.
    answered: Notify,
}

#[derive(Default)]
struct Open {
    cancels: HashMap<Id, CancellationToken>,
    /// How many of them are done, and wait for the client to read their answer.
    answering: usize,
}

impl Calls {
    /// Opens a request if there is room; the token is fired when the client cancels it. The caller
    /// has seen that the id is free.
    ///
    /// A burst of quick requests is no overload: they get a moment to end, and where they wait for
    /// the client to read, this waits with them. What waits for anything else is not waited for.
    pub(super) async fn open(&self, id: &Id, placement: Placement) -> Option<CancellationToken> {
        let most = match placement {
            Placement::Reserved => RPC_REQUESTS_MAX + RPC_REQUESTS_RESERVED_MAX,
            Placement::Task | Placement::Inline | Placement::Unknown => RPC_REQUESTS_MAX,
        };
        loop {
            if let Some(cancelled) = self.open_within(id, most) {
                return Some(cancelled);
            }
            tokio::task::yield_now().await;
            if let Some(cancelled) = self.open_within(id, most) {
                return Some(cancelled);
            }
            if self.calls().answering == 0 {
                return None;
            }
            self.answered.notified().await;
        }
    }

    /// Whether a request of this id is open.
    pub(super) fn is_open(&self, id: &Id) -> bool {
        self.calls().cancels.contains_key(id)
    }

    /// Tells the request that it is cancelled; false when there is none of that id.
    pub(super) fn cancel(&self, id: &Id) -> bool {
        let token = self.calls().cancels.get(id).cloned();
        token.inspect(CancellationToken::cancel).is_some()
    }

    /// The request is done, and waits for the client to read its answer.
    pub(super) fn done(&self) {
        self.calls().answering += 1;
    }

    /// The request, which was done, is about to be answered: its id is free.
    pub(super) fn close(&self, id: &Id) {
        let mut calls = self.calls();
        calls.cancels.remove(id);
        calls.answering -= 1;
        drop(calls);
        self.answered.notify_one();
    }

    fn open_within(&self, id: &Id, most: usize) -> Option<CancellationToken> {
        let mut calls = self.calls();
        (calls.cancels.len() < most).then(|| calls.cancels.entry(id.clone()).or_default().clone())
    }

    fn calls(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::super::testing::everybody_waits;
    use super::*;

    async fn open(calls: &Calls, id: Id, placement: Placement) -> bool {
        tokio::select! {
            opened = calls.open(&id, placement) => opened.is_some(),
            () = everybody_waits() => panic!("it waits"),
        }
    }

    #[tokio::test]
    async fn room_is_reserved() {
        let calls = Calls::default();
        let mut ids = (0..).map(Id::Number);
        for id in ids.by_ref().take(RPC_REQUESTS_MAX) {
            assert!(open(&calls, id, Placement::Task).await);
        }
        assert!(!open(&calls, Id::Null, Placement::Task).await);
        for id in ids.by_ref().take(RPC_REQUESTS_RESERVED_MAX) {
            assert!(open(&calls, id, Placement::Reserved).await);
        }
        assert!(!open(&calls, Id::Null, Placement::Reserved).await);
        calls.done();
        calls.close(&Id::Number(0));
        assert!(!open(&calls, Id::Null, Placement::Task).await);
        assert!(open(&calls, Id::Null, Placement::Reserved).await);
    }

    #[tokio::test]
    async fn what_is_done_is_waited_for() {
        let calls = Calls::default();
        for id in (0..).map(Id::Number).take(RPC_REQUESTS_MAX) {
            assert!(open(&calls, id, Placement::Task).await);
        }
        calls.done();
        let mut opening = Box::pin(calls.open(&Id::Null, Placement::Task));
        tokio::select! {
            _ = &mut opening => panic!("there is no room"),
            () = everybody_waits() => {}
        }
        calls.close(&Id::Number(0));
        assert!(opening.await.is_some());
    }

    #[tokio::test]
    async fn quick_requests_get_a_moment_to_end() {
        let calls = Arc::new(Calls::default());
        for id in (0..).map(Id::Number).take(RPC_REQUESTS_MAX) {
            assert!(open(&calls, id, Placement::Task).await);
        }
        let mut tasks = JoinSet::new();
        let quick = calls.clone();
        tasks.spawn(async move {
            quick.done();
            quick.close(&Id::Number(0));
        });
        assert!(open(&calls, Id::Null, Placement::Task).await);
    }
}
