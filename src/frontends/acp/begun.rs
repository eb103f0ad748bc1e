//! `Begun`: a future that has been begun, so that its first part has a place in an order.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::coop::unconstrained;

/// A future which has run to its first wait.
pub enum Begun<T> {
    /// It had none.
    Done(T),
    /// It goes on when it is awaited.
    Waits(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Begun<T> {
    /// Begins a future: what it does before its first wait is done when this returns. A full channel
    /// is a wait, in which it has its place.
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        // The runtime's budget is left out of it: a pause for the sake of others would be a wait too.
        let mut future: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(unconstrained(future));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Self::Done(done),
            Poll::Pending => Self::Waits(future),
        }
    }

    /// Goes on to the end.
    pub async fn done(self) -> T {
        match self {
            Self::Done(done) => done,
            Self::Waits(future) => future.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn what_is_begun_first_comes_first_also_through_a_full_channel() {
        let (sender, mut receiver) = mpsc::channel(1);
        let begun: Vec<Begun<()>> = (0..500)
            .map(|number| {
                let sender = sender.clone();
                Begun::new(async move { sender.send(number).await.unwrap() })
            })
            .collect();
        let sent = futures::future::join_all(begun.into_iter().rev().map(Begun::done));
        let received = async {
            let mut all = Vec::new();
            while all.len() < 500 {
                all.extend(receiver.recv().await);
            }
            all
        };
        let (_, received) = tokio::join!(sent, received);
        assert!(received.is_sorted(), "{received:?}");
    }

    #[tokio::test]
    async fn it_goes_on_where_it_waits() {
        let (go, gone) = oneshot::channel();
        let begun = Begun::new(async move { gone.await.unwrap() + 1 });
        go.send(1).unwrap();
        assert_eq!(begun.done().await, 2);
        assert_eq!(Begun::new(async { 7 }).done().await, 7);
    }
}
