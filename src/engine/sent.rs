//! `Sent`: that a request went out to a model's server; and `Outgoing`, where that is noted as it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::event::ModelName;
use super::model::{ErrorKind, Wish};
use super::recorder::Clock;

/// A request that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// The model, by the name that the session has for it.
    pub model: ModelName,
    /// The server, such as `https://api.example.com`.
    pub host: String,
    /// How many bytes the request's body had.
    pub bytes: u64,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Wish::is_message")]
    pub wanted: Wish,
    /// The word of [`ErrorKind`], where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// The requests of a session that went out and are in none of its facts yet.
#[derive(Clone, Default)]
pub struct Outgoing {
    model: Option<ModelName>,
    list: Arc<Mutex<Vec<Sent>>>,
    clock: Option<Clock>,
}

impl Outgoing {
    /// Nothing yet; `clock` says when something goes out.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    /// The same, for requests to this model.
    pub(super) fn to(&self, model: Option<&ModelName>) -> Self {
        Self { model: model.cloned(), ..self.clone() }
    }

    /// Another list, for requests to this model which belong to a fact of their own.
    pub(super) fn apart(&self, model: &ModelName) -> Self {
        Self { model: Some(model.clone()), list: Arc::default(), clock: self.clock.clone() }
    }

    /// Adds requests that are over, before the one which may be under way.
    pub(super) fn add(&self, sent: Vec<Sent>) {
        self.list().splice(0..0, sent);
    }

    /// A request begins to go out.
    pub fn begins(&self, host: &str, bytes: usize, wanted: Wish) {
        let at = self.clock.as_ref().map(|now| now()).unwrap_or_default();
        let model = self.model.clone().unwrap_or_else(|| ModelName(String::new()));
        let (host, bytes) = (host.to_owned(), bytes as u64);
        self.list().push(Sent { at, model, host, bytes, wanted, failed: None });
    }

    /// The last one has failed.
    pub fn failed(&self, kind: ErrorKind) {
        if let Some(last) = self.list().last_mut() {
            last.failed = Some(kind.word().to_owned());
        }
    }

    /// Those since the last time, for a fact.
    pub(super) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.list())
    }

    fn list(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} requests", self.list().len())
    }
}
