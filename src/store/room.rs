//! `Room`: what one session keeps of files, within its bound while it runs: the oldest goes first.

use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::os::fs::{self, Kind};
use crate::path::AbsPath;
use crate::text::Hash;

/// The kept texts of a session in the order in which they were needed last.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// By when it was kept last: which, and its bytes.
    order: BTreeMap<u64, (Hash, u64)>,
    at: HashMap<Hash, u64>,
    bytes: u64,
    next: u64,
}

impl Room {
    /// What lies in this folder, if there is one.
    pub(super) fn of(folder: &AbsPath) -> io::Result<Self> {
        let listing = match fs::list(folder, usize::MAX) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in listing.entries.iter().filter(|entry| entry.kind == Kind::File) {
            let Some(hash) = entry.name.to_str().and_then(Hash::parse) else { continue };
            let Ok(look) =
                folder.join(&entry.name).map_err(io::Error::other).and_then(|path| fs::look(&path))
            else {
                continue;
            };
            files.push((look.modified, hash, look.len));
        }
        files.sort_unstable_by_key(|(modified, _, _)| *modified);
        let mut room = Self::default();
        for (_, hash, len) in files {
            room.note(hash, len);
        }
        Ok(room)
    }

    /// Notes that this is needed.
    pub(super) fn note(&mut self, hash: Hash, len: u64) {
        match self.at.insert(hash, self.next) {
            Some(before) => drop(self.order.remove(&before)),
            None => self.bytes += len,
        }
        self.order.insert(self.next, (hash, len));
        self.next += 1;
    }

    /// The oldest, which has to go where all takes more than this; never the last one.
    pub(super) fn take_oldest(&mut self, most: u64) -> Option<Hash> {
        if self.bytes <= most || self.order.len() < 2 {
            return None;
        }
        let (_, (hash, len)) = self.order.pop_first()?;
        self.at.remove(&hash);
        self.bytes -= len;
        Some(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_what_is_needed_again_is_young() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|name| Hash::of(name));
        let mut room = Room::default();
        room.note(a, 100);
        room.note(b, 100);
        room.note(a, 100);
        assert_eq!(room.take_oldest(200), None);
        room.note(c, 100);
        assert_eq!(room.take_oldest(200), Some(b));
        assert_eq!(room.take_oldest(200), None);
        assert_eq!(room.take_oldest(0), Some(a));
        assert_eq!(room.take_oldest(0), None, "the last one stays");
    }
}
