//! `ModelError`: why there is no answer of a model, in kinds that decide what to do.

use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What failed and what to do, in words for the user; never a key.
    pub message: String,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// How long the provider asks us to wait.
    pub retry_after: Option<Duration>,
}

impl ModelError {
    /// The stream ended, and the answer had not.
    pub(super) fn broken_off() -> Self {
        let message = "the model's answer broke off before its end".to_owned();
        Self { kind: ErrorKind::Truncated, message, status: None, retry_after: None }
    }
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The server could not be reached, or the connection broke.
    Network,
    /// Nothing came for too long.
    Timeout,
    /// The stream ended before its end.
    Truncated,
    /// Too many requests.
    RateLimit,
    /// The server failed.
    Server,
    /// The server has too much to do.
    Overloaded,
    /// The quota or money is used up.
    Quota,
    /// No key, or a wrong one.
    Auth,
    /// The key is right and may not do this.
    Permission,
    /// There is no such model or address.
    NotFound,
    /// The request does not fit the model's context.
    ContextLength,
    /// The request has more bytes than the server takes.
    TooLarge,
    /// The request was refused as wrong.
    Invalid,
    /// The answer cannot be understood.
    Parse,
    /// The server names a failure that is not known.
    Unknown,
    /// No model is chosen or the chosen one does not exist.
    Unconfigured,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Network,
        Self::Timeout,
        Self::Truncated,
        Self::RateLimit,
        Self::Server,
        Self::Overloaded,
        Self::Quota,
        Self::Auth,
        Self::Permission,
        Self::NotFound,
        Self::ContextLength,
        Self::TooLarge,
        Self::Invalid,
        Self::Parse,
        Self::Unknown,
        Self::Unconfigured,
    ];

    /// Its word in journals and on wires.
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::RateLimit => "rateLimit",
            Self::Server => "server",
            Self::Overloaded => "overloaded",
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::NotFound => "notFound",
            Self::ContextLength => "contextLength",
            Self::TooLarge => "tooLarge",
            Self::Invalid => "invalid",
            Self::Parse => "parse",
            Self::Unknown => "other",
            Self::Unconfigured => "unconfigured",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether asking again may help.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Network
            | Self::Timeout
            | Self::Truncated
            | Self::RateLimit
            | Self::Server
            | Self::Overloaded => true,
            Self::Quota
            | Self::Auth
            | Self::Permission
            | Self::NotFound
            | Self::ContextLength
            | Self::TooLarge
            | Self::Invalid
            | Self::Parse
            | Self::Unknown
            | Self::Unconfigured => false,
        }
    }
}
