//! Bytes that have come and are not yet used.

use std::ops::Range;

use crate::limits::RPC_BUFFER_KEPT_BYTES_MAX;

/// A queue of bytes whose used ones stay readable until more come.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    /// The bytes not yet used.
    pub(super) fn unused(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    /// Uses the next `count` bytes, and says where they are.
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        let start = self.used;
        self.used += count;
        start..self.used
    }

    /// Bytes that were used last.
    pub(super) fn show(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// Where to append what comes. The used bytes are gone after this.
    pub(super) fn space(&mut self) -> &mut Vec<u8> {
        if self.used == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(RPC_BUFFER_KEPT_BYTES_MAX);
            self.used = 0;
        } else if self.used > self.bytes.len() / 2 {
            self.bytes.drain(..self.used);
            self.used = 0;
        }
        &mut self.bytes
    }

    /// The bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Where the next line break is.
pub(super) fn line_break(bytes: &[u8]) -> Option<usize> {
    // The standard library's only search for one byte that is not one byte at a time.
    let upto = std::io::BufRead::skip_until(&mut &*bytes, b'\n').expect("reading from memory succeeds");
    upto.checked_sub(1).filter(|at| bytes[*at] == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks() {
        assert_eq!(line_break(b""), None);
        assert_eq!(line_break(b"ab"), None);
        assert_eq!(line_break(b"\n"), Some(0));
        assert_eq!(line_break(b"ab\ncd\n"), Some(2));
    }

    #[test]
    fn used_bytes_stay_until_more_come() {
        let mut buffer = Buffer::default();
        buffer.space().extend_from_slice(b"abcdef");
        let range = buffer.take(4);
        assert_eq!((buffer.show(range), buffer.unused()), (&b"abcd"[..], &b"ef"[..]));
        buffer.space().extend_from_slice(b"g");
        assert_eq!(buffer.unused(), b"efg");
    }
}
