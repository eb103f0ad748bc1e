//! Bytes become text or a description of what they are.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::encoding::{self, Encoding, Whole};
use super::{media, write};
use crate::text::{SharedText, Version};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(TextFile),
    /// Something else.
    Binary {
        /// What it is, as far as its first bytes tell.
        kind: String,
        /// How many bytes it has.
        len: u64,
    },
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The text with its own line ends, without byte-order mark.
    pub text: SharedText,
    /// Which text it is.
    pub version: Version,
    /// Where it was found.
    pub source: Source,
    /// Whether a byte-order mark stands before it.
    pub bom: Bom,
    /// How its characters stand in the file; what an editor has open is UTF-8 here.
    pub encoding: Encoding,
}

/// Where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// On the disk.
    Disk,
    /// In an editor's buffer.
    Buffer,
}

/// Whether a file begins with a byte-order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bom {
    /// It does.
    Utf8,
    /// It does not.
    None,
}

/// The bytes of a file; cheap to clone.
#[derive(Debug, Clone)]
pub enum FileBytes {
    /// Those of its text, which stands there as it is.
    OfText(SharedText),
    /// Others.
    Own(Arc<[u8]>),
}

impl TextFile {
    /// An editor's text.
    pub fn of_buffer(text: &SharedText) -> Self {
        Self::new(text.clone(), Source::Buffer, Encoding::Utf8)
    }

    fn new(text: SharedText, source: Source, encoding: Encoding) -> Self {
        let (text, bom) = match text.strip_prefix(encoding::MARK) {
            Some(rest) => (rest.into(), Bom::Utf8),
            None => (text, Bom::None),
        };
        Self { version: text.version(), text, source, bom, encoding }
    }

    /// Whether it stands in the file otherwise than as UTF-8 with LF line ends and nothing before it.
    pub(super) fn has_form(&self) -> bool {
        self.encoding != Encoding::Utf8 || self.bom != Bom::None || self.text.contains('\r')
    }

    /// A text with the byte-order mark that this file has, if it has one.
    pub fn marked(&self, text: &SharedText) -> SharedText {
        match self.bom {
            // Files may be large: without a mark nothing is copied.
            Bom::None => text.clone(),
            Bom::Utf8 => format!("{}{}", encoding::MARK, &**text).into(),
        }
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::OfText(text) => text.as_bytes(),
            Self::Own(bytes) => bytes,
        }
    }
}

/// Text in an encoding that is known; anything else is described.
pub fn decode(bytes: Vec<u8>) -> Content {
    decode_with_bytes(bytes).0
}

/// The same, with the bytes.
pub fn decode_with_bytes(bytes: Vec<u8>) -> (Content, FileBytes) {
    let binary = |bytes: Vec<u8>| {
        let content = Content::Binary { kind: media::describe(&bytes), len: bytes.len() as u64 };
        (content, FileBytes::Own(bytes.into()))
    };
    if media::is_certain(&bytes) {
        return binary(bytes);
    }
    match encoding::text_of(bytes) {
        Ok(Whole { text, own_bytes, encoding }) => {
            let text = SharedText::from(text);
            let bytes = match own_bytes {
                None => FileBytes::OfText(text.clone()),
                Some(bytes) => FileBytes::Own(bytes.into()),
            };
            (Content::Text(TextFile::new(text, Source::Disk, encoding)), bytes)
        }
        Err(bytes) => binary(bytes),
    }
}

/// The text of bytes that are known to be of one; none where they are not.
pub fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(text.into()),
        Err(_) => encoding::text_of(bytes.to_vec()).ok().map(|whole| whole.text.into()),
    }
}

/// Whether a file with these bytes has nothing else than an editor's text.
pub(super) fn has(bytes: &[u8], in_editor: &str) -> bool {
    let is_it = |text: &str| write::same(text, in_editor);
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => is_it(text),
        Ok(_) | Err(_) => encoding::any_reads(bytes, is_it),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_other_things() {
        for (bytes, text, bom, encoding) in [
            ("\u{feff}a\r\n".as_bytes(), "a\r\n", Bom::Utf8, Encoding::Utf8),
            (b"a\r\n", "a\r\n", Bom::None, Encoding::Utf8),
            (b"\xff\xfea\0\r\0\n\0", "a\r\n", Bom::Utf8, Encoding::Utf16Le),
            (b"a\r\ncaf\xe9", "a\r\ncafé", Bom::None, Encoding::Windows1252),
        ] {
            let Content::Text(file) = decode(bytes.to_vec()) else { panic!("{bytes:?}") };
            assert_eq!((&*file.text, file.bom, file.encoding), (text, bom, encoding));
            assert_eq!(file.version, Version::of_text(&text.replace("\r\n", "\n")));
        }
        for (bytes, expected) in [
            (&b"a\0b"[..], "binary"),
            (b"\x89PNG\r\n\x1a\n\0", "PNG image"),
            (b"%PDF-1.4\n", "PDF document"),
            (b"BM is text", ""),
        ] {
            match decode(bytes.to_vec()) {
                Content::Binary { kind, .. } => assert_eq!(kind, expected),
                Content::Text(_) => assert_eq!(expected, "", "{bytes:?}"),
            }
        }
    }

    #[test]
    fn bytes_of_a_text_give_it() {
        assert_eq!(text_of(b"a\r\nb\n").as_deref(), Some("a\r\nb\n"));
        assert_eq!(text_of(b"\xff\xfea\0\r\0\n\0").as_deref(), Some("\u{feff}a\r\n"));
        assert_eq!(text_of(b"caf\xe9\n").as_deref(), Some("café\n"));
        assert_eq!(text_of(b"\xff\0"), None);
    }

    #[test]
    fn an_editors_text_is_known_whatever_encoding_it_read() {
        let utf16: Vec<u8> = "é\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, text) in [
            (&b"a\r\n"[..], "a\n"),
            (b"\xef\xbb\xbfa\n", "a\n"),
            (b"\xff\xfe\xe9\0\r\0\n\0", "é\n"),
            (b"\xfe\xff\0\xe9\0\n", "\u{feff}é\n"),
            // Without its mark, as somebody told the editor to read it.
            (&utf16, "é\n"),
            (b"caf\xe9 \x80\n", "café €\n"),
            (b"caf\xe9 \x80\n", "café \u{80}\n"),
            (b"caf\xe9\n", "caf\u{fffd}\n"),
            (b"\x83e\x83X\x83g\n", "テスト\n"),
        ] {
            assert!(has(bytes, text), "{bytes:x?} is {text:?}");
            assert!(!has(bytes, &format!("{text}typed")), "{bytes:x?} is not {text:?} and more");
            assert!(!has(bytes, ""), "{bytes:x?} is not nothing");
        }
        assert!(!has("é".as_bytes(), "Ã©"), "what is UTF-8 is nothing else");
    }
}
