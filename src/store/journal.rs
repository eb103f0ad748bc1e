//! One session's journal: a line for each fact, one write for each line.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::room::Room;
use super::version::Header;
use super::{blobs, index, quota};
use crate::engine::journal::{Journal, Recorded, SessionInfo, Settler};
use crate::engine::{Event, Seq};
use crate::limits;
use crate::os::fs::{self, Appender, Durability, Lock};
use crate::path::AbsPath;
use crate::text::Hash;

/// The journal's name in its folder.
pub(super) const FILE: &str = "journal.jsonl";

/// A session's files.
pub(super) struct DiskJournal {
    folder: AbsPath,
    file: Mutex<Appender>,
    /// Held by the one that writes.
    _lock: Option<Lock>,
    /// Where every `limits::JOURNAL_INDEX_STEP`-th fact begins, from the first on.
    places: Vec<u64>,
    facts: u64,
    loose: Loose,
    /// What it keeps of files, once something is kept.
    room: Option<Room>,
    /// Bytes that it may keep of files.
    most: u64,
}

/// The blobs that are not synced.
#[derive(Debug, Default, Clone)]
struct Loose(Arc<Mutex<Vec<AbsPath>>>);

impl Loose {
    fn lock(&self) -> MutexGuard<'_, Vec<AbsPath>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<AbsPath> {
        self.lock().clone()
    }

    fn add(&self, blob: AbsPath) {
        self.lock().push(blob);
    }

    fn remove(&self, blob: &AbsPath) {
        self.lock().retain(|loose| loose != blob);
    }
}

/// A line as it is written.
#[derive(Serialize)]
struct Line<'a> {
    seq: Seq,
    at: &'a str,
    event: &'a RawValue,
}

/// A line as it is read.
#[derive(Deserialize)]
struct ReadLine<'a> {
    seq: Seq,
    at: Arc<str>,
    #[serde(borrow)]
    event: &'a RawValue,
}

impl DiskJournal {
    /// A new journal in an empty folder.
    pub(super) fn create(folder: AbsPath, lock: Lock) -> io::Result<Self> {
        let mut file = Appender::open(&folder.join(FILE).map_err(io::Error::other)?)?;
        file.append(Header::line()?.as_bytes())?;
        let file = Mutex::new(file);
        Ok(Self {
            folder,
            file,
            _lock: Some(lock),
            places: Vec::new(),
            facts: 0,
            loose: Loose::default(),
            room: None,
            most: limits::KEPT_BYTES_PER_SESSION_MAX,
        })
    }

    /// An existing journal, to go on with; a torn last line is cut off.
    pub(super) fn open(folder: AbsPath, lock: Lock) -> io::Result<Self> {
        let mut journal = Self::scan(folder, Some(lock))?;
        let file = journal.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let sound = sound_length(file)?;
        if sound < file.len() {
            tracing::warn!("dropped a torn line at the end of {}", journal.folder);
            file.cut(sound)?;
        }
        Ok(journal)
    }

    /// An existing journal that another process writes.
    pub(super) fn follow(folder: AbsPath) -> io::Result<Self> {
        Self::scan(folder, None)
    }

    fn scan(folder: AbsPath, lock: Option<Lock>) -> io::Result<Self> {
        let file = Appender::open(&folder.join(FILE).map_err(io::Error::other)?)?;
        let (mut places, mut facts, mut offset) = (Vec::new(), 0, 0);
        let mut lines = BufReader::new(file.reader(0)?);
        let mut first = true;
        loop {
            let length = skip_line(&mut lines)?;
            let Some(length) = length else { break };
            if !first {
                if facts % limits::JOURNAL_INDEX_STEP == 0 {
                    places.push(offset);
                }
                facts += 1;
            }
            first = false;
            offset += length;
        }
        drop(lines);
        Ok(Self {
            folder,
            file: Mutex::new(file),
            _lock: lock,
            places,
            facts,
            loose: Loose::default(),
            room: None,
            most: limits::KEPT_BYTES_PER_SESSION_MAX,
        })
    }

    /// The same with another bound.
    #[cfg(test)]
    pub(super) fn keeping_at_most(self, most: u64) -> Self {
        Self { most, ..self }
    }

    fn path(&self, name: &str) -> io::Result<AbsPath> {
        self.folder.join(name).map_err(io::Error::other)
    }

    fn parse(&self, line: &[u8], number: u64) -> io::Result<Recorded> {
        let wrong = |error: String| {
            let path = self.folder.join(FILE).map(|path| path.to_string()).unwrap_or_default();
            io::Error::new(io::ErrorKind::InvalidData, format!("{path}, line {number}: {error}"))
        };
        let line: ReadLine<'_> = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        let json = line.event.get();
        let event: Event = if json.contains("blob\":") {
            let value: Value = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
            let fetch = |hash: &Hash| {
                let blob = self.path(&format!("blobs/{hash}"))?;
                let bytes = fs::read(&blob).map_err(|error| io::Error::other(format!("{blob}: {error}")))?;
                if Hash::of(&bytes) != *hash {
                    return Err(io::Error::other(format!("{blob} holds something else")));
                }
                String::from_utf8(bytes).map_err(io::Error::other)
            };
            let value = blobs::put_back(value, &fetch).map_err(|error| wrong(error.to_string()))?;
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?
        } else {
            serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?
        };
        Ok(Recorded { seq: line.seq, at: line.at, event: Arc::new(event) })
    }

