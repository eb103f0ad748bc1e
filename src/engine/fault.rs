//! `ModelError`: why there is no answer of a model, in kinds that decide what to do.

use std::time::Duration;

use crate::limits;

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
    /// Whether asking the same server again may help, and soon enough.
    pub(super) fn may_pass(&self) -> bool {
        self.kind.may_pass() && !self.asks_long()
    }

    /// The same, in words that tell of a wait which is left to the user.
    pub(super) fn told(mut self) -> Self {
        if self.asks_long() {
            let (asked, most) = (self.retry_after.unwrap_or_default(), limits::STEP_RETRY_WAIT_MAX);
            self.message += &format!(
                "; the server asks to wait {}, which is longer than the {} that Quillon waits by itself: go on after \
                 that",
                span(asked),
                span(most)
            );
        }
        self
    }

    fn asks_long(&self) -> bool {
        self.kind.may_pass() && self.retry_after.is_some_and(|wait| wait > limits::STEP_RETRY_WAIT_MAX)
    }

    /// The stream ended, and the answer had not.
    pub(super) fn broken_off() -> Self {
        let message = "the model's answer broke off before its end".to_owned();
        Self { kind: ErrorKind::Truncated, message, status: None, retry_after: None }
    }
}

/// A time to wait, rounded up.
fn span(wait: Duration) -> String {
    match wait.as_millis().div_ceil(1_000) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(seconds: u64) -> ModelError {
        let retry_after = Some(Duration::from_secs(seconds));
        ModelError { kind: ErrorKind::RateLimit, message: "busy".to_owned(), status: None, retry_after }
    }

    #[test]
    fn a_long_wait_is_said_and_not_waited() {
        let most = limits::STEP_RETRY_WAIT_MAX.as_secs();
        assert!(busy(most).may_pass() && !busy(most + 1).may_pass());
        assert_eq!(busy(most).told().message, "busy");
        let told = [61, 300, 3_600, 7_199, 86_400].map(|seconds| busy(seconds).told().message);
        for (told, span) in told.iter().zip(["61 s", "5 min", "60 min", "120 min", "24 h"]) {
            let expected = format!(
                "busy; the server asks to wait {span}, which is longer than the 60 s that Quillon waits by itself: go \
                 on after that"
            );
            assert_eq!(*told, expected);
        }
        let wrong = ModelError { kind: ErrorKind::Auth, ..busy(3_600) };
        assert_eq!(wrong.told().message, "busy");
    }
}
