//! `CurrentModels`: the models of the server that the settings name by now.

use std::sync::{Arc, Mutex, PoisonError};

use super::standing::Standing;
use crate::engine::{Model, ModelName, Models};
use crate::providers::{Providers, Server};

/// Makes the models of a server.
type Make = Box<dyn Fn(Option<Server>) -> Providers + Send + Sync>;

/// The models; made anew when another server is set.
pub(super) struct CurrentModels {
    standing: Arc<Standing>,
    make: Make,
    now: Mutex<(Option<Server>, Arc<Providers>)>,
}

impl CurrentModels {
    /// The models of the server that is set.
    pub(super) fn new(standing: Arc<Standing>, make: Make) -> Self {
        let server = standing.user().server();
        let providers = Arc::new(make(server.clone()));
        Self { standing, make, now: Mutex::new((server, providers)) }
    }

    fn now(&self) -> Arc<Providers> {
        let server = self.standing.user().server();
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 != server {
            *now = (server.clone(), Arc::new((self.make)(server)));
        }
        now.1.clone()
    }
}

impl Models for CurrentModels {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        self.now().find(name)
    }

    fn default(&self) -> Result<ModelName, String> {
        self.now().default()
    }

    fn offered(&self) -> Vec<(ModelName, String)> {
        self.now().offered()
    }
}
