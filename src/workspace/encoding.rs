//! How the characters of a text stand in a file: bytes become text, and text the same bytes again.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::limits;

/// How the characters of a text stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first; the file begins with a mark.
    Utf16Le,
    /// UTF-16, the high byte first; the file begins with a mark.
    Utf16Be,
    /// A byte for each character, as Western Europe wrote before: what is text and nothing else.
    Windows1252,
}

/// The mark that tells in which order bytes stand.
pub(super) const MARK: char = '\u{feff}';

impl Encoding {
    /// Which encoding these first bytes of a file are in; none where it is no text.
    ///
    /// The bytes may end within a character.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        match first {
            // The mark of UTF-32, which nobody writes, begins like that of UTF-16.
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ if first.contains(&0) => None,
            _ => match str::from_utf8(first) {
                Ok(_) => Some(Self::Utf8),
                Err(error) if error.error_len().is_none() && first.len() > error.valid_up_to() => {
                    // Cut within a character, or a lone byte at the very end.
                    Some(Self::Utf8)
                }
                Err(_) => first.iter().all(|byte| is_text(*byte)).then_some(Self::Windows1252),
            },
        }
    }

    /// Its name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little endian)",
            Self::Utf16Be => "UTF-16 (big endian)",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// The text of a whole file with its mark; what is broken in it becomes U+FFFD.
    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Utf16Le => UTF_16LE.decode_without_bom_handling(bytes).0,
            Self::Utf16Be => UTF_16BE.decode_without_bom_handling(bytes).0,
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }

    /// The bytes of a text. An error is a character that the encoding does not have.
    pub(super) fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Utf16Le => Ok(marked(text).encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Ok(marked(text).encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Windows1252 => {
                let missing = |character: &char| WINDOWS_1252.encode(character.encode_utf8(&mut [0; 4])).2;
                match text.chars().find(missing) {
                    Some(character) => Err(character),
                    None => Ok(WINDOWS_1252.encode(text).0.into_owned()),
                }
            }
        }
    }

    fn decoder(self) -> Option<Decoder> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Self::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
            Self::Windows1252 => Some(WINDOWS_1252.new_decoder_without_bom_handling()),
        }
    }
}

/// A whole file that is text.
pub(super) struct Whole {
    /// The text with its mark.
    pub(super) text: String,
    /// The bytes, where they are others than those of the text.
    pub(super) own_bytes: Option<Vec<u8>>,
    pub(super) encoding: Encoding,
}

/// The text of a whole file; the bytes where it is no text.
pub(super) fn text_of(bytes: Vec<u8>) -> Result<Whole, Vec<u8>> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => return Err(text.into_bytes()),
        Ok(text) => return Ok(Whole { text, own_bytes: None, encoding: Encoding::Utf8 }),
        Err(error) => error.into_bytes(),
    };
    let encoding = match Encoding::of(&bytes) {
        // Valid but for its last bytes: no UTF-8 then.
        Some(Encoding::Utf8) if bytes.iter().all(|byte| is_text(*byte)) => Encoding::Windows1252,
        Some(Encoding::Utf8) | None => return Err(bytes),
        Some(other) => other,
    };
    let text = encoding.decode(&bytes).into_owned();
    if text.contains('\0') { Err(bytes) } else { Ok(Whole { text, own_bytes: Some(bytes), encoding }) }
}

/// Whether an editor may have read these bytes, which are no UTF-8, as this text: it knows more encodings
/// than we do, or was told one.
pub(super) fn any_reads(bytes: &[u8], is_it: impl Fn(&str) -> bool) -> bool {
    let bytes_alone = || bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    is_it(&String::from_utf8_lossy(bytes))
        || is_it(&bytes_alone())
        || EDITORS.iter().any(|encoding| is_it(&encoding.decode_without_bom_handling(bytes).0))
}

/// The encodings in which editors offer to read a file, beside UTF-8.
const EDITORS: [&encoding_rs::Encoding; 30] = [
    UTF_16LE,
    UTF_16BE,
    WINDOWS_1252,
    encoding_rs::SHIFT_JIS,
    encoding_rs::EUC_JP,
    encoding_rs::GB18030,
    encoding_rs::GBK,
    encoding_rs::BIG5,
    encoding_rs::EUC_KR,
    encoding_rs::KOI8_R,
    encoding_rs::KOI8_U,
    encoding_rs::WINDOWS_1250,
    encoding_rs::WINDOWS_1251,
    encoding_rs::WINDOWS_1253,
    encoding_rs::WINDOWS_1254,
    encoding_rs::WINDOWS_1255,
    encoding_rs::WINDOWS_1256,
    encoding_rs::WINDOWS_1257,
    encoding_rs::WINDOWS_1258,
    encoding_rs::WINDOWS_874,
    encoding_rs::ISO_8859_2,
    encoding_rs::ISO_8859_4,
    encoding_rs::ISO_8859_5,
    encoding_rs::ISO_8859_6,
    encoding_rs::ISO_8859_7,
    encoding_rs::ISO_8859_8,
    encoding_rs::ISO_8859_13,
    encoding_rs::ISO_8859_15,
    encoding_rs::IBM866,
    encoding_rs::MACINTOSH,
];

