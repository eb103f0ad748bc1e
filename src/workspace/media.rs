//! What a file is that is no text, by its first bytes: its kind, and the size of an image.

use serde::{Deserialize, Serialize};

/// The kinds of images and documents that models may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the formats")]
pub enum MediaKind {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/gif")]
    Gif,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "application/pdf")]
    Pdf,
}

impl MediaKind {
    /// What bytes say themselves that they are, whatever a name or a sender says.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Self::told_by(kind(bytes))
    }

    /// The kind that a description speaks of.
    pub fn told_by(description: &str) -> Option<Self> {
        let all = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Pdf];
        all.into_iter().find(|kind| description.starts_with(kind.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG image",
            Self::Jpeg => "JPEG image",
            Self::Gif => "GIF image",
            Self::Webp => "WebP image",
            Self::Pdf => "PDF document",
        }
    }

    /// Its name on wires.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }
}

/// First bytes of kinds that people know by name; the longest first where one begins another.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"\x7fELF", "program or library"),
    (b"MZ", "program or library for Windows"),
    (b"\xcf\xfa\xed\xfe", "program or library for macOS"),
    (b"\0asm", "WebAssembly module"),
    (b"\xca\xfe\xba\xbe", "Java class, or program for macOS"),
    (b"PK\x03\x04", "zip archive, or a format built on it"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"!<arch>\n", "library archive"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"II*\0", "TIFF image"),
    (b"MM\0*", "TIFF image"),
    (b"BM", "BMP image"),
    (b"\0\0\x01\0", "icon"),
    (b"OggS", "Ogg media"),
    (b"fLaC", "FLAC audio"),
    (b"ID3", "MP3 audio"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"\xff\xfe\0\0", "text in UTF-32"),
];

/// What bytes are which are no text.
pub fn describe(bytes: &[u8]) -> String {
    let kind = kind(bytes);
    if kind == "PDF document" {
        return with_pages(kind, bytes);
    }
    match pixels(bytes) {
        Some((width, height)) => format!("{kind}, {width} x {height} pixels"),
        None => kind.to_owned(),
    }
}

/// Width and height of an image; none where its beginning does not tell, and for what is no image.
pub(super) fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    match MediaKind::of(bytes)? {
        MediaKind::Png => png(bytes),
        MediaKind::Jpeg => jpeg(bytes),
        MediaKind::Gif => pair(bytes, 6, u16::from_le_bytes),
        MediaKind::Webp => webp(bytes),
        MediaKind::Pdf => None,
    }
}

/// Whether the end of an image is there: a part of one is refused by servers.
pub(super) fn has_its_end(bytes: &[u8]) -> bool {
    match MediaKind::of(bytes) {
        Some(MediaKind::Png) => memchr::memmem::rfind(bytes, b"IEND").is_some(),
        Some(MediaKind::Jpeg) => memchr::memmem::rfind(bytes, b"\xff\xd9").is_some(),
        Some(MediaKind::Gif) => bytes.iter().rev().find(|byte| **byte != 0) == Some(&b';'),
        Some(MediaKind::Webp) => {
            let told = bytes.get(4..8).and_then(|len| <[u8; 4]>::try_from(len).ok());
            told.is_some_and(|len| u64::from(u32::from_le_bytes(len)) + 8 <= bytes.len() as u64)
        }
        Some(MediaKind::Pdf) | None => true,
    }
}

/// Whether the bytes say themselves that they are an image or a PDF document, whatever else is in
/// them.
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    MediaKind::of(bytes).is_some()
}

fn kind(bytes: &[u8]) -> &'static str {
    match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WEBP")) => return "WebP image",
        (Some(b"RIFF"), Some(b"WAVE")) => return "WAV audio",
        _ => {}
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return if matches!(bytes.get(8..12), Some(b"avif" | b"heic" | b"heix" | b"mif1")) {
            "AVIF or HEIC image"
        } else {
            "MP4 video or audio"
        };
    }
    MAGIC.iter().find(|(first, _)| bytes.starts_with(first)).map_or("binary", |(_, kind)| *kind)
}

