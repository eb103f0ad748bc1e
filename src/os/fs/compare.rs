//! Whether a file still has the bytes that it is known to have had: read by pieces, never held.

use std::fs::{File, Metadata};
use std::io::{self, Read};

use super::{Bytes, open_regular};
use crate::limits;
use crate::path::AbsPath;

/// What a file has, beside what it is known to have had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The same bytes.
    Same,
    /// Others; the first of them.
    Other(Bytes),
}

/// Reads a file as [`super::read_up_to`] does, unless it has these bytes.
pub fn compare(path: &AbsPath, known: &[u8], max: u64) -> io::Result<Compared> {
    let (mut file, meta) = open_regular(path)?;
    if meta.len() != known.len() as u64 || meta.len() > max {
        return super::first_bytes(file, &meta, max).map(Compared::Other);
    }
    let Some((same, differing)) = difference(&mut file, known)? else { return Ok(Compared::Same) };
    let mut bytes = Vec::with_capacity(known.len() + 1);
    bytes.extend_from_slice(&known[..same]);
    bytes.extend_from_slice(&differing);
    file.take((max + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
    let whole_len = bytes.len() as u64;
    bytes.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    Ok(Compared::Other(Bytes { bytes, whole_len }))
}

/// Whether a file has these bytes and no others, under the rules of [`super::read`].
pub fn holds(path: &AbsPath, bytes: &[u8]) -> io::Result<bool> {
    let (mut file, meta) = open_regular(path)?;
    has(&mut file, &meta, bytes)
}

/// Whether an open file has these bytes from its place on, and is as long.
pub(super) fn has(file: &mut File, meta: &Metadata, bytes: &[u8]) -> io::Result<bool> {
    Ok(meta.len() == bytes.len() as u64 && difference(file, bytes)?.is_none())
}

/// After how many equal bytes a difference comes, and the piece that has it; none where there is no
/// difference.
fn difference(file: &mut File, known: &[u8]) -> io::Result<Option<(usize, Vec<u8>)>> {
    // One byte more than is known tells of a file that is longer.
    let mut piece = vec![0; limits::COMPARED_PIECE_BYTES.min(known.len() + 1)];
    let mut same = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) if same == known.len() => return Ok(None),
            Ok(read) if read > 0 && known.get(same..same + read) == Some(&piece[..read]) => same += read,
            Ok(read) => {
                piece.truncate(read);
                return Ok(Some((same, piece)));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn what_stands_there_is_known_or_read() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        let large = limits::COMPARED_PIECE_BYTES * 2 + 7;
        let known = vec![b'k'; large];
        let check = |has: Vec<u8>, max: usize| {
            std::fs::write(&path, &has).unwrap();
            let whole_len = has.len() as u64;
            let expected = match has == known && has.len() <= max {
                true => Compared::Same,
                false => Compared::Other(Bytes { bytes: has[..has.len().min(max)].to_vec(), whole_len }),
            };
            assert_eq!(holds(&path, &known).unwrap(), has == known);
            assert!(compare(&path, &known, max as u64).unwrap() == expected, "{} bytes", has.len());
        };
        check(known.clone(), large);
        check(known.clone(), large - 1);
        for place in [0, limits::COMPARED_PIECE_BYTES, large - 1] {
            let mut other = known.clone();
            other[place] = b'o';
            check(other, large);
        }
        check(known[1..].to_vec(), large);
        check([known.as_slice(), b"more"].concat(), large + 4);
        check(Vec::new(), large);
        std::fs::write(&path, b"").unwrap();
        assert_eq!((compare(&path, b"", 9).unwrap(), holds(&path, b"").unwrap()), (Compared::Same, true));
        assert_eq!(holds(&folder, b"").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
