//! What a command printed: decoded as it comes, its beginning and end kept, the whole in a log.

use std::io;

use tokio::io::AsyncWriteExt;

use crate::limits::{COMMAND_HEAD_BYTES_MAX, COMMAND_LOG_BYTES_MAX, COMMAND_TAIL_BYTES_MAX};
use crate::os::fs;
use crate::path::AbsPath;

/// A command's output, shortened in the middle where it is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clipped {
    /// All of it where nothing is left out; else its beginning.
    pub head: String,
    /// Its end, where something is left out.
    pub tail: String,
    /// How many bytes are left out between the two.
    pub omitted: u64,
    /// Where the whole can be read.
    pub log: Log,
}

/// What became of the whole output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// It is short and kept whole.
    Unneeded,
    /// It is in this file.
    Whole(AbsPath),
    /// Its first `bytes` are in this file, which may not grow longer
    /// ([`COMMAND_LOG_BYTES_MAX`]).
    Cut {
        /// The file.
        path: AbsPath,
        /// How much of the output it holds.
        bytes: u64,
    },
    /// It is lost, for this reason.
    Missing(String),
}

impl Clipped {
    /// The output as one text; where something is left out, a line says how much and where it is.
    pub fn text(&self) -> String {
        if self.omitted == 0 {
            return self.head.clone();
        }
        let place = match &self.log {
            Log::Unneeded => String::new(),
            Log::Whole(path) => format!("; the whole output is in {path}"),
            Log::Cut { path, bytes } => format!("; the first {bytes} bytes of the output are in {path}"),
            Log::Missing(reason) => format!("; they are lost: {reason}"),
        };
        format!("{}\n[{} bytes left out here{place}]\n{}", self.head, self.omitted, self.tail)
    }
}

/// Takes the output in, piece by piece.
pub(super) struct Capture<S> {
    decoder: Decoder,
    head: String,
    /// What follows the head; its end counts, its beginning is dropped now and then.
    tail: String,
    total: u64,
    log: Writing,
    show: S,
}

enum Writing {
    /// Everything is still in memory.
    Waiting(AbsPath),
    Open {
        path: AbsPath,
        file: tokio::fs::File,
        bytes: u64,
    },
    Full {
        path: AbsPath,
        bytes: u64,
    },
    Not(String),
}

impl<S: FnMut(&str)> Capture<S> {
    pub(super) fn new(log: Option<AbsPath>, show: S) -> Self {
        let log = match log {
            Some(path) => Writing::Waiting(path),
            None => Writing::Not("no log was asked for".to_owned()),
        };
        Self { decoder: Decoder::default(), head: String::new(), tail: String::new(), total: 0, log, show }
    }

    /// The next bytes of the output.
    pub(super) async fn take(&mut self, bytes: &[u8]) {
        let text = self.decoder.push(bytes);
        self.add(&text).await;
    }

    /// The output has ended.
    pub(super) async fn finish(mut self) -> Clipped {
        let rest = self.decoder.finish();
        self.add(&rest).await;
        self.trim_tail();
        let log = self.log.close().await;
        let omitted = self.total - (self.head.len() + self.tail.len()) as u64;
        if omitted > 0 {
            return Clipped { head: self.head, tail: self.tail, omitted, log };
        }
        let head = self.head + &self.tail;
        Clipped { head, tail: String::new(), omitted, log: Log::Unneeded }
    }

    async fn add(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        (self.show)(text);
        if self.total + text.len() as u64 > (COMMAND_HEAD_BYTES_MAX + COMMAND_TAIL_BYTES_MAX) as u64 {
            self.log.open(&self.head, &self.tail).await;
        }
        self.log.write(text).await;
        self.total += text.len() as u64;
        let for_head = match self.tail.is_empty() {
            true => text.floor_char_boundary(COMMAND_HEAD_BYTES_MAX.saturating_sub(self.head.len())),
            false => 0,
        };
        self.head.push_str(&text[..for_head]);
        self.tail.push_str(&text[for_head..]);
        // Dropping from the front moves what stays; done at twice the size, each byte moves once.
        if self.tail.len() >= 2 * COMMAND_TAIL_BYTES_MAX {
            self.trim_tail();
        }
    }

