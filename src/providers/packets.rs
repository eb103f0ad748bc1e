//! AWS event streams: bytes in, the messages out; pure.
//!
//! The form: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use crate::limits;

/// The lengths and their check sum, which begin a message.
const PRELUDE_BYTES: usize = 12;
/// The check sum that ends it.
const CHECK_BYTES: usize = 4;

/// Reads a stream of messages, however its bytes are cut. Each byte is looked at once.
#[derive(Debug, Default)]
pub struct Parser {
    held: Vec<u8>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// `event`, `exception` or `error`.
    pub kind: &'a str,
    /// Which exception or error it is.
    pub fault: &'a str,
    /// What an error says, where that stands in the head.
    pub words: &'a str,
    /// The body.
    pub payload: &'a [u8],
}

/// The bytes are not such a stream, or a message is longer than `limits::EVENT_BYTES_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPackets;

impl Parser {
    /// Takes the next bytes and hands each message that they complete to `packet`, until that fails.
    pub fn push<E: From<NotPackets>>(
        &mut self,
        bytes: &[u8],
        mut packet: impl FnMut(Packet<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.held.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(length) = length(&self.held[from..])? {
            let Some(message) = self.held.get(from..from + length) else { break };
            packet(read(message).ok_or(NotPackets)?)?;
            from += length;
        }
        self.held.drain(..from);
        Ok(())
    }
}

/// The length of the message that begins here; none where too little of it has come to tell.
fn length(bytes: &[u8]) -> Result<Option<usize>, NotPackets> {
    let Some(prelude) = bytes.get(..PRELUDE_BYTES) else { return Ok(None) };
    let (total, head) = (number(prelude, 0), number(prelude, 4));
    let fits = (PRELUDE_BYTES + head + CHECK_BYTES..=limits::EVENT_BYTES_MAX).contains(&total);
    if fits && number(prelude, 8) == check_sum(&prelude[..8]) { Ok(Some(total)) } else { Err(NotPackets) }
}

fn read(message: &[u8]) -> Option<Packet<'_>> {
    let (body, check) = message.split_at(message.len() - CHECK_BYTES);
    if number(check, 0) != check_sum(body) {
        return None;
    }
    let (mut head, payload) = body.get(PRELUDE_BYTES..)?.split_at_checked(number(body, 4))?;
    let mut packet = Packet { kind: "event", fault: "", words: "", payload };
    while !head.is_empty() {
        let (name, rest) = text(head.get(1..)?, usize::from(head[0]))?;
        let (value, rest) = value(rest)?;
        head = rest;
        match name {
            ":message-type" => packet.kind = value,
            ":exception-type" | ":error-code" => packet.fault = value,
            ":error-message" => packet.words = value,
            _ => {}
        }
    }
    Some(packet)
}

/// The value of a header, empty where it is no text, and what follows it.
fn value(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let skip = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        6 | 7 => {
            let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
            return match kind {
                7 => text(&rest[2..], length),
                _ => Some(("", rest.get(2 + length..)?)),
            };
        }
        _ => return None,
    };
    Some(("", rest.get(skip..)?))
}

fn text(bytes: &[u8], length: usize) -> Option<(&str, &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// The number of four bytes at this place.
fn number(bytes: &[u8], at: usize) -> usize {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// CRC-32 as in zip files.
fn check_sum(bytes: &[u8]) -> usize {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        let at = (sum ^ u32::from(*byte)) & 0xff;
        CHECK_TABLE[at as usize] ^ (sum >> 8)
    });
    !sum as usize
}

const CHECK_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
};

/// A message with these headers.
#[cfg(test)]
pub(crate) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend(name.bytes());
        head.push(7);
        head.extend((value.len() as u16).to_be_bytes());
        head.extend(value.bytes());
    }
    let total = PRELUDE_BYTES + head.len() + payload.len() + CHECK_BYTES;
    let mut message = Vec::new();
    message.extend((total as u32).to_be_bytes());
    message.extend((head.len() as u32).to_be_bytes());
    message.extend((check_sum(&message) as u32).to_be_bytes());
    message.extend(head);
    message.extend(payload);
    message.extend((check_sum(&message) as u32).to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the messages of a stream say, and whether it is one to the end.
    fn read(stream: &[u8], step: usize) -> Result<Vec<String>, NotPackets> {
        let mut parser = Parser::default();
        let mut all = Vec::new();
        for chunk in stream.chunks(step) {
            parser.push(chunk, |packet| {
                let payload = String::from_utf8_lossy(packet.payload);
                all.push(format!("{} {} {} {payload}", packet.kind, packet.fault, packet.words));
                Ok::<(), NotPackets>(())
            })?;
        }
        Ok(all)
    }

    fn two() -> Vec<u8> {
        let event = message(&[(":message-type", "event"), (":event-type", "chunk")], b"{\"bytes\":\"\"}");
        let fault = message(&[(":message-type", "exception"), (":exception-type", "tooMuch")], b"{}");
        [event, fault].concat()
    }

    #[test]
    fn any_cut_gives_the_same_messages() {
        for step in [1, 7, 1000] {
            assert_eq!(read(&two(), step).unwrap(), ["event   {\"bytes\":\"\"}", "exception tooMuch  {}"]);
        }
    }

    /// The check sum of the test vectors of the form: `123456789` gives `cbf43926`.
    #[test]
    fn the_check_sum_is_that_of_the_form() {
        assert_eq!(check_sum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for at in 0..two().len() {
            let mut damaged = two();
            damaged[at] ^= 0x10;
            assert_eq!(read(&damaged, 5), Err(NotPackets), "byte {at}");
        }
        assert_eq!(read(b"\0\0\0\0not such a stream", 5), Err(NotPackets));
    }

    #[test]
    fn headers_that_are_no_texts_are_passed_over() {
        let mut head =
            b"\x01a\0\x01b\x02x\x01c\x03xx\x01d\x04xxxx\x01e\x05xxxxxxxx\x01f\x06\0\x03xxx".to_vec();
        head.extend(b"\x01g\x08xxxxxxxx\x01h\x09xxxxxxxxxxxxxxxx\x0d:message-type\x07\0\x05error");
        let mut stream = Vec::new();
        stream.extend(((PRELUDE_BYTES + head.len() + CHECK_BYTES) as u32).to_be_bytes());
        stream.extend((head.len() as u32).to_be_bytes());
        stream.extend((check_sum(&stream) as u32).to_be_bytes());
        stream.extend(head);
        stream.extend((check_sum(&stream) as u32).to_be_bytes());
        assert_eq!(read(&stream, 3).unwrap(), ["error   "]);
    }
}
