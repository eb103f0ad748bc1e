//! What waits to be written, in one queue, and the one writer that empties it.
//!
//! Senders wait for room, which bounds the queue by number and by bytes. The reader must not wait
//! for them: its own replies go in at once, and it reads on only while those are few.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore};

use super::Closed;
use super::framing::Framing;
use crate::limits::{
    RPC_BUFFER_KEPT_BYTES_MAX, RPC_QUEUE_BYTES_MAX, RPC_QUEUE_MESSAGES_MAX, RPC_REPLIES_BYTES_MAX,
};

/// The queue of one connection.
pub(super) struct Outbox {
    framing: Framing,
    queue: Mutex<Queue>,
    /// What is free of `RPC_QUEUE_BYTES_MAX`; whoever asked first is let in first.
    room: Semaphore,
    /// Tells the writer that there is something to do.
    filled: Notify,
    /// Tells the reader that replies have been written.
    written: Notify,
}

#[derive(Default)]
struct Queue {
    /// Whole frames, in order.
    bytes: Vec<u8>,
    counts: Counts,
    /// What the writer is writing.
    writing: Counts,
    state: State,
}

/// How much of each bound some frames take.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    /// Of the senders' room.
    room: usize,
    /// Bytes of the reader's replies.
    replies: usize,
}

#[derive(Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Nothing more comes in; what is there is written.
    Closing,
    /// Nothing can be written any more.
    Broken,
}

/// Room for one message. Given back if the message is not put in.
pub(super) struct Room<'a> {
    outbox: &'a Outbox,
    size: usize,
    permit: tokio::sync::SemaphorePermit<'a>,
}

impl Outbox {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            framing,
            queue: Mutex::default(),
            room: Semaphore::new(RPC_QUEUE_BYTES_MAX),
            filled: Notify::new(),
            written: Notify::new(),
        }
    }

    /// Waits until there is room for a message of `bytes`.
    pub(super) async fn room(&self, bytes: usize) -> Result<Room<'_>, Closed> {
        // A small message takes its share of the number, a large one at most everything.
        let size = bytes.clamp(RPC_QUEUE_BYTES_MAX / RPC_QUEUE_MESSAGES_MAX, RPC_QUEUE_BYTES_MAX);
        let count = u32::try_from(size).expect("the queue's limit fits");
        let permit = self.room.acquire_many(count).await.map_err(|_| Closed)?;
        Ok(Room { outbox: self, size, permit })
    }

    /// Puts in a reply of the reader, or what else cannot wait, at once. After the end it is lost.
    pub(super) fn reply(&self, body: &[u8]) {
        // Nobody is left to tell when the connection is over.
        let _lost = self.push(body, Counts { room: 0, replies: body.len() });
    }

    /// Waits until the client has read most of the replies.
    pub(super) async fn few_replies(&self) {
        while self.has_many_replies() {
            self.written.notified().await;
        }
    }

    /// Ends the queue: senders fail, and the writer ends when it has written what is there.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        if queue.state == State::Open {
            queue.state = State::Closing;
        }
        drop(queue);
        self.wake_all();
    }

    /// Writes what is put in, all that is there at a time, until the queue is closed and empty.
    ///
    /// # Errors
    ///
    /// When the output fails; the queue is closed then.
    pub(super) async fn write<W: AsyncWrite + Unpin>(&self, mut output: W) -> io::Result<()> {
        let mut batch = Vec::new();
        loop {
            match self.take(&mut batch) {
                Taken::Batch => {}
                Taken::Nothing => {
                    self.filled.notified().await;
                    continue;
                }
                Taken::End => return Ok(()),
            }
            if let Err(error) = write_all(&mut output, &batch).await {
                self.queue().state = State::Broken;
                self.wake_all();
                return Err(error);
            }
            self.give_back();
            batch.clear();
            batch.shrink_to(RPC_BUFFER_KEPT_BYTES_MAX);
        }
    }

    /// The bytes of memory held by the queue.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.queue().bytes.capacity()
    }

    fn push(&self, body: &[u8], counts: Counts) -> Result<(), Closed> {
        let mut queue = self.queue();
        if queue.state != State::Open {
            return Err(Closed);
        }
        let idle = queue.bytes.is_empty();
        self.framing.write(body, &mut queue.bytes);
        queue.counts.room += counts.room;
        queue.counts.replies += counts.replies;
        drop(queue);
        if idle {
            self.filled.notify_one();
        }
        Ok(())
    }

    fn take(&self, batch: &mut Vec<u8>) -> Taken {
        let mut queue = self.queue();
        if queue.state == State::Broken || (queue.bytes.is_empty() && queue.state == State::Closing) {
            return Taken::End;
        }
        if queue.bytes.is_empty() {
            return Taken::Nothing;
        }
        std::mem::swap(&mut queue.bytes, batch);
        queue.writing = std::mem::take(&mut queue.counts);
        Taken::Batch
    }

    fn give_back(&self) {
        let written = std::mem::take(&mut self.queue().writing);
        self.room.add_permits(written.room);
        if written.replies > 0 {
            self.written.notify_one();
        }
    }

    fn has_many_replies(&self) -> bool {
        let queue = self.queue();
        let replies = queue.counts.replies + queue.writing.replies;
        queue.state == State::Open && replies > RPC_REPLIES_BYTES_MAX
    }

    fn wake_all(&self) {
        self.room.close();
        self.filled.notify_one();
        self.written.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room<'_> {
    /// Puts the message in.
    pub(super) fn push(self, body: &[u8]) -> Result<(), Closed> {
        self.outbox.push(body, Counts { room: self.size, replies: 0 })?;
        // The writer gives it back.
        self.permit.forget();
        Ok(())
    }
}