/// UTF-16 without its mark could not be told from other bytes.
fn marked(text: &str) -> Cow<'_, str> {
    if text.starts_with(MARK) { text.into() } else { format!("{MARK}{text}").into() }
}

/// Control characters that no text has are the sign of anything else.
fn is_text(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r' | 0x08 | 0x0b | 0x0c | 0x1a | 0x1b)
}

/// A file as UTF-8 while it is read, without ever holding all of it.
pub(super) struct Decoded<R> {
    from: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What is decoded, and how much of it was taken.
    ready: String,
    taken: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(from: R, encoding: Encoding) -> Self {
        let decoder = encoding.decoder();
        let raw = if decoder.is_some() { vec![0; limits::READ_CHUNK_BYTES] } else { Vec::new() };
        Self { from, decoder, raw, ready: String::new(), taken: 0, ended: false }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return self.from.read(into) };
        while self.taken == self.ready.len() && !self.ended {
            let read = self.from.read(&mut self.raw)?;
            (self.taken, self.ended) = (0, read == 0);
            self.ready.clear();
            self.ready.reserve(decoder.max_utf8_buffer_length(read).unwrap_or_default());
            // There is room for all of it, so all of it is decoded.
            let _ = decoder.decode_to_string(&self.raw[..read], &mut self.ready, self.ended);
        }
        let some = into.len().min(self.ready.len() - self.taken);
        into[..some].copy_from_slice(&self.ready.as_bytes()[self.taken..self.taken + some]);
        self.taken += some;
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<(&str, Encoding)>) {
        let text = text_of(bytes.to_vec()).ok();
        let got = text.as_ref().map(|whole| (whole.text.as_str(), whole.encoding));
        assert_eq!(got, expected, "{bytes:x?}");
        let own = text.map(|whole| whole.own_bytes.unwrap_or_else(|| whole.text.into_bytes()));
        assert!(own.is_none_or(|own| own == bytes), "{bytes:x?}");
    }

    #[test]
    fn bytes_tell_their_encoding() {
        check(b"", Some(("", Encoding::Utf8)));
        check("é\r\n".as_bytes(), Some(("é\r\n", Encoding::Utf8)));
        check(b"\xef\xbb\xbfa", Some(("\u{feff}a", Encoding::Utf8)));
        check(b"\xff\xfea\0\xe9\0", Some(("\u{feff}aé", Encoding::Utf16Le)));
        check(b"\xfe\xff\0a", Some(("\u{feff}a", Encoding::Utf16Be)));
        check(b"\xff\xfe\0\0a\0\0\0", None);
        check(b"\xff\xfea\0\0\0", None);
        check(b"caf\xe9 \x80", Some(("café €", Encoding::Windows1252)));
        check(b"caf\xc3", Some(("cafÃ", Encoding::Windows1252)));
        check(b"caf\xe9\x01", None);
        check(b"a\0b", None);
        check(b"h\0i\0", None);
    }

    #[test]
    fn characters_that_an_encoding_lacks_are_named() {
        assert_eq!(Encoding::Windows1252.encode("a→b"), Err('→'));
        assert_eq!(Encoding::Windows1252.encode("€é"), Ok(b"\x80\xe9".to_vec()));
        assert_eq!(Encoding::Utf16Le.encode("a"), Ok(b"\xff\xfea\0".to_vec()));
        // A half character cannot be written back.
        let Whole { text, encoding, .. } = text_of(b"\xff\xfe\x00\xd8a\0".to_vec()).ok().unwrap();
        assert_ne!(encoding.encode(&text).unwrap(), b"\xff\xfe\x00\xd8a\0");
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_byte_for_each_character_is_written_back(bytes in proptest::collection::vec(1u8.., 0..200)) {
            let decoded = Encoding::Windows1252.decode(&bytes).into_owned();
            prop_assert_eq!(Encoding::Windows1252.encode(&decoded), Ok(bytes));
        }

        #[test]
        fn a_stream_is_the_text(text in "\\PC{0,300}", chunk in 1usize..9, wide in any::<bool>()) {
            let encoding = if wide { Encoding::Utf16Be } else { Encoding::Utf16Le };
            let bytes = encoding.encode(&text).unwrap();
            let mut stream = Decoded::new(Slow(&bytes, chunk), encoding);
            let mut read = String::new();
            stream.read_to_string(&mut read).unwrap();
            prop_assert_eq!(read.trim_start_matches(MARK), text.trim_start_matches(MARK));
        }
    }

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(self.0.len()).min(into.len());
            into[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }
}
