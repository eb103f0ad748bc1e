//! Some lines of a file on the disk that is too large to be held.

use std::io::{self, Read, Seek};

use super::encoding::{Decoded, Encoding};
use super::media;
use super::page::{self, Page, PageQuery};
use crate::limits;
use crate::os::fs;
use crate::path::AbsPath;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Lines of a text.
    Text {
        /// The lines.
        page: Page,
        /// How the characters stand in the file.
        encoding: Encoding,
        /// How many bytes the file has.
        len: u64,
    },
    /// It is no text.
    Binary {
        /// What it is, as far as its first bytes tell.
        kind: String,
        /// How many bytes it has.
        len: u64,
    },
}

/// Reads from the beginning of a file to the end of the page. What it is its first bytes tell.
pub(super) fn read(path: &AbsPath, query: &PageQuery) -> io::Result<Part> {
    let mut file = fs::open(path)?;
    let len = file.metadata()?.len();
    let mut first = Vec::new();
    file.by_ref().take(limits::READ_CHUNK_BYTES as u64).read_to_end(&mut first)?;
    let encoding = if media::is_certain(&first) { None } else { Encoding::of(&first) };
    let Some(encoding) = encoding else {
        return Ok(Part::Binary { kind: media::describe(&first), len });
    };
    file.rewind()?;
    let mut page = page::read(Decoded::new(file, encoding), query)?;
    if let Some(line) = page.lines.first_mut().filter(|line| line.number == 1) {
        line.text = line.text.trim_start_matches('\u{feff}').to_owned();
    }
    Ok(Part::Text { page, encoding, len })
}

#[cfg(test)]
mod tests {
    use super::super::page::{Behind, Count};
    use super::*;

    fn query() -> PageQuery {
        let (lines, line_chars, bytes, scan) = (2, 9, 99, 1_000_000);
        PageQuery { first: 1, lines, column: 1, line_chars, bytes, count: Count::NoFurther, scan }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = AbsPath::new(folder.path().join("a")).unwrap();
        fs::replace(&path, bytes, fs::Durability::Process).unwrap();
        let told = match read(&path, &query()).unwrap() {
            Part::Binary { kind, .. } => kind,
            Part::Text { page, encoding, len } => {
                assert_eq!(len, bytes.len() as u64);
                let lines: Vec<&str> = page.lines.iter().map(|line| line.text.as_str()).collect();
                let more = if page.behind == Behind::More { " and more" } else { "" };
                format!("{} in {}{more}", lines.join("|"), encoding.name())
            }
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn encodings_and_kinds() {
        check(b"\xef\xbb\xbfa\nb\nc", "a|b in UTF-8 and more");
        check("ü\r\n".repeat(100_000).as_bytes(), "ü|ü in UTF-8 and more");
        check(b"\xff\xfea\0\n\0b\0", "a|b in UTF-16 (little endian)");
        check(b"\xe9\n", "é in windows-1252");
        check(b"a\0", "binary");
        check(b"%PDF-1.7\n", "PDF document");
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "makes a huge file")]
    fn a_huge_file_is_told_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = AbsPath::new(folder.path().join("a")).unwrap();
        fs::replace(&path, b"one\ntwo\n", fs::Durability::Process).unwrap();
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().set_len(8 << 30).unwrap();
        let Part::Binary { kind, len } = read(&path, &query()).unwrap() else { panic!() };
        assert_eq!((kind.as_str(), len), ("binary", 8 << 30));
    }
}