enum Taken {
    Batch,
    Nothing,
    End,
}

async fn write_all<W: AsyncWrite + Unpin>(output: &mut W, batch: &[u8]) -> io::Result<()> {
    output.write_all(batch).await?;
    output.flush().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::super::testing::{WITHIN, everybody_waits};
    use super::*;

    fn queued(outbox: &Outbox) -> usize {
        outbox.queue().bytes.len()
    }

    async fn send(outbox: &Outbox, body: &[u8]) -> Result<(), Closed> {
        outbox.room(body.len()).await?.push(body)
    }

    #[tokio::test]
    async fn bounded_by_number_and_by_bytes() {
        for size in [10, 10_000, RPC_QUEUE_BYTES_MAX * 3] {
            let outbox = Arc::new(Outbox::new(Framing::Newline));
            let (output, mut client) = tokio::io::duplex(64 * 1024);
            let mut tasks = JoinSet::new();
            for _ in 0..3 {
                let outbox = outbox.clone();
                tasks.spawn(async move {
                    for _ in 0..300 {
                        send(&outbox, &vec![b'x'; size]).await.unwrap();
                    }
                });
            }
            everybody_waits().await;
            let most =
                (RPC_QUEUE_MESSAGES_MAX * (size + 1)).min(RPC_QUEUE_BYTES_MAX + RPC_QUEUE_MESSAGES_MAX);
            assert!(queued(&outbox) <= most.max(size + 1), "{size}: {}", queued(&outbox));
            assert!(queued(&outbox) > 0);
            if size > 10_000 {
                continue;
            }
            let writer = outbox.clone();
            tasks.spawn(async move { writer.write(output).await.unwrap() });
            let mut all = vec![0; (size + 1) * 900];
            timeout(WITHIN, client.read_exact(&mut all)).await.unwrap().unwrap();
            outbox.close();
            timeout(WITHIN, tasks.join_all()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_queued_is_one_write() {
        struct Writes(Arc<Mutex<Vec<usize>>>);
        impl AsyncWrite for Writes {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                bytes: &[u8],
            ) -> std::task::Poll<io::Result<usize>> {
                self.0.lock().unwrap().push(bytes.len());
                std::task::Poll::Ready(Ok(bytes.len()))
            }
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }
            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }
        }
        let outbox = Arc::new(Outbox::new(Framing::Newline));
        let writes = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..5 {
            send(&outbox, b"abc").await.unwrap();
        }
        let mut tasks = JoinSet::new();
        let (writer, output) = (outbox.clone(), Writes(writes.clone()));
        tasks.spawn(async move { writer.write(output).await.unwrap() });
        everybody_waits().await;
        send(&outbox, b"abc").await.unwrap();
        everybody_waits().await;
        assert_eq!(*writes.lock().unwrap(), [20, 4]);
    }

    #[tokio::test]
    async fn replies_do_not_wait_for_room() {
        let outbox = Outbox::new(Framing::Newline);
        send(&outbox, &vec![b'x'; RPC_QUEUE_BYTES_MAX]).await.unwrap();
        outbox.reply(b"{}");
        timeout(WITHIN, outbox.few_replies()).await.unwrap();
        assert_eq!(queued(&outbox), RPC_QUEUE_BYTES_MAX + 4);
    }

    #[tokio::test]
    async fn the_reader_waits_when_its_replies_are_not_read() {
        let outbox = Arc::new(Outbox::new(Framing::Newline));
        outbox.reply(&vec![b'x'; RPC_REPLIES_BYTES_MAX + 1]);
        let mut tasks = JoinSet::new();
        let waiting = outbox.clone();
        tasks.spawn(async move { waiting.few_replies().await });
        everybody_waits().await;
        assert!(tasks.try_join_next().is_none());
        let (output, mut client) = tokio::io::duplex(64 * 1024);
        let writer = outbox.clone();
        let mut writing = JoinSet::new();
        writing.spawn(async move { writer.write(output).await });
        let mut all = vec![0; RPC_REPLIES_BYTES_MAX + 2];
        timeout(WITHIN, client.read_exact(&mut all)).await.unwrap().unwrap();
        timeout(WITHIN, tasks.join_all()).await.unwrap();
    }

    #[tokio::test]
    async fn closing_writes_what_is_there_and_frees_who_waits() {
        let outbox = Arc::new(Outbox::new(Framing::Newline));
        send(&outbox, &vec![b'x'; RPC_QUEUE_BYTES_MAX]).await.unwrap();
        outbox.reply(&vec![b'x'; RPC_REPLIES_BYTES_MAX + 1]);
        let mut tasks = JoinSet::new();
        let (sender, reader) = (outbox.clone(), outbox.clone());
        tasks.spawn(async move { assert_eq!(send(&sender, b"y").await, Err(Closed)) });
        tasks.spawn(async move { reader.few_replies().await });
        everybody_waits().await;
        outbox.close();
        timeout(WITHIN, tasks.join_all()).await.unwrap();
        let mut output = Vec::new();
        outbox.write(&mut output).await.unwrap();
        assert_eq!(output.len(), RPC_QUEUE_BYTES_MAX + RPC_REPLIES_BYTES_MAX + 3);
    }

    #[tokio::test]
    async fn a_broken_output_frees_who_waits() {
        let outbox = Arc::new(Outbox::new(Framing::Newline));
        send(&outbox, &vec![b'x'; RPC_QUEUE_BYTES_MAX]).await.unwrap();
        let mut tasks = JoinSet::new();
        let sender = outbox.clone();
        tasks.spawn(async move { assert_eq!(send(&sender, b"y").await, Err(Closed)) });
        everybody_waits().await;
        let (output, client) = tokio::io::duplex(64);
        drop(client);
        assert!(timeout(WITHIN, outbox.write(output)).await.unwrap().is_err());
        timeout(WITHIN, tasks.join_all()).await.unwrap();
    }
}
