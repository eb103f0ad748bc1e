//! One message a line; empty lines are passed over.

use std::ops::Range;

use super::Found;
use super::buffer::{Buffer, line_break};

/// How a message begins that follows something without a line break.
const START: &[u8] = br#"{"jsonrpc""#;

/// Where that is looked for: at the end of a line that was skipped.
const TAIL_BYTES_MAX: usize = 8 * 1024;

/// The rule of newline-delimited messages.
#[derive(Debug)]
pub(super) struct Lines {
    line_bytes_max: usize,
    /// Bytes at the start of the buffer known to hold no line break.
    searched: usize,
    /// Whether the line at hand was given up as too long; only its end is kept.
    skipping: bool,
}

impl Lines {
    pub(super) fn new(line_bytes_max: usize) -> Self {
        Self { line_bytes_max, searched: 0, skipping: false }
    }

    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Option<Found> {
        loop {
            let end = line_break(&buffer.unused()[self.searched..]).map(|at| self.searched + at);
            self.searched = end.unwrap_or(buffer.unused().len());
            if self.searched > self.line_bytes_max && !self.skipping {
                self.skipping = true;
                return Some(Found::TooLong { bytes: None });
            }
            if end.is_none() {
                self.forget(buffer);
                return None;
            }
            let found = self.line(buffer);
            buffer.take(1);
            if found.is_some() {
                return found;
            }
        }
    }

    /// The rest of the input as a last line.
    pub(super) fn last(&mut self, buffer: &mut Buffer) -> Option<Found> {
        self.line(buffer)
    }

    /// The line that is as long as was searched.
    fn line(&mut self, buffer: &mut Buffer) -> Option<Found> {
        let line = buffer.take(std::mem::take(&mut self.searched));
        if std::mem::take(&mut self.skipping) {
            let tail = line.end - line.len().min(self.tail_bytes())..line.end;
            return message_at_end(buffer, tail).map(Found::Tail);
        }
        let empty = buffer.show(line.clone()).trim_ascii().is_empty();
        (!empty).then_some(Found::Message(line))
    }

    /// Of a line that is skipped, keeps what may be a message at its end.
    fn forget(&mut self, buffer: &mut Buffer) {
        if self.skipping {
            let forgotten = self.searched.saturating_sub(self.tail_bytes());
            buffer.take(forgotten);
            self.searched -= forgotten;
        }
    }

    /// Never all of a line that is too long, so that what is refused is not found again in its end.
    fn tail_bytes(&self) -> usize {
        TAIL_BYTES_MAX.min(self.line_bytes_max)
    }
}

fn message_at_end(buffer: &Buffer, tail: Range<usize>) -> Option<Range<usize>> {
    let starts = buffer.show(tail.clone()).windows(START.len()).rposition(|bytes| bytes == START);
    starts.map(|at| tail.start + at..tail.end)
}
