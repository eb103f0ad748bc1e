//! Where one message ends and the next begins, in a stream of bytes that may be anything.
//!
//! What is absent: nothing a stream holds ends the decoding, and nothing it announces is allocated.
//! What is longer than allowed is skipped by counting; after bytes that are no frame the next frame
//! is looked for.

mod buffer;
mod headers;
mod lines;

use std::io::{self, Write};
use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

use self::buffer::Buffer;
use self::headers::Headers;
use self::lines::Lines;
use crate::limits::RPC_READ_BYTES;

/// How messages are told apart on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Header lines with the length of the body, an empty line, the body (LSP).
    ContentLength,
    /// One message a line (ACP).
    Newline,
}

/// What stands in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The bytes of one message.
    Message(&'a [u8]),
    /// The end of a line that was skipped, which begins like a message. It is one only if it is
    /// complete: no part of a well-formed line is.
    Tail(&'a [u8]),
    /// A message longer than allowed, which is skipped; its length where it was announced.
    TooLong {
        /// The announced length in bytes.
        bytes: Option<u64>,
    },
    /// Header lines over the limit; the next frame is looked for.
    HeaderTooLong,
    /// Bytes that are no frame; said once for all that stand together.
    Garbage,
}

impl Framing {
    /// Appends `body` to `wire` as one frame.
    pub fn write(self, body: &[u8], wire: &mut Vec<u8>) {
        match self {
            Self::ContentLength => {
                write!(wire, "Content-Length: {}\r\n\r\n", body.len()).expect("writing to memory succeeds");
                wire.extend_from_slice(body);
            }
            Self::Newline => {
                let start = wire.len();
                wire.extend_from_slice(body);
                // JSON text taken over from elsewhere may have line breaks between its parts, where
                // a blank means the same.
                if body.contains(&b'\n') {
                    wire[start..].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
                }
                wire.push(b'\n');
            }
        }
    }
}

/// Takes a stream of bytes apart. Holds at most one message, the header before it, and one read.
#[derive(Debug)]
pub struct Decoder {
    buffer: Buffer,
    rule: Rule,
}

impl Decoder {
    /// Decodes `framing`; messages of more than `message_bytes_max` are skipped.
    pub fn new(framing: Framing, message_bytes_max: usize) -> Self {
        let rule = match framing {
            Framing::ContentLength => Rule::Headers(Headers::new(message_bytes_max)),
            Framing::Newline => Rule::Lines(Lines::new(message_bytes_max)),
        };
        Self { buffer: Buffer::default(), rule }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.space().extend_from_slice(bytes);
    }

    /// The next frame; none when more bytes are needed.
    pub fn frame(&mut self) -> Option<Frame<'_>> {
        let found = self.find()?;
        Some(self.show(found))
    }

    /// What the end of the stream completes: a last line without a line break.
    pub fn last(&mut self) -> Option<Frame<'_>> {
        let found = match &mut self.rule {
            Rule::Headers(_) => None,
            Rule::Lines(lines) => lines.last(&mut self.buffer),
        }?;
        Some(self.show(found))
    }

    /// The bytes of memory held for the stream.
    pub fn held(&self) -> usize {
        self.buffer.held()
    }

    fn find(&mut self) -> Option<Found> {
        match &mut self.rule {
            Rule::Headers(headers) => headers.find(&mut self.buffer),
            Rule::Lines(lines) => lines.find(&mut self.buffer),
        }
    }

    fn show(&self, found: Found) -> Frame<'_> {
        match found {
            Found::Message(range) => Frame::Message(self.buffer.show(range)),
            Found::Tail(range) => Frame::Tail(self.buffer.show(range)),
            Found::TooLong { bytes } => Frame::TooLong { bytes },
            Found::HeaderTooLong => Frame::HeaderTooLong,
            Found::Garbage => Frame::Garbage,
        }
    }
}

/// The frames of an input.
pub(super) struct Frames<R> {
    input: R,
    decoder: Decoder,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(input: R, framing: Framing, message_bytes_max: usize) -> Self {
        Self { input, decoder: Decoder::new(framing, message_bytes_max) }
    }

    /// The next frame; none at the end of the input. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        loop {
            if let Some(found) = self.decoder.find() {
                return Ok(Some(self.decoder.show(found)));
            }
            let space = self.decoder.buffer.space();
            space.reserve(RPC_READ_BYTES);
            if self.input.read_buf(space).await? == 0 {
                return Ok(self.decoder.last());
            }
        }
    }
}