type Size = Option<(u32, u32)>;

/// The header chunk is the first one.
fn png(bytes: &[u8]) -> Size {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    Some((number(16)?, number(20)?))
}

/// Segment by segment to the one that begins the frame.
fn jpeg(bytes: &[u8]) -> Size {
    let mut at = 2;
    loop {
        let [0xff, marker] = *bytes.get(at..at + 2)? else { return None };
        match marker {
            // Fill, and markers that stand alone.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // All kinds of frames; the gaps are tables.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let (height, width) = pair(bytes, at + 5, u16::from_be_bytes)?;
                return Some((width, height));
            }
            _ => at += 2 + usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?)),
        }
    }
}

fn webp(bytes: &[u8]) -> Size {
    match bytes.get(12..16)? {
        b"VP8 " => {
            pair(bytes, 26, u16::from_le_bytes).map(|(width, height)| (width & 0x3fff, height & 0x3fff))
        }
        b"VP8L" => {
            let bits = u32::from_le_bytes(bytes.get(21..25)?.try_into().ok()?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let three = |at: usize| {
                let part = bytes.get(at..at + 3)?;
                Some(u32::from_le_bytes([part[0], part[1], part[2], 0]) + 1)
            };
            Some((three(24)?, three(27)?))
        }
        _ => None,
    }
}

/// Two numbers of two bytes each.
fn pair(bytes: &[u8], at: usize, number: fn([u8; 2]) -> u16) -> Size {
    let one = |at: usize| Some(u32::from(number(bytes.get(at..at + 2)?.try_into().ok()?)));
    Some((one(at)?, one(at + 2)?))
}

/// Counts page objects; those in compressed parts are not seen, and then nothing is said.
fn with_pages(kind: &str, bytes: &[u8]) -> String {
    let types = bytes.windows(5).enumerate().filter(|(_, window)| *window == b"/Type").map(|(at, _)| at + 5);
    let pages = types.filter(|at| {
        let rest = bytes[*at..].trim_ascii_start();
        rest.starts_with(b"/Page") && !rest.get(5).is_some_and(u8::is_ascii_alphanumeric)
    });
    match pages.count() {
        0 => kind.to_owned(),
        1 => format!("{kind}, 1 page"),
        count => format!("{kind}, {count} pages"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(describe(bytes), expected);
    }

    #[test]
    fn images_have_a_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
        check(png, "PNG image, 640 x 480 pixels");
        check(&png[..20], "PNG image");
        check(b"GIF89a\x80\x02\xe0\x01", "GIF image, 640 x 480 pixels");
        let jpeg = b"\xff\xd8\xff\xe0\0\x04xx\xff\xff\xdb\0\x03x\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03";
        check(jpeg, "JPEG image, 640 x 480 pixels");
        check(b"\xff\xd8\xff\xe0\xff\xff", "JPEG image");
        check(b"RIFF....WEBPVP8 ....xxx\x9d\x01\x2a\x80\x02\xe0\x01", "WebP image, 640 x 480 pixels");
        check(b"RIFF....WEBPVP8L....\x2f\x7f\xc2\x77\0", "WebP image, 640 x 480 pixels");
        check(b"RIFF....WEBPVP8X....\0\0\0\0\x7f\x02\0\xdf\x01\0", "WebP image, 640 x 480 pixels");
    }

    #[test]
    fn documents_have_pages() {
        check(
            b"%PDF-1.4\n<</Type/Pages/Count 2>> <</Type /Page >> <</Type\n/Page/X 1>>",
            "PDF document, 2 pages",
        );
        check(b"%PDF-1.5\nstream", "PDF document");
    }

    #[test]
    fn others_have_a_name() {
        check(b"\x7fELF\x02", "program or library");
        check(b"\0\0\0\x20ftypavif", "AVIF or HEIC image");
        check(b"\x01\x02\0", "binary");
        check(b"", "binary");
        assert!(is_certain(b"%PDF-1.7") && !is_certain(b"BM and more"));
    }
}