    fn trim_tail(&mut self) {
        let excess = self.tail.len().saturating_sub(COMMAND_TAIL_BYTES_MAX);
        let cut = self.tail.ceil_char_boundary(excess);
        self.tail.drain(..cut);
    }
}

impl Writing {
    /// Opens the log with what was printed so far, if it is not open.
    async fn open(&mut self, head: &str, tail: &str) {
        let Self::Waiting(path) = self else { return };
        let path = path.clone();
        match open_log(path.clone()).await {
            Ok(file) => *self = Self::Open { path, file, bytes: 0 },
            Err(error) => *self = Self::Not(format!("failed to make the log {path}: {error}")),
        }
        self.write(head).await;
        self.write(tail).await;
    }

    async fn write(&mut self, text: &str) {
        let Self::Open { path, file, bytes } = self else { return };
        let room = usize::try_from(COMMAND_LOG_BYTES_MAX - *bytes).unwrap_or(usize::MAX);
        let fits = text.floor_char_boundary(room);
        let mut written = file.write_all(&text.as_bytes()[..fits]).await;
        *bytes += fits as u64;
        if fits < text.len() && written.is_ok() {
            written = file.flush().await;
            if written.is_ok() {
                *self = Self::Full { path: path.clone(), bytes: *bytes };
                return;
            }
        }
        if let Err(error) = written {
            *self = Self::Not(format!("failed to write the log {path}: {error}"));
        }
    }

    async fn close(self) -> Log {
        match self {
            Self::Waiting(_) => Log::Unneeded,
            Self::Open { path, mut file, .. } => match file.flush().await {
                Ok(()) => Log::Whole(path),
                Err(error) => Log::Missing(format!("failed to write the log {path}: {error}")),
            },
            Self::Full { path, bytes } => Log::Cut { path, bytes },
            Self::Not(reason) => Log::Missing(reason),
        }
    }
}

async fn open_log(path: AbsPath) -> io::Result<tokio::fs::File> {
    let open = move || {
        if let Some(folder) = path.parent() {
            fs::create_private_folders(&folder)?;
        }
        fs::replace_private(&path, b"", fs::Durability::Process)?;
        fs::open_private_log(&path)
    };
    tokio::task::spawn_blocking(open).await.map_err(io::Error::other)?.map(tokio::fs::File::from_std)
}

/// Bytes to text, whatever the borders of the pieces. What is not UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
struct Decoder {
    /// The beginning of a character whose rest has not come.
    begun: Vec<u8>,
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) -> String {
        self.begun.extend_from_slice(bytes);
        let whole = self.begun.len() - unfinished(&self.begun);
        let rest = self.begun.split_off(whole);
        let text = String::from_utf8_lossy(&self.begun).into_owned();
        self.begun = rest;
        text
    }

    fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned()
    }
}

