//! `Live`: what is shown of the open step and the running commands, held once for all readers.

use std::collections::{BTreeMap, VecDeque};

use super::event::{CallId, Delta, Event, MessageId, ToolName};
use crate::limits;
use crate::path::AbsPath;

/// The open step's pieces and the tails of running output.
#[derive(Debug, Default)]
pub struct Live {
    message: Option<MessageId>,
    /// Grows when what was shown is void; readers start again. No attempt's number: these begin anew with each model.
    round: u32,
    segments: Vec<Segment>,
    retry: Option<Retry>,
    outputs: BTreeMap<CallId, Tail>,
    unflushed: usize,
    /// Closed messages that were asked for again, with their last attempt.
    retried: VecDeque<(MessageId, Retry)>,
    /// Files that others changed, each with the number of its last change; and how many there were.
    changed: BTreeMap<AbsPath, u64>,
    changes: u64,
}

/// Why and when a message was asked for again.
#[derive(Debug, Clone)]
struct Retry {
    round: u32,
    attempt: u32,
    wait_ms: u64,
    why: String,
}

#[derive(Debug)]
enum Segment {
    Text { offset: usize, text: String },
    Thought { offset: usize, text: String },
    Input { index: usize, tool: ToolName, text: String },
}

/// The last part of a command's output; `dropped` bytes came before it.
#[derive(Debug, Default)]
struct Tail {
    dropped: usize,
    text: VecDeque<u8>,
}

/// How far a reader has come in what is shown.
#[derive(Debug, Default, Clone)]
pub struct Position {
    message: Option<MessageId>,
    round: u32,
    segment: usize,
    /// Bytes read of that segment; none before it was looked at, since a call begins without any.
    offset: Option<usize>,
    /// Bytes of words and of thoughts read of this message.
    text: usize,
    thought: usize,
    outputs: BTreeMap<CallId, usize>,
    /// Which changes by others it has read of.
    changes: u64,
}

impl Live {
    /// Adds words; gives the bytes shown since the last flush.
    pub fn text(&mut self, message: &MessageId, piece: &str) -> usize {
        self.step(message);
        if piece.is_empty() {
            return self.unflushed;
        }
        let begin = self.written(|segment| match segment {
            Segment::Text { text, .. } => text.len(),
            Segment::Thought { .. } | Segment::Input { .. } => 0,
        });
        match self.segments.last_mut() {
            Some(Segment::Text { text, .. }) => text.push_str(piece),
            _ => self.segments.push(Segment::Text { offset: begin, text: piece.to_owned() }),
        }
        self.count(piece.len())
    }

    /// Adds thoughts; gives the bytes shown since the last flush.
    pub fn thought(&mut self, message: &MessageId, piece: &str) -> usize {
        self.step(message);
        if piece.is_empty() {
            return self.unflushed;
        }
        let begin = self.written(|segment| match segment {
            Segment::Thought { text, .. } => text.len(),
            Segment::Text { .. } | Segment::Input { .. } => 0,
        });
        match self.segments.last_mut() {
            Some(Segment::Thought { text, .. }) => text.push_str(piece),
            _ => self.segments.push(Segment::Thought { offset: begin, text: piece.to_owned() }),
        }
        self.count(piece.len())
    }

    /// Adds a piece of a call's input; gives the bytes shown since the last flush.
    pub fn input(&mut self, message: &MessageId, index: usize, tool: &ToolName, piece: &str) -> usize {
        self.step(message);
        match self.segments.last_mut() {
            Some(Segment::Input { index: last, text, .. }) if *last == index => text.push_str(piece),
            _ => self.segments.push(Segment::Input { index, tool: tool.clone(), text: piece.to_owned() }),
        }
        self.count(piece.len())
    }

    /// Adds output of a running command; gives the bytes shown since the last flush.
    pub fn output(&mut self, call: &CallId, piece: &str) -> usize {
        if piece.is_empty() {
            return self.unflushed;
        }
        let tail = self.outputs.entry(call.clone()).or_default();
        tail.text.extend(piece.as_bytes());
        while tail.text.len() > limits::OUTPUT_TAIL_BYTES_MAX || starts_inside_a_character(&tail.text) {
            tail.text.pop_front();
            tail.dropped += 1;
        }
        self.count(piece.len())
    }

    /// Voids what was shown of a message.
    pub fn retry(&mut self, message: &MessageId, attempt: u32, wait_ms: u64, why: &str) {
        self.step(message);
        self.segments.clear();
        self.round += 1;
        self.retry = Some(Retry { round: self.round, attempt, wait_ms, why: why.to_owned() });
    }

    /// Others changed these files.
    pub fn changed(&mut self, paths: Vec<AbsPath>) {
        for path in paths {
            self.changes += 1;
            self.changed.insert(path, self.changes);
        }
    }

    /// Where a reader begins: it knows what stands in the files.
    pub fn begin(&self) -> Position {
        Position { changes: self.changes, ..Position::default() }
    }

