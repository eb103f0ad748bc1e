//! How a call ended, and what it brought.

use serde::{Deserialize, Serialize};

use super::access::signal_name;
use super::media::Media;
use crate::path::AbsPath;
use crate::text::Version;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It did what it was to do.
    Done(Output),
    /// It could not; in words for the model.
    Failed(String),
    /// The user or a rule said no.
    Denied {
        /// In words for the model.
        reason: String,
    },
    /// The turn was cancelled.
    Cancelled,
    /// The program ended first.
    Interrupted,
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Output {
    /// In words for the model.
    pub text: String,
    /// The files whose text the model knows from this call, as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// Further files that it shows lines of, which it found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<AbsPath>,
    /// How the command ended, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The images and documents that it brought; the text says of each what it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
}

impl Output {
    /// These words.
    pub fn said(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A text of a file that the model has seen or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The file.
    pub path: AbsPath,
    /// Its text.
    pub version: Version,
    /// How much of it.
    #[serde(default, skip_serializing_if = "Portion::is_whole")]
    pub portion: Portion,
}

/// How much of a text the model knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Portion {
    /// All of it.
    #[default]
    Whole,
    /// A part.
    Part,
}

impl Portion {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Exit {
    /// With this status; 0 means success.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was ended because its time was over.
    TimedOut,
    /// It was ended because it was cancelled.
    Cancelled,
}

impl Exit {
    /// Whether the command did, by its own word, what it was to do.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(formatter, "ended by signal {name} ({signal})"),
                None => write!(formatter, "ended by signal {signal}"),
            },
            Self::TimedOut => formatter.write_str("ended because its time was over"),
            Self::Cancelled => formatter.write_str("cancelled"),
        }
    }
}
