//! `Usage`: the tokens of a request and its answer.

use serde::{Deserialize, Serialize};

use super::event::{Event, ModelName};

/// Tokens, as the provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Input tokens which were not cached.
    pub input: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's cache.
    #[serde(skip_serializing_if = "is_none")]
    pub cache_write: u64,
    /// Output tokens, thoughts included.
    pub output: u64,
    /// Those of the output that were thoughts.
    #[serde(skip_serializing_if = "is_none")]
    pub reasoning: u64,
}

fn is_none(tokens: &u64) -> bool {
    *tokens == 0
}

impl Event {
    /// What the request cost that it tells of; none where it tells of none. The model is the session's, where none
    /// is named.
    pub fn spent(&self) -> Option<(Option<&ModelName>, Usage)> {
        if let Self::Replied { reply, .. } = self {
            Some((None, reply.usage))
        } else if let Self::Compacted { usage, summary: Some(_), .. } = self {
            Some((None, *usage))
        } else if let Self::Titled { asked: Some(helped), .. } = self {
            Some((Some(&helped.model), helped.usage))
        } else {
            None
        }
    }
}

impl Usage {
    /// All tokens of requests and answers.
    pub fn all(&self) -> u64 {
        [self.cache_read, self.cache_write, self.output].into_iter().fold(self.input, u64::saturating_add)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
        self.reasoning += other.reasoning;
    }
}