#[derive(Debug)]
enum Rule {
    Headers(Headers),
    Lines(Lines),
}

/// A frame whose bytes are still in the buffer.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Message(Range<usize>),
    Tail(Range<usize>),
    TooLong { bytes: Option<u64> },
    HeaderTooLong,
    Garbage,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{RPC_BUFFER_KEPT_BYTES_MAX, RPC_HEADER_BYTES_MAX};

    const LIMIT: usize = 100;

    #[derive(Debug, Clone, PartialEq)]
    pub(super) enum Seen {
        Message(Vec<u8>),
        Tail(Vec<u8>),
        TooLong(Option<u64>),
        HeaderTooLong,
        Garbage,
    }

    fn owned(frame: &Frame<'_>) -> Seen {
        match frame {
            Frame::Message(bytes) => Seen::Message(bytes.to_vec()),
            Frame::Tail(bytes) => Seen::Tail(bytes.to_vec()),
            Frame::TooLong { bytes } => Seen::TooLong(*bytes),
            Frame::HeaderTooLong => Seen::HeaderTooLong,
            Frame::Garbage => Seen::Garbage,
        }
    }

    /// All frames of a stream that comes in these pieces.
    fn decode<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
        let mut decoder = Decoder::new(framing, LIMIT);
        let mut seen = Vec::new();
        for piece in pieces {
            decoder.feed(piece);
            while let Some(frame) = decoder.frame() {
                seen.push(owned(&frame));
            }
        }
        seen.extend(decoder.last().as_ref().map(owned));
        seen
    }

    #[track_caller]
    fn check(framing: Framing, stream: impl AsRef<[u8]>, expected: &[Seen]) {
        let stream = stream.as_ref();
        assert_eq!(decode(framing, [stream]), expected, "in one piece");
        if stream.len() < 10_000 {
            assert_eq!(decode(framing, stream.chunks(1)), expected, "byte by byte");
        }
    }

    fn message(text: &str) -> Seen {
        Seen::Message(text.as_bytes().to_vec())
    }

    #[test]
    fn lines() {
        let check = |stream: &str, expected: &[Seen]| check(Framing::Newline, stream, expected);
        check("a\nb\r\n\n  \t\r\n\r\nc", &[message("a"), message("b\r"), message("c")]);
        check("", &[]);
        check("\n\n \n", &[]);
        let full = "x".repeat(LIMIT);
        check(&format!("{full}\na\n"), &[message(&full), message("a")]);
        let long = "x".repeat(LIMIT + 1);
        check(&format!("{long}\na\n"), &[Seen::TooLong(None), message("a")]);
        check(&format!("{}\na\n", "x".repeat(5_000)), &[Seen::TooLong(None), message("a")]);
        check(&"x".repeat(5_000), &[Seen::TooLong(None)]);
    }

    #[test]
    fn a_message_behind_a_skipped_line_is_found() {
        let check = |stream: &str, expected: &[Seen]| check(Framing::Newline, stream, expected);
        let start = r#"{"jsonrpc":1}"#;
        let tail = || Seen::Tail(start.as_bytes().to_vec());
        for length in [LIMIT, LIMIT * 10] {
            let garbage = "x".repeat(length);
            check(&format!("{garbage}{start}\na"), &[Seen::TooLong(None), tail(), message("a")]);
            check(&format!("{garbage}{start}"), &[Seen::TooLong(None), tail()]);
            // Not what is itself too long.
            check(&format!("{start}{garbage}\na"), &[Seen::TooLong(None), message("a")]);
        }
    }

    #[test]
    fn headers() {
        let check = |stream: &str, expected: &[Seen]| check(Framing::ContentLength, stream, expected);
        check("Content-Length: 1\r\n\r\naContent-Length: 2\r\n\r\nbc", &[message("a"), message("bc")]);
        check("content-length:1\r\n\r\na", &[message("a")]);
        check("CONTENT-LENGTH: 1 \r\n\r\na", &[message("a")]);
        check("Content-Length: 1\n\na", &[message("a")]);
        check(
            "X-Other: y\r\nContent-Type: application/vscode-jsonrpc\r\nContent-Length: 1\r\nZ: q\r\n\r\na",
            &[message("a")],
        );
        check("Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\na", &[message(""), message("a")]);
        check("\r\n\r\n\r\nContent-Length: 1\r\n\r\na", &[message("a")]);
        check("Content-Length: 5\r\n\r\nab", &[]);
        check("Content-Length: 5\r\n\r\né文", &[message("é文")]);
    }

    #[test]
    fn noise_before_the_first_frame_is_passed_over() {
        let check = |stream: &str, expected: &[Seen]| check(Framing::ContentLength, stream, expected);
        check("Last login: Tue\nWelcome: you\n\nhello\nContent-Length: 1\r\n\r\na", &[message("a")]);
        check("no line endContent-Length: 1\r\n\r\na", &[message("a")]);
        check("\u{feff}Content-Length: 1\r\n\r\na", &[message("a")]);
    }

    #[test]
    fn after_a_broken_header_the_next_frame_is_found() {
        let broken = [
            "garbage garbage\r\n",
            "Content-Type: x\r\n\r\n{\"a\":1}",
            "Content-Length: abc\r\n\r\n{\"a\":1}",
            "Content-Length: 1e3\r\n\r\n{\"a\":1}",
            "Content-Length: -1\r\n\r\n{\"a\":1}",
            "Content-Length: +1\r\n\r\n{\"a\":1}",
            "Content-Length: \r\n\r\n{\"a\":1}",
            "Content-Length: 99999999999999999999999\r\n\r\n{\"a\":1}",
            "Content-Length: 18446744073709551615\r\n\r\n{\"a\":1}",
            "Content-Length: 9223372036854775807\r\n\r\n{\"a\":1}",
            "Content-Length: 3\r\nContent-Length: 4\r\n\r\n{\"a\":1}",
            "Content-Length\u{a0}: 10\r\n\r\n{\"a\":1}",
            "Content-Length: 52\r\n{\"a\":1}",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "{\"jsonrpc\":\"2.0\"}\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\u{0}\u{1}\u{2}\u{7f}",
        ];
        for broken in broken {
            let stream = format!("Content-Length: 1\r\n\r\na{broken}Content-Length: 1\r\n\r\nb");
            check(Framing::ContentLength, &stream, &[message("a"), Seen::Garbage, message("b")]);
        }
        // A length that is too small leaves the rest of its body before the next header.
        check(
            Framing::ContentLength,
            "Content-Length: 5\r\n\r\n{\"a\":1}Content-Length: 1\r\n\r\nb",
            &[message("{\"a\":"), Seen::Garbage, message("b")],
        );
    }

    #[test]
    fn a_header_without_end_is_given_up() {
        let cases = ["X".repeat(4_000_000), "X-A: b\r\n".repeat(200_000) + "\r\n", "a b\r\n".repeat(200_000)];
        for long in &cases[..2] {
            let mut decoder = Decoder::new(Framing::ContentLength, LIMIT);
            let mut seen = Vec::new();
            let stream = format!("{long}Content-Length: 1\r\n\r\nb");
            for piece in stream.as_bytes().chunks(RPC_READ_BYTES) {
                decoder.feed(piece);
                while let Some(frame) = decoder.frame() {
                    seen.push(owned(&frame));
                }
                assert!(decoder.held() < 4 * RPC_READ_BYTES, "{}", decoder.held());
            }
            assert_eq!(seen, [Seen::HeaderTooLong, message("b")]);
        }
        // Lines that are no headers are noise, however many.
        check(Framing::ContentLength, format!("{}Content-Length: 1\r\n\r\nb", cases[2]), &[message("b")]);
        let most = format!("X: {}\r\nContent-Length: 1\r\n\r\nb", "y".repeat(RPC_HEADER_BYTES_MAX - 30));
        check(Framing::ContentLength, &most, &[message("b")]);
        let over = format!("X: {}\r\nContent-Length: 1\r\n\r\na", "y".repeat(RPC_HEADER_BYTES_MAX - 10));
        check(
            Framing::ContentLength,
            format!("{over}Content-Length: 1\r\n\r\nb"),
            &[Seen::HeaderTooLong, message("a"), message("b")],
        );
    }

    #[test]
    fn what_is_too_long_is_skipped_by_counting() {
        let announced: u64 = 300 * 1024 * 1024;
        let mut decoder = Decoder::new(Framing::ContentLength, LIMIT);
        decoder.feed(format!("Content-Length: {announced}\r\n\r\n").as_bytes());
        assert_eq!(decoder.frame(), Some(Frame::TooLong { bytes: Some(announced) }));
        let piece = vec![b'x'; RPC_READ_BYTES];
        for _ in 0..announced / piece.len() as u64 {
            decoder.feed(&piece);
            assert_eq!(decoder.frame(), None);
            assert!(decoder.held() <= 2 * RPC_READ_BYTES);
        }
        decoder.feed(b"Content-Length: 1\r\n\r\nb");
        assert_eq!(decoder.frame(), Some(Frame::Message(b"b")));

        let mut decoder = Decoder::new(Framing::Newline, LIMIT);
        decoder.feed(&piece);
        assert_eq!(decoder.frame(), Some(Frame::TooLong { bytes: None }));
        for _ in 0..1_000 {
            decoder.feed(&piece);
            assert_eq!(decoder.frame(), None);
            assert!(decoder.held() <= 2 * RPC_READ_BYTES);
        }
        decoder.feed(b"\nb\n");
        assert_eq!(decoder.frame(), Some(Frame::Message(b"b")));
    }

    #[test]
    fn a_large_announcement_allocates_nothing() {
        let mut decoder = Decoder::new(Framing::ContentLength, 1 << 40);
        decoder.feed(b"Content-Length: 10000000000\r\n\r\nabc");
        assert_eq!(decoder.frame(), None);
        assert!(decoder.held() < RPC_READ_BYTES);
    }

    #[test]
    fn memory_is_given_back_after_a_large_message() {
        let body = "x".repeat(8 * 1024 * 1024);
        let mut decoder = Decoder::new(Framing::Newline, body.len());
        decoder.feed(body.as_bytes());
        decoder.feed(b"\n");
        assert_eq!(decoder.frame(), Some(Frame::Message(body.as_bytes())));
        decoder.feed(b"a\n");
        assert_eq!(decoder.frame(), Some(Frame::Message(b"a")));
        assert!(decoder.held() <= RPC_BUFFER_KEPT_BYTES_MAX, "{}", decoder.held());
    }

    #[test]
    fn written_frames_are_read_back() {
        let bodies = ["{}", "{\"a\":\"é\\n\"}", ""];
        for (framing, last) in [(Framing::ContentLength, message("")), (Framing::Newline, message("{ }"))] {
            let mut wire = Vec::new();
            bodies.iter().for_each(|body| framing.write(body.as_bytes(), &mut wire));
            framing.write(b"{\n}", &mut wire);
            let mut seen = decode(framing, [&wire[..]]);
            assert_eq!(seen[..2], [message(bodies[0]), message(bodies[1])]);
            let end = seen.split_off(2);
            assert!(end.contains(&last), "{end:?}");
        }
    }

    /// Streams made of frames, broken frames, noise and line ends.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            "[a-z]{0,120}"
                .prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()),
            "[a-z]{0,120}".prop_map(|body| format!("{body}\n").into_bytes()),
            (0..200u32).prop_map(|length| format!("content-length:{length}\r\nX: y\n\n").into_bytes()),
            proptest::collection::vec(any::<u8>(), 0..40),
            prop_oneof![
                Just("\r\n"),
                Just("\n"),
                Just("\r"),
                Just("Content-Length"),
                Just(":"),
                Just("Content-Length: 7\r\n"),
                Just("A: b\r\n"),
            ]
            .prop_map(|text| text.as_bytes().to_vec()),
            (0..150usize).prop_map(|times| [&b"{\"jsonrpc\""[..], &b"x".repeat(times)].concat()),
            (1..4usize).prop_map(|times| b"A: b\r\n".repeat(700 * times)),
            ("[a-z ]?", 1..9_000usize).prop_map(|(filler, times)| {
                format!("Content-Length: 3{}", filler.repeat(times)).into_bytes()
            }),
        ];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(
            stream in stream(),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            for framing in [Framing::ContentLength, Framing::Newline] {
                prop_assert_eq!(decode(framing, [&stream[..]]), decode(framing, pieces.iter().copied()));
            }
        }

        #[test]
        fn whatever_came_before_the_next_line_is_read(stream in stream()) {
            let seen = decode(Framing::Newline, [&stream[..], b"\nlast\n"]);
            prop_assert_eq!(seen.last(), Some(&message("last")));
        }

        /// What was announced may swallow the next frames, at most up to its length.
        #[test]
        fn whatever_came_before_a_frame_is_found(stream in stream()) {
            let fill = b"\r\nContent-Length: 4\r\n\r\nlast".repeat(12);
            let seen = decode(Framing::ContentLength, [&stream[..], &fill]);
            prop_assert_eq!(seen.last(), Some(&message("last")));
        }
    }
}