    /// A fact closes what it holds whole.
    pub fn close(&mut self, event: &Event) {
        match event {
            Event::Replied { .. } | Event::TurnEnded { .. } => {
                if let (Some(message), Some(retry)) = (self.message.take(), self.retry.take()) {
                    if self.retried.len() >= limits::RETRIED_MESSAGES_MAX {
                        self.retried.pop_front();
                    }
                    self.retried.push_back((message, retry));
                }
                self.message = None;
                self.segments.clear();
                self.retry = None;
                self.round = 0;
            }
            Event::CallEnded { call, .. } => drop(self.outputs.remove(call)),
            _ => {}
        }
        self.flushed();
    }

    /// What a reader missed of a closed message: that what it has read of it is void.
    pub fn missed_retry(&self, message: &MessageId, position: &mut Position) -> Option<Delta> {
        let (_, retry) = self.retried.iter().rev().find(|(closed, _)| closed == message)?;
        if position.message.as_ref() != Some(message) || position.round == retry.round {
            return None;
        }
        position.begin(message, retry.round);
        Some(retry.delta(message))
    }

    /// Readers have been told to read.
    pub fn flushed(&mut self) {
        self.unflushed = 0;
    }

    /// What a reader has not seen; moves its position.
    pub fn read(&self, position: &mut Position) -> Vec<Delta> {
        let mut deltas = Vec::new();
        if let Some(message) = &self.message {
            self.read_message(message, position, &mut deltas);
        }
        for (call, tail) in &self.outputs {
            let seen = position.outputs.entry(call.clone()).or_default();
            let end = tail.dropped + tail.text.len();
            let begin = (*seen).max(tail.dropped);
            if begin < end {
                let bytes: Vec<u8> = tail.text.range(begin - tail.dropped..).copied().collect();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                deltas.push(Delta::Output { call: call.clone(), offset: begin, text });
                *seen = end;
            }
        }
        if position.changes < self.changes {
            let news = self.changed.iter().filter(|(_, number)| **number > position.changes);
            deltas.extend(news.map(|(path, _)| Delta::Changed { path: path.clone() }));
            position.changes = self.changes;
        }
        deltas
    }

    fn read_message(&self, message: &MessageId, position: &mut Position, deltas: &mut Vec<Delta>) {
        if position.message.as_ref() != Some(message) || position.round != self.round {
            position.begin(message, self.round);
            deltas.extend(self.retry.as_ref().map(|retry| retry.delta(message)));
        }
        while let Some(segment) = self.segments.get(position.segment) {
            let from = position.offset.unwrap_or(0);
            if position.offset.is_none() || from < segment.text().len() {
                deltas.push(segment.delta(message, from, position));
            }
            position.offset = Some(segment.text().len());
            if position.segment + 1 == self.segments.len() {
                break;
            }
            position.segment += 1;
            position.offset = None;
        }
    }

    fn step(&mut self, message: &MessageId) {
        if self.message.as_ref() != Some(message) {
            self.message = Some(message.clone());
            self.segments.clear();
            self.retry = None;
            self.round = 0;
        }
    }

    fn written(&self, length: impl Fn(&Segment) -> usize) -> usize {
        self.segments.iter().map(length).sum()
    }

    fn count(&mut self, bytes: usize) -> usize {
        self.unflushed += bytes;
        self.unflushed
    }
}

impl Segment {
    fn text(&self) -> &str {
        match self {
            Self::Text { text, .. } | Self::Thought { text, .. } | Self::Input { text, .. } => text,
        }
    }

    /// What stands behind the first `from` bytes; `position` moves along.
    fn delta(&self, message: &MessageId, from: usize, position: &mut Position) -> Delta {
        let (message, piece) = (message.clone(), self.text()[from..].to_owned());
        match self {
            Self::Text { offset, .. } => {
                position.text = offset + from + piece.len();
                Delta::Text { message, offset: offset + from, text: piece }
            }
            Self::Thought { offset, .. } => {
                position.thought = offset + from + piece.len();
                Delta::Thought { message, offset: offset + from, text: piece }
            }
            Self::Input { index, tool, .. } => {
                Delta::CallInput { message, index: *index, tool: tool.clone(), text: piece }
            }
        }
    }
}

impl Retry {
    fn delta(&self, message: &MessageId) -> Delta {
        Delta::Retrying {
            message: message.clone(),
            attempt: self.attempt,
            wait_ms: self.wait_ms,
            why: self.why.clone(),
        }
    }
}

impl Position {
    /// Bytes of words and of thoughts read of this message so far.
    pub fn read_of(&self, message: &MessageId) -> (usize, usize) {
        if self.message.as_ref() == Some(message) { (self.text, self.thought) } else { (0, 0) }
    }

    /// Forgets a command that has ended.
    pub fn forget(&mut self, call: &CallId) {
        self.outputs.remove(call);
    }

    fn begin(&mut self, message: &MessageId, round: u32) {
        self.message = Some(message.clone());
        self.round = round;
        self.segment = 0;
        self.offset = None;
        self.text = 0;
        self.thought = 0;
    }
}

fn starts_inside_a_character(bytes: &VecDeque<u8>) -> bool {
    bytes.front().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000)
}
