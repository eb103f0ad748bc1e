//! The journal's format: which versions are read.

use std::io::{self, BufRead, BufReader};

use serde::{Deserialize, Serialize};

use super::journal;
use crate::engine::SessionId;
use crate::engine::journal::OpenError;
use crate::os::fs::Appender;
use crate::path::AbsPath;

/// The version that is written.
pub(super) const VERSION: u32 = 1;

/// A journal's first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub quillon: String,
    pub version: u32,
}

impl Header {
    /// The one that is written.
    pub(super) fn line() -> io::Result<String> {
        let header = Self { quillon: "journal".into(), version: VERSION };
        serde_json::to_string(&header).map(|text| text + "\n").map_err(io::Error::other)
    }
}

/// An error when the journal was written by a newer version, or is none.
pub(super) fn check(session: &SessionId, folder: &AbsPath) -> Result<(), OpenError> {
    let path = folder.join(journal::FILE).map_err(io::Error::other)?;
    let file = Appender::open(&path)?;
    let mut line = String::new();
    BufReader::new(file.reader(0)?).read_line(&mut line)?;
    let header: Header = serde_json::from_str(&line)
        .map_err(|error| io::Error::other(format!("{path} is not a session's journal (line 1: {error})")))?;
    if header.version > VERSION {
        return Err(OpenError::Newer { session: session.clone(), version: header.version });
    }
    Ok(())
}