    /// Keeps bytes in a file that is named by their hash.
    fn keep_in(&mut self, folder: &str, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(&format!("{folder}/{hash}"))?;
        if fs::look(&path).is_err() {
            fs::create_private_folders(&self.path(folder)?)?;
            fs::replace_private(&path, bytes, Durability::Process)?;
            self.loose.add(path);
        }
        Ok(())
    }

    /// Makes room for what is kept of files, so that all of it stays within its bound.
    fn make_room(&mut self, hash: Hash, len: u64) -> io::Result<()> {
        let folder = self.path(quota::FOLDER)?;
        let mut room = match self.room.take() {
            Some(room) => room,
            None => Room::of(&folder)?,
        };
        room.note(hash, len);
        while let Some(oldest) = room.take_oldest(self.most) {
            let path = folder.join(oldest.to_string()).map_err(io::Error::other)?;
            self.loose.remove(&path);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!("failed to remove {path}: {error}");
                }
                Ok(()) | Err(_) => {}
            }
        }
        self.room = Some(room);
        Ok(())
    }

    /// The JSON of an event, long texts in blobs.
    fn json(&mut self, event: &Event) -> io::Result<Box<RawValue>> {
        let mut json = serde_json::to_string(event).map_err(io::Error::other)?;
        if blobs::concerns(&json) {
            let value = serde_json::from_str(&json).map_err(io::Error::other)?;
            let value = blobs::take_out(value, &mut |text| {
                let hash = Hash::of(text.as_bytes());
                self.keep_in("blobs", &hash, text.as_bytes())?;
                Ok(hash)
            })?;
            json = value.to_string();
        }
        RawValue::from_string(json).map_err(io::Error::other)
    }
}

impl Journal for DiskJournal {
    fn append(&mut self, fact: &Recorded) -> io::Result<()> {
        let event = self.json(&fact.event)?;
        let line = Line { seq: fact.seq, at: &fact.at, event: &event };
        let mut text = serde_json::to_vec(&line).map_err(io::Error::other)?;
        text.push(b'\n');
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let offset = file.len();
        file.append(&text)?;
        if self.facts.is_multiple_of(limits::JOURNAL_INDEX_STEP) {
            self.places.push(offset);
        }
        self.facts += 1;
        Ok(())
    }

    fn read(&self, after: Seq, max: usize) -> io::Result<Vec<Recorded>> {
        // The file is looked at anew: where another process writes it, it has grown.
        let file = match &self._lock {
            Some(_) => None,
            None => Some(Appender::open(&self.path(FILE)?)?),
        };
        let held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.as_ref().unwrap_or(&held);
        let step = usize::try_from(after.0 / limits::JOURNAL_INDEX_STEP).unwrap_or(usize::MAX);
        let known = step.min(self.places.len().saturating_sub(1));
        let (offset, mut number) = match self.places.get(known) {
            Some(offset) => (*offset, known as u64 * limits::JOURNAL_INDEX_STEP + 2),
            None => (0, 1),
        };
        let mut lines = BufReader::new(file.reader(offset)?);
        let mut facts = Vec::new();
        let mut line = Vec::new();
        while facts.len() < max {
            line.clear();
            (&mut lines).take(limits::JOURNAL_LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                break;
            }
            // Line 1 is the header; fact N stands in line N + 1.
            if number > after.0 + 1 && number > 1 {
                match self.parse(&line, number) {
                    Ok(fact) => facts.push(fact),
                    Err(error) if facts.is_empty() => return Err(error),
                    // What stands before the damage is read; who reads on from there meets the error.
                    Err(_) => break,
                }
            }
            number += 1;
        }
        Ok(facts)
    }

    fn keep(&mut self, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        self.keep_in(quota::FOLDER, hash, bytes)?;
        self.make_room(*hash, bytes.len() as u64)
    }

    fn keeps(&self, hash: &Hash) -> bool {
        self.path(&format!("{}/{hash}", quota::FOLDER)).is_ok_and(|path| fs::look(&path).is_ok())
    }

    fn fetch(&self, hash: &Hash) -> io::Result<Arc<[u8]>> {
        fs::read(&self.path(&format!("{}/{hash}", quota::FOLDER))?).map(Arc::from)
    }

    fn settler(&self, info: Option<SessionInfo>) -> Settler {
        let (file, bytes) = {
            let held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            (held.file(), held.len())
        };
        let (loose, folder) = (self.loose.clone(), self.folder.clone());
        Box::new(move || {
            for blob in loose.all() {
                match fs::sync(&blob) {
                    // It had to make room meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    synced => synced?,
                }
                loose.remove(&blob);
            }
            file.sync_data()?;
            if let Some(Err(error)) = info.map(|info| index::write(&folder, &info, bytes)) {
                tracing::warn!("failed to write the line for lists of a session in {folder}: {error}");
            }
            Ok(())
        })
    }

    fn log_path(&self, name: &str) -> Option<AbsPath> {
        let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric());
        if plain { self.path(&format!("logs/{name}.log")).ok() } else { None }
    }
}

/// Reads to the end of a line; its length with the line feed, none when no whole line follows.
fn skip_line(lines: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = 0;
    loop {
        let piece = lines.fill_buf()?;
        if piece.is_empty() {
            return Ok(None);
        }
        match piece.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                length += at as u64 + 1;
                lines.consume(at + 1);
                return Ok(Some(length));
            }
            None => {
                let all = piece.len();
                length += all as u64;
                lines.consume(all);
            }
        }
    }
}

/// Up to where the file consists of whole lines.
fn sound_length(file: &Appender) -> io::Result<u64> {
    let mut lines = BufReader::new(file.reader(0)?);
    let mut sound = 0;
    while let Some(length) = skip_line(&mut lines)? {
        sound += length;
    }
    Ok(sound)
}
