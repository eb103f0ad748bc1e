//! `Recording`: keeps what servers are asked and what they answer in a folder, one file (`reel.rs`) a request.
//!
//! Nothing that lets somebody in is kept: neither headers with keys, nor the key where it stands elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tokio::time::Instant;

use super::Api;
use super::facts::Facts;
use super::reel::{self, Asked, End, Line};
use super::secrets::{self, Secrets};
use crate::engine::model::Wish;
use crate::limits;
use crate::os::clock;
use crate::os::fs::{self, Durability};
use crate::os::http::{Failure, Post, Response};
use crate::path::AbsPath;

/// Headers of answers that say something about them.
const HEADERS: &[&str] =
    &["content-type", "retry-after", "retry-after-ms", "date", "location", "request-id", "x-request-id"];

/// A folder for what is recorded.
#[derive(Debug)]
pub struct Recording {
    folder: AbsPath,
    /// The number of the next file.
    next: AtomicU64,
}

/// A model whose requests are recorded.
#[derive(Debug)]
pub struct Recorded {
    /// Where.
    pub recording: Arc<Recording>,
    /// How it is spoken to.
    pub api: Api,
    /// Its name at the server.
    pub model: String,
    /// The server's base URL.
    pub base_url: String,
    /// What is known of it.
    pub facts: Facts,
    /// What is not to be kept.
    pub secrets: Secrets,
}

/// A request on its way, whose file is written when it is over, however it ends.
#[derive(Debug)]
pub struct Take {
    of: Arc<Recorded>,
    number: u64,
    asked: Asked,
    begun: Instant,
    head: Option<(u16, Vec<(String, String)>)>,
    bytes: Vec<u8>,
    /// After how many milliseconds so many bytes had come.
    pieces: Vec<(u64, usize)>,
    end: Option<End>,
}

impl Recording {
    /// Makes the folder, for this user alone, if it is not there. What is in it stays, and comes first when it
    /// is played.
    pub fn in_folder(folder: AbsPath) -> Result<Self, String> {
        let made = fs::create_private_folders(&folder).and_then(|()| numbers(&folder));
        let there = made.map_err(|error| format!("nothing can be recorded in {folder}: {error}"))?;
        Ok(Self { folder, next: AtomicU64::new(there.last().copied().unwrap_or(0) + 1) })
    }
}

/// The numbers of the files in a folder, in their order.
pub fn numbers(folder: &AbsPath) -> std::io::Result<Vec<u64>> {
    let listing = fs::list(folder, limits::RECORDED_REQUESTS_MAX * 2)?;
    let names = listing.entries.iter().filter_map(|entry| entry.name.to_str());
    let mut numbers: Vec<u64> = names.filter_map(|name| name.strip_suffix(".jsonl")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The file of this number.
pub fn file(folder: &AbsPath, number: u64) -> AbsPath {
    folder.join(format!("{number:04}.jsonl")).unwrap_or_else(|_| folder.clone())
}

impl Recorded {
    /// A request begins to go out; none where there are enough in the folder.
    pub fn begin(self: &Arc<Self>, post: &Post, wanted: Wish) -> Option<Take> {
        let number = self.recording.next.fetch_add(1, Ordering::Relaxed);
        if number > limits::RECORDED_REQUESTS_MAX as u64 {
            tracing::warn!("{} holds as many requests as are recorded", self.recording.folder);
            return None;
        }
        let masked = |text: &str| self.secrets.masked_in_request(text);
        let body = masked(&String::from_utf8_lossy(&post.body));
        let open = post.headers.iter().filter(|(name, _)| !secrets::lets_in(name));
        let asked = Asked {
            quillon: reel::VERSION,
            at: clock::now(),
            api: self.api.word().to_owned(),
            model: self.model.clone(),
            base_url: masked(&self.base_url),
            url: masked(post.url.as_str()),
            headers: open.map(|(name, value)| (name.clone(), masked(value))).collect(),
            wanted,
            window: self.facts.window().map(|window| (window.context, window.output)),
            accepts: self.facts.accepts.map_or((false, false), |accepts| (accepts.images, accepts.pdf)),
            body: serde_json::from_str(&body).unwrap_or(Value::String(body)),
        };
        let (head, bytes, pieces, end) = (None, Vec::new(), Vec::new(), None);
        Some(Take { of: self.clone(), number, asked, begun: Instant::now(), head, bytes, pieces, end })
    }
}

impl Take {
    /// An answer begins.
    pub fn answered(&mut self, response: &Response) {
        let headers = HEADERS.iter().filter_map(|name| {
            Some(((*name).to_owned(), self.of.secrets.masked_in_request(response.header(name)?)))
        });
        self.head = Some((response.status(), headers.collect()));
    }

    /// The next bytes of its body.
    pub fn came(&mut self, bytes: &[u8]) {
        if self.end.is_some() {
            return;
        }
        if self.bytes.len() + bytes.len() > limits::RECORDED_ANSWER_BYTES_MAX {
            self.end = Some(End::Cut);
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.pieces.push((self.passed(), self.bytes.len()));
    }

    /// Its end.
    pub fn ended(&mut self) {
        self.end.get_or_insert(End::Whole);
    }

    /// It failed, before an answer or within one.
    pub fn failed(&mut self, failure: &Failure) {
        let detail = self.of.secrets.masked_in_request(&failure.detail);
        self.end.get_or_insert(End::Failed(reel::word(failure.kind).to_owned(), detail));
    }

    fn passed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn text(&mut self) -> serde_json::Result<String> {
        let mut lines = vec![serde_json::to_string(&self.asked)?];
        let mut write = |line: Line| serde_json::to_string(&line).map(|line| lines.push(line));
        let mut good = true;
        if let Some((status, headers)) = self.head.take() {
            good = status == 200;
            write(Line::Answer { status, headers })?;
        }
        // A key may be cut by pieces: it is looked for in all of them together.
        let bytes = self.of.secrets.masked(std::mem::take(&mut self.bytes), good);
        let mut from = 0;
        for (after, upto) in &self.pieces {
            write(Line::piece(*after, &bytes[from..*upto]))?;
            from = *upto;
        }
        write(Line::End(self.passed(), self.end.take().unwrap_or(End::Left)))?;
        Ok(lines.join("\n") + "\n")
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let file = file(&self.of.recording.folder, self.number);
        let written = self
            .text()
            .map_err(std::io::Error::other)
            .and_then(|text| fs::replace_private(&file, text.as_bytes(), Durability::Process));
        if let Err(error) = written {
            tracing::warn!("failed to record a request in {file}: {error}");
        }
    }
}
