//! `Telling`: what a model is told of the history: all of it, until room had to be made.
//!
//! It follows from the facts alone, and only its end grows between two facts that make room: so each
//! request begins as the one before it, also after a restart.

use std::sync::Arc;

use super::event::{Block, Summary, Usage};
use super::model::{CallResult, Message};

/// What a model is told.
#[derive(Debug, Default)]
pub struct Telling {
    messages: Vec<Message>,
    less: Vec<Less>,
    /// How many of the messages the provider has counted, with all that stands before them, and how many
    /// tokens that were.
    counted: Option<(usize, u64)>,
}

/// That less is told of what stands before a message of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Less {
    /// The first message that is told as it is.
    pub upto: usize,
    /// How many messages there were by then: a summary knows of all of them.
    pub made_of: usize,
    /// What is told instead; without it only results of calls are left out.
    pub summary: Option<Summary>,
}

impl Telling {
    /// The messages.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The messages of which the provider has counted the tokens, with all that stands before them, and how
    /// many tokens that were; none since room was made.
    pub fn counted(&self) -> Option<(usize, u64)> {
        self.counted
    }

    /// The last summary.
    pub fn summary(&self) -> Option<&Less> {
        self.less.iter().rev().find(|less| less.summary.is_some())
    }

    /// Where a message of the history stands among those told; none where it is not told.
    pub fn place(&self, message: usize) -> Option<usize> {
        let Some(less) = self.summary() else { return Some(message) };
        let prompt = less.summary.as_ref().and_then(|summary| summary.prompt);
        let before = 1 + usize::from(prompt.is_some());
        if message >= less.upto {
            Some(message - less.upto + before)
        } else {
            prompt.filter(|prompt| *prompt == message as u64).map(|_| 1)
        }
    }

    pub(super) fn say(&mut self, message: &Message) {
        self.messages.push(message.clone());
    }

    /// The provider has counted all up to here.
    pub(super) fn count(&mut self, usage: &Usage) {
        let tokens = usage.input + usage.cache_read + usage.cache_write + usage.output;
        if tokens > 0 {
            self.counted = Some((self.messages.len(), tokens));
        }
    }

    pub(super) fn tell(&mut self, upto: usize, summary: Option<Summary>, history: &[Message]) {
        self.less.push(Less { upto, made_of: history.len(), summary });
        self.anew(history);
    }

    /// The history has become shorter; gives what does not hold for it.
    pub(super) fn go_back(&mut self, history: &[Message]) -> Vec<Less> {
        let holds = self.less.iter().take_while(|less| less.made_of <= history.len()).count();
        let gone = self.less.split_off(holds);
        self.anew(history);
        gone
    }

    /// The history has become as long as it was.
    pub(super) fn undo(&mut self, less: Vec<Less>, history: &[Message]) {
        self.less.extend(less);
        self.anew(history);
    }

    fn anew(&mut self, history: &[Message]) {
        self.counted = None;
        let masked = self.less.iter().map(|less| less.upto).max().unwrap_or(0);
        let mut told = Vec::with_capacity(history.len());
        let from = match self.summary() {
            Some(Less { upto, summary: Some(summary), .. }) => {
                told.push(words(&summary.text));
                let prompt = summary.prompt.and_then(|prompt| history.get(usize::try_from(prompt).ok()?));
                told.extend(prompt.cloned());
                *upto
            }
            Some(Less { summary: None, .. }) | None => 0,
        };
        for (at, message) in history.iter().enumerate().skip(from) {
            told.push(if at < masked { without_results(message) } else { message.clone() });
        }
        self.messages = told;
    }
}

fn words(text: &str) -> Message {
    Message::User([Block::Text { text: text.to_owned() }].into())
}

/// Results longer than the note that stands for them are left out; each call still has its result.
pub fn without_results(message: &Message) -> Message {
    match message {
        Message::User(_) | Message::Assistant(_) => message.clone(),
        Message::Results(results) => Message::Results(results.iter().map(left_out).collect::<Arc<[_]>>()),
    }
}

fn left_out(result: &CallResult) -> CallResult {
    let note = format!(
        "(This result, {} bytes, is not shown any more, to make room. Call the tool again if you need it.)",
        result.text.len()
    );
    if result.text.len() <= note.len() && result.media.is_empty() {
        return result.clone();
    }
    CallResult { text: note, media: Vec::new(), ..result.clone() }
}

#[cfg(test)]
mod tests;
