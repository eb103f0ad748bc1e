//! The program's log: a file in the state folder, and warnings on standard error.
//!
//! `QUILLON_LOG` sets the level (`off`, `error`, `warn`, `info`, `debug`, `trace`; `info` when it is
//! not set). Other people's modules are logged from `warn` on only: at lower levels they write down
//! what they send, keys included. The file is opened with the first line.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{env, fs};
use crate::limits::{LOG_FILE_BYTES_MAX, LOG_LOOK_EVERY_BYTES};
use crate::path::AbsPath;

/// The file's name in the state folder; the one before it has `.1` at its end.
pub const LOG_FILE: &str = "quillon.log";

/// Starts the log. The error is a word for the user about `QUILLON_LOG`; the log has started then
/// too, at the usual level.
pub fn start(state: &AbsPath) -> Result<(), String> {
    let (level, result) = match level(env::var("QUILLON_LOG").as_deref()) {
        Ok(level) => (level, Ok(())),
        Err(text) => (LevelFilter::INFO, Err(text)),
    };
    let file = LogFile::new(state);
    let to_file = layer().with_ansi(false).with_writer(file).with_filter(ours_from(level));
    let warnings = ours_from(level.min(LevelFilter::WARN));
    let to_errors = layer().with_ansi(false).with_writer(io::stderr).with_filter(warnings);
    // Starting twice keeps the first.
    let _ = tracing_subscriber::registry().with(to_file).with(to_errors).try_init();
    result
}

fn level(word: Option<&str>) -> Result<LevelFilter, String> {
    let Some(word) = word else { return Ok(LevelFilter::INFO) };
    word.parse().map_err(|_| {
        format!("QUILLON_LOG is `{word}`; it must be one of off, error, warn, info, debug, trace")
    })
}

fn ours_from(level: LevelFilter) -> Targets {
    Targets::new().with_target(env!("CARGO_CRATE_NAME"), level).with_default(level.min(LevelFilter::WARN))
}

/// The log file; several processes add lines to the same one.
#[derive(Debug, Clone)]
struct LogFile(Arc<Mutex<Rotating>>);

#[derive(Debug)]
struct Rotating {
    folder: AbsPath,
    file: Option<File>,
    /// Bytes which this process wrote since it looked how long the file is.
    since_look: u64,
}

impl LogFile {
    fn new(folder: &AbsPath) -> Self {
        Self(Arc::new(Mutex::new(Rotating { folder: folder.clone(), file: None, since_look: 0 })))
    }

    fn lock(&self) -> MutexGuard<'_, Rotating> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rotating {
    /// The open file; one that is full is moved aside first.
    fn file(&mut self) -> io::Result<&mut File> {
        if self.since_look >= LOG_LOOK_EVERY_BYTES {
            self.file = None;
        }
        if self.file.is_none() {
            self.since_look = 0;
            self.file = Some(open(&self.folder)?);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn open(folder: &AbsPath) -> io::Result<File> {
    fs::create_private_folders(folder)?;
    let path = folder.join(LOG_FILE).map_err(io::Error::other)?;
    let file = fs::open_private_log(&path)?;
    if file.metadata()?.len() < LOG_FILE_BYTES_MAX {
        return Ok(file);
    }
    // When two processes do this at the same time, one older file is lost, no line of this one.
    let older = folder.join(format!("{LOG_FILE}.1")).map_err(io::Error::other)?;
    fs::rename(&path, &older)?;
    fs::open_private_log(&path)
}

impl Write for LogFile {
    /// One line of the log comes with one call, and leaves with one.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut rotating = self.lock();
        rotating.file()?.write_all(line)?;
        rotating.since_look += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::fs::tests::folder;
    use super::*;

    #[test]
    fn levels() {
        assert_eq!(level(None), Ok(LevelFilter::INFO));
        assert_eq!(level(Some("off")), Ok(LevelFilter::OFF));
        assert_eq!(level(Some("TRACE")), Ok(LevelFilter::TRACE));
        assert!(level(Some("loud")).unwrap_err().contains("`loud`"));
    }

    #[test]
    fn ours_is_logged_in_detail_and_others_are_not() {
        let filter = ours_from(LevelFilter::TRACE);
        assert!(filter.would_enable("quillon::os::log", &tracing::Level::TRACE));
        assert!(!filter.would_enable("reqwest::connect", &tracing::Level::INFO));
        assert!(filter.would_enable("reqwest::connect", &tracing::Level::WARN));
        assert!(!ours_from(LevelFilter::OFF).would_enable("reqwest", &tracing::Level::ERROR));
    }

    #[test]
    fn lines_go_to_the_file_which_is_made_with_the_first() {
        let (_held, folder) = folder();
        let state = folder.join("state").unwrap();
        let to_file = layer().with_ansi(false).with_writer(LogFile::new(&state));
        let subscriber = tracing_subscriber::registry().with(to_file);
        tracing::subscriber::with_default(subscriber, || {
            assert!(fs::look(&state).is_err(), "made before the first line");
            tracing::info!(session = "s1", "opened");
        });
        let text = String::from_utf8(fs::read(&state.join(LOG_FILE).unwrap()).unwrap()).unwrap();
        assert!(text.contains("opened session=\"s1\"") && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn a_full_file_moves_aside_and_there_are_two_at_most() {
        let (_held, folder) = folder();
        let mut log = LogFile::new(&folder);
        let line = [b'x'; 64 * 1024];
        let lines = LOG_FILE_BYTES_MAX / line.len() as u64 * 3;
        for _ in 0..lines {
            log.write_all(&line).unwrap();
        }
        let entries = fs::list(&folder, 9).unwrap().entries;
        let names: Vec<_> = entries.iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect();
        assert_eq!(names, [LOG_FILE, "quillon.log.1"]);
        for name in names {
            let len = fs::look(&folder.join(name).unwrap()).unwrap().len;
            assert!(len <= LOG_FILE_BYTES_MAX + LOG_LOOK_EVERY_BYTES + line.len() as u64, "{len}");
        }
    }
}
