//! An edit of one file, the version of the text it was made from, and a hunk: plain data.

use std::fmt;
use std::io;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::ends;
use crate::path::AbsPath;

/// A SHA-256 sum, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

/// Which text of a file is meant.
///
/// The hash is of the text as UTF-8 with LF line ends and without a byte-order mark, so that the
/// disk, an editor's buffer and a client that hands out LF for a CRLF file agree
/// (`src/README.md`, "One text, one identity"). For a file that is not text it is of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Version {
    /// No file stands there.
    Absent,
    /// This text stands there.
    Text(Hash),
}

/// One change of one file, bound to the version it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file.
    pub path: AbsPath,
    /// What stood there when the edit was made.
    pub base: Version,
    /// What is to become of it.
    pub change: Change,
}

/// What is to become of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Replaces ranges of the base; sorted, not overlapping, each a range of bytes in the base's
    /// text with LF line ends and without byte-order mark.
    Splices(Vec<Splice>),
    /// The whole new text, with the line ends it is to have on the disk.
    Whole(String),
    /// The whole new text, as for `Whole`, and the rights of the file `from`, which goes in the same
    /// write or takes another text.
    Moved {
        /// Where the file stands before.
        from: AbsPath,
        /// The whole text.
        text: String,
    },
    /// The file goes.
    Delete,
}

/// One range of a text and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splice {
    /// First byte, counted in the text with LF line ends and without byte-order mark.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The new text, with LF line ends.
    pub text: String,
}

/// One computed difference of two texts, in lines counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Lines of the old text.
    pub old: Range<u32>,
    /// Lines of the new text.
    pub new: Range<u32>,
}

/// `base` with the splices in place; both with LF line ends. A splice that does not fit, which a
/// broken journal could hold, is left out.
pub fn spliced(base: &str, splices: &[Splice]) -> String {
    let put: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut text = String::with_capacity(base.len() + put);
    let mut done = 0;
    for splice in splices {
        let (Some(before), true) = (base.get(done..splice.start), base.is_char_boundary(splice.end)) else {
            continue;
        };
        text.push_str(before);
        text.push_str(&splice.text);
        done = splice.end;
    }
    text.push_str(&base[done..]);
    text
}

impl Hash {
    /// The sum of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The sum of what `feed` hands over, in pieces.
    pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut sum = Sha256::new();
        for piece in pieces {
            sum.update(piece);
        }
        Self(sum.finalize().into())
    }

    /// The sum of what is read, to its end.
    pub fn of_reader(reader: &mut dyn io::Read) -> io::Result<Self> {
        let mut sum = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(sum.finalize().into())),
                Ok(len) => sum.update(&buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads 64 hexadecimal digits; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut sum = [0; 32];
        for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Self(sum))
    }
}

impl Version {
    /// The version of this text, whatever its line ends and byte-order mark.
    pub fn of_text(text: &str) -> Self {
        Self::Text(Hash::of_pieces(ends::lf_pieces(text).map(str::as_bytes)))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_identity_for_all_line_ends() {
        let plain = Version::of_text("a\nb\n");
        assert_eq!(Version::of_text("a\r\nb\r\n"), plain);
        assert_eq!(Version::of_text("\u{feff}a\nb\r\n"), plain);
        assert_ne!(Version::of_text("a\rb\n"), plain);
        assert_eq!(plain, Version::Text(Hash::of(b"a\nb\n")));
    }

    #[test]
    fn splices_in_order() {
        let splice = |start, end, text: &str| Splice { start, end, text: text.into() };
        assert_eq!(spliced("one two", &[splice(0, 3, "1"), splice(4, 7, "2")]), "1 2");
        assert_eq!(spliced("ab", &[splice(1, 1, "-")]), "a-b");
        assert_eq!(spliced("ä", &[splice(1, 2, "x")]), "ä");
    }

    #[test]
    fn hash_round_trip() {
        let hash = Hash::of(b"x");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse("zz"), None);
    }
}
