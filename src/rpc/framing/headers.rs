//! Messages after header lines that give their length; what is no header is passed over.

use super::Found;
use super::buffer::{Buffer, line_break};
use crate::limits::{RPC_HEADER_BYTES_MAX, RPC_SKIP_BYTES_MAX};

const LENGTH: &[u8] = b"content-length";

/// What is kept of a line without end: a `Content-Length` with the longest number fits.
const LINE_END_KEPT_BYTES: usize = 64;

/// The rule of messages with headers.
#[derive(Debug)]
pub(super) struct Headers {
    body_bytes_max: usize,
    place: Place,
    block: Block,
    /// Bytes at the start of the buffer known to hold no line break.
    searched: usize,
    /// Whether the line at hand has made the header too long.
    overlong: bool,
    noise: Noise,
}

/// Where in the stream the next byte stands.
#[derive(Debug)]
enum Place {
    Header,
    Body { bytes: usize },
    Skipped { bytes: u64 },
}

/// The header lines since the last body.
#[derive(Debug, Default)]
struct Block {
    bytes: usize,
    length: Option<Length>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Bytes(u64),
    Unreadable,
}

/// Whether garbage is worth a word.
#[derive(Debug, PartialEq, Eq)]
enum Noise {
    /// Before the first frame: a shell's greeting, of which nobody wants to know.
    Expected,
    /// Frames have come; garbage would be the first since the last of them.
    Unexpected,
    /// Garbage was reported, and no frame has come since.
    Reported,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Empty,
    Length(Length),
    Other,
    /// Not a header, with the length that stands in its middle.
    Noise(Option<Length>),
}

impl Headers {
    pub(super) fn new(body_bytes_max: usize) -> Self {
        Self {
            body_bytes_max,
            place: Place::Header,
            block: Block::default(),
            searched: 0,
            overlong: false,
            noise: Noise::Expected,
        }
    }

    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Option<Found> {
        loop {
            match self.place {
                Place::Body { bytes } if buffer.unused().len() < bytes => return None,
                Place::Body { bytes } => {
                    self.place = Place::Header;
                    return Some(Found::Message(buffer.take(bytes)));
                }
                Place::Skipped { bytes } => {
                    let come = buffer.unused().len();
                    let skipped = usize::try_from(bytes).map_or(come, |bytes| bytes.min(come));
                    buffer.take(skipped);
                    let left = bytes - skipped as u64;
                    if left > 0 {
                        self.place = Place::Skipped { bytes: left };
                        return None;
                    }
                    self.place = Place::Header;
                }
                Place::Header => match line_break(&buffer.unused()[self.searched..]) {
                    Some(at) => {
                        let length = self.searched + at + 1;
                        let found = self.line(buffer, length);
                        if found.is_some() {
                            return found;
                        }
                    }
                    None => return self.unfinished(buffer),
                },
            }
        }
    }

    /// The header line of this length at the start of the buffer.
    fn line(&mut self, buffer: &mut Buffer, length: usize) -> Option<Found> {
        let range = buffer.take(length);
        self.searched = 0;
        let line = buffer.show(range);
        let overlong = std::mem::take(&mut self.overlong);
        if overlong || self.block.bytes + length > RPC_HEADER_BYTES_MAX {
            // However much of the line is still there, the same part of it counts.
            let end = &line[line.len().saturating_sub(LINE_END_KEPT_BYTES)..];
            self.block = Block { bytes: end.len(), length: length_inside(end.trim_ascii()) };
            return self.too_long();
        }
        self.block.bytes += length;
        match read_line(line) {
            Line::Empty => {
                let block = std::mem::take(&mut self.block);
                self.end_of_header(&block, length)
            }
            Line::Length(length) => {
                let twice = self.block.length.is_some_and(|before| before != length);
                self.block.length = Some(if twice { Length::Unreadable } else { length });
                None
            }
            Line::Other => None,
            Line::Noise(inside) => {
                self.block = Block { bytes: length, length: inside };
                self.garbage()
            }
        }
    }

    /// What follows a header block, whose last, empty line has `bytes`.
    fn end_of_header(&mut self, block: &Block, bytes: usize) -> Option<Found> {
        match block.length {
            None if block.bytes == bytes => None,
            None | Some(Length::Unreadable) => self.garbage(),
            Some(Length::Bytes(length)) => {
                if length > RPC_SKIP_BYTES_MAX.max(self.body_bytes_max as u64) {
                    return self.garbage();
                }
                self.noise = Noise::Unexpected;
                match usize::try_from(length) {
                    Ok(bytes) if bytes <= self.body_bytes_max => {
                        self.place = Place::Body { bytes };
                        None
                    }
                    _ => {
                        self.place = Place::Skipped { bytes: length };
                        Some(Found::TooLong { bytes: Some(length) })
                    }
                }
            }
        }
    }

    /// A header line whose end has not come; of one that is too long only the end is kept.
    fn unfinished(&mut self, buffer: &mut Buffer) -> Option<Found> {
        self.searched = buffer.unused().len();
        if self.block.bytes + self.searched <= RPC_HEADER_BYTES_MAX {
            return None;
        }
        let forgotten = self.searched.saturating_sub(LINE_END_KEPT_BYTES);
        buffer.take(forgotten);
        self.searched -= forgotten;
        self.overlong = true;
        self.block = Block::default();
        self.too_long()
    }

    fn garbage(&mut self) -> Option<Found> {
        match self.noise {
            Noise::Expected | Noise::Reported => None,
            Noise::Unexpected => {
                self.noise = Noise::Reported;
                Some(Found::Garbage)
            }
        }
    }

    fn too_long(&mut self) -> Option<Found> {
        let before = std::mem::replace(&mut self.noise, Noise::Reported);
        (before != Noise::Reported).then_some(Found::HeaderTooLong)
    }
}

fn read_line(line: &[u8]) -> Line {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Line::Empty;
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Line::Noise(None) };
    let (name, value) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
    if name.eq_ignore_ascii_case(LENGTH) {
        Line::Length(read_length(value))
    } else if !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        Line::Other
    } else {
        Line::Noise(length_inside(line))
    }
}

/// The length that the last `Content-Length:` in the line gives.
fn length_inside(line: &[u8]) -> Option<Length> {
    let at = line.windows(LENGTH.len() + 1).rposition(is_length_name)?;
    Some(read_length(&line[at + LENGTH.len() + 1..]))
}

fn is_length_name(text: &[u8]) -> bool {
    text.split_last().is_some_and(|(last, name)| *last == b':' && name.eq_ignore_ascii_case(LENGTH))
}

fn read_length(value: &[u8]) -> Length {
    let digits = value.trim_ascii();
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).map_or(Length::Unreadable, Length::Bytes)
}
