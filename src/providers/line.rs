//! `Line`: how a request reaches a server: over the network, recorded or not, or not at all, because its answer is
//! played.

use std::sync::Arc;

use super::record::{Recorded, Take};
use super::replay::{Played, Tape};
use crate::engine::model::Wish;
use crate::os::http::{Failure, Http, Post, Response};

/// The way to a server.
#[derive(Debug, Clone, Default)]
pub enum Line {
    /// The network.
    #[default]
    Open,
    /// The network, and what comes of it is kept.
    Recorded(Arc<Recorded>),
    /// No network: what was kept is played.
    Played(Arc<Tape>),
}

/// An answer whose head has come.
#[derive(Debug)]
pub enum Incoming {
    /// From a server.
    Open(Response),
    /// From a server, and kept.
    Recorded(Response, Box<Take>),
    /// From a tape.
    Played(Played),
}

/// Bytes of an answer.
pub enum Chunk<T> {
    /// As they came.
    Came(T),
    /// As they were kept.
    Played(Vec<u8>),
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Chunk<T> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Came(bytes) => bytes.as_ref(),
            Self::Played(bytes) => bytes,
        }
    }
}

impl Line {
    /// Whether a request leaves this program.
    pub fn is_real(&self) -> bool {
        match self {
            Self::Open | Self::Recorded(_) => true,
            Self::Played(_) => false,
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub async fn post(&self, http: &Http, post: Post, wanted: Wish) -> Result<Incoming, Failure> {
        let mut take = match self {
            Self::Open => None,
            // A title is no part of the conversation, and comes at any time beside it.
            Self::Recorded(_) if wanted == Wish::Title => None,
            Self::Recorded(recorded) => recorded.begin(&post, wanted),
            Self::Played(tape) => return tape.play().map(Incoming::Played),
        };
        match (http.post(post).await, take.take()) {
            (Ok(response), None) => Ok(Incoming::Open(response)),
            (Ok(response), Some(mut take)) => {
                take.answered(&response);
                Ok(Incoming::Recorded(response, Box::new(take)))
            }
            (Err(failure), take) => {
                if let Some(mut take) = take {
                    take.failed(&failure);
                }
                Err(failure)
            }
        }
    }
}

impl Incoming {
    /// The status, for example 200.
    pub fn status(&self) -> u16 {
        match self {
            Self::Open(response) | Self::Recorded(response, _) => response.status(),
            Self::Played(played) => played.status(),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        match self {
            Self::Open(response) | Self::Recorded(response, _) => response.header(name),
            Self::Played(played) => played.header(name),
        }
    }

    /// The next bytes of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        match self {
            Self::Open(response) => Ok(response.chunk().await?.map(Chunk::Came)),
            Self::Recorded(response, take) => match response.chunk().await {
                Ok(Some(bytes)) => {
                    take.came(bytes.as_ref());
                    Ok(Some(Chunk::Came(bytes)))
                }
                Ok(None) => {
                    take.ended();
                    Ok(None)
                }
                Err(failure) => {
                    take.failed(&failure);
                    Err(failure)
                }
            },
            Self::Played(played) => Ok(played.chunk()?.map(Chunk::Played)),
        }
    }

    /// All that has a meaning was read.
    pub fn finish(self, http: &Http) {
        match self {
            Self::Open(response) | Self::Recorded(response, _) => http.finish(response),
            Self::Played(_) => {}
        }
    }
}