/// How many bytes at the end are the beginning of a character which can still become one.
fn unfinished(bytes: &[u8]) -> usize {
    let Some(last) = bytes.utf8_chunks().last() else { return 0 };
    let invalid = last.invalid();
    // An invalid part at the very end which some byte would still complete is not invalid yet.
    let may_go_on = match std::str::from_utf8(invalid) {
        Ok(_) => false,
        Err(error) => error.error_len().is_none(),
    };
    if may_go_on { invalid.len() } else { 0 }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::os::fs::tests::folder;

    /// Feeds the pieces in and gives the result and what was shown.
    fn captured(log: Option<AbsPath>, pieces: &[&[u8]]) -> (Clipped, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut shown = String::new();
        let work = async {
            let mut capture = Capture::new(log, |text: &str| shown.push_str(text));
            for piece in pieces {
                capture.take(piece).await;
            }
            capture.finish().await
        };
        let clipped = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), work).await });
        (clipped.unwrap(), shown)
    }

    #[test]
    fn short_output_is_kept_whole() {
        let (_held, folder) = folder();
        let log = folder.join("logs/c1").unwrap();
        let (clipped, shown) = captured(Some(log.clone()), &[b"one\n", b"two\n"]);
        let expected =
            Clipped { head: "one\ntwo\n".into(), tail: String::new(), omitted: 0, log: Log::Unneeded };
        assert_eq!((clipped.text(), &shown), ("one\ntwo\n".into(), &clipped.head));
        assert_eq!(clipped, expected);
        assert!(fs::look(&log).is_err());
        let full = vec![b'x'; COMMAND_HEAD_BYTES_MAX + COMMAND_TAIL_BYTES_MAX];
        assert_eq!(captured(Some(log), &[&full]).0.log, Log::Unneeded);
    }

    #[test]
    fn long_output_is_cut_in_the_middle_and_logged_whole() {
        let (_held, folder) = folder();
        let log = folder.join("logs/c1").unwrap();
        std::fs::create_dir(folder.join("logs").unwrap()).unwrap();
        std::fs::write(&log, "of another call").unwrap();
        let lines: Vec<String> = (0..20_000).map(|number| format!("line {number} ä\n")).collect();
        let pieces: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let all = lines.concat();
        let (clipped, shown) = captured(Some(log.clone()), &pieces);
        assert_eq!(shown, all);
        assert_eq!(String::from_utf8(fs::read(&log).unwrap()).unwrap(), all);
        assert!(all.starts_with(&clipped.head) && all.ends_with(&clipped.tail));
        assert!(clipped.head.len() > COMMAND_HEAD_BYTES_MAX - 4, "{}", clipped.head.len());
        assert!(clipped.tail.len() > COMMAND_TAIL_BYTES_MAX - 4, "{}", clipped.tail.len());
        let kept = clipped.head.len() + clipped.tail.len();
        assert_eq!(clipped.omitted, (all.len() - kept) as u64);
        assert_eq!(clipped.log, Log::Whole(log.clone()));
        let note = format!("\n[{} bytes left out here; the whole output is in {log}]\n", clipped.omitted);
        assert_eq!(clipped.text(), format!("{}{note}{}", clipped.head, clipped.tail));
    }

    #[test]
    fn the_log_is_bounded() {
        let (_held, folder) = folder();
        let log = folder.join("log").unwrap();
        let piece = vec![b'x'; 1 << 20];
        let pieces = vec![piece.as_slice(); 1 + (COMMAND_LOG_BYTES_MAX >> 20) as usize];
        let (clipped, _) = captured(Some(log.clone()), &pieces);
        assert_eq!(clipped.log, Log::Cut { path: log.clone(), bytes: COMMAND_LOG_BYTES_MAX });
        assert_eq!(fs::look(&log).unwrap().len, COMMAND_LOG_BYTES_MAX);
        assert!(clipped.text().contains("the first 67108864 bytes of the output are in"));
    }

    #[test]
    fn a_log_that_cannot_be_written_is_said_and_harms_nothing() {
        let (_held, folder) = folder();
        std::fs::write(folder.join("file").unwrap(), "").unwrap();
        let long = vec![b'x'; 1 << 20];
        let (clipped, shown) = captured(Some(folder.join("file/log").unwrap()), &[&long]);
        let Log::Missing(reason) = &clipped.log else { panic!("{:?}", clipped.log) };
        assert!(reason.starts_with("failed to make the log"), "{reason}");
        assert_eq!(shown.len(), long.len());
        assert!(matches!(captured(None, &[&long]).0.log, Log::Missing(_)));
    }

    #[test]
    fn broken_bytes_become_marks() {
        let (clipped, _) = captured(None, &[b"a\xff\xc3", b"(", b"\xe2\x82", b"\xac\xf0\x9f"]);
        assert_eq!(clipped.head, "a\u{fffd}\u{fffd}(\u{20ac}\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_borders_give_the_same_text(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                ".{0,20}".prop_map(String::into_bytes),
            ],
            cuts in proptest::collection::vec(0usize..61, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut decoder = Decoder::default();
            let mut text = String::new();
            for pair in cuts.windows(2) {
                let piece = decoder.push(&bytes[pair[0]..pair[1]]);
                prop_assert!(decoder.begun.len() < 4);
                text.push_str(&piece);
            }
            text.push_str(&decoder.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
