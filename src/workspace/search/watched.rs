//! `Watched`: a file's bytes on their way to the search, which tell whether they are UTF-8.

use std::io::{self, Read};

/// Passes bytes on and looks at them once.
pub(super) struct Watched<R> {
    from: R,
    sort: Sort,
    /// The beginning of a character whose end was not read yet.
    begun: Vec<u8>,
}

/// What the bytes are that were read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// There are none.
    Nothing,
    Utf8,
    /// UTF-16 with its mark, which the search itself knows.
    Marked,
    Foreign,
}

impl<R: Read> Watched<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, sort: Sort::Nothing, begun: Vec::new() }
    }

    /// Whether the bytes that were read are neither UTF-8 nor marked as something else.
    pub(super) fn is_foreign(&self) -> bool {
        self.sort == Sort::Foreign
    }

    /// Whether these bytes, behind those before them, are the beginning of UTF-8.
    fn go_on(&mut self, mut bytes: &[u8]) -> bool {
        while let (false, [first, rest @ ..]) = (self.begun.is_empty(), bytes) {
            self.begun.push(*first);
            bytes = rest;
            match str::from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        match str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) if error.error_len().is_none() => {
                self.begun.extend_from_slice(&bytes[error.valid_up_to()..]);
                true
            }
            Err(_) => false,
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        let bytes = &into[..read];
        self.sort = match self.sort {
            Sort::Marked | Sort::Foreign => return Ok(read),
            Sort::Nothing if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => Sort::Marked,
            Sort::Nothing | Sort::Utf8 => {
                // At the end no character may lack its own.
                let sound = if read == 0 { self.begun.is_empty() } else { self.go_on(bytes) };
                if sound { Sort::Utf8 } else { Sort::Foreign }
            }
        };
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], foreign: bool) {
        for chunk in 1..=bytes.len().max(1) {
            let mut watched = Watched::new(bytes);
            let (mut read, mut piece) = (Vec::new(), vec![0; chunk]);
            loop {
                let some = watched.read(&mut piece).unwrap();
                read.extend_from_slice(&piece[..some]);
                if some == 0 {
                    break;
                }
            }
            // A mark of two bytes comes in one piece.
            let whole = chunk > 1 || !bytes.starts_with(b"\xff\xfe");
            assert_eq!(
                (read.as_slice(), watched.is_foreign() && whole),
                (bytes, foreign),
                "{bytes:x?} by {chunk}"
            );
        }
    }

    #[test]
    fn utf8_is_known_however_it_is_cut() {
        check(b"", false);
        check("a\u{e9}\u{20ac}\u{1f600}b".as_bytes(), false);
        check(b"\xef\xbb\xbfa", false);
        check(b"\xff\xfea\0\xe9\0", false);
        check(b"caf\xe9\n", true);
        check(b"caf\xe9", true);
        check(b"caf\xc3\xa9 caf\xe9 end", true);
        check(b"\xe2\x82", true);
    }
}
