//! Bytes become text or a description of what they are.

use std::sync::Arc;

use crate::text::Version;

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
    pub text: Arc<str>,
    /// Which text it is.
    pub version: Version,
    /// Where it was found.
    pub source: Source,
    /// Whether a byte-order mark stands before it.
    pub bom: Bom,
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

impl TextFile {
    /// An editor's text.
    pub fn of_buffer(text: &Arc<str>) -> Self {
        match text.strip_prefix('\u{feff}') {
            Some(rest) => Self::new(rest.into(), Source::Buffer, Bom::Utf8),
            None => Self::new(text.clone(), Source::Buffer, Bom::None),
        }
    }

    fn new(text: Arc<str>, source: Source, bom: Bom) -> Self {
        let version = Version::of_text(&text);
        Self { text, version, source, bom }
    }
}

/// First bytes of kinds that people know by name.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"%PDF", "PDF document"),
    (b"\x7fELF", "program or library"),
    (b"PK\x03\x04", "zip archive, or a format built on it"),
    (b"\x1f\x8b", "gzip archive"),
    (b"\xff\xfe", "text in UTF-16, which cannot be edited here"),
    (b"\xfe\xff", "text in UTF-16, which cannot be edited here"),
];

/// UTF-8 without NUL is text.
pub fn decode(bytes: Vec<u8>) -> Content {
    let len = bytes.len() as u64;
    let magic = MAGIC.iter().find(|(first, _)| bytes.starts_with(first)).map(|(_, kind)| *kind);
    if bytes.contains(&0) || magic.is_some_and(|kind| kind != "PDF document" && kind.contains("image")) {
        return Content::Binary { kind: magic.unwrap_or("binary").to_owned(), len };
    }
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => Content::Text(TextFile::new(rest.into(), Source::Disk, Bom::Utf8)),
            None => Content::Text(TextFile::new(text.into(), Source::Disk, Bom::None)),
        },
        Err(_) => Content::Binary {
            kind: magic.unwrap_or("text in an encoding other than UTF-8, or binary").to_owned(),
            len,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_other_things() {
        let Content::Text(file) = decode("\u{feff}a\r\n".into()) else { panic!() };
        assert_eq!((&*file.text, file.bom, file.version), ("a\r\n", Bom::Utf8, Version::of_text("a\n")));
        for (bytes, expected) in [
            (&b"a\0b"[..], "binary"),
            (b"\x89PNG\r\n\x1a\n\0", "PNG image"),
            (b"caf\xe9", "text in an encoding other than UTF-8, or binary"),
            (b"\xff\xfea\0", "text in UTF-16, which cannot be edited here"),
        ] {
            let Content::Binary { kind, .. } = decode(bytes.to_vec()) else { panic!("{bytes:?}") };
            assert_eq!(kind, expected);
        }
    }
}
